//! What points to a field, or owns one, is that field.
//!
//! ```text
//!   &T  &mut T  Box<T>  Rc<T>  Arc<T>  Cow<T>     T
//!   String      str                                Vec<T>      [T]
//!   PathBuf     Path                               OsString    OsStr
//!   CString     CStr                               bytes::Bytes [u8]    (feature `bytes`)
//! ```
//!
//! Owners have one value as long as they are borrowed: none of them changes what it points to behind a shared reference.
//! A `Cow` of a type with a `ToOwned` of its own could: its `Borrow` is the program's code. So `Cow` is a field only of types
//! whose owner is known.

#![allow(unsafe_code)]

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::{Field, FieldType};

/// Makes a type that dereferences to a field a field.
macro_rules! pointers {
    ($([$($generics:tt)*] $pointer:ty => $target:ty;)*) => {$(
        // SAFETY: everything is delegated to what it points to, which stays where it is and what it is while the pointer is
        // borrowed.
        unsafe impl<$($generics)*> Field for $pointer {
            const TYPE: &'static FieldType = <$target>::TYPE;
            const FIXED_SIZE_BYTES: Option<usize> = <$target>::FIXED_SIZE_BYTES;

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                <$target as Field>::size_bytes(self)
            }

            #[inline(always)]
            fn is_short(&self) -> bool {
                <$target as Field>::is_short(self)
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                // SAFETY: the same contract.
                unsafe { <$target as Field>::encode(self, dst) }
            }

            #[inline]
            unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
                // SAFETY: the same contract.
                unsafe { <$target as Field>::encode_cut(self, dst, room) }
            }
        }
    )*};
}

pointers! {
    [T: Field + ?Sized] &T => T;
    [T: Field + ?Sized] &mut T => T;
    [T: Field + ?Sized] Box<T> => T;
    [T: Field + ?Sized] Rc<T> => T;
    [T: Field + ?Sized] Arc<T> => T;
    [T: Field + Clone] Cow<'_, T> => T;
    [T: Field + Clone] Cow<'_, [T]> => [T];
    [] Cow<'_, str> => str;
    [] Cow<'_, CStr> => CStr;
    [] Cow<'_, OsStr> => OsStr;
    [] Cow<'_, Path> => Path;
    [T: Field] Vec<T> => [T];
    [] String => str;
    [] PathBuf => Path;
    [] OsString => OsStr;
    [] CString => CStr;
}

#[cfg(feature = "bytes")]
pointers! {
    [] bytes::Bytes => [u8];
    [] bytes::BytesMut => [u8];
}
