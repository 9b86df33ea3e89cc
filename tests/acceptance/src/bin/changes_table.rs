//! `changes_table PLUGIN EVENTS END`: pretends to have another version of the library, loads a plugin that emits, and waits
//! until there is a file END.
//!
//! The report is how many events the plugin and the program emitted.

use std::path::Path;
use ust::tracepoint;
use ust_acceptance::other_table::change_own_note;
use ust_acceptance::plugin::Plugin;
use ust_acceptance::report;
use ust_test_support::wait::until;

#[tracepoint(provider = "host", level = Info)]
fn told(thread: u64, sequence: u64);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, events, end] = &arguments[..] else { panic!("PLUGIN EVENTS END") };
    let events = events.parse().expect("a number");
    change_own_note();
    let plugin = Plugin::load(path);
    (0..events).for_each(|sequence| told(0, sequence));
    plugin.emit(0, events);
    until("the end", || Path::new(end).exists());
    report::write(&[events, events]);
}
