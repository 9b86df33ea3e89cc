//! A value that one thread at a time changes, and that the child of a fork can take over from threads it does not have.
//!
//! Not a lock of a library: whoever forks holds it too, so that the child finds the value whole, and the child lets go of it
//! for all the threads that do not exist there.
//!
//! ```text
//!   state     0          nobody
//!             n          n threads are forking: their children are to find the value whole
//!             CHANGING   one thread changes it; or waits to, if there is an n besides: no further fork begins
//!             LOST       it was being changed when this process was forked, or by a job that panicked: of no use any more
//! ```

use core::cell::UnsafeCell;
use std::time::Duration;
use ust_core::clock::monotonic_ns;
use ust_core::sync::{AtomicU32, Ordering};

/// See the module page.
pub(crate) struct Holder<T> {
    state: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

const CHANGING: u32 = 1 << 31;
const LOST: u32 = 1 << 30;

/// Between looks at a state that somebody is to leave.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);

// SAFETY: the value is reached only by whoever is changing it, one thread after another.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Holder<T> {}

impl<T: Default> Holder<T> {
    pub(crate) const fn new() -> Self {
        Self { state: AtomicU32::new(0), value: UnsafeCell::new(None) }
    }

    /// Keeps the value as it is while this thread forks, beside others that fork. `false` if somebody has been
    /// changing it for as long as `patience`, or if it is lost.
    pub(crate) fn hold(&self, patience: Duration) -> bool {
        let started_ns = monotonic_ns();
        loop {
            // Acquire: pairs with `with`'s release; the child finds what was changed.
            let found = self.state.fetch_add(1, Ordering::Acquire);
            if found & (CHANGING | LOST) == 0 {
                return true;
            }
            self.let_go();
            let waited = Duration::from_nanos(monotonic_ns() - started_ns);
            if found & LOST != 0 || waited >= patience {
                return false;
            }
            // Not a yield: who is to be let finish may be of a lower priority.
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// The forking thread, afterwards.
    pub(crate) fn let_go(&self) {
        // Less by one. Release: pairs with `with`'s acquire.
        self.state.fetch_add(u32::MAX, Ordering::Release);
    }

    /// Its child, which has no other threads: neither those that were forking too, nor one that waits to change it.
    pub(crate) fn let_go_of_all(&self) {
        self.state.store(0, Ordering::Release);
    }

    /// The child of whichever fork, as long as it has no agent: what was being changed will never be whole, and those who
    /// were forking are not there.
    pub(crate) fn lose_what_is_half_changed(&self) {
        // Relaxed: nobody is left who would change it. What was lost stays so, also in a child of the child.
        let is_whole = self.state.load(Ordering::Relaxed) & (CHANGING | LOST) == 0;
        self.state.store(if is_whole { 0 } else { LOST }, Ordering::Relaxed);
    }

    /// Changes the value, when nobody else does and nobody forks. `None`, with nothing done, if it is lost.
    #[allow(unsafe_code)]
    pub(crate) fn with<R>(&self, job: impl FnOnce(&mut T) -> R) -> Option<R> {
        loop {
            let found = self.state.fetch_or(CHANGING, Ordering::Relaxed);
            if found & LOST != 0 {
                return None;
            }
            if found & CHANGING == 0 {
                break;
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        // Acquire: pairs with the releases of those who had it.
        while self.state.load(Ordering::Acquire) != CHANGING {
            std::thread::sleep(LOOK_INTERVAL);
        }
        // SAFETY: nobody else changes it; a `job` that came here again would wait for itself above.
        let value = unsafe { &mut *self.value.get() };
        let unwound = LostIfUnwound(&self.state);
        let result = job(value.get_or_insert_default());
        core::mem::forget(unwound);
        self.state.fetch_and(!CHANGING, Ordering::Release);
        Some(result)
    }
}

/// Dropped where a job panics: what it was changing will never be whole, and nobody waits for it.
struct LostIfUnwound<'a>(&'a AtomicU32);

impl Drop for LostIfUnwound<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(LOST, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(20);

    fn holder() -> Holder<()> {
        Holder::new()
    }

    fn wait_for_change(holder: &Holder<()>) {
        while holder.state.load(Ordering::Relaxed) & CHANGING == 0 {
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    #[test]
    fn a_fork_waits_for_a_change_that_takes_long_and_not_for_ever() {
        let holder = holder();
        std::thread::scope(|scope| {
            scope.spawn(|| holder.with(|_| std::thread::sleep(Duration::from_millis(300))));
            wait_for_change(&holder);
            assert!(!holder.hold(Duration::from_millis(10)));
            assert!(holder.hold(LONG));
            holder.let_go();
        });
        assert_eq!(holder.state.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn forks_do_not_wait_for_one_another_and_a_change_waits_for_all() {
        let holder = holder();
        assert!(holder.hold(LONG) && holder.hold(LONG));
        let is_changed = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| holder.with(|_| is_changed.store(1, Ordering::Relaxed)));
            wait_for_change(&holder);
            assert!(!holder.hold(Duration::ZERO), "forks without end would hold up the change");
            holder.let_go();
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(is_changed.load(Ordering::Relaxed), 0);
            holder.let_go();
        });
        assert_eq!(is_changed.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_child_of_a_fork_that_held_it_has_it() {
        // Another thread forks, and a third wants to change it: the child has neither.
        let holder = holder();
        assert!(holder.hold(LONG) && holder.hold(LONG));
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        holder.let_go_of_all();
        assert!(holder.with(|_| {}).is_some());
        assert!(holder.hold(Duration::ZERO));
    }

    #[test]
    fn what_is_lost_in_a_child_is_lost_in_its_own_children() {
        let holder = holder();
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        holder.lose_what_is_half_changed();
        assert!(!holder.hold(Duration::ZERO));
        assert!(holder.with(|_| {}).is_none());
    }

    #[test]
    fn nobody_waits_for_a_job_that_panicked() {
        let holder = holder();
        let job = std::panic::AssertUnwindSafe(|| holder.with(|_| panic!("a job's")));
        assert!(std::panic::catch_unwind(job).is_err());
        // Looked at first: what follows would wait for ever.
        assert_ne!(holder.state.load(Ordering::Relaxed) & LOST, 0);
        assert!(holder.with(|_| {}).is_none());
        assert!(!holder.hold(LONG));
    }

    #[test]
    fn the_child_of_a_fork_in_a_change_never_waits_for_it() {
        let holder = holder();
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        let started = Instant::now();
        assert!(!holder.hold(LONG) && !holder.hold(LONG));
        assert!(holder.with(|_| {}).is_none(), "a module of the child that comes or goes");
        assert!(started.elapsed() < LONG / 2);
    }
}
