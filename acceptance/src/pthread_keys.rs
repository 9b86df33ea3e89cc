//! Pthread keys that are there before the library's own, as in a large host: from the 32nd on glibc allocates to set one,
//! and the library, which must not, does without.

/// A function in `.init_array`: glibc calls it with the arguments of `main`.
pub type Constructor = extern "C" fn(libc::c_int, *const *const libc::c_char);

/// Makes so many.
#[allow(unsafe_code)]
pub fn make(keys: libc::c_int) {
    for _ in 0..keys {
        // SAFETY: a pointer to where the key goes.
        unsafe { libc::pthread_key_create(&mut 0, None) };
    }
}
