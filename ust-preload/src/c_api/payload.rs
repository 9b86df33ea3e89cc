//! Fields that a function of the program writes.

use super::header::Encode;
use core::ffi::c_void;
use ust_core::wire::Payload;

/// See the module page.
#[derive(Clone, Copy)]
pub struct Fields {
    bytes: usize,
    encode: Encode,
    fields: *const c_void,
}

impl Fields {
    /// Fields of that many bytes.
    ///
    /// # Safety
    /// `encode` writes exactly as many, from `fields`, as often as it is called, and does not unwind.
    pub unsafe fn new(bytes: usize, encode: Encode, fields: *const c_void) -> Self {
        Self { bytes, encode, fields }
    }
}

// SAFETY: `new`'s promise.
unsafe impl Payload for Fields {
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.bytes
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        // It is a call in any case.
        true
    }

    #[inline(always)]
    unsafe fn encode(&self, at: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends as many bytes, and `new`'s promise.
        unsafe { (self.encode)(self.fields, at) }
    }
}
