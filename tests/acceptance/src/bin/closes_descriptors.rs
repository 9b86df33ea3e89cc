//! `closes_descriptors WHEN EVENTS`: closes every descriptor but the standard ones, as daemons do, and reuses
//! their numbers.
//!
//! WHEN is `start` (the first thing in `main`) or `middle` (after events, before many more threads). Fails if
//! anything is written to the files that it opened under the old numbers.

use std::fs::File;
use std::io::{Read, Seek};
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "closes", level = Info)]
fn told(thread: u32, sequence: u64);

/// More than one ring file's streams: descriptors are needed again after the closing.
const THREADS: u32 = 70;

/// Numbers that it takes.
const FILES: usize = 16;

#[allow(unsafe_code)]
fn close_everything() -> Vec<File> {
    // SAFETY: a system call; this program does not use what it closes.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    assert_eq!(closed, 0, "{}", std::io::Error::last_os_error());
    (0..FILES).map(|_| tempfile::tempfile().expect("there is room for a temporary file")).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, when, events] = &arguments[..] else { panic!("WHEN EVENTS") };
    let events: u64 = events.parse().expect("a number");
    let emit = |thread| (0..events).for_each(|sequence| told(thread, sequence));
    let files = if when == "start" {
        let files = close_everything();
        emit(0);
        files
    } else {
        emit(0);
        close_everything()
    };
    // All threads live at once, so each needs a stream of its own.
    let barrier = std::sync::Barrier::new(THREADS as usize);
    let barrier = &barrier;
    std::thread::scope(|scope| {
        for thread in 1..=THREADS {
            scope.spawn(move || {
                emit(thread);
                barrier.wait();
            });
        }
    });
    for mut file in files {
        let mut content = Vec::new();
        file.rewind().expect("nobody has closed it");
        file.read_to_end(&mut content).expect("nobody has closed it");
        assert!(content.is_empty(), "somebody wrote into a file of the program's: {content:?}");
    }
    report::write(&(u64::from(THREADS) + 1));
}
