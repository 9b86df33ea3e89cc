//! `exec` ends the old image's streams cleanly, and the new image gets a trace of its own.
//!
//! One process goes through five images, in the middle of its threads' tracepoints. Four of them emit: four
//! folders, each with the records of one image only, all of them.

use std::collections::BTreeSet;
use ust_acceptance::{judge, recording::Recording, skip};

const STAGES: u64 = 5;
const EVENTS: u64 = 1000;

#[test]
fn each_image_of_a_process_has_a_trace_of_its_own() {
    if !skip::judges_are_here() {
        return;
    }
    for _ in 0..5 {
        // It is not known how much its threads emit until `exec` ends them. Where there is no room, they wait.
        let recording = Recording::of("exec_chain").options(["--mode", "block=600s"]);
        let recorded = recording.arg(STAGES).arg(EVENTS).run().succeeded();
        let mut stages = BTreeSet::new();
        let mut lines = 0;
        for folder in recorded.folders() {
            let mut of_folder = BTreeSet::new();
            let mut sequence = 0;
            lines += judge::babeltrace2(&folder, |line| {
                of_folder.insert(line.number("stage"));
                if line.is_of("chain:link") {
                    assert_eq!(line.number("sequence"), sequence, "{}", line.text);
                    sequence += 1;
                }
            });
            assert_eq!(sequence, EVENTS, "in {}", folder.display());
            assert_eq!(of_folder.len(), 1, "{of_folder:?} in {}", folder.display());
            stages.extend(of_folder);
        }
        assert_eq!(stages, BTreeSet::from([0, 1, 3, 4]));
        let summary = recorded.summary();
        assert_eq!((summary.recorded, summary.lost_in_all()), (lines, 0), "{summary:?}");
        assert_eq!(summary.processes, STAGES - 1);
    }
}
