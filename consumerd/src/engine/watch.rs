//! How the end of a process is noticed.

use super::budget::Pidfd;
use super::connection::Connection;
use super::readiness::{Readiness, Source};
use crate::peer::pidfd_of;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};
use std::rc::Rc;

/// See the module page.
#[derive(Debug)]
pub enum Watch {
    /// Readable once it is dead.
    Pidfd(Rc<Pidfd>),
    /// No descriptor could be had: its mappings are looked for from time to time.
    Mappings,
    /// It was dead when we first heard of it.
    Dead,
}

impl Watch {
    /// Watches by a descriptor that the process's other identities have, if they have one.
    pub fn of(connection: &Connection, readiness: &Readiness) -> Self {
        let account = &connection.account;
        // Processes of other PID namespaces may share one account.
        let shared = account.pidfd.borrow().upgrade().filter(|_| connection.pid.is_some());
        let shared = shared.map(Watch::Pidfd);
        if let Some(watch) = shared.filter(|watch| !watch.is_dead()) {
            return watch;
        }
        let watch = Self::begin(connection);
        if let Watch::Pidfd(pidfd) = &watch {
            if readiness.add(pidfd, Source::Death(account.number())).is_err() {
                return Watch::Mappings;
            }
            *account.pidfd.borrow_mut() = Rc::downgrade(pidfd);
        }
        watch
    }

    /// Decides how the end of the peer will be noticed.
    fn begin(connection: &Connection) -> Self {
        let pidfd = match (pidfd_of(connection.socket()), connection.pid) {
            // Linux before 6.5 cannot ask the socket. If the process id has been used again by now, this watches
            // another process, and the end of this one is noticed by its mappings.
            (Err(Errno::NOPROTOOPT), Some(pid)) => pidfd_open(pid, PidfdFlags::empty()),
            (answer, _) => answer,
        };
        match pidfd {
            Ok(pidfd) => Watch::Pidfd(Rc::new(Pidfd::new(pidfd, &connection.account))),
            Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Watch::Mappings,
            Err(_) => Watch::Dead,
        }
    }

    /// Whether its end is known now.
    pub fn is_dead(&self) -> bool {
        match self {
            Watch::Pidfd(pidfd) => {
                let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
                poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
            }
            Watch::Mappings => false,
            Watch::Dead => true,
        }
    }
}
