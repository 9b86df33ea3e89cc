//! `libc_mem`: memory that a program asks the C library and the kernel for.
//!
//! These functions are called before anything is set up, while symbols are looked up, and from the loader: nothing here may
//! need memory, and what cannot be passed on yet is served by [`early`].
//!
//! An event is written behind the call, so that it has the result. It has no duration: two looks at the clock would be most of
//! what it costs. Where one is asked for, it has an event of its own ([`durations`]). If somebody wants to know who called, it is
//! an event of the same name with the call stack in it ([`unwind`]). `free` has none: what is asked of memory is who wanted it.
#![allow(unsafe_code)]

use super::durations;
use super::lttng::libc as lttng;
use crate::argument::{Address, Code};
use crate::entry::{entry, jump};
use crate::real::Real;
use crate::switched::switched;
use crate::{early, unwind};
use core::ffi::{c_int, c_void};
use core::ptr;
use ust::inside::is_inside;
use ust_core::hint::unlikely;

/// Behind the shim's.
pub mod real {
    use crate::argument::Code;
    use core::ffi::c_void;

    crate::real::real! {
        pub fn malloc(bytes: usize) -> *mut c_void;
        pub fn calloc(count: usize, bytes: usize) -> *mut c_void;
        pub fn realloc(memory: *mut c_void, bytes: usize) -> *mut c_void;
        pub fn reallocarray(memory: *mut c_void, count: usize, bytes: usize) -> *mut c_void;
        pub fn free(memory: *mut c_void);
        pub fn memalign(align: usize, bytes: usize) -> *mut c_void;
        pub fn aligned_alloc(align: usize, bytes: usize) -> *mut c_void;
        pub fn posix_memalign(out: *mut *mut c_void, align: usize, bytes: usize) -> Code;
        pub fn valloc(bytes: usize) -> *mut c_void;
        pub fn pvalloc(bytes: usize) -> *mut c_void;
    }
}

/// Declares the tracepoints of functions that return memory, twice: as they are, and with a field more for the call stack. One of
/// the two is recorded. Their fields begin as those of LTTng-UST's wrapper do.
macro_rules! events {
    ($($name:ident $callsite:ident ($($field:ident: $type:ty),*);)*) => {
        #[allow(dead_code)]
        mod event {
            use super::{Address, c_int};
            use ust::tracepoint;

            $(
                #[tracepoint(provider = "libc_mem", level = Debug, callsite = $callsite)]
                pub fn $name($($field: $type,)* call_site: Address);
            )*
            #[tracepoint(provider = "libc_mem", level = Debug, callsite = FREE)]
            pub fn free(ptr: Address, call_site: Address);
        }

        #[allow(dead_code)]
        mod with_stack {
            use super::{Address, c_int};
            use ust::tracepoint;

            $(
                #[tracepoint(provider = "libc_mem", level = Debug)]
                pub fn $name($($field: $type,)* call_site: Address, call_stack: &[Address]);
            )*
        }
    };
}

events! {
    malloc MALLOC (size: usize, ptr: Address);
    calloc CALLOC (nmemb: usize, size: usize, ptr: Address);
    realloc REALLOC (in_ptr: Address, size: usize, ptr: Address);
    reallocarray REALLOCARRAY (in_ptr: Address, nmemb: usize, size: usize, ptr: Address);
    memalign MEMALIGN (alignment: usize, size: usize, ptr: Address);
    aligned_alloc ALIGNED_ALLOC (alignment: usize, size: usize, ptr: Address);
    posix_memalign POSIX_MEMALIGN (out_ptr: Address, alignment: usize, size: usize, result: c_int);
    valloc VALLOC (size: usize, ptr: Address);
    pvalloc PVALLOC (size: usize, ptr: Address);
}

/// Records the event, with the call stack if that is wanted.
macro_rules! record {
    ($name:ident($($value:expr),*), $call_site:expr) => {
        if unwind::is_wanted() {
            unwind::with_call_stack($call_site, |call_stack| {
                with_stack::$name($($value,)* $call_site, call_stack);
            });
        } else {
            event::$name($($value,)* $call_site);
        }
    };
}

/// Functions that return memory. In a row, `instead` is what serves the call in place of the C library's function, if something
/// must; `also lttng`: there is an event of LTTng's, too.
macro_rules! allocates {
    ($(
        $name:ident $callsite:ident ($($argument:ident: $type:ty),*), $count:tt,
        instead: $instead:expr $(, also $lttng:ident)?;
    )*) => {$(
        const _: () = {
            begin!([$($lttng)?] $name $callsite $count);

            unsafe extern "C-unwind" fn first($($argument: $type),*) -> *mut c_void {
                // SAFETY: what the program asks for.
                $instead.unwrap_or_else(|| unsafe { real::$name($($argument),*) })
            }

            unsafe extern "C-unwind" fn traced(
                $($argument: $type,)*
                call_site: Address,
            ) -> *mut c_void {
                type Function = unsafe extern "C-unwind" fn($($type),*) -> *mut c_void;
                // SAFETY: a function of this name.
                let ordinary = unsafe { ORDINARY.function::<Function>() };
                // SAFETY: what the program asks for.
                let call = || unsafe { ordinary($($argument),*) };
                let (memory, duration) = durations::$name::timed(call);
                if !is_inside() {
                    record!($name($($argument,)* memory), call_site);
                    also!([$($lttng)?] $name($($argument),*) memory);
                    durations::$name::tell(memory, duration, call_site);
                }
                memory
            }
        };
    )*};
}

/// Other names of `free`. Of their arguments only the first counts, as C23 says of sizes.
macro_rules! also_free {
    ($($name:ident),*) => {$(
        /// As `free`.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(".cfi_startproc", jump!(), ".cfi_endproc", behind = sym free)
        }
    )*};
}

/// Begins a function whose event is the set's own, or one of LTTng's, too.
macro_rules! begin {
    ([] $name:ident $callsite:ident $count:tt) => {
        switched!($name => first, or traced, arguments: $count, if event::$callsite, event::$callsite);
    };
    ([lttng] $name:ident $callsite:ident $count:tt) => {
        switched!($name => first, or traced, arguments: $count, if event::$callsite, lttng::$callsite);
    };
}

/// Records the event of LTTng's, if there is one.
macro_rules! also {
    ([] $($rest:tt)*) => {};
    ([lttng] $name:ident($($argument:ident),*) $memory:ident) => {
        lttng::$name($($argument,)* $memory);
    };
}

allocates! {
    malloc MALLOC (size: usize), 1,
        instead: early_memory(Some(size), real::malloc::REAL), also lttng;
    calloc CALLOC (nmemb: usize, size: usize), 2,
        instead: early_memory(nmemb.checked_mul(size), real::calloc::REAL), also lttng;
    realloc REALLOC (in_ptr: *mut c_void, size: usize), 2,
        instead: moved(in_ptr, Some(size), real::realloc::REAL), also lttng;
    reallocarray REALLOCARRAY (in_ptr: *mut c_void, nmemb: usize, size: usize), 3,
        instead: moved(in_ptr, nmemb.checked_mul(size), real::reallocarray::REAL);
    memalign MEMALIGN (align: usize, size: usize), 2, instead: None, also lttng;
    aligned_alloc ALIGNED_ALLOC (align: usize, size: usize), 2, instead: None;
    valloc VALLOC (size: usize), 1, instead: None;
    pvalloc PVALLOC (size: usize), 1, instead: None;
}

/// Memory of the early pool, if the function behind the shim's cannot be called yet: this very thread is looking up one
/// of them. Null if `bytes` is a product that was too large.
#[inline(always)]
fn early_memory(bytes: Option<usize>, behind: &Real) -> Option<*mut c_void> {
    if !behind.known().is_null() || !is_inside() {
        return None;
    }
    unlikely();
    Some(bytes.map_or(ptr::null_mut(), |bytes| early::allocate(bytes, early::ALIGN)))
}

/// What `realloc` returns for memory of the early pool, and before there is a `realloc`.
#[inline(always)]
fn moved(old: *mut c_void, bytes: Option<usize>, behind: &Real) -> Option<*mut c_void> {
    if !early::owns(old) {
        return if old.is_null() { early_memory(bytes, behind) } else { None };
    }
    unlikely();
    // SAFETY: it is the pool's. A product that is too large is refused by the C library, which looks at nothing else.
    bytes.map(|bytes| unsafe { moved_from_pool(old, bytes) })
}

/// # Safety
/// The memory is the pool's.
#[cold]
unsafe fn moved_from_pool(old: *mut c_void, bytes: usize) -> *mut c_void {
    let new = early_memory(Some(bytes), real::malloc::REAL);
    // SAFETY: the caller's promise; the two do not overlap.
    unsafe {
        let new = new.unwrap_or_else(|| real::malloc(bytes));
        if !new.is_null() {
            let kept = early::length_of(old).min(bytes);
            ptr::copy_nonoverlapping(old.cast::<u8>(), new.cast(), kept);
        }
        new
    }
}

const _: () = {
    begin!([lttng] free FREE 1);

    unsafe extern "C-unwind" fn first(memory: *mut c_void) {
        if !early::owns(memory) && !is_looked_up_by_this_thread() {
            // SAFETY: what the program asks for.
            unsafe { real::free(memory) }
        }
    }

    unsafe extern "C-unwind" fn traced(memory: *mut c_void, call_site: Address) {
        // Before the call: behind it another thread may have the same memory, and say so first.
        if !is_inside() {
            event::free(memory, call_site);
            lttng::free(memory);
        }
        type Function = unsafe extern "C-unwind" fn(*mut c_void);
        // SAFETY: a function of this name.
        let ordinary = unsafe { ORDINARY.function::<Function>() };
        // SAFETY: what the program asks for.
        let ((), duration) = durations::free::timed(|| unsafe { ordinary(memory) });
        if !is_inside() {
            durations::free::tell(memory, duration, call_site);
        }
    }

    also_free!(cfree, free_sized, free_aligned_sized);
};

/// Whether `free` is not known yet, and this very thread is looking up functions. `dlsym` frees the message of a look-up that
/// failed before: that is left.
#[inline(always)]
fn is_looked_up_by_this_thread() -> bool {
    real::free::REAL.known().is_null() && is_inside()
}

entry!(posix_memalign => posix_memalign_from, arguments: 3);

unsafe extern "C" fn posix_memalign_from(
    out: *mut *mut c_void,
    align: usize,
    size: usize,
    call_site: Address,
) -> Code {
    // SAFETY: what the program asks for.
    let call = || unsafe { real::posix_memalign(out, align, size) };
    let (result, duration) = durations::posix_memalign::timed(call);
    if (event::posix_memalign::enabled() || lttng::posix_memalign::enabled()) && !is_inside() {
        // SAFETY: the C library has just written there, if it says so.
        let memory = if result.0 == 0 { unsafe { *out } } else { ptr::null_mut() };
        record!(posix_memalign(memory, align, size, result.0), call_site);
        lttng::posix_memalign(memory, align, size, result.0);
        durations::posix_memalign::tell(memory, duration, call_site);
    }
    result
}
