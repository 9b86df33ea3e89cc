//! What a broken process, or an evil one, can make the daemon do and hold: this test plays the process.

use consumerd::engine::{ChannelConfig, ChannelUid, Engine, EngineOptions};
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{SendFlags, SocketAddrUnix};
use std::time::Duration;
use ust_core::abi::{
    Buffers, Geometry, Mode, PROCESS_FILE_BYTES, ProcessHeader, Residency, RingFileHeader,
    RingFileShape,
};
use ust_core::agent::paths::RuntimeDir;
use ust_core::agent::protocol::{ToDaemon, encode};
use ust_core::agent::socket;
use ust_core::clock::ClockKind;
use ust_core::shm::{Mapping, memfd};
use ust_core::sync::Ordering;

const PID: u32 = 4321;

/// An engine with one channel.
struct Recording {
    engine: Engine,
    channel: ChannelUid,
    address: SocketAddrUnix,
    _dir: tempfile::TempDir,
}

impl Recording {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let dir = RuntimeDir::at(temporary.path().join("rt"));
        let options = EngineOptions { flush_interval: Duration::from_millis(10), read_timer: None };
        let mut engine = Engine::bind(dir.clone(), options).unwrap();
        let channel = engine.add_channel(ChannelConfig {
            output: temporary.path().to_owned(),
            geometry: geometry(),
            clock: ClockKind::Monotonic,
            buffers: Buffers::PerThread,
            mode: Mode::Discard,
            residency: Residency::OnEntry,
            is_drained: true,
            shm_dir: None,
        });
        engine.set_active(channel, true);
        let address = SocketAddrUnix::new(dir.agent_socket()).unwrap();
        Self { engine, channel, address, _dir: temporary }
    }

    fn turns(&mut self, count: u32) {
        for _ in 0..count {
            self.engine.poll(&[], Some(Duration::from_millis(20))).unwrap();
        }
    }

    fn errors(&self) -> Vec<String> {
        self.engine.summary(self.channel).errors
    }

    fn connect(&self) -> OwnedFd {
        socket::connect_to(&self.address, true).unwrap()
    }
}

fn geometry() -> Geometry {
    Geometry::new(4096, 2).unwrap()
}

fn say(connection: &OwnedFd, message: &ToDaemon, fds: &[&OwnedFd]) {
    let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
    socket::send(connection, &encode(message), &fds, SendFlags::empty()).unwrap();
}

fn process_file(process_uid: [u8; 16]) -> OwnedFd {
    let fd = memfd::create(c"ust-process", PROCESS_FILE_BYTES).unwrap();
    let header = ProcessHeader::new(PID, process_uid, 0, *b"player\0\0\0\0\0\0\0\0\0\0");
    Mapping::new(&fd, PROCESS_FILE_BYTES).unwrap().initialise(0, header).unwrap();
    fd
}

/// A ring file whose first page says that its memory could not be locked: that the engine tells tells that it reads
/// the file.
fn ring_file(process_uid: [u8; 16], channel: ChannelUid, index: u32, mode: Mode) -> OwnedFd {
    let size_bytes = RingFileShape::of(geometry()).unwrap().file_bytes();
    let fd = memfd::create(c"ust-ring", size_bytes).unwrap();
    let header =
        RingFileHeader::new(geometry(), Buffers::PerThread, mode, process_uid, channel.0, index);
    header.lock_errno.store(rustix::io::Errno::PERM.raw_os_error() as u32, Ordering::Relaxed);
    Mapping::new(&fd, size_bytes).unwrap().initialise(0, header).unwrap();
    fd
}

fn is_of_reading(error: &&String) -> bool {
    error.contains("not locked into memory")
}

#[test]
fn a_ring_file_of_another_kind_is_refused_and_the_others_go_on() {
    let mut recording = Recording::new();
    let process_uid = [1; 16];
    let channel = recording.channel;
    let connection = recording.connect();
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    let hand_over = |file_index, mode| {
        let ring = ring_file(process_uid, channel, file_index, mode);
        let message = ToDaemon::Handover { process_uid, channel_uid: channel.0, file_index };
        say(&connection, &message, &[&ring]);
    };
    hand_over(0, Mode::Overwrite);
    recording.turns(3);
    let errors = recording.errors();
    let [refusal] = errors.as_slice() else { panic!("{errors:?}") };
    for part in [
        "process 4321 (player)",
        "claims 64 streams of 2 sub-buffers of 4096 bytes, per-thread, overwrite",
        "has 64 streams of 2 sub-buffers of 4096 bytes, per-thread, discard",
        "its records are lost",
    ] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    hand_over(1, Mode::Discard);
    recording.turns(3);
    assert_eq!(recording.errors().iter().filter(is_of_reading).count(), 1);
}
