//! Ring files that are damaged, in use, or not wanted any more.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use ust_acceptance::left_behind::{
    pid, recover, rings, start_steps, steps, stop_and_kill_both, summary, wait_until_gone,
};
use ust_acceptance::recording::{Recording, folders, stream_files};
use ust_acceptance::{judge, progress, skip};
use ust_core::abi::{Geometry, Position, RingFileShape, StreamControl, TableEntry};
use ust_core::sync::ReadOnly;
use ust_test_support::command::send_signal;
use ust_test_support::wait::wait_until;

const OPTIONS: [&str; 4] = ["--subbuf-size", "64K", "--subbufs", "4"];

fn named(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut files = folders(dir);
    let is_named = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    files.retain(is_named);
    files
}

#[test]
fn each_damaged_file_costs_itself_and_nothing_is_changed() {
    if !skip::judges_are_here() {
        return;
    }
    // Nothing is drained: all is still in the rings.
    let recorded = stop_and_kill_both(start_steps([
        "--subbuf-size",
        "64K",
        "--subbufs",
        "4",
        "--snapshot-on",
        "exit",
    ]));
    let dir = rings(&recorded);
    let [ring] = &named(&dir, "ring-")[..] else { panic!("one process, one ring file") };
    let [process] = &named(&dir, "process-")[..] else { panic!("one process file") };
    let other = |digit: char| {
        PathBuf::from(ring.display().to_string().replace("/ring-", &format!("/ring-{digit}")))
    };
    let uid_of = |path: &Path| path.file_name().unwrap().to_string_lossy()[5..37].to_owned();

    // Rings of a process that has no file; one that is cut off; one of nothing but 0xff; something else.
    let orphan = other('f');
    let orphan = orphan.with_file_name(format!("ring-{}-0000000000000000-0-1", "f".repeat(32)));
    fs::copy(ring, &orphan).unwrap();
    let tail = ring.file_name().unwrap().to_string_lossy()[37..].to_owned();
    let cut = dir.join(format!("ring-{}{}", uid_of(ring), tail.clone() + "1"));
    fs::copy(ring, &cut).unwrap();
    let size = fs::metadata(&cut).unwrap().len();
    OpenOptions::new().write(true).open(&cut).unwrap().set_len(size / 2).unwrap();
    let garbage = dir.join(format!("ring-{}{}", uid_of(ring), tail + "2"));
    fs::write(&garbage, vec![0xff; 100_000]).unwrap();
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    let false_process = dir.join(format!("process-{}", "e".repeat(32)));
    fs::write(&false_process, "no process").unwrap();

    let before = contents(&dir);
    let scratch = recorded.path("scratch");
    fs::create_dir(&scratch).unwrap();
    let (finished, output) = recover(&dir, &scratch);
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    let complaint = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        finished
            .stderr
            .lines()
            .find(|line| line.contains(name))
            .unwrap_or_else(|| panic!("nothing is said of {name}: {}", finished.stderr))
    };
    assert!(complaint(&orphan).contains("process file is missing"), "{}", finished.stderr);
    assert!(complaint(&cut).contains("has not the size"), "{}", finished.stderr);
    assert!(complaint(&garbage).contains("wrong magic number"), "{}", finished.stderr);
    assert!(complaint(&false_process).contains("impossible size"), "{}", finished.stderr);
    assert!(complaint(Path::new("notes.txt")).contains("no file of a recording"));
    assert_eq!(finished.stderr.lines().count(), 6, "{}", finished.stderr);

    let there: usize = steps(&output).iter().map(|steps| steps.len()).sum();
    assert_eq!(there as u64, summary(&scratch).recorded);
    assert!(there > 0);
    assert_eq!(contents(&dir), before, "recovering changes nothing");
    assert!(process.exists());
}

/// Names, sizes and times of change.
fn contents(dir: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let look = |path: PathBuf| {
        let metadata = fs::metadata(&path).unwrap();
        (path, metadata.len(), metadata.modified().unwrap())
    };
    folders(dir).into_iter().map(look).collect()
}

/// A flight recorder's rings: of the full sub-buffers, one is not what was written.
#[test]
fn of_a_full_sub_buffer_with_a_wrong_checksum_nothing_is_read() {
    if !skip::judges_are_here() {
        return;
    }
    for buffers in ["per-thread", "per-cpu"] {
        let options = ["--subbuf-size", "16K", "--subbufs", "4", "--snapshot-on", "exit"];
        let [a, b, c, d, e, f] = options;
        let started = start_steps([a, b, c, d, e, f, "--buffers", buffers]);
        let progress = started.path("progress");
        wait_until("rings that have gone round", || {
            let words = progress::read(&progress)?;
            words[1..].iter().any(|steps| *steps > 20_000).then_some(())
        });
        let recorded = stop_and_kill_both(started);
        let scratch = recorded.path("scratch");
        fs::create_dir(&scratch).unwrap();
        let (finished, output) = recover(&rings(&recorded), &scratch);
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        let whole = steps(&output);
        fs::remove_dir_all(&output).unwrap();

        for ring in named(&rings(&recorded), "ring-") {
            spoil_a_full_sub_buffer(&ring);
        }
        let (finished, output) = recover(&rings(&recorded), &scratch);
        assert_eq!(finished.code(), 1, "{}", finished.stderr);
        assert!(
            finished.stderr.contains(": 1 full sub-buffers of a ring do not have the checksum"),
            "{}",
            finished.stderr
        );
        let left = steps(&output);
        let count = |steps: &[BTreeSet<u64>]| steps.iter().map(BTreeSet::len).sum::<usize>();
        assert!(
            (1..count(&whole)).contains(&count(&left)),
            "{} of {}",
            count(&left),
            count(&whole)
        );
        assert!(left.iter().zip(&whole).all(|(left, whole)| left.is_subset(whole)));
    }
}

/// Turns a bit in the middle of the sub-buffer that the first stream's writer left last.
fn spoil_a_full_sub_buffer(ring: &Path) {
    let file = OpenOptions::new().read(true).write(true).open(ring).unwrap();
    let word = |at: usize| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at as u64).unwrap();
        u64::from_ne_bytes(bytes)
    };
    let stream = RingFileShape::of(Geometry::new(16 << 10, 4).unwrap()).unwrap().stream_offset(0);
    let geometry = Geometry::new(16 << 10, 4).unwrap();
    let position =
        Position::from_word(word(stream + offset_of!(StreamControl<ReadOnly>, position)));
    let start = geometry.subbuf_start(position.bytes()) - geometry.subbuf_size_bytes() as u64;
    let entry =
        word(stream + offset_of!(StreamControl<ReadOnly>, table) + 8 * geometry.place(start));
    let at = stream + geometry.memory_offset(TableEntry::from_word(entry).memory()) + 5000;
    let spoilt = word(at) ^ 1 << 20;
    file.write_all_at(&spoilt.to_ne_bytes(), at as u64).unwrap();
}

#[test]
fn rings_in_use_are_left_alone_and_any_bytes_in_them_are_survived() {
    if !skip::judges_are_here() {
        return;
    }
    let started = start_steps(OPTIONS);
    let dir = started.path("rings");
    let scratch = started.path("scratch");
    fs::create_dir(&scratch).unwrap();
    let (finished, output) = recover(&dir, &scratch);
    assert_eq!(finished.code(), 1);
    assert!(finished.stderr.contains("still in use by process"), "{}", finished.stderr);
    assert!(!output.exists(), "nothing was recovered");
    assert_eq!(summary(&scratch).recorded, 0);

    let recorded = stop_and_kill_both(started);
    // A machine crash may leave any page as it was once, or was never.
    for ring in named(&dir, "ring-") {
        let file = OpenOptions::new().read(true).write(true).open(ring).unwrap();
        let mut seed = 5u64;
        for page in 2..64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let bytes: Vec<u8> = (0..4096u64).map(|byte| (seed >> (byte % 57)) as u8).collect();
            if page % 3 != 0 {
                let bytes = if page % 3 == 1 { &bytes } else { &vec![0; 4096] };
                file.write_all_at(bytes, page * 4096).unwrap();
            }
        }
    }
    let (finished, output) = recover(&rings(&recorded), &scratch);
    assert!([0, 1].contains(&finished.code()), "{}", finished.stderr);
    if output.exists() {
        assert_eq!(judge::count(&output), summary(&scratch).recorded);
    }
}

#[test]
fn a_recording_that_comes_to_its_end_leaves_nothing() {
    if !skip::judges_are_here() {
        return;
    }
    for snapshot in [false, true] {
        let mut recording = Recording::of("steps").options(OPTIONS).with_rings_in_files();
        if snapshot {
            recording = recording.options(["--snapshot-on", "exit"]);
        }
        let rings = recording.path("rings");
        if snapshot {
            // A directory of the user's own stays, empty.
            use std::os::unix::fs::DirBuilderExt;
            fs::DirBuilder::new().mode(0o700).create(&rings).unwrap();
        }
        let progress = recording.path("progress");
        let recorded = recording.arg(progress.display()).arg(2).arg(5000).run().succeeded();
        let summary = recorded.summary();
        let sum = summary.recorded + summary.overwritten + summary.lost_in_all();
        assert_eq!(sum, 10_000, "{summary:?}");
        assert_eq!(rings.exists(), snapshot);
        assert!(!snapshot || folders(&rings).is_empty(), "{:?}", folders(&rings));
    }
}

#[test]
fn forked_children_have_rings_and_process_files_of_their_own() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("left_fork").with_rings_in_files();
    let (rings, marks) = (recording.path("rings"), recording.path("progress"));
    let recording = recording.options(["--snapshot-on", "exit"]);
    let started = recording.arg(marks.display()).start();
    let words = wait_until("both processes' events", || {
        ust_acceptance::progress::read(&marks).filter(|words| words[2] == 1 && words[3] == 1)
    });
    assert_eq!(named(&rings, "process-").len(), 2);
    assert_eq!(named(&rings, "ring-").len(), 2);
    send_signal(words[1] as u32, libc::SIGKILL);
    let recorded = stop_and_kill_both(started);
    wait_until_gone(words[1] as u32);
    let scratch = recorded.path("scratch");
    fs::create_dir(&scratch).unwrap();
    let (finished, output) = recover(&rings, &scratch);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let mut pids = Vec::new();
    judge::babeltrace2(&output, |line| {
        assert_eq!(line.vpid(), line.number("pid"));
        pids.push(line.vpid());
    });
    pids.sort();
    let mut expected = [words[0], words[1]];
    expected.sort();
    assert_eq!(pids, expected);
}

#[test]
fn a_ring_file_that_somebody_truncates_costs_its_process_and_not_the_recorder() {
    if !skip::judges_are_here() {
        return;
    }
    let started = start_steps(OPTIONS);
    let (traced, dir) = (pid(&started), started.path("rings"));
    // The recorder has mapped them, and reads: before that it finds a file of the wrong size.
    wait_until("a stream file", || {
        folders(&started.trace())
            .iter()
            .any(|folder| !stream_files(folder).is_empty())
            .then_some(())
    });
    let mut rings = named(&dir, "ring-");
    let ring = rings.pop().expect("the program has rings");
    OpenOptions::new().write(true).open(ring).unwrap().set_len(4096).unwrap();
    wait_until_gone(traced);
    let recorded = started.wait();
    // The program ends by SIGBUS, because its ring was truncated while it used it.
    assert_eq!(recorded.finished.code(), 128 + libc::SIGBUS, "{}", recorded.finished.stderr);
    assert!(recorded.finished.stderr.contains("was truncated"), "{}", recorded.finished.stderr);
    assert!(recorded.closing_line().contains("recorded"), "{}", recorded.finished.stderr);
    assert!(!dir.exists());
}
