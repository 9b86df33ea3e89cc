//! The functions that a thread is in, and since when.
//!
//! ```text
//!   thread's word --> | owner | depth | function, start | function, start | ...      pages, claimed by the thread's first call
//! ```
//!
//! A thread that ends says nothing: its stack is taken over by a thread that comes later and finds that its owner is gone. A
//! function that was left by `longjmp` or an exception has no end: it is dropped when a function below it ends, or another one
//! begins where it was on the thread's own stack. A signal handler pushes above what it interrupted, and has popped all of it
//! when it returns.
#![allow(unsafe_code)]

use crate::stopwatch::Stopwatch;
use core::ffi::c_void;
use core::ptr;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use ust_core::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

type Address = *const c_void;

/// Calls that are deeper are not told.
const MAX_DEPTH: usize = 4096;

static NO_STACK: u8 = 0;

ust_core::thread_word!(mod word ["ust_preload_function_stack"] crate::sets::func::stack::NO_STACK);

struct Frame {
    function: AtomicU64,
    start: AtomicU64,
    rate: AtomicU64,
    /// Where the thread's own stack was.
    place: AtomicU64,
}

/// What lies farther apart is on two stacks: a signal handler's, and that of the code which it interrupted.
const ONE_STACK_BYTES: u64 = 64 << 10;

/// See the module page. All zeroes: nobody's, and empty.
#[repr(C)]
pub struct Stack {
    owner: AtomicU32,
    depth: AtomicU32,
    next: AtomicPtr<Stack>,
    frames: [Frame; MAX_DEPTH],
}

/// All stacks; none is ever unmapped.
static ALL: AtomicPtr<Stack> = AtomicPtr::new(ptr::null_mut());

impl Stack {
    /// The calling thread's; `None` if there is no memory for one.
    pub fn own() -> Option<&'static Self> {
        let known = word::get().cast::<Self>();
        if ptr::eq(known.cast(), &raw const NO_STACK) {
            return Self::claim();
        }
        // SAFETY: `claim` put it there.
        Some(unsafe { &*known })
    }

    #[cold]
    fn claim() -> Option<&'static Self> {
        let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        let stack = Self::left_by_another(tid).or_else(|| Self::make(tid))?;
        stack.depth.store(0, Ordering::Relaxed);
        word::set(ptr::from_ref(stack).cast());
        Some(stack)
    }

    fn all() -> impl Iterator<Item = &'static Self> {
        // Acquire: the pages are as `make` left them.
        // SAFETY: never unmapped.
        let first = unsafe { ALL.load(Ordering::Acquire).as_ref() };
        core::iter::successors(first, |stack| {
            // SAFETY: as above.
            unsafe { stack.next.load(Ordering::Relaxed).as_ref() }
        })
    }

    fn left_by_another(tid: u32) -> Option<&'static Self> {
        Self::all().find(|stack| {
            let owner = stack.owner.load(Ordering::Relaxed);
            // Of whom a forked child has a copy: its other threads are not there either.
            !is_alive(owner)
                && stack
                    .owner
                    .compare_exchange(owner, tid, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
        })
    }

    fn make(tid: u32) -> Option<&'static Self> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: new pages, wherever the kernel likes.
        let pages = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                size_of::<Self>(),
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
            )
        };
        // SAFETY: zeroed pages are an empty stack, and are never unmapped.
        let stack: &'static Self = unsafe { &*pages.ok()?.cast() };
        stack.owner.store(tid, Ordering::Relaxed);
        let mut first = ALL.load(Ordering::Relaxed);
        loop {
            stack.next.store(first, Ordering::Relaxed);
            let new = ptr::from_ref(stack).cast_mut();
            match ALL.compare_exchange(first, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return Some(stack),
                Err(other) => first = other,
            }
        }
    }

    /// The thread enters a function. Not inlined, so that all functions of one depth find the same place.
    #[inline(never)]
    pub fn push(&self, function: Address) {
        let place = (&raw const function).addr() as u64;
        let depth = self.depth_at(place);
        // First, so that a handler pushes above.
        self.depth.store(depth + 1, Ordering::Relaxed);
        if let Some(frame) = self.frames.get(depth as usize) {
            let (start, rate) = Stopwatch::start().to_words();
            frame.function.store(function.addr() as u64, Ordering::Relaxed);
            frame.start.store(start, Ordering::Relaxed);
            frame.rate.store(rate, Ordering::Relaxed);
            frame.place.store(place, Ordering::Relaxed);
        }
    }

    /// How many functions the thread is in, without those that it has left: a function that is still there lies above what it
    /// calls, for stacks grow downwards.
    fn depth_at(&self, place: u64) -> u32 {
        let mut depth = self.depth.load(Ordering::Relaxed);
        let is_left = |frame: &Frame| {
            place.wrapping_sub(frame.place.load(Ordering::Relaxed)) < ONE_STACK_BYTES
        };
        while depth > 0 && self.frames.get(depth as usize - 1).is_some_and(is_left) {
            depth -= 1;
        }
        depth
    }

    /// The thread leaves a function. Returns how deep it was, the outermost being 1, and for how many nanoseconds; `None` if the
    /// stack does not know it.
    pub fn pop(&self, function: Address) -> Option<(u32, u64)> {
        let depth = self.depth.load(Ordering::Relaxed);
        if depth as usize > MAX_DEPTH {
            self.depth.store(depth - 1, Ordering::Relaxed);
            return None;
        }
        let is_it =
            |frame: &Frame| frame.function.load(Ordering::Relaxed) == function.addr() as u64;
        let found = self.frames[..depth as usize].iter().rposition(is_it)?;
        let frame = &self.frames[found];
        let words = (frame.start.load(Ordering::Relaxed), frame.rate.load(Ordering::Relaxed));
        let duration = Stopwatch::from_words(words).elapsed_ns();
        self.depth.store(found as u32, Ordering::Relaxed);
        Some((found as u32 + 1, duration))
    }
}

/// Whether a thread of this process exists.
fn is_alive(tid: u32) -> bool {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    // SAFETY: signal 0 is not sent.
    tid != 0 && unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, 0) } == 0
}
