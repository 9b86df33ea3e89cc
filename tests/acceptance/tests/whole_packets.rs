//! At any moment, every file that a reader sees in a trace's directory ends at a whole packet.
//!
//! While a program emits a thousand events a second and each flush writes, an observer copies the directory again
//! and again, at random moments: the stream files, then the metadata, which is ahead of them. Each copy's files must
//! be whole packets from the first byte to the last, and `babeltrace2` must read them, and never fewer events than
//! in the copy before. On the ordinary file system and on tmpfs, and with the recorder stopped in the middle.

use std::path::{Path, PathBuf};
use std::time::Duration;
use ust_acceptance::progress::{self, END};
use ust_acceptance::recording::{Recording, Started, folders, stream_files};
use ust_acceptance::{judge, packets, skip};
use ust_test_support::binaries;
use ust_test_support::random::Random;
use ust_test_support::wait::wait_until;

const LOOKS: u64 = 250;

/// Which looks are read by `babeltrace2` as well.
const DECODED: u64 = 10;

/// Events between looks, at most: what an observer has to copy does not grow while it copies slowly.
const BEATS_A_LOOK: u64 = 40;

/// So many packets must have come while it looked; on a slow machine it looks more often.
const PACKETS: usize = 20;

/// Copies the one process's folder to `to` as it is now.
fn copy(trace: &Path, to: &Path) -> Option<usize> {
    let folder = trace.is_dir().then(|| folders(trace).pop()).flatten()?;
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).expect("there is room for a copy");
    let copy = |from: &Path| {
        let bytes = std::fs::read(from).unwrap_or_default();
        std::fs::write(to.join(from.file_name().expect("a file")), &bytes)
            .expect("there is room for a copy");
        bytes
    };
    let files: Vec<PathBuf> = stream_files(&folder);
    let packets = files.iter().map(|file| packets::assert_whole(&copy(file), file)).sum();
    copy(&folder.join("metadata"));
    Some(packets)
}

/// The conditions of a test.
struct Conditions<'a> {
    /// Where the trace lies.
    below: &'a Path,
    /// Whether the recorder is stopped, at whatever instruction, while the copy is made.
    stops: bool,
    /// Every tenth record has that many bytes of text.
    long_bytes: usize,
}

fn start(conditions: &Conditions<'_>) -> Started {
    let recording = Recording::below(conditions.below, binaries::program("metronome"));
    let path = recording.path("progress");
    recording
        .options(["--flush-interval", "2", "--subbuf-size", "64K"])
        .arg(path.display())
        .arg(u64::MAX)
        .arg(conditions.long_bytes)
        .start()
}

fn every_look_is_whole(conditions: &Conditions<'_>) {
    if !skip::judges_are_here() {
        return;
    }
    let started = start(conditions);
    let (trace, look, progress) = (started.trace(), started.path("look"), started.path("progress"));
    wait_until("the first packet", || copy(&trace, &look).filter(|packets| *packets > 0));
    let mut random = Random::new(5);
    let (mut packets, mut events) = (0, 0);
    for number in 0..20 * LOOKS {
        if number >= LOOKS && packets > PACKETS {
            break;
        }
        let beats = progress::read(&progress).expect("it is there")[1];
        progress::set(&progress, 2, beats + BEATS_A_LOOK);
        random.sleep_below(Duration::from_millis(7));
        if conditions.stops {
            started.running.stop();
        }
        let seen = copy(&trace, &look).expect("the folder stays");
        // A long record's packet first takes its place as several empty ones.
        assert!(seen >= packets || conditions.long_bytes > 0, "{seen} packets after {packets}");
        packets = seen;
        if number % (LOOKS / DECODED) == 0 {
            let decoded = judge::count(&look);
            assert!(decoded >= events, "{decoded} events after {events}");
            events = decoded;
        }
        if conditions.stops {
            started.running.signal(libc::SIGCONT);
        }
    }
    assert!(packets > PACKETS, "only {packets} packets came while the observer looked");
    progress::set(&progress, END, 1);
    let recorded = started.wait().succeeded();
    let beats = progress::read(&progress).expect("it is there")[1];
    let summary = recorded.summary();
    assert_eq!(judge::count(&recorded.trace()), summary.recorded);
    // A recorder that is stopped for long loses some records.
    assert_eq!(summary.recorded + summary.lost_in_all(), beats + 1, "{summary:?}");
}

#[test]
fn every_look_ends_at_a_whole_packet_on_the_ordinary_file_system() {
    every_look_is_whole(&Conditions { below: &std::env::temp_dir(), stops: false, long_bytes: 0 });
}

#[test]
fn every_look_ends_at_a_whole_packet_on_tmpfs() {
    every_look_is_whole(&Conditions { below: "/dev/shm".as_ref(), stops: false, long_bytes: 0 });
}

#[test]
fn every_look_ends_at_a_whole_packet_when_the_recorder_is_stopped_in_the_middle() {
    every_look_is_whole(&Conditions { below: &std::env::temp_dir(), stops: true, long_bytes: 0 });
}

#[test]
fn every_look_ends_at_a_whole_packet_though_records_are_longer_than_a_page() {
    for below in [&std::env::temp_dir(), Path::new("/dev/shm")] {
        every_look_is_whole(&Conditions { below, stops: true, long_bytes: 20_000 });
    }
}

#[test]
fn everything_is_flushed_at_least_every_second() {
    if !skip::judges_are_here() {
        return;
    }
    // The default interval is a second. A copy made later than that after a beat must have the beat.
    // And no sub-buffer is full before the test is over.
    let recording = Recording::of("metronome").options(["--subbuf-size", "8M"]);
    let path = recording.path("progress");
    let started = recording.arg(path.display()).start();
    let (trace, look) = (started.trace(), started.path("look"));
    let mut shortest = Duration::MAX;
    for _ in 0..5 {
        let beats = wait_until("beats", || {
            progress::read(&path).map(|words| words[1]).filter(|beats| *beats > 0)
        });
        let at = std::time::Instant::now();
        wait_until("what was emitted, in the files", || {
            copy(&trace, &look).filter(|packets| *packets > 0)?;
            (judge::count(&look) > beats).then_some(())
        });
        shortest = shortest.min(at.elapsed());
    }
    // Each look but the first begins right after a flush. The best of them: how late a recorder is that gets no turn is
    // not its own doing. The interval, and thrice as much again, for the looking takes time.
    assert!(shortest < Duration::from_secs(4), "{shortest:?}");
    progress::set(&path, END, 1);
    started.wait().succeeded();
}
