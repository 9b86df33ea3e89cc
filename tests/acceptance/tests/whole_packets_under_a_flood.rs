//! What a reader sees of a stream file ends at a whole packet, also while the recorder writes all the time.
//!
//! Threads emit millions of events a second. An observer looks at what has come to the end of each file since the
//! last look, thousands of times, every other time with the recorder stopped. That finds a packet in two
//! writes, or one that lies across pages. With few events (see `whole_packets.rs`) the recorder is seldom caught at it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ust_acceptance::recording::{Recording, Started, folders, stream_files};
use ust_acceptance::{judge, packets, skip};
use ust_test_support::binaries;
use ust_test_support::random::Random;
use ust_test_support::wait::wait_until;

const LOOKS: u64 = 3000;

/// A stream file, and how much of it has been looked at.
struct Watched {
    path: PathBuf,
    file: File,
    seen: u64,
}

impl Watched {
    /// Looks at what is new.
    #[track_caller]
    fn look(&mut self) {
        let mut new = Vec::new();
        self.file.seek(SeekFrom::Start(self.seen)).expect("files seek");
        self.file.read_to_end(&mut new).expect("it can be read");
        packets::assert_whole(&new, &self.path);
        self.seen += new.len() as u64;
    }
}

fn watch(started: &Started) -> Vec<Watched> {
    let files = wait_until("stream files", || {
        let trace = started.trace();
        let folder = trace.is_dir().then(|| folders(&trace).pop()).flatten()?;
        Some(stream_files(&folder)).filter(|files| files.len() > 1)
    });
    let open = |path: PathBuf| {
        let file = File::open(&path).expect("it can be read");
        Watched { path, file, seen: 0 }
    };
    files.into_iter().map(open).collect()
}

fn every_look_is_whole(below: &Path) {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::below(below, binaries::program("steps"));
    let path = recording.path("progress");
    let options = ["--flush-interval", "1", "--subbuf-size", "16K", "--subbufs", "64"];
    let started = recording.options(options).arg(path.display()).arg(2).arg(0).start();
    let mut files = watch(&started);
    let mut random = Random::new(7);
    let is_enough = |files: &[Watched]| files.iter().all(|file| file.seen > 100_000);
    for number in 0..20 * LOOKS {
        // On a slow machine it looks more often.
        if number >= LOOKS && is_enough(&files) {
            break;
        }
        random.sleep_below(Duration::from_micros(500));
        let stops = number % 2 == 0;
        if stops {
            started.running.signal(libc::SIGSTOP);
        }
        files.iter_mut().for_each(Watched::look);
        if stops {
            started.running.signal(libc::SIGCONT);
        }
    }
    assert!(is_enough(&files), "too little was written to be caught at it");
    started.running.signal(libc::SIGTERM);
    let recorded = started.wait();
    assert_eq!(judge::count(&recorded.trace()), recorded.summary().recorded);
}

#[test]
fn every_look_ends_at_a_whole_packet_on_the_ordinary_file_system() {
    every_look_is_whole(&std::env::temp_dir());
}

#[test]
fn every_look_ends_at_a_whole_packet_on_tmpfs() {
    every_look_is_whole(Path::new("/dev/shm"));
}
