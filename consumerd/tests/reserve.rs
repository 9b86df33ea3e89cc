//! If memory runs out, the consumer uses its reserve, and takes it back from the process that has most.

mod common;

use common::*;
use consumerd::limits::RESERVE_BYTES;
use consumerd::reserve::{self, Reserving};
use rustix::fd::OwnedFd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use ust_core::abi::PROCESS_FILE_BYTES;
use ust_core::protocol::ToDaemon;
use ust_core::shm::Mapping;

#[global_allocator]
static ALLOCATOR: Reserving = Reserving;

/// Addresses that are left in addition to the reserve when the limit is set.
const HEADROOM_BYTES: u64 = 4 << 20;

const PIECE_BYTES: usize = 1 << 20;

/// Addresses that this process uses.
fn address_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split_whitespace().next().unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

/// Introduces an identity. It lasts while its process file is mapped.
fn introduce(recording: &Recording, process_uid: [u8; 16]) -> (OwnedFd, Mapping) {
    let (connection, file) = (recording.connect(), process_file(process_uid));
    say(&connection, &ToDaemon::Introduction { process_uid }, &[&file]);
    (connection, Mapping::new(&file, PROCESS_FILE_BYTES).unwrap())
}

/// A child of this process that introduces itself, and waits to be killed.
#[allow(unsafe_code)]
fn other_process(recording: &Recording, process_uid: [u8; 16]) -> libc::pid_t {
    // SAFETY: the only other thread at work is the doorbell's, which holds no lock; the child ends by a signal.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let _introduced = introduce(recording, process_uid);
        loop {
            std::thread::park();
        }
    }
    pid
}

#[test]
#[allow(unsafe_code)]
fn memory_that_runs_out_is_taken_back_from_the_greediest() {
    let mut recording = Recording::new();
    let honest = other_process(&recording, [1; 16]);
    let _introduced = [2, 3, 4].map(|number| introduce(&recording, [number; 16]));
    while recording.engine.processes(false).len() < 4 {
        recording.turns(1);
    }
    assert_eq!(recording.errors(), [""; 0]);

    let before = getrlimit(Resource::As);
    let most = address_bytes() + HEADROOM_BYTES;
    setrlimit(Resource::As, Rlimit { current: Some(most), maximum: before.maximum }).unwrap();
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(1 << 10);
    let mut last_one = Ok(());
    while reserve::is_kept() && last_one.is_ok() {
        let mut piece = Vec::new();
        last_one = piece.try_reserve_exact(PIECE_BYTES);
        pieces.push(piece);
    }
    let is_given_up = !reserve::is_kept();
    // What is left has room for the turn, and none for a reserve, whatever else is unmapped meanwhile.
    let _half: Vec<u8> = Vec::with_capacity(RESERVE_BYTES / 2);
    recording.turns(3);
    let (errors, left) = (recording.errors(), recording.engine.processes(false).len());
    setrlimit(Resource::As, before).unwrap();

    // SAFETY: a child of this process.
    unsafe {
        libc::kill(honest, libc::SIGKILL);
        libc::waitpid(honest, std::ptr::null_mut(), 0);
    }
    assert_eq!((last_one, is_given_up), (Ok(()), true), "what failed has the reserve");
    let [error] = &errors[..] else { panic!("{errors:?}") };
    let own = format!("process {} has ", std::process::id());
    assert!(
        error.starts_with(&own) && error.contains("it is given up") && error.contains("no memory"),
        "{error}"
    );
    assert_eq!(left, 1, "the process with one identity stays");
}
