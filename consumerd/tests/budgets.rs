//! What one process may make the consumer hold. What exceeds that is refused, and others do not notice.

mod common;

use common::*;
use consumerd::limits::CONNECTIONS;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use std::fs::read_to_string;
use ust_core::abi::{CLASS_LOG_BYTES, CLASS_LOG_OFFSET, PROCESS_FILE_BYTES, ProcessHeader};
use ust_core::protocol::{ClassBody, ToDaemon, bytes_of};
use ust_core::shm::Mapping;
use ust_core::socket;
use ust_core::sync::{AtomicU32, Ordering};
use ust_core::wire::Encoding;

/// Anonymous memory of this process, the engine included.
fn anonymous_bytes() -> usize {
    let status = read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// A process file that is full of classes, each with `field_count` fields.
fn full_process_file(process_uid: [u8; 16], field_count: usize) -> OwnedFd {
    let fd = process_file(process_uid);
    let map = Mapping::new(&fd, PROCESS_FILE_BYTES).unwrap();
    let body: ClassBody<'_> = ClassBody {
        provider: "p",
        name: "n",
        level: 14,
        file: "f",
        line: 1,
        module_path: "m",
        fields: vec![],
        docs: vec![],
    };
    let mut body = body.encode().unwrap();
    // The list of fields comes last, and is empty: texts are put into it, even if they are too many.
    body.pop();
    let field = ("f", 3_u8, Encoding::Utf8);
    body.extend(bytes_of(&vec![field; field_count]));
    body.resize(body.len().next_multiple_of(4), 0);
    let words: Vec<u32> =
        body.chunks_exact(4).map(|word| u32::from_ne_bytes(word.try_into().unwrap())).collect();
    let entry_bytes = 8 + body.len();
    let count = CLASS_LOG_BYTES / entry_bytes;
    for index in 0..count {
        // Each has a number, so that each could be described.
        let head = [body.len() as u32, index as u32 + 1];
        let at = CLASS_LOG_OFFSET + index * entry_bytes;
        for (number, word) in head.iter().chain(&words).enumerate() {
            map.initialise(at + 4 * number, AtomicU32::new(*word)).unwrap();
        }
    }
    let header = map.at::<ProcessHeader>(0).unwrap();
    header.log_bytes.store((count * entry_bytes) as u64, Ordering::Release);
    fd
}

#[test]
fn full_class_logs_take_a_few_bytes_a_class() {
    for field_count in [0, 100, 10_000] {
        let mut recording = Recording::new();
        let connection = recording.connect();
        let before = anonymous_bytes();
        for number in 0..8 {
            let process_uid = [number; 16];
            let file = full_process_file(process_uid, field_count);
            say(&connection, &ToDaemon::Introduction { process_uid }, &[&file]);
            recording.turns(1);
        }
        let listed: usize =
            recording.engine.processes(false).iter().map(|process| process.events.len()).sum();
        recording.turns(3);
        let grown = anonymous_bytes().saturating_sub(before);
        println!("{field_count} fields: {listed} classes listed, {grown} bytes");
        assert!(grown < 16 << 20, "{grown} bytes for classes of {field_count} fields");
    }
}

#[test]
fn a_process_has_as_many_identities_as_it_may_and_others_come_in() {
    let mut recording = Recording::new();
    let connection = recording.connect();
    for number in 0..200 {
        let process_uid = [number; 16];
        say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
        recording.turns(1);
    }
    assert_eq!(recording.engine.processes(false).len(), 128);
    let errors = recording.errors();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    let expected = format!("process {} may have 128 identities", std::process::id());
    assert!(error.starts_with(&expected), "{error}");
}

/// Whether the engine still has a connection: the end of file is not behind everything that it sent.
fn is_open(connection: &OwnedFd, inbox: &mut socket::Inbox) -> bool {
    loop {
        match socket::receive(connection, RecvFlags::DONTWAIT, inbox) {
            Ok(received) if received.untrusted_bytes.is_empty() => return false,
            Ok(_) => {}
            Err(errno) => return errno == Errno::AGAIN,
        }
    }
}

#[test]
fn what_an_idle_connection_has_said_is_heard_before_it_is_closed() {
    let mut recording = Recording::new();
    let idle: Vec<_> = (0..CONNECTIONS.of_process).map(|_| recording.connect()).collect();
    recording.turns(10);
    // First the new connection and then the message: they are ready in this order.
    let _newcomer = recording.connect();
    let process_uid = [1; 16];
    say(&idle[0], &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    recording.turns(1);
    let mut inbox = socket::Inbox::default();
    let open: Vec<_> = idle.iter().map(|connection| is_open(connection, &mut inbox)).collect();
    assert!(!open[0] && open[1..].iter().all(|is_open| *is_open), "one makes room");
    assert_eq!(recording.engine.processes(false).len(), 1, "what it has said is not lost");
}

/// What this process has read so far, in bytes, from files (including the kernel's).
fn read_bytes() -> u64 {
    let io = read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

#[test]
fn mappings_are_read_once_a_process_however_many_identities_it_has() {
    let mut recording = Recording::new();
    let connection = recording.connect();
    let introduce = |number| {
        let process_uid = [number; 16];
        let file = process_file(process_uid);
        let mapped = Mapping::new(&file, PROCESS_FILE_BYTES).unwrap();
        say(&connection, &ToDaemon::Introduction { process_uid }, &[&file]);
        mapped
    };
    let mapped: Vec<_> = (0..100).map(introduce).collect();
    recording.turns(20);
    let one = std::fs::read("/proc/self/maps").unwrap().len() as u64;
    let before = read_bytes();
    // Each turn is a tick: the flush interval is half of its timeout.
    recording.turns(10);
    let read = read_bytes() - before;
    println!("{read} bytes read in ten turns, {one} are one list");
    assert!(read < 25 * one, "{read} bytes in ten turns, where a list has {one}");
    assert_eq!(recording.engine.processes(false).len(), 100);
    drop(mapped);
}

#[test]
fn a_process_has_as_many_connections_as_it_may_and_keeps_its_agent() {
    let mut recording = Recording::new();
    let agent = recording.connect();
    let process_uid = [1; 16];
    say(&agent, &ToDaemon::Hello { process_uid }, &[&process_file(process_uid)]);
    recording.turns(1);
    let before = descriptor_count();
    let idle: Vec<_> = (0..2000)
        .map(|_| {
            let connection = recording.connect();
            recording.engine.poll(&[], Some(std::time::Duration::ZERO)).unwrap();
            connection
        })
        .collect();
    let held = descriptor_count() - before - idle.len();
    assert!((500..=520).contains(&held), "{held} connections are held");
    let mut inbox = socket::Inbox::default();
    assert!(is_open(&agent, &mut inbox), "the agent's is the last one to be closed");
    let open = idle.iter().map(|connection| is_open(connection, &mut inbox));
    let open: Vec<_> = open.collect();
    assert!(!open[0] && open[1999], "the oldest are closed");
}
