//! `libc_io`: descriptors and paths.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits, Mode, Pair, Text};
use crate::calls::{calls, forms};
use core::ffi::c_int;

calls! {
    provider = "libc_io", begin = "libc_io_begin";

    waiting fn open(path: Text, flags: Bits, mode: Mode) -> c_int, also open64, also __open, also __open64;
    waiting fn read(fd: c_int, buf: Address, count: usize) -> isize, also __read;
    waiting fn write(fd: c_int, buf: Address, count: usize) -> isize, also __write;
    waiting fn close(fd: c_int) -> c_int, also __close;
    quick fn lseek(fd: c_int, offset: i64, whence: c_int) -> i64, also lseek64, also __lseek;
    quick fn pipe(fds: Pair) -> c_int, also __pipe;
}

forms! {
    waiting fn __read_chk(fd: c_int, buf: Address, count: usize, size: usize) -> isize as read(fd, buf, count);
}
