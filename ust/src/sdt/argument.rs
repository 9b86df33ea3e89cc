//! What a probe tells of a value: an argument of one word or of two.
//!
//! | value | words |
//! | --- | --- |
//! | integer, `bool`, `char`, raw pointer | itself |
//! | `&str`, `&[T]`, paths, `String`, `Vec<T>`, text of `{}` or `{:?}` | where it lies, and how long it is |
//! | `&CStr` | where it lies |
//! | other references to sized types | the address |
//!
//! Anything else has no place that the note could name, and is left out.

use core::ffi::CStr;
use std::ffi::OsStr;
use std::path::Path;
use ust_core::wire::Formatted;

/// A value that a probe tells.
pub trait Argument {
    /// The sizes of its words, negative if they are signed. 0 stands for no word.
    const SIZES: [i64; 2];

    /// The words, extended to 64 bits. A word that does not exist is the same as the other: it then takes no register.
    fn words(&self) -> [u64; 2];
}

/// A value, of which the compiler finds out whether it is an [`Argument`]: then `argument` is inherent, else that of
/// [`NoArgument`].
#[derive(Debug)]
pub struct Told<'a, T>(pub &'a T);

/// A value that is left out.
#[derive(Debug)]
pub struct Absent;

impl<'a, T: Argument> Told<'a, T> {
    /// The value.
    #[inline(always)]
    pub const fn argument(&self) -> &'a T {
        self.0
    }
}

/// What [`Told`] says of a value that is no argument.
pub trait NoArgument {
    /// Nothing.
    #[inline(always)]
    fn argument(&self) -> &'static Absent {
        &Absent
    }
}

impl<T> NoArgument for Told<'_, T> {}

impl Argument for Absent {
    const SIZES: [i64; 2] = [0; 2];

    #[inline(always)]
    fn words(&self) -> [u64; 2] {
        [0; 2]
    }
}

macro_rules! argument {
    ($(@$T:ident)? $ty:ty, $sizes:expr, |$it:ident| $words:expr) => {
        impl $(<$T>)? Argument for $ty {
            const SIZES: [i64; 2] = $sizes;

            #[inline(always)]
            fn words(&self) -> [u64; 2] {
                let $it = self;
                $words
            }
        }
    };
}

macro_rules! numbers {
    ($($ty:ty),*; $($signed:ty),*) => {
        $(argument!($ty, [size_of::<$ty>() as i64, 0], |it| [*it as u64; 2]);)*
        $(argument!($signed, [-(size_of::<$signed>() as i64), 0], |it| [*it as u64; 2]);)*
    };
}

numbers!(bool, char, u8, u16, u32, u64, usize; i8, i16, i32, i64, isize);

/// The size of an address.
const ADDRESS: i64 = size_of::<usize>() as i64;

macro_rules! places {
    ($($(@$T:ident)? $ty:ty, |$it:ident| $bytes:expr);* $(;)?) => {
        $(argument!($(@$T)? $ty, [ADDRESS; 2], |$it| {
            let bytes = $bytes;
            [bytes.as_ptr().addr() as u64, bytes.len() as u64]
        });)*
    };
}

places! {
    &str, |it| it;
    @T &[T], |it| it;
    &OsStr, |it| it.as_encoded_bytes();
    &Path, |it| it.as_os_str().as_encoded_bytes();
    String, |it| it;
    @T Vec<T>, |it| it;
    Formatted, |it| it.as_bytes();
}

argument!(&CStr, [ADDRESS, 0], |it| [it.as_ptr().addr() as u64; 2]);
argument!(@T &T, [ADDRESS, 0], |it| [core::ptr::from_ref(*it).addr() as u64; 2]);
argument!(@T *const T, [ADDRESS, 0], |it| [it.addr() as u64; 2]);
argument!(@T *mut T, [ADDRESS, 0], |it| [it.addr() as u64; 2]);
