//! A ring file as the daemon has it: checked, mapped, and the streams of it that have been claimed so far.
//!
//! ```text
//!   memfd            size sealed: mapped as it is
//!   DIR/ring-...     cannot be sealed: the very file of that name, for a channel that wants it; behind a guard
//!   left behind      a sealed copy of such a file: both sides are dead
//! ```

use super::ChannelUid;
use super::drain::StreamDrain;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{FileType, fstat, lstat, readlink};
use std::sync::Arc;
use ust_core::abi::{ABI_VERSION, Mode, RING_FILE_MAGIC, RingFileHeader, RingFileShape, ShmPath};
use ust_core::shm::guard::Guard;
use ust_core::shm::{Mapping, StreamWords, memfd};
use ust_core::sync::Ordering;

/// Where a ring file comes from.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "made once a ring file, and not kept")]
pub enum Origin {
    /// Handed over by its process, which is to have made it in this directory, if there is one.
    Process(Option<ShmPath>),
    /// Left behind by the death of both sides.
    LeftBehind,
}

/// See the module page.
#[derive(Debug)]
pub struct RingFile {
    /// Its number among those of its process and channel.
    pub index: u32,
    /// The streams that have been found.
    pub streams: Vec<StreamDrain>,
    // The streams' words point into it.
    map: Arc<Mapping>,
    /// None where the size is sealed.
    guard: Option<Guard>,
    shape: RingFileShape,
    mode: Mode,
    is_left_behind: bool,
    is_damaged: bool,
}

/// What the first page says, as far as it makes sense.
#[derive(Debug)]
pub struct Header {
    /// Identity of the process.
    pub process_uid: [u8; 16],
    /// Identity of the channel.
    pub channel_uid: u64,
    /// Number among the process's files of that channel.
    pub index: u32,
    /// Size and number of the streams.
    pub shape: RingFileShape,
    /// Streams that have been claimed.
    pub untrusted_claimed: u32,
    mode: Mode,
}

impl Header {
    /// Checks the first bytes of a file of `size_bytes`.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn parse(untrusted: &[u8], size_bytes: usize) -> Result<Self, String> {
        if untrusted.len() < size_of::<RingFileHeader>() {
            return Err("a ring file is too short".into());
        }
        let field = |offset: usize, length: usize| &untrusted[offset..offset + length];
        let word = |offset| u32::from_ne_bytes(field(offset, 4).try_into().unwrap_or_default());
        let long = |offset| u64::from_ne_bytes(field(offset, 8).try_into().unwrap_or_default());
        if long(0) != RING_FILE_MAGIC || word(8) != ABI_VERSION {
            return Err("a ring file is none of this version".into());
        }
        let shape = RingFileShape::check(long(16), word(24), word(12))
            .map_err(|error| format!("a ring file claims {error}"))?;
        let mode = Mode::from_word(long(64)).ok_or("a ring file claims no mode that there is")?;
        if shape.file_bytes() != size_bytes {
            return Err("a ring file has not the size that it claims".into());
        }
        Ok(Self {
            process_uid: field(32, 16).try_into().unwrap_or_default(),
            channel_uid: long(48),
            index: word(28),
            shape,
            untrusted_claimed: word(56),
            mode,
        })
    }
}

impl RingFile {
    /// Checks and maps a file.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn new(
        fd: &OwnedFd,
        channel: ChannelUid,
        index: u32,
        uid: [u8; 16],
        origin: Origin,
    ) -> Result<Self, String> {
        let (size_bytes, is_sealed) = match (memfd::check(fd), origin) {
            (Ok(size_bytes), _) => (size_bytes, true),
            (Err(_), Origin::Process(Some(dir))) => {
                (check_named(fd, dir, uid, channel, index)?, false)
            }
            (Err(error), _) => return Err(format!("a ring file is not sealed ({error})")),
        };
        let map = Mapping::new(fd, size_bytes)
            .map_err(|error| format!("a ring file cannot be mapped ({error})"))?;
        let map = Arc::new(map);
        // Before the first look at it.
        let guard = match is_sealed {
            true => None,
            false => Some(Guard::new(map.clone()).ok_or("there are too many ring files")?),
        };
        let untrusted =
            map.copy_out(0, size_of::<RingFileHeader>()).ok_or("a ring file is too short")?;
        let header = Header::parse(&untrusted, size_bytes)?;
        if (header.process_uid, header.channel_uid, header.index) != (uid, channel.0, index) {
            return Err("a ring file is not the one that was announced".into());
        }
        let Header { shape, mode, .. } = header;
        Ok(Self {
            index,
            streams: Vec::new(),
            map,
            guard,
            shape,
            mode,
            is_left_behind: matches!(origin, Origin::LeftBehind),
            is_damaged: false,
        })
    }

    /// Takes in the streams that have been claimed since.
    pub fn find_streams(&mut self) {
        let Some(header) = self.map.at::<RingFileHeader>(0) else { return };
        let claimed = header.claimed(self.shape.stream_count);
        for number in self.streams.len() as u32..claimed {
            let base = self.map.base().wrapping_add(self.shape.stream_offset(number));
            // SAFETY: the file has that many streams, its size is sealed or guarded, and the mapping lives in
            // the same struct as the drains that use the words.
            #[allow(unsafe_code)]
            let words = unsafe { StreamWords::new(base, self.shape.geometry, self.mode) };
            let instance =
                u64::from(self.index) * u64::from(self.shape.stream_count) + u64::from(number);
            self.streams.push(match self.is_left_behind {
                false => StreamDrain::new(words, instance),
                true => StreamDrain::resume(words, instance),
            });
        }
    }

    /// Why a stream of it could not be locked into memory, if the process has said so.
    pub fn lock_failure(&self) -> Option<i32> {
        let header = self.map.at::<RingFileHeader>(0)?;
        // Relaxed: stored before the claim that `find_streams` has acquired, or later and seen the next time.
        let errno = header.lock_errno.load(Ordering::Relaxed) as i32;
        (errno != 0).then_some(errno)
    }

    /// Reads no more of it if part of it turned out to be gone; whether that is new.
    pub fn end_if_damaged(&mut self) -> bool {
        if self.is_damaged || !self.guard.as_ref().is_some_and(Guard::has_faulted) {
            return false;
        }
        self.is_damaged = true;
        self.streams.iter_mut().for_each(StreamDrain::end);
        true
    }
}

/// Makes sure that a file without seals is the one of its name in the channel's directory; its size.
fn check_named(
    fd: &OwnedFd,
    dir: ShmPath,
    uid: [u8; 16],
    channel: ChannelUid,
    index: u32,
) -> Result<usize, String> {
    let failed = |error| format!("a ring file cannot be looked at ({error})");
    let stranger = "a ring file is not the one of its name in the directory for ring files";
    let stat = fstat(fd).map_err(failed)?;
    let path = readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new()).map_err(failed)?;
    let prefix = dir.ring_file_of_any(uid, channel.0, index);
    let tid = path.to_bytes().strip_prefix(prefix.as_bytes()).ok_or(stranger)?;
    let named = lstat(&path).map_err(failed)?;
    let is_it = tid.iter().all(u8::is_ascii_digit)
        && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && (stat.st_dev, stat.st_ino) == (named.st_dev, named.st_ino);
    if !is_it {
        return Err(stranger.into());
    }
    usize::try_from(stat.st_size).map_err(|_| "a ring file is too large".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode as FileMode, OFlags, open};
    use std::fs;
    use std::path::Path;
    use ust_core::abi::{Buffers, Geometry};

    const UID: [u8; 16] = [7; 16];
    const CHANNEL: ChannelUid = ChannelUid(5);

    fn ring_file(path: &Path) -> OwnedFd {
        let geometry = Geometry::new(4096, 2).unwrap();
        let size_bytes = RingFileShape::of(geometry).unwrap().file_bytes();
        let header =
            RingFileHeader::new(geometry, Buffers::PerThread, Mode::Discard, UID, CHANNEL.0, 0);
        fs::write(path, "").unwrap();
        let fd = open(path, OFlags::RDWR, FileMode::empty()).unwrap();
        memfd::set_size(&fd, size_bytes).unwrap();
        Mapping::new(&fd, size_bytes).unwrap().initialise(0, header).unwrap();
        fd
    }

    #[test]
    fn a_file_without_seals_is_taken_only_where_it_was_to_be_made() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = fs::canonicalize(temporary.path()).unwrap();
        let shm_path = ShmPath::new(dir.to_str().unwrap().as_bytes()).unwrap();
        let name = shm_path.ring_file(UID, CHANNEL.0, 0, 123);
        let own = Path::new(str::from_utf8(name.as_bytes()).unwrap());
        let take = |fd: &OwnedFd, shm_path| {
            RingFile::new(fd, CHANNEL, 0, UID, Origin::Process(shm_path)).map(drop)
        };

        let fd = ring_file(own);
        assert_eq!(take(&fd, Some(shm_path)), Ok(()));
        assert!(take(&fd, None).unwrap_err().contains("not sealed"));
        // Another file stands there now; the one that was handed over has lost its name.
        fs::remove_file(own).unwrap();
        let _other = ring_file(own);
        assert!(take(&fd, Some(shm_path)).is_err());
        // Right in itself, and under another name.
        for name in ["ring-elsewhere", "sub"] {
            let stranger = ring_file(&dir.join(name));
            assert!(take(&stranger, Some(shm_path)).unwrap_err().contains("not the one of its"));
        }
    }

    #[test]
    fn a_file_that_is_shorter_than_it_claims_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = fs::canonicalize(temporary.path()).unwrap();
        let shm_path = ShmPath::new(dir.to_str().unwrap().as_bytes()).unwrap();
        let name = shm_path.ring_file(UID, CHANNEL.0, 0, 123);
        let fd = ring_file(Path::new(str::from_utf8(name.as_bytes()).unwrap()));
        memfd::set_size(&fd, 8192).unwrap();
        let refused = RingFile::new(&fd, CHANNEL, 0, UID, Origin::Process(Some(shm_path)));
        assert!(refused.unwrap_err().contains("has not the size"));
    }
}
