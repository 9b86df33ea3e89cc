//! Threads and locks of C programs: each call is recorded, with the thread that held a lock, and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::judge::{self, Line};
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::steps::Stepped;
use ust_acceptance::{shim, skip};
use ust_test_support::command::Running;

/// A record of the set: its event, and the line.
#[derive(Debug)]
struct Record {
    event: String,
    text: String,
    time_ns: u64,
}

impl Record {
    fn line(&self) -> Line<'_> {
        Line { text: &self.text, time_ns: self.time_ns }
    }

    fn held_ns(&self) -> i64 {
        self.line().value("held").parse().expect("a number")
    }

    fn result(&self) -> i64 {
        self.line().value("result").parse().expect("a number")
    }

    fn vtid(&self) -> u64 {
        self.line().number("vtid")
    }

    /// Whether it is of a lock at this address.
    fn is_of(&self, lock: &str) -> bool {
        self.text.contains(&format!("mutex = 0x{}", lock.trim_start_matches("0x").to_uppercase()))
    }
}

fn records(trace: &Path, provider: &str) -> Vec<Record> {
    let mut all = Vec::new();
    judge::babeltrace2(trace, |line| {
        if let Some(event) = line.event_of(provider) {
            let (event, text) = (event.to_owned(), line.text.to_owned());
            all.push(Record { event, text, time_ns: line.time_ns });
        }
    });
    all
}

/// Records parts of the program.
fn recorded(parts: &[&str], options: &[&str]) -> Recorded {
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "locks", &[]);
    let mut recording = Recording::of_path(program).options(["--preload", "pthread"]);
    for option in options {
        recording = recording.options([*option]);
    }
    let recorded = parts.iter().fold(recording, Recording::arg).run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    recorded
}

/// What the program has said of itself: `NAME VALUE`.
fn said<'a>(recorded: &'a Recorded, name: &str) -> &'a str {
    let value = recorded.finished.stdout.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap_or_else(|| panic!("no {name} in {}", recorded.finished.stdout)).trim()
}

/// The program checks each result and `errno` itself. Here each call is counted.
#[test]
fn each_function_is_recorded_with_its_result() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recorded(&["mutexes", "rwlocks", "waits", "threads"], &[]);
    assert_eq!(said(&recorded, "0"), "failures");
    let mut seen = BTreeMap::<(String, i64), u64>::new();
    for record in records(&recorded.trace(), "pthread") {
        let result = if record.event.ends_with("_exit") { 0 } else { record.result() };
        *seen.entry((record.event, result)).or_default() += 1;
    }
    let (busy, timed_out, deadlock, again, invalid) = (16, 110, 35, 11, 22);
    let expected = [
        ("pthread_mutex_init", 0, 1),
        ("pthread_mutex_destroy", 0, 2),
        ("mtx_init", 0, 2),
        ("pthread_mutex_lock", 0, 4),
        ("pthread_mutex_trylock", 0, 1),
        ("pthread_mutex_trylock", busy, 2),
        ("pthread_mutex_timedlock", timed_out, 2),
        ("pthread_mutex_clocklock", timed_out, 1),
        ("pthread_mutex_unlock", 0, 5),
        ("pthread_rwlock_init", 0, 1),
        ("pthread_rwlock_destroy", 0, 1),
        ("pthread_rwlock_rdlock", 0, 1),
        ("pthread_rwlock_tryrdlock", 0, 1),
        ("pthread_rwlock_tryrdlock", busy, 1),
        ("pthread_rwlock_timedrdlock", 0, 1),
        ("pthread_rwlock_clockrdlock", 0, 1),
        ("pthread_rwlock_wrlock", 0, 1),
        ("pthread_rwlock_trywrlock", busy, 1),
        ("pthread_rwlock_timedwrlock", deadlock, 1),
        ("pthread_rwlock_clockwrlock", deadlock, 1),
        ("pthread_rwlock_unlock", 0, 5),
        ("pthread_spin_init", 0, 1),
        ("pthread_spin_destroy", 0, 1),
        ("pthread_spin_lock", 0, 1),
        ("pthread_spin_trylock", busy, 1),
        ("pthread_spin_unlock", 0, 1),
        ("pthread_cond_init", 0, 1),
        ("cnd_init", 0, 1),
        ("pthread_cond_destroy", 0, 2),
        ("pthread_cond_signal", 0, 2),
        ("pthread_cond_broadcast", 0, 2),
        ("pthread_cond_timedwait", timed_out, 2),
        ("pthread_cond_clockwait", timed_out, 1),
        ("pthread_barrier_init", 0, 1),
        ("pthread_barrier_destroy", 0, 1),
        ("pthread_barrier_wait", -1, 1),
        ("sem_init", 0, 1),
        ("sem_destroy", 0, 1),
        ("sem_wait", 0, 1),
        ("sem_trywait", again, 1),
        ("sem_timedwait", timed_out, 1),
        ("sem_clockwait", timed_out, 1),
        ("sem_post", 0, 1),
        ("pthread_create", 0, 2),
        ("thrd_create", 0, 2),
        ("pthread_exit", 0, 1),
        ("pthread_join", 0, 1),
        ("pthread_join", invalid, 1),
        ("thrd_join", 0, 1),
        ("pthread_tryjoin_np", busy, 1),
        ("pthread_timedjoin_np", timed_out, 1),
        ("pthread_clockjoin_np", timed_out, 1),
        ("pthread_detach", 0, 1),
        ("thrd_detach", 0, 1),
        ("pthread_setname_np", 0, 1),
    ];
    // The last thread is detached: the program may end before it does.
    seen.remove(&("thrd_exit".to_owned(), 0));
    let expected: BTreeMap<_, u64> =
        expected.map(|(event, result, count)| ((event.to_owned(), result), count)).into();
    assert_eq!(seen, expected);
}

/// B waits while A holds. So B's wait is not longer than A's hold and what comes before and after it, and A is recorded as
/// the holder.
#[test]
fn a_wait_tells_who_held_the_lock_and_an_unlock_for_how_long() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recorded(&["contention"], &["--begin"]);
    let (mutex, holder) = (said(&recorded, "contended"), said(&recorded, "holder"));
    let holder: u64 = holder.parse().expect("a thread id");
    let trace = recorded.trace();
    let all: Vec<_> =
        records(&trace, "pthread").into_iter().filter(|record| record.is_of(mutex)).collect();
    let of = |event: &str, is_holder: bool| {
        let mut found = all
            .iter()
            .filter(|record| record.event == event && (record.vtid() == holder) == is_holder);
        let first = found.next().unwrap_or_else(|| panic!("no {event} in {all:?}"));
        assert!(found.next().is_none(), "{event} once");
        first
    };
    let (lock, unlock) = (of("pthread_mutex_lock", true), of("pthread_mutex_unlock", true));
    let (waited, released) = (of("pthread_mutex_lock", false), of("pthread_mutex_unlock", false));
    assert_eq!(lock.line().number("held_by"), 0);
    assert_eq!(waited.line().number("held_by"), holder);
    // It slept for 50 ms while it held the mutex, and other things can only make that longer.
    assert!(unlock.held_ns() >= 50_000_000, "{unlock:?}");
    // The two records of the lock that waited are around the wait.
    let begins = records(&trace, "pthread_begin");
    let begin = |is_holder: bool| {
        let mut of_it = begins.iter().filter(|record| record.is_of(mutex));
        of_it.find(|record| (record.vtid() == holder) == is_holder).expect("it begins")
    };
    let began = begin(false);
    assert_eq!(began.line().number("held_by"), holder);
    let wait_ns = waited.line().number("duration");
    // The clock of durations and that of the trace need not agree to the last digit.
    let fits = |ns: u64, from: &Record, to: &Record| ns - ns / 100 <= to.time_ns - from.time_ns;
    assert!(fits(wait_ns, began, waited), "{began:?} {waited:?}");
    // Holds lie between the call of their lock and the record of their unlock, and the first ends before the wait does.
    for (held_ns, from, to) in [
        (unlock.held_ns(), begin(true), unlock),
        (unlock.held_ns(), begin(true), waited),
        (released.held_ns(), began, released),
    ] {
        assert!(held_ns >= 0 && fits(held_ns as u64, from, to), "{held_ns} {from:?} {to:?}");
    }
    // The part of the hold before the wait, and the wait, add up to the hold.
    let before = began.time_ns.saturating_sub(lock.time_ns);
    assert!(before + wait_ns >= unlock.held_ns() as u64 / 2, "{all:?}");
}

#[test]
fn holds_are_of_the_owner_and_of_the_outermost_lock() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recorded(&["kinds"], &[]);
    let all = records(&recorded.trace(), "pthread");
    let unlocks = |name: &str| -> Vec<_> {
        let mutex = said(&recorded, name);
        let of_it = all.iter().filter(|it| it.event == "pthread_mutex_unlock" && it.is_of(mutex));
        of_it.map(|it| (it.result(), it.held_ns())).collect()
    };
    let [inner, middle, outer] = unlocks("recursive")[..] else { panic!("{all:?}") };
    assert_eq!((inner, middle), ((0, -1), (0, -1)), "still held");
    assert!(outer.1 >= 4_000_000, "from the first lock: {outer:?}");
    // Two that were refused, one of them of another thread while it was held.
    let [before, of_another, own] = unlocks("checking")[..] else { panic!("{all:?}") };
    assert_eq!((before, of_another), ((1, -1), (1, -1)));
    assert!(own.0 == 0 && own.1 >= 2_000_000, "{own:?}");
    // Owners that died.
    let robust = said(&recorded, "robust");
    let locks: Vec<_> =
        all.iter().filter(|it| it.event == "pthread_mutex_lock" && it.is_of(robust)).collect();
    let results: Vec<_> = locks.iter().map(|it| it.result()).collect();
    assert_eq!(results, [0, 130, 0, 130, 131]);
    for (dead, heir) in [(0, 1), (2, 3)] {
        assert_eq!(locks[heir].line().number("held_by"), locks[dead].vtid());
    }
    assert_eq!(locks[4].line().number("held_by"), 0, "nobody");
    assert!(unlocks("robust").iter().all(|(_, held)| *held >= 0));
}

/// Of many threads at many locks: as many calls as a library counts that stands before the shim; each hold is known; holds of
/// one mutex do not overlap, so that all of them together are not longer than the program ran; and holders are its threads.
#[test]
fn counts_holds_and_holders_are_right_under_contention() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let program = shim::compiled(site.dir(), "locks", &[]);
    let counter = shim::compiled(site.dir(), "counts_locks", &["-shared", "-fPIC"]);
    let trace = site.start_session("session", "pthread:*");
    let counts = site.path("counts");
    let mut command = site.command(&program);
    let preload = format!("{} {}", counter.display(), shim::built().display());
    command.arg("stress").env("LD_PRELOAD", preload).env("COUNTS", &counts);
    let finished = Running::start(&mut command).wait();
    site.end_session("session");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let wall = finished.stdout.lines().find_map(|line| line.strip_prefix("wall "));
    let wall_ns: i64 = wall.and_then(|wall| wall.parse().ok()).expect("it says how long it took");

    let all = records(&trace, "pthread");
    let counted = std::fs::read_to_string(&counts).expect("it has counted");
    for line in counted.lines() {
        let (name, count) = line.split_once(' ').expect("a name and a count");
        let seen = all.iter().filter(|record| record.event == name).count();
        assert_eq!(seen.to_string(), count, "{name}");
    }
    let threads: BTreeSet<_> = all.iter().map(Record::vtid).chain([0]).collect();
    let (mut held, mut contended) = (BTreeMap::<&str, i64>::new(), 0);
    for record in &all {
        if record.event.ends_with("lock") && record.text.contains("held_by") {
            let holder = record.line().number("held_by");
            assert!(threads.contains(&holder), "{record:?}");
            contended += u64::from(holder != 0);
        }
        if record.event.ends_with("unlock") {
            assert!(record.held_ns() >= 0, "unknown: {record:?}");
        }
        if record.event == "pthread_mutex_unlock" {
            *held.entry(record.line().value("mutex")).or_default() += record.held_ns();
        }
    }
    assert!(contended > 0, "nobody waited");
    assert!(held.len() > 32, "{held:?}");
    for (mutex, held) in held {
        // The two clocks need not agree to the last digit.
        assert!(held <= wall_ns + wall_ns / 100, "{mutex} was held {held} ns of {wall_ns}");
    }
}

/// A wait for a condition ends one hold and begins another; a thread that is cancelled in it unwinds, and its unlock does not
/// take an older hold for its own.
#[test]
fn conditions_part_holds_and_cancellation_unwinds() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recorded(&["waits", "cancellation"], &["--begin"]);
    assert_eq!(said(&recorded, "0"), "failures");
    let all = records(&recorded.trace(), "pthread");
    let waits: Vec<_> = all
        .iter()
        .filter(|record| {
            record.event.starts_with("pthread_cond_") && record.event.ends_with("wait")
        })
        .collect();
    assert_eq!(waits.len(), 3, "the cancelled one has no end");
    for wait in waits {
        assert!(wait.held_ns() >= 0 && wait.line().number("duration") > 0, "{wait:?}");
    }
    let began = records(&recorded.trace(), "pthread_begin");
    let cancelled = began.iter().filter(|record| record.event == "pthread_cond_wait").count();
    assert_eq!(cancelled, 1);
    let unknown = all
        .iter()
        .filter(|record| record.event == "pthread_mutex_unlock" && record.held_ns() == -1)
        .count();
    assert_eq!(unknown, 1, "that of the cancelled thread's handler");
}

/// A lock that was taken while the events were off has no hold, also if an older hold was never seen to end.
#[test]
fn holds_that_were_not_seen_whole_are_unknown() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let program = shim::compiled(site.dir(), "switched", &[]);
    let mut program = Stepped::start(&site, &program, &shim::built());
    // On, locks; off, unlocks and locks; on, unlocks.
    let first = site.start_session("first", "pthread:*");
    program.step();
    site.end_session("first");
    program.step();
    let second = site.start_session("second", "pthread:*");
    program.step();
    site.end_session("second");
    assert_eq!(program.end(), 0);
    let events = |trace: &Path| -> Vec<_> {
        records(trace, "pthread").iter().map(|record| record.event.clone()).collect()
    };
    assert_eq!(events(&first), ["pthread_mutex_lock"]);
    let unlocks = records(&second, "pthread");
    let held: Vec<_> = unlocks.iter().map(Record::held_ns).collect();
    assert_eq!(held, [-1]);
}

/// Programs say what they say without the shim, while all of it is recorded.
#[test]
fn real_programs_do_not_notice() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let throws = shim::compiled_as_cxx(dir.path(), "throws", &["-finstrument-functions"]);
    let threads = "import threading, queue\n\
        q, done = queue.Queue(), []\n\
        def work():\n  while (n := q.get()) is not None: done.append(n * n)\n\
        ts = [threading.Thread(target=work) for _ in range(8)]\n\
        [t.start() for t in ts]\n[q.put(n) for n in range(2000)]\n[q.put(None) for _ in ts]\n\
        [t.join() for t in ts]\nprint(sum(done))";
    let programs: [(&Path, &[&str]); 3] = [
        (Path::new("python3"), &["-c", threads]),
        (&throws, &[]),
        (
            Path::new("bash"),
            &["-c", "for i in 1 2 3; do echo $(printf '%s' $i | cat); done | sort -r; exit 7"],
        ),
    ];
    for (program, arguments) in programs {
        let Ok(alone) = Command::new(program).args(arguments).output() else {
            skip::skipped(&format!("{} is not here", program.display()));
            continue;
        };
        let recording = Recording::of_path(program.to_owned()).options([
            "--preload",
            "pthread,dl,func,lttng-names",
            "--begin",
            "--subbuf-size",
            "4M",
        ]);
        let traced = arguments.iter().fold(recording, Recording::arg).run();
        assert_eq!(traced.finished.status.code(), alone.status.code(), "{}", program.display());
        assert_eq!(traced.finished.stdout.as_bytes(), alone.stdout, "{}", program.display());
        let mut seen = BTreeSet::new();
        judge::babeltrace2(&traced.trace(), |line| {
            seen.extend(line.event_of("lttng_ust_statedump").map(str::to_owned));
        });
        assert!(seen.contains("bin_info"), "{}", program.display());
    }
}
