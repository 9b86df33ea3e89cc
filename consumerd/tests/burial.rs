//! The end of processes and images: everything that they sent is heard first, and what they lost is counted once.

mod common;

use common::*;
use consumerd::engine::SessionConfig;
use consumerd::limits::IDENTITIES;
use consumerd::shm_dir::ShmDir;
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::SendFlags;
use std::time::Duration;
use ust_core::abi::Mode;
use ust_core::clock::ClockKind;
use ust_core::protocol::{ToDaemon, encode};
use ust_core::socket;

/// Messages that a process has queued on one connection when it ends: many more than one turn takes.
const QUEUED: u32 = 200;

fn uid(number: u32) -> [u8; 16] {
    let mut uid = [0; 16];
    uid[..4].copy_from_slice(&number.to_ne_bytes());
    uid
}

/// A recording in which no flush looks for images.
fn without_flushes() -> Recording {
    Recording::flushing_each(Duration::from_secs(3600), |_| {})
}

#[test]
fn what_is_queued_is_heard_before_images_make_room_for_others() {
    let mut recording = without_flushes();
    let channel = recording.channel;
    let most = IDENTITIES.of_process as u32;
    let introduce = |number| {
        let (connection, process_uid) = (recording.connect(), uid(number));
        let file = file_of_gone_image(process_uid, channel);
        say(&connection, &ToDaemon::Introduction { process_uid }, &[&file]);
        (connection, file)
    };
    // All are accepted in one turn, in this order.
    let introduced: Vec<_> = (0..most + 20).map(introduce).collect();
    let (connection, process_uid) = (recording.connect(), uid(0));
    let ring = ring_file(process_uid, channel, 0, Mode::Discard);
    let message = ToDaemon::Handover { process_uid, channel_uid: channel.0, file_index: 0 };
    // As a process does: with its process file, because it cannot know whether that has been received.
    say(&connection, &message, &[&ring, &introduced[0].1]);
    recording.turns(20);
    assert_eq!(recording.engine.processes(false).len(), 20, "the others are gone");
    assert_eq!(recording.lost_no_stream(), u64::from(most) + 20, "each has lost one event");
    recording.engine.remove_session(recording.session);
}

/// Queues introductions, each of another identity.
fn talk(connection: &OwnedFd, recording: &Recording) {
    let files: Vec<_> =
        (0..QUEUED).map(|number| file_of_gone_image(uid(number), recording.channel)).collect();
    for (number, file) in files.iter().enumerate() {
        let message = ToDaemon::Introduction { process_uid: uid(number as u32) };
        socket::send(connection, &encode(&message), &[file.as_fd()], SendFlags::DONTWAIT).unwrap();
    }
}

#[test]
#[allow(unsafe_code)]
fn who_dies_as_fast_as_others_are_buried_is_not_waited_for() {
    let mut recording = without_flushes();
    // SAFETY: the only other thread at work is the doorbell's, which holds no lock; the child ends by `_exit`.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            talk(&recording.connect(), &recording);
        }));
        // SAFETY: nothing of this process is needed any more.
        unsafe { libc::_exit(i32::from(outcome.is_err())) };
    }
    let mut status = 0;
    // SAFETY: a child of this process.
    unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(status, 0, "all was queued");
    recording.turns(1);
    // Whenever some are buried, the engine has heard of others that are dead as well.
    recording.engine.take_stock();
    let buried = recording.lost_no_stream() - recording.engine.processes(false).len() as u64;
    println!("{buried} of {QUEUED} are buried at once");
    assert!((1..u64::from(QUEUED)).contains(&buried), "{buried} of {QUEUED} are buried at once");
    recording.turns(40);
    assert_eq!(recording.lost_no_stream(), u64::from(QUEUED), "the others have the next turns");
    assert_eq!(recording.engine.processes(false).len(), 0);
}

/// The clock of a session is computed when the session begins, or has something to write: the longer after its making,
/// the better.
#[test]
fn a_session_that_has_not_begun_has_no_clock_yet_whoever_dies() {
    let mut recording = without_flushes();
    let rings = recording.output().join("rings");
    let session = recording.engine.add_session(SessionConfig {
        output: recording.output().to_owned(),
        clock: ClockKind::Monotonic,
        is_drained: true,
        shm_dir: Some(ShmDir::make(&rings).unwrap()),
    });
    let process_uid = uid(1);
    let file = file_of_gone_image(process_uid, recording.channel);
    say(&recording.connect(), &ToDaemon::Introduction { process_uid }, &[&file]);
    // The identity exists until it is buried.
    for _ in 0..100 {
        recording.engine.flush(recording.session);
        recording.turns(1);
        recording.engine.take_stock();
    }
    recording.engine.remove_session(recording.session);
    assert_eq!(recording.engine.processes(false).len(), 0, "it is buried");
    let buried_ns = ust_core::clock::realtime_ns();
    recording.engine.set_active(session, true);
    let json = std::fs::read(rings.join("session")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let reckoned_ns = json["clock"]["pair"]["realtime_ns"].as_u64().unwrap();
    assert!(reckoned_ns >= buried_ns, "{reckoned_ns}, before {buried_ns}");
}
