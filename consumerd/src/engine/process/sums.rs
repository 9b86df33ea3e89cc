//! Sums up what a process has recorded and lost in a session, and the messages about that.

use super::starved::Starved;
use super::{Process, ProcessChannel, ProcessSession};
use crate::engine::api::SessionUid;
use crate::engine::drain::{StreamClass, StreamDrain};
use crate::engine::loss_names::NO_STREAM;
use crate::engine::summary::{CpuStreams, SessionSummary};
use ust_core::abi::Buffers;

impl Process {
    /// Adds what it has recorded and lost in these channels of a session.
    pub fn add_to(&self, session: SessionUid, classes: &[StreamClass], sum: &mut SessionSummary) {
        if let Some(process) = &self.file {
            let losses = process.losses();
            for class in classes {
                let lost = losses.lost_no_stream(class.channel.0);
                sum.of(&class.name).add_lost(NO_STREAM, lost);
            }
        }
        sum.add_errors(&self.wants(session, classes));
        self.add_streams_to(session, classes, sum);
    }

    /// The messages about events for which it could get no memory, or whose classes are not known.
    pub fn wants(&self, session: SessionUid, classes: &[StreamClass]) -> Vec<String> {
        let Some(file) = &self.file else { return Vec::new() };
        let streams = self.sessions.get(&session).into_iter().flat_map(|it| it.streams());
        let of_subbufs = Starved::of_subbufs(file, streams);
        let of_rings = Starved::of_rings(file, classes.iter().map(|class| class.channel));
        let left_out = Some(file.classes_left_out()).filter(|count| *count > 0).map(|count| {
            format!(
                "process {} ({}): {count} of its event classes are not in its process file, and their events are not \
                 recorded: there was no room (let it write larger files: ulimit -f), or their descriptions exceed the \
                 limits of a class",
                file.pid, file.program.name
            )
        });
        let starved = of_rings.into_iter().chain(of_subbufs).map(|starved| starved.to_string());
        starved.chain(left_out).collect()
    }

    /// The same, without the losses that its process file counts.
    pub fn add_streams_to(
        &self,
        session: SessionUid,
        classes: &[StreamClass],
        sum: &mut SessionSummary,
    ) {
        let Some(of_session) = self.sessions.get(&session) else { return };
        let recorded_before = sum.all.recorded;
        for class in classes {
            let of_channel = of_session.channels.get(&class.channel).into_iter();
            let mut sums = sum.of(&class.name);
            for stream in of_channel.flat_map(ProcessChannel::streams) {
                sums.add_recorded(stream.recorded());
                sums.add_overwritten(stream.overwritten());
                stream.lost().for_each(|(cause, count)| sums.add_lost(cause, count));
            }
        }
        sum.processes += u64::from(sum.all.recorded > recorded_before);
        of_session.add_ways_to(&mut sum.cpu_streams);
        sum.add_errors(of_session.errors.all());
    }

    /// Its streams of CPUs, in all its sessions.
    pub fn cpu_streams(&self) -> CpuStreams {
        let mut sum = CpuStreams::default();
        self.sessions.values().for_each(|of_session| of_session.add_ways_to(&mut sum));
        sum
    }

    /// Records of a session that their writers had begun and not finished.
    pub fn holes(&self, session: SessionUid) -> u64 {
        let of_session = self.sessions.get(&session).into_iter();
        of_session.flat_map(|it| it.streams()).map(StreamDrain::holes).sum()
    }
}

impl ProcessSession {
    fn add_ways_to(&self, sum: &mut CpuStreams) {
        let files = self.channels.values().flat_map(|of_channel| &of_channel.files);
        let of_cpus = files.filter(|file| file.buffers() == Buffers::PerCpu);
        let streams =
            of_cpus.flat_map(|file| &file.streams).filter(|stream| !stream.is_given_back());
        streams.for_each(|stream| sum.add(stream.is_sequenced()));
    }
}
