//! Texts of the system: paths, file names, arguments. Their bytes are recorded as they are, whatever their encoding.

#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{Field, FieldType, Text};

macro_rules! texts {
    ($($text:ty, |$value:ident| $bytes:expr;)*) => {$(
        // SAFETY: everything is delegated to the text, whose bytes stay as they are while they are borrowed.
        unsafe impl Field for $text {
            const TYPE: &'static FieldType = Text::TYPE;
            const FIXED_SIZE_BYTES: Option<usize> = None;

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                let $value = self;
                Text::from_bytes($bytes).size_bytes()
            }

            #[inline(always)]
            fn is_short(&self) -> bool {
                let $value = self;
                Text::from_bytes($bytes).is_short()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = self;
                // SAFETY: the same contract.
                unsafe { Text::from_bytes($bytes).encode(dst) }
            }

            #[inline]
            unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
                let $value = self;
                // SAFETY: the same contract.
                unsafe { Text::from_bytes($bytes).encode_cut(dst, room) }
            }
        }
    )*};
}

texts! {
    OsStr, |text| text.as_bytes();
    Path, |path| path.as_os_str().as_bytes();
}
