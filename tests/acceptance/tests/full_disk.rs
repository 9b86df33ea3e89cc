//! A disk that fills up harms no program, and every record is in the trace or counted as lost.
//!
//! The trace goes to a small tmpfs. What is in the files is whole packets, which `babeltrace2` reads; the rest stands
//! in the summary; standard error says what happened.

use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, progress, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 3_000_000;

/// A small file system, unmounted when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Of half a megabyte.
    fn mount() -> Option<Self> {
        Self::of_pages(128)
    }

    fn of_pages(count: usize) -> Option<Self> {
        let dir =
            tempfile::Builder::new().prefix("ust-acceptance-").tempdir().expect("a directory");
        let path = dir.path().to_str().expect("text");
        let size = format!("size={}k", 4 * count);
        let mounted = skip::has("mount", &["-t", "tmpfs", "-o", &size, "none", path]);
        mounted.then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: it is unmounted when the last file in it is closed.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Rings in files there: what is reserved before its use cannot raise SIGBUS.
#[test]
fn rings_that_find_no_room_on_the_disk_cost_events_and_not_the_program() {
    if !skip::judges_are_here() {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    // Some of them fill the disk; each of the others asks for memory.
    let events = EVENTS / 30;
    let recording = Recording::of_path(binaries::program("flood")).arg(2).arg(events);
    let rings = disk.path().join("rings");
    let recording = recording.options(["--subbuf-size", "64K", "--subbufs", "16"]);
    let recording = recording.options(["--shm-path", rings.to_str().expect("text")]);
    let recorded = recording.run().succeeded();
    let summary = recorded.summary();
    assert_eq!(summary.recorded, judge::count(&recorded.trace()), "{summary:?}");
    assert_eq!(summary.recorded + summary.lost_in_all(), events, "{summary:?}");
    let [in_ring, no_ring] = ["records_lost_no_memory", "records_lost_no_stream"]
        .map(|it| summary.lost.get(it).copied());
    assert!(summary.recorded > 0 && in_ring > Some(0), "{summary:?}");
    let stderr = &recorded.finished.stderr;
    let is_told = |count: Option<u64>, what: &str| {
        count.is_none_or(|count| {
            let told = format!(
                "(flood): {what} could be had for {count} events; reason for the last: No space left on device (os \
                 error 28): make room where its rings are"
            );
            stderr.lines().any(|line| line.contains(&told))
        })
    };
    assert!(is_told(in_ring, "no further memory for its rings"), "{stderr}");
    assert!(is_told(no_ring, "no ring"), "{stderr}");
}

#[test]
fn when_the_disk_is_full_what_is_not_in_the_trace_is_counted() {
    if !skip::judges_are_here() {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    // The report and the summary lie elsewhere.
    let recording = Recording::of_path(binaries::program("flood")).arg(2).arg(EVENTS);
    let trace = disk.path().join("trace");
    let recorded = recording.with_trace(&trace).run().succeeded();
    let emitted: Vec<u64> = recorded.report();
    assert_eq!(emitted.iter().sum::<u64>(), EVENTS);
    let summary = recorded.summary();
    let lines = judge::count(&trace);
    assert!(lines > 0 && lines < EVENTS, "{lines}");
    assert_eq!(summary.recorded, lines, "{summary:?}");
    assert_eq!(summary.recorded + summary.lost_in_all(), EVENTS, "{summary:?}");
    // Two streams met it; it is one disk.
    let stderr = &recorded.finished.stderr;
    let told = stderr.lines().filter(|line| line.contains("No space left")).count();
    assert_eq!(told, 1, "{stderr}");
}

/// For every page that may not be had: of a process file, of a ring file's head, of a stream, of a sub-buffer, of the
/// spare.
#[test]
fn whichever_page_is_missing_each_event_is_recorded_or_counted() {
    if !skip::judges_are_here() {
        return;
    }
    const FEW: u64 = 2000;
    let mut recorded_in_all = 0;
    for pages in 1..=24 {
        for [how, which] in
            [["--mode", "discard"], ["--mode", "overwrite"], ["--buffers", "per-cpu"]]
        {
            let Some(disk) = SmallDisk::of_pages(pages) else { return };
            let rings = disk.path().join("rings");
            let recording = Recording::of_path(binaries::program("flood")).arg(2).arg(FEW);
            let recording =
                recording.options(["--subbuf-size", "8K", "--subbufs", "4", how, which]);
            let recording = recording.options(["--shm-path", rings.to_str().expect("text")]);
            let recorded = recording.run().succeeded();
            let summary = recorded.summary();
            let all = summary.recorded + summary.overwritten + summary.lost_in_all();
            assert_eq!(all, FEW, "{pages} pages, {which}: {summary:?}");
            // Memory is short, not streams: each stream could have been had.
            let stderr = &recorded.finished.stderr;
            assert!(!stderr.contains("(os error 87)"), "{pages} pages, {which}: {stderr}");
            // A trace of nothing is none to babeltrace2.
            let lines = if summary.recorded == 0 { 0 } else { judge::count(&recorded.trace()) };
            assert_eq!(summary.recorded, lines, "{pages} pages, {which}");
            recorded_in_all += summary.recorded;
        }
    }
    assert!(recorded_in_all > 0);
}

#[test]
fn what_could_not_be_exchanged_is_written_when_the_session_ends() {
    if !skip::judges_are_here() {
        return;
    }
    const EVENTS: u64 = 5000;
    let mut was_without = false;
    // Room for what the program needs to fill its ring, and not for the spare.
    for pages in 16..24 {
        let Some(disk) = SmallDisk::of_pages(pages) else { return };
        let site = Site::new();
        let _daemon = site.daemon(&[]);
        let (rings, trace) = (disk.path().join("rings"), site.path("mine"));
        let [rings, output] = [&rings, &trace].map(|path| path.to_str().expect("text"));
        let create = ["create", "mine", "-o", output, "--subbuf-size", "16K", "--subbufs", "4"];
        site.ust(&[&create[..], &["--shm-path", rings]].concat()).succeeded();
        site.ust(&["enable-event", "-s", "mine", "bursts:*"]).succeeded();
        site.ust(&["start", "mine"]).succeeded();
        let path = site.path("progress");
        let arguments = [path.to_str().expect("text"), &EVENTS.to_string()];
        let program = site.program("bursts", &arguments);
        wait_until("the program's burst", || {
            progress::read(&path).is_some_and(|words| words[1] == EVENTS).then_some(())
        });
        site.ust(&["stop", "mine"]).succeeded();
        let destroyed = site.ust(&["destroy", "mine"]).succeeded();
        progress::set(&path, 2, 1);
        program.wait().succeeded();
        was_without |=
            destroyed.stderr.contains("there is no memory for the spare sub-buffer of a ring");
        assert!(!destroyed.stdout.contains("records_lost_unwritten"), "{pages}: {destroyed:?}");
        let lines = judge::count(&trace);
        let counted = destroyed.stdout.replace(',', "");
        assert!(
            counted.contains(&format!("{lines} events recorded {} lost", EVENTS - lines)),
            "{pages}: {destroyed:?}"
        );
    }
    assert!(was_without);
}

#[test]
fn a_copy_that_finds_no_room_is_none() {
    if !skip::judges_are_here() {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let recorded = Recording::of("flood").options(["--subbuf-size", "8M"]).arg(1).arg(100_000);
    let recorded = recorded.run().succeeded();
    let copy = disk.path().join("copy");
    let mut command = Command::new(binaries::ust());
    let finished = run(command.arg("recover").arg(recorded.trace()).arg("-o").arg(&copy));
    assert_eq!(finished.code(), 115, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("channel0_0 cannot be written: No space left"),
        "{}",
        finished.stderr
    );
    assert!(!copy.exists(), "half a copy was left");
}
