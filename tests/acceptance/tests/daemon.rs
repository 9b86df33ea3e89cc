//! With a daemon: daemon and program find each other in either order, and sessions record what their rules say.
//!
//! The traced program emits an event first thing in `main`, then one a millisecond, and notes each. So a test knows which
//! records must be in the trace of a session that was started and stopped meanwhile.

use std::path::{Path, PathBuf};
use ust_acceptance::daemon::Site;
use ust_acceptance::progress::{self, END, WORDS};
use ust_acceptance::{judge, skip};
use ust_test_support::command::Running;
use ust_test_support::wait::wait_until;

/// A metronome of a site's.
struct Metronome {
    running: Running,
    progress: PathBuf,
}

impl Metronome {
    fn start(site: &Site, name: &str) -> Self {
        let progress = site.path(name);
        let running = site.program("metronome", &[progress.to_str().expect("text")]);
        Self { running, progress }
    }

    fn beats(&self) -> u64 {
        progress::read(&self.progress).map_or(0, |words| words[1])
    }

    /// Waits for so many beats from now on.
    fn beat(&self, more: u64) -> u64 {
        let until = self.beats() + more;
        wait_until("beats", || (self.beats() >= until).then_some(()));
        self.beats()
    }

    /// Lets it end by itself.
    fn end(self) -> u64 {
        progress::set(&self.progress, END, 1);
        self.running.wait().succeeded();
        let words = progress::read(&self.progress).expect("it is there");
        assert_eq!(words[WORDS - 1], 1);
        words[1]
    }
}

/// Waits until the daemon knows the program.
fn wait_until_found(site: &Site, program: &Metronome) {
    let pid = program.running.pid().to_string();
    wait_until("the program in `ust list`", || {
        let list = site.ust(&["list"]).succeeded().stdout;
        list.split_whitespace().any(|word| word == pid).then_some(())
    });
}

/// Lets the program end, and waits until the daemon knows.
fn end_and_wait_until_gone(site: &Site, program: Metronome) {
    program.end();
    wait_until("no program in `ust list`", || {
        let list = site.ust(&["list"]).succeeded().stdout;
        list.contains("No process is connected").then_some(())
    });
}

/// What `ust list` says of rules.
const NOTHING_YET: &str = "matches nothing yet";
const GONE: &str = "matches nothing now: the processes whose events it matched are gone";

/// What `ust list` says of one session.
#[track_caller]
fn said_of(site: &Site, glob: &str) -> String {
    let list = site.ust(&["list"]).succeeded().stdout;
    let said = list.lines().find_map(|line| line.trim_start().strip_prefix(glob));
    said.unwrap_or_else(|| panic!("no {glob}: {list}")).trim().to_owned()
}

/// The beats in a trace: all of them, from one to another, none missing between them.
#[track_caller]
fn beats_in(trace: &Path) -> std::ops::Range<u64> {
    let mut beats: Option<std::ops::Range<u64>> = None;
    judge::babeltrace2(trace, |line| {
        if line.is_of("metronome:beat") {
            let number = line.number("number");
            let beats = beats.get_or_insert(number..number);
            assert_eq!(number, beats.end, "{}", line.text);
            beats.end += 1;
        }
    });
    beats.expect("there are beats in the trace")
}

#[test]
fn a_daemon_that_comes_after_the_program_finds_it_and_records_it() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let program = Metronome::start(&site, "progress");
    program.beat(20);
    let _daemon = site.daemon(&[]);
    wait_until_found(&site, &program);
    let trace = site.start_session("mine", "metronome:*");
    // `ust start` returns when recording is on, `ust stop` when it is off and all is in the files.
    let first = program.beats();
    let last = program.beat(50);
    site.ust(&["stop"]).succeeded();
    let seen = beats_in(&trace);
    assert!(seen.start <= first + 1 && seen.end >= last, "{seen:?} are there, not {first}..{last}");
    let after_stop = program.beat(20);
    site.ust(&["destroy"]).succeeded();
    assert_eq!(beats_in(&trace), seen, "recorded after `ust stop`, at {after_stop}");
    program.end();
}

#[test]
fn with_a_daemon_before_the_program_its_first_event_of_main_is_recorded() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let trace = site.start_session("mine", "metronome:*");
    let program = Metronome::start(&site, "progress");
    program.beat(10);
    let beats = program.end();
    site.end_session("mine");
    assert_eq!(beats_in(&trace), 0..beats);
    assert_eq!(judge::count(&trace), beats + 1, "the first event of main");
}

#[test]
fn a_rule_that_matches_nothing_yet_stands_and_is_listed_so() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let trace = site.start_session("mine", "metronome:b?at");
    site.ust(&["enable-event", "no_such:*"]).succeeded();
    let list = site.ust(&["list"]).succeeded().stdout;
    assert_eq!(list.matches(NOTHING_YET).count(), 2, "{list}");
    let program = Metronome::start(&site, "progress");
    program.beat(10);
    wait_until_found(&site, &program);
    let list = site.ust(&["list"]).succeeded().stdout;
    assert_eq!(list.matches(NOTHING_YET).count(), 1, "{list}");
    let beats = program.end();
    site.end_session("mine");
    if skip::judges_are_here() {
        assert_eq!((beats_in(&trace), judge::count(&trace)), (0..beats, beats));
    }
}

#[test]
fn a_rule_whose_programs_have_ended_is_not_listed_as_if_it_never_matched() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    site.start_session("mine", "metronome:b?at");
    site.ust(&["enable-event", "no_such:*"]).succeeded();
    let program = Metronome::start(&site, "progress");
    program.beat(10);
    wait_until_found(&site, &program);
    end_and_wait_until_gone(&site, program);
    site.ust(&["enable-event", "metronome:*"]).succeeded();
    assert_eq!(said_of(&site, "metronome:b?at"), GONE);
    assert_eq!(said_of(&site, "no_such:*"), NOTHING_YET);
    assert_eq!(said_of(&site, "metronome:*"), NOTHING_YET, "it was not there yet");
}

#[test]
fn a_rule_that_comes_back_is_listed_as_one_that_has_matched() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    site.start_session("mine", "metronome:*");
    let program = Metronome::start(&site, "progress");
    program.beat(10);
    wait_until_found(&site, &program);
    site.ust(&["disable-event", "metronome:*"]).succeeded();
    end_and_wait_until_gone(&site, program);
    site.ust(&["enable-event", "metronome:*"]).succeeded();
    assert_eq!(said_of(&site, "metronome:*"), GONE);
}

#[test]
fn a_daemon_that_is_killed_harms_no_program_and_the_next_one_finds_it() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let daemon = site.daemon(&[]);
    let trace = site.start_session("first", "metronome:*");
    let program = Metronome::start(&site, "progress");
    program.beat(20);
    daemon.signal(libc::SIGKILL);
    assert_eq!(daemon.wait().code(), 137);
    program.beat(20);
    // What was written until then is whole. There may be nothing.
    judge::babeltrace2_unfinished(&trace, |_| {});
    let _daemon = site.daemon(&[]);
    wait_until_found(&site, &program);
    let trace = site.start_session("second", "metronome:*");
    let first = program.beats();
    let last = program.beat(50);
    site.end_session("second");
    let seen = beats_in(&trace);
    assert!(seen.start <= first + 1 && seen.end >= last, "{seen:?} are there, not {first}..{last}");
    program.end();
}

#[test]
fn two_sessions_whose_rules_overlap_both_get_their_records() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let all = site.start_session("all", "*");
    let beats = site.start_session("beats", "metronome:beat");
    let program = Metronome::start(&site, "progress");
    let until = program.beat(30);
    // One of them ends while the other goes on.
    site.end_session("beats");
    program.beat(30);
    let count = program.end();
    site.end_session("all");
    assert_eq!((beats_in(&all), judge::count(&all)), (0..count, count + 1));
    let seen = beats_in(&beats);
    assert!(
        seen.start == 0 && seen.end >= until && seen.end < count,
        "{seen:?} of {count}, {until} before the stop"
    );
    assert_eq!(judge::count(&beats), seen.end, "the first event of main is none of this session's");
}

#[test]
fn a_daemon_that_is_told_to_end_completes_every_trace() {
    if !skip::judges_are_here() {
        return;
    }
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let site = Site::new();
        let daemon = site.daemon(&[]);
        let trace = site.start_session("mine", "metronome:*");
        let program = Metronome::start(&site, "progress");
        let until = program.beat(30);
        daemon.signal(signal);
        daemon.wait().succeeded();
        let seen = beats_in(&trace);
        assert!(seen.start == 0 && seen.end >= until, "{seen:?}, {until} before the signal");
        program.end();
    }
}

/// Whether a thread waits for a word to change. Some kernels only tell the system call, some only the function that waits.
fn waits_for_a_word(task: &Path) -> bool {
    let text = |name| std::fs::read_to_string(task.join(name)).unwrap_or_default();
    let call = text("syscall").split_whitespace().next().and_then(|number| number.parse().ok());
    call == Some(libc::SYS_futex) || text("wchan").contains("futex")
}

/// Whether the kernel tells that of a thread that certainly does. Says so if not.
fn waits_are_told() -> bool {
    let (sender, receiver) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        // SAFETY: it only asks.
        sender.send(unsafe { libc::gettid() }).expect("the test listens");
        std::thread::park();
    });
    let tid = receiver.recv().expect("the thread runs");
    let task = PathBuf::from(format!("/proc/self/task/{tid}"));
    let sleeps = || {
        let stat = std::fs::read_to_string(task.join("stat")).expect("it runs");
        stat.contains(") S ").then_some(())
    };
    wait_until("a thread that sleeps", sleeps);
    let is_told = waits_for_a_word(&task);
    waiting.thread().unpark();
    waiting.join().expect("it ends");
    if !is_told {
        skip::skipped(
            "the kernel does not tell what a thread waits for (/proc/PID/syscall, wchan)",
        );
    }
    is_told
}

/// A program that runs on meanwhile waits for the word that the next daemon changes, and does not sleep for a minute.
#[test]
fn a_running_program_waits_in_the_directory_that_its_daemon_has_made_anew() {
    if !waits_are_told() {
        return;
    }
    let site = Site::new();
    let daemon = site.daemon(&["--flush-interval", "10"]);
    site.start_session("first", "metronome:*");
    let program = Metronome::start(&site, "progress");
    wait_until_found(&site, &program);
    std::fs::rename(site.runtime_dir(), site.path("gone")).expect("it is ours");
    wait_until("the daemon's answer", || site.ust(&["status"]).status.success().then_some(()));
    // That returns when the program has heard these rules, and all before them.
    site.ust(&["disable-event", "-s", "first", "metronome:*"]).succeeded();
    daemon.signal(libc::SIGTERM);
    daemon.wait().succeeded();

    let process = PathBuf::from(format!("/proc/{}", program.running.pid()));
    let tasks = std::fs::read_dir(process.join("task")).expect("it runs");
    let agent = tasks
        .map(|task| task.expect("it runs").path())
        .find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|c| c == "ust-agent\n"))
        .expect("there is an agent");
    // Before that it may sleep for a moment, if something was short.
    wait_until("an agent that waits to be woken, and does not sleep until it looks again", || {
        waits_for_a_word(&agent).then_some(())
    });
    let maps = std::fs::read_to_string(process.join("maps")).expect("it runs");
    let words: Vec<_> = maps.lines().filter(|line| line.ends_with("/wake")).collect();
    assert!(words.len() == 1 && words[0].ends_with("/rt/wake"), "{words:?}");

    let _daemon = site.daemon(&[]);
    wait_until_found(&site, &program);
    program.end();
}
