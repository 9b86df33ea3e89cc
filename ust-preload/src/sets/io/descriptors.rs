//! Calls that are given a descriptor, and those that make one without a path.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits, Fd, Mode, Pair};
use crate::calls::{calls, forms};
use crate::data::{Buffer, Vectors};
use core::ffi::{c_int, c_uint, c_ulong};

calls! {
    provider = "libc_io", begin = "libc_io_begin";

    waiting fn read(fd: Fd, buf: Address, count: usize) -> isize, also __read, data read(fd, Buffer(buf, count));
    waiting fn write(fd: Fd, buf: Address, count: usize) -> isize, also __write, data written(fd, Buffer(buf, count));
    waiting fn pread(fd: Fd, buf: Address, count: usize, offset: i64) -> isize, also pread64, also __pread64,
        data read(fd, Buffer(buf, count));
    waiting fn pwrite(fd: Fd, buf: Address, count: usize, offset: i64) -> isize, also pwrite64, also __pwrite64,
        data written(fd, Buffer(buf, count));
    waiting fn readv(fd: Fd, iov: Address, iovcnt: c_int) -> isize, data read(fd, Vectors(iov, iovcnt));
    waiting fn writev(fd: Fd, iov: Address, iovcnt: c_int) -> isize, data written(fd, Vectors(iov, iovcnt));
    waiting fn preadv(fd: Fd, iov: Address, iovcnt: c_int, offset: i64) -> isize, also preadv64,
        data read(fd, Vectors(iov, iovcnt));
    waiting fn pwritev(fd: Fd, iov: Address, iovcnt: c_int, offset: i64) -> isize, also pwritev64,
        data written(fd, Vectors(iov, iovcnt));
    waiting fn preadv2(fd: Fd, iov: Address, iovcnt: c_int, offset: i64, flags: Bits) -> isize, also preadv64v2,
        data read(fd, Vectors(iov, iovcnt));
    waiting fn pwritev2(fd: Fd, iov: Address, iovcnt: c_int, offset: i64, flags: Bits) -> isize, also pwritev64v2,
        data written(fd, Vectors(iov, iovcnt));

    waiting fn close(fd: Fd) -> c_int, also __close;
    waiting fn close_range(first: c_uint, last: c_uint, flags: Bits) -> c_int;
    waiting fn closefrom(first: c_int) -> ();
    quick fn dup(oldfd: Fd) -> c_int;
    waiting fn dup2(oldfd: Fd, newfd: c_int) -> c_int, also __dup2;
    waiting fn dup3(oldfd: Fd, newfd: c_int, flags: Bits) -> c_int;
    waiting fn fcntl(fd: Fd, cmd: c_int, arg: c_ulong) -> c_int, also fcntl64, also __fcntl;
    waiting fn ioctl(fd: Fd, request: c_ulong, arg: c_ulong) -> c_int;
    quick fn pipe(fds: Pair) -> c_int, also __pipe;
    quick fn pipe2(fds: Pair, flags: Bits) -> c_int;
    quick fn eventfd(initial: c_uint, flags: Bits) -> c_int;
    quick fn memfd_create(name: crate::argument::Text, flags: Bits) -> c_int;

    quick fn lseek(fd: Fd, offset: i64, whence: c_int) -> i64, also lseek64, also __lseek;
    waiting fn fsync(fd: Fd) -> c_int;
    waiting fn fdatasync(fd: Fd) -> c_int;
    waiting fn syncfs(fd: Fd) -> c_int;
    waiting fn sync() -> ();
    waiting fn sync_file_range(fd: Fd, offset: i64, length: i64, flags: Bits) -> c_int;
    waiting fn msync(addr: Address, length: usize, flags: Bits) -> c_int;
    waiting fn ftruncate(fd: Fd, length: i64) -> c_int, also ftruncate64;
    waiting fn fallocate(fd: Fd, mode: Bits, offset: i64, length: i64) -> c_int, also fallocate64;
    waiting fn posix_fallocate(fd: Fd, offset: i64, length: i64) -> crate::argument::Code, also posix_fallocate64;
    waiting fn copy_file_range(
        fd: Fd, offset: Address, out_fd: Fd, out_offset: Address, count: usize, flags: Bits
    ) -> isize;
    waiting fn sendfile(out_fd: Fd, fd: Fd, offset: Address, count: usize) -> isize, also sendfile64;
    waiting fn splice(
        fd: Fd, offset: Address, out_fd: Fd, out_offset: Address, count: usize, flags: Bits
    ) -> isize;
    waiting fn tee(fd: Fd, out_fd: Fd, count: usize, flags: Bits) -> isize;
    waiting fn vmsplice(fd: Fd, iov: Address, iovcnt: usize, flags: Bits) -> isize;
    waiting fn flock(fd: Fd, operation: Bits) -> c_int;
    waiting fn lockf(fd: Fd, cmd: c_int, length: i64) -> c_int, also lockf64;

    waiting fn fstat(fd: Fd, buf: Address) -> c_int, also fstat64;
    waiting fn fstatfs(fd: Fd, buf: Address) -> c_int, also fstatfs64;
    waiting fn fstatvfs(fd: Fd, buf: Address) -> c_int, also fstatvfs64;
    waiting fn fchmod(fd: Fd, mode: Mode) -> c_int;
    waiting fn fchown(fd: Fd, uid: c_uint, gid: c_uint) -> c_int;
    waiting fn fchdir(fd: Fd) -> c_int;
    waiting fn getdents64(fd: Fd, buf: Address, count: usize) -> isize;
}

forms! {
    waiting fn __read_chk(fd: Fd, buf: Address, count: usize, size: usize) -> isize as read(fd, buf, count),
        data read(fd, Buffer(buf, count));
    waiting fn __pread_chk(fd: Fd, buf: Address, count: usize, offset: i64, size: usize) -> isize
        as pread(fd, buf, count, offset), also __pread64_chk,
        data read(fd, Buffer(buf, count));
    waiting fn __fxstat(version: c_int, fd: Fd, buf: Address) -> c_int as fstat(fd, buf), also __fxstat64;
}
