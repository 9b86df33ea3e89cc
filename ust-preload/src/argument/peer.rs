//! Socket addresses, as text: `127.0.0.1:80`, `[::1]:80`, `unix:/run/socket`, `unix:@abstract`.

#![allow(unsafe_code)]

use super::short_text::ShortText;
use super::value::Argument;
use crate::readable::Reader;
use core::ffi::c_int;
use core::fmt::{self, Write};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use core::slice;

/// Where an address is, and its length: a number, or where the call writes it.
#[derive(Clone, Copy)]
pub struct Peer {
    address: *const libc::sockaddr,
    length: Length,
}

#[derive(Clone, Copy)]
enum Length {
    Given(libc::socklen_t),
    Written { at: *const libc::socklen_t, room: libc::socklen_t },
}

impl Peer {
    /// An address that the program gives.
    pub fn given(address: *const libc::sockaddr, length: libc::socklen_t) -> Self {
        Self { address, length: Length::Given(length) }
    }

    /// An address that a successful call writes, with its length. Before the call, that says how much room there is: of a
    /// longer address the call writes a part. So this is made before the call, when nobody has read the length yet.
    pub fn to_be_written(address: *const libc::sockaddr, length: *const libc::socklen_t) -> Self {
        let is_wanted = !address.is_null() && !length.is_null();
        let room = if is_wanted { Reader::new().read(length).unwrap_or(0) } else { 0 };
        Self { address, length: Length::Written { at: length, room } }
    }

    /// The bytes of the address, if there are any.
    fn bytes(&self, error: c_int) -> Option<&[u8]> {
        let length = match self.length {
            Length::Given(length) if has_read_address(error) => length,
            // SAFETY: there is room, and the call succeeded, so it has written the length.
            Length::Written { at, room } if error == 0 && room > 0 => unsafe { (*at).min(room) },
            _ => return None,
        };
        let length = (length as usize).min(size_of::<libc::sockaddr_storage>());
        // SAFETY: the kernel has read, or written, so many bytes.
        (!self.address.is_null())
            .then(|| unsafe { slice::from_raw_parts(self.address.cast(), length) })
    }
}

impl Argument for Peer {
    type Field = ShortText;

    fn field(self, error: c_int) -> ShortText {
        let mut text = ShortText::new();
        if let Some(bytes) = self.bytes(error) {
            // What does not fit is cut.
            let _ = describe(bytes, &mut text);
        }
        text
    }
}

/// Whether a call that ended with this error, or none, has read the address that it was given.
fn has_read_address(error: c_int) -> bool {
    matches!(
        error,
        0 | libc::ECONNREFUSED
            | libc::ENOENT
            | libc::EADDRINUSE
            | libc::EADDRNOTAVAIL
            | libc::ENETUNREACH
            | libc::EHOSTUNREACH
            | libc::ETIMEDOUT
            | libc::EINPROGRESS
            | libc::EALREADY
            | libc::EISCONN
            | libc::ECONNRESET
    )
}

fn describe(address: &[u8], out: &mut ShortText) -> fmt::Result {
    let Some((family, rest)) = address.split_first_chunk() else { return Ok(()) };
    let port = || rest.first_chunk().map(|port| u16::from_be_bytes(*port)).unwrap_or(0);
    match c_int::from(u16::from_ne_bytes(*family)) {
        libc::AF_INET => {
            let ip: [u8; 4] = chunk(rest, 2);
            write!(out, "{}", SocketAddrV4::new(Ipv4Addr::from(ip), port()))
        }
        libc::AF_INET6 => {
            let ip: [u8; 16] = chunk(rest, 6);
            write!(out, "{}", SocketAddrV6::new(Ipv6Addr::from(ip), port(), 0, 0))
        }
        libc::AF_UNIX => {
            out.write_str("unix:")?;
            match rest {
                [] => Ok(()),
                [0, name @ ..] => {
                    out.write_str("@")?;
                    out.push(name);
                    Ok(())
                }
                path => {
                    out.push(path.split(|byte| *byte == 0).next().unwrap_or(&[]));
                    Ok(())
                }
            }
        }
        family => write!(out, "family {family}"),
    }
}

/// So many bytes from there on; zeroes where the address is too short.
fn chunk<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    bytes.get(from..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
