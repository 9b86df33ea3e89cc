//! `flood THREADS EVENTS [BURST]`: threads that do nothing but emit, EVENTS in all.
//!
//! With a BURST they pause for a moment after each so many events.
//! The report is how many events each thread emitted, counted by the thread itself.

use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "flood", level = Info)]
fn tick(thread: u32, sequence: u64);

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let mut next = || arguments.next().expect("THREADS EVENTS");
    let (threads, events) = (next(), next());
    let burst = arguments.next().unwrap_or(u64::MAX);
    let emit = |thread: u64| {
        // The first thread emits the remainder.
        let share = events / threads + if thread == 0 { events % threads } else { 0 };
        let mut emitted = 0u64;
        while emitted < share {
            tick(thread as u32, emitted);
            emitted += 1;
            if emitted.is_multiple_of(burst) {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        emitted
    };
    let emit = &emit;
    let counts: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || emit(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    report::write(&counts);
}
