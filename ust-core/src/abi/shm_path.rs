//! The names of ring files, for a channel whose rings are to outlive both sides. Names only: no I/O.
//!
//! ```text
//!   DIR/session                             what the consumer knows: which clock, whose rings   (the consumer's)
//!   DIR/process-UID                         a copy of the process file
//!   DIR/ring-UID-CHANNEL-INDEX-TID          a ring file, in place of a memfd
//! ```
//!
//! UID is the process's random identity, so no name repeats. TID is the thread that made the file. If several threads
//! race for one index, each makes a file of its own, and the losers remove theirs.
//!
//! Everything has a fixed size, because a thread's first event must not allocate.

use core::ffi::CStr;

/// What the consumer knows of the session.
pub const SESSION_FILE: &CStr = c"session";

/// The temporary name under which the consumer writes that file.
pub const SESSION_FILE_NEW: &CStr = c"session.new";

/// Prefix of the names of process file copies. The identity follows, in 32 hexadecimal digits.
pub const PROCESS_FILE_PREFIX: &str = "process-";

/// Prefix of the names of ring files. The same identity follows, and a hyphen.
pub const RING_FILE_PREFIX: &str = "ring-";

/// The longest directory, in bytes.
pub const MAX_SHM_PATH_BYTES: usize = 200;

/// Bytes of the longest file name, including the slash before it and the zero after it.
const NAME_BYTES: usize = 88;

/// A directory for ring files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShmPath {
    /// An absolute path, padded with zeroes.
    path: [u8; MAX_SHM_PATH_BYTES],
    /// The device and inode of that path, as the consumer sees it. If a process finds another directory there (after
    /// chroot, in another mount namespace), nobody would find its files.
    pub directory: Option<(u64, u64)>,
}

/// A file in that directory, as a path for the kernel.
#[derive(Debug, Clone, Copy)]
pub struct ShmFile {
    bytes: [u8; MAX_SHM_PATH_BYTES + NAME_BYTES],
    length_bytes: usize,
}

impl ShmPath {
    /// `None` if the path is not absolute, is too long, or contains a zero byte.
    pub fn new(path: &[u8]) -> Option<Self> {
        if !path.starts_with(b"/") || path.contains(&0) {
            return None;
        }
        let mut bytes = [0; MAX_SHM_PATH_BYTES];
        bytes.get_mut(..path.len())?.copy_from_slice(path);
        Some(Self { path: bytes, directory: None })
    }

    /// The same, with the identity of the directory.
    pub fn in_directory(self, directory: Option<(u64, u64)>) -> Self {
        Self { directory, ..self }
    }

    /// The path, without the padding.
    pub fn as_bytes(&self) -> &[u8] {
        let length_bytes = self.path.iter().position(|byte| *byte == 0);
        &self.path[..length_bytes.unwrap_or(self.path.len())]
    }

    /// The directory itself, for a system call.
    pub fn own(&self) -> ShmFile {
        let mut file = ShmFile { bytes: [0; MAX_SHM_PATH_BYTES + NAME_BYTES], length_bytes: 0 };
        file.push(self.as_bytes());
        file
    }

    /// The copy of a process's process file.
    pub fn process_file(&self, process_uid: [u8; 16]) -> ShmFile {
        let mut file = ShmFile::below(self);
        file.push(PROCESS_FILE_PREFIX.as_bytes());
        file.push_hex(&process_uid);
        file
    }

    /// The common prefix of all ring files of one index.
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

    /// A ring file that thread `tid` made.
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

    /// The path, without its terminating zero.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length_bytes]
    }

    /// The path, for a system call.
    pub fn as_c_str(&self) -> &CStr {
        // There always is a zero: the longest name is tested not to fill the buffer.
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }

    /// The name within the directory, for a system call.
    pub fn file_name(&self) -> &CStr {
        let begin = self.as_bytes().iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        CStr::from_bytes_until_nul(&self.bytes[begin..]).unwrap_or(c"")
    }

    fn push(&mut self, part: &[u8]) {
        let end = self.length_bytes + part.len();
        self.bytes[self.length_bytes..end].copy_from_slice(part);
        self.length_bytes = end;
    }

    // Inlined, its loops would be unrolled for each length: two kilobytes of every traced process.
    #[inline(never)]
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
