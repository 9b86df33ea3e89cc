//! `loads_plugin PLUGIN ROUNDS EVENTS`: loads a plugin that emits, closes it, and then lets threads end that were in it.
//!
//! The report is how many events the plugin and the program emitted.

use std::sync::{Arc, Barrier};
use ust::tracepoint;
use ust_acceptance::plugin::Plugin;
use ust_acceptance::report;

#[tracepoint(provider = "host", level = Info)]
fn told(thread: u64, sequence: u64);

const THREADS: u64 = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, rounds, events] = &arguments[..] else { panic!("PLUGIN ROUNDS EVENTS") };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let (rounds, events) = (number(rounds), number(events));
    for round in 0..rounds {
        let plugin = Arc::new(Plugin::load(path));
        let emitted = Arc::new(Barrier::new(THREADS as usize + 1));
        let closed = emitted.clone();
        let spawn = |thread| {
            let (plugin, emitted, closed) = (plugin.clone(), emitted.clone(), closed.clone());
            std::thread::spawn(move || {
                plugin.emit(thread, events);
                drop(plugin);
                emitted.wait();
                closed.wait();
                // Here the thread ends, and the destructors that the plugin has left in it are called.
            })
        };
        let threads: Vec<_> = (0..THREADS).map(|n| spawn(round * THREADS + n)).collect();
        emitted.wait();
        Arc::into_inner(plugin).expect("the threads have given it back").close();
        closed.wait();
        threads.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
        told(round, 0);
    }
    report::write(&[rounds * THREADS * events, rounds]);
}
