//! The sockets between processes and the consumer: connect, send with descriptors, receive with them.
//!
//! Sending allocates nothing and takes no lock, because a thread's first event may come in a signal handler.
#![allow(unsafe_code)]

use crate::protocol::MAX_MESSAGE_BYTES;
use crate::shm::out_of_the_way::clear_of_standard;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::{self, Errno, IoSlice, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recvmsg,
    sendmsg, socket_with,
};
use rustix::process::geteuid;
use std::mem::MaybeUninit;

/// The most descriptors in one message.
pub const MAX_FDS: usize = 2;

/// Connects to the consumer.
///
/// The listener must be this user's or root's, because it gets this process's memory and gives it rules. The path may
/// lead elsewhere by now than when the directory was checked.
///
/// Without `wait` it does not block: a consumer whose connection queue is full counts as absent.
///
/// # Errors
/// The kernel's error. `CONNREFUSED` and `NOENT` mean that there is no consumer, `PERM` that it is another user's.
pub fn connect_to(address: &SocketAddrUnix, wait: bool) -> io::Result<OwnedFd> {
    connect_placed(address, wait, clear_of_standard)
}

/// The same, but `place` gives the descriptor its number: the agent's own table has no standard descriptors.
///
/// # Errors
/// As for [`connect_to`], and the error of `place`.
pub fn connect_placed(
    address: &SocketAddrUnix,
    wait: bool,
    place: impl FnOnce(OwnedFd) -> io::Result<OwnedFd>,
) -> io::Result<OwnedFd> {
    let flags =
        if wait { SocketFlags::CLOEXEC } else { SocketFlags::CLOEXEC | SocketFlags::NONBLOCK };
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).and_then(place)?;
    connect(&socket, address)?;
    match peer_uid(&socket)? {
        uid if uid == 0 || uid == geteuid().as_raw() => Ok(socket),
        _ => Err(Errno::PERM),
    }
}

/// The user who was listening at the other end at connection time. `rustix` returns it only for peers that have a
/// process id in this namespace.
fn peer_uid(socket: &OwnedFd) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, of plain data.
    let failed = unsafe {
        let to = (&raw mut peer).cast();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, to, &mut length)
    };
    if failed != 0 {
        // SAFETY: this thread's `errno`.
        return Err(Errno::from_raw_os_error(unsafe { *libc::__errno_location() }));
    }
    Ok(peer.uid)
}

/// Sends one message with its descriptors, whole or not at all.
///
/// # Errors
/// The kernel's error. Never raises SIGPIPE.
pub fn send(
    socket: impl AsFd,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(Errno::INVAL);
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags | SendFlags::NOSIGNAL)?;
    Ok(())
}

/// A reusable buffer for one message.
#[derive(Debug)]
pub struct Inbox(Box<[u8]>);

impl Default for Inbox {
    fn default() -> Self {
        Self(vec![0; MAX_MESSAGE_BYTES].into())
    }
}

/// A received message.
#[derive(Debug)]
pub struct Received<'i> {
    /// Its bytes; empty at the end of the connection.
    pub untrusted_bytes: &'i [u8],
    /// Its descriptors, closed on exec.
    pub fds: Vec<OwnedFd>,
}

/// Receives one message into `inbox`.
///
/// # Errors
/// The kernel's error. `AGAIN` if there is no message and the socket or `flags` say not to wait. `MSGSIZE` if the
/// message was longer than the maximum.
pub fn receive(
    socket: impl AsFd,
    flags: RecvFlags,
    Inbox(bytes): &mut Inbox,
) -> io::Result<Received<'_>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        socket,
        &mut [IoSliceMut::new(bytes)],
        &mut control,
        flags | RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    if received.flags.contains(rustix::net::ReturnFlags::TRUNC) {
        return Err(Errno::MSGSIZE);
    }
    Ok(Received { untrusted_bytes: &bytes[..received.bytes], fds })
}
