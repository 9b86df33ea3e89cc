//! Turns of the streams of one session.

use super::destination::Destination;
use super::ring_file::RingFile;
use super::{Process, ProcessSession};
use crate::advice::{Attempt, why};
use crate::engine::api::SessionUid;
use crate::engine::drain::{Pass, StreamDrain, Trace};
use crate::engine::resource::Resource;
use crate::engine::round::Round;
use crate::limits::MANY_STREAMS;
use rustix::io::Errno;
use std::io;

impl Process {
    /// Gives a turn to those streams of one session that have one in this round; returns whether anything was taken (by
    /// a [`Pass::Full`]).
    pub fn pass(
        &mut self,
        session: SessionUid,
        pass: Pass,
        to: Destination<'_>,
        round: &mut Round,
    ) -> bool {
        let (Some(process), Some(of_session)) = (&mut self.file, self.sessions.get_mut(&session))
        else {
            return false;
        };
        let is_one_of_many = self.account.held_together(Resource::Streams) > MANY_STREAMS;
        let mut any = false;
        let mut is_stuck = of_session.streams().any(StreamDrain::is_stuck);
        let ProcessSession { channels, folder, errors, is_lock_failure_told } = of_session;
        let Destination { output, clock, classes, is_drained } = to;
        let mut trace = Trace { folder, process, output, clock, classes, number: 0 };
        for (number, class) in (0..).zip(classes) {
            let Some(of_channel) = channels.get_mut(&class.channel) else { continue };
            trace.number = number;
            for file in &mut of_channel.files {
                file.find_streams();
                if !*is_lock_failure_told && let Some(errno) = file.lock_failure() {
                    *is_lock_failure_told = true;
                    errors.note(unlocked(trace.process.pid, errno));
                }
                for stream in &mut file.streams {
                    if !is_drained {
                        stream.watch();
                        continue;
                    }
                    if !round.admits(stream.last_turn(pass)) {
                        continue;
                    }
                    let before = stream.cursor();
                    let outcome = stream.turn(pass, &mut trace);
                    // Records that a writer has overwritten are passed over, and cost nothing.
                    let moved = stream.cursor().saturating_sub(before);
                    round.spend(moved.min(stream.most_bytes()));
                    match outcome {
                        Ok(taken) => any |= taken,
                        Err(error) => errors.note_stream(trace.process.pid, error, &mut is_stuck),
                    }
                    if pass == Pass::Flush || is_one_of_many {
                        stream.release();
                    }
                }
                errors.note_damage(trace.process.pid, file);
            }
        }
        if process.is_damaged() {
            errors.note(format!(
                "process {}: its process file was damaged while it was recorded: what it records from now on is lost",
                process.pid
            ));
            of_session.files_mut().for_each(RingFile::end);
        }
        any
    }
}

/// The message about a process whose rings could not be locked; it comes once.
fn unlocked(pid: u32, errno: Errno) -> String {
    let reason = io::Error::from(errno);
    format!(
        "process {pid}: its rings are not locked into memory, which does not affect its records: {}",
        why(Attempt::Lock, &reason)
    )
}
