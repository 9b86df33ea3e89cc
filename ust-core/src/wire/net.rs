//! Addresses of the internet: text, as people write it.
//!
//! ```text
//!   Ipv4Addr  Ipv6Addr  IpAddr                  "127.0.0.1"  "::1"
//!   SocketAddrV4  SocketAddrV6  SocketAddr      { ip = "127.0.0.1", port = 8080 }    a scope follows its address: "fe80::1%2"
//! ```

#![allow(unsafe_code)]

use core::fmt::{self, Write};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::{Field, FieldType, Member, Part};

/// Makes a type a field by another that it can be turned into.
macro_rules! turned {
    ($($from:ty => $into:ty, |$value:ident| $turned:expr;)*) => {$(
        // SAFETY: everything is delegated to the other value, which is always the same one.
        unsafe impl Field for $from {
            const TYPE: &'static FieldType = <$into>::TYPE;
            const FIXED_SIZE_BYTES: Option<usize> = None;

            #[inline]
            fn size_bytes(&self) -> usize {
                let $value = *self;
                $turned.size_bytes()
            }

            #[inline]
            fn is_short(&self) -> bool {
                false
            }

            #[inline]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = *self;
                // SAFETY: the same contract.
                unsafe { $turned.encode(dst) }
            }
        }
    )*};
}

turned! {
    Ipv4Addr => Address, |it| Address { ip: it.into(), scope: 0 };
    Ipv6Addr => Address, |it| Address { ip: it.into(), scope: 0 };
    IpAddr => Address, |it| Address { ip: it, scope: 0 };
    SocketAddrV4 => Socket, |it| Socket::from(SocketAddr::from(it));
    SocketAddrV6 => Socket, |it| Socket::from(SocketAddr::from(it));
    SocketAddr => Socket, |it| Socket::from(it);
}

#[derive(Clone, Copy)]
struct Address {
    ip: IpAddr,
    /// 0 if it has none.
    scope: u32,
}

impl Address {
    fn write(self, mut out: impl Write) -> fmt::Result {
        match self.scope {
            0 => write!(out, "{}", self.ip),
            scope => write!(out, "{}%{scope}", self.ip),
        }
    }
}

/// Counts bytes.
struct Counted(usize);

impl Write for Counted {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Writes to memory that was measured before.
struct Written(*mut u8);

impl Write for Written {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: an address is always written in the same way, so this is within the bytes that were counted.
        self.0 = unsafe {
            self.0.copy_from_nonoverlapping(text.as_ptr(), text.len());
            self.0.add(text.len())
        };
        Ok(())
    }
}

// SAFETY: an address is always written in the same way, by code of the standard library that does not panic. A zero follows.
unsafe impl Field for Address {
    const TYPE: &'static FieldType = &FieldType::TEXT;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(never)]
    fn size_bytes(&self) -> usize {
        let mut counted = Counted(0);
        let _ = self.write(&mut counted);
        counted.0 + 1
    }

    #[inline(never)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        let mut written = Written(dst);
        let _ = self.write(&mut written);
        // SAFETY: the caller lends the counted bytes, of which this is the last.
        unsafe {
            written.0.write(0);
            written.0.add(1)
        }
    }
}

struct Socket {
    ip: Address,
    port: u16,
}

impl From<SocketAddr> for Socket {
    fn from(socket: SocketAddr) -> Self {
        let scope = match socket {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(socket) => socket.scope_id(),
        };
        Self { ip: Address { ip: socket.ip(), scope }, port: socket.port() }
    }
}

// SAFETY: each member writes what it measured, where the one before it ends.
unsafe impl Field for Socket {
    const TYPE: &'static FieldType = &FieldType::Structure {
        members: Part::Static(&[
            Member { name: Part::Static("ip"), ty: Part::Static(Address::TYPE) },
            Member { name: Part::Static("port"), ty: Part::Static(u16::TYPE) },
        ]),
    };
    const FIXED_SIZE_BYTES: Option<usize> = None;

    fn size_bytes(&self) -> usize {
        self.ip.size_bytes() + self.port.size_bytes()
    }

    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends the bytes of both.
        unsafe { self.port.encode(self.ip.encode(dst)) }
    }
}
