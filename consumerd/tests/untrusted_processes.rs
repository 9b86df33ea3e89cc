//! What a broken or hostile process can make the daemon do and hold: this test plays the process.

mod common;

use common::{Recording, descriptor_count, is_of_reading, process_file, ring_file, say};
use rustix::fd::AsFd;
use rustix::net::SendFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::time::Duration;
use ust_core::abi::Mode;
use ust_core::protocol::{ToDaemon, encode};
use ust_core::socket;
use ust_core::sync::{AtomicU32, AtomicU64, Ordering};

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

#[test]
fn ring_files_that_wait_for_their_process_are_counted() {
    let mut recording = Recording::new();
    let process_uid = [2; 16];
    let channel = recording.channel;
    let connection = recording.connect();
    let ring = ring_file(process_uid, channel, 0, Mode::Discard);
    let descriptors_before = descriptor_count();
    for file_index in 0..100 {
        let message = ToDaemon::Handover { process_uid, channel_uid: channel.0, file_index };
        say(&connection, &message, &[&ring]);
        recording.turns(1);
    }
    // The connection, a pidfd, and those that wait.
    let held = descriptor_count() - descriptors_before;
    assert!((60..=70).contains(&held), "{held} descriptors are held");
    let errors = recording.errors();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.contains("more than 64 ring files"), "{error}");
}

#[test]
fn identities_without_a_process_file_are_counted() {
    let mut recording = Recording::new();
    let connection = recording.connect();
    let channel = recording.channel;
    let ring = ring_file([0; 16], channel, 0, Mode::Discard);
    let descriptors_before = descriptor_count();
    // Each has a ring file that waits.
    for number in 0..200 {
        let process_uid = [number; 16];
        let (channel_uid, file_index) = (channel.0, 0);
        say(&connection, &ToDaemon::Handover { process_uid, channel_uid, file_index }, &[&ring]);
        recording.turns(1);
    }
    let held = descriptor_count() - descriptors_before;
    assert!((60..=70).contains(&held), "{held} descriptors are held");
    // A process that introduces itself is taken in nevertheless.
    let process_uid = [201; 16];
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    recording.turns(1);
    assert_eq!(recording.engine.processes(false).len(), 1);
}

#[test]
fn ring_files_are_numbered_as_a_process_numbers_them() {
    let mut recording = Recording::new();
    let process_uid = [3; 16];
    let channel = recording.channel;
    let connection = recording.connect();
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    let hand_over = |file_index| {
        let ring = ring_file(process_uid, channel, file_index, Mode::Discard);
        let message = ToDaemon::Handover { process_uid, channel_uid: channel.0, file_index };
        say(&connection, &message, &[&ring]);
    };
    hand_over(480);
    hand_over(u32::MAX);
    recording.turns(3);
    let errors = recording.errors();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.contains("beyond 480"), "{error}");
    hand_over(479);
    recording.turns(3);
    assert_eq!(recording.errors().iter().filter(is_of_reading).count(), 1);
}

#[test]
fn what_a_process_gets_wrong_again_and_again_is_said_once() {
    let mut recording = Recording::new();
    let process_uid = [4; 16];
    let channel = recording.channel;
    let connection = recording.connect();
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    let log = tempfile::NamedTempFile::new().unwrap();
    let writer = Arc::new(log.reopen().unwrap());
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..100 {
            let ring = ring_file(process_uid, channel, 0, Mode::Overwrite);
            let message = ToDaemon::Handover { process_uid, channel_uid: channel.0, file_index: 0 };
            say(&connection, &message, &[&ring]);
            recording.turns(1);
        }
    });
    assert_eq!(recording.errors().len(), 1);
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert_eq!(log.matches("a ring file claims").count(), 1, "{log}");
}

/// Two threads that send, without a pause, messages that cost the engine more than them.
#[test]
fn a_process_that_talks_without_end_holds_up_nobody() {
    let mut recording = Recording::new();
    let connection = recording.connect();
    let process_uid = [5; 16];
    let file = process_file(process_uid);
    let message = encode(&ToDaemon::Introduction { process_uid });
    let talk_once = || {
        let sent = socket::send(&connection, &message, &[file.as_fd()], SendFlags::DONTWAIT);
        u64::from(sent.is_ok())
    };
    let capacity: u64 = std::iter::repeat_with(talk_once).take_while(|sent| *sent == 1).sum();
    let (is_over, said) = (AtomicU32::new(0), AtomicU64::new(0));
    let talk = || {
        while is_over.load(Ordering::Relaxed) == 0 {
            said.fetch_add(talk_once(), Ordering::Relaxed);
        }
    };
    let most = std::thread::scope(|scope| {
        scope.spawn(talk);
        scope.spawn(talk);
        scope.spawn(|| {
            // Without a bound the first round would not end before the threads stop sending.
            std::thread::sleep(Duration::from_secs(2));
            is_over.store(1, Ordering::Relaxed);
        });
        let mut said_in_round = || {
            let before = said.load(Ordering::Relaxed);
            recording.turns(1);
            said.load(Ordering::Relaxed) - before
        };
        let most = (0..20).map(|_| said_in_round()).max();
        is_over.store(1, Ordering::Relaxed);
        most.unwrap_or_default()
    });
    // Once as many as the queue had room for, and once as many as the round made room for; some for the threads'
    // arithmetic.
    assert!(most <= 2 * capacity + 10, "{most} messages in one round, the queue holds {capacity}");
}

/// The kernel drops descriptors for which the receiver has no numbers, and the sender does not learn of it.
#[test]
fn a_ring_file_that_comes_when_all_descriptors_are_used_is_read() {
    let mut recording = Recording::new();
    let process_uid = [6; 16];
    let channel_uid = recording.channel;
    let connection = recording.connect();
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    recording.turns(3);
    let ring = ring_file(process_uid, recording.channel, 0, Mode::Discard);
    let newcomer = recording.connect();
    let before = getrlimit(Resource::Nofile);
    // To use up as many as there may be would take a while.
    let few = descriptor_count() as u64 + 100;
    setrlimit(Resource::Nofile, Rlimit { current: Some(few), ..before }).unwrap();
    let all_others: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    let message = ToDaemon::Handover { process_uid, channel_uid: channel_uid.0, file_index: 0 };
    say(&newcomer, &message, &[&ring]);
    recording.turns(3);
    drop(all_others);
    setrlimit(Resource::Nofile, before).unwrap();
    assert_eq!(recording.errors().iter().filter(is_of_reading).count(), 1);
}
