//! Connections: who is at the other end, and what it says.
//!
//! Every message is checked before it means anything; one that is none ends the connection, with a line that the user
//! sees ([`refusals`](super::refusals)). Whether the *process* lives is another question, which its pidfd answers: a
//! socket may be closed by a program that closes everything, or be held open by a child.
//!
//! A process of a PID namespace that ours does not contain (a sibling container's, with which the runtime directory is
//! shared) has no number here. Its pidfd is had from the socket, and tells its end all the same; who it is its process
//! file says. Only an `exec` in it goes unnoticed until its end: its rings are drained all the same.

use super::budget::{Account, Ledger};
use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::fs::fstat;
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
    /// The peer when it connected; `None` where it is in a PID namespace that we cannot see into.
    pub pid: Option<Pid>,
    /// Number of the account that pays for it: the process id where there is one.
    pub payer: i32,
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
    /// It is over; why, if that is worth a line.
    End(Option<String>),
}

impl Connection {
    /// Checks whom we have accepted.
    ///
    /// # Errors
    /// The peer is another user's, or is out of sight and its end could not be noticed: who, and why.
    pub fn new(socket: OwnedFd, ledger: &mut Ledger) -> Result<Self, (String, String)> {
        let Peer { pid, uid } = peer(&socket).map_err(|error| {
            ("a process".to_owned(), format!("the kernel does not say which it is ({error})"))
        })?;
        let who = shown(pid);
        if uid != geteuid() && uid != Uid::ROOT {
            let uid = uid.as_raw();
            let reason = format!(
                "it is of user {uid}, or of a user namespace whose users are not known here, and not recorded: \
                 record it as that user"
            );
            return Err((who, reason));
        }
        let payer = match pid {
            Some(pid) => Some(pid.as_raw_nonzero().get()),
            None => payer_out_of_sight(&socket),
        };
        let Some(payer) = payer else {
            let reason = "its end could not be noticed before Linux 6.5, and it is not recorded: run the recorder in \
                          its PID namespace, or in one around it";
            return Err((who, reason.to_owned()));
        };
        let account = ledger.process(payer, uid.as_raw());
        Ok(Self { socket, pid, payer, account, agent_of: None, is_behind: false })
    }

    /// How the end of the peer will be noticed.
    pub fn watch(&self) -> Watch {
        let pidfd = match (peer_pidfd(&self.socket), self.pid) {
            // Linux before 6.5 cannot ask the socket. If the number has come again by now, we watch
            // somebody else's process, and notice the end of this one by its mappings.
            (Err(Errno::NOPROTOOPT), Some(pid)) => pidfd_open(pid, PidfdFlags::empty()),
            (answer, _) => answer,
        };
        match pidfd {
            Ok(pidfd) => Watch::Pidfd(pidfd),
            Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Watch::Mappings,
            Err(_) => Watch::Dead,
        }
    }

    /// What to call the peer.
    pub fn shown(&self) -> String {
        shown(self.pid)
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
                None => Heard::End(Some(
                    "it speaks another version of the protocol, or none, and is not recorded: build it with the \
                     ust-core of this recorder"
                        .into(),
                )),
            },
            Err(Errno::AGAIN | Errno::INTR) => Heard::Nothing,
            Err(Errno::CONNRESET) => Heard::End(None),
            Err(Errno::MSGSIZE) => Heard::End(Some("it sends messages longer than any is".into())),
            Err(error) => Heard::End(Some(format!("what it says cannot be received: {error}"))),
        }
    }

    /// Says something. A peer that does not listen (stopped, say) is not waited for, but marked as behind.
    pub fn say(&mut self, message: &ToProcess, fds: &[rustix::fd::BorrowedFd<'_>]) {
        if let Err(error) = socket::send(&self.socket, &encode(message), fds, SendFlags::DONTWAIT) {
            self.is_behind = error == Errno::AGAIN;
            tracing::warn!("{} does not listen: {error}", self.shown());
        }
    }

    /// The socket, to poll.
    pub fn socket(&self) -> rustix::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Who is at the other end.
struct Peer {
    pid: Option<Pid>,
    uid: Uid,
}

/// The peer as it was when it connected. Not rustix's: that one takes the process id 0, which is what the kernel says of
/// a process that this PID namespace does not see, for an error.
#[allow(unsafe_code)]
fn peer(socket: &OwnedFd) -> Result<Peer, Errno> {
    let mut untrusted = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: valid pointers to the structure and its size.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut untrusted).cast(),
            &raw mut length,
        )
    } != 0;
    if failed {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL));
    }
    Ok(Peer { pid: Pid::from_raw(untrusted.pid), uid: Uid::from_raw(untrusted.uid) })
}

/// A number for the account of a process without one: below 0, and one a process where the kernel numbers pidfds (Linux
/// 6.9), else the same for all. `None` if there is no pidfd of it.
fn payer_out_of_sight(socket: &OwnedFd) -> Option<i32> {
    let pidfd = match peer_pidfd(socket) {
        Ok(pidfd) => pidfd,
        Err(Errno::NOPROTOOPT) => return None,
        // None now: it is dead already, or there are no descriptors.
        Err(_) => return Some(-1),
    };
    let inode = fstat(&pidfd).map_or(0, |stat| stat.st_ino);
    Some(-1 - (inode & 0x3fff_ffff) as i32)
}

/// What to call a process.
pub fn shown(pid: Option<Pid>) -> String {
    match pid {
        Some(pid) => format!("process {}", pid.as_raw_nonzero()),
        None => "a process of another PID namespace".into(),
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
