//! Calls that do nothing but wait.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits, Code, Duration, Fd};
use crate::calls::{calls, forms};
use core::ffi::{c_int, c_uint, c_ulong};

calls! {
    provider = "libc_io", begin = "libc_io_begin";

    waiting fn poll(fds: Address, nfds: c_ulong, timeout_ms: c_int) -> c_int;
    waiting fn ppoll(fds: Address, nfds: c_ulong, timeout: Duration, sigmask: Address) -> c_int;
    waiting fn select(nfds: c_int, readfds: Address, writefds: Address, exceptfds: Address, timeout: Address) -> c_int;
    waiting fn pselect(
        nfds: c_int, readfds: Address, writefds: Address, exceptfds: Address, timeout: Duration, sigmask: Address
    ) -> c_int;
    quick fn epoll_create1(flags: Bits) -> c_int;
    quick fn epoll_ctl(epfd: Fd, op: c_int, fd: Fd, event: Address) -> c_int;
    waiting fn epoll_wait(epfd: Fd, events: Address, maxevents: c_int, timeout_ms: c_int) -> c_int;
    waiting fn epoll_pwait(epfd: Fd, events: Address, maxevents: c_int, timeout_ms: c_int, sigmask: Address) -> c_int;
    waiting fn epoll_pwait2(
        epfd: Fd, events: Address, maxevents: c_int, timeout: Duration, sigmask: Address
    ) -> c_int;
    waiting fn nanosleep(duration_asked: Duration, remaining: Address) -> c_int;
    waiting fn clock_nanosleep(clock: c_int, flags: Bits, duration_asked: Duration, remaining: Address) -> Code;
    waiting fn usleep(microseconds: c_uint) -> c_int;
    waiting fn sleep(seconds: c_uint) -> c_uint;
    waiting fn pause() -> c_int;
    waiting fn sigwait(set: Address, signal: Address) -> Code;
    waiting fn sigwaitinfo(set: Address, info: Address) -> c_int;
    waiting fn sigtimedwait(set: Address, info: Address, timeout: Duration) -> c_int;
    waiting fn sigsuspend(set: Address) -> c_int;
}

forms! {
    waiting fn __poll_chk(fds: Address, nfds: c_ulong, timeout_ms: c_int, size: usize) -> c_int
        as poll(fds, nfds, timeout_ms);
    waiting fn __ppoll_chk(fds: Address, nfds: c_ulong, timeout: Duration, sigmask: Address, size: usize) -> c_int
        as ppoll(fds, nfds, timeout, sigmask);
}
