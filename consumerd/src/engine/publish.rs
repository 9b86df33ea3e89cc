//! Publishing: the rules file, which processes read before `main`, and the word on which processes
//! without a daemon wait.

use crate::place::Place;
use rustix::fs::{OFlags, ftruncate};
use rustix::thread::futex;
use std::io;
use ust_core::paths::WAKE;
use ust_core::protocol::{Rules, encode};
use ust_core::shm::Mapping;
use ust_core::sync::AtomicU32;

/// Writes the rules where a process that starts now finds them.
pub fn write_rules(place: &mut Place, rules: &Rules) -> io::Result<()> {
    place.write_rules(&encode(rules))
}

/// Wakes every process that waits for a daemon.
pub fn wake_waiting(place: &Place) -> io::Result<()> {
    let fd = place.own().open_file(WAKE, OFlags::RDWR | OFlags::CREATE)?;
    ftruncate(&fd, size_of::<AtomicU32>() as u64)?;
    let mut bytes = [0; 4];
    rustix::io::pread(&fd, &mut bytes, 0)?;
    let next = u32::from_ne_bytes(bytes).wrapping_add(1);
    // Written by system call, not stored: a page of a file can go away.
    rustix::io::pwrite(&fd, &next.to_ne_bytes(), 0)?;
    let map = Mapping::new(&fd, size_of::<AtomicU32>())?;
    let Some(word) = map.at::<AtomicU32>(0) else { return Ok(()) };
    futex::wake(word.futex(), futex::Flags::empty(), i32::MAX as u32)?;
    Ok(())
}
