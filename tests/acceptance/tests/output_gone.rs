//! An output directory that is removed or moved while it is written to: `ust` does not say that the trace is there.

use std::path::Path;
use ust_acceptance::daemon::Site;
use ust_acceptance::progress;
use ust_acceptance::recording::{Recording, folders, stream_files};
use ust_test_support::command::Finished;
use ust_test_support::wait::wait_until;

/// Whether a stream file has been written to.
fn has_records(trace: &Path) -> bool {
    let folders = folders(trace);
    let mut files = folders.iter().flat_map(|folder| stream_files(folder));
    files.any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
}

/// A session with one event in its trace.
fn with_one_event(site: &Site) -> std::path::PathBuf {
    let out = site.start_session("mine", "*");
    site.program("one_event", &[]).wait().succeeded();
    wait_until("a trace", || has_records(&out).then_some(()));
    out
}

#[track_caller]
fn assert_told(finished: &Finished, what: &str, out: &Path) {
    assert_eq!(finished.code(), 1, "{finished:?}");
    assert!(finished.stderr.contains(what), "{finished:?}");
    assert!(finished.stderr.contains(out.to_str().expect("text")), "{finished:?}");
}

#[test]
fn a_session_whose_directory_was_removed_has_lost_its_events() {
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "10"]);
    let out = with_one_event(&site);
    std::fs::remove_dir_all(&out).expect("it is ours");
    assert_told(&site.ust(&["stop", "mine"]), "was removed", &out);
    let destroyed = site.ust(&["destroy", "mine"]);
    assert_told(&destroyed, "was removed", &out);
    let line = "0 events recorded, 1 lost (records_lost_removed 1), 1 process";
    assert!(destroyed.stdout.contains(line), "{destroyed:?}");
}

#[test]
fn a_session_whose_files_were_removed_or_whose_directory_was_moved_says_so() {
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "10"]);
    let out = with_one_event(&site);
    std::fs::remove_dir_all(&folders(&out)[0]).expect("it is ours");
    assert_told(&site.ust(&["stop", "mine"]), "1 of the 1 stream files", &out);
    assert_told(&site.ust(&["destroy", "mine"]), "1 of the 1 stream files", &out);
    std::fs::remove_dir_all(&out).expect("it is ours");

    let out = with_one_event(&site);
    std::fs::rename(&out, site.path("elsewhere")).expect("it is ours");
    let destroyed = site.ust(&["destroy", "mine"]);
    assert_told(&destroyed, "was moved", &out);
    assert!(destroyed.stderr.contains("/elsewhere"), "{destroyed:?}");
    assert!(destroyed.stdout.contains("1 event recorded, 0 lost"), "{destroyed:?}");
}

#[test]
fn a_recording_whose_directory_was_removed_does_not_end_well() {
    let recording = Recording::of("metronome").options(["--flush-interval", "10"]);
    let path = recording.path("progress");
    let started = recording.arg(path.display()).start();
    let trace = started.trace();
    wait_until("a trace", || (trace.is_dir() && has_records(&trace)).then_some(()));
    std::fs::remove_dir_all(&trace).expect("it is ours");
    progress::set(&path, progress::END, 1);
    let recorded = started.wait();
    assert_told(&recorded.finished, "was removed", &trace);
    let line = recorded.closing_line();
    assert!(line.contains("0 events recorded") && line.contains("records_lost_removed"), "{line}");
    assert_eq!(recorded.summary().recorded, 0);
}
