//! A limit to the size of files is like a full disk to the consumer, and does not end it.
//!
//! The kernel answers a write beyond the limit with a signal that kills by default.

use ust_acceptance::daemon::Site;
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 1_000_000;
const LIMIT_BYTES: u64 = 300 << 10;

#[allow(unsafe_code)]
fn limit_files_of(pid: u32) {
    let limit = libc::rlimit { rlim_cur: LIMIT_BYTES, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: plain data, and no pointer for what was before.
    let set = unsafe {
        libc::prlimit(pid as libc::pid_t, libc::RLIMIT_FSIZE, &limit, core::ptr::null_mut())
    };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}

#[test]
fn a_daemon_survives_a_limit_to_the_size_of_files() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let mut daemon = site.daemon(&["--flush-interval", "20"]);
    limit_files_of(daemon.pid());
    let trace = site.start_session("limited", "*");
    let finished = site.program("flood", &["2", &EVENTS.to_string()]).wait();
    assert!(finished.status.success(), "{}", finished.stderr);
    site.end_session("limited");
    assert!(daemon.is_running(), "the daemon has ended");
    let lines = judge::count(&trace);
    assert!(lines > 0 && lines < EVENTS, "{lines}");
    daemon.signal(libc::SIGTERM);
    let finished = daemon.wait();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(finished.stderr.contains("File too large"), "{}", finished.stderr);
}
