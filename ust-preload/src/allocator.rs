//! Memory for the shim itself, and for the runtime in it: the C library's, asked for directly. So nothing that they allocate
//! is traced.
#![allow(unsafe_code)]

use crate::early;
use crate::sets::mem::real;
use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::ptr;

struct Direct;

#[global_allocator]
static DIRECT: Direct = Direct;

// SAFETY: the C library's functions, as its manual says; what is aligned by more than `malloc` promises comes from
// `posix_memalign`, and is copied where it grows.
unsafe impl GlobalAlloc for Direct {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= early::ALIGN {
            // SAFETY: a length.
            return unsafe { real::malloc(layout.size()) }.cast();
        }
        let mut memory: *mut c_void = ptr::null_mut();
        // SAFETY: a valid pointer; alignments are powers of two, and this one is a multiple of a pointer's.
        match unsafe { real::posix_memalign(&raw mut memory, layout.align(), layout.size()) }.0 {
            0 => memory.cast(),
            _ => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: what one of the others returned.
        unsafe { real::free(memory.cast()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= early::ALIGN {
            // SAFETY: lengths.
            return unsafe { real::calloc(1, layout.size()) }.cast();
        }
        // SAFETY: the caller's promise, and as much memory as was asked for.
        unsafe {
            let memory = self.alloc(layout);
            if !memory.is_null() {
                memory.write_bytes(0, layout.size());
            }
            memory
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if layout.align() <= early::ALIGN {
            // SAFETY: what one of the others returned.
            return unsafe { real::realloc(memory.cast(), bytes) }.cast();
        }
        // SAFETY: the caller's promise: `bytes` is a length that goes with the alignment.
        unsafe {
            let grown = self.alloc(Layout::from_size_align_unchecked(bytes, layout.align()));
            if !grown.is_null() {
                grown.copy_from_nonoverlapping(memory, layout.size().min(bytes));
                self.dealloc(memory, layout);
            }
            grown
        }
    }
}
