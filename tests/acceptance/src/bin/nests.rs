//! `nests THREADS ROUNDS PAUSE_US`: instrumented functions that call each other, and a span that sleeps.

use std::time::Duration;
use ust::tracepoint;

#[tracepoint(provider = "nests")]
fn outer(round: u64) -> u64 {
    inner(round) + inner(round + 1)
}

#[tracepoint(provider = "nests")]
fn inner(number: u64) -> u64 {
    if number.is_multiple_of(4) { inner(number + 1) } else { number }
}

#[tracepoint(provider = "nests", span)]
fn pause(us: u64) {
    std::thread::sleep(Duration::from_micros(us));
}

#[tracepoint(provider = "nests")]
fn asked(id: u64);

#[tracepoint(provider = "nests")]
fn answered(id: u64);

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let mut next = || arguments.next().expect("THREADS ROUNDS PAUSE_US");
    let (threads, rounds, us) = (next(), next(), next());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for round in 0..rounds {
                    let id = thread * rounds + round;
                    asked(id);
                    outer(round);
                    pause(us);
                    answered(id);
                }
            });
        }
    });
}
