//! One round of the event loop: wait, take in what has come, drain full sub-buffers, flush what is due.
//!
//! The order at a death matters. A process may have handed over a ring file on a connection that is still queued when
//! its pidfd says that it is dead. So everything queued is taken in before the process is buried.
//!
//! A round is bounded by numbers of our own, not by what strangers hold: it handles a bounded number of events,
//! messages, connections, burials, and bytes of rings. The rest is handled in the next round, which then does not wait.
//! A process that talks without end holds up neither the other processes nor the caller of `poll`.

use super::api::EngineError;
use super::drain::Pass;
use super::readiness::Source;
use super::state::Engine;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use std::time::{Duration, Instant};

/// How often the loop looks without being rung for, after a new process has come.
const WATCHFUL_INTERVAL: Duration = Duration::from_millis(1);

impl Engine {
    /// Waits until something happened, and handles what is the engine's: connections, deaths, full sub-buffers, the
    /// flush timer. Returns after one round, or earlier if one of `others` is readable (their indices are returned) or
    /// `timeout` has passed.
    ///
    /// # Errors
    /// The kernel refuses to poll.
    pub fn poll(
        &mut self,
        others: &[BorrowedFd<'_>],
        timeout: Option<Duration>,
    ) -> Result<Vec<usize>, EngineError> {
        let wait = self.prepare_to_wait(timeout);
        let others_ready = self.wait(others, wait)?;
        self.bell.wake_up();
        for source in self.readiness.ready() {
            match source {
                Source::Listener => _ = self.accept_some(),
                Source::Bell => self.bell.acknowledge(),
                Source::Connection(number) => {
                    if self.connections.get(&number).is_some_and(|connection| connection.is_behind)
                    {
                        self.brief(number);
                    }
                    self.hear_some(number);
                }
                Source::Death(payer) => self.note_deaths(payer),
            }
        }
        self.keep_room();
        self.bury_some();
        self.take_full();
        self.tell_refusals();
        self.relieve_shortage();
        self.relieve_memory();
        if Instant::now() >= self.next_flush {
            if !std::mem::replace(&mut self.is_flushing, true) {
                self.look_for_images();
                self.settle_kept_files();
                self.keep_place();
            }
            (_, self.is_flushing) = self.sweep(Pass::Flush);
            // If streams are left, the flush stays due: they have their turns in the next round, at once.
            if !self.is_flushing {
                self.next_flush = Instant::now() + self.options.flush_interval;
            }
        }
        Ok(others_ready)
    }

    /// How long to wait. Writers ring from here on, unless a timer replaces the doorbell.
    fn prepare_to_wait(&mut self, timeout: Option<Duration>) -> Duration {
        let now = Instant::now();
        if self.is_burying() {
            return Duration::ZERO;
        }
        let mut wait = self.next_flush.saturating_duration_since(now);
        if self.is_behind {
            return Duration::ZERO;
        }
        wait = wait.min(timeout.unwrap_or(wait));
        if let Some(interval) = self.options.read_timer {
            return wait.min(interval);
        }
        if now < self.watchful_until {
            return wait.min(WATCHFUL_INTERVAL);
        }
        self.bell.fall_asleep();
        // A writer that filled a sub-buffer before it saw the consumer asleep did not ring.
        if self.take_full() { Duration::ZERO } else { wait }
    }

    /// Waits for a descriptor of ours, or of `others`, whose indices are returned.
    fn wait(&self, others: &[BorrowedFd<'_>], wait: Duration) -> Result<Vec<usize>, EngineError> {
        let ours = self.readiness.as_fd();
        let fds = std::iter::once(&ours).chain(others);
        let mut fds: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        let timeout = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(EngineError::Own("cannot poll", error.into())),
        }
        let ready = fds[1..].iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
        Ok(ready.map(|(index, _)| index).collect())
    }
}
