//! Where rings stand as files, if their channel wants them to outlive both sides: names, and nothing else.
//!
//! ```text
//!   DIR/session                             what the consumer knows: which clock, whose rings   (the consumer's)
//!   DIR/process-UID                         a copy of the process file
//!   DIR/ring-UID-CHANNEL-INDEX-TID          a ring file, in place of a memfd
//! ```
//!
//! UID is the process's random identity, so no name comes twice. TID is the thread that made the file: of
//! several that race for one index each makes its own, and who loses removes it again.
//!
//! Everything has a fixed size: a thread's first event may not allocate.

use core::ffi::CStr;

/// What the consumer knows of the session.
pub const SESSION_FILE: &CStr = c"session";

/// The name under which that is written.
pub const SESSION_FILE_NEW: &CStr = c"session.new";

/// What the names of copies of process files begin with. Behind it stands the identity, in 32 hexadecimal digits.
pub const PROCESS_FILE_PREFIX: &str = "process-";

/// What the names of ring files begin with. Behind it stands the same, and a hyphen.
pub const RING_FILE_PREFIX: &str = "ring-";

/// The longest directory, in bytes.
pub const MAX_SHM_PATH_BYTES: usize = 200;

/// Bytes of the longest file name, with the slash before it and the zero behind it.
const NAME_BYTES: usize = 88;

/// A directory for ring files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShmPath {
    /// An absolute path, padded with zeroes.
    path: [u8; MAX_SHM_PATH_BYTES],
    /// Which directory has that path where the consumer runs: device and inode. Where a process finds another (after chroot,
    /// in another mount namespace), its files would be found by nobody.
    pub directory: Option<(u64, u64)>,
}

/// A file in it, as the kernel takes names.
#[derive(Debug, Clone, Copy)]
pub struct ShmFile {
    bytes: [u8; MAX_SHM_PATH_BYTES + NAME_BYTES],
    length_bytes: usize,
}

impl ShmPath {
    /// `None`: not absolute, too long, or with a zero byte in it.
    pub fn new(path: &[u8]) -> Option<Self> {
        if !path.starts_with(b"/") || path.contains(&0) {
            return None;
        }
        let mut bytes = [0; MAX_SHM_PATH_BYTES];
        bytes.get_mut(..path.len())?.copy_from_slice(path);
        Some(Self { path: bytes, directory: None })
    }

    /// The same, once it is known which directory that is.
    pub fn in_directory(self, directory: Option<(u64, u64)>) -> Self {
        Self { directory, ..self }
    }

    /// The path, without the padding.
    pub fn as_bytes(&self) -> &[u8] {
        let length_bytes = self.path.iter().position(|byte| *byte == 0);
        &self.path[..length_bytes.unwrap_or(self.path.len())]
    }

    /// The directory, for a system call.
    pub fn own(&self) -> ShmFile {
        let mut file = ShmFile { bytes: [0; MAX_SHM_PATH_BYTES + NAME_BYTES], length_bytes: 0 };
        file.push(self.as_bytes());
        file
    }

    /// The copy of a process's file.
    pub fn process_file(&self, process_uid: [u8; 16]) -> ShmFile {
        let mut file = ShmFile::below(self);
        file.push(PROCESS_FILE_PREFIX.as_bytes());
        file.push_hex(&process_uid);
        file
    }

    /// What the names of all ring files of one index begin with.
    pub fn ring_file_of_any(&self, process_uid: [u8; 16], channel_uid: u64, index: u32) -> ShmFile {
        let mut file = ShmFile::below(self);
        file.push(RING_FILE_PREFIX.as_bytes());
        file.push_hex(&process_uid);
        file.push(b"-");
        file.push_hex(&channel_uid.to_be_bytes());
        file.push(b"-");
        file.push_decimal(index);
        file.push(b"-");
        file
    }

    /// A ring file, made by thread `tid`.
    pub fn ring_file(
        &self,
        process_uid: [u8; 16],
        channel_uid: u64,
        index: u32,
        tid: u32,
    ) -> ShmFile {
        let mut file = self.ring_file_of_any(process_uid, channel_uid, index);
        file.push_decimal(tid);
        file
    }
}

impl ShmFile {
    fn below(dir: &ShmPath) -> Self {
        let mut file = dir.own();
        file.push(b"/");
        file
    }

    /// The path, without the zero behind it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length_bytes]
    }

    /// The path for a system call.
    pub fn as_c_str(&self) -> &CStr {
        // There is always a zero: no name fills the buffer, as the longest one is tested not to.
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }

    /// The name in the directory, for a system call.
    pub fn file_name(&self) -> &CStr {
        let begin = self.as_bytes().iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        CStr::from_bytes_until_nul(&self.bytes[begin..]).unwrap_or(c"")
    }

    fn push(&mut self, part: &[u8]) {
        let end = self.length_bytes + part.len();
        self.bytes[self.length_bytes..end].copy_from_slice(part);
        self.length_bytes = end;
    }

    fn push_hex(&mut self, part: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in part {
            self.push(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }

    fn push_decimal(&mut self, mut number: u32) {
        let mut digits = [0; 10];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.push(&digits[first..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_names_fit_and_end_with_a_zero() {
        let longest = [b"/".as_slice(), &[b'd'; MAX_SHM_PATH_BYTES - 1]].concat();
        let path = ShmPath::new(&longest).unwrap();
        assert_eq!(path.as_bytes(), longest);
        let file = path.ring_file([0xab; 16], u64::MAX, u32::MAX, u32::MAX);
        assert_eq!(file.as_c_str().to_bytes(), file.as_bytes());
        let name = "/ring-abababababababababababababababab-ffffffffffffffff-4294967295-4294967295";
        assert_eq!(&file.as_bytes()[longest.len()..], name.as_bytes());
        assert!(ShmPath::new(&[longest, b"d".to_vec()].concat()).is_none());
    }

    #[test]
    fn paths_that_would_lead_elsewhere_are_refused() {
        for path in [b"".as_slice(), b"relative", b"/a\0b"] {
            assert!(ShmPath::new(path).is_none(), "{path:?}");
        }
        let file = ShmPath::new(b"/d").unwrap().process_file([1; 16]);
        assert_eq!(file.as_c_str(), c"/d/process-01010101010101010101010101010101");
        assert_eq!(file.file_name(), c"process-01010101010101010101010101010101");
    }
}
