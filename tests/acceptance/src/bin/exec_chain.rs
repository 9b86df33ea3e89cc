//! `exec_chain STAGES EVENTS`: emits, then executes itself for the next stage, all in one process.
//!
//! Other threads emit while `exec` ends them. They emit another event, which is not counted.

use std::os::unix::process::CommandExt;
use std::process::Command;
use ust::tracepoint;

#[tracepoint(provider = "chain", level = Info)]
fn link(stage: u64, sequence: u64);

#[tracepoint(provider = "chain", level = Info)]
fn beside(stage: u64);

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let mut next = || arguments.next().expect("STAGES EVENTS [STAGE]");
    let (stages, events) = (next(), next());
    let stage = arguments.next().unwrap_or(0);
    // The third stage emits nothing at all: its image leaves nothing.
    if stage != 2 {
        for _ in 0..2 {
            std::thread::spawn(move || {
                loop {
                    beside(stage);
                    std::thread::yield_now();
                }
            });
        }
        (0..events).for_each(|sequence| link(stage, sequence));
    }
    if stage + 1 < stages {
        let arguments = [stages, events, stage + 1].map(|number| number.to_string());
        let itself = std::env::current_exe().expect("it has a path");
        let error = Command::new(itself).args(arguments).exec();
        panic!("exec: {error}");
    }
}
