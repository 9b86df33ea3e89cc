//! Publishing: the rules file, which processes read before `main`, and the word on which processes
//! without a daemon wait.

use rustix::fs::{Mode, OFlags, ftruncate, open};
use rustix::thread::futex;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use ust_core::agent::paths::RuntimeDir;
use ust_core::agent::protocol::{Rules, encode};
use ust_core::shm::Mapping;
use ust_core::sync::AtomicU32;

/// Writes the rules where a process that starts now finds them: whole, by renaming.
pub fn write_rules(dir: &RuntimeDir, rules: &Rules) -> io::Result<()> {
    let temporary = dir.path().join("rules.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&temporary)?.write_all(&encode(rules))?;
    std::fs::rename(temporary, dir.rules())
}

/// Wakes every process that waits for a daemon.
pub fn wake_waiting(dir: &RuntimeDir) -> io::Result<()> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = open(dir.wake(), flags, Mode::RUSR | Mode::WUSR)?;
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
