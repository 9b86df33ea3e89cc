//! What the shim does when it is loaded, in the child of a fork, and at the program's end.
#![allow(unsafe_code)]

use crate::sets::{func, waits};
use crate::{call_stack, objects};
use core::ffi::CStr;
use ust_core::shim::{OPTIONS_VARIABLE, Options};

#[used]
#[unsafe(link_section = ".init_array")]
static LOADED: extern "C" fn() = loaded;

#[used]
#[unsafe(link_section = ".fini_array")]
static ENDING: extern "C" fn() = objects::tell_at_end;

extern "C" fn loaded() {
    // Constructors come in any order. Events that are on already are on from here.
    ust::__private::register_module();
    func::limit(&options());
    // These may be called first in a signal handler, where the loader must not be asked.
    waits::real::sem_post::REAL.address();
    func::look_up();
    // SAFETY: a function that stays linked. Without memory for it, children tell less.
    unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    objects::tell();
}

unsafe extern "C" fn forked() {
    objects::forget();
    call_stack::keep_only_own();
}

/// What the recorder asks for.
fn options() -> Options {
    let mut name = [0; OPTIONS_VARIABLE.len() + 1];
    name[..OPTIONS_VARIABLE.len()].copy_from_slice(OPTIONS_VARIABLE.as_bytes());
    // SAFETY: a C string. Nothing else runs yet that could change the environment.
    let value = unsafe { libc::getenv(name.as_ptr().cast()) };
    if value.is_null() {
        return Options::default();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(value) }.to_str().map(Options::parse).unwrap_or_default()
}
