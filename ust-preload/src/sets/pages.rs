//! `libc_mem`, of pages: memory that a program asks the kernel for.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits};
use crate::calls::calls;
use core::ffi::{c_int, c_void};

calls! {
    provider = "libc_mem", begin = "libc_mem_begin";

    quick fn mmap(addr: Address, length: usize, prot: Bits, flags: Bits, fd: c_int, offset: i64) -> *mut c_void,
        also mmap64;
    quick fn munmap(addr: Address, length: usize) -> c_int;
    quick fn mremap(old: Address, old_length: usize, new_length: usize, flags: Bits, new: Address) -> *mut c_void;
    quick fn madvise(addr: Address, length: usize, advice: c_int) -> c_int;
    quick fn mprotect(addr: Address, length: usize, prot: Bits) -> c_int;
    quick fn brk(addr: Address) -> c_int;
    quick fn sbrk(increment: isize) -> *mut c_void;
}
