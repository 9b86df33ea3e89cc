//! The calls of a trace, in the order of time, each with the process that made it.
//!
//! ```text
//!   Reader --event--> whose? --> Process { pid, name, objects and call sites, figures }
//!                                   libc_mem:malloc  --> Figures::call     the provider that is asked for
//!                                   dl:object        --> Sites             of every trace
//! ```
//!
//! A process is a trace of its own; in a joined trace, it is what the events' context says. So two processes that had one
//! process id, one after the other, are two. Memory holds what the figures keep, never the events.

use super::sites::{Object, Sites};
use crate::tell::tell;
use ctf::printable;
use ctf::read::{Event, Gap, Reader, Trace, Value};
use ctf::write::metadata::EnvValue;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// What an analysis keeps of one process.
pub trait Figures: Default {
    /// The set whose events are counted.
    const PROVIDER: &'static str;

    /// Counts a call.
    fn call(&mut self, call: &Call<'_>, sites: &mut Sites);
}

/// A process, and what is known of it.
#[derive(Debug)]
pub struct Process<F> {
    /// Its process id, if the trace says so.
    pub pid: Option<u64>,
    /// Its name.
    pub name: String,
    /// Events of the set.
    pub events: u64,
    /// Its call sites.
    pub sites: Sites,
    /// The analysis.
    pub figures: F,
}

/// What was lost.
#[derive(Debug, Default, Clone, Copy)]
pub struct Lost {
    /// Events that were discarded.
    pub events: u64,
    /// Packets that are missing.
    pub packets: u64,
}

/// All of a trace.
#[derive(Debug)]
pub struct Fed<F> {
    /// Its processes that have events of the set, in the order of their first event.
    pub processes: Vec<Process<F>>,
    /// What all processes lost, whichever of them were asked for: in a joined trace nobody knows whose it was.
    pub lost: Lost,
    /// Whether a part could not be read.
    pub is_damaged: bool,
}

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// The function.
    pub name: &'a str,
    event: &'a Event,
}

impl<'a> Call<'a> {
    /// Nanoseconds since 1970.
    pub fn time_ns(&self) -> i64 {
        self.event.timestamp_ns
    }

    fn field(&self, name: &str) -> Option<&'a Value> {
        let fields = self.event.fields.as_ref()?.fields();
        // Writers of CTF put an underscore before the names that users gave.
        let is_it = |field: &str| field == name || field.strip_prefix('_') == Some(name);
        fields.iter().find(|(field, _)| is_it(field)).map(|(_, value)| value)
    }

    /// A number, or an address.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.as_u64()
    }

    /// A number that may be negative.
    pub fn signed(&self, name: &str) -> Option<i64> {
        i64::try_from(self.field(name)?.as_integer()?).ok()
    }

    /// The numbers of an array.
    pub fn numbers(&self, name: &str) -> Vec<i64> {
        let number = |value: &Value| i64::try_from(value.as_integer()?).ok();
        match self.field(name) {
            Some(Value::Array(values)) => values.iter().filter_map(number).collect(),
            _ => vec![],
        }
    }

    /// The addresses of an array.
    pub fn addresses(&self, name: &str) -> impl Iterator<Item = u64> {
        let values = match self.field(name) {
            Some(Value::Array(values)) => values.as_slice(),
            _ => &[],
        };
        values.iter().filter_map(Value::as_u64)
    }

    /// Text, harmless to print.
    pub fn text(&self, name: &str) -> Option<String> {
        Some(printable::printable(self.bytes(name)?).to_string())
    }

    /// Text as the trace has it.
    pub fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        match self.field(name)? {
            Value::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The thread that made the call, if the trace says so.
    pub fn tid(&self) -> Option<u64> {
        context(self.event, "vtid")?.as_u64()
    }
}

/// A value of the event's contexts.
fn context<'a>(event: &'a Event, name: &str) -> Option<&'a Value> {
    let contexts = [&event.packet.context, &event.stream_context, &event.context];
    contexts.into_iter().flatten().find_map(|context| context.get(name))
}

/// Reads all of a trace; of the processes, only the one with this id if there is one.
pub fn feed<F: Figures>(mut reader: Reader, pid: Option<u64>) -> Fed<F> {
    let mut fed: Fed<F> = Fed { processes: vec![], lost: Lost::default(), is_damaged: false };
    let mut owners = Owners::default();
    loop {
        let item = reader.next();
        reader.take_gaps().iter().for_each(|gap| fed.lost.add(gap));
        let event = match item {
            None => break,
            Some(Ok(event)) => event,
            Some(Err(error)) => {
                tell(&error.to_string());
                fed.is_damaged = true;
                continue;
            }
        };
        let Some((provider, name)) = event.class.name.split_once(':') else { continue };
        if provider != F::PROVIDER && provider != "dl" {
            continue;
        }
        let index = owners.of(&event, &mut fed.processes);
        let process = &mut fed.processes[index];
        if pid.is_some() && process.pid != pid {
            continue;
        }
        let call = Call { name, event: &event };
        if provider == "dl" {
            library(&call, &mut process.sites);
        }
        if provider == F::PROVIDER {
            process.events += 1;
            process.figures.call(&call, &mut process.sites);
        }
    }
    fed.processes.retain(|process| process.events > 0);
    fed
}

/// An event of `dl`.
fn library(call: &Call<'_>, sites: &mut Sites) {
    let Some(base) = call.number("base") else { return };
    match call.name {
        "object" => {
            let path = OsStr::from_bytes(call.bytes("path").unwrap_or_default()).into();
            let build_id = call.text("build_id").unwrap_or_default();
            let size_bytes = call.number("size").unwrap_or_default();
            sites.loaded(Object { base, size_bytes, path, build_id });
        }
        "object_gone" => sites.gone(base),
        _ => {}
    }
}

impl Lost {
    /// Whether nothing was.
    pub fn is_nothing(self) -> bool {
        self.events == 0 && self.packets == 0
    }

    fn add(&mut self, gap: &Gap) {
        self.events = self.events.saturating_add(gap.discarded_events);
        self.packets = self.packets.saturating_add(gap.missing_packets);
    }
}

/// Which process is whose.
#[derive(Debug, Default)]
struct Owners {
    /// By the trace's address, which stays its own while the reader lives, and the id in the context.
    known: HashMap<(usize, Option<u64>), usize>,
    last: Option<((usize, Option<u64>), usize)>,
}

impl Owners {
    fn of<F: Figures>(&mut self, event: &Event, processes: &mut Vec<Process<F>>) -> usize {
        // What is in the context tells the processes of a joined trace.
        let key =
            (Arc::as_ptr(&event.trace).addr(), context(event, "vpid").and_then(Value::as_u64));
        if let Some((last, index)) = self.last
            && last == key
        {
            return index;
        }
        let index = *self.known.entry(key).or_insert_with(|| {
            let (pid, name) = identity(event, key.1);
            let (sites, figures) = (Sites::default(), F::default());
            processes.push(Process { pid, name, events: 0, sites, figures });
            processes.len() - 1
        });
        self.last = Some((key, index));
        index
    }
}

/// The process id and the name.
fn identity(event: &Event, pid: Option<u64>) -> (Option<u64>, String) {
    let env = |trace: &Trace, name: &str| match trace.env(name) {
        Some(EnvValue::Int(number)) => (u64::try_from(*number).ok(), None),
        Some(EnvValue::Str(text)) => (None, Some(text.clone())),
        None => (None, None),
    };
    let name = context(event, "procname").and_then(|name| Some(name.as_text()?.into_owned()));
    let name = name.or_else(|| env(&event.trace, "procname").1).unwrap_or_default();
    let name = printable::printable(&name).to_string();
    (pid.or_else(|| env(&event.trace, "vpid").0), name)
}
