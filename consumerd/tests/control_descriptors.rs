//! The control socket when all descriptors are used: in a file of its own, because a process has one limit of them.

use consumerd::control::protocol::{Request, request_line};
use consumerd::control::server::ControlServer;
use consumerd::place::Place;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::os::unix::net::UnixStream;
use ust_core::paths::RuntimeDir;

/// Another part of the process has used up all descriptors since the server's last turn.
#[test]
fn a_descriptor_is_kept_for_the_next_client() {
    let parent = tempfile::tempdir().unwrap();
    let dir = RuntimeDir::at(parent.path().join("rt"));
    let mut place = Place::take(dir.clone()).unwrap();
    let mut server = ControlServer::bind(&mut place).unwrap();
    server.turn();
    let before = getrlimit(Resource::Nofile);
    let mut client = UnixStream::connect(dir.control_socket()).unwrap();
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let few = Rlimit { current: Some(open + 50), ..before };
    setrlimit(Resource::Nofile, few).unwrap();
    let others: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    client
        .write_all(&request_line(Request::List { session: None, in_detail: false }).unwrap())
        .unwrap();
    server.turn();
    let requests = server.turn();
    drop(others);
    setrlimit(Resource::Nofile, before).unwrap();
    assert_eq!(requests.len(), 1);
}
