//! Calls that open a file by its path.
#![allow(unsafe_code)]

use crate::argument::{Bits, Fd, Mode, Text};
use crate::calls::{events, forms};
use core::ffi::{c_int, c_uint};

events! {
    provider = "libc_io", begin = "libc_io_begin";
    waiting open(path: Text, flags: Bits, mode: Mode) -> c_int;
    waiting openat(dirfd: Fd, path: Text, flags: Bits, mode: Mode) -> c_int;
    waiting creat(path: Text, mode: Mode) -> c_int;
}

/// The mode, which a program only gives with these flags: what is there otherwise is anything.
fn given(flags: Bits, mode: Mode) -> Mode {
    const O_TMPFILE: c_uint = libc::O_TMPFILE as c_uint;
    let is_given = flags.0 & libc::O_CREAT as c_uint != 0 || flags.0 & O_TMPFILE == O_TMPFILE;
    if is_given { mode } else { Mode(0) }
}

forms! {
    waiting fn open(path: Text, flags: Bits, mode: Mode) -> c_int as open(path, flags, given(flags, mode)),
        also open64, also __open, also __open64;
    waiting fn __open_2(path: Text, flags: Bits) -> c_int as open(path, flags, Mode(0)), also __open64_2;
    waiting fn openat(dirfd: Fd, path: Text, flags: Bits, mode: Mode) -> c_int
        as openat(dirfd, path, flags, given(flags, mode)), also openat64;
    waiting fn __openat_2(dirfd: Fd, path: Text, flags: Bits) -> c_int
        as openat(dirfd, path, flags, Mode(0)), also __openat64_2;
    waiting fn creat(path: Text, mode: Mode) -> c_int as creat(path, mode), also creat64;
}
