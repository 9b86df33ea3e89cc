//! The process at the other end of a socket: its user, and its number if it has one here.
//!
//! A process of a PID namespace that ours does not contain (a container beside this one, or around it) has no number in
//! ours: the kernel reports 0. Its user is known nevertheless, and its pidfd can be had (`SO_PEERPIDFD`, Linux 6.5).

use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid, Uid, geteuid};

/// The process as it was when it connected, or began to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// `None` if it has no number here.
    pub pid: Option<Pid>,
    /// Its user; the overflow user (65534) if this user namespace does not know it.
    pub uid: Uid,
}

impl Peer {
    /// Asks the kernel. Not by rustix, which takes the number 0 for an error, namely "Success".
    ///
    /// # Errors
    /// The kernel's error.
    #[allow(unsafe_code)]
    pub fn of(socket: impl AsFd) -> Result<Self, Errno> {
        let mut untrusted = libc::ucred { pid: 0, uid: 0, gid: 0 };
        let mut length = size_of::<libc::ucred>() as libc::socklen_t;
        // SAFETY: valid pointers to the structure and its size.
        let failed = unsafe {
            libc::getsockopt(
                socket.as_fd().as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                (&raw mut untrusted).cast(),
                &raw mut length,
            )
        } != 0;
        match failed {
            true => Err(last_errno()),
            false => {
                Ok(Self { pid: Pid::from_raw(untrusted.pid), uid: Uid::from_raw(untrusted.uid) })
            }
        }
    }

    /// Whether the process is this user's or root's.
    pub fn is_ours(&self) -> bool {
        self.uid == geteuid() || self.uid.is_root()
    }

    /// Its process id, or 0.
    pub fn raw_pid(&self) -> i32 {
        self.pid.map_or(0, |pid| pid.as_raw_nonzero().get())
    }
}

/// The name of a process for users.
pub fn shown(pid: Option<Pid>) -> String {
    match pid {
        Some(pid) => format!("process {}", pid.as_raw_nonzero()),
        None => "a process of another PID namespace".into(),
    }
}

/// The peer's pidfd.
///
/// # Errors
/// `NOPROTOOPT` before Linux 6.5, or the kernel's error.
#[allow(unsafe_code)]
pub fn pidfd_of(socket: impl AsFd) -> Result<OwnedFd, Errno> {
    const SO_PEERPIDFD: libc::c_int = 77;
    let mut fd: libc::c_int = -1;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: valid pointers to an int and its size.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            SO_PEERPIDFD,
            (&raw mut fd).cast(),
            &raw mut length,
        )
    } != 0;
    match failed {
        true => Err(last_errno()),
        // SAFETY: the kernel has just made it for us.
        false => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}
