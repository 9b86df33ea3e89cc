//! The sockets between processes and the daemon: connect, send with descriptors, receive with them.
//!
//! What sends allocates nothing and takes no lock: a thread's first event may come in a signal handler.
#![allow(unsafe_code)]

use crate::protocol::MAX_MESSAGE_BYTES;
use crate::shm::standard::clear_of_standard;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::{self, Errno, IoSlice, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recvmsg,
    sendmsg, socket_with,
};
use rustix::process::geteuid;
use std::mem::MaybeUninit;

/// Descriptors that one message carries at most.
pub const MAX_FDS: usize = 2;

/// Connects to the daemon.
///
/// What listens there has to be this user's, or root's: it is sent this process's memory, and obeyed. The path may lead
/// elsewhere than when the directory was looked at.
///
/// Without `wait` it does not block: a daemon whose queue of connections is full is as good as none.
///
/// # Errors
/// What the kernel says; `CONNREFUSED` and `NOENT` mean that there is no daemon, `PERM` that it is another user's.
pub fn connect_to(address: &SocketAddrUnix, wait: bool) -> io::Result<OwnedFd> {
    connect_placed(address, wait, clear_of_standard)
}

/// The same, where `place` finds the descriptor its number: the agent's own table has no standard descriptors.
///
/// # Errors
/// As for [`connect_to`], and what `place` says.
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

/// The user who listened at the other end when it was connected. `rustix` has this only for peers whose process id
/// there is one for in this namespace.
fn peer_uid(socket: &OwnedFd) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, of plain data.
    let failed = unsafe {
        let to = (&raw mut peer).cast();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, to, &mut length)
    };
    if failed != 0 {
        // SAFETY: `errno` of this thread.
        return Err(Errno::from_raw_os_error(unsafe { *libc::__errno_location() }));
    }
    Ok(peer.uid)
}

/// Sends one message with its descriptors, whole or not at all.
///
/// # Errors
/// What the kernel says. Never a SIGPIPE.
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

/// Room for one message, to receive the next one into, and the next.
#[derive(Debug)]
pub struct Inbox(Box<[u8]>);

impl Default for Inbox {
    fn default() -> Self {
        Self(vec![0; MAX_MESSAGE_BYTES].into())
    }
}

/// A message as it arrived.
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
/// What the kernel says; `AGAIN` if there is none and the socket or `flags` say not to wait. A message that
/// was longer than any may be is `MSGSIZE`.
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
