//! The daemon's end of the doorbell: a thread that waits on the futex and tells the event loop.
//!
//! An event loop cannot wait on a futex, so a thread does, and writes to an eventfd that the loop polls. The thread
//! runs only when a writer has rung, at most once for each time that the loop sleeps.

use super::mapped::Mapped;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use ust_core::shm::doorbell::{DOORBELL_BYTES, Doorbell};
use ust_core::shm::memfd;
use ust_core::sync::{AtomicBool, Ordering};

/// The doorbell, its thread, and the eventfd between them.
#[derive(Debug)]
pub struct Bell {
    memfd: OwnedFd,
    shared: Arc<SharedBell>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct SharedBell {
    map: Mapped,
    rung: OwnedFd,
    is_over: AtomicBool,
}

impl SharedBell {
    fn doorbell(&self) -> Option<&Doorbell> {
        self.map.at(0)
    }

    fn listen(&self) {
        let Some(doorbell) = self.doorbell() else { return };
        let mut seen = doorbell.rings();
        while !self.is_over.load(Ordering::Acquire) {
            doorbell.wait(seen);
            let rings = doorbell.rings();
            if rings != seen {
                seen = rings;
                // The write fails if the loop has not looked yet. It will look anyway.
                let _ = rustix::io::write(&self.rung, &1u64.to_ne_bytes());
            }
        }
    }
}

impl Bell {
    /// Makes the doorbell and starts its thread.
    pub fn new() -> io::Result<Self> {
        let memfd = memfd::create(c"ust-doorbell", DOORBELL_BYTES)?;
        let map = Mapped::new(&memfd, DOORBELL_BYTES).map_err(io::Error::other)?;
        let rung = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let shared = Arc::new(SharedBell { map, rung, is_over: AtomicBool::new(false) });
        let listener = shared.clone();
        let thread =
            std::thread::Builder::new().name("doorbell".into()).spawn(move || listener.listen())?;
        Ok(Self { memfd, shared, thread: Some(thread) })
    }

    /// The memfd that processes are sent.
    pub fn memfd(&self) -> BorrowedFd<'_> {
        self.memfd.as_fd()
    }

    /// Readable after a ring.
    pub fn rung(&self) -> BorrowedFd<'_> {
        self.shared.rung.as_fd()
    }

    /// Makes [`rung`](Self::rung) unreadable again.
    pub fn acknowledge(&self) {
        let _ = rustix::io::read(&self.shared.rung, &mut [0; 8]);
    }

    /// See [`Doorbell::fall_asleep`].
    pub fn fall_asleep(&self) {
        self.shared.doorbell().into_iter().for_each(Doorbell::fall_asleep);
    }

    /// See [`Doorbell::wake_up`].
    pub fn wake_up(&self) {
        self.shared.doorbell().into_iter().for_each(Doorbell::wake_up);
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.shared.doorbell().into_iter().for_each(Doorbell::interrupt);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
