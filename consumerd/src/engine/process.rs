//! A traced process: what the daemon has of it, from the first connection to the last packet.
//!
//! ```text
//!   Process
//!     peer        pidfd: readable once it is dead, whatever its sockets say
//!     file        who it is, its event classes
//!     channels    for each channel that it records into:
//!                    ring files -> StreamDrain, StreamDrain, ...
//!                    TraceFolder
//! ```
//!
//! It ends when the pidfd says so, or when its image is gone: `exec` takes the mappings away and leaves the
//! process. Then what was committed is recovered, and everything is closed.

use super::budget::{Account, Held, Resource};
use super::class_log::ProcessFile;
use super::clock::ClockDescription;
use super::drain::{MALFORMED, StreamDrain, StreamError};
use super::ring_file::{Origin, RingFile};
use super::round::Round;
use super::starved::Starved;
use super::trace::{Trace, TraceFolder};
use super::{ChannelSummary, ChannelUid};
use crate::advice::{Attempt, why};
use crate::limits::{MANY_STREAMS, MAX_ERRORS, MAX_WAITING_RING_FILES};
use crate::output::Output;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use ust_core::abi::{Buffers, MAX_RING_FILES};

/// Where a channel's records go, and what their clock means.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The session's output directory.
    pub output: &'a Output,
    /// The channel's clock.
    pub clock: ClockDescription,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// Whether what is recorded is written out as it comes.
    pub is_drained: bool,
}

/// What the daemon has of one process.
#[derive(Debug)]
pub struct Process {
    /// Who it is; none while only a ring file has come.
    pub file: Option<ProcessFile>,
    channels: BTreeMap<ChannelUid, ProcessChannel>,
    /// Files that came before the process file did.
    waiting: Vec<(ChannelUid, u32, OwnedFd, Origin, Held)>,
    account: Rc<Account>,
}

/// One channel's streams in one process.
#[derive(Debug, Default)]
struct ProcessChannel {
    files: Vec<RingFile>,
    folder: Option<TraceFolder>,
    errors: Errors,
    /// It has been said that memory could not be locked.
    is_lock_failure_told: bool,
}

/// What went wrong with a channel's files, as the log and the summary have it.
#[derive(Debug, Default)]
struct Errors(Vec<String>);

impl Errors {
    /// Notes one: once, in however many streams it comes, and whatever the process sends how often.
    fn note(&mut self, error: String) {
        if self.0.len() < MAX_ERRORS && !self.0.contains(&error) {
            tracing::error!("{error}");
            self.0.push(error);
        }
    }

    /// Notes that a stream of process `pid` could not be drained. That nobody can write concerns no process, and goes
    /// into the log each time that it begins: with the first of the streams, before which none `is_stuck`.
    fn note_stream(&mut self, pid: u32, error: StreamError, is_stuck: &mut bool) {
        if !matches!(error, StreamError::File(_)) {
            return self.note(format!("process {pid}: {error}"));
        }
        let error = error.to_string();
        if !std::mem::replace(is_stuck, true) {
            tracing::error!("{error}");
        }
        if self.0.len() < MAX_ERRORS && !self.0.contains(&error) {
            self.0.push(error);
        }
    }
}

/// How to go about each stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Take full sub-buffers.
    Full,
    /// Take everything committed.
    Flush,
    /// The writers are dead.
    Recover,
    /// Nothing comes any more: write the last packets.
    Finish,
}

impl Process {
    /// A process of which nothing is known yet.
    pub fn new(account: Rc<Account>) -> Self {
        Self { file: None, channels: BTreeMap::new(), waiting: Vec::new(), account }
    }

    /// One that is dead, as its file was left behind.
    pub fn left_behind(file: ProcessFile) -> Self {
        let account = file.account().clone();
        Self { file: Some(file), channels: BTreeMap::new(), waiting: Vec::new(), account }
    }

    /// Takes the process file.
    pub fn set_file(&mut self, file: ProcessFile) {
        self.file.get_or_insert(file);
        for (channel, index, fd, origin, _) in std::mem::take(&mut self.waiting) {
            self.add_ring_file(channel, index, fd, origin);
        }
    }

    /// Takes a ring file, checked. One that it has already is passed over.
    pub fn add_ring_file(&mut self, channel: ChannelUid, index: u32, fd: OwnedFd, origin: Origin) {
        let Some(process) = &self.file else {
            if self.waiting.len() < MAX_WAITING_RING_FILES
                && let Ok(held) = self.account.hold(Resource::Descriptors, 1)
            {
                self.waiting.push((channel, index, fd, origin, held));
            } else {
                let error = format!(
                    "a process that has not introduced itself hands over more than {MAX_WAITING_RING_FILES} ring files: \
                     the records in the others are lost"
                );
                self.channels.entry(channel).or_default().errors.note(error);
            }
            return;
        };
        let of_channel = self.channels.entry(channel).or_default();
        if of_channel.files.iter().any(|file| file.index == index) {
            return;
        }
        if index >= MAX_RING_FILES {
            let error = format!(
                "process {} ({}) hands over ring files numbered beyond {MAX_RING_FILES}: their records are lost",
                process.pid, process.procname
            );
            of_channel.errors.note(error);
            return;
        }
        match RingFile::new(&fd, channel, index, process.uid, origin, process.account()) {
            Ok(file) => of_channel.files.push(file),
            Err(reason) => {
                let error = format!(
                    "process {} ({}): {reason}: its records are lost",
                    process.pid, process.procname
                );
                of_channel.errors.note(error);
            }
        }
    }

    /// Ring files that came without their process ever saying what is in them, each as an error: nobody
    /// can read records whose classes are unknown.
    pub fn unexplained(&self) -> impl Iterator<Item = (ChannelUid, String)> {
        self.waiting.iter().map(|(channel, index, ..)| {
            let error = format!(
                "ring file {index} of a process that never introduced itself is unreadable"
            );
            (*channel, error)
        })
    }

    /// Goes over those streams of one channel that have a turn in this round; whether anything was taken (of a [`Pass::Full`]).
    pub fn pass(
        &mut self,
        channel: ChannelUid,
        pass: Pass,
        to: Destination<'_>,
        round: &mut Round,
    ) -> bool {
        let (Some(process), Some(of_channel)) = (&mut self.file, self.channels.get_mut(&channel))
        else {
            return false;
        };
        let ProcessChannel { files, folder, errors, is_lock_failure_told } = of_channel;
        let is_one_of_many = self.account.held_together(Resource::Streams) > MANY_STREAMS;
        let mut any = false;
        let Destination { output, clock, buffers, is_drained } = to;
        let mut trace = Trace { folder, process, output, clock, buffers };
        let mut is_stuck = files.iter().flat_map(|file| &file.streams).any(StreamDrain::is_stuck);
        for file in files {
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
                let outcome = run(stream, pass, &mut trace);
                // What a writer has overwritten is passed over, and costs nothing.
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
            tell_damage(file, trace.process.pid, errors);
        }
        if process.is_damaged() {
            errors.note(format!(
                "process {}: its process file was damaged while it was recorded: what it records from now on is lost",
                process.pid
            ));
            of_channel.files.iter_mut().for_each(RingFile::end);
        }
        any
    }

    /// Writes all that a channel's streams hold now to a trace of its own, and adds what is in it to `sum`.
    pub fn snapshot(&mut self, channel: ChannelUid, to: Destination<'_>, sum: &mut ChannelSummary) {
        let (Some(process), Some(of_channel)) = (&mut self.file, self.channels.get_mut(&channel))
        else {
            return;
        };
        sum.add_no_stream(process.losses().lost_no_stream(channel.0));
        sum.add_errors(&of_channel.errors.0);
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
            tell_damage(file, trace.process.pid, &mut errors);
        }
        sum.add_errors(&errors.0);
        sum.add_errors(&self.wants(channel));
        sum.processes += u64::from(sum.recorded > recorded_before);
    }

    /// Whether it has streams in a channel.
    pub fn has_channel(&self, channel: ChannelUid) -> bool {
        self.channels.contains_key(&channel)
    }

    /// Whether it has streams in any.
    pub fn has_channels(&self) -> bool {
        !self.channels.is_empty()
    }

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
        sum.add_errors(&of_channel.errors.0);
    }

    /// Records in a channel that their writers had begun, and not ended.
    pub fn holes(&self, channel: ChannelUid) -> u64 {
        let files =
            self.channels.get(&channel).into_iter().flat_map(|of_channel| &of_channel.files);
        files.flat_map(|file| &file.streams).map(StreamDrain::holes).sum()
    }

    /// Forgets a channel, whose memory is then the process's alone.
    pub fn remove_channel(&mut self, channel: ChannelUid) {
        self.channels.remove(&channel);
    }
}

/// What is said of a process whose rings could not be locked, once.
fn unlocked(pid: u32, errno: Errno) -> String {
    let reason = io::Error::from(errno);
    format!(
        "process {pid}: its rings are not locked into memory, which does not affect its records: {}",
        why(Attempt::Lock, &reason)
    )
}

/// Ends the streams of a file part of which is gone.
fn tell_damage(file: &mut RingFile, pid: u32, errors: &mut Errors) {
    if file.end_if_damaged() {
        errors.note(format!(
            "process {pid}: a ring file was truncated or damaged while it was recorded: what it held is lost"
        ));
    }
}

fn run(stream: &mut StreamDrain, pass: Pass, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
    match pass {
        Pass::Full => stream.drain_full(trace),
        Pass::Flush => stream.flush(trace).map(|()| false),
        Pass::Recover => stream.recover(trace).map(|()| false),
        Pass::Finish => stream.finish(trace).map(|()| false),
    }
}
