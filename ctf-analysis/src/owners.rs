//! Whose events they are: processes and threads, and how many events each has.
//!
//! A process is a trace of its own; in a joined trace, it is what the events' context says. So two processes that had one
//! process id, one after the other, are two, unless they are in one joined trace.

use crate::limits::THREADS_MAX;
use crate::nesting::Nesting;
use crate::report::{OfProcess, OfThread};
use ctf::printable::printable;
use ctf::read::Trace;
use ctf::schema::EnvValue;
use std::collections::HashMap;
use std::sync::Arc;

/// A thread of a process of a trace. What the trace does not say is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Whose {
    pub trace: u32,
    pub vpid: Option<u64>,
    pub thread: Option<i64>,
}

#[derive(Debug, Default)]
pub struct Owners {
    threads: Vec<Thread>,
    of_thread: HashMap<Whose, u32>,
    processes: Vec<Process>,
    of_process: HashMap<(u32, Option<u64>), u32>,
    last: Option<(Whose, u32)>,
}

#[derive(Debug)]
pub struct Thread {
    pub process: u32,
    /// `None` if the trace does not say it, or for all that are too many.
    pub tid: Option<i64>,
    pub events: u64,
    pub nesting: Nesting,
    trace: u32,
}

#[derive(Debug)]
struct Process {
    pid: Option<u64>,
    name: String,
}

impl Owners {
    /// The number of a thread. The name is that in the event's context; a process's own trace has it too.
    #[inline]
    pub fn thread(&mut self, whose: Whose, trace: &Arc<Trace>, name: &[u8]) -> u32 {
        match self.last {
            Some((last, number)) if last == whose => number,
            _ => {
                let number = self.find(whose, trace, name);
                self.last = Some((whose, number));
                number
            }
        }
    }

    fn find(&mut self, whose: Whose, trace: &Trace, name: &[u8]) -> u32 {
        if let Some(number) = self.of_thread.get(&whose) {
            return *number;
        }
        // Those that are too many are one thread, unknown, of the first process.
        let is_too_many = self.threads.len() >= THREADS_MAX;
        let whose = if is_too_many { Whose { vpid: None, thread: None, ..whose } } else { whose };
        if let Some(number) = self.of_thread.get(&whose) {
            return *number;
        }
        let process = self.process(whose, trace, name);
        let number = self.threads.len() as u32;
        self.threads.push(Thread {
            process,
            tid: whose.thread,
            events: 0,
            nesting: Nesting::default(),
            trace: whose.trace,
        });
        self.of_thread.insert(whose, number);
        number
    }

    fn process(&mut self, whose: Whose, trace: &Trace, name: &[u8]) -> u32 {
        let key = (whose.trace, whose.vpid);
        if let Some(number) = self.of_process.get(&key) {
            return *number;
        }
        let env_pid = match trace.env("vpid") {
            Some(EnvValue::Int(pid)) => u64::try_from(*pid).ok(),
            _ => None,
        };
        let env_name = match trace.env("procname") {
            Some(EnvValue::Str(name)) => name.as_bytes(),
            _ => b"",
        };
        let name = if name.is_empty() { env_name } else { name };
        let name = printable(name).to_string();
        let number = self.processes.len() as u32;
        self.processes.push(Process { pid: whose.vpid.or(env_pid), name });
        self.of_process.insert(key, number);
        number
    }

    pub fn get_mut(&mut self, number: u32) -> &mut Thread {
        &mut self.threads[number as usize]
    }

    /// All threads of a trace.
    pub fn of_trace(&mut self, trace: u32) -> impl Iterator<Item = &mut Thread> {
        self.threads.iter_mut().filter(move |thread| thread.trace == trace)
    }

    /// All threads.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Thread> {
        self.threads.iter_mut()
    }

    /// Events by process, and by thread; those that have most first.
    pub fn report(&self) -> (Vec<OfProcess>, Vec<OfThread>) {
        let of_process = |Process { pid, name }: &Process| OfProcess {
            pid: *pid,
            name: name.clone(),
            events: 0,
            threads: 0,
        };
        let mut processes: Vec<_> = self.processes.iter().map(of_process).collect();
        let mut threads = Vec::new();
        for thread in self.threads.iter().filter(|thread| thread.events > 0) {
            let process = &mut processes[thread.process as usize];
            process.events += thread.events;
            process.threads += u64::from(thread.tid.is_some());
            let (pid, name) = (process.pid, process.name.clone());
            threads.push(OfThread { pid, process: name, tid: thread.tid, events: thread.events });
        }
        processes.retain(|process| process.events > 0);
        processes.sort_by_key(|process| std::cmp::Reverse(process.events));
        threads.sort_by_key(|thread| std::cmp::Reverse(thread.events));
        (processes, threads)
    }
}
