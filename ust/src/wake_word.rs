//! The wake word: a word in the runtime directory that a consumer changes when it starts. An agent without a
//! consumer sleeps on it.
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

/// How often an agent without a consumer checks that its wake word is still the one that a consumer would change.
const LOOK_AROUND_INTERVAL: Duration = Duration::from_secs(60);

/// How a wait for a consumer ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// One has started, or the wait ended for another reason.
    ForADaemon,
    /// None has started, or this word cannot tell.
    InVain,
}

/// The word in the runtime directory that a consumer changes when it starts.
///
/// The directory may have been removed and recreated since. A consumer cannot wake the agent by the old word, so the
/// agent looks the word up again from time to time.
///
/// Only the kernel (futex) and `pread` read it; it is never loaded. Anyone who may write to the file can truncate
/// it, and a load beyond its end would be a SIGBUS.
pub(crate) struct WakeWord {
    fd: OwnedFd,
    map: Mapping,
}

impl WakeWord {
    pub(crate) fn open(place: &MeetingPlace, table: Table) -> Option<Self> {
        // Never a wake word in another root directory.
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
        // SAFETY: mapped as long as `self`. Only the kernel uses the reference, and it reports a missing page as an
        // error.
        let word = unsafe { &*word };
        let timeout = Timespec { tv_sec: LOOK_AROUND_INTERVAL.as_secs() as _, tv_nsec: 0 };
        match futex::wait(word.futex(), futex::Flags::empty(), seen, Some(&timeout)) {
            Err(Errno::FAULT) => {
                // Somebody has truncated it. Only looking from time to time is left.
                std::thread::sleep(Duration::from_secs(1));
                Waited::InVain
            }
            Err(Errno::TIMEDOUT) => Waited::InVain,
            _ => Waited::ForADaemon,
        }
    }
}
