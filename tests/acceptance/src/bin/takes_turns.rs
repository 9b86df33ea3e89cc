//! `takes_turns ROUNDS EVENTS PLUGIN PLUGIN`: loads one plugin before it closes the other one, in turn, so many rounds.
//!
//! The report is how many events the plugins emitted, and the program itself.

use ust::tracepoint;
use ust_acceptance::own_process::mappings_of;
use ust_acceptance::plugin::Plugin;
use ust_acceptance::report;

#[tracepoint(provider = "host", level = Info)]
fn round(number: u64);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, rounds, events, paths @ ..] = &arguments[..] else { panic!("ROUNDS EVENTS PLUGIN..") };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let (rounds, events) = (number(rounds), number(events));
    let mut held: Option<Plugin> = None;
    for of_round in 0..rounds {
        round(of_round);
        let path = &paths[of_round as usize % paths.len()];
        let next = Plugin::load(path);
        next.emit(of_round, events);
        if let Some(other) = held.replace(next) {
            other.close();
        }
    }
    held.into_iter().for_each(Plugin::close);
    assert!(paths.iter().all(|path| mappings_of(path).is_empty()), "unloaded and still mapped");
    report::write(&[rounds * events, rounds]);
}
