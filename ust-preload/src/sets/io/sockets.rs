//! Sockets. Addresses are recorded as text.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits, Fd, Pair, Peer};
use crate::calls::{events, forms};
use crate::data::{Buffer, Message, Messages};
use core::ffi::{c_int, c_uint};
use libc::{sockaddr, socklen_t};

events! {
    provider = "libc_io", begin = "libc_io_begin";
    quick socket(domain: c_int, kind: Bits, protocol: c_int) -> c_int;
    quick socketpair(domain: c_int, kind: Bits, protocol: c_int, fds: Pair) -> c_int;
    waiting bind(fd: Fd, addr: Peer) -> c_int;
    quick listen(fd: Fd, backlog: c_int) -> c_int;
    waiting connect(fd: Fd, addr: Peer) -> c_int;
    waiting accept(fd: Fd, addr: Peer, flags: Bits) -> c_int;
    waiting shutdown(fd: Fd, how: c_int) -> c_int;
    waiting send(fd: Fd, buf: Address, count: usize, flags: Bits) -> isize;
    waiting sendto(fd: Fd, buf: Address, count: usize, flags: Bits, addr: Peer) -> isize;
    waiting sendmsg(fd: Fd, msg: Address, flags: Bits) -> isize;
    waiting sendmmsg(fd: Fd, msgs: Address, msgcnt: c_uint, flags: Bits) -> c_int;
    waiting recv(fd: Fd, buf: Address, count: usize, flags: Bits) -> isize;
    waiting recvfrom(fd: Fd, buf: Address, count: usize, flags: Bits, addr: Peer) -> isize;
    waiting recvmsg(fd: Fd, msg: Address, flags: Bits) -> isize;
    waiting recvmmsg(fd: Fd, msgs: Address, msgcnt: c_uint, flags: Bits) -> c_int;
    quick getsockname(fd: Fd, addr: Peer) -> c_int;
    quick getpeername(fd: Fd, addr: Peer) -> c_int;
    quick setsockopt(fd: Fd, level: c_int, option: c_int, value: Address, length: u32) -> c_int;
    quick getsockopt(fd: Fd, level: c_int, option: c_int, value: Address) -> c_int;
}

/// What a call has received. Nothing where the program only wants to know how long it is: TCP then leaves the memory as it was.
fn received<M>(flags: Bits, memory: M) -> Option<M> {
    (flags.0 & libc::MSG_TRUNC as c_uint == 0).then_some(memory)
}

forms! {
    quick fn socket(domain: c_int, kind: Bits, protocol: c_int) -> c_int as socket(domain, kind, protocol);
    quick fn socketpair(domain: c_int, kind: Bits, protocol: c_int, fds: Pair) -> c_int
        as socketpair(domain, kind, protocol, fds);
    waiting fn bind(fd: Fd, addr: *const sockaddr, length: socklen_t) -> c_int as bind(fd, Peer::given(addr, length));
    quick fn listen(fd: Fd, backlog: c_int) -> c_int as listen(fd, backlog);
    waiting fn connect(fd: Fd, addr: *const sockaddr, length: socklen_t) -> c_int
        as connect(fd, Peer::given(addr, length));
    waiting fn accept(fd: Fd, addr: *const sockaddr, length: *const socklen_t) -> c_int
        as accept(fd, peer, Bits(0)) where peer = Peer::to_be_written(addr, length);
    waiting fn accept4(fd: Fd, addr: *const sockaddr, length: *const socklen_t, flags: Bits) -> c_int
        as accept(fd, peer, flags) where peer = Peer::to_be_written(addr, length);
    waiting fn shutdown(fd: Fd, how: c_int) -> c_int as shutdown(fd, how);
    waiting fn send(fd: Fd, buf: Address, count: usize, flags: Bits) -> isize as send(fd, buf, count, flags),
        data written(fd, Buffer(buf, count));
    waiting fn sendto(
        fd: Fd, buf: Address, count: usize, flags: Bits, addr: *const sockaddr, length: socklen_t
    ) -> isize as sendto(fd, buf, count, flags, Peer::given(addr, length)),
        data written(fd, Buffer(buf, count));
    waiting fn sendmsg(fd: Fd, msg: Address, flags: Bits) -> isize as sendmsg(fd, msg, flags),
        data written(fd, Message(msg));
    waiting fn sendmmsg(fd: Fd, msgs: Address, msgcnt: c_uint, flags: Bits) -> c_int
        as sendmmsg(fd, msgs, msgcnt, flags),
        data written(fd, Messages(msgs));
    waiting fn recv(fd: Fd, buf: Address, count: usize, flags: Bits) -> isize as recv(fd, buf, count, flags),
        data read(fd, received(flags, Buffer(buf, count)));
    waiting fn __recv_chk(fd: Fd, buf: Address, count: usize, room: usize, flags: Bits) -> isize
        as recv(fd, buf, count, flags),
        data read(fd, received(flags, Buffer(buf, count)));
    waiting fn recvfrom(
        fd: Fd, buf: Address, count: usize, flags: Bits, addr: *const sockaddr, length: *const socklen_t
    ) -> isize as recvfrom(fd, buf, count, flags, peer) where peer = Peer::to_be_written(addr, length),
        data read(fd, received(flags, Buffer(buf, count)));
    waiting fn __recvfrom_chk(
        fd: Fd, buf: Address, count: usize, room: usize, flags: Bits, addr: *const sockaddr, length: *const socklen_t
    ) -> isize as recvfrom(fd, buf, count, flags, peer) where peer = Peer::to_be_written(addr, length),
        data read(fd, received(flags, Buffer(buf, count)));
    waiting fn recvmsg(fd: Fd, msg: Address, flags: Bits) -> isize as recvmsg(fd, msg, flags),
        data read(fd, received(flags, Message(msg)));
    waiting fn recvmmsg(fd: Fd, msgs: Address, msgcnt: c_uint, flags: Bits, timeout: Address) -> c_int
        as recvmmsg(fd, msgs, msgcnt, flags),
        data read(fd, received(flags, Messages(msgs)));
    quick fn getsockname(fd: Fd, addr: *const sockaddr, length: *const socklen_t) -> c_int
        as getsockname(fd, peer) where peer = Peer::to_be_written(addr, length);
    quick fn getpeername(fd: Fd, addr: *const sockaddr, length: *const socklen_t) -> c_int
        as getpeername(fd, peer) where peer = Peer::to_be_written(addr, length);
    quick fn setsockopt(fd: Fd, level: c_int, option: c_int, value: Address, length: socklen_t) -> c_int
        as setsockopt(fd, level, option, value, length);
    quick fn getsockopt(fd: Fd, level: c_int, option: c_int, value: Address, length: Address) -> c_int
        as getsockopt(fd, level, option, value);
}
