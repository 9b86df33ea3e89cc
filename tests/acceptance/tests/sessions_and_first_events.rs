//! Sessions come and go while threads emit their first events: no thread writes into memory that is gone.
//!
//! A first event claims a stream and populates its sub-buffer, which takes a while where that is large; its channel may
//! be taken away meanwhile. The program has nothing but first events, and eight sessions at a time begin and end.

use ust_acceptance::daemon::Site;
use ust_acceptance::recording::folders;
use ust_acceptance::skip;
use ust_test_support::wait::wait_until;

const ROUNDS: u64 = 6;
const SESSIONS: u64 = 8;

#[test]
fn sessions_may_end_while_threads_emit_their_first_events() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let mut program = site.program("churn", &["100000000", "2", "1", "0"]);
    for round in 0..ROUNDS {
        let name = |number| format!("s{round}-{number}");
        for number in 0..SESSIONS {
            let (name, output) = (name(number), site.path(&name(number)));
            let output = output.to_str().expect("text");
            // Few threads live at once, and of each session's memory a sub-buffer a thread is touched. Flight
            // recorders: a thread's only event is a packet of its own, and these would be all that the disk does.
            let options = ["--snapshot", "--subbuf-size", "4M", "--subbufs", "2"];
            site.ust(&[&["create", &name, "-o", output], &options[..]].concat()).succeeded();
            site.ust(&["enable-event", "-s", &name, "churn:*"]).succeeded();
            site.ust(&["start", &name]).succeeded();
        }
        for number in 0..SESSIONS {
            site.ust(&["destroy", &name(number)]).succeeded();
        }
        assert!(program.is_running(), "it ended in round {round}: {:?}", program.wait());
    }
    // The program is unharmed: a last session of a common size records.
    let trace = site.start_session("last", "churn:*");
    wait_until("a record", || (!folders(&trace).is_empty()).then_some(()));
    site.end_session("last");
    program.signal(libc::SIGTERM);
    assert_eq!(program.wait().code(), 143);
}
