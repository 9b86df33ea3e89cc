//! Streams of stdio, one character at a time: an event for each, where the C library itself makes a system call for thousands.
//!
//! Compilers put the `_unlocked` functions into the program where they can, and then nobody calls them but at the end of a buffer.
#![allow(unsafe_code)]

use crate::argument::{Address, Character};
use crate::calls::{calls, forms};
use core::ffi::c_int;

calls! {
    provider = "libc_io", begin = "libc_io_begin";

    waiting fn getc(stream: Address) -> Character, also _IO_getc;
    waiting fn fgetc(stream: Address) -> Character;
    waiting fn getchar() -> Character;
    quick fn ungetc(c: c_int, stream: Address) -> Character, also _IO_ungetc;
    waiting fn putc(c: c_int, stream: Address) -> c_int, also _IO_putc;
    waiting fn fputc(c: c_int, stream: Address) -> c_int;
    waiting fn putchar(c: c_int) -> c_int;
}

forms! {
    waiting fn getc_unlocked(stream: Address) -> Character as getc(stream);
    waiting fn fgetc_unlocked(stream: Address) -> Character as fgetc(stream);
    waiting fn getchar_unlocked() -> Character as getchar();
    waiting fn putc_unlocked(c: c_int, stream: Address) -> c_int as putc(c, stream);
    waiting fn fputc_unlocked(c: c_int, stream: Address) -> c_int as fputc(c, stream);
    waiting fn putchar_unlocked(c: c_int) -> c_int as putchar(c);
}
