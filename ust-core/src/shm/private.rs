//! Private pages: memory for code that must not call `malloc`, and memory that a forked child finds
//! zeroed.
//!
//! A thread's first event may come in a signal handler that interrupted `malloc`, or in the child of a raw
//! `clone` whose parent's other threads held malloc's locks. So that path places what it makes in pages of
//! its own, straight from the kernel.
#![allow(unsafe_code)]

use rustix::io;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// Places a value in pages of its own.
///
/// The value is not dropped by itself: [`free`] drops it, and the caller of `free` knows that nobody uses
/// the value any more.
///
/// # Errors
/// No memory. The value is dropped.
pub fn place<T>(value: T) -> io::Result<&'static T> {
    let pages = map(size_of::<T>())?.cast::<T>();
    const { assert!(align_of::<T>() <= crate::abi::PAGE_BYTES) };
    // SAFETY: fresh pages, large enough, aligned to a page, and never unmapped but by `free`.
    unsafe {
        pages.write(value);
        Ok(&*pages)
    }
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
    let pages = map(size_of::<T>())?.cast::<T>();
    const { assert!(align_of::<T>() <= crate::abi::PAGE_BYTES) };
    write(pages);
    // SAFETY: the caller's promise; fresh pages, never unmapped but by `free`.
    Ok(unsafe { &*pages })
}

/// Drops a value that [`place`] or [`place_with`] made, and gives its pages back.
///
/// # Safety
/// `value` came from [`place`] or [`place_with`], and nobody uses it any more.
pub unsafe fn free<T>(value: &'static T) {
    let pages = core::ptr::from_ref(value).cast_mut();
    // SAFETY: the caller's promise.
    unsafe {
        pages.drop_in_place();
        let _ = munmap(pages.cast(), size_of::<T>());
    }
}

/// Zeroed pages that a forked child finds zeroed again, by whatever call it was forked. Never unmapped.
pub fn wiped_on_fork(length_bytes: usize) -> Option<*mut u8> {
    let pages = map(length_bytes).ok()?;
    // SAFETY: our own private pages. Linux before 4.14 does not know the advice: there nothing is traced.
    let wiped = unsafe { madvise(pages.cast(), length_bytes, Advice::LinuxWipeOnFork) };
    wiped.is_ok().then_some(pages)
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

fn map(length_bytes: usize) -> io::Result<*mut u8> {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping, at an address that the kernel chooses.
    let pages = unsafe {
        mmap_anonymous(core::ptr::null_mut(), length_bytes, protection, MapFlags::PRIVATE)
    };
    pages.map(<*mut _>::cast)
}
