//! The connected processes and their events, as lists show them.
//!
//! A process may have more events than anybody wants to read. The names in one answer are bounded by
//! [`MAX_LISTED_BYTES`]. The processes with the shortest class logs come first, so that a process with a very long log
//! cuts its own list short, not another's. What is left out is counted.

use super::api::ProcessInfo;
use super::process_file::ProcessFile;
use super::state::Engine;
use super::summary::CpuStreams;
use crate::limits::MAX_LISTED_BYTES;

impl Engine {
    /// The processes that are connected now, with their classes as of now.
    pub fn processes(&mut self) -> Vec<ProcessInfo> {
        let files = self.processes.values_mut().filter_map(|it| {
            let cpu_streams = it.process.cpu_streams();
            it.process.file.as_mut().map(|file| (file, cpu_streams))
        });
        let mut files: Vec<_> = files.collect();
        files.iter_mut().for_each(|(file, _)| file.log.refresh());
        files.sort_by_key(|(file, _)| file.log.len());
        let mut room_bytes = MAX_LISTED_BYTES;
        let info = |(file, cpu_streams): (&mut ProcessFile, CpuStreams)| {
            let mut events = Vec::new();
            for class in file.log.names() {
                let Some(rest) = room_bytes.checked_sub(class.name.len()) else { break };
                room_bytes = rest;
                events.push((class.name, class.level));
            }
            let events_left_out = file.log.len() - events.len();
            let procname = file.program.name.clone();
            ProcessInfo { pid: file.pid, procname, events, events_left_out, cpu_streams }
        };
        let mut all: Vec<_> = files.into_iter().map(info).collect();
        all.sort_by_key(|process| process.pid);
        all
    }
}
