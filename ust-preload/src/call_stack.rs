//! The functions that a thread is in, and since when: what it takes to say how long a call took.
//!
//! ```text
//!   thread word --> Stack { thread, depth, frames: [ main | parse | read_line | ... ] }      mapped at a thread's first call
//!                                                                       ^ depth
//! ```
//!
//! A stack is claimed by a thread at its first call, and stays its own until the thread is gone. A thread that finds none looks
//! which owners are gone. So nothing must run when a thread ends.
//!
//! **Exits may be missing**: `longjmp` leaves functions without one, and functions are switched on in the middle. So
//! - an exit belongs to the innermost frame of its function and call site; the frames within that one have been left without an
//!   exit. An exit without a frame is none of a call that was seen to begin;
//! - an entry knows where the processor's stack is. Frames that lie further down were left: the stack is used again. Functions
//!   that the compiler has put into others share place and call site with them. What has the same place and another call site
//!   was left, and so was what is entered there again.
//!
//! A function that was left, and had less on the processor's stack than the next one called there, looks like one that is still
//! there. It counts until the function that had called it ends. Each such function is there once, so the stack cannot fill.
//!
//! A signal handler finds the stack as it was at some moment, and leaves it so: an entry counts a frame before it writes it,
//! and an exit reads it before it takes it away.
#![allow(unsafe_code)]

use crate::argument::Address;
use crate::stopwatch::Stopwatch;
use core::cell::Cell;
use core::{cmp, ptr};
use ust_core::sync::{AtomicPtr, AtomicU32, Ordering, compiler_fence};

/// Functions that are in each other and timed. Those further in are counted, and not timed.
const FRAMES: usize = 2040;

/// Threads that can have a stack at a time.
const STACKS: usize = 4096;

/// Two addresses that lie further apart are of different stacks of the processor: a handler's, a coroutine's.
const ONE_STACK_BYTES: usize = 8 << 20;

static NOBODY: u8 = 0;

ust_core::thread_word!(mod word "ust_preload_call_stack" crate::call_stack::NOBODY);

/// A call in progress.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The function.
    pub addr: Address,
    /// Where it was called.
    pub call_site: Address,
}

#[derive(Clone, Copy)]
struct Frame {
    call: Call,
    /// Where the processor's stack was.
    place: usize,
    since: Stopwatch,
}

#[repr(C)]
struct Stack {
    depth: Cell<usize>,
    frames: [Cell<Frame>; FRAMES],
}

struct Slot {
    /// Mapped once, and kept.
    stack: AtomicPtr<Stack>,
    /// The thread whose it is, or was; 0: nobody's.
    tid: AtomicU32,
}

static SLOTS: [Slot; STACKS] =
    [const { Slot { stack: AtomicPtr::new(ptr::null_mut()), tid: AtomicU32::new(0) } }; STACKS];

/// Enters a function.
#[inline(always)]
pub fn enter(call: Call, place: usize) {
    let Some(stack) = own() else { return };
    stack.drop_left(call, place);
    let at = stack.depth.get();
    stack.depth.set(at + 1);
    compiler_fence(Ordering::SeqCst);
    if let Some(frame) = stack.frames.get(at) {
        frame.set(Frame { call, place, since: Stopwatch::start() });
    }
}

/// Leaves a function: how long it took, and in how many others it was. `None` if it was not seen to be entered.
#[inline(always)]
pub fn leave(call: Call) -> Option<(u64, u32)> {
    let stack = own()?;
    let depth = stack.depth.get();
    if depth > FRAMES {
        // One of those that have no frame: which one is not known, so it is the innermost.
        stack.depth.set(depth - 1);
        return None;
    }
    let at = stack.frames[..depth].iter().rposition(|frame| frame.get().call == call)?;
    let duration = stack.frames[at].get().since.elapsed_ns();
    compiler_fence(Ordering::SeqCst);
    stack.depth.set(at);
    Some((duration, at as u32))
}

/// In how many functions the calling thread is.
#[inline(always)]
pub fn depth() -> u32 {
    own().map_or(0, |stack| stack.depth.get() as u32)
}

impl Stack {
    /// Takes away frames that were left without an exit, as an entry at this place tells.
    #[inline(always)]
    fn drop_left(&self, call: Call, place: usize) {
        let mut depth = self.depth.get().min(FRAMES);
        let before = depth;
        while depth > 0 {
            let frame = self.frames[depth - 1].get();
            let is_left = match frame.place.cmp(&place) {
                cmp::Ordering::Less => place - frame.place <= ONE_STACK_BYTES,
                cmp::Ordering::Equal => frame.call.call_site != call.call_site,
                cmp::Ordering::Greater => false,
            };
            if !is_left {
                break;
            }
            depth -= 1;
        }
        let here = self.frames[..depth].iter().rev().take_while(|frame| frame.get().place == place);
        if let Some(again) = here.enumerate().find(|(_, frame)| frame.get().call == call) {
            depth -= again.0 + 1;
        }
        if depth < before {
            self.depth.set(depth);
        }
    }
}

/// The calling thread's stack. `None` if it can have none.
#[inline(always)]
fn own() -> Option<&'static Stack> {
    let own = word::get();
    if ptr::eq(own, (&raw const NOBODY).cast()) {
        return claim();
    }
    // SAFETY: what `claim` has put there, which stays mapped, and is this thread's alone.
    Some(unsafe { &*own.cast() })
}

#[cold]
#[inline(never)]
fn claim() -> Option<&'static Stack> {
    let _errno = crate::errno::Errno::keep();
    let tid = own_tid();
    let slot = SLOTS.iter().find(|slot| {
        let owner = slot.tid.load(Ordering::Relaxed);
        // Relaxed: the owner that wrote the stack is gone, which the kernel says.
        (owner == 0 || owner == tid || is_gone(owner))
            && slot.tid.compare_exchange(owner, tid, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    })?;
    let mut stack = slot.stack.load(Ordering::Relaxed);
    if stack.is_null() {
        stack = map()?;
        slot.stack.store(stack, Ordering::Relaxed);
    }
    // SAFETY: it is mapped, and this thread's.
    let own = unsafe { &*stack };
    own.depth.set(0);
    word::set(stack.cast_const().cast());
    Some(own)
}

/// Zeroed memory is a stack without frames.
fn map() -> Option<*mut Stack> {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let _inside = ust::inside::Inside::new();
    // SAFETY: new memory, wherever the kernel likes.
    let memory = unsafe { libc::mmap(ptr::null_mut(), size_of::<Stack>(), access, kind, -1, 0) };
    (memory != libc::MAP_FAILED).then_some(memory.cast())
}

fn own_tid() -> u32 {
    // SAFETY: it always succeeds.
    unsafe { libc::syscall(libc::SYS_gettid) as u32 }
}

/// Whether this process has no such thread any more.
fn is_gone(tid: u32) -> bool {
    // SAFETY: signal 0 is sent to nobody.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid as i32, 0) };
    sent == -1 && crate::errno::Errno::keep().number() == libc::ESRCH
}

/// In the child of a fork, which has one thread, of another id: the stacks of the others are nobody's.
pub fn keep_only_own() {
    let own: *const Stack = word::get().cast();
    for slot in &SLOTS {
        let stack = slot.stack.load(Ordering::Relaxed);
        if stack.is_null() {
            continue;
        }
        let is_own = ptr::eq(stack, own);
        slot.tid.store(if is_own { own_tid() } else { 0 }, Ordering::Relaxed);
    }
}
