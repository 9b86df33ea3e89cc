//! What a process's rings hold now, as a trace of its own.

use super::Process;
use super::destination::Destination;
use super::errors::Errors;
use crate::engine::api::{ChannelSummary, ChannelUid};
use crate::engine::drain::Trace;
use crate::engine::loss_names::MALFORMED;

impl Process {
    /// Writes all that a channel's streams hold now to a trace of its own, and adds what is in it to `sum`.
    pub fn snapshot(&mut self, channel: ChannelUid, to: Destination<'_>, sum: &mut ChannelSummary) {
        let (Some(process), Some(of_channel)) = (&mut self.file, self.channels.get_mut(&channel))
        else {
            return;
        };
        sum.add_no_stream(process.losses().lost_no_stream(channel.0));
        sum.add_errors(of_channel.errors.all());
        let (mut errors, mut is_stuck) = (Errors::default(), false);
        let Destination { output, clock, buffers, .. } = to;
        let folder = &mut None;
        let mut trace = Trace { folder, process, output, clock, buffers };
        let recorded_before = sum.recorded;
        for file in &mut of_channel.files {
            file.find_streams();
            for stream in &file.streams {
                let (counts, error) = stream.snapshot(&mut trace);
                sum.recorded += counts.recorded;
                sum.add_overwritten(counts.overwritten);
                sum.add_lost(MALFORMED, counts.malformed);
                if let Some(error) = error {
                    errors.note_stream(trace.process.pid, error, &mut is_stuck);
                }
                stream.lost().for_each(|(cause, count)| sum.add_lost(cause, count));
            }
            errors.note_damage(trace.process.pid, file);
        }
        sum.add_errors(errors.all());
        sum.add_errors(&self.wants(channel));
        sum.processes += u64::from(sum.recorded > recorded_before);
    }
}
