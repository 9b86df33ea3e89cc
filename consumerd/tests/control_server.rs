//! The control socket's server alone: it never blocks, and it is readable only when there is work.

use consumerd::cause::Cause;
use consumerd::control::protocol::{Answer, Refusal, Request, parse_answer, request_line};
use consumerd::control::server::{ClientId, ControlServer};
use consumerd::limits::{
    MAX_CONTROL_CONNECTIONS, MAX_CONTROL_CONNECTIONS_OF_PROCESS, MAX_UNREAD_ANSWER_BYTES,
};
use consumerd::place::Place;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use ust_core::paths::RuntimeDir;

struct Served {
    dir: RuntimeDir,
    server: ControlServer,
    _place: Place,
    _parent: tempfile::TempDir,
}

impl Served {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let dir = RuntimeDir::at(parent.path().join("rt"));
        let mut place = Place::take(dir.clone()).unwrap();
        let server = ControlServer::bind(&mut place).unwrap();
        Self { dir, server, _place: place, _parent: parent }
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.dir.control_socket()).unwrap()
    }

    /// A client that has asked, and its name.
    fn asking(&mut self) -> (UnixStream, ClientId) {
        let mut client = self.connect();
        client
            .write_all(&request_line(Request::List { session: None, in_detail: false }).unwrap())
            .unwrap();
        // One turn accepts, the next one reads.
        self.server.turn();
        let requests = self.server.turn();
        assert_eq!(requests.len(), 1);
        (client, requests[0].0)
    }

    fn is_readable(&self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(self.server.as_fd(), PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() > 0
    }
}

fn long_answer() -> Answer {
    Err(Refusal { cause: Cause::Failed, text: "x".repeat(4 << 20) })
}

#[test]
fn a_client_that_waits_wakes_nobody() {
    let mut served = Served::new();
    let (mut client, id) = served.asking();
    // A client cannot change that by what it sends after its request, nor by closing its half.
    client.write_all(b"and another thing\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert!(!served.is_readable(), "the loop would spin until the answer is due");
    served.server.reply(&[id], long_answer());
    assert!(!served.is_readable(), "nor while it does not read its answer");
}

#[test]
fn a_request_may_come_in_pieces_and_its_sender_may_close_its_half() {
    let mut served = Served::new();
    let mut client = served.connect();
    served.server.turn();
    let line = request_line(Request::List { session: None, in_detail: false }).unwrap();
    let (last, others) = line.split_last().unwrap();
    for byte in others {
        client.write_all(&[*byte]).unwrap();
        assert!(served.server.turn().is_empty());
    }
    client.write_all(&[*last]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let requests = served.server.turn();
    let [(id, Request::List { session: None, in_detail: false })] = requests[..] else {
        panic!("{requests:?}")
    };
    assert!(served.server.turn().is_empty());
    let answer = Err(Refusal { cause: Cause::Failed, text: "whole".into() });
    served.server.reply(&[id], answer.clone());
    let mut line = Vec::new();
    client.read_to_end(&mut line).unwrap();
    assert_eq!(parse_answer(&line).unwrap(), answer);
}

#[test]
fn a_client_that_goes_while_it_waits_is_forgotten() {
    let mut served = Served::new();
    let (client, id) = served.asking();
    drop(client);
    assert!(served.is_readable());
    assert!(served.server.turn().is_empty());
    assert!(!served.is_readable());
    served.server.reply(&[id], long_answer());
}

#[test]
fn an_answer_longer_than_the_socket_takes_arrives_bit_by_bit() {
    let mut served = Served::new();
    let (mut client, id) = served.asking();
    served.server.reply(&[id], long_answer());
    // It waits its turn and blocks no other.
    served.asking();
    let reader = std::thread::spawn(move || {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        answer
    });
    while !reader.is_finished() {
        let mut fds = [PollFd::from_borrowed_fd(served.server.as_fd(), PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 10_000_000 })).unwrap();
        assert!(served.server.turn().is_empty());
    }
    assert_eq!(parse_answer(&reader.join().unwrap()).unwrap(), long_answer());
}

#[test]
fn who_waits_for_an_answer_is_not_closed_for_others_that_say_nothing() {
    let mut served = Served::new();
    let (mut client, id) = served.asking();
    let _silent: Vec<UnixStream> = (0..2 * MAX_CONTROL_CONNECTIONS)
        .map(|_| {
            let silent = served.connect();
            served.server.turn();
            silent
        })
        .collect();
    let answer = Err(Refusal { cause: Cause::Failed, text: "still there".into() });
    served.server.reply(&[id], answer.clone());
    let mut line = Vec::new();
    client.read_to_end(&mut line).unwrap();
    assert_eq!(parse_answer(&line).unwrap(), answer);
}

#[test]
fn one_process_takes_a_bounded_number_of_places() {
    let mut served = Served::new();
    let asking: Vec<_> = (0..MAX_CONTROL_CONNECTIONS_OF_PROCESS).map(|_| served.asking()).collect();
    // All wait, so one more is refused.
    let mut one_more = served.connect();
    served.server.turn();
    // The end of file is there by now, or does not come.
    one_more.set_nonblocking(true).unwrap();
    assert_eq!(one_more.read(&mut [0]).unwrap(), 0);
    let ids: Vec<_> = asking.iter().map(|(_, id)| *id).collect();
    served.server.reply(&ids, Err(Refusal { cause: Cause::Failed, text: "done".into() }));
    served.asking();
}

#[test]
fn answers_that_nobody_reads_take_a_bounded_number_of_bytes() {
    let mut served = Served::new();
    let clients: Vec<_> = (0..MAX_CONTROL_CONNECTIONS_OF_PROCESS)
        .map(|_| {
            let (client, id) = served.asking();
            served.server.reply(&[id], long_answer());
            client
        })
        .collect();
    let bytes_read = clients.into_iter().map(|mut client| {
        client.set_nonblocking(true).unwrap();
        let mut bytes = Vec::new();
        // Those that were closed got as much as the socket took, and then the end of file.
        client.read_to_end(&mut bytes).map_or(None, |_| Some(bytes.len()))
    });
    let closed = bytes_read.flatten().filter(|bytes| *bytes < 4 << 20).count();
    let kept = MAX_CONTROL_CONNECTIONS_OF_PROCESS - closed;
    assert!((3..=1 + MAX_UNREAD_ANSWER_BYTES / (4 << 20)).contains(&kept), "{kept} are kept");
}
