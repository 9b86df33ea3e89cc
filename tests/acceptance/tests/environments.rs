//! A program in another environment than its recorder's: another PID or time namespace, another root directory.
//!
//! Each value that crosses over is right there, or refused with the reason.

use std::path::Path;
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Running, run};
use ust_test_support::wait::wait_until;

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
    // `ust` is in the namespace around the daemon's, and has no number there either.
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

/// The recorder's directory for rings is not in the new root, or another directory has its path. The program's existing
/// rings go on; the child's events are counted.
#[test]
fn rings_in_files_are_made_in_the_recorder_s_directory_or_not_at_all() {
    if !skip::judges_are_here() || !skip::has("chroot", &["/", "true"]) {
        return;
    }
    for (buffers, same) in [("per-thread", false), ("per-thread", true), ("per-cpu", true)] {
        let recording = Recording::of("chroots").with_rings_in_files();
        let root = recording.path("root");
        let elsewhere = root.join(recording.path("rings").strip_prefix("/").expect("absolute"));
        std::fs::create_dir_all(if same { &elsewhere } else { &root }).expect("there is room");
        let recording = recording.options(["--buffers", buffers]).arg(root.display()).arg(EVENTS);
        let recorded = recording.run().succeeded();
        let summary = recorded.summary();
        let in_all = summary.recorded + summary.lost_in_all();
        assert_eq!(in_all, 3 * EVENTS, "{summary:?} {}", recorded.finished.stderr);
        assert!(summary.lost_in_all() >= EVENTS, "{summary:?}");
        if same {
            let left = std::fs::read_dir(&elsewhere).expect("it is there").count();
            assert_eq!(left, 0, "files that nobody would find");
        }
    }
}

/// In the program's mount namespace another directory is mounted over the recorder's directory for rings. The recorder's
/// socket can still be reached.
#[test]
fn another_directory_of_the_rings_name_is_told_with_the_reason() {
    let script = "mount --bind \"$1\" \"$2\" && exec \"$3\" 10";
    let namespace = ["--mount", "/bin/sh", "-c"];
    if !skip::judges_are_here() || !skip::has("unshare", &["--mount", "true"]) {
        return;
    }
    let recording = Recording::of_path("/usr/bin/unshare".into()).with_rings_in_files();
    let (rings, other) = (recording.path("rings"), recording.path("other"));
    std::fs::create_dir(&other).expect("there is room");
    let recording = namespace.iter().fold(recording, |it, word| it.arg(word));
    let ticks = binaries::program("ticks");
    let recording = recording.arg(script).arg("sh");
    let recording = recording.arg(other.display()).arg(rings.display()).arg(ticks.display());
    let recorded = recording.run().succeeded();
    let summary = recorded.summary();
    assert_eq!(summary.lost.get("records_lost_no_stream"), Some(&10), "{summary:?}");
    let stderr = &recorded.finished.stderr;
    assert!(stderr.contains("its --shm-path is another directory than the recorder's"), "{stderr}");
    assert_eq!(std::fs::read_dir(&other).expect("it is there").count(), 0);
}

/// Files that one side makes and the other opens by name have the right mode, whatever the umask.
#[test]
fn files_have_their_modes_whatever_the_umask() {
    let site = Site::new();
    let rings = site.path("rings");
    let script = format!(
        "umask 0777; exec {} record -o {} --shm-path {} -- {} 10 stay",
        binaries::ust().display(),
        site.path("trace").display(),
        rings.display(),
        binaries::program("ticks").display()
    );
    let recorder = Running::start(site.command(Path::new("/bin/sh")).args(["-c", &script]));
    let has_rings = |prefix: &str| {
        let entries = std::fs::read_dir(&rings).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)).count()
    };
    wait_until("the rings", || {
        (has_rings("ring-") == 1 && has_rings("process-") == 1).then_some(())
    });
    let mut seen = 0;
    for dir in [site.runtime_dir(), rings.clone(), record_dir(&site)] {
        assert_eq!(mode(&dir), 0o700, "{}", dir.display());
        for entry in std::fs::read_dir(&dir).expect("its owner may").flatten() {
            if !entry.path().is_dir() {
                assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
                seen += 1;
            }
        }
    }
    // The session, the process, a ring; socket, rules, wake, lock.
    assert!(seen >= 6, "{seen}");
    recorder.signal(libc::SIGTERM);
    recorder.wait();
}

/// That of the recording that runs.
fn record_dir(site: &Site) -> std::path::PathBuf {
    let entries = std::fs::read_dir(site.runtime_dir()).expect("it is there").flatten();
    let is_its = |path: &std::path::PathBuf| path.is_dir();
    entries.map(|entry| entry.path()).find(is_its).expect("it records")
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// A relative UST_RUNTIME_DIR starts at the directory in which the program begins.
#[test]
fn a_relative_runtime_directory_stays_the_same_when_the_program_goes_elsewhere() {
    let site = Site::new();
    let daemon = |name: &str| {
        let mut command = site.command(&binaries::ustconsumerd());
        Running::start(command.env("UST_RUNTIME_DIR", name).args(["--flush-interval", "20"]))
    };
    // The program, whose agent looks for a daemon as long as it lives, comes first.
    let mut command = site.command(&binaries::program("goes_elsewhere"));
    let program = Running::start(command.env("UST_RUNTIME_DIR", "rt").arg(site.path("there")));
    wait_until("the program", || site.path("there/arrived").exists().then_some(()));
    let _daemon = daemon("rt");
    wait_until("the daemon", || site.ust(&["status"]).status.success().then_some(()));
    site.start_session("all", "*");
    wait_until("events", || {
        let listed = site.ust(&["list"]).stdout;
        (listed.contains(" goes_elsewhere\n") && !listed.contains("\n  0 events recorded"))
            .then_some(())
    });
    program.signal(libc::SIGKILL);
}

/// A user of a user namespace is known by the kernel's number, not by the number within the namespace.
#[test]
fn a_program_in_a_user_namespace_is_recorded() {
    for namespace in [&["--user"][..], &["--user", "--map-root-user"]] {
        if !skip::judges_are_here() || !skip::has("unshare", &[namespace, &["true"]].concat()) {
            continue;
        }
        let recording = Recording::of_path("/usr/bin/unshare".into());
        let recording = namespace.iter().fold(recording, |it, word| it.arg(word));
        let ticks = binaries::program("ticks");
        let recorded = recording.arg(ticks.display()).arg(EVENTS).run().succeeded();
        let summary = recorded.summary();
        assert_eq!((summary.recorded, summary.lost_in_all()), (EVENTS, 0), "{summary:?}");
    }
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
