//! A contestant's process, from both ends.
//!
//! ```text
//!   it says    ready\n         once it is set up; anything else is the reason why it cannot be set up
//!   it hears   EVENTS\n        measure so many, in each of its threads
//!   it says    NANOSECONDS\n   what they took; or, if it was started to count, how many instructions
//!   it ends when its input does
//! ```

use crate::Result;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::process::Pid;
use std::io::{BufRead, BufReader, Lines, StdinLock, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Barrier;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

const READY: &str = "ready";

/// The bench's end.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    // None: the contestant has been told to end.
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
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no pipe")?;
        let mut worker = Self { child, input, output: BufReader::new(output) };
        let answer = worker.answer(wait)?;
        match answer.as_str() {
            READY => Ok(worker),
            "" => Err("it ended before it was set up; what it said is above".into()),
            _ => Err(answer.into()),
        }
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
        Ok(Duration::from_nanos(self.ask(events, wait)?))
    }

    /// The same, whatever the contestant measures.
    ///
    /// # Errors
    /// It is gone.
    pub fn ask(
        &mut self,
        events: u64,
        wait: impl FnOnce(BorrowedFd<'_>) -> Result<()>,
    ) -> Result<u64> {
        writeln!(self.input.as_mut().ok_or("it has ended")?, "{events}")?;
        let answer = self.answer(wait)?;
        Ok(answer.parse().map_err(|_| format!("it answered {answer:?}"))?)
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
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
    /// The bench has ended.
    pub fn when_ready() -> Result<Self> {
        writeln!(stdout(), "{READY}")?;
        Ok(Self { lines: stdin().lines() })
    }

    /// Serves until there are no more requests, in this thread: `answer` measures so many events by itself.
    ///
    /// # Errors
    /// The bench has ended.
    pub fn serve_with(self, mut answer: impl FnMut(u64) -> u64) -> Result<()> {
        for line in self.lines {
            writeln!(stdout(), "{}", answer(line?.parse()?))?;
        }
        Ok(())
    }

    /// Serves until there are no more requests. `measured` emits so many events in each of `threads` threads at once; the
    /// threads stay the same. The answer is the mean of what each took. `settle` comes afterwards and is not measured.
    ///
    /// # Errors
    /// The bench has ended, or `settle` fails.
    pub fn serve(
        self,
        threads: usize,
        measured: &(dyn Fn(u64) + Sync),
        mut settle: impl FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        let start_line = Barrier::new(threads);
        let run = |events| {
            start_line.wait();
            let start = Instant::now();
            measured(events);
            start.elapsed()
        };
        thread::scope(|scope| {
            let helpers: Vec<_> = (1..threads).map(|_| Helper::spawn(scope, &run)).collect();
            for line in self.lines {
                let events = line?.parse()?;
                helpers.iter().try_for_each(|helper| helper.orders.send(events))?;
                let mut sum = run(events);
                for helper in &helpers {
                    sum += helper.answers.recv()?;
                }
                settle(events)?;
                writeln!(stdout(), "{}", sum.as_nanos() / threads as u128)?;
            }
            Ok(())
        })
    }
}

/// Every thread of a contestant but the first. It ends when the channel of its orders is closed.
struct Helper {
    orders: Sender<u64>,
    answers: Receiver<Duration>,
}

impl Helper {
    fn spawn<'scope>(
        scope: &'scope Scope<'scope, '_>,
        run: &'scope (dyn Fn(u64) -> Duration + Sync),
    ) -> Self {
        let (orders, ordered) = channel();
        let (answer, answers) = channel();
        scope.spawn(move || {
            for events in ordered {
                if answer.send(run(events)).is_err() {
                    return;
                }
            }
        });
        Self { orders, answers }
    }
}
