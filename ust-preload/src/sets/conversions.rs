//! Functions by which the C library may unload modules for character sets. They are not recorded; only
//! [call stacks](crate::unwind) must know. (Of streams it may be `fopen`, `freopen` and `fclose`, which [`io`](super::io) has.)
#![allow(unsafe_code)]

use crate::unwind;
use core::ffi::{c_char, c_int, c_void};

/// Passes calls on, and looks behind each.
macro_rules! conversions {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        mod real {
            use super::*;

            crate::real::real! {
                $(pub fn $name($($argument: $type),*) $(-> $result)?;)*
            }
        }

        $(
            /// In place of the C library's.
            ///
            /// # Safety
            /// As the C library says.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $name($($argument: $type),*) $(-> $result)? {
                // SAFETY: the caller's promise.
                let result = unsafe { real::$name($($argument),*) };
                unwind::an_object_may_have_gone();
                result
            }
        )*
    };
}

conversions! {
    fn iconv_open(to: *const c_char, from: *const c_char) -> *mut c_void;
    fn iconv_close(descriptor: *mut c_void) -> c_int;
    fn newlocale(mask: c_int, locale: *const c_char, base: *mut c_void) -> *mut c_void;
    fn __newlocale(mask: c_int, locale: *const c_char, base: *mut c_void) -> *mut c_void;
    fn freelocale(locale: *mut c_void);
    fn __freelocale(locale: *mut c_void);
}
