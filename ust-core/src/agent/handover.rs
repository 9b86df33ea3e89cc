//! A thread's first event: gets the thread its stream, and the daemon the file that it lies in.
//!
//! The call that returns has handed its record over: if the process is killed right after, the kernel's
//! queue keeps the message, the message keeps the memfd, and the memfd the record. The connection is a new
//! one, not the agent's: a descriptor that was opened a moment ago is surely still ours.
//!
//! Async-signal-safe: signals are blocked meanwhile, so that no handler finds it half done; nothing
//! allocates, nothing locks, nothing waits for the daemon.
#![allow(unsafe_code)]

use super::protocol::{Lack, ToDaemon, encode_into};
use super::{meeting_place, reach, socket};
use crate::abi::Buffers;
use crate::channel::{RingFile, close_orphans};
use crate::cpu;
use crate::session::fork::{self, Origin};
use crate::session::{self, ProcessFile};
use crate::sync::{Ordering, fence};
use crate::thread_cache;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::{self, Errno};
use rustix::net::SendFlags;
use std::time::Duration;

/// Gets the calling thread a stream in the channel at `slot`. `false` if the event cannot be recorded.
#[cold]
#[inline(never)]
pub fn first_event(slot: usize) -> bool {
    let _undisturbed = Undisturbed::new();
    let outcome = claim_stream(slot);
    match outcome {
        // The channel is gone, and so is whoever would count for it; the slot may be another's by now.
        Ok(()) | Err(Errno::CANCELED) => {}
        // No stream although there is a channel: that event is lost, and is counted.
        Err(reason) => count_lost(slot, reason),
    }
    outcome.is_ok()
}

fn claim_stream(slot: usize) -> io::Result<()> {
    fork::ensure_current(Origin::Any, |file| introduce_child(file, Origin::Any))?;
    close_orphans();
    // Where there is none they could not grow.
    let cache = thread_cache::own(session::release).ok_or(Errno::NOMEM)?;
    // The caller marked the cache that it saw, which may have been the empty one.
    cache.enter();
    let claimed = claim_for(cache, slot);
    cache.leave();
    claimed
}

fn claim_for(cache: &thread_cache::ThreadCache, slot: usize) -> io::Result<()> {
    // Without one: it is gone, and nothing is counted for it, or there was no memory for it.
    let channel = session::channel(slot).ok_or(Errno::NOMEM)?;
    let process = session::process().ok_or(Errno::NOMEM)?;
    // If it cannot be sent, the event is counted as lost, and the next one tries again.
    let send = |file: &RingFile| send_ring(file, process);
    let claimed = match channel.shape.buffers {
        Buffers::PerThread => {
            let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
            let stream = channel.claim(process.uid, tid, send)?;
            // SAFETY: claimed for this thread, and only it finds the stream in its cache.
            cache.set_stream(slot, unsafe { stream.of_one_thread() });
            Some(stream)
        }
        Buffers::PerCpu => {
            channel.claim_for_cpu(process.uid, cpu::current(), send)?;
            cache.set_cpus(slot, channel.cpus());
            None
        }
    };
    // The channel may have been taken out of its slot meanwhile, by somebody who waits for our mark to go: it
    // is not freed yet, and must not be found again. The fence pairs with the one in `quiesce`: either we see
    // the slot empty, or what we stored is what it overwrites.
    fence(Ordering::SeqCst);
    if session::channel(slot).is_some_and(|present| core::ptr::eq(present, channel)) {
        return Ok(());
    }
    cache.clear(slot);
    if let Some(stream) = claimed {
        channel.release(stream);
    }
    Err(Errno::CANCELED)
}

/// The thread's stream is closed: it stays claimed, for good, and the thread forgets it. The next event is as
/// its first.
pub fn forget_closed(slot: usize) {
    let _undisturbed = Undisturbed::new();
    thread_cache::current().clear(slot);
}

/// Counts an event whose streams were closed as fast as they were had.
pub fn give_up(slot: usize) {
    count_lost(slot, Errno::AGAIN);
}

/// Counts an event for which no stream could be had, for that reason.
fn count_lost(slot: usize, reason: Errno) {
    // Marked, as it may count beside the channel's rings, in what is freed with them.
    let cache = thread_cache::current();
    cache.enter();
    if session::channel_uid(slot).is_some() {
        fork::count_lost(slot, reason);
    }
    cache.leave();
}

/// Sends a ring file, and the process file if there still is a descriptor of it.
fn send_ring(file: &RingFile, process: &ProcessFile) -> io::Result<()> {
    let message = ToDaemon::Handover {
        process_uid: process.uid,
        channel_uid: file.channel_uid,
        file_index: file.index,
    };
    // The program has closed it.
    let ring = file.descriptor().ok_or(Errno::BADF)?;
    match process.descriptor() {
        Some(process) => send_alone(&message, &[ring, process]),
        None => send_alone(&message, &[ring]),
    }
}

/// Sends the process file, so that nothing is lost if `main` begins by closing every descriptor.
pub(super) fn introduce() -> Option<()> {
    send_process_file(session::process()?).ok()
}

/// Sends a forked child's file. It fails if there is a daemon that has not got it: for want of a descriptor, say,
/// or because the process has become another user's, or another root directory is its own.
pub(super) fn introduce_child(file: &ProcessFile, origin: Origin) -> io::Result<()> {
    let is_absence =
        |errno| meeting_place().is_none_or(|place| reach::is_absence(errno, &place.dir));
    match send_process_file(file) {
        Err(errno) if is_absence(errno) => Ok(()),
        // The daemon has its hands full. It will hear it from the agent, if one is about to be started.
        Err(Errno::AGAIN) if origin == Origin::Fork => Ok(()),
        sent => {
            if let (Ok(()), Some(place)) = (sent, meeting_place()) {
                // A daemon answers there, perhaps in a directory that it has made anew since the parent looked.
                reach::note_directory(&place.dir);
            }
            sent
        }
    }
}

fn send_process_file(file: &ProcessFile) -> io::Result<()> {
    let fd = file.descriptor().ok_or(Errno::BADF)?;
    send_alone(&ToDaemon::Introduction { process_uid: file.uid }, &[fd])
}

/// Tells the daemon what this process cannot have, if there is a daemon, and a descriptor to say it with.
pub(super) fn tell_lack(what: Lack, reason: Errno) {
    let _ = send_alone(&lacking(what, reason), &[]);
}

/// The message that says so. Allocates nothing.
pub(super) fn lacking(what: Lack, reason: Errno) -> ToDaemon {
    ToDaemon::Lacking {
        process_uid: session::process().map(|process| process.uid),
        pid: rustix::process::getpid().as_raw_nonzero().get() as u32,
        procname: session::procname(),
        what,
        errno: reason.raw_os_error() as u32,
    }
}

/// Asks for a snapshot, and waits until it has been taken or the patience is over.
pub fn want_snapshot(patience: Duration) {
    let Some(process) = session::process() else { return };
    let message = ToDaemon::SnapshotWanted { process_uid: process.uid };
    if let Ok(connection) = say_alone(&message, &[]) {
        let timeout =
            Timespec { tv_sec: patience.as_secs() as _, tv_nsec: patience.subsec_nanos().into() };
        // The daemon says nothing; it hangs up.
        let _ = poll(&mut [PollFd::new(&connection, PollFlags::IN)], Some(&timeout));
    }
}

/// One message on a connection of its own.
fn send_alone(message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    say_alone(message, fds).map(drop)
}

fn say_alone(message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let mut buffer = [0; 96];
    let bytes = encode_into(&mut buffer, message).ok_or(Errno::MSGSIZE)?;
    let connection = socket::connect_to(&meeting_place().ok_or(Errno::NOENT)?.agent_socket, false)?;
    socket::send(&connection, bytes, fds, SendFlags::DONTWAIT)?;
    Ok(connection)
}

/// While it lives, no signal handler runs on this thread; when it ends, `errno` is what it was.
pub(super) struct Undisturbed {
    mask: libc::sigset_t,
    errno: libc::c_int,
}

impl Undisturbed {
    pub(super) fn new() -> Self {
        // SAFETY: plain data, and valid pointers to it. `pthread_sigmask` leaves glibc's own signals alone.
        unsafe {
            let errno = *libc::__errno_location();
            let mut all = core::mem::zeroed();
            let mut mask = core::mem::zeroed();
            super::fill_with_asynchronous(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut mask);
            Self { mask, errno }
        }
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.mask, core::ptr::null_mut());
            *libc::__errno_location() = self.errno;
        }
    }
}
