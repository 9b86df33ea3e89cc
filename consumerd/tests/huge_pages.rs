//! Files of huge pages: their size is sealed, but their pages can be taken away, so that a load is a SIGBUS.

mod common;

use common::{PID, Recording, process_file, say};
use rustix::fd::OwnedFd;
use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, ftruncate, memfd_create,
};
use std::fs;
use ust_core::abi::{PROCESS_FILE_BYTES, ProcessHeader};
use ust_core::protocol::ToDaemon;
use ust_core::shm::Mapping;

const SETTING: &str = "/proc/sys/vm/nr_hugepages";

/// Huge pages of the machine, while the test runs.
struct HugePages {
    before: String,
}

impl HugePages {
    /// Makes this many more than there are; or returns why not.
    fn add(count: u64) -> Result<Self, String> {
        let explain = |error: std::io::Error| format!("{SETTING}: {error}");
        let before = fs::read_to_string(SETTING).map_err(explain)?.trim().to_owned();
        let wanted = before.parse::<u64>().unwrap_or(0) + count;
        let pages = Self { before };
        fs::write(SETTING, wanted.to_string()).map_err(explain)?;
        let there = fs::read_to_string(SETTING).map_err(explain)?;
        if there.trim() != wanted.to_string() {
            return Err(format!("the machine has no room for {count} huge pages"));
        }
        Ok(pages)
    }

    /// Takes away those that are not used.
    fn take_away() {
        fs::write(SETTING, "0").unwrap();
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        let _ = fs::write(SETTING, &self.before);
    }
}

/// A process file of huge pages, with its size sealed; `None` if there are none, which is printed.
fn huge_process_file(process_uid: [u8; 16]) -> Option<(OwnedFd, HugePages)> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB;
    let make = || {
        let pages = HugePages::add(PROCESS_FILE_BYTES as u64 >> 21)?;
        let fd = memfd_create(c"ust-process", flags).map_err(|error| error.to_string())?;
        ftruncate(&fd, PROCESS_FILE_BYTES as u64).map_err(|error| error.to_string())?;
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
            .map_err(|error| error.to_string())?;
        let map = Mapping::new(&fd, PROCESS_FILE_BYTES).map_err(|error| error.to_string())?;
        map.initialise(
            0,
            ProcessHeader::new(PID, process_uid, 0, *b"huge\0\0\0\0\0\0\0\0\0\0\0\0"),
        );
        Ok::<_, String>((fd, pages))
    };
    make().inspect_err(|why| eprintln!("SKIPPED: no file of huge pages here: {why}")).ok()
}

#[test]
fn a_process_file_of_huge_pages_is_refused_and_others_go_on() {
    let mut recording = Recording::new();
    let process_uid = [1; 16];
    let Some((file, _pages)) = huge_process_file(process_uid) else { return };
    let connection = recording.connect();
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&file]);
    recording.turns(3);
    let known = recording.engine.processes(false).len();
    // Takes all of its pages, and none is left to replace them: a load would kill a reader that trusts the seals.
    HugePages::take_away();
    let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(&file, punch, 0, PROCESS_FILE_BYTES as u64).unwrap();
    HugePages::take_away();
    recording.turns(3);
    recording.engine.processes(false);
    recording.engine.summary(recording.session);
    assert_eq!(known, 0, "it was taken");

    let process_uid = [2; 16];
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&process_file(process_uid)]);
    recording.turns(3);
    assert_eq!(recording.engine.processes(false).len(), 1);
}
