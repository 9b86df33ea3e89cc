//! What programs do before `main`, beside the library's own constructor (`.init_array.00100`).

use core::ffi::CStr;
use libc::{c_char, c_int};

/// A function in `.init_array`: glibc calls it with the arguments of `main`.
pub type Constructor = extern "C" fn(c_int, *const *const c_char);

/// The argument with that number, if there is one.
///
/// # Safety
/// The others are what a [`Constructor`] was called with.
#[allow(unsafe_code)]
pub unsafe fn argument(
    number: usize,
    count: c_int,
    arguments: *const *const c_char,
) -> Option<&'static CStr> {
    // SAFETY: so many strings are there, as long as the program.
    (number < count as usize).then(|| unsafe { CStr::from_ptr(*arguments.add(number)) })
}

/// Makes so many pthread keys, as a large host has: from the 32nd on glibc allocates to set one, and the library, which
/// must not, does without its own.
#[allow(unsafe_code)]
pub fn make_pthread_keys(keys: u32) {
    for _ in 0..keys {
        // SAFETY: a pointer to where the key goes.
        unsafe { libc::pthread_key_create(&mut 0, None) };
    }
}
