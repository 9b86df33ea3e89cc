//! A ring file in the consumer: checked, mapped, and its streams that have been claimed so far.
//!
//! ```text
//!   memfd            size sealed, of ordinary pages
//!   DIR/ring-...     cannot be sealed: must be the file of that name, for a channel with such files
//!   left behind      a sealed copy of such a file: both sides are dead
//! ```
//!
//! The claims of the first page are compared with the channel's own configuration. All later computations use the
//! configuration's sizes, so a process cannot choose what the consumer does. It chooses one thing: its file may have
//! fewer streams, if its files may not be so long.

use super::origin::{Origin, check_named};
use super::ring_header::RingHeader;
use super::ring_kind::RingKind;
use super::ring_name::RingName;
use crate::engine::budget::{Account, Held};
use crate::engine::drain::StreamDrain;
use crate::engine::mapped::Mapped;
use crate::engine::resource::Resource;
use crate::engine::untrusted_errno::known_errno;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::rc::Rc;
use ust_core::abi::{Buffers, MAX_STREAMS_PER_FILE, RingFileHeader, RingFileShape};
use ust_core::shm::StreamWords;
use ust_core::sync::Ordering;

/// See the module page.
#[derive(Debug)]
pub struct RingFile {
    /// Its number among those of its process and channel.
    pub index: u32,
    /// The streams that have been found, in the order in which they were found.
    pub streams: Vec<StreamDrain>,
    /// Their numbers, a bit each.
    known: u64,
    // The streams' words point into it.
    map: Mapped,
    kind: RingKind,
    /// Streams of the longest file of this kind. Numbers of streams are computed from it, since a file may have fewer.
    most_streams: u32,
    is_left_behind: bool,
    is_damaged: bool,
    /// Held from the process's budget: the file and its bytes, and the streams that have been found.
    _held: [Held; 2],
    held_streams: Held,
}

impl RingFile {
    /// Checks and maps a file, which `account` pays for.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn new(
        fd: &OwnedFd,
        name: RingName,
        uid: [u8; 16],
        origin: Origin,
        account: &Rc<Account>,
    ) -> Result<Self, String> {
        let size_bytes = match (Mapped::check_sealed(fd), origin) {
            (Ok(size_bytes), _) => size_bytes,
            (Err(_), Origin::Process { dir: Some(dir), .. }) => check_named(fd, dir, uid, name)?,
            (Err(reason), _) => return Err(format!("a ring file {reason}")),
        };
        let hold = |what, amount| {
            account.hold(what, amount).map_err(|refusal| format!("a ring file: {refusal}"))
        };
        let held = [hold(Resource::RingFiles, 1)?, hold(Resource::MappedBytes, size_bytes as u64)?];
        let held_streams = hold(Resource::Streams, 0)?;
        let map = Mapped::new(fd, size_bytes).map_err(|reason| format!("a ring file {reason}"))?;
        let untrusted =
            map.copy_out(0, size_of::<RingFileHeader>()).ok_or("a ring file is too short")?;
        let header = RingHeader::parse(&untrusted, size_bytes)?;
        if (header.process_uid, header.channel_uid, header.index)
            != (uid, name.channel.0, name.index)
        {
            return Err("a ring file is not the one that was announced".into());
        }
        origin.check(header.kind)?;
        Ok(Self {
            index: name.index,
            streams: Vec::new(),
            known: 0,
            map,
            kind: header.kind,
            most_streams: RingFileShape::of(header.kind.shape.geometry)
                .map_or(MAX_STREAMS_PER_FILE, |longest| longest.stream_count),
            is_left_behind: matches!(origin, Origin::LeftBehind(_)),
            is_damaged: false,
            _held: held,
            held_streams,
        })
    }

    /// Takes in the streams that have been claimed since the last call.
    pub fn find_streams(&mut self) {
        let Some(header) = self.map.at::<RingFileHeader>(0) else { return };
        let RingKind { shape, mode, .. } = self.kind;
        for number in header.claimed(shape.stream_count) {
            if self.known & 1 << number != 0 {
                continue;
            }
            self.known |= 1 << number;
            // The budget refuses this stream to the process, and the user is told.
            if self.held_streams.grow(1).is_err() {
                continue;
            }
            let base = self.map.base().wrapping_add(shape.stream_offset(number));
            // SAFETY: the file has that many streams, the mapping is guarded, and lives in the same struct as the
            // drains that use the words.
            #[allow(unsafe_code)]
            let words = unsafe { StreamWords::new(base, shape.geometry, mode) };
            let instance = u64::from(self.index) * u64::from(self.most_streams) + u64::from(number);
            self.streams.push(match self.is_left_behind {
                false => StreamDrain::new(words, instance),
                true => StreamDrain::resume(words, instance),
            });
        }
    }

    /// Who writes to one of its streams.
    pub fn buffers(&self) -> Buffers {
        self.kind.buffers
    }

    /// Why a stream of it could not be locked into memory, if the process has said so.
    pub fn lock_failure(&self) -> Option<Errno> {
        let header = self.map.at::<RingFileHeader>(0)?;
        // Relaxed: stored before the claim that `find_streams` has acquired, or later and seen the next time.
        known_errno(header.lock_errno.load(Ordering::Relaxed))
    }

    /// Stops reading it if part of it turned out to be gone; returns whether that is new.
    pub fn end_if_damaged(&mut self) -> bool {
        if self.is_damaged || !self.map.has_faulted() {
            return false;
        }
        self.is_damaged = true;
        self.end();
        true
    }

    /// Stops reading it.
    pub fn end(&mut self) {
        self.streams.iter_mut().for_each(StreamDrain::end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::api::{ChannelUid, SessionUid};
    use rustix::fs::{Mode as FileMode, OFlags, open};
    use std::fs;
    use std::path::Path;
    use ust_core::abi::{Geometry, Mode, ShmPath};
    use ust_core::shm::{Mapping, memfd};

    const UID: [u8; 16] = [7; 16];
    const CHANNEL: ChannelUid = ChannelUid(5);
    const NAME: RingName = RingName { session: SessionUid(4), channel: CHANNEL, index: 0 };

    fn kind() -> RingKind {
        let shape = RingFileShape::of(Geometry::new(4096, 2).unwrap()).unwrap();
        RingKind { shape, buffers: Buffers::PerThread, mode: Mode::Discard }
    }

    fn header(kind: RingKind) -> RingFileHeader {
        let geometry = kind.shape.geometry;
        let mut header = RingFileHeader::new(geometry, kind.buffers, kind.mode, UID, CHANNEL.0, 0);
        header.stream_count = kind.shape.stream_count;
        header
    }

    /// A sealed file that claims to be of a kind, and has the size of one.
    fn sealed(claimed: RingKind) -> OwnedFd {
        let size_bytes = claimed.shape.file_bytes();
        let fd = memfd::create(c"ring", size_bytes).unwrap();
        Mapping::new(&fd, size_bytes).unwrap().initialise(0, header(claimed)).unwrap();
        fd
    }

    fn refusal(claimed: RingKind, origin: Origin) -> Option<String> {
        RingFile::new(&sealed(claimed), NAME, UID, origin, &Account::alone()).err()
    }

    /// A file with a name.
    fn ring_file(path: &Path) -> OwnedFd {
        let size_bytes = kind().shape.file_bytes();
        fs::write(path, "").unwrap();
        let fd = open(path, OFlags::RDWR, FileMode::empty()).unwrap();
        memfd::set_size(&fd, size_bytes).unwrap();
        Mapping::new(&fd, size_bytes).unwrap().initialise(0, header(kind())).unwrap();
        fd
    }

    #[test]
    fn a_file_that_claims_another_kind_than_its_channel_has_is_refused() {
        let origin = Origin::Process { kind: Some(kind()), dir: None };
        assert_eq!(refusal(kind(), origin), None);
        let shape = |size_bytes, count| {
            RingFileShape::of(Geometry::new(size_bytes, count).unwrap()).unwrap()
        };
        let fewer_streams = RingFileShape { stream_count: 1, ..kind().shape };
        // Its process may not make longer files.
        assert_eq!(refusal(RingKind { shape: fewer_streams, ..kind() }, origin), None);
        let few =
            Origin::Process { kind: Some(RingKind { shape: fewer_streams, ..kind() }), dir: None };
        let error = refusal(kind(), few).unwrap_or_default();
        assert!(error.contains("claims 64 streams"), "{error}");
        for (claimed, text) in [
            (RingKind { shape: shape(8192, 2), ..kind() }, "2 sub-buffers of 8192 bytes"),
            (RingKind { shape: shape(4096, 4), ..kind() }, "4 sub-buffers of 4096 bytes"),
            (RingKind { buffers: Buffers::PerCpu, ..kind() }, "per-cpu, discard, where"),
            (RingKind { mode: Mode::Overwrite, ..kind() }, "per-thread, overwrite, where"),
            (RingKind { mode: Mode::Block { timeout_ms: 7 }, ..kind() }, "block=7ms, where"),
        ] {
            let error = refusal(claimed, origin).unwrap_or_default();
            assert!(error.contains(text), "{claimed}: {error:?}");
            assert!(error.ends_with(&format!("its channel has {}", kind())), "{error}");
        }
    }

    #[test]
    fn of_a_file_left_behind_only_the_buffers_are_known() {
        let other = RingKind {
            shape: RingFileShape::of(Geometry::new(8192, 4).unwrap()).unwrap(),
            mode: Mode::Overwrite,
            ..kind()
        };
        assert_eq!(refusal(other, Origin::LeftBehind(Buffers::PerThread)), None);
        let error = refusal(other, Origin::LeftBehind(Buffers::PerCpu)).unwrap_or_default();
        assert!(error.contains("its session had") && error.contains("per-cpu"), "{error}");
    }

    #[test]
    fn a_file_without_seals_is_taken_only_where_it_was_to_be_made() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = fs::canonicalize(temporary.path()).unwrap();
        let shm_path = ShmPath::new(dir.to_str().unwrap().as_bytes()).unwrap();
        let name = shm_path.ring_file(UID, CHANNEL.0, 0, 123);
        let own = Path::new(str::from_utf8(name.as_bytes()).unwrap());
        let take = |fd: &OwnedFd, shm_path| {
            let origin = Origin::Process { kind: Some(kind()), dir: shm_path };
            RingFile::new(fd, NAME, UID, origin, &Account::alone()).map(drop)
        };

        let fd = ring_file(own);
        assert_eq!(take(&fd, Some(shm_path)), Ok(()));
        let refused = take(&fd, None).unwrap_err();
        assert!(refused.contains("not sealed") || refused.contains("not a memfd"), "{refused}");
        // Another file stands there now; the one that was handed over has lost its name.
        fs::remove_file(own).unwrap();
        let _other = ring_file(own);
        assert!(take(&fd, Some(shm_path)).is_err());
        // The file itself is right, but has another name.
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
        let origin = Origin::Process { kind: Some(kind()), dir: Some(shm_path) };
        let refused = RingFile::new(&fd, NAME, UID, origin, &Account::alone());
        assert!(refused.unwrap_err().contains("has not the size"));
    }
}
