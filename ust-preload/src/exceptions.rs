//! The unwinder's functions, looked for at the first one that is called.
//!
//! ```text
//!   an exception passes through a call --> our frame's personality --> _Unwind_GetIP --> find --> libgcc_s's, by a jump
//! ```
//!
//! Rust's code names them, so the linker would make every program load `libgcc_s` when it starts. Most programs need it never,
//! and loading it takes as long as everything else that the shim does at a start. So the names are defined here, for this
//! object alone. What unwinds has brought an unwinder with it, and that one is found; a panic of our own loads one. The look-up
//! takes away what `dlerror` has to tell the thread: that cannot be put back.
#![allow(unsafe_code)]

use crate::entry::jump;
use crate::pass_on::call_and_jump;
use crate::real::c_text;
use core::ffi::{CStr, c_void};
use core::ptr;
use ust::inside::Inside;
use ust_core::sync::{AtomicPtr, Ordering};

const LIBRARY: &CStr = c"libgcc_s.so.1";

/// Where the function of this name is.
// Relaxed: code, which stays.
fn find(name: &CStr, found: &AtomicPtr<c_void>) -> *const c_void {
    let mut function = found.load(Ordering::Relaxed);
    if function.is_null() {
        function = look_up(name);
        found.store(function, Ordering::Relaxed);
    }
    function
}

#[cold]
fn look_up(name: &CStr) -> *mut c_void {
    let _inside = Inside::new();
    // SAFETY: C strings. A library that is not found leaves a null, with which nothing else is called.
    let found = unsafe {
        match libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) {
            found if !found.is_null() => found,
            _ => match libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW) {
                library if library.is_null() => ptr::null_mut(),
                library => libc::dlsym(library, name.as_ptr()),
            },
        }
    };
    // SAFETY: no condition. It takes away the message of what was not found at first.
    unsafe { libc::dlerror() };
    // A panic that nobody can unwind ends the process, as Rust has it.
    if found.is_null() { libc::abort as *mut c_void } else { found }
}

/// Defines functions of the unwinder as jumps to it, by names that no other object sees.
macro_rules! unwinder {
    ($($name:ident)*) => {$(
        #[allow(non_snake_case)]
        mod $name {
            use super::*;

            core::arch::global_asm!(
                concat!(".hidden ", stringify!($name)),
                concat!(".globl ", stringify!($name)),
                concat!(stringify!($name), ":"),
                ".cfi_startproc",
                jump!(),
                ".cfi_endproc",
                behind = sym pass_on,
            );

            #[unsafe(naked)]
            unsafe extern "C" fn pass_on() {
                call_and_jump!(target)
            }

            extern "C" fn target() -> *const c_void {
                static FOUND: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
                find(c_text(concat!(stringify!($name), "\0")), &FOUND)
            }
        }
    )*};
}

unwinder! {
    _Unwind_Backtrace
    _Unwind_DeleteException
    _Unwind_FindEnclosingFunction
    _Unwind_ForcedUnwind
    _Unwind_GetCFA
    _Unwind_GetDataRelBase
    _Unwind_GetGR
    _Unwind_GetIP
    _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData
    _Unwind_GetRegionStart
    _Unwind_GetTextRelBase
    _Unwind_RaiseException
    _Unwind_Resume
    _Unwind_SetGR
    _Unwind_SetIP
}
