//! A program in another context than its recorder's: another PID or time namespace, another root directory.
//!
//! Whatever crosses over is right there, or refused with the reason.

use std::path::Path;
use std::process::Command;
use ust_acceptance::binaries;
use ust_acceptance::command::{Running, run, wait_until};
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 2500;

/// A sibling's PID namespace, as a container has it.
const IN_A_CONTAINER: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// Starts something in a PID namespace of its own.
fn in_container(site: &Site, program: &Path, arguments: &[&str]) -> Running {
    let mut command = site.command(Path::new("unshare"));
    Running::start(command.args(IN_A_CONTAINER).arg(program).args(arguments))
}

#[test]
fn a_daemon_records_programs_of_a_sibling_pid_namespace() {
    let can_unshare = || skip::has("unshare", &[&IN_A_CONTAINER[..], &["true"]].concat());
    if !skip::judges_are_here() || !can_unshare() {
        return;
    }
    let site = Site::new();
    let options = ["--flush-interval", "20"];
    let daemon = in_container(&site, &binaries::ustconsumerd(), &options);
    // `ust` is in the namespace around it, and has no number there either.
    wait_until("the daemon's answer", || site.ust(&["status"]).status.success().then_some(()));
    let trace = site.start_session("containers", "*");
    let ticks = binaries::program("ticks");
    let ended = in_container(&site, &ticks, &[&EVENTS.to_string()]).wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    // Its end is noticed as any other's.
    let stays = in_container(&site, &ticks, &[&EVENTS.to_string(), "stay"]);
    let listed = |text: &str| site.ust(&["list"]).stdout.contains(text);
    wait_until("the second's events", || listed("5,000 events recorded, 0 lost").then_some(()));
    wait_until("the first's end", || listed("2 processes\n").then_some(()));
    let connected = site.ust(&["list"]).stdout;
    assert_eq!(connected.matches("\n  1 ticks").count(), 1, "{connected}");
    stays.signal(libc::SIGKILL);
    wait_until("the second's end", || listed("No process is connected.").then_some(()));
    site.end_session("containers");
    assert_eq!(judge::count(&trace), 2 * EVENTS);
    drop((stays, daemon));
}

/// Records `chroots`; what was recorded, what was counted as lost, and what was said.
fn recorded_in_chroot(same: bool) -> Option<(u64, u64, String)> {
    if !skip::judges_are_here() || !skip::has("chroot", &["/", "true"]) {
        return None;
    }
    let recording = Recording::of("chroots");
    let root = recording.path("root");
    std::fs::create_dir(&root).expect("there is room");
    let mut recording = recording.arg(root.display()).arg(EVENTS);
    if same {
        recording = recording.arg("same");
    }
    let recorded = recording.run().succeeded();
    let summary = recorded.summary();
    assert!(summary.lost.keys().all(|cause| cause == "records_lost_no_stream"), "{summary:?}");
    assert_eq!(judge::count(&recorded.trace()), summary.recorded);
    Some((summary.recorded, summary.lost_in_all(), recorded.finished.stderr))
}

#[test]
fn a_child_that_cannot_reach_the_recorder_counts_where_its_parent_can_be_read() {
    let Some((recorded, lost, stderr)) = recorded_in_chroot(false) else { return };
    assert_eq!((recorded, lost), (2 * EVENTS, EVENTS), "{stderr}");
    assert!(stderr.contains("No such file or directory"), "{stderr}");
    assert!(stderr.contains("after chroot, or in another mount namespace"), "{stderr}");
}

#[test]
fn a_directory_of_the_same_name_is_not_taken_for_one_that_a_daemon_has_left() {
    let Some((recorded, lost, stderr)) = recorded_in_chroot(true) else { return };
    assert_eq!((recorded, lost), (2 * EVENTS, EVENTS), "{stderr}");
}

/// Records one event in a time namespace whose monotonic clock is 100,000 s ahead; its time is the wall clock's.
fn time_is_right_in_a_time_namespace(clock: &str) {
    let ahead = ["--time", "--monotonic", "100000", "--fork"];
    if !skip::judges_are_here() || !skip::has("unshare", &[&ahead[..], &["true"]].concat()) {
        return;
    }
    let recording =
        ahead.iter().fold(Recording::of_path("/usr/bin/unshare".into()), |it, word| it.arg(word));
    let recording = recording.options(["--clock", clock]);
    let now_ns = || {
        let date = run(Command::new("date").arg("+%s%N")).succeeded().stdout;
        date.trim().parse::<u64>().expect("date prints a number")
    };
    let before = now_ns();
    let recorded = recording.arg(binaries::program("one_event").display()).run();
    if recorded.finished.stderr.contains("clock") {
        return skip::skipped(&recorded.finished.stderr);
    }
    let recorded = recorded.succeeded();
    let after = now_ns();
    let mut times = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| times.push(line.time_ns));
    let [time] = times[..] else { panic!("{times:?}") };
    // As close as `clock.rs` wants it.
    let tolerance_ns = 1_000_000;
    assert!(
        (before - tolerance_ns..=after + tolerance_ns).contains(&time),
        "{time} is not in {before}..{after}, {} s off",
        time.abs_diff(after) / 1_000_000_000
    );
}

#[test]
fn by_the_monotonic_clock_time_is_right_in_a_time_namespace() {
    time_is_right_in_a_time_namespace("monotonic");
}

#[test]
fn by_the_counter_time_is_right_in_a_time_namespace() {
    time_is_right_in_a_time_namespace("tsc");
}
