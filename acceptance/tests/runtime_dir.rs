//! Where no daemon can be, an instrumented program runs as if it were not: it makes nothing, and waits for nobody.

use ust_acceptance::binaries;
use ust_acceptance::command::{Running, wait_until};
use ust_acceptance::daemon::Site;
use ust_acceptance::progress;
use ust_core::agent::paths::{MAX_RUNTIME_DIR_BYTES, RUNTIME_DIR_VARIABLE};

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
