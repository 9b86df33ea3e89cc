//! A process that stops or kills itself at a named point of the ring.
//!
//! ```text
//!   test    Stopping::start(role, point, nth, how)      child (`src/bin/stopped.rs`)
//!                                                        writer: emits, as the journal orders
//!                                                        reader: drains the stream; closer: retires it
//!           wait: died / stopped / went by   <-------    the nth time at the point: SIGKILL, or SIGSTOP
//! ```

use crate::stage::Stage;
use crate::stream_under_test::Shape;
use crate::tracee::{Tracee, stream_argument};
use crate::tracer::{Sequences, spawn};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::cell::Cell;
use std::process::{Child, Command};
use std::rc::Rc;
use ust_core::testpoint::{Point, set_hook};

/// What the child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Role {
    /// Emits.
    Writer,
    /// Drains.
    Reader,
    /// Retires the stream.
    Closer,
}

/// What happens to it at the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum How {
    /// SIGKILL.
    Killed,
    /// SIGSTOP.
    Stopped,
}

/// Where a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Killed at the point.
    Died,
    /// Stopped at the point.
    Stopped,
    /// It ended: it did not come to the point so often, or was let go on.
    Ended,
}

/// A child; killed when it is dropped.
#[derive(Debug)]
pub struct Stopping {
    child: Child,
}

impl Stopping {
    /// Starts one, and waits for what becomes of it.
    pub fn start(
        program: &str,
        stage: &Stage,
        (role, how): (Role, How),
        point: Point,
        nth: u32,
    ) -> (Self, Fate) {
        let mut command = Command::new(program);
        command.args([role as u32, how as u32, point as u32, nth].map(|number| number.to_string()));
        let stopping = Self { child: spawn(command, &stage.descriptors(), Sequences::Off) };
        let fate = stopping.fate();
        (stopping, fate)
    }

    /// Lets it go on, and waits for its end.
    pub fn go_on(&self) -> Fate {
        kill(self.pid(), Signal::SIGCONT).expect("it is our child");
        self.fate()
    }

    /// Kills it where it stands.
    pub fn kill(mut self) {
        self.child.kill().expect("it is our child");
        let _ = self.child.wait();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn fate(&self) -> Fate {
        match waitpid(self.pid(), Some(WaitPidFlag::WUNTRACED)).expect("it is our child") {
            WaitStatus::Exited(_, 0) => Fate::Ended,
            WaitStatus::Signaled(_, Signal::SIGKILL, _) => Fate::Died,
            WaitStatus::Stopped(_, Signal::SIGSTOP) => Fate::Stopped,
            other => panic!("the child: {other:?}"),
        }
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child.
pub fn run() {
    let number = |nth: usize| {
        let argument = std::env::args().nth(nth).and_then(|text| text.parse::<u32>().ok());
        argument.expect("role, how, point, count as arguments: this program is for tests")
    };
    let how = if number(2) == How::Killed as u32 { Signal::SIGKILL } else { Signal::SIGSTOP };
    let (point, nth) = (Point::ALL[number(3) as usize], number(4));
    let stop_there = || {
        let countdown = Cell::new(nth);
        set_hook(Some(Rc::new(move |reached| {
            if reached == point {
                countdown.set(countdown.get().wrapping_sub(1));
                if countdown.get() == 0 {
                    raise(how).expect("signals to itself arrive");
                }
            }
        })));
    };
    let (tracee, role) = (Tracee::of_stream(), number(1));
    if role == Role::Writer as u32 {
        tracee.run_once(stop_there);
        return;
    }
    let stream = stream_argument();
    let mut reader = stream.reader(Shape::of(tracee.journal().shape()));
    stop_there();
    if role == Role::Reader as u32 {
        reader.drain().expect("what its writer wrote");
    } else {
        reader.close();
    }
}
