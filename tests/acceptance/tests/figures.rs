//! Every figure that `ust` prints is true when it is printed: also right after a load, long before the next flush, and of
//! flight recorders, which write snapshots and nothing else.

use ust_acceptance::daemon::Site;
use ust_acceptance::progress::{self, END};
use ust_acceptance::recording::Recording;
use ust_test_support::command::Finished;
use ust_test_support::wait::wait_until;

/// Options of a daemon that flushes once an hour.
const NEVER_FLUSHES: [&str; 2] = ["--flush-interval", "3600000"];

/// The number of events recorded, as the only session's line has it.
#[track_caller]
fn recorded(shown: &Finished) -> u64 {
    let mut counts = shown.stdout.lines().filter_map(|line| line.split_once(" events recorded"));
    let (count, _) = counts.next().unwrap_or_else(|| panic!("no figure: {}", shown.stdout));
    count.trim().replace(',', "").parse().expect("a number")
}

#[test]
fn what_is_listed_is_of_now_and_not_of_the_last_flush() {
    let site = Site::new();
    let _daemon = site.daemon(&NEVER_FLUSHES);
    site.start_session("mine", "*");
    let list = |what: &str| site.ust(&[what]).succeeded();

    site.program("ends", &["exit", "1000"]).wait().succeeded();
    let listed = list("list").stdout;
    assert!(listed.contains("  1,000 events recorded, 0 lost, 1 process\n"), "{listed}");
    assert!(listed.contains("*  matches nothing now"), "{listed}");
    assert!(listed.contains("No process is connected"), "{listed}");
    site.program("ends", &["exit", "234"]).wait().succeeded();
    let status = list("status").stdout;
    assert!(status.contains("  1,234 events recorded, 0 lost, 2 processes\n"), "{status}");

    // And of a program that runs.
    let file = site.path("beats");
    let metronome = site.program("metronome", &[file.to_str().expect("text")]);
    let beats = || progress::read(&file).map_or(0, |words| words[1]);
    for what in ["status", "list"] {
        let more = beats() + 5;
        wait_until("beats", || (beats() >= more).then_some(()));
        assert!(recorded(&list(what)) >= 1234 + more, "{what}");
    }
    progress::set(&file, END, 1);
    metronome.wait().succeeded();
}

#[test]
fn a_flight_recorder_tells_what_its_snapshots_hold() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let output = site.path("flight");
    let output = output.to_str().expect("temporary paths are text");
    let begin = || {
        site.ust(&["create", "flight", "-o", output, "--snapshot"]).succeeded();
        site.ust(&["enable-event", "*"]).succeeded();
        site.ust(&["start"]).succeeded();
    };
    let say = |what: &[&str]| site.ust(what).succeeded().stdout;
    begin();
    site.program("ends", &["exit", "1000"]).wait().succeeded();
    assert!(say(&["list"]).contains("  no snapshot was taken\n"));
    let taken = "1,000 events recorded, 0 lost, 1 process";
    assert!(say(&["snapshot", "record"]).contains(taken));
    assert!(say(&["status"]).contains(&format!("  1 snapshot taken: {taken}\n")));
    say(&["snapshot", "record"]);
    let destroyed = say(&["destroy"]);
    assert!(
        destroyed.contains(&format!(": 2 snapshots taken, the last: {taken}: ")),
        "{destroyed}"
    );
}

#[test]
fn a_recorded_flight_tells_whether_there_is_a_snapshot() {
    let fly = |when: &str| {
        let recording = Recording::of("ends").options(["--snapshot-on", when]);
        recording.arg("exit").arg(1000).run().succeeded()
    };
    let last = |said: &str| said.lines().last().expect("the closing line").to_owned();
    let said = |when: &str| last(&fly(when).finished.stderr);
    let taken = said("exit");
    assert!(taken.starts_with("ust: 1 snapshot taken: 1,000 events recorded, 0 lost"), "{taken}");
    let none = said("signal");
    assert!(none.starts_with("ust: no snapshot was taken: "), "{none}");
}
