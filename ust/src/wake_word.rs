//! The word in the runtime directory that a consumer changes when it comes, and that an agent without one sleeps on.
#![allow(unsafe_code)]

use crate::descriptor_table::Table;
use crate::meeting_place::MeetingPlace;
use rustix::event::Timespec;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::thread::futex;
use std::time::Duration;
use ust_core::paths::WAKE;
use ust_core::shm::{Mapping, memfd};
use ust_core::sync::AtomicU32;

/// While there is no consumer: between looks whether the wake word still is the one that a consumer would change.
const LOOK_AROUND_INTERVAL: Duration = Duration::from_secs(60);

/// How a wait for a daemon ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// One has come, or something like it.
    ForADaemon,
    /// None has; or it could not be told by this word.
    InVain,
}

/// The word in the runtime directory that a daemon changes when it comes.
///
/// It may be that of a directory which has been removed since, and made anew by a daemon that cannot wake by it: so
/// the word is looked up again once in a while.
///
/// It is compared by the kernel and read by `pread`, never loaded: a file can be truncated by whoever may
/// write to it, and a load beyond its end would be a SIGBUS.
pub(crate) struct WakeWord {
    fd: OwnedFd,
    map: Mapping,
}

impl WakeWord {
    pub(crate) fn open(place: &MeetingPlace, table: Table) -> Option<Self> {
        // Never one in another root directory.
        if !place.noted.is_where_it_was(&place.dir) {
            return None;
        }
        let fd = place.dir.create().ok()?.open_file(WAKE, OFlags::RDWR | OFlags::CREATE).ok()?;
        let fd = table.place(fd).ok()?;
        memfd::set_size(&fd, size_of::<u32>()).ok()?;
        let map = Mapping::new(fd.as_fd(), size_of::<u32>()).ok()?;
        Some(Self { fd, map })
    }

    pub(crate) fn value(&self) -> u32 {
        let mut bytes = [0; 4];
        let _ = rustix::io::pread(&self.fd, &mut bytes, 0);
        u32::from_ne_bytes(bytes)
    }

    pub(crate) fn wait(&self, seen: u32) -> Waited {
        let word = self.map.base().cast::<AtomicU32>();
        // SAFETY: mapped as long as `self`; the reference is only handed to the kernel, which reports a
        // page that is not there as an error.
        let word = unsafe { &*word };
        let timeout = Timespec { tv_sec: LOOK_AROUND_INTERVAL.as_secs() as _, tv_nsec: 0 };
        match futex::wait(word.futex(), futex::Flags::empty(), seen, Some(&timeout)) {
            Err(Errno::FAULT) => {
                // Somebody truncated it. Looking once in a while is all that is left.
                std::thread::sleep(Duration::from_secs(1));
                Waited::InVain
            }
            Err(Errno::TIMEDOUT) => Waited::InVain,
            _ => Waited::ForADaemon,
        }
    }
}
