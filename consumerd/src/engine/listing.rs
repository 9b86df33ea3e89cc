//! The connected processes and their events, as lists show them.
//!
//! A process may have more events than anybody wants to read. What is read and made
//! for one answer is bounded by [`MAX_LISTED_BYTES`]: names, or whole descriptions if details are asked for. The processes with the shortest
//! class logs come first, so that a process with a very long log cuts its own list short, not another's. What is left out is
//! counted.

use super::api::{EventInfo, ProcessInfo};
use super::event_details::EventDetails;
use super::process_file::ProcessFile;
use super::state::Engine;
use super::summary::CpuStreams;
use crate::limits::MAX_LISTED_BYTES;
use ust_core::protocol::ClassBody;

impl Engine {
    /// The processes that are connected now, with their classes as of now, in detail or not.
    pub fn processes(&mut self, in_detail: bool) -> Vec<ProcessInfo> {
        let files = self.processes.values_mut().filter_map(|it| {
            let cpu_streams = it.process.cpu_streams();
            it.process.file.as_mut().map(|file| (file, cpu_streams))
        });
        let mut files: Vec<_> = files.collect();
        files.iter_mut().for_each(|(file, _)| file.log.refresh());
        files.sort_by_key(|(file, _)| file.log.len());
        let mut room_bytes = MAX_LISTED_BYTES;
        let info = |(file, cpu_streams): (&mut ProcessFile, CpuStreams)| {
            let events = match in_detail {
                true => within(&mut room_bytes, detailed(file)),
                false => within(&mut room_bytes, named(file)),
            };
            let events_left_out = file.log.len() - events.len();
            let procname = file.program.name.clone();
            ProcessInfo { pid: file.pid, procname, events, events_left_out, cpu_streams }
        };
        let mut all: Vec<_> = files.into_iter().map(info).collect();
        all.sort_by_key(|process| process.pid);
        all
    }
}

/// As many as there is room for: what each takes, and what it is, if it can be understood.
fn within(
    room_bytes: &mut usize,
    events: impl Iterator<Item = (usize, Option<EventInfo>)>,
) -> Vec<EventInfo> {
    let mut taken = Vec::new();
    for (bytes, event) in events {
        let Some(rest) = room_bytes.checked_sub(bytes) else { break };
        *room_bytes = rest;
        taken.extend(event);
    }
    taken
}

fn named(file: &ProcessFile) -> impl Iterator<Item = (usize, Option<EventInfo>)> {
    file.log.names().map(|class| {
        let bytes = size_of::<EventInfo>() + class.name.len();
        (bytes, Some(EventInfo { name: class.name, level: class.level, details: None }))
    })
}

fn detailed(file: &ProcessFile) -> impl Iterator<Item = (usize, Option<EventInfo>)> {
    file.log.untrusted_bodies().map(|untrusted_body| {
        let read_bytes = size_of::<EventInfo>() + untrusted_body.len();
        let Some(class) = ClassBody::decode(&untrusted_body) else { return (read_bytes, None) };
        let details = EventDetails::of(&class);
        let bytes = read_bytes + details.bytes();
        let (name, level) = (class.full_name(), class.level);
        (bytes, Some(EventInfo { name, level, details: Some(details.into()) }))
    })
}
