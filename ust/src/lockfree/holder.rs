//! A value that one thread at a time changes, and that a forked child can take over from threads that it does not have.
//!
//! Not a library's lock: a forking thread holds this one too, so that the child finds the value whole, and the child
//! releases it for all the threads that do not exist there.
//!
//! ```text
//!   state     0          nobody
//!             n          n threads are forking: their children must find the value whole
//!             CHANGING   one thread changes it; or waits to, if there is an n besides: no further fork begins
//!             LOST       it was being changed when this process was forked, or by a job that panicked: unusable
//! ```

use super::orderings as order;
use core::time::Duration;
use ust_core::sync::{AtomicU32, Guarded, pause};

/// See the module page.
pub struct Holder<T> {
    state: AtomicU32,
    /// Boxed: so a static that has a holder is all zeros, and takes no room in a program's file.
    value: Guarded<Option<Box<T>>>,
}

const CHANGING: u32 = 1 << 31;
const LOST: u32 = 1 << 30;

/// The pause between two looks at a state that another thread is about to leave.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);

impl<T: Default> Holder<T> {
    /// Holds the default value once a thread changes it.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { state: AtomicU32::new(0), value: Guarded::new(None) }
    }

    /// The holder in the child of a fork at this instant, if the fork has copied `value`.
    #[cfg(loom)]
    pub fn copy(&self, value: Option<T>) -> Self {
        Self {
            state: AtomicU32::new(self.state.load(order::child_load())),
            value: Guarded::new(value.map(Box::new)),
        }
    }

    /// Holds `value`.
    #[cfg(loom)]
    pub fn of(value: T) -> Self {
        Self { state: AtomicU32::new(0), value: Guarded::new(Some(Box::new(value))) }
    }

    /// Keeps the value unchanged while this thread forks; other threads may fork too. `false` if the value is lost, or
    /// if another thread was still changing it when `is_over` said to stop.
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

    /// After the fork, in the forking thread.
    pub fn let_go(&self) {
        // Adds -1.
        self.state.fetch_add(u32::MAX, order::let_go());
    }

    /// After the fork, in its child, which has no other threads: neither those that were forking too, nor one that
    /// waits to change the value.
    pub fn let_go_of_all(&self) {
        self.state.store(0, order::child_store());
    }

    /// In the child of any fork, as long as it has no agent. A value that was being changed will never be whole, and
    /// the threads that were forking do not exist here.
    pub fn lose_what_is_half_changed(&self) {
        // A lost value stays lost, also in a child of the child.
        let is_whole = self.state.load(order::child_load()) & (CHANGING | LOST) == 0;
        self.state.store(if is_whole { 0 } else { LOST }, order::child_store());
    }

    /// Changes the value, when no other thread changes it or forks. `None`, with nothing done, if the value is lost.
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
        // SAFETY: no other thread uses it, and a `job` that called this again would wait above for itself.
        let result = unsafe { self.value.with_mut(|value| job(value.get_or_insert_default())) };
        core::mem::forget(unwound);
        self.state.fetch_and(!CHANGING, order::change_end());
        Some(result)
    }
}

/// Dropped when a job panics: the value that it was changing will never be whole, and no thread waits for it.
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

    /// Says "over" once this much time has passed.
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
        // Another thread forks too, and a third waits to change the value: the child has neither thread.
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
        // Checked first: otherwise the next calls would wait for ever.
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
