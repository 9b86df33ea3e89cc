//! Memory that is kept back for the moment when there is no other.
//!
//! ```text
//!   an allocation fails --> the reserve is given up --> the allocation is tried again
//!   the event loop's next turn --> keeps the reserve again, or gives up the greediest process until it can
//! ```
//!
//! An allocation that fails ends a Rust program; in the consumer it ends the recording of every process. What processes
//! make the consumer hold has budgets. But the machine, or a limit that the user has set (`ulimit -v`), may have less
//! than the budgets allow. A binary that embeds the engine names [`Reserving`] as its `#[global_allocator]`.
#![allow(unsafe_code)]

use crate::limits::RESERVE_BYTES;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr;
use ust_core::sync::{AtomicPtr, Ordering};

/// Null while there is no reserve.
static RESERVE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// The system's allocator, which gives up the reserve before it fails.
#[derive(Debug)]
pub struct Reserving;

// SAFETY: all memory comes from the system allocator, by the layout that it is asked with.
unsafe impl GlobalAlloc for Reserving {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises. A second call is allowed, because the first gave nothing.
        or_again(layout.size(), || unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        or_again(layout.size(), || unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; memory that could not grow is where it was.
        or_again(size, || unsafe { System.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Tries an allocation, and tries it once more without the reserve.
fn or_again(size_bytes: usize, allocate: impl Fn() -> *mut u8) -> *mut u8 {
    let memory = allocate();
    // An allocation that the reserve has no room for would fail in either case: its caller asks whether it can be had.
    if memory.is_null() && size_bytes < RESERVE_BYTES && give_up() { allocate() } else { memory }
}

fn give_up() -> bool {
    let reserve = RESERVE.swap(ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: it was mapped by `keep`, with that length, and only the swap gives it out.
    !reserve.is_null() && unsafe { munmap(reserve, RESERVE_BYTES) }.is_ok()
}

/// Whether the reserve is kept.
pub fn is_kept() -> bool {
    !RESERVE.load(Ordering::Acquire).is_null()
}

/// Keeps the reserve, anew if it was given up; returns whether it is kept.
pub fn keep() -> bool {
    if is_kept() {
        return true;
    }
    let (prot, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // It is never touched, so it costs addresses only, and a claim to memory where the kernel counts those.
    // SAFETY: a new mapping, anywhere.
    let Ok(mapped) = (unsafe { mmap_anonymous(ptr::null_mut(), RESERVE_BYTES, prot, flags) })
    else {
        return false;
    };
    let kept =
        RESERVE.compare_exchange(ptr::null_mut(), mapped, Ordering::AcqRel, Ordering::Acquire);
    if kept.is_err() {
        // SAFETY: another thread was faster, and no other code knows of this mapping.
        let _ = unsafe { munmap(mapped, RESERVE_BYTES) };
    }
    true
}
