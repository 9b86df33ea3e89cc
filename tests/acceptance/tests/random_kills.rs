//! SIGKILL at random instants, in both kinds of buffers and every mode: no record whose call had returned is missing,
//! unless it was counted; none is torn; each thread's are in order.
//!
//! ```text
//!   returned <= recorded + overwritten + lost <= returned + threads
//! ```
//!
//! On the right side, each thread may have been killed after its record was committed, or its loss counted, and before it
//! noted that the call had returned. The moments are the same in every run. `UST_KILLS=1000` kills 1000 times. On a slow
//! machine there are more kills, if hardly any call had returned by then.

use std::time::Duration;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{check, judge, progress, skip};
use ust_test_support::random::Random;

const THREADS: usize = 3;

/// Rings that are lapped all the time.
const SMALL: [&str; 4] = ["--subbuf-size", "4K", "--subbufs", "4"];

/// What is done with a full ring. The last one writes nothing before the program's death.
const MODES: [[&str; 2]; 4] = [
    ["--mode", "discard"],
    ["--mode", "overwrite"],
    ["--mode", "block"],
    ["--snapshot-on", "signal"],
];

/// How often in each kind of buffers.
fn kills() -> u64 {
    let all = std::env::var("UST_KILLS").map_or(100u64, |kills| kills.parse().expect("a number"));
    all.div_ceil(2)
}

fn kill_after(delay: Duration, buffers: &str, mode: [&str; 2]) -> Recorded {
    let recording = Recording::of("sprint").options(SMALL).options(["--buffers", buffers]);
    let path = recording.path("progress");
    let recording = recording.options(mode).arg(path.display()).arg(THREADS);
    let recorded = recording.arg(delay.as_micros()).run();
    assert_eq!(recorded.finished.code(), 137, "{}", recorded.finished.stderr);
    recorded
}

/// What each thread's records in a trace were: how many, from which number, to which.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    count: u64,
    first: u64,
    end: u64,
}

#[track_caller]
fn look(recorded: &Recorded, what: &str) -> [Seen; THREADS + 1] {
    let mut seen = [Seen::default(); THREADS + 1];
    if recorded.summary().recorded == 0 {
        // babeltrace2 calls an empty trace an error. The sum tells what should have been in it.
        return seen;
    }
    judge::babeltrace2(&recorded.trace(), |line| {
        let (thread, sequence) = (line.number("thread"), line.number("sequence"));
        assert_eq!(
            line.number("check"),
            check::of_thread(thread, sequence),
            "{what}: torn: {}",
            line.text
        );
        let length = line.value("text").len() as u64;
        assert_eq!(length, sequence % 26 + 3, "{what}: torn: {}", line.text);
        let seen = &mut seen[thread as usize];
        if seen.count == 0 {
            seen.first = sequence;
        } else {
            assert!(sequence >= seen.end, "{what}: twice or out of order: {}", line.text);
        }
        seen.count += 1;
        seen.end = sequence + 1;
    });
    seen
}

/// Returns how many calls had returned.
#[track_caller]
fn assert_nothing_is_missing(recorded: &Recorded, mode: [&str; 2], what: &str) -> u64 {
    let words = progress::read(&recorded.path("progress")).unwrap_or_default();
    let returned = &words[1..=THREADS];
    let seen = look(recorded, what);
    let summary = recorded.summary();
    assert_eq!(seen.iter().map(|seen| seen.count).sum::<u64>(), summary.recorded, "{what}");
    let sum = summary.recorded + summary.overwritten + summary.lost_in_all();
    let least: u64 = returned.iter().sum();
    assert!(
        (least..=least + THREADS as u64).contains(&sum),
        "{what}: {returned:?} had returned: {summary:?} {seen:?}"
    );
    for (thread, returned) in (1..).zip(returned) {
        let Seen { count, first, end } = seen[thread];
        assert!(end <= returned + 1, "{what}: thread {thread}: from the future: {seen:?}");
        // Blocked writers lose nothing; nor does a flight recorder, of what came last in each ring. A thread that has changed
        // its CPU has records in two of them, and of those in between the one may be overwritten and the other not.
        let is_recorder = mode == ["--snapshot-on", "signal"];
        let is_of_one_ring = what.contains("per-thread") || !is_recorder;
        let is_whole =
            summary.lost_in_all() == 0 && mode != ["--mode", "overwrite"] && is_of_one_ring;
        if is_whole && count > 0 {
            assert_eq!(count, end - first, "{what}: thread {thread} has a gap: {seen:?}");
        }
        let is_per_thread = what.contains("per-thread");
        if is_whole && is_per_thread && *returned > 0 {
            assert!(end >= *returned, "{what}: thread {thread} of {returned}: {seen:?}");
        }
    }
    least
}

fn kill_often(buffers: &str, seed: u64) {
    if !skip::judges_are_here() {
        return;
    }
    let mut random = Random::new(seed);
    let mut returned = [0; MODES.len()];
    let has_begun = |returned: &[u64]| returned.iter().all(|returned| *returned > 1000);
    for round in 0..20 * kills() {
        if round >= kills() && has_begun(&returned) {
            break;
        }
        let number = round as usize % MODES.len();
        // Half of the kills come while threads have their first events, or before.
        let bound = if (round / MODES.len() as u64).is_multiple_of(2) { 400 } else { 6000 };
        let delay = Duration::from_micros(random.below(bound));
        let what = format!("round {round}, {buffers} {:?}, after {delay:?}", MODES[number]);
        let recorded = kill_after(delay, buffers, MODES[number]);
        returned[number] += assert_nothing_is_missing(&recorded, MODES[number], &what);
    }
    assert!(has_begun(&returned), "killed too early: {returned:?}");
}

#[test]
fn each_threads_ring_survives_its_death() {
    kill_often("per-thread", 3);
}

#[test]
fn each_cpus_ring_survives_the_death_of_all_its_writers() {
    kill_often("per-cpu", 4);
}
