//! The arguments and results of C functions, as fields of events.
//!
//! A function of the shim is declared with these types in place of C's, which they are in memory. So one declaration says how
//! the function is called and what is recorded of a call.
//!
//! | type | C's | recorded |
//! | --- | --- | --- |
//! | numbers | the same | in decimal |
//! | [`Address`] | a pointer | in hexadecimal; what it points to is not read |
//! | [`Fd`] | `int`, a descriptor | in decimal; its path, if that is asked for |
//! | [`Text`] | `const char *` | the string, up to [`MAX_TEXT_BYTES`] |
//! | [`Mode`] | `mode_t` | in octal |
//! | [`Bits`] | `int` of flags | in hexadecimal |
//! | [`HexByte`] | a byte of data | in hexadecimal |
//! | [`Pair`] | `int[2]`, filled by the call | two numbers |
//! | [`Duration`] | `const struct timespec *` | in nanoseconds |
//! | [`Status`] | `int *`, filled by `wait` | a number |
//! | [`Peer`] | an address of a socket, and its length | as text |
//! | [`Code`] | `int`, an error number | in decimal |
//! | [`Character`] | `int`, a character or -1 | in decimal |
//! | [`Maybe`] | a pointer whose null may mean success | in hexadecimal |
#![allow(unsafe_code)]

mod descriptor;
mod peer;
mod short_text;
mod typed;
mod value;

pub use descriptor::Fd;
pub use peer::Peer;
pub(crate) use typed::typed;
pub use value::{Argument, Outcome};

use crate::readable::Reader;
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::ptr;
use ust_core::wire::{self, Base, Field};

/// A pointer.
pub type Address = *const c_void;

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Argument for $number {
            type Field = Self;

            #[inline(always)]
            fn field(self, _: c_int) -> Self {
                self
            }
        }
    )*};
}

numbers!(i32 i64 u32 u64 isize usize);

macro_rules! minus_one {
    ($($number:ty)*) => {$(
        impl Outcome for $number {
            #[inline(always)]
            fn error(self, errno: c_int) -> c_int {
                if self == -1 { errno } else { 0 }
            }

            fn missing() -> Self {
                -1
            }
        }
    )*};
}

minus_one!(i32 i64 isize);

impl<T> Argument for *const T {
    type Field = Address;

    #[inline(always)]
    fn field(self, _: c_int) -> Address {
        self.cast()
    }
}

impl<T> Argument for *mut T {
    type Field = Address;

    #[inline(always)]
    fn field(self, _: c_int) -> Address {
        self.cast_const().cast()
    }
}

/// Null, and `mmap`'s -1, are failures.
impl<T> Outcome for *mut T {
    #[inline(always)]
    fn error(self, errno: c_int) -> c_int {
        if self.is_null() || self.addr() == usize::MAX { errno } else { 0 }
    }

    fn missing() -> Self {
        ptr::null_mut()
    }
}

/// A pointer whose null does not say whether the call failed: a stream's end, say.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Maybe(*mut c_void);

impl Argument for Maybe {
    type Field = Address;

    #[inline(always)]
    fn field(self, _: c_int) -> Address {
        self.0
    }
}

impl Outcome for Maybe {
    fn error(self, _: c_int) -> c_int {
        0
    }

    fn missing() -> Self {
        Self(ptr::null_mut())
    }
}

/// A character, or -1, which does not say whether the call failed: at a stream's end, say.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Character(c_int);

impl Argument for Character {
    type Field = c_int;

    #[inline(always)]
    fn field(self, _: c_int) -> c_int {
        self.0
    }
}

impl Outcome for Character {
    fn error(self, _: c_int) -> c_int {
        0
    }

    fn missing() -> Self {
        Self(-1)
    }
}

macro_rules! never_fails {
    ($($number:ty)*) => {$(
        /// A count: how much was done.
        impl Outcome for $number {
            fn error(self, _: c_int) -> c_int {
                0
            }

            fn missing() -> Self {
                0
            }
        }
    )*};
}

never_fails!(u32 usize);

/// Nothing, which is recorded as 0.
impl Argument for () {
    type Field = c_int;

    fn field(self, _: c_int) -> c_int {
        0
    }
}

/// A function that returns nothing does not say whether it failed.
impl Outcome for () {
    fn error(self, _: c_int) -> c_int {
        0
    }

    fn missing() -> Self {}
}

/// An error number that is the result itself; 0 is success.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Code(pub c_int);

impl Argument for Code {
    type Field = c_int;

    #[inline(always)]
    fn field(self, _: c_int) -> c_int {
        self.0
    }
}

impl Outcome for Code {
    /// (`pthread_barrier_wait` returns -1 to one of its threads.)
    #[inline(always)]
    fn error(self, _: c_int) -> c_int {
        self.0.max(0)
    }

    fn missing() -> Self {
        Self(libc::ENOSYS)
    }
}

typed! {
    /// Permissions, in octal.
    Mode(c_uint): <c_uint as Field>::TYPE.number().shown_in(Base::Octal);
    /// Flags, in hexadecimal.
    Bits(c_uint): <c_uint as Field>::TYPE.number().shown_in(Base::Hexadecimal);
    /// A byte, in hexadecimal.
    HexByte(u8): <u8 as Field>::TYPE.number().shown_in(Base::Hexadecimal);
}

numbers!(Mode Bits);

/// Two descriptors that a call makes; -1 where it failed.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Pair(*mut [c_int; 2]);

impl Argument for Pair {
    type Field = [c_int; 2];

    #[inline(always)]
    fn field(self, error: c_int) -> [c_int; 2] {
        // SAFETY: the call succeeded, so it has written both.
        if error == 0 { unsafe { *self.0 } } else { [-1; 2] }
    }
}

/// A time span; -1 for none, or one that the kernel could not read.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Duration(*const libc::timespec);

impl Argument for Duration {
    type Field = i64;

    #[inline(always)]
    fn field(self, error: c_int) -> i64 {
        if self.0.is_null() || error == libc::EFAULT {
            return -1;
        }
        // SAFETY: the kernel has read it.
        let time = unsafe { *self.0 };
        time.tv_sec.wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec)
    }
}

/// A number that a successful call writes: how a child ended; -1 if the call failed, or the program does not want to know.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Status(*const c_int);

impl Argument for Status {
    type Field = c_int;

    #[inline(always)]
    fn field(self, error: c_int) -> c_int {
        if self.0.is_null() || error != 0 {
            return -1;
        }
        // SAFETY: the call succeeded, so it has written it.
        unsafe { *self.0 }
    }
}

/// The most bytes of a text that are recorded.
pub const MAX_TEXT_BYTES: usize = 4095;

/// Whether a call that ended with this error, or none, has read its path. Others may have failed before they looked at it, so
/// nobody knows whether it can be read.
pub fn has_read_path(error: c_int) -> bool {
    matches!(
        error,
        0 | libc::ENOENT
            | libc::EACCES
            | libc::EEXIST
            | libc::ENOTDIR
            | libc::EISDIR
            | libc::ELOOP
            | libc::ENOTEMPTY
            | libc::EXDEV
            | libc::EROFS
            | libc::EBUSY
            | libc::ENXIO
            | libc::ETXTBSY
    )
}

/// A string of C. Null is recorded as the empty text.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Text(pub *const c_char);

impl Text {
    /// Of a text that nobody has read yet: empty if it cannot be read.
    pub fn unread(self, reader: &mut Reader) -> wire::Text {
        let bytes = reader.length(self.0, MAX_TEXT_BYTES).unwrap_or(0);
        // SAFETY: it can be read up to its end.
        unsafe { wire::Text::from_raw(self.0.cast(), bytes) }
    }
}

impl Argument for Text {
    type Field = wire::Text;

    #[inline(always)]
    fn field(self, error: c_int) -> wire::Text {
        let (start, bytes) = if self.0.is_null() || !has_read_path(error) {
            (c"".as_ptr(), 0)
        } else {
            // SAFETY: the function that was called has read it, and says so.
            (self.0, unsafe { libc::strnlen(self.0, MAX_TEXT_BYTES) })
        };
        // SAFETY: as above.
        unsafe { wire::Text::from_raw(start.cast(), bytes) }
    }
}
