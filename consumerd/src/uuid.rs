//! Identities of traces, which tie metadata and packets together.

use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// A random identity: version 4, variant 1 (RFC 9562).
///
/// # Errors
/// The kernel gives no random numbers.
pub fn new() -> io::Result<[u8; 16]> {
    let mut uuid = [0; 16];
    getrandom(&mut uuid, GetRandomFlags::empty())?;
    uuid[6] = uuid[6] & 0x0f | 0x40;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    Ok(uuid)
}
