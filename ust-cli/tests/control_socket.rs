//! The control socket: mistakes of one client do not affect others.

mod common;

use common::Sandbox;
use consumerd::control::protocol::{
    CONTROL, MAX_REQUEST_BYTES, Request, parse_answer, request_line,
};
use consumerd::limits::MAX_CONTROL_CONNECTIONS;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use ust_test_support::wait::{HANGS_AFTER, until};

fn connect(sandbox: &Sandbox) -> UnixStream {
    let socket = UnixStream::connect(sandbox.runtime_dir().join("control.sock")).unwrap();
    socket.set_read_timeout(Some(HANGS_AFTER)).unwrap();
    socket
}

/// Sends bytes and returns everything that comes back.
fn say(sandbox: &Sandbox, bytes: &[u8]) -> Vec<u8> {
    let mut socket = connect(sandbox);
    socket.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    answer
}

fn refusal(sandbox: &Sandbox, bytes: &[u8]) -> String {
    parse_answer(&say(sandbox, bytes)).unwrap().unwrap_err().text
}

#[test]
fn garbage_is_refused_and_the_daemon_goes_on() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    assert!(
        refusal(&sandbox, b"\0\xff\x7fgarbage\n").contains("not a line of the control protocol")
    );
    assert!(refusal(&sandbox, b"\n").contains("not a line"));
    let begun = format!("{{\"version\":{},\"minor\":{},\"request\":", CONTROL.major, CONTROL.minor);
    let unknown = format!("{begun}\"Explode\"}}\n");
    assert!(refusal(&sandbox, unknown.as_bytes()).contains("Explode"));
    assert!(refusal(&sandbox, b"{\"version\":9,\"request\":\"List\"}\n").contains("version 9"));
    let nested = format!("{begun}{}\n", "[".repeat(50_000));
    assert!(refusal(&sandbox, nested.as_bytes()).contains("not a line"));
    sandbox.done(&["status"]);
}

#[test]
fn a_line_without_an_end_is_cut_off() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    let mut socket = connect(&sandbox);
    // The daemon may have answered and closed before all of it is written.
    let _ = socket.write_all(&vec![b'x'; 2 * MAX_REQUEST_BYTES]);
    let mut answer = Vec::new();
    // Bytes that the daemon has not read may reset the connection, and the answer is lost with it.
    if let Err(error) = socket.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the daemon waits for the end");
    }
    assert!(
        answer.is_empty() || parse_answer(&answer).unwrap().unwrap_err().text.contains("at most")
    );
    sandbox.done(&["status"]);
}

#[test]
fn clients_that_say_nothing_keep_nobody_out() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon(&[]);
    let open = || std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap().count();
    let before = open();
    let silent: Vec<UnixStream> =
        (0..3 * MAX_CONTROL_CONNECTIONS).map(|_| connect(&sandbox)).collect();
    sandbox.done(&["create", "mine"]);
    sandbox.done(&["status"]);
    // A daemon that waited for each of them would answer only after it had closed them.
    let mut last = silent.last().unwrap();
    last.set_nonblocking(true).unwrap();
    let said = last.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(said, Err(ErrorKind::WouldBlock), "they must not be waited for");
    assert!(
        open() <= before + MAX_CONTROL_CONNECTIONS,
        "they cost a bounded number of descriptors"
    );
}

#[test]
fn a_client_that_goes_before_the_answer_has_its_request_carried_out() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    let output = sandbox.path("out");
    let (options, channel) = Default::default();
    let create = Request::Create { name: "mine".into(), output, options, channel };
    connect(&sandbox).write_all(&request_line(create).unwrap()).unwrap();
    until("the session is there", || sandbox.done(&["list"]).contains("Session mine"));
}

#[test]
fn the_daemon_sleeps_when_nobody_asks() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon(&["--flush-interval", "60000"]);
    // Nor is it held up by a client that waits for nothing, or that has gone.
    let _silent = connect(&sandbox);
    drop(connect(&sandbox));
    sandbox.done(&["status"]);
    let switches = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    // Earlier requests may still keep it busy.
    until("a second with two wake-ups at most", || {
        let before = switches();
        std::thread::sleep(Duration::from_secs(1));
        switches() - before <= 2
    });
}
