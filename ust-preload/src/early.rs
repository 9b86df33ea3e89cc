//! Memory for what asks before the C library's `malloc` is known.
//!
//! ```text
//!   POOL | bytes: usize | memory ... | bytes | memory ... |      handed out in order, never taken back
//! ```
//!
//! `malloc` is looked up by `dlsym`, which on old C libraries allocates itself: that call comes back here. It is a few hundred
//! bytes a process. Untouched pages of the pool use no memory.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr;
use ust_core::sync::{AtomicU64, Ordering};

const POOL_BYTES: usize = 1 << 20;

/// What `malloc` promises.
pub const ALIGN: usize = 16;

#[repr(C, align(4096))]
struct Pool(UnsafeCell<[u8; POOL_BYTES]>);

// SAFETY: each byte is handed out once, by `TAKEN`.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool(UnsafeCell::new([0; POOL_BYTES]));

/// Bytes of the pool that have been handed out.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Zeroed memory, or null if the pool is used up.
pub fn allocate(bytes: usize, align: usize) -> *mut c_void {
    let align = align.max(ALIGN);
    let Some(span) =
        bytes.checked_add(align + ALIGN).and_then(|it| it.checked_next_multiple_of(ALIGN))
    else {
        return ptr::null_mut();
    };
    // Relaxed: a number that nobody else gets.
    let start = TAKEN.fetch_add(span as u64, Ordering::Relaxed) as usize;
    if start.checked_add(span).is_none_or(|end| end > POOL_BYTES) {
        return ptr::null_mut();
    }
    let pool = POOL.0.get().cast::<u8>();
    // Behind the place for its length, aligned.
    let at = (pool.addr() + start + ALIGN).next_multiple_of(align) - pool.addr();
    // SAFETY: `at` is at most `start + ALIGN + align`, so all bytes lie in the span, which is this call's.
    unsafe {
        let memory = pool.add(at);
        memory.cast::<usize>().sub(1).write(bytes);
        memory.cast()
    }
}

/// Hands out nothing any more; returns whether nothing ever was.
pub fn close_unused() -> bool {
    const ALL: u64 = POOL_BYTES as u64;
    TAKEN.compare_exchange(0, ALL, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// Whether memory is the pool's.
#[inline(always)]
pub fn owns(memory: *const c_void) -> bool {
    memory.addr().wrapping_sub(POOL.0.get().addr()) < POOL_BYTES
}

/// The length with which memory of the pool was asked for.
///
/// # Safety
/// [`allocate`] returned it.
pub unsafe fn length_of(memory: *const c_void) -> usize {
    // SAFETY: the caller's promise.
    unsafe { memory.cast::<usize>().sub(1).read() }
}
