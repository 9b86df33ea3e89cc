//! Connections: which process is at the other end, and what it says.
//!
//! Every message is checked before it is used. An invalid message ends the connection, with a line that the user sees
//! ([`refusals`](super::refusals)). Whether the *process* lives is another question, which its pidfd answers: a program
//! that closes everything may close the socket, and a child may hold it open.
//!
//! A process of a PID namespace that ours does not contain (a sibling container's, with which the runtime directory is
//! shared) has no number here. Its pidfd comes from the socket, and also tells its end. Its process file says which
//! process it is. Only an `exec` in it goes unnoticed until its end; its rings are drained nevertheless.

use super::budget::{Account, Held, Ledger, OverBudget};
use super::resource::Resource;
use crate::advice::{Attempt, why};
use crate::peer::{Peer, pidfd_of, shown};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::fstat;
use rustix::io::{Errno, ioctl_fionread};
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::Pid;
use std::rc::Rc;
use ust_core::protocol::{NotUnderstood, ToDaemon, ToProcess, decode, encode};
use ust_core::socket::{self, Inbox, Received};
use ust_core::version::Version;

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    /// The peer when it connected; `None` if it is in a PID namespace that we cannot see into.
    pub pid: Option<Pid>,
    /// Number of the account that pays for it: the process id, if there is one.
    pub payer: i32,
    /// Pays for it, and for what it brings.
    pub account: Rc<Account>,
    held: Option<[Held; 2]>,
    /// Set by the first message: the agent of this process.
    pub agent_of: Option<[u8; 16]>,
    /// The peer had no room for the last message, which is to be sent again once it has.
    pub is_behind: bool,
    /// The last message, if it waits for room. Nothing more is heard before it is handled.
    pub waiting: Option<Waiting>,
}

/// A message that waits for room, and its descriptors.
#[derive(Debug)]
pub struct Waiting {
    /// The message.
    pub message: ToDaemon,
    /// What came with it.
    pub fds: Vec<OwnedFd>,
    /// The descriptors are paid for.
    pub _held: Held,
}

/// What was found on a connection.
#[derive(Debug)]
pub enum Heard {
    /// A message, its descriptors, and how many bytes it was.
    Message(ToDaemon, Vec<OwnedFd>, u64),
    /// A message that only a later minor of the protocol knows, and how many bytes it was.
    PassedOver(Version, u64),
    /// Nothing for now.
    Nothing,
    /// The connection is over; why, if that is worth a line.
    End(Option<String>),
}

impl Connection {
    /// Checks the peer of an accepted socket.
    ///
    /// # Errors
    /// The peer is another user's, or it is in another PID namespace and its end could not be noticed: which peer, and
    /// why.
    pub fn new(socket: OwnedFd, ledger: &mut Ledger) -> Result<Self, (String, String)> {
        let peer = Peer::of(&socket).map_err(|errno| {
            let why = why(Attempt::Accept, &errno.into()).to_string();
            ("a process".to_owned(), format!("the kernel does not say which it is: {why}"))
        })?;
        let Peer { pid, uid } = peer;
        let who = shown(pid);
        if !peer.is_ours() {
            let uid = uid.as_raw();
            let reason = format!(
                "it belongs to user {uid}, or to a user namespace whose users are not known here, and is not recorded: \
                 record it as that user"
            );
            return Err((who, reason));
        }
        let payer = match pid {
            Some(pid) => Some(pid.as_raw_nonzero().get()),
            None => payer_out_of_sight(&socket),
        };
        let Some(payer) = payer else {
            let reason = "it is not recorded, because kernels before Linux 6.5 do not tell when it ends: run the \
                          recorder in its PID namespace, or in one around it";
            return Err((who, reason.to_owned()));
        };
        let account = ledger.process(payer, uid.as_raw());
        Ok(Self {
            socket,
            pid,
            payer,
            account,
            held: None,
            agent_of: None,
            is_behind: false,
            waiting: None,
        })
    }

    /// Charges what it needs to the budget of its process.
    ///
    /// # Errors
    /// The budget of that process is used up.
    pub fn pay(&mut self) -> Result<(), OverBudget> {
        let hold = |what| self.account.hold(what, 1);
        self.held = Some([hold(Resource::Connections)?, hold(Resource::Descriptors)?]);
        Ok(())
    }

    /// The peer as it is shown to users.
    pub fn shown(&self) -> String {
        shown(self.pid)
    }

    /// Bytes of the messages that are queued now.
    pub fn queued_bytes(&self) -> u64 {
        // The kernel always answers. If it did not, everything that comes would be heard.
        ioctl_fionread(&self.socket).unwrap_or(u64::MAX)
    }

    /// The next message, if there is one.
    pub fn hear(&self, inbox: &mut Inbox) -> Heard {
        match socket::receive(&self.socket, RecvFlags::DONTWAIT, inbox) {
            Ok(Received { untrusted_bytes: [], .. }) => Heard::End(None),
            Ok(Received { untrusted_bytes, fds }) => match decode(untrusted_bytes) {
                Ok(message) => Heard::Message(message, fds, untrusted_bytes.len() as u64),
                Err(NotUnderstood::Later(version)) => {
                    Heard::PassedOver(version, untrusted_bytes.len() as u64)
                }
                Err(NotUnderstood::Version(mismatch)) => Heard::End(Some(format!(
                    "it speaks the protocol of {mismatch}, and is not recorded: build it with the ust-core of this \
                     recorder"
                ))),
                Err(NotUnderstood::Garbage) => Heard::End(Some(
                    "it sent something that is no message of the protocol, and is not recorded: build it with the \
                     ust-core of this recorder"
                        .into(),
                )),
            },
            Err(Errno::AGAIN | Errno::INTR) => Heard::Nothing,
            Err(Errno::CONNRESET) => Heard::End(None),
            Err(Errno::MSGSIZE) => Heard::End(Some("it sent a message longer than any of the protocol".into())),
            Err(errno) => Heard::End(Some(format!(
                "its message cannot be received: {}",
                why(Attempt::Accept, &errno.into())
            ))),
        }
    }

    /// Sends a message. A peer that does not read (because it is stopped, for example) is not waited for, but marked as
    /// behind.
    pub fn say(&mut self, message: &ToProcess, fds: &[rustix::fd::BorrowedFd<'_>]) {
        if let Err(error) = socket::send(&self.socket, &encode(message), fds, SendFlags::DONTWAIT) {
            self.is_behind = error == Errno::AGAIN;
            match error {
                Errno::AGAIN => tracing::warn!(
                    "{} does not read its messages: it is told the rules when it does",
                    self.shown()
                ),
                // The peer is gone, which the connection's end tells as well.
                Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN => {}
                error => tracing::warn!(
                    "a message could not be sent to {}: {}",
                    self.shown(),
                    why(Attempt::Own, &error.into())
                ),
            }
        }
    }

    /// The socket, to poll.
    pub fn socket(&self) -> rustix::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A number for the account of a process without a process id. It is below 0. If the kernel numbers pidfds (Linux 6.9),
/// each process has its own; otherwise all share one. `None` if there is no pidfd of it.
fn payer_out_of_sight(socket: &OwnedFd) -> Option<i32> {
    let pidfd = match pidfd_of(socket) {
        Ok(pidfd) => pidfd,
        Err(Errno::NOPROTOOPT) => return None,
        // No pidfd now: the process is dead already, or there are no descriptors.
        Err(_) => return Some(-1),
    };
    let inode = fstat(&pidfd).map_or(0, |stat| stat.st_ino);
    Some(-1 - (inode & 0x3fff_ffff) as i32)
}
