//! Writes what a process's rings hold now as a trace of its own.

use super::destination::Destination;
use super::errors::Errors;
use super::{Process, ProcessSession};
use crate::engine::api::SessionUid;
use crate::engine::drain::Trace;
use crate::engine::loss_names::{MALFORMED, NO_STREAM};
use crate::engine::summary::SessionSummary;

impl Process {
    /// Writes everything that a session's streams hold now to a trace of its own, and adds its contents to `sum`.
    pub fn snapshot(&mut self, session: SessionUid, to: Destination<'_>, sum: &mut SessionSummary) {
        let (Some(process), Some(of_session)) = (&mut self.file, self.sessions.get_mut(&session))
        else {
            return;
        };
        let ProcessSession { channels, errors: earlier, .. } = of_session;
        sum.add_errors(earlier.all());
        let (mut errors, mut is_stuck) = (Errors::default(), false);
        let Destination { output, clock, classes, .. } = to;
        let folder = &mut None;
        let mut trace = Trace { folder, process, output, clock, classes, number: 0 };
        let recorded_before = sum.all.recorded;
        for (number, class) in (0..).zip(classes) {
            let mut sums = sum.of(&class.name);
            sums.add_lost(NO_STREAM, trace.process.losses().lost_no_stream(class.channel.0));
            let Some(of_channel) = channels.get_mut(&class.channel) else { continue };
            trace.number = number;
            for file in &mut of_channel.files {
                file.find_streams();
                for stream in &file.streams {
                    let (counts, error) = stream.snapshot(&mut trace);
                    sums.add_recorded(counts.recorded);
                    sums.add_overwritten(counts.overwritten);
                    sums.add_lost(MALFORMED, counts.malformed);
                    if let Some(error) = error {
                        errors.note_stream(trace.process.pid, error, &mut is_stuck);
                    }
                    stream.lost().for_each(|(cause, count)| sums.add_lost(cause, count));
                }
                errors.note_damage(trace.process.pid, file);
            }
        }
        sum.add_errors(errors.all());
        sum.add_errors(&self.wants(session, classes));
        sum.processes += u64::from(sum.all.recorded > recorded_before);
    }
}
