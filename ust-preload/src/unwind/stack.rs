//! Reads of stacks that never fault, whatever a wrong table or a broken stack leads to.
//!
//! ```text
//!                      sp                                             end: the thread's descriptor; of the first
//!                       v                                             thread, what the program was started with
//!   | not used | guard ... frames ... | frames of older calls ... |
//!                       ^ CHECKED: from here to the end every page could be read
//! ```
//!
//! **A thread's own stack stays mapped as long as the thread lives**, so it is read without a question. Every other address may go
//! at any time: another stack, that of a handler or of a coroutine, and all that a wrong walk comes to. There the kernel is asked
//! for each page ([`Reader`]), in each walk.
//!
//! How far down the own stack goes, the C library knows, and is asked once. Not of the first thread, whose stack grows: pages
//! between the stack pointer and those that were read are asked about once. A page that cannot be read ends it (`GAP`); the kernel
//! leaves such pages below it.

use super::machine::Value;
use crate::errno::Errno;
use crate::readable::{PAGE_BYTES, Reader};
use crate::real::Real;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr;
use ust::inside::Inside;
use ust_core::hint::unlikely;
use ust_core::sync::{AtomicU64, Ordering};

/// What lies further from a stack's end is not looked at: it is another stack.
const OWN_BYTES_MAX: usize = 64 << 20;

/// The descriptor of the program's first thread, which does not lie on its stack.
static FIRST_THREAD: AtomicU64 = AtomicU64::new(0);

/// The end of its stack; 0: not known.
static END_OF_FIRST: AtomicU64 = AtomicU64::new(0);

/// Nothing is known of the thread's stack.
static UNKNOWN: u8 = 0;

ust_core::thread_word!(mod checked "ust_preload_stack_checked" crate::unwind::stack::UNKNOWN);

ust_core::thread_word!(mod gap "ust_preload_stack_gap" crate::unwind::stack::UNKNOWN);

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
    /// Its own part that is in use: where words can be read without a question.
    own: OwnStack,
    others: Reader,
}

/// Addresses of words in a thread's own stack, the last included.
#[derive(Clone, Copy)]
pub struct OwnStack {
    first: usize,
    last: usize,
}

impl OwnStack {
    /// Another stack is in use.
    const NONE: Self = Self { first: usize::MAX, last: 0 };

    /// The word at this address, if it is one of these.
    #[inline(always)]
    pub fn word(self, at: usize) -> Option<usize> {
        let is_own = at >= self.first && at <= self.last;
        // SAFETY: all of them can be read, and stay.
        is_own.then(|| unsafe { ptr::with_exposed_provenance::<usize>(at).read_unaligned() })
    }
}

impl Stack {
    /// The stack to which this stack pointer belongs.
    #[inline(always)]
    pub fn around(sp: usize) -> Self {
        let end = end_of_own();
        let mut start = known(checked::get()).unwrap_or(end);
        if sp < start {
            unlikely();
            start = grown_to(sp, start..end);
        }
        let own = match sp >= start && sp < end {
            true => OwnStack { first: sp, last: end - size_of::<usize>() },
            false => OwnStack::NONE,
        };
        Self { own, others: Reader::new() }
    }

    /// The thread's own stack, if that is in use.
    pub fn own(&self) -> OwnStack {
        self.own
    }

    /// The word at any address; `None` if it cannot be read.
    pub fn word(&mut self, at: usize) -> Option<usize> {
        self.own.word(at).or_else(|| self.others.read(ptr::with_exposed_provenance(at)))
    }

    /// The value of a register; `None` if it cannot be read.
    pub fn value(&mut self, value: Value) -> Option<usize> {
        match value {
            Value::Is(value) => Some(value),
            Value::At(address) => self.word(address),
        }
    }
}

/// The stack pointer is below what is known of the own stack: nothing is known yet, or it has grown, or this is another stack. From
/// where on the own stack can be read.
#[cold]
#[inline(never)]
fn grown_to(sp: usize, checked: Range<usize>) -> usize {
    let is_other =
        checked.end - sp > OWN_BYTES_MAX || known(gap::get()).is_some_and(|gap| sp < gap);
    if is_other {
        return checked.start;
    }
    if !is_first_thread() {
        // None of it is own for a handler that comes meanwhile.
        gap::set(ptr::without_provenance(checked.end));
        let lowest = lowest_of_own().unwrap_or(checked.end);
        gap::set(ptr::without_provenance(lowest));
        checked::set(ptr::without_provenance(lowest));
        return lowest;
    }
    let page = sp & !(PAGE_BYTES - 1);
    if Reader::new().can_read(ptr::without_provenance(page), checked.start - page) {
        // A handler may have noted a lower address meanwhile. It is forgotten, and found again.
        checked::set(ptr::without_provenance(page));
        return page;
    }
    gap::set(ptr::without_provenance(page + PAGE_BYTES));
    checked.start
}

/// The lowest address of the calling thread's stack, which is not the first thread's. The C library takes memory for the answer,
/// as the call has done that is being recorded.
fn lowest_of_own() -> Option<usize> {
    let (_inside, _errno) = (Inside::new(), Errno::keep());
    let mut attributes = MaybeUninit::uninit();
    let (mut lowest, mut bytes) = (ptr::null_mut(), 0);
    // SAFETY: valid pointers; the attributes are read, and given back, only if they were written.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let told =
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut bytes);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (told == 0).then(|| lowest.addr())
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
    if is_first_thread() { END_OF_FIRST.load(Ordering::Relaxed) as usize } else { descriptor() }
}

#[inline(always)]
fn is_first_thread() -> bool {
    descriptor() as u64 == FIRST_THREAD.load(Ordering::Relaxed)
}

/// The calling thread's descriptor: it lies at the end of its stack, but for the first thread.
#[inline(always)]
fn descriptor() -> usize {
    // SAFETY: it always succeeds.
    unsafe { libc::pthread_self() as usize }
}
