//! Signals as something to poll: a handler writes to a socket pair, and the event loop reads it.
//!
//! A signal that was ignored when the program started stays ignored. The program that started it (nohup(1), a shell
//! that runs it in the background) wanted it so, and the programs that it starts inherit that.

use crate::inherited::Inherited;
use rustix::fd::{AsFd, BorrowedFd};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause as SignalCause;
use std::io;
use std::os::unix::net::UnixStream;

pub use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// A file would exceed the limit of its size. The signal is handled everywhere and reported to nobody: the write then
/// fails with an error, where the signal would kill. It is not ignored, because programs that are started here would
/// inherit that.
const SIGXFSZ: i32 = signal_hook::consts::SIGXFSZ;

/// The signals that this process handles.
#[derive(Debug)]
pub struct Signals(SignalDelivery<UnixStream, WithOrigin>);

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Its number.
    pub signal: i32,
    /// Whether the kernel sent it: for a key or a hang-up, to every process of the terminal's foreground
    /// process group.
    pub is_from_kernel: bool,
}

impl Signals {
    /// Handles those of `signals` that are not ignored.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn handle(signals: &[i32]) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let inherited = Inherited::get();
        let wanted = signals.iter().chain(&[SIGXFSZ]).filter(|signal| !inherited.ignores(**signal));
        Ok(Self(SignalDelivery::with_pipe(read, write, WithOrigin::default(), wanted)?))
    }

    /// Readable when a signal has come.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_read().as_fd()
    }

    /// The signals that have come since the last call.
    pub fn take(&mut self) -> Vec<Arrived> {
        let arrived = |origin: signal_hook::low_level::siginfo::Origin| Arrived {
            signal: origin.signal,
            is_from_kernel: origin.cause == SignalCause::Kernel,
        };
        let is_told = |arrived: &Arrived| arrived.signal != SIGXFSZ;
        self.0.pending().map(arrived).filter(is_told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    #[test]
    fn a_signal_from_a_process_does_not_count_as_the_kernels() {
        let mut signals = Signals::handle(&[signal_hook::consts::SIGUSR2]).unwrap();
        assert_eq!(signals.take(), []);
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::USR2).unwrap();
        // Any thread of the process may be the one that handles it.
        let mut read = [PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
        assert_eq!(poll(&mut read, Some(&Timespec { tv_sec: 10, tv_nsec: 0 })), Ok(1));
        let arrived = Arrived { signal: signal_hook::consts::SIGUSR2, is_from_kernel: false };
        assert_eq!(signals.take(), [arrived]);
    }
}
