//! Recorder and program are both killed: with the rings in files, `ust recover` finds what no trace has.
//!
//! The program notes each step in a mapped file when its call has returned. Every step that it noted is in the
//! recorder's trace, in the recovered one, or counted; none is torn, and none is invented. `UST_RECOVERIES=1000` kills
//! 1000 times.

use std::collections::BTreeSet;
use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};
use ust_acceptance::left_behind::{
    THREADS, kill_both, pid, recover, rings, start_steps, steps, steps_unfinished, summary,
};
use ust_acceptance::progress;
use ust_acceptance::recording::{Recorded, folders};
use ust_acceptance::{judge, skip};
use ust_core::abi::{PAGE_BYTES, StreamControl};
use ust_core::sync::ReadOnly;
use ust_test_support::command::send_signal;
use ust_test_support::random::Random;
use ust_test_support::wait::wait_until;

/// Sub-buffers, and how often they are flushed. All the time: then the reader is nearly always found at the end of one.
const SHAPES: [[&str; 3]; 6] = [
    ["16K", "8", "1000"],
    ["4K", "2", "1"],
    ["64K", "2", "3"],
    ["4K", "2", "1000"],
    ["4K", "4", "1"],
    ["1M", "2", "1"],
];

/// What the program noted, what the recorder's trace has, and what the recovered one has.
struct Account {
    noted: Vec<u64>,
    traced: Vec<BTreeSet<u64>>,
    recovered: Vec<BTreeSet<u64>>,
    lost: u64,
    overwritten: u64,
}

impl Account {
    fn of(recorded: &Recorded) -> Self {
        let words = progress::read(&recorded.path("progress")).expect("the program has noted it");
        let scratch = recorded.path("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let (finished, output) = recover(&rings(recorded), &scratch);
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        let (lost, overwritten) = (summary(&scratch).lost_in_all(), summary(&scratch).overwritten);
        Self {
            noted: words[..=THREADS].to_vec(),
            traced: steps_unfinished(&recorded.trace()),
            recovered: steps(&output),
            lost,
            overwritten,
        }
    }

    /// Steps in either trace, or counted as lost or overwritten.
    fn accounted(&self) -> u64 {
        let there = |thread: usize| self.traced[thread].union(&self.recovered[thread]).count();
        (1..=THREADS).map(there).sum::<usize>() as u64 + self.lost + self.overwritten
    }

    fn in_both(&self) -> usize {
        let both =
            |thread: usize| self.traced[thread].intersection(&self.recovered[thread]).count();
        (1..=THREADS).map(both).sum()
    }

    #[track_caller]
    fn assert_nothing_is_missing(&self, is_exact: bool, what: &str) {
        let noted: u64 = self.noted[1..].iter().sum();
        let accounted = self.accounted();
        // Each thread may have been about to note one.
        let most = if is_exact { noted + THREADS as u64 } else { u64::MAX };
        assert!(
            (noted..=most).contains(&accounted),
            "{what}: {noted} steps had returned, {accounted} are accounted for ({} lost, {} overwritten)",
            self.lost,
            self.overwritten
        );
        for thread in 1..=THREADS {
            let last = self.recovered[thread].last().or(self.traced[thread].last());
            assert!(last <= Some(&self.noted[thread]), "{what}: a step that was not taken");
        }
    }
}

#[test]
fn what_had_returned_is_in_one_of_the_traces_or_counted() {
    if !skip::judges_are_here() {
        return;
    }
    let mut random = Random::new(3);
    let rounds = std::env::var("UST_RECOVERIES").map_or(30, |all| all.parse().expect("a number"));
    let mut ended = 0;
    for round in 0..rounds {
        let buffers = ["per-thread", "per-cpu"][round % 2];
        let mode = ["discard", "overwrite", "block=10s", "snapshot"][round / 2 % 4];
        let [size, count, flush] = SHAPES[round / 5 % SHAPES.len()];
        let how = match mode {
            "snapshot" => ["--snapshot-on", "exit"],
            mode => ["--mode", mode],
        };
        let [how, which] = how;
        let started = start_steps([
            "--subbuf-size",
            size,
            "--subbufs",
            count,
            "--flush-interval",
            flush,
            "--buffers",
            buffers,
            how,
            which,
        ]);
        random.sleep_below(Duration::from_millis(40));
        let before = folders(&started.path("rings"));
        let recorded = match round % 3 {
            0 => kill_both(started),
            _ => {
                started.running.stop();
                random.sleep_below(Duration::from_millis(5));
                kill_both(started)
            }
        };
        assert_eq!(recorded.finished.code(), 137, "{}", recorded.finished.stderr);
        if !before.iter().all(|path| path.exists()) {
            // It had noticed the program's end, and was removing the rings: only it knew what was lost.
            ended += 1;
            continue;
        }
        let account = Account::of(&recorded);
        // A step that was drained and then overwritten counts as both.
        account.assert_nothing_is_missing(
            mode != "overwrite",
            &format!("{round} {buffers} {mode} {size}"),
        );
    }
    assert!(ended <= rounds / 3, "{ended} recorders of {rounds} were not killed at work");
}

#[test]
fn what_the_dead_recorder_had_written_is_not_written_again() {
    if !skip::judges_are_here() {
        return;
    }
    let began = Instant::now();
    // One large sub-buffer: it is written bit by bit, and seldom taken.
    let options = ["--subbuf-size", "64M", "--subbufs", "2", "--mode", "block=600s"];
    let started = start_steps(options);
    wait_until("the first flush", || {
        let consumed = consumed(&started.path("rings"));
        (consumed.len() == THREADS && consumed.iter().all(|words| *words > 0)).then_some(())
    });
    // The next flush is a second away; where this test is late, the recorder may be found at work, and is let go.
    wait_until("a recorder that sleeps", || {
        started.running.stop();
        let sleeps = is_in_poll(started.running.pid());
        if !sleeps {
            started.running.signal(libc::SIGCONT);
        }
        sleeps.then_some(())
    });
    // On a busy machine the program may not have run since.
    let noted = || progress::read(&started.path("progress")).expect("the program has noted it");
    let before = noted();
    wait_until("steps that the recorder never sees", || {
        (1..=THREADS).all(|thread| noted()[thread] > before[thread]).then_some(())
    });
    let recorded = kill_both(started);
    let account = Account::of(&recorded);
    account.assert_nothing_is_missing(true, "a flushed sub-buffer");
    assert!(account.recovered.iter().any(|steps| !steps.is_empty()));
    assert!(account.traced.iter().any(|steps| !steps.is_empty()));
    assert_eq!((account.in_both(), account.lost), (0, 0));
    // Whose they are, and when they were, stands before them, where the recorder had been.
    let last_traced = times(&recorded.trace()).1;
    let first_recovered = times(&recorded.path("scratch").join("recovered")).0;
    let later_ns = first_recovered.abs_diff(last_traced);
    assert!(
        later_ns < began.elapsed().as_nanos() as u64,
        "recovered records are {later_ns} ns off"
    );
}

/// Whether a process that is stopped was waiting for something to happen.
fn is_in_poll(pid: u32) -> bool {
    let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).expect("it is stopped");
    let number = call.split(' ').next().and_then(|number| number.parse().ok());
    number == Some(libc::SYS_ppoll)
}

#[test]
fn a_program_that_outlives_its_recorder_leaves_what_it_had_recorded() {
    if !skip::judges_are_here() {
        return;
    }
    // Not flushed before it is killed: what it leaves is more than nothing.
    let started =
        start_steps(["--subbuf-size", "16K", "--subbufs", "8", "--flush-interval", "60000"]);
    let before = progress::read(&started.path("progress")).expect("the program has noted it");
    let pid = pid(&started);
    started.running.signal(libc::SIGKILL);
    let recorded = started.wait();
    // The agent switches everything off, and the rings are the program's no more.
    wait_until("the program's parting with its rings", || {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("it lives on");
        (!maps.contains("/ring-")).then_some(())
    });
    let account = Account::of(&recorded);
    send_signal(pid, libc::SIGKILL);
    let is_there = |thread: usize, step: &u64| {
        account.traced[thread].contains(step) || account.recovered[thread].contains(step)
    };
    let missing =
        |thread: usize| (0..before[thread]).filter(|step| !is_there(thread, step)).count();
    let missing: usize = (1..=THREADS).map(missing).sum();
    assert!(missing as u64 <= account.lost, "{missing} missing, {} lost", account.lost);
    assert!(account.recovered.iter().any(|steps| !steps.is_empty()));
}

/// How far the recorder says that it has written each stream, a word of its control page: streams as large as
/// these have a file each.
fn consumed(rings: &Path) -> Vec<u64> {
    let mut files = folders(rings);
    files.retain(|path| path.display().to_string().contains("/ring-"));
    let consumed = |path| {
        let mut word = [0; 8];
        let file = std::fs::File::open(path).unwrap();
        file.read_exact_at(
            &mut word,
            (PAGE_BYTES + offset_of!(StreamControl<ReadOnly>, consumed)) as u64,
        )
        .unwrap();
        u64::from_ne_bytes(word)
    };
    files.into_iter().map(consumed).collect()
}

/// First and last moment of a trace, and that every record has a thread.
fn times(trace: &Path) -> (u64, u64) {
    let (mut first, mut last) = (u64::MAX, 0);
    judge::babeltrace2(trace, |line| {
        first = first.min(line.time_ns);
        last = last.max(line.time_ns);
        assert_ne!(line.number("vtid"), 0, "{}", line.text);
    });
    (first, last)
}
