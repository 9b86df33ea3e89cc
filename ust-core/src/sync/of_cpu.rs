//! The third way in which writers change the position: a plain store, which only the threads of one CPU make.
//!
//! ```text
//!   begin      store the sequence's name in the thread's     The kernel takes the name away when it interrupts the
//!              area; what time is it?                        thread: preemption, a move to another CPU, a signal.
//!   is_there   is this the stream's CPU?
//!   ...        load the position, and all that leads to
//!              the next one
//!   advance  +- is the name still there? - no: failed        Interrupted between these two, the thread goes on at
//!            '- store the next position                      "failed", and nothing was stored.
//!   end, rest  take the name away
//! ```
//!
//! No system call is made while the area has the name. From Linux 6.19 on the kernel takes the name away from a thread that an
//! interrupt or a fault stopped; it need not do so for one that it switches out, or calls a signal handler in, at a system
//! call. So each attempt of the ring is a stay of its own, which ends (`rest`) before the kernel is asked for memory, to wake
//! the reader, or to wait. A handler that leaves the tracepoint by siglongjmp leaves no name behind.
//!
//! The two steps in the bracket are a *restartable sequence* (`man 2 rseq`, Linux 4.18, `linux/rseq.h`). The kernel resumes a
//! thread that it interrupts within the sequence at the sequence's abort handler. It clears the name of a sequence when it
//! interrupts a thread elsewhere. So if the store is made, the thread has not been interrupted since `begin`. Hence neither
//! needs the store a lock prefix, nor the clock a fence:
//!
//! - *Since the position was loaded nobody has changed it.* All who change it do so like this, on this one CPU. To run there
//!   they would have had to interrupt this thread.
//! - *The clock is not earlier than that of the record before.* Whoever wrote that record stored the position on this CPU, so
//!   that it was before `begin`; and between that store and `begin` the kernel switched threads, or it is this thread. The
//!   processor may read its counter before earlier instructions are done, but not before the kernel has returned.
//!
//! The name must not stay, because the kernel follows it, and it leads into the module's own data: after `dlclose` the kernel
//! would find nothing there, and kill the process.
//!
//! Only x86-64 has sequences here. Elsewhere nobody makes an [`OfCpu`], and the streams of CPUs are
//! [`Shared`](super::Shared).
#![allow(unsafe_code)]

#[cfg(not(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw))))]
mod nobody;
#[cfg(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw)))]
mod sequence;

use super::rmw::{Rmw, Shared};
use super::{Ordering, raw};

/// A thread's stay on a CPU, as long as nobody interrupts it: a writer of that CPU's stream.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "they are read where there are sequences")]
pub struct OfCpu {
    number: u32,
    /// Distance of the kernel's area for this thread from the thread pointer, in bytes.
    area: isize,
    /// When it began.
    counter: u64,
}

// SAFETY: see the module page for the position. The other words of a stream are changed by locked instructions.
unsafe impl Rmw for OfCpu {
    const IS_SHARED: bool = true;
    const MAY_MOVE: bool = true;

    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        Shared::compare_exchange(word, current, new, success)
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        Shared::add(word, amount);
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn advance(self, word: &raw::AtomicU64, _: u64, new: u64, _: Ordering) -> bool {
        self.store(word, new)
    }

    #[cfg(loom)]
    fn advance(self, word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        model::store(word, current, new, success)
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn renewed(self) -> Option<Self> {
        // SAFETY: this thread's area, as before.
        let stay = unsafe { Self::begin(self.area, self.number) };
        stay.is_there().then_some(stay)
    }

    #[cfg(loom)]
    fn renewed(self) -> Option<Self> {
        model::is_there().then(stay)
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn rest(self) {
        self.end();
    }

    #[cfg(loom)]
    fn rest(self) {
        model::rest();
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn counter(self) -> Option<u64> {
        Some(self.counter)
    }

    #[cfg(loom)]
    fn counter(self) -> Option<u64> {
        model::has_counter().then_some(self.counter)
    }
}

#[cfg(loom)]
pub use model::{move_away, set_counter, stay};

/// A model's threads are all on different CPUs. Several threads of one CPU are one thread of the model, whose testpoints the
/// others run at.
#[cfg(loom)]
mod model {
    use super::{OfCpu, Ordering, raw};
    use crate::testpoint::{Mistake, makes};
    use core::cell::{Cell, RefCell};
    use std::rc::Rc;

    type Counter = Rc<dyn Fn() -> u64>;

    loom::thread_local! {
        static HAS_NAME: Cell<bool> = Cell::new(false);
        static IS_AWAY: Cell<bool> = Cell::new(false);
        static COUNTER: RefCell<Option<Counter>> = RefCell::new(None);
    }

    /// The calling thread's stay on its CPU, from now on.
    pub fn stay() -> OfCpu {
        let too_early = makes(Mistake::EarlyClock).then(look);
        HAS_NAME.with(|name| name.set(true));
        OfCpu { number: 0, area: 0, counter: too_early.unwrap_or_else(look) }
    }

    /// Gives the calling thread's CPU a counter, or takes it away.
    pub fn set_counter(counter: Option<Counter>) {
        COUNTER.with(|own| *own.borrow_mut() = counter);
    }

    /// Whether there is one.
    pub fn has_counter() -> bool {
        COUNTER.with(|own| own.borrow().is_some())
    }

    /// Others may interrupt the look.
    fn look() -> u64 {
        let counter = COUNTER.with(|own| own.borrow().clone());
        counter.map_or(0, |counter| counter())
    }

    /// Whether the calling thread is still on the stream's CPU.
    pub fn is_there() -> bool {
        !IS_AWAY.with(Cell::get)
    }

    /// Takes the calling thread's name away.
    pub fn rest() {
        HAS_NAME.with(|name| name.set(false));
    }

    /// Moves the calling thread to another CPU, for good.
    pub fn move_away() {
        rest();
        IS_AWAY.with(|away| away.set(true));
    }

    /// No testpoint is between the load and the store. Who runs at a testpoint makes stays of his own, and so takes the name
    /// away.
    pub fn store(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        let has_lasted = HAS_NAME.with(|name| name.replace(false));
        if has_lasted {
            assert_eq!(word.load(Ordering::Relaxed), current, "nobody has changed it");
            word.store(new, success);
        }
        has_lasted
    }
}
