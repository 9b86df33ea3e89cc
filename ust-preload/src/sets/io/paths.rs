//! Calls that are given a path.
#![allow(unsafe_code)]

use crate::argument::{Address, Argument, Bits, Fd, Mode, Text, has_read_path};
use crate::calls::{calls, forms};
use core::ffi::{c_char, c_int, c_uint, c_void};

calls! {
    provider = "libc_io", begin = "libc_io_begin";

    waiting fn stat(path: Text, buf: Address) -> c_int, also stat64;
    waiting fn lstat(path: Text, buf: Address) -> c_int, also lstat64;
    waiting fn fstatat(dirfd: Fd, path: Text, buf: Address, flags: Bits) -> c_int, also fstatat64;
    waiting fn statx(dirfd: Fd, path: Text, flags: Bits, mask: Bits, buf: Address) -> c_int;
    waiting fn statfs(path: Text, buf: Address) -> c_int, also statfs64;
    waiting fn statvfs(path: Text, buf: Address) -> c_int, also statvfs64;
    waiting fn access(path: Text, mode: c_int) -> c_int;
    waiting fn faccessat(dirfd: Fd, path: Text, mode: c_int, flags: Bits) -> c_int;
    waiting fn readlink(path: Text, buf: Address, size: usize) -> isize;
    waiting fn readlinkat(dirfd: Fd, path: Text, buf: Address, size: usize) -> isize;
    waiting fn realpath(path: Text, resolved: *mut c_char) -> *mut c_char, version "GLIBC_2.3";
    waiting fn getcwd(buf: *mut c_char, size: usize) -> *mut c_char;
    waiting fn chdir(path: Text) -> c_int;
    waiting fn mkdir(path: Text, mode: Mode) -> c_int;
    waiting fn mkdirat(dirfd: Fd, path: Text, mode: Mode) -> c_int;
    waiting fn mknod(path: Text, mode: Mode, device: u64) -> c_int;
    waiting fn mknodat(dirfd: Fd, path: Text, mode: Mode, device: u64) -> c_int;
    waiting fn mkfifo(path: Text, mode: Mode) -> c_int;
    waiting fn unlink(path: Text) -> c_int;
    waiting fn unlinkat(dirfd: Fd, path: Text, flags: Bits) -> c_int;
    waiting fn rmdir(path: Text) -> c_int;
    waiting fn remove(path: Text) -> c_int;
    waiting fn rename(path: Text, newpath: Text) -> c_int;
    waiting fn renameat(dirfd: Fd, path: Text, newdirfd: Fd, newpath: Text) -> c_int;
    waiting fn renameat2(dirfd: Fd, path: Text, newdirfd: Fd, newpath: Text, flags: Bits) -> c_int;
    waiting fn link(path: Text, newpath: Text) -> c_int;
    waiting fn linkat(dirfd: Fd, path: Text, newdirfd: Fd, newpath: Text, flags: Bits) -> c_int;
    waiting fn symlink(target: Text, path: Text) -> c_int;
    waiting fn symlinkat(target: Text, dirfd: Fd, path: Text) -> c_int;
    waiting fn chmod(path: Text, mode: Mode) -> c_int;
    waiting fn fchmodat(dirfd: Fd, path: Text, mode: Mode, flags: Bits) -> c_int;
    waiting fn chown(path: Text, uid: c_uint, gid: c_uint) -> c_int;
    waiting fn lchown(path: Text, uid: c_uint, gid: c_uint) -> c_int;
    waiting fn truncate(path: Text, length: i64) -> c_int, also truncate64;
    waiting fn mkstemp(template: Text) -> c_int, also mkstemp64;
    waiting fn mkostemp(template: Text, flags: Bits) -> c_int, also mkostemp64;
    waiting fn mkstemps(template: Text, suffix: c_int) -> c_int, also mkstemps64;
    waiting fn mkostemps(template: Text, suffix: c_int, flags: Bits) -> c_int, also mkostemps64;
    waiting fn mkdtemp(template: Text) -> *mut c_char;
    waiting fn opendir(path: Text) -> *mut c_void;
    waiting fn fdopendir(fd: Fd) -> *mut c_void;
    waiting fn closedir(dir: Address) -> c_int;
    waiting fn chroot(path: Text) -> c_int;
}

/// A device's number, as older programs give it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Device(*const u64);

impl Argument for Device {
    type Field = u64;

    fn field(self, error: c_int) -> u64 {
        // SAFETY: the C library has read it before the kernel read the path.
        if has_read_path(error) { unsafe { *self.0 } } else { 0 }
    }
}

forms! {
    waiting fn __readlink_chk(path: Text, buf: Address, size: usize, room: usize) -> isize as readlink(path, buf, size);
    waiting fn __readlinkat_chk(dirfd: Fd, path: Text, buf: Address, size: usize, room: usize) -> isize
        as readlinkat(dirfd, path, buf, size);
    waiting fn __realpath_chk(path: Text, resolved: *mut c_char, room: usize) -> *mut c_char as realpath(path, resolved);
    waiting fn __getcwd_chk(buf: *mut c_char, size: usize, room: usize) -> *mut c_char as getcwd(buf, size);
    waiting fn __xstat(version: c_int, path: Text, buf: Address) -> c_int as stat(path, buf), also __xstat64;
    waiting fn __lxstat(version: c_int, path: Text, buf: Address) -> c_int as lstat(path, buf), also __lxstat64;
    waiting fn __xmknod(version: c_int, path: Text, mode: Mode, device: Device) -> c_int as mknod(path, mode, device);
    waiting fn __xmknodat(version: c_int, dirfd: Fd, path: Text, mode: Mode, device: Device) -> c_int
        as mknodat(dirfd, path, mode, device);
    waiting fn __fxstatat(version: c_int, dirfd: Fd, path: Text, buf: Address, flags: Bits) -> c_int
        as fstatat(dirfd, path, buf, flags), also __fxstatat64;
}
