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

use super::orderings as order;
use core::time::Duration;
use ust_core::sync::{AtomicU32, Guarded, pause};

/// See the module page.
pub struct Holder<T> {
    state: AtomicU32,
    value: Guarded<Option<T>>,
}

const CHANGING: u32 = 1 << 31;
const LOST: u32 = 1 << 30;

/// Between looks at a state that somebody is to leave.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);

impl<T: Default> Holder<T> {
    /// Holds the default, once somebody changes it.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { state: AtomicU32::new(0), value: Guarded::new(None) }
    }

    /// What the child of a fork at this instant has, if the fork has copied that of the value.
    #[cfg(loom)]
    pub fn copy(&self, value: Option<T>) -> Self {
        Self {
            state: AtomicU32::new(self.state.load(order::child_load())),
            value: Guarded::new(value),
        }
    }

    /// Holds `value`.
    #[cfg(loom)]
    pub fn of(value: T) -> Self {
        Self { state: AtomicU32::new(0), value: Guarded::new(Some(value)) }
    }

    /// Keeps the value as it is while this thread forks, beside others that fork. `false` if it is lost, or if somebody
    /// has been changing it until `is_over`.
    pub fn hold(&self, is_over: impl Fn() -> bool) -> bool {
        let look = order::hold_look();
        let mut found = self.state.load(look);
        loop {
            if found & (CHANGING | LOST) == 0 {
                match self.state.compare_exchange(found, found + 1, order::hold(), look) {
                    Ok(_) => return true,
                    Err(other) => found = other,
                }
            } else if found & LOST != 0 || is_over() {
                return false;
            } else {
                pause(LOOK_INTERVAL);
                found = self.state.load(look);
            }
        }
    }

    /// The forking thread, afterwards.
    pub fn let_go(&self) {
        // Less by one.
        self.state.fetch_add(u32::MAX, order::let_go());
    }

    /// Its child, which has no other threads: neither those that were forking too, nor one that waits to change it.
    pub fn let_go_of_all(&self) {
        self.state.store(0, order::child_store());
    }

    /// The child of whichever fork, as long as it has no agent: what was being changed will never be whole, and those who
    /// were forking are not there.
    pub fn lose_what_is_half_changed(&self) {
        // What was lost stays so, also in a child of the child.
        let is_whole = self.state.load(order::child_load()) & (CHANGING | LOST) == 0;
        self.state.store(if is_whole { 0 } else { LOST }, order::child_store());
    }

    /// Changes the value, when nobody else does and nobody forks. `None`, with nothing done, if it is lost.
    #[allow(unsafe_code)]
    pub fn with<R>(&self, job: impl FnOnce(&mut T) -> R) -> Option<R> {
        loop {
            let found = self.state.fetch_or(CHANGING, order::change_begin());
            if found & LOST != 0 {
                return None;
            }
            if found & CHANGING == 0 {
                break;
            }
            pause(LOOK_INTERVAL);
        }
        while self.state.load(order::alone_load()) != CHANGING {
            pause(LOOK_INTERVAL);
        }
        let unwound = LostIfUnwound(&self.state);
        // SAFETY: nobody else changes it; a `job` that came here again would wait for itself above.
        let result = unsafe { self.value.with_mut(|value| job(value.get_or_insert_default())) };
        core::mem::forget(unwound);
        self.state.fetch_and(!CHANGING, order::change_end());
        Some(result)
    }
}

/// Dropped where a job panics: what it was changing will never be whole, and nobody waits for it.
struct LostIfUnwound<'a>(&'a AtomicU32);

impl Drop for LostIfUnwound<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(LOST, order::lose());
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Instant;
    use ust_core::sync::Ordering;

    const LONG: Duration = Duration::from_secs(20);

    fn holder() -> Holder<()> {
        Holder::new()
    }

    /// Over when so much time has passed.
    fn after(patience: Duration) -> impl Fn() -> bool {
        let started = Instant::now();
        move || started.elapsed() >= patience
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
            assert!(!holder.hold(after(Duration::from_millis(10))));
            assert!(holder.hold(after(LONG)));
            holder.let_go();
        });
        assert_eq!(holder.state.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn forks_do_not_wait_for_one_another_and_a_change_waits_for_all() {
        let holder = holder();
        assert!(holder.hold(after(LONG)) && holder.hold(after(LONG)));
        let is_changed = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| holder.with(|_| is_changed.store(1, Ordering::Relaxed)));
            wait_for_change(&holder);
            assert!(
                !holder.hold(after(Duration::ZERO)),
                "forks without end would hold up the change"
            );
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
        assert!(holder.hold(after(LONG)) && holder.hold(after(LONG)));
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        holder.let_go_of_all();
        assert!(holder.with(|_| {}).is_some());
        assert!(holder.hold(after(Duration::ZERO)));
    }

    #[test]
    fn what_is_lost_in_a_child_is_lost_in_its_own_children() {
        let holder = holder();
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        holder.lose_what_is_half_changed();
        assert!(!holder.hold(after(Duration::ZERO)));
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
        assert!(!holder.hold(after(LONG)));
    }

    #[test]
    fn the_child_of_a_fork_in_a_change_never_waits_for_it() {
        let holder = holder();
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        let started = Instant::now();
        assert!(!holder.hold(after(LONG)) && !holder.hold(after(LONG)));
        assert!(holder.with(|_| {}).is_none(), "a module of the child that comes or goes");
        assert!(started.elapsed() < LONG / 2);
    }
}
