//! What a process has recorded in a channel, what it has lost there, and what is to be said of it.

use super::Process;
use super::starved::Starved;
use crate::engine::api::{ChannelSummary, ChannelUid};
use crate::engine::drain::StreamDrain;

impl Process {
    /// Adds what it has recorded in a channel, and lost.
    pub fn add_to(&self, channel: ChannelUid, sum: &mut ChannelSummary) {
        if let Some(process) = &self.file {
            sum.add_no_stream(process.losses().lost_no_stream(channel.0));
        }
        sum.add_errors(&self.wants(channel));
        self.add_streams_to(channel, sum);
    }

    /// What is to be said of it if there were events for which it could get no memory.
    pub fn wants(&self, channel: ChannelUid) -> Vec<String> {
        let Some(file) = &self.file else { return Vec::new() };
        let files = self.channels.get(&channel).into_iter().flat_map(|it| &it.files);
        let of_subbufs = Starved::of_subbufs(file, files.flat_map(|file| &file.streams));
        let all = Starved::of_rings(file, channel).into_iter().chain(of_subbufs);
        let left_out = Some(file.classes_left_out()).filter(|count| *count > 0).map(|count| {
            format!(
                "process {} ({}): {count} of its event classes found no room in its process file, and their events are \
                 not recorded: let it write larger files (ulimit -f)",
                file.pid, file.procname
            )
        });
        all.map(|starved| starved.to_string()).chain(left_out).collect()
    }

    /// The same without the losses that its process file counts.
    pub fn add_streams_to(&self, channel: ChannelUid, sum: &mut ChannelSummary) {
        let Some(of_channel) = self.channels.get(&channel) else { return };
        let recorded_before = sum.recorded;
        for stream in of_channel.files.iter().flat_map(|file| &file.streams) {
            sum.recorded += stream.recorded();
            sum.add_overwritten(stream.overwritten());
            for (cause, count) in stream.lost() {
                sum.add_lost(cause, count);
            }
        }
        sum.processes += u64::from(sum.recorded > recorded_before);
        sum.add_errors(of_channel.errors.all());
    }

    /// Records in a channel that their writers had begun, and not ended.
    pub fn holes(&self, channel: ChannelUid) -> u64 {
        let files =
            self.channels.get(&channel).into_iter().flat_map(|of_channel| &of_channel.files);
        files.flat_map(|file| &file.streams).map(StreamDrain::holes).sum()
    }
}
