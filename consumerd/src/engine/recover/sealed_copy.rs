//! A copy of a file that was left behind, in memory that nobody else can write to.

use crate::advice::{Attempt, why};
use rustix::fd::OwnedFd;
use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, pread, pwrite};
use std::io;
use ust_core::abi::PAGE_BYTES;
use ust_core::shm::memfd;

/// Makes a sealed copy of a file, as sparse as the file. Pages of zeroes are left out even if they are stored.
pub fn sealed_copy(from: &OwnedFd, size_bytes: usize) -> Result<OwnedFd, String> {
    let no_room = |errno: Errno| {
        format!("there is no memory for a copy of it: {}", why(Attempt::Memory, &errno.into()))
    };
    let to = memfd::create(c"ust-recovered", size_bytes).map_err(no_room)?;
    let mut block = vec![0; 64 * PAGE_BYTES];
    let mut at = 0;
    while at < size_bytes as u64 {
        match seek(from, SeekFrom::Data(at)) {
            Ok(data) => at = data,
            // Only a hole is left.
            Err(Errno::NXIO) => break,
            Err(error) => return Err(unreadable(error)),
        }
        // From a whole page on, wherever the file system says that data begins.
        at = at / PAGE_BYTES as u64 * PAGE_BYTES as u64;
        let length = pread(from, &mut block, at).map_err(unreadable)?;
        if length == 0 {
            // It has become shorter.
            break;
        }
        for (index, page) in block[..length].chunks(PAGE_BYTES).enumerate() {
            if page.iter().any(|byte| *byte != 0) {
                write_page(&to, page, at + (index * PAGE_BYTES) as u64).map_err(no_room)?;
            }
        }
        at += length as u64;
    }
    Ok(to)
}

fn write_page(to: &OwnedFd, page: &[u8], at: u64) -> Result<(), Errno> {
    match pwrite(to, page, at)? {
        written if written == page.len() => Ok(()),
        _ => Err(Errno::NOSPC),
    }
}

/// The message that a file cannot be read, and what to do about it.
pub fn unreadable(error: impl Into<io::Error>) -> String {
    format!("it cannot be read: {}", why(Attempt::Read, &error.into()))
}
