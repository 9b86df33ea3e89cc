//! `libc_mem`: memory that a program asks the C library and the kernel for.
//!
//! These functions are called before anything is set up, while symbols are looked up, and from the loader: nothing here may
//! need memory, and what cannot be passed on yet is served by [`early`].
//!
//! An event is written behind the call, so that it has the result. It has no duration: two looks at the clock would be most of
//! what it costs.
#![allow(unsafe_code)]

use crate::early;
use crate::entry::entry;
use crate::real::Real;
use core::ffi::{c_int, c_void};
use core::ptr;
use ust::inside::is_inside;

/// Behind the shim's.
pub mod real {
    use core::ffi::{c_int, c_void};

    crate::real::real! {
        pub fn malloc(bytes: usize) -> *mut c_void;
        pub fn calloc(count: usize, bytes: usize) -> *mut c_void;
        pub fn realloc(memory: *mut c_void, bytes: usize) -> *mut c_void;
        pub fn reallocarray(memory: *mut c_void, count: usize, bytes: usize) -> *mut c_void;
        pub fn free(memory: *mut c_void);
        pub fn memalign(align: usize, bytes: usize) -> *mut c_void;
        pub fn aligned_alloc(align: usize, bytes: usize) -> *mut c_void;
        pub fn posix_memalign(out: *mut *mut c_void, align: usize, bytes: usize) -> c_int;
        pub fn valloc(bytes: usize) -> *mut c_void;
        pub fn pvalloc(bytes: usize) -> *mut c_void;
    }
}

/// The tracepoints. Their fields begin as those of LTTng-UST's wrapper do.
mod event {
    use core::ffi::{c_int, c_void};
    use ust::tracepoint;

    type Address = *const c_void;

    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn malloc(size: usize, ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn calloc(nmemb: usize, size: usize, ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn realloc(in_ptr: Address, size: usize, ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn reallocarray(
        in_ptr: Address,
        nmemb: usize,
        size: usize,
        ptr: Address,
        call_site: Address,
    );
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn free(ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn memalign(alignment: usize, size: usize, ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn aligned_alloc(alignment: usize, size: usize, ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn posix_memalign(
        out_ptr: Address,
        alignment: usize,
        size: usize,
        result: c_int,
        call_site: Address,
    );
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn valloc(size: usize, ptr: Address, call_site: Address);
    #[tracepoint(provider = "libc_mem", level = Debug)]
    pub fn pvalloc(size: usize, ptr: Address, call_site: Address);
}

/// Whether a function behind the shim's cannot be called yet: this very thread is looking up one of them.
#[inline(always)]
fn is_too_early(real: &Real) -> bool {
    real.known().is_null() && is_inside()
}

entry!(malloc => malloc_from, arguments: 1);

unsafe extern "C" fn malloc_from(size: usize, call_site: *const c_void) -> *mut c_void {
    if is_too_early(real::malloc::REAL) {
        return early::allocate(size, early::ALIGN);
    }
    // SAFETY: what the program asks for.
    let memory = unsafe { real::malloc(size) };
    if event::malloc::enabled() && !is_inside() {
        event::malloc(size, memory, call_site);
    }
    memory
}

entry!(calloc => calloc_from, arguments: 2);

unsafe extern "C" fn calloc_from(
    count: usize,
    size: usize,
    call_site: *const c_void,
) -> *mut c_void {
    if is_too_early(real::calloc::REAL) {
        return count
            .checked_mul(size)
            .map_or(ptr::null_mut(), |bytes| early::allocate(bytes, early::ALIGN));
    }
    // SAFETY: what the program asks for.
    let memory = unsafe { real::calloc(count, size) };
    if event::calloc::enabled() && !is_inside() {
        event::calloc(count, size, memory, call_site);
    }
    memory
}

entry!(realloc => realloc_from, arguments: 2);

unsafe extern "C" fn realloc_from(
    old: *mut c_void,
    size: usize,
    call_site: *const c_void,
) -> *mut c_void {
    // SAFETY: what the program asks for; memory of the pool is `moved`'s affair.
    let memory = unsafe {
        if is_of_pool(old, real::realloc::REAL) {
            moved(old, size)
        } else {
            real::realloc(old, size)
        }
    };
    if event::realloc::enabled() && !is_inside() {
        event::realloc(old, size, memory, call_site);
    }
    memory
}

entry!(reallocarray => reallocarray_from, arguments: 3);

unsafe extern "C" fn reallocarray_from(
    old: *mut c_void,
    count: usize,
    size: usize,
    call_site: *const c_void,
) -> *mut c_void {
    // SAFETY: as above. A product that is too large is refused as the C library does it.
    let memory = unsafe {
        match count.checked_mul(size) {
            Some(bytes) if is_of_pool(old, real::reallocarray::REAL) => moved(old, bytes),
            _ => real::reallocarray(old, count, size),
        }
    };
    if event::reallocarray::enabled() && !is_inside() {
        event::reallocarray(old, count, size, memory, call_site);
    }
    memory
}

/// Whether memory is the early pool's, or none is had but that.
fn is_of_pool(memory: *mut c_void, real: &Real) -> bool {
    early::owns(memory) || (memory.is_null() && is_too_early(real))
}

/// Memory of the early pool, or none, moved to where there is more.
///
/// # Safety
/// The memory is null or the pool's.
#[cold]
unsafe fn moved(old: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise; the two do not overlap.
    unsafe {
        let new = if is_too_early(real::malloc::REAL) {
            early::allocate(size, early::ALIGN)
        } else {
            real::malloc(size)
        };
        if !new.is_null() && !old.is_null() {
            ptr::copy_nonoverlapping(old.cast::<u8>(), new.cast(), early::length_of(old).min(size));
        }
        new
    }
}

entry!(free => free_from, arguments: 1);

unsafe extern "C" fn free_from(memory: *mut c_void, call_site: *const c_void) {
    if early::owns(memory) {
        return;
    }
    // Before the call: behind it another thread may have the same memory, and say so first.
    if event::free::enabled() && !is_inside() {
        event::free(memory, call_site);
    }
    // SAFETY: what the program asks for.
    unsafe { real::free(memory) }
}

/// Functions that are given an alignment and a length, or a length alone, and return memory.
macro_rules! aligned {
    ($($name:ident => $behind:ident($($argument:ident),*), $count:tt;)*) => {$(
        entry!($name => $behind, arguments: $count);

        unsafe extern "C" fn $behind($($argument: usize,)* call_site: *const c_void) -> *mut c_void {
            // SAFETY: what the program asks for.
            let memory = unsafe { real::$name($($argument),*) };
            if event::$name::enabled() && !is_inside() {
                event::$name($($argument,)* memory, call_site);
            }
            memory
        }
    )*};
}

aligned! {
    memalign => memalign_from(align, size), 2;
    aligned_alloc => aligned_alloc_from(align, size), 2;
    valloc => valloc_from(size), 1;
    pvalloc => pvalloc_from(size), 1;
}

entry!(posix_memalign => posix_memalign_from, arguments: 3);

unsafe extern "C" fn posix_memalign_from(
    out: *mut *mut c_void,
    align: usize,
    size: usize,
    call_site: *const c_void,
) -> c_int {
    // SAFETY: what the program asks for.
    let result = unsafe { real::posix_memalign(out, align, size) };
    if event::posix_memalign::enabled() && !is_inside() {
        // SAFETY: the C library has just written there, if it says so.
        let memory = if result == 0 { unsafe { *out } } else { ptr::null_mut() };
        event::posix_memalign(memory, align, size, result, call_site);
    }
    result
}
