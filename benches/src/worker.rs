//! A contestant's process, from both ends.
//!
//! ```text
//!   it says    ready\n         once it is set up; anything else is why it cannot be
//!   it hears   EVENTS\n        measure so many
//!   it says    NANOSECONDS\n   what they took
//!   it ends when its input does
//! ```

use crate::Result;
use rustix::fd::{AsFd, BorrowedFd};
use std::io::{BufRead, BufReader, Lines, StdinLock, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const READY: &str = "ready";

/// The bench's end.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    // None: it has been told to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts it. `wait` does whatever must be done while it sets itself up; its answer is read then.
    ///
    /// # Errors
    /// It cannot be started, or set up.
    pub fn start(
        command: &mut Command,
        wait: impl FnOnce(BorrowedFd<'_>) -> Result<()>,
    ) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no pipe")?;
        let mut worker = Self { child, input, output: BufReader::new(output) };
        let answer = worker.answer(wait)?;
        if answer == READY { Ok(worker) } else { Err(answer.into()) }
    }

    /// Has it measure so many events. `wait` as for [`start`](Self::start).
    ///
    /// # Errors
    /// It is gone.
    pub fn measure(
        &mut self,
        events: u64,
        wait: impl FnOnce(BorrowedFd<'_>) -> Result<()>,
    ) -> Result<Duration> {
        writeln!(self.input.as_mut().ok_or("it has ended")?, "{events}")?;
        Ok(Duration::from_nanos(self.answer(wait)?.parse()?))
    }

    fn answer(&mut self, wait: impl FnOnce(BorrowedFd<'_>) -> Result<()>) -> Result<String> {
        wait(self.output.get_ref().as_fd())?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().into())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// The contestant's end.
#[derive(Debug)]
pub struct Requests {
    lines: Lines<StdinLock<'static>>,
}

impl Requests {
    /// Says that everything is set up.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn when_ready() -> Result<Self> {
        writeln!(stdout(), "{READY}")?;
        Ok(Self { lines: stdin().lines() })
    }

    /// Serves until there are no more requests. `measured` has so many events happen, and nothing else;
    /// `settle` is what comes after them and is not measured.
    ///
    /// # Errors
    /// Nobody listens, or `settle` says so.
    pub fn serve(
        self,
        mut measured: impl FnMut(u64),
        mut settle: impl FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        for line in self.lines {
            let events = line?.parse()?;
            let start = Instant::now();
            measured(events);
            let elapsed = start.elapsed();
            settle(events)?;
            writeln!(stdout(), "{}", elapsed.as_nanos())?;
        }
        Ok(())
    }
}
