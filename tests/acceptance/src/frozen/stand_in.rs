//! A stand-in for the consumer: it sends given messages to a traced process, and notes what the process says.

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, listen, socket_with,
};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::{ToDaemon, decode};
use ust_core::shm::doorbell::DOORBELL_BYTES;
use ust_core::shm::memfd;
use ust_core::socket::{Inbox, receive, send};
use ust_test_support::wait::wait_until;

/// The stand-in, which serves a runtime directory of its own.
#[derive(Debug)]
pub struct StandIn {
    listener: OwnedFd,
    connections: Vec<OwnedFd>,
    doorbell: OwnedFd,
}

impl StandIn {
    /// Makes the directory, with published rules in it, and listens.
    pub fn at(dir: &Path, rules_file: &[u8]) -> Self {
        DirBuilder::new().mode(0o700).create(dir).expect("the directory can be made");
        let mut options = OpenOptions::new();
        let rules = options.write(true).create_new(true).mode(0o600).open(dir.join("rules"));
        rules.and_then(|mut file| file.write_all(rules_file)).expect("there is room for rules");
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let listener = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let listener = listener.expect("there is a descriptor left");
        let address = SocketAddrUnix::new(RuntimeDir::at(dir.to_owned()).agent_socket());
        bind(&listener, &address.expect("the path is short")).expect("nobody else is there");
        listen(&listener, 64).expect("it is bound");
        let doorbell = memfd::create(c"doorbell", DOORBELL_BYTES).expect("there is memory for one");
        Self { listener, connections: Vec::new(), doorbell }
    }

    /// Listens until the process has said `count` messages; an agent's greeting is answered with `answers`, the first of
    /// which has the doorbell with it.
    pub fn hear(&mut self, count: usize, answers: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        wait_until("what a process says", || {
            while let Ok(connection) = accept_with(&self.listener, SocketFlags::CLOEXEC) {
                self.connections.push(connection);
            }
            for connection in &self.connections {
                heard.extend(self.hear_one(connection, answers));
            }
            (heard.len() >= count).then_some(())
        });
        heard
    }

    fn hear_one(&self, connection: &OwnedFd, answers: &[Vec<u8>]) -> Option<Vec<u8>> {
        let mut inbox = Inbox::default();
        let received = match receive(connection, RecvFlags::DONTWAIT, &mut inbox) {
            Err(Errno::AGAIN | Errno::CONNRESET) => return None,
            received => received.expect("the process sends messages"),
        };
        let bytes = received.untrusted_bytes.to_owned();
        if matches!(decode(&bytes), Ok(ToDaemon::Hello { .. })) {
            for (number, answer) in answers.iter().enumerate() {
                let doorbell = [self.doorbell.as_fd()];
                let fds = if number == 0 { &doorbell[..] } else { &[] };
                send(connection, answer, fds, SendFlags::empty()).expect("the agent listens");
            }
        }
        // Nothing: the connection has ended.
        Some(bytes).filter(|bytes| !bytes.is_empty())
    }
}
