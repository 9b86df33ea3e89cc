//! Reads of stacks that never fault, whatever a wrong table or a broken stack leads to.
//!
//! ```text
//!                      sp                                             end: the thread's descriptor; of the first
//!                       v                                             thread, what the program was started with
//!   | not used | guard ... frames ... | frames of older calls ... |
//!                       ^ CHECKED: from here to the end every page could be read
//! ```
//!
//! **A thread's own stack stays mapped as long as the thread lives.** Pages of it that could be read once are read without a
//! question. The pages between the stack pointer and those are asked about ([`Reader`]) once, when the stack has grown.
//! Every other address may go at any time: another stack, that of a handler or of a coroutine, and all that a wrong walk comes
//! to. There the kernel is asked for each page, in each walk.
//!
//! Stacks of handlers and coroutines are told from the thread's own by what lies between them and its end: a page that cannot be
//! read. Below such a page the own stack does not go on (`GAP`).

use crate::readable::{PAGE_BYTES, Reader};
use crate::real::Real;
use core::ops::Range;
use core::ptr;
use ust_core::sync::{AtomicU64, Ordering};

/// What lies further from a stack's end is not looked at: it is another stack.
const OWN_BYTES_MAX: usize = 64 << 20;

/// The descriptor of the program's first thread, which does not lie on its stack.
static FIRST_THREAD: AtomicU64 = AtomicU64::new(0);

/// The end of its stack; 0: not known.
static END_OF_FIRST: AtomicU64 = AtomicU64::new(0);

/// Nothing is known of the thread's stack.
static UNKNOWN: u8 = 0;

ust_core::thread_word!(
    mod checked [concat!(
        "ust_preload_stack_checked_",
        env!("CARGO_PKG_VERSION_MAJOR"),
        "_",
        env!("CARGO_PKG_VERSION_MINOR"),
        "_",
        env!("CARGO_PKG_VERSION_PATCH")
    )] crate::unwind::stack::UNKNOWN
);

ust_core::thread_word!(
    mod gap [concat!(
        "ust_preload_stack_gap_",
        env!("CARGO_PKG_VERSION_MAJOR"),
        "_",
        env!("CARGO_PKG_VERSION_MINOR"),
        "_",
        env!("CARGO_PKG_VERSION_PATCH")
    )] crate::unwind::stack::UNKNOWN
);

/// The calling thread is the program's first.
pub fn note_first_thread() {
    static STACK_END: Real = Real::new(c"__libc_stack_end");
    let end = STACK_END.address().cast::<usize>();
    // SAFETY: a variable of the loader's, which has written it.
    let end = if end.is_null() { 0 } else { unsafe { end.read() } };
    END_OF_FIRST.store(end as u64, Ordering::Relaxed);
    FIRST_THREAD.store(descriptor() as u64, Ordering::Relaxed);
}

/// Reads the stack of the calling thread.
pub struct Stack {
    /// What can be read of its own stack.
    own: Range<usize>,
    others: Reader,
}

impl Stack {
    /// The stack to which this stack pointer belongs, which is in use.
    #[inline(always)]
    pub fn around(sp: usize) -> Self {
        let end = end_of_own();
        let checked = known(checked::get()).unwrap_or(end);
        let mut stack = Self { own: checked..end, others: Reader::new() };
        if sp < checked {
            stack.grow_to(sp);
        }
        stack
    }

    /// The word at this address; `None` if it cannot be read.
    #[inline(always)]
    pub fn word(&mut self, at: usize) -> Option<usize> {
        let address = ptr::with_exposed_provenance::<usize>(at);
        if at >= self.own.start && at < self.own.end.saturating_sub(size_of::<usize>()) {
            // SAFETY: a page of the thread's own stack, which stays mapped.
            return Some(unsafe { address.read_unaligned() });
        }
        self.others.read(address)
    }

    /// The stack pointer is below what was checked: either the stack has grown, or it is another stack.
    #[cold]
    #[inline(never)]
    fn grow_to(&mut self, sp: usize) {
        let is_other =
            self.own.end - sp > OWN_BYTES_MAX || known(gap::get()).is_some_and(|gap| sp < gap);
        if is_other {
            return;
        }
        let page = sp & !(PAGE_BYTES - 1);
        let next = page + PAGE_BYTES;
        // The page of the stack pointer itself is in use.
        let between = self.own.start.saturating_sub(next);
        if between == 0 || self.others.can_read(ptr::without_provenance(next), between) {
            // A handler may have noted a lower address meanwhile. It is forgotten, and found again.
            checked::set(ptr::without_provenance(page));
            self.own.start = page;
        } else {
            gap::set(ptr::without_provenance(next));
        }
    }
}

/// What a word says.
#[inline(always)]
fn known(word: *const ()) -> Option<usize> {
    (!ptr::eq(word, (&raw const UNKNOWN).cast())).then_some(word.addr())
}

/// Above all frames of the calling thread.
#[inline(always)]
fn end_of_own() -> usize {
    let descriptor = descriptor();
    if descriptor as u64 == FIRST_THREAD.load(Ordering::Relaxed) {
        END_OF_FIRST.load(Ordering::Relaxed) as usize
    } else {
        descriptor
    }
}

/// The calling thread's descriptor: it lies at the end of its stack, but for the first thread.
#[inline(always)]
fn descriptor() -> usize {
    // SAFETY: it always succeeds.
    unsafe { libc::pthread_self() as usize }
}
