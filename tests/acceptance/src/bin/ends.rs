//! `ends HOW EVENTS`: emits numbered events and ends: by `exit`, by `abort`, or by a `panic` of which it asks for
//! a snapshot, after which it emits EVENTS more and exits. The report of a panic is how many milliseconds it took.

use std::time::Instant;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "ends", level = Info)]
fn step(thread: u32, sequence: u64);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let how = arguments.next().expect("HOW");
    let events: u64 = arguments.next().expect("EVENTS").parse().expect("a number");
    // As two independent libraries of one program do.
    ust::snapshot_on_panic();
    ust::snapshot_on_panic();
    (0..events).for_each(|sequence| step(0, sequence));
    match how.as_str() {
        "exit" => {}
        "abort" => std::process::abort(),
        "panic" => {
            let started = Instant::now();
            let caught = std::panic::catch_unwind(|| panic!("on purpose"));
            assert!(caught.is_err());
            let waited_ms = started.elapsed().as_millis() as u64;
            (events..2 * events).for_each(|sequence| step(0, sequence));
            report::write(&waited_ms);
        }
        other => panic!("{other} is no way to end"),
    }
}
