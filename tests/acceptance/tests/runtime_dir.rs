//! Without a daemon, an instrumented program runs as if it were not instrumented: it makes nothing, and waits for nothing.
//! The same holds after a daemon has ended, also if its directory was made anew.

use std::os::unix::fs::MetadataExt;
use ust_acceptance::daemon::Site;
use ust_acceptance::progress;
use ust_core::paths::{MAX_RUNTIME_DIR_BYTES, RUNTIME_DIR_VARIABLE};
use ust_test_support::binaries;
use ust_test_support::command::Running;
use ust_test_support::wait::wait_until;

/// The first has room for some of the sockets' names.
#[test]
fn a_program_with_a_runtime_directory_too_long_for_a_socket_runs_on() {
    for bytes in [MAX_RUNTIME_DIR_BYTES + 1, 200] {
        let site = Site::new();
        let path = site.path(&"d".repeat(bytes - site.path("").as_os_str().len()));
        let progress = site.path("progress");
        let mut command = site.command(&binaries::program("metronome"));
        let running = Running::start(command.arg(&progress).env(RUNTIME_DIR_VARIABLE, &path));
        let beats = || progress::read(&progress).map_or(0, |words| words[1]);
        // Longer than an agent takes to look around.
        wait_until("beats", || (beats() >= 100).then_some(()));
        let threads = std::fs::read_dir(format!("/proc/{}/task", running.pid())).expect("it runs");
        assert_eq!(threads.count(), 1, "there is nothing for an agent to wait for");
        progress::set(&progress, progress::END, 1);
        running.wait().succeeded();
        assert!(!path.exists(), "{bytes} bytes");
    }
}

/// The directory was removed and made anew; a child introduced itself there, and the daemon has ended. The child's own
/// child finds no socket. It must take that for no daemon, and not for a daemon out of reach, whose rules would stay.
#[test]
fn who_met_a_daemon_in_a_directory_made_anew_knows_when_it_is_gone() {
    let site = Site::new();
    let daemon = site.daemon(&["--flush-interval", "20"]);
    let trace = site.start_session("mine", "outlives:*");
    let path = site.path("progress");
    let program = site.program("outlives_daemon", &[path.to_str().expect("text")]);
    let wait_for = |stage| {
        wait_until("the program", || {
            progress::read(&path).is_some_and(|words| words[1] == stage).then_some(())
        });
    };
    wait_for(1);
    let inode = || std::fs::metadata(site.runtime_dir()).ok().map(|metadata| metadata.ino());
    // It is there until then, so that its number is not given to the next one.
    let before = site.path("before");
    std::fs::rename(site.runtime_dir(), &before).expect("it is there");
    wait_until("the daemon in its directory made anew", || {
        site.ust(&["status"]).status.success().then_some(())
    });
    assert_ne!(inode(), std::fs::metadata(&before).ok().map(|metadata| metadata.ino()));
    progress::set(&path, 2, 1);
    wait_for(2);
    wait_until("the child's event", || {
        let listed = site.ust(&["list"]).succeeded().stdout;
        listed.contains("2 events recorded, 0 lost").then_some(())
    });
    daemon.signal(libc::SIGTERM);
    daemon.wait().succeeded();
    assert!(inode().is_some() && trace.exists());
    progress::set(&path, 2, 2);
    wait_for(4);
    program.wait().succeeded();
}
