//! What the engine waits for: one epoll instance for everything, because strangers decide how many descriptors there
//! are.
//!
//! ```text
//!   listener, doorbell, connections, pidfds --> epoll --> ready(): a bounded number a turn; the rest in the next
//! ```
//!
//! Level-triggered: a descriptor that was not served is ready again, behind the others. Epoll forgets a descriptor that
//! is closed.

use crate::advice::{Attempt, why};
use crate::limits::MAX_EVENTS;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;

/// The kind of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The agents' socket.
    Listener,
    /// The doorbell was rung.
    Bell,
    /// The connection of that number.
    Connection(u64),
    /// The pidfd of the process that has the account of that number.
    Death(i32),
}

/// What the engine waits for on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// A message can be read.
    Read,
    /// A message can be sent.
    Write,
}

/// See the module page.
#[derive(Debug)]
pub struct Readiness {
    epoll: OwnedFd,
}

impl Readiness {
    /// An instance that waits for nothing yet.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)? })
    }

    /// Waits for a descriptor to be readable.
    ///
    /// # Errors
    /// The kernel's error: no memory, or more than a user may wait for.
    pub fn add(&self, fd: impl AsFd, source: Source) -> Result<(), Errno> {
        epoll::add(&self.epoll, fd, data(source), epoll::EventFlags::IN)
    }

    /// Waits for something else on a descriptor.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn change(&self, fd: impl AsFd, source: Source, interest: Interest) -> Result<(), Errno> {
        let flags = match interest {
            Interest::Read => epoll::EventFlags::IN,
            Interest::Write => epoll::EventFlags::OUT,
        };
        epoll::modify(&self.epoll, fd, data(source), flags)
    }

    /// Stops waiting for a descriptor that stays open.
    pub fn forget(&self, fd: impl AsFd) {
        // It may not have been waited for.
        let _ = epoll::delete(&self.epoll, fd);
    }

    /// Readable when [`ready`](Self::ready) has something to return.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// What is ready now, as much as one turn may have.
    pub fn ready(&self) -> Vec<Source> {
        let mut events = Vec::with_capacity(MAX_EVENTS);
        let no_wait = Timespec { tv_sec: 0, tv_nsec: 0 };
        if let Err(errno) = epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&no_wait))
            && errno != Errno::INTR
        {
            tracing::error!(
                "the event loop cannot ask what is ready: {}",
                why(Attempt::Own, &errno.into())
            );
        }
        events.iter().map(|event| source(event.data)).collect()
    }
}

/// How many bits hold the kind of source.
const KIND_BITS: u32 = 2;

fn data(source: Source) -> epoll::EventData {
    epoll::EventData::new_u64(match source {
        Source::Listener => 0,
        Source::Bell => 1,
        Source::Connection(number) => number << KIND_BITS | 2,
        Source::Death(number) => u64::from(number.cast_unsigned()) << KIND_BITS | 3,
    })
}

fn source(data: epoll::EventData) -> Source {
    let number = data.u64() >> KIND_BITS;
    match data.u64() & ((1 << KIND_BITS) - 1) {
        0 => Source::Listener,
        1 => Source::Bell,
        2 => Source::Connection(number),
        _ => Source::Death((number as u32).cast_signed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_is_known_by_what_it_was_called() {
        let sources = [
            Source::Listener,
            Source::Bell,
            Source::Connection(0),
            Source::Connection(u64::MAX >> KIND_BITS),
            Source::Death(1),
            Source::Death(-7),
        ];
        sources.iter().for_each(|known| assert_eq!(source(data(*known)), *known));
    }

    #[test]
    fn a_turn_has_a_bounded_number_of_events_and_all_have_their_turn() {
        let readiness = Readiness::new().unwrap();
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&writer, b"x").unwrap();
        let readers: Vec<_> = (0..3 * MAX_EVENTS).map(|_| reader.try_clone().unwrap()).collect();
        for (number, fd) in readers.iter().enumerate() {
            readiness.add(fd, Source::Connection(number as u64)).unwrap();
        }
        let mut served = std::collections::HashSet::new();
        for _ in 0..3 {
            let ready = readiness.ready();
            assert_eq!(ready.len(), MAX_EVENTS);
            served.extend(ready.iter().map(|source| format!("{source:?}")));
        }
        assert_eq!(served.len(), 3 * MAX_EVENTS);
    }
}
