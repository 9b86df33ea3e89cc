//! Private pages: memory for code that must not call `malloc`, and memory that a forked child finds
//! zeroed.
//!
//! A thread's first event may come in a signal handler that interrupted `malloc`, or in the child of a raw
//! `clone` whose parent's other threads held malloc's locks. So that path places what it makes in pages of
//! its own, straight from the kernel.
//!
//! Nothing is placed where a page begins, because there a control page has the stream's position. If a load and a recent
//! store have the same offset in different pages, processors assume that the load depends on the store (4K aliasing) and
//! wait: for a tenth of an event, for each such load.
#![allow(unsafe_code)]

use rustix::io;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// Bytes in front of what is placed: a line, and the one that processors fetch with it.
const LEAD_BYTES: usize = 128;

/// Places a value in pages of its own.
///
/// The value is not dropped by itself: [`free`] drops it, and the caller of `free` knows that nobody uses
/// the value any more.
///
/// # Errors
/// No memory. The value is dropped.
pub fn place<T>(value: T) -> io::Result<&'static T> {
    // SAFETY: written at once.
    unsafe { place_with(|place: *mut T| place.write(value)) }
}

/// Places a value in pages of its own, where `write` writes it: for values that are too large for a signal
/// handler's stack.
///
/// # Errors
/// No memory.
///
/// # Safety
/// When `write` returns, the memory at its argument (zeroed at first) is a valid `T`.
pub unsafe fn place_with<T>(write: impl FnOnce(*mut T)) -> io::Result<&'static T> {
    const { assert!(align_of::<T>() <= LEAD_BYTES) };
    let place = map(size_of::<T>())?.cast::<T>();
    write(place);
    // SAFETY: the caller's promise; fresh pages, large enough, never unmapped but by `free`.
    Ok(unsafe { &*place })
}

/// Drops a value that [`place`] or [`place_with`] made, and gives its pages back.
///
/// # Safety
/// `value` came from [`place`] or [`place_with`], and nobody uses it any more.
pub unsafe fn free<T>(value: &'static T) {
    let place = core::ptr::from_ref(value).cast_mut();
    // SAFETY: the caller's promise. The lead is of the same mapping.
    unsafe {
        place.drop_in_place();
        let start = place.byte_sub(LEAD_BYTES);
        let _ = munmap(start.cast(), LEAD_BYTES + size_of::<T>());
    }
}

/// Zeroed memory that a forked child finds zeroed again, by whatever call it was forked. Aligned to 128 bytes; never unmapped.
pub fn wiped_on_fork(length_bytes: usize) -> Option<*mut u8> {
    let place = map(length_bytes).ok()?;
    // SAFETY: our own private pages. Linux before 4.14 does not know the advice: there nothing is traced.
    let wiped = unsafe {
        let start = place.byte_sub(LEAD_BYTES);
        madvise(start.cast(), LEAD_BYTES + length_bytes, Advice::LinuxWipeOnFork)
    };
    wiped.is_ok().then_some(place)
}

/// Puts zeroed private pages in the place of a shared mapping, so that code which still has the address
/// writes to nobody else.
///
/// # Safety
/// The range is one mapping of ours, whose contents this process no longer needs.
pub unsafe fn replace(start: *mut u8, length_bytes: usize) {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: the caller's promise. If the kernel refuses, the old mapping stays; nothing better can be
    // done.
    let _ = unsafe { mmap_anonymous(start.cast(), length_bytes, protection, flags) };
}

/// Zeroed memory behind a lead.
fn map(length_bytes: usize) -> io::Result<*mut u8> {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    let bytes = LEAD_BYTES + length_bytes;
    // SAFETY: a new mapping, at an address that the kernel chooses. The lead is within it.
    unsafe {
        let pages = mmap_anonymous(core::ptr::null_mut(), bytes, protection, MapFlags::PRIVATE)?;
        Ok(pages.cast::<u8>().byte_add(LEAD_BYTES))
    }
}
