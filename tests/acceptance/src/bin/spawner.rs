//! `spawner COUNT PROGRAM ARGUMENT`: starts a program that many times, a few at once, and emits nothing itself.
//!
//! The report is how many it has started, and seen end.

use std::process::{Child, Command};
use ust_acceptance::report;

/// How many run at once.
const ALIVE: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, count, program, argument] = &arguments[..] else { panic!("COUNT PROGRAM ARGUMENT") };
    let count: u64 = count.parse().expect("a number");
    let mut alive: Vec<Child> = Vec::new();
    let reap = |mut child: Child| child.wait().map(drop).expect("our own child");
    for _ in 0..count {
        if alive.len() == ALIVE {
            reap(alive.remove(0));
        }
        alive.push(Command::new(program).arg(argument).spawn().expect("it can be started"));
    }
    alive.into_iter().for_each(reap);
    report::write(&count);
}
