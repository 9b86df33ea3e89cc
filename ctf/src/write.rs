//! Writing at a place, and knowing how far it came.
//!
//! std's `write_all_at` fails without saying how much it had written; whoever wants to take back what is no whole
//! packet or entry, and to keep what is one, must know.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Writes all of `bytes` at `at`; how many of them are in the file, and why not all of them if so.
pub(crate) fn write_at(file: &File, bytes: &[u8], at: u64) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write_at(&bytes[written..], at + written as u64) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}
