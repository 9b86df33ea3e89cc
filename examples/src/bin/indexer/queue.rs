//! The jobs that are left: a stack. Workers take jobs from it and add jobs to it.
//!
//! ```text
//!   unfinished = jobs in the stack + jobs in progress
//!   empty, unfinished > 0      wait: a job in progress may add others
//!   unfinished = 0             done: all workers end
//! ```
//!
//! Last in, first out: a subtree is finished before the next is begun, which keeps the stack short.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Something to do.
#[derive(Debug)]
pub enum Job {
    /// List it, and put what it holds into the queue.
    Directory {
        /// As far as it can be reached from the program's argument.
        path: PathBuf,
        /// Below the program's argument.
        depth: u32,
    },
    /// Read it.
    File {
        /// As far as it can be reached from the program's argument.
        path: PathBuf,
    },
}

/// A job, and what it cost to get it.
#[derive(Debug)]
pub struct Taken {
    /// What to do.
    pub job: Job,
    /// How long the worker waited, be it for the lock or for a job.
    pub waited: Duration,
    /// How many jobs were left.
    pub depth: usize,
}

/// See the module page.
#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    jobs: Vec<Job>,
    unfinished: usize,
}

impl Queue {
    /// Adds a job.
    pub fn put(&self, job: Job) {
        let mut state = self.lock();
        state.jobs.push(job);
        state.unfinished += 1;
        drop(state);
        self.changed.notify_one();
    }

    /// Takes the job that was added last; waits for one while there may be more to come. `None`: all is done.
    ///
    /// Each job taken must be [finished](Self::finish).
    pub fn take(&self) -> Option<Taken> {
        let start = Instant::now();
        let state = self.lock();
        let is_idle = |state: &mut State| state.jobs.is_empty() && state.unfinished > 0;
        let mut state =
            self.changed.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner);
        let job = state.jobs.pop()?;
        Some(Taken { job, waited: start.elapsed(), depth: state.jobs.len() })
    }

    /// A job that was taken is done, and everything that follows from it has been put.
    pub fn finish(&self) {
        let mut state = self.lock();
        state.unfinished -= 1;
        if state.unfinished == 0 {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code in here panics between two changes, so the state is whole even if a worker has panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
