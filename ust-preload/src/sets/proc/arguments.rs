//! The arguments of a program that is started: an array of strings, as a sequence.
#![allow(unsafe_code)]

use crate::argument::{Argument, Text};
use crate::readable::Reader;
use core::ffi::{c_char, c_int};
use core::mem::MaybeUninit;
use core::slice;
use ust_core::wire::{self, Field, FieldType};

/// The most arguments that are recorded.
const MAX_ARGUMENTS: usize = 64;

/// `char *const argv[]`, the last one null. Nobody may have read it yet: what cannot be read is recorded as empty.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Arguments(pub *const *const c_char);

impl Argument for Arguments {
    type Field = SeenArguments;

    fn field(self, _: c_int) -> SeenArguments {
        let mut seen = SeenArguments { all: [MaybeUninit::uninit(); MAX_ARGUMENTS], count: 0 };
        // The strings lie beside each other, and not beside the array.
        let (mut array, mut strings) = (Reader::new(), Reader::new());
        while seen.count < MAX_ARGUMENTS {
            match array.read(self.0.wrapping_add(seen.count)) {
                Some(argument) if !argument.is_null() => {
                    seen.all[seen.count].write(Text(argument).unread(&mut strings));
                    seen.count += 1;
                }
                _ => break,
            }
        }
        seen
    }
}

/// Arguments whose lengths have been taken.
#[derive(Clone, Copy)]
pub struct SeenArguments {
    all: [MaybeUninit<wire::Text>; MAX_ARGUMENTS],
    count: usize,
}

impl SeenArguments {
    fn as_slice(&self) -> &[wire::Text] {
        // SAFETY: so many have been written.
        unsafe { slice::from_raw_parts(self.all.as_ptr().cast(), self.count) }
    }
}

// SAFETY: as a slice's.
unsafe impl Field for SeenArguments {
    const TYPE: &'static FieldType = <&[wire::Text]>::TYPE;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    fn size_bytes(&self) -> usize {
        self.as_slice().size_bytes()
    }

    fn is_short(&self) -> bool {
        false
    }

    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.as_slice().encode(dst) }
    }
}
