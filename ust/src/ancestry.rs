//! Whose child this process is, and whether what it has is its own: the states of [`fork`](crate::fork).

use crate::process_file::ProcessFile;
use core::ptr;
use rustix::io::Errno;
use ust_core::clock::monotonic_ns;
use ust_core::shm::private;
use ust_core::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// What this process has is its parent's: a page that a child finds zero says so.
const FORKED: u32 = 0;
const BECOMING: u32 = 1;
const CURRENT: u32 = 2;
/// It could not get a process file of its own, and is not traced for now.
const UNTRACED: u32 = 3;

/// Between tries of an untraced child: an event that is only counted must stay cheap.
const PAUSE_NS: u64 = 1_000_000;

/// See the module page.
pub(crate) struct Ancestry {
    /// A page that a child finds zero.
    state: AtomicPtr<AtomicU32>,
    /// When an untraced child tries again, by `CLOCK_MONOTONIC`.
    next_try_ns: AtomicU64,
    /// Why it is untraced, as `errno` has it.
    untraced_because: AtomicU32,
    /// The file in which an untraced child counts: that of the nearest ancestor that has one.
    ancestor: AtomicPtr<ProcessFile>,
}

/// Who may make what the process has its own: whoever was let in by [`Ancestry::enter`].
pub(crate) struct Becoming<'a> {
    state: &'a AtomicU32,
    /// Whether it is the first try since the fork.
    pub(crate) is_first: bool,
}

impl Ancestry {
    pub(crate) const fn new() -> Self {
        Self {
            state: AtomicPtr::new(ptr::null_mut()),
            next_try_ns: AtomicU64::new(0),
            untraced_because: AtomicU32::new(0),
            ancestor: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Prepares for forks. `false` if the kernel cannot wipe pages: then there is no tracing.
    pub(crate) fn initialise(&self) -> bool {
        let Some(page) = private::wiped_on_fork(size_of::<AtomicU32>()) else { return false };
        self.state.store(page.cast(), Ordering::Release);
        if let Some(state) = self.state() {
            state.store(CURRENT, Ordering::Release);
        }
        true
    }

    #[allow(unsafe_code)]
    fn state(&self) -> Option<&'static AtomicU32> {
        // SAFETY: set once, to pages that are never unmapped.
        unsafe { self.state.load(Ordering::Acquire).as_ref() }
    }

    /// Lets one thread in that is to make what the process has its own. `None`: it is.
    ///
    /// # Errors
    /// What the last try met, if that was a moment ago; `AGAIN`: another thread is in.
    pub(crate) fn enter(&self) -> Result<Option<Becoming<'_>>, Errno> {
        let state = self.state().ok_or(Errno::NOSYS)?;
        let found = state.load(Ordering::Acquire);
        let may_try = match found {
            CURRENT => return Ok(None),
            FORKED => true,
            UNTRACED if monotonic_ns() < self.next_try_ns.load(Ordering::Relaxed) => {
                let errno = self.untraced_because.load(Ordering::Relaxed);
                return Err(Errno::from_raw_os_error(errno as i32));
            }
            UNTRACED => true,
            _ => false,
        };
        let enter = || {
            state.compare_exchange(found, BECOMING, Ordering::Acquire, Ordering::Acquire).is_ok()
        };
        if !may_try || !enter() {
            return Err(Errno::AGAIN);
        }
        Ok(Some(Becoming { state, is_first: found == FORKED }))
    }

    /// Lets the next one in, if it did not succeed.
    pub(crate) fn leave(&self, becoming: Becoming<'_>, became: Result<(), Errno>) {
        if let Err(reason) = became {
            self.untraced_because.store(reason.raw_os_error() as u32, Ordering::Relaxed);
            self.next_try_ns.store(monotonic_ns() + PAUSE_NS, Ordering::Relaxed);
        }
        becoming.state.store(if became.is_ok() { CURRENT } else { UNTRACED }, Ordering::Release);
    }

    /// The file of the nearest ancestor that has one, if this process may have to count there.
    #[allow(unsafe_code)]
    pub(crate) fn ancestor(&self) -> Option<&'static ProcessFile> {
        // SAFETY: the file that was this process's own before the fork; freed only where there is one thread, which takes it
        // away first.
        unsafe { self.ancestor.load(Ordering::Acquire).as_ref() }
    }

    pub(crate) fn set_ancestor(&self, file: Option<&'static ProcessFile>) {
        let file = file.map_or(ptr::null(), ptr::from_ref);
        self.ancestor.store(file.cast_mut(), Ordering::Release);
    }
}
