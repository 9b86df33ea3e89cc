//! What tests of untrusted processes share: an engine with one channel, and the messages and files with which a test
//! plays a process. The engine runs only in [`Recording::turns`], so a test decides what it sees in which turn.
#![allow(dead_code, reason = "each test file uses its part")]

use consumerd::engine::{
    ChannelConfig, ChannelUid, Engine, EngineOptions, SessionConfig, SessionUid,
};
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{SendFlags, SocketAddrUnix};
use std::ffi::CStr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use ust_core::abi::{
    Buffers, Geometry, Mode, PROCESS_FILE_BYTES, ProcessHeader, Residency, RingFileHeader,
    RingFileShape,
};
use ust_core::clock::ClockKind;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::{ToDaemon, encode};
use ust_core::shm::{Mapping, memfd};
use ust_core::socket;
use ust_core::sync::Ordering;

/// The process that a process file of [`process_file`] claims to be.
pub const PID: u32 = 4321;

/// An engine with one channel, which writes to [`Recording::output`].
pub struct Recording {
    pub engine: Engine,
    pub session: SessionUid,
    pub channel: ChannelUid,
    address: SocketAddrUnix,
    dir: tempfile::TempDir,
    /// Descriptors are counted, and processors kept busy: one test at a time.
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

impl Recording {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with a channel of another kind: `change` gets the usual one.
    pub fn with(change: impl FnOnce(&mut ChannelConfig)) -> Self {
        Self::flushing_each(Duration::from_millis(10), change)
    }

    /// The same, with another time from one flush to the next.
    pub fn flushing_each(
        flush_interval: Duration,
        change: impl FnOnce(&mut ChannelConfig),
    ) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let temporary = tempfile::tempdir().unwrap();
        let dir = RuntimeDir::at(temporary.path().join("rt"));
        let options = EngineOptions { flush_interval, read_timer: None };
        let mut engine = Engine::bind(dir.clone(), options).unwrap();
        let session = engine.add_session(SessionConfig {
            output: temporary.path().to_owned(),
            clock: ClockKind::Monotonic,
            is_drained: true,
            shm_dir: None,
        });
        let mut config = ChannelConfig {
            name: "channel0".to_owned(),
            geometry: geometry(),
            buffers: Buffers::PerThread,
            mode: Mode::Discard,
            residency: Residency::OnEntry,
        };
        change(&mut config);
        let channel = engine.add_channel(session, config);
        engine.set_active(session, true);
        let address = SocketAddrUnix::new(dir.agent_socket()).unwrap();
        Self { engine, session, channel, address, dir: temporary, _turn: turn }
    }

    /// Lets the engine take `count` turns.
    pub fn turns(&mut self, count: u32) {
        for _ in 0..count {
            self.engine.poll(&[], Some(Duration::from_millis(20))).unwrap();
        }
    }

    /// What the session's summary reports.
    pub fn errors(&self) -> Vec<String> {
        self.engine.summary(self.session).errors
    }

    /// Events that processes have lost because there was no stream, as the session's summary counts them.
    pub fn lost_no_stream(&self) -> u64 {
        let lost = self.engine.summary(self.session).all.lost;
        lost.get("records_lost_no_stream").copied().unwrap_or_default()
    }

    /// A new connection to the engine, as an agent makes it.
    pub fn connect(&self) -> OwnedFd {
        socket::connect_to(&self.address, true).unwrap()
    }

    /// Where the session's traces go.
    pub fn output(&self) -> &Path {
        self.dir.path()
    }
}

/// The geometry of the usual channel.
pub fn geometry() -> Geometry {
    Geometry::new(4096, 2).unwrap()
}

/// Sends one message of the agent's protocol.
pub fn say(connection: &OwnedFd, message: &ToDaemon, fds: &[&OwnedFd]) {
    let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
    socket::send(connection, &encode(message), &fds, SendFlags::empty()).unwrap();
}

/// A process file without an event class.
pub fn process_file(process_uid: [u8; 16]) -> OwnedFd {
    process_file_named(c"ust-process", process_uid, None)
}

/// The process file of an image that has lost one event of a channel and is gone. The engine runs in this process and
/// maps the file, so the file must not have the name by which an image that maps it is recognised.
pub fn file_of_gone_image(process_uid: [u8; 16], channel: ChannelUid) -> OwnedFd {
    process_file_named(c"of-a-gone-image", process_uid, Some(channel))
}

fn process_file_named(name: &CStr, process_uid: [u8; 16], lost_in: Option<ChannelUid>) -> OwnedFd {
    let fd = memfd::create(name, PROCESS_FILE_BYTES).unwrap();
    let header = ProcessHeader::new(PID, process_uid, 0, *b"player\0\0\0\0\0\0\0\0\0\0");
    if let Some(channel) = lost_in {
        header.losses[0].channel_uid.store(channel.0, Ordering::Relaxed);
        header.losses[0].no_stream.store(1, Ordering::Relaxed);
    }
    Mapping::new(&fd, PROCESS_FILE_BYTES).unwrap().initialise(0, header).unwrap();
    fd
}

/// A ring file whose first page says that its memory could not be locked: if the engine reports that, it reads the
/// file ([`is_of_reading`]).
pub fn ring_file(process_uid: [u8; 16], channel: ChannelUid, index: u32, mode: Mode) -> OwnedFd {
    let size_bytes = RingFileShape::of(geometry()).unwrap().file_bytes();
    let fd = memfd::create(c"ust-ring", size_bytes).unwrap();
    let header =
        RingFileHeader::new(geometry(), Buffers::PerThread, mode, process_uid, channel.0, index);
    header.lock_errno.store(rustix::io::Errno::PERM.raw_os_error() as u32, Ordering::Relaxed);
    Mapping::new(&fd, size_bytes).unwrap().initialise(0, header).unwrap();
    fd
}

/// Whether this error shows that the engine reads a file of [`ring_file`].
pub fn is_of_reading(error: &&String) -> bool {
    error.contains("not locked into memory")
}

/// How many descriptors this process has open.
pub fn descriptor_count() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
