//! Sessions with several channels: each with its own mode and geometry, exact in each, one trace a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use ust_acceptance::daemon::Site;
use ust_acceptance::left_behind::{recover, summary, wait_until_gone};
use ust_acceptance::recording::folders;
use ust_acceptance::{judge, progress, skip};
use ust_test_support::command::{Running, send_signal};
use ust_test_support::wait::wait_until;

const THREADS: u64 = 3;

/// How many events of each kind, in all threads.
struct Emitted(u64);

/// A channel: its name, its options, and its rules.
type Channel<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

/// Where nothing is lost, and where the daemon cannot keep up.
const WIDE: &[&str] = &["--subbuf-size", "1M", "--subbufs", "8"];
const NARROW: &[&str] = &["--subbuf-size", "4K", "--subbufs", "2"];
const NARROW_PER_CPU: &[&str] = &["--subbuf-size", "4K", "--subbufs", "2", "--buffers", "per-cpu"];
const NEWEST: &[&str] = &["--subbuf-size", "8K", "--subbufs", "4", "--mode", "overwrite"];
const NEWEST_PER_CPU: &[&str] =
    &["--subbuf-size", "4K", "--subbufs", "4", "--mode", "overwrite", "--buffers", "per-cpu"];

/// Makes a session with these channels, not started; where its trace goes.
#[track_caller]
fn create(site: &Site, name: &str, options: &[&str], channels: &[Channel<'_>]) -> PathBuf {
    let trace = site.path(name);
    let output = trace.to_str().expect("temporary paths are text");
    site.ust(&[&["create", name, "-o", output], options].concat()).succeeded();
    for (channel, options, rules) in channels {
        let enable = ["enable-channel", channel, "-s", name];
        site.ust(&[&enable[..], options].concat()).succeeded();
        let enable = ["enable-event", "-s", name, "-c", channel];
        site.ust(&[&enable[..], rules].concat()).succeeded();
    }
    trace
}

/// Runs the program `kinds` until it has emitted all; it stays.
fn run_kinds(site: &Site, events: u64) -> (Running, Emitted) {
    let path = site.path("progress");
    let arguments = [path.display().to_string(), THREADS.to_string(), events.to_string()];
    let program = site.program("kinds", &arguments.each_ref().map(String::as_str));
    wait_until("all events", || progress::read(&path).filter(|words| words[1] == 1));
    (program, Emitted(THREADS * events))
}

/// What `ust list` says of a channel's events.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    recorded: u64,
    overwritten: u64,
    lost: u64,
}

impl Counts {
    /// `1,204 events recorded, 3 overwritten, 0 lost (...)`
    fn parse(line: &str) -> Self {
        let mut counts = Self::default();
        let words: Vec<_> =
            line.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
        for pair in words.windows(3) {
            let number = |text: &str| text.replace(',', "").parse().unwrap_or_default();
            match pair {
                [count, "events" | "event", "recorded"] => counts.recorded = number(count),
                [_, count, "overwritten"] => counts.overwritten = number(count),
                [_, count, "lost"] => counts.lost = number(count),
                _ => {}
            }
        }
        counts
    }

    fn all(self) -> u64 {
        self.recorded + self.overwritten + self.lost
    }
}

/// The counts of each channel of a session that has several.
#[track_caller]
fn counts(site: &Site, session: &str) -> BTreeMap<String, Counts> {
    let listed = site.ust(&["list", session]).succeeded().stdout;
    let lines: Vec<_> = listed.lines().collect();
    let channels = lines.windows(2).filter_map(|pair| {
        let name = pair[0].trim_start().strip_prefix("channel ")?.split(':').next()?;
        Some((name.to_owned(), Counts::parse(pair[1])))
    });
    channels.collect()
}

/// Whether its streams were those of CPUs: then each event's line names the CPU.
#[track_caller]
fn of_cpus(trace: &Path) -> (u64, u64) {
    let mut of_cpus = 0;
    let all =
        judge::babeltrace2(trace, |line| of_cpus += u64::from(line.text.contains("cpu_id = ")));
    (all - of_cpus, of_cpus)
}

#[test]
fn two_channels_of_one_session_are_exact_each_and_one_trace() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let channels: &[Channel<'_>] = &[
        ("wide", WIDE, &["kinds:a", "kinds:c"]),
        ("newest", NEWEST_PER_CPU, &["kinds:b", "kinds:c"]),
    ];
    let trace = create(&site, "two", &[], channels);
    site.ust(&["start", "two"]).succeeded();
    let (program, Emitted(each)) = run_kinds(&site, 20_000);
    site.ust(&["stop", "two"]).succeeded();
    let counts = counts(&site, "two");
    let (wide, newest) = (counts["wide"], counts["newest"]);
    assert_eq!((wide.recorded, wide.all()), (2 * each, 2 * each), "{wide:?}");
    assert_eq!(newest.all(), 2 * each, "{newest:?}");
    assert!(newest.overwritten > 0 && newest.recorded > 0, "{newest:?}");
    site.ust(&["destroy", "two"]).succeeded();
    drop(program);

    let [folder] = &folders(&trace)[..] else { panic!("one trace a process") };
    let metadata = std::fs::read_to_string(folder.join("metadata")).expect("it is text");
    assert_eq!(metadata.matches("\nstream {").count(), 2, "a stream class a channel");
    assert_eq!(of_cpus(&trace), (wide.recorded, newest.recorded));
    // Joined: a stream of threads and one of CPUs.
    let joined = site.path("joined");
    let paths =
        [trace.to_str(), joined.to_str()].map(|path| path.expect("temporary paths are text"));
    site.ust(&["join", paths[0], "-o", paths[1]]).succeeded();
    assert_eq!(of_cpus(&joined), (wide.recorded, newest.recorded));
    assert_eq!(folders(&joined).len(), 2);
    // Merged: one trace, in the order of time.
    let (mut last, mut by_event) = (0, BTreeMap::<&str, u64>::new());
    judge::babeltrace2(&trace, |line| {
        assert!(line.time_ns >= last);
        last = line.time_ns;
        let event = ["kinds:a", "kinds:b", "kinds:c"].into_iter().find(|it| line.is_of(it));
        *by_event.entry(event.expect("one of the three")).or_default() += 1;
    });
    assert_eq!(by_event["kinds:a"], each);
    assert_eq!(by_event.values().sum::<u64>(), wide.recorded + newest.recorded);
}

#[test]
fn twelve_sessions_of_three_channels_at_once_are_exact_each() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let channels: [Channel<'_>; 5] = [
        ("wide", WIDE, &["kinds:*"]),
        ("narrow", NARROW, &["kinds:a", "kinds:b"]),
        ("narrow-cpu", NARROW_PER_CPU, &["kinds:*"]),
        ("newest", NEWEST, &["kinds:c"]),
        ("newest-cpu", NEWEST_PER_CPU, &["*"]),
    ];
    let sessions: Vec<(String, PathBuf, [Channel<'_>; 3])> = (0..12)
        .map(|number| {
            let name = format!("session{number}");
            let own = [0, 1, 3].map(|step| channels[(number + step) % channels.len()]);
            let trace = create(&site, &name, &[], &own);
            site.ust(&["start", &name]).succeeded();
            (name, trace, own)
        })
        .collect();
    let (program, Emitted(each)) = run_kinds(&site, 2_000);
    for (name, trace, channels) in &sessions {
        site.ust(&["stop", name]).succeeded();
        let counts = counts(&site, name);
        assert_eq!(counts.len(), channels.len(), "{counts:?}");
        for (channel, _, rules) in channels {
            let kinds = if rules[0].contains('*') { 3 } else { rules.len() as u64 };
            assert_eq!(counts[*channel].all(), kinds * each, "{name}, {channel}: {counts:?}");
        }
        let closing = site.ust(&["destroy", name]).succeeded();
        assert_eq!(folders(trace).len(), 1);
        let recorded: u64 = counts.values().map(|counts| counts.recorded).sum();
        assert_eq!(judge::count(trace), recorded, "{name}: {closing:?}");
        let is_of_cpus = |(channel, _): &(&String, &Counts)| channel.ends_with("-cpu");
        let (cpus, threads): (Vec<_>, Vec<_>) = counts.iter().partition(is_of_cpus);
        let sum =
            |counts: &[(&String, &Counts)]| counts.iter().map(|it| it.1.recorded).sum::<u64>();
        assert_eq!(of_cpus(trace), (sum(&threads), sum(&cpus)), "{name}: {counts:?}");
    }
    drop(program);
}

#[test]
fn a_process_records_into_sixty_four_channels_and_no_more() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let names: Vec<String> = (0..64).map(|number| format!("channel-{number}")).collect();
    let channels: Vec<Channel<'_>> =
        names.iter().map(|name| (name.as_str(), NARROW, &["kinds:a"][..])).collect();
    let trace = create(&site, "many", &[], &channels);
    let refused = site.ust(&["enable-channel", "one-more", "-s", "many"]);
    assert_eq!(refused.code(), 119, "{refused:?}");
    assert!(
        refused.stderr.contains("there are 64 channels in all sessions together"),
        "{refused:?}"
    );
    site.ust(&["start", "many"]).succeeded();
    let (program, Emitted(each)) = run_kinds(&site, 50);
    site.ust(&["stop", "many"]).succeeded();
    let counts = counts(&site, "many");
    assert_eq!(counts.len(), 64);
    for (name, counts) in &counts {
        let exact = Counts { recorded: each, ..Counts::default() };
        assert_eq!(*counts, exact, "{name}");
    }
    site.ust(&["destroy", "many"]).succeeded();
    drop(program);
    assert_eq!(judge::count(&trace), 64 * each);
}

#[test]
fn a_snapshot_holds_what_all_channels_of_a_session_hold() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let channels: &[Channel<'_>] = &[
        ("a", &["--subbuf-size", "64K", "--subbufs", "8"], &["kinds:a"]),
        ("b", &["--subbuf-size", "4K", "--subbufs", "2", "--buffers", "per-cpu"], &["kinds:b"]),
    ];
    let trace = create(&site, "flight", &["--snapshot"], channels);
    site.ust(&["start", "flight"]).succeeded();
    let (program, Emitted(each)) = run_kinds(&site, 5_000);
    let taken = site.ust(&["snapshot", "record", "flight"]).succeeded();
    let all = Counts::parse(&taken.stdout);
    assert_eq!(all.all(), 2 * each, "{taken:?}");
    let snapshot = trace.join("snapshot-1");
    assert_eq!(folders(&snapshot).len(), 1);
    let (of_threads, of_cpus) = of_cpus(&snapshot);
    assert_eq!(of_threads + of_cpus, all.recorded);
    assert!(of_threads > 0 && of_cpus > 0 && of_cpus < each, "{of_threads}, {of_cpus}");
    // What a list says of each is what the last snapshot says.
    let counts = counts(&site, "flight");
    assert_eq!((counts["a"].recorded, counts["b"].recorded), (of_threads, of_cpus));
    assert_eq!((counts["a"].all(), counts["b"].all()), (each, each));
    drop(program);
}

/// Daemon and program are killed: one trace a process is recovered, of all channels.
#[test]
fn rings_of_several_channels_are_recovered_as_one_trace() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let daemon = site.daemon(&[]);
    let rings = site.path("rings");
    let channels: &[Channel<'_>] = &[
        ("wide", WIDE, &["kinds:a"]),
        ("cpus", &["--buffers", "per-cpu"], &["kinds:b", "kinds:c"]),
    ];
    let options = ["--shm-path", rings.to_str().expect("temporary paths are text")];
    create(&site, "kept", &options, channels);
    site.ust(&["start", "kept"]).succeeded();
    daemon.stop();
    let (_program, Emitted(each)) = run_kinds(&site, 2_000);
    let pid = progress::read(&site.path("progress")).expect("it was noted")[0] as u32;
    daemon.signal(libc::SIGKILL);
    send_signal(pid, libc::SIGKILL);
    wait_until_gone(pid);
    drop(daemon);

    let scratch = site.path("scratch");
    std::fs::create_dir(&scratch).expect("there is room");
    let (finished, trace) = recover(&rings, &scratch);
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(summary(&scratch).recorded, 3 * each, "{finished:?}");
    assert_eq!(folders(&trace).len(), 1);
    assert_eq!(of_cpus(&trace), (each, 2 * each));
}
