//! Connections: who is at the other end, and what it says.
//!
//! Every message is checked before it means anything; one that is none ends the connection, with a line in
//! the log. Whether the *process* lives is another question, which its pidfd answers: a socket may be
//! closed by a program that closes everything, or be held open by a child.

use super::budget::{Account, Ledger};
use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::io::{Errno, ioctl_fionread};
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::{Pid, PidfdFlags, Uid, geteuid, pidfd_open};
use std::rc::Rc;
use ust_core::agent::protocol::{ToDaemon, ToProcess, decode, encode};
use ust_core::agent::socket::{self, Inbox, Received};

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    /// The peer when it connected.
    pub pid: Pid,
    /// Pays for it, and for what it brings.
    pub account: Rc<Account>,
    /// Set by the first message: the agent of this process.
    pub agent_of: Option<[u8; 16]>,
    /// It had no room for what was said last: to be said again once it has.
    pub is_behind: bool,
}

/// How the end of a process is noticed.
#[derive(Debug)]
pub enum Watch {
    /// Readable once it is dead.
    Pidfd(OwnedFd),
    /// No descriptor could be had: by looking for its mappings once in a while.
    Mappings,
    /// It was dead when we first heard of it.
    Dead,
}

/// What a look at a connection gave.
#[derive(Debug)]
pub enum Heard {
    /// A message, its descriptors, and how many bytes it was.
    Message(ToDaemon, Vec<OwnedFd>, u64),
    /// Nothing for now.
    Nothing,
    /// It is over; why, if that is worth a line in the log.
    End(Option<String>),
}

impl Connection {
    /// Checks whom we have accepted.
    ///
    /// # Errors
    /// The peer is another user's.
    pub fn new(socket: OwnedFd, ledger: &mut Ledger) -> Result<Self, String> {
        let peer = rustix::net::sockopt::socket_peercred(&socket)
            .map_err(|error| format!("a peer without credentials ({error})"))?;
        if peer.uid != geteuid() && peer.uid != Uid::ROOT {
            return Err(format!("a peer of user {}", peer.uid.as_raw()));
        }
        let account = ledger.process(peer.pid.as_raw_nonzero().get(), peer.uid.as_raw());
        Ok(Self { socket, pid: peer.pid, account, agent_of: None, is_behind: false })
    }

    /// How the end of the peer will be noticed.
    pub fn watch(&self) -> Watch {
        let pidfd = match peer_pidfd(&self.socket) {
            // Linux before 6.5 cannot ask the socket. If the number has come again by now, we watch
            // somebody else's process, and notice the end of this one by its mappings.
            Err(Errno::NOPROTOOPT) => pidfd_open(self.pid, PidfdFlags::empty()),
            answer => answer,
        };
        match pidfd {
            Ok(pidfd) => Watch::Pidfd(pidfd),
            Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Watch::Mappings,
            Err(_) => Watch::Dead,
        }
    }

    /// Bytes of the messages that are queued now.
    pub fn queued_bytes(&self) -> u64 {
        // It is always answered; if it were not, everything that comes would be heard.
        ioctl_fionread(&self.socket).unwrap_or(u64::MAX)
    }

    /// The next message, if there is one.
    pub fn hear(&self, inbox: &mut Inbox) -> Heard {
        match socket::receive(&self.socket, RecvFlags::DONTWAIT, inbox) {
            Ok(Received { untrusted_bytes: [], .. }) => Heard::End(None),
            Ok(Received { untrusted_bytes, fds }) => match decode(untrusted_bytes) {
                Some(message) => Heard::Message(message, fds, untrusted_bytes.len() as u64),
                None => Heard::End(Some(format!(
                    "process {} speaks another version of the protocol, or none",
                    self.pid.as_raw_nonzero()
                ))),
            },
            Err(Errno::AGAIN | Errno::INTR) => Heard::Nothing,
            Err(Errno::CONNRESET) => Heard::End(None),
            Err(error) => {
                Heard::End(Some(format!("process {}: {error}", self.pid.as_raw_nonzero())))
            }
        }
    }

    /// Says something. A peer that does not listen (stopped, say) is not waited for, but marked as behind.
    pub fn say(&mut self, message: &ToProcess, fds: &[rustix::fd::BorrowedFd<'_>]) {
        if let Err(error) = socket::send(&self.socket, &encode(message), fds, SendFlags::DONTWAIT) {
            self.is_behind = error == Errno::AGAIN;
            tracing::warn!("process {} does not listen: {error}", self.pid.as_raw_nonzero());
        }
    }

    /// The socket, to poll.
    pub fn socket(&self) -> rustix::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The peer's pidfd by `SO_PEERPIDFD`: `NOPROTOOPT` where the kernel does not know it.
#[allow(unsafe_code)]
fn peer_pidfd(socket: &OwnedFd) -> Result<OwnedFd, Errno> {
    const SO_PEERPIDFD: libc::c_int = 77;
    let mut fd: libc::c_int = -1;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: valid pointers to an int and its size.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_PEERPIDFD,
            (&raw mut fd).cast(),
            &raw mut length,
        )
    } != 0;
    if failed {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL));
    }
    // SAFETY: the kernel has just made it, for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
