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
    // SAFETY: there are so many strings, and they live as long as the program.
    (number < count as usize).then(|| unsafe { CStr::from_ptr(*arguments.add(number)) })
}

/// Makes so many pthread keys, as a large host has. From the 32nd key on glibc allocates to set one. The library must not
/// allocate there, and does without its own key.
#[allow(unsafe_code)]
pub fn make_pthread_keys(keys: u32) {
    for _ in 0..keys {
        // SAFETY: a pointer to where the key goes.
        unsafe { libc::pthread_key_create(&mut 0, None) };
    }
}
