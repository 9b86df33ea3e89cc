//! A program that goes on step by step, as a test says: it reads a byte before each step, and writes one after it.

use crate::daemon::Site;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use ust_test_support::command::{Running, run};

/// The program, between two steps.
#[derive(Debug)]
pub struct Stepped {
    running: Running,
    ask: File,
    done: File,
}

impl Stepped {
    /// Starts it, with a preloaded library. Its arguments are the paths of two named pipes.
    #[track_caller]
    pub fn start(site: &Site, program: &Path, preload: &Path) -> Self {
        let [ask, done] = ["ask", "done"].map(|name| site.path(name));
        run(Command::new("mkfifo").arg(&ask).arg(&done)).succeeded();
        let mut command = site.command(program);
        command.env("LD_PRELOAD", preload).arg(&ask).arg(&done);
        let running = Running::start(&mut command);
        // Each waits until the program has opened the other end.
        let ask = OpenOptions::new().write(true).open(&ask).expect("the program reads");
        let done = File::open(&done).expect("the program writes");
        Self { running, ask, done }
    }

    /// Lets it do the next step, and waits until that is done.
    #[track_caller]
    pub fn step(&mut self) {
        self.ask.write_all(b"1").expect("it waits for this");
        self.done.read_exact(&mut [0]).expect("it has done its step");
    }

    /// Waits for its end: its exit code.
    pub fn end(self) -> i32 {
        self.running.wait().code()
    }
}
