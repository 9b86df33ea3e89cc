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

use super::class_log::ProcessFile;
use super::clock::ClockDescription;
use super::drain::{StreamDrain, StreamError};
use super::trace::{Trace, TraceFolder};
use super::{ChannelSummary, ChannelUid};
use rustix::fd::OwnedFd;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use ust_core::abi::{ABI_VERSION, RING_FILE_MAGIC, RingFileHeader, RingFileShape};
use ust_core::shm::{Mapping, StreamWords, memfd};

/// Where a channel's records go, and what their clock means.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The session's output directory.
    pub output: &'a Path,
    /// The channel's clock.
    pub clock: ClockDescription,
}

/// What the daemon has of one process.
#[derive(Debug)]
pub struct Process {
    /// Who it is; none while only a ring file has come.
    pub file: Option<ProcessFile>,
    channels: BTreeMap<ChannelUid, ProcessChannel>,
    /// Files that came before the process file did.
    waiting: Vec<(ChannelUid, u32, OwnedFd)>,
}

/// One channel's streams in one process.
#[derive(Debug, Default)]
struct ProcessChannel {
    files: Vec<RingFile>,
    folder: Option<TraceFolder>,
    errors: Vec<String>,
}

/// A ring file, mapped, and the streams of it that have been claimed so far.
#[derive(Debug)]
struct RingFile {
    index: u32,
    // The streams' words point into it.
    map: Arc<Mapping>,
    shape: RingFileShape,
    streams: Vec<StreamDrain>,
}

/// What an event is called for which the process could not get a stream.
const LOST_NO_STREAM: &str = "records_lost_no_stream";

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
    pub fn new() -> Self {
        Self { file: None, channels: BTreeMap::new(), waiting: Vec::new() }
    }

    /// Takes the process file.
    pub fn set_file(&mut self, file: ProcessFile) {
        self.file.get_or_insert(file);
        for (channel, index, fd) in std::mem::take(&mut self.waiting) {
            self.add_ring_file(channel, index, fd);
        }
    }

    /// Takes a ring file, checked. One that it has already is passed over.
    pub fn add_ring_file(&mut self, channel: ChannelUid, index: u32, fd: OwnedFd) {
        let Some(process) = &self.file else {
            self.waiting.push((channel, index, fd));
            return;
        };
        let of_channel = self.channels.entry(channel).or_default();
        if of_channel.files.iter().any(|file| file.index == index) {
            return;
        }
        match RingFile::new(&fd, channel, index, process.uid) {
            Ok(file) => of_channel.files.push(file),
            Err(reason) => {
                let error = format!("process {}: {reason}: its records are lost", process.pid);
                tracing::error!("{error}");
                of_channel.errors.push(error);
            }
        }
    }

    /// Ring files that came without their process ever saying what is in them, each as an error: nobody
    /// can read records whose classes are unknown.
    pub fn unexplained(&self) -> impl Iterator<Item = (ChannelUid, String)> {
        self.waiting.iter().map(|(channel, index, _)| {
            let error = format!(
                "ring file {index} of a process that never introduced itself is unreadable"
            );
            (*channel, error)
        })
    }

    /// Goes over every stream of one channel; whether anything was taken (of a [`Pass::Full`]).
    pub fn pass(&mut self, channel: ChannelUid, pass: Pass, to: Destination<'_>) -> bool {
        let (Some(process), Some(of_channel)) = (&mut self.file, self.channels.get_mut(&channel))
        else {
            return false;
        };
        let ProcessChannel { files, folder, errors } = of_channel;
        let mut trace = Trace { folder, process, output: to.output, clock: to.clock };
        let mut any = false;
        for file in files {
            file.find_streams();
            for stream in &mut file.streams {
                match run(stream, pass, &mut trace) {
                    Ok(taken) => any |= taken,
                    Err(error) => {
                        let error = format!("process {}: {error}", trace.process.pid);
                        tracing::error!("{error}");
                        errors.push(error);
                    }
                }
            }
        }
        any
    }

    /// Whether it has streams in a channel.
    pub fn has_channel(&self, channel: ChannelUid) -> bool {
        self.channels.contains_key(&channel)
    }

    /// Adds what it has recorded in a channel.
    pub fn add_to(&self, channel: ChannelUid, sum: &mut ChannelSummary) {
        if let Some(process) = &self.file {
            sum.add_lost(LOST_NO_STREAM, process.lost_no_stream(channel.0));
        }
        let Some(of_channel) = self.channels.get(&channel) else { return };
        let recorded_before = sum.recorded;
        for stream in of_channel.files.iter().flat_map(|file| &file.streams) {
            sum.recorded += stream.recorded();
            for (cause, count) in stream.lost() {
                sum.add_lost(cause, count);
            }
        }
        sum.processes += u64::from(sum.recorded > recorded_before);
        sum.errors.extend(of_channel.errors.iter().cloned());
    }

    /// Forgets a channel, whose memory is then the process's alone.
    pub fn remove_channel(&mut self, channel: ChannelUid) {
        self.channels.remove(&channel);
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

impl RingFile {
    fn new(fd: &OwnedFd, channel: ChannelUid, index: u32, uid: [u8; 16]) -> Result<Self, String> {
        let size =
            memfd::check(fd).map_err(|error| format!("a ring file is not sealed ({error})"))?;
        let map = Mapping::new(fd, size)
            .map_err(|error| format!("a ring file cannot be mapped ({error})"))?;
        let untrusted =
            map.copy_out(0, size_of::<RingFileHeader>()).ok_or("a ring file is too short")?;
        let field = |offset: usize, length: usize| &untrusted[offset..offset + length];
        let word = |offset| u32::from_ne_bytes(field(offset, 4).try_into().unwrap_or_default());
        let long = |offset| u64::from_ne_bytes(field(offset, 8).try_into().unwrap_or_default());
        if long(0) != RING_FILE_MAGIC || word(8) != ABI_VERSION {
            return Err("a ring file is none of this version".into());
        }
        if field(32, 16) != uid || long(48) != channel.0 || word(28) != index {
            return Err("a ring file is not the one that was announced".into());
        }
        let shape = RingFileShape::check(long(16), word(24), word(12))
            .map_err(|error| format!("a ring file claims {error}"))?;
        if shape.file_bytes() != size {
            return Err("a ring file has not the size that it claims".into());
        }
        Ok(Self { index, map: Arc::new(map), shape, streams: Vec::new() })
    }

    /// Takes in the streams that have been claimed since.
    fn find_streams(&mut self) {
        let Some(header) = self.map.at::<RingFileHeader>(0) else { return };
        let claimed = header.claimed(self.shape.stream_count);
        for number in self.streams.len() as u32..claimed {
            let base = self.map.base().wrapping_add(self.shape.stream_offset(number));
            // SAFETY: the file has that many streams, its size is sealed, and the mapping lives in the same
            // struct as the drains that use the words.
            #[allow(unsafe_code)]
            let words = unsafe { StreamWords::new(base, self.shape.geometry) };
            let instance =
                u64::from(self.index) * u64::from(self.shape.stream_count) + u64::from(number);
            self.streams.push(StreamDrain::new(words, instance));
        }
    }
}
