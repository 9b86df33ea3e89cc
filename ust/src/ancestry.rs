//! Whose child this process is, and whether its files and channels are its own: the states of [`fork`](crate::fork).

use crate::lockfree::turn::State;
use crate::lockfree::{Place, Turn};
use crate::process_file::ProcessFile;
use rustix::io::Errno;
use ust_core::clock::monotonic_ns;
use ust_core::shm::private;
use ust_core::sync::{AtomicU32, AtomicU64, Ordering};

/// An untraced child's pause between two tries: an event that is only counted must stay cheap.
const PAUSE_NS: u64 = 1_000_000;

/// See the module page.
pub(crate) struct Ancestry {
    /// In a page that a child finds zeroed.
    turn: Place<Turn>,
    /// When an untraced child tries again, by `CLOCK_MONOTONIC`.
    next_try_ns: AtomicU64,
    /// Why it is untraced: an `errno`.
    untraced_because: AtomicU32,
    /// The file in which an untraced child counts: its nearest ancestor's that has one.
    ancestor: Place<ProcessFile>,
}

/// The right to make the process's own files and channels. [`Ancestry::enter`] gives it to one thread at a time.
pub(crate) struct Becoming<'a> {
    turn: &'a Turn,
    /// Whether this is the first try since the fork.
    pub(crate) is_first: bool,
}

impl Ancestry {
    pub(crate) const fn new() -> Self {
        Self {
            turn: Place::empty(),
            next_try_ns: AtomicU64::new(0),
            untraced_because: AtomicU32::new(0),
            ancestor: Place::empty(),
        }
    }

    /// Prepares for forks. `false` if the kernel cannot wipe pages on fork: then nothing is traced.
    #[allow(unsafe_code)]
    pub(crate) fn initialise(&self) -> bool {
        let Some(page) = private::wiped_on_fork(size_of::<Turn>()) else { return false };
        // SAFETY: all zeroes are a valid turn, and the page is never unmapped.
        Turn::begin(&self.turn, unsafe { &*page.cast() });
        true
    }

    /// Lets one thread in, which is to make the process's own files and channels. `None`: the process has them.
    ///
    /// # Errors
    /// The error of the last try, if that was a moment ago; `AGAIN`: another thread is in.
    pub(crate) fn enter(&self) -> Result<Option<Becoming<'_>>, Errno> {
        let turn = self.turn.get().ok_or(Errno::NOSYS)?;
        let found = turn.state();
        match found {
            State::Current => return Ok(None),
            State::Becoming => return Err(Errno::AGAIN),
            State::Untraced if monotonic_ns() < self.next_try_ns.load(Ordering::Relaxed) => {
                let errno = self.untraced_because.load(Ordering::Relaxed);
                return Err(Errno::from_raw_os_error(errno as i32));
            }
            State::Forked | State::Untraced => {}
        }
        let is_in = turn.enter(found);
        is_in
            .then_some(Some(Becoming { turn, is_first: found == State::Forked }))
            .ok_or(Errno::AGAIN)
    }

    /// Ends the try. The next thread is let in if it failed.
    pub(crate) fn leave(&self, becoming: Becoming<'_>, became: Result<(), Errno>) {
        if let Err(reason) = became {
            self.untraced_because.store(reason.raw_os_error() as u32, Ordering::Relaxed);
            self.next_try_ns.store(monotonic_ns() + PAUSE_NS, Ordering::Relaxed);
        }
        becoming.turn.leave(became.is_ok());
    }

    /// The file of the nearest ancestor that has one, if this process may have to count there. It was this process's
    /// own file before the fork. It is freed only when there is just one thread, which removes it from here first.
    pub(crate) fn ancestor(&self) -> Option<&'static ProcessFile> {
        self.ancestor.get()
    }

    pub(crate) fn set_ancestor(&self, file: Option<&'static ProcessFile>) {
        self.ancestor.set(file);
    }
}
