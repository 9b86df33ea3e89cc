//! How processes begin and end, and who they are.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits, Status, Text};
use crate::calls::calls;
use crate::pass_on::pass_on;
use core::ffi::{c_int, c_uint, c_void};
use ust::inside::is_inside;

calls! {
    provider = "proc", begin = "proc_begin";

    quick fn fork() -> c_int, also __fork;
    quick fn daemon(nochdir: c_int, noclose: c_int) -> c_int;
    quick fn forkpty(fd: Address, name: Address, termios: Address, size: Address) -> c_int;
    waiting fn wait(status: Status) -> c_int;
    waiting fn waitpid(pid: c_int, status: Status, options: Bits) -> c_int, also __waitpid;
    waiting fn wait3(status: Status, options: Bits, usage: Address) -> c_int;
    waiting fn wait4(pid: c_int, status: Status, options: Bits, usage: Address) -> c_int;
    waiting fn waitid(kind: c_int, id: c_uint, info: Address, options: Bits) -> c_int;

    quick fn setuid(uid: c_uint) -> c_int;
    quick fn seteuid(uid: c_uint) -> c_int;
    quick fn setreuid(uid: c_uint, euid: c_uint) -> c_int;
    quick fn setresuid(uid: c_uint, euid: c_uint, suid: c_uint) -> c_int;
    quick fn setfsuid(uid: c_uint) -> c_int;
    quick fn setgid(gid: c_uint) -> c_int;
    quick fn setegid(gid: c_uint) -> c_int;
    quick fn setregid(gid: c_uint, egid: c_uint) -> c_int;
    quick fn setresgid(gid: c_uint, egid: c_uint, sgid: c_uint) -> c_int;
    quick fn setfsgid(gid: c_uint) -> c_int;
    quick fn initgroups(user: Text, gid: c_uint) -> c_int;
    quick fn setgroups(count: usize, list: Address) -> c_int;
    quick fn setpgid(pid: c_int, group: c_int) -> c_int;
    quick fn setsid() -> c_int;
    quick fn setns(fd: c_int, kind: Bits) -> c_int;
    quick fn unshare(flags: Bits) -> c_int;
}

mod real_vfork {
    use core::ffi::c_int;

    crate::real::real! {
        pub fn vfork() -> c_int;
    }
}

#[allow(dead_code)]
mod forked {
    #[ust::tracepoint(provider = "proc", level = Debug)]
    pub fn vfork();
}

pass_on!(vfork => before_vfork);

/// It returns twice on one stack: only the call is seen.
unsafe extern "C" fn before_vfork() -> *mut c_void {
    if !is_inside() {
        forked::vfork();
    }
    ust::__private::before_vfork();
    real_vfork::vfork::REAL.address()
}
