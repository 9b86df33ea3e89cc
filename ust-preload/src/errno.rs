//! The program's `errno`, which it finds as the C library left it.
#![allow(unsafe_code)]

use core::ffi::c_int;

/// Keeps `errno`: dropping this restores it.
pub struct Errno(c_int);

impl Errno {
    /// As it is now.
    #[inline(always)]
    pub fn keep() -> Self {
        // SAFETY: every thread has one.
        Self(unsafe { *libc::__errno_location() })
    }

    /// Its value.
    #[inline(always)]
    pub fn number(&self) -> c_int {
        self.0
    }
}

impl Drop for Errno {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = self.0 };
    }
}
