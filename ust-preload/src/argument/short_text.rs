//! Texts that the shim makes, on the stack.
#![allow(unsafe_code)]

use core::fmt;
use ust_core::wire::{self, Field, FieldType};

/// Room for the longest: a socket's path of the kernel's 108 bytes, and what stands before it.
const MAX_BYTES: usize = 128;

/// A short text of its own.
#[derive(Clone, Copy)]
pub struct ShortText {
    bytes: [u8; MAX_BYTES],
    length: usize,
}

impl ShortText {
    /// An empty one.
    pub fn new() -> Self {
        Self { bytes: [0; MAX_BYTES], length: 0 }
    }

    /// Adds bytes. What does not fit is cut.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = &mut self.bytes[self.length..];
        let fitting = bytes.len().min(room.len());
        room[..fitting].copy_from_slice(&bytes[..fitting]);
        self.length += fitting;
    }

    /// Where it begins.
    pub fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }

    fn as_text(&self) -> wire::Text {
        // SAFETY: its own bytes.
        unsafe { wire::Text::from_raw(self.bytes.as_ptr(), self.length) }
    }
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

// SAFETY: as a text's: this one does not change while it is borrowed.
unsafe impl Field for ShortText {
    const TYPE: &'static FieldType = wire::Text::TYPE;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.as_text().size_bytes()
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.as_text().is_short()
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.as_text().encode(dst) }
    }
}
