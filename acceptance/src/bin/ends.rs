//! `ends HOW EVENTS`: emits numbered events and ends: by `exit`, by `abort`, or by a `panic` of which it asks for
//! a snapshot, after which it emits EVENTS more and exits.

use ust_core::tracepoint;

#[tracepoint(provider = "ends", level = Info)]
fn step(thread: u32, sequence: u64);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let how = arguments.next().expect("HOW");
    let events: u64 = arguments.next().expect("EVENTS").parse().expect("a number");
    ust_core::snapshot_on_panic();
    (0..events).for_each(|sequence| step(0, sequence));
    match how.as_str() {
        "exit" => {}
        "abort" => std::process::abort(),
        "panic" => {
            let caught = std::panic::catch_unwind(|| panic!("on purpose"));
            assert!(caught.is_err());
            (events..2 * events).for_each(|sequence| step(0, sequence));
        }
        other => panic!("{other} is no way to end"),
    }
}
