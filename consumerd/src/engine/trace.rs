//! The trace of one process in one channel: a folder with metadata and stream files.
//!
//! ```text
//!   OUTPUT/PROCNAME-PID/
//!      metadata          preamble, then each class before its first record's packet, and no other
//!      channel0_0 ...    one file a stream
//!      index/
//! ```
//!
//! The folder is made when there is something to write: a process that emits nothing leaves nothing.

use super::budget::{Held, Resource};
use super::class_body::STREAM_CLASS;
use super::class_log::ProcessFile;
use super::clock::ClockDescription;
use crate::output::{Output, STREAM_PREFIX};
use crate::uuid;
use ctf::dir::Dir;
use ctf::metadata::{self, Clock, EnvValue, Integer, StreamClass};
use ctf::metadata_file::MetadataWriter;
use ctf::packet::StreamIdentity;
use ctf::payload_layout::PayloadLayout;
use ctf::stream_file::StreamWriter;
use std::io;
use ust_core::abi::Buffers;

/// The folder, once it has been made.
#[derive(Debug)]
pub struct TraceFolder {
    uuid: [u8; 16],
    metadata: MetadataWriter,
    metadata_bytes: Held,
    /// Of the metadata and the streams' files.
    descriptors: Held,
    /// By class number, of the classes that are in the metadata: how their payloads lie.
    layouts: Vec<Option<PayloadLayout>>,
}

/// What draining needs: the folder, the process's classes, the clock.
#[derive(Debug)]
pub struct Trace<'a> {
    /// The folder, or none yet.
    pub folder: &'a mut Option<TraceFolder>,
    /// The process.
    pub process: &'a mut ProcessFile,
    /// The session's output directory.
    pub output: &'a Output,
    /// The channel's clock.
    pub clock: ClockDescription,
    /// Who writes to one stream.
    pub buffers: Buffers,
}

/// Why readers will not know a class.
#[derive(Debug, thiserror::Error)]
pub enum Undeclared {
    /// The process has not described it.
    #[error("the process has not described it")]
    Undescribed,
    /// The process's descriptions take as much room as they may.
    #[error("the process's classes have as many bytes of metadata as they may")]
    OverBudget,
    /// The metadata cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl Trace<'_> {
    /// The recording clock now, as the process reads it.
    pub fn now(&self) -> u64 {
        self.clock.now_for(self.process.monotonic_lead_ns)
    }

    /// Creates a stream file, and the folder if this is the first.
    pub fn create_stream(&mut self, instance: u64, owner: u32) -> io::Result<StreamWriter> {
        let folder = match &mut *self.folder {
            Some(folder) => folder,
            none => none.insert(TraceFolder::create(
                self.output,
                self.process,
                self.clock.seen_by(self.process.monotonic_lead_ns),
                self.buffers,
            )?),
        };
        // The file and its index.
        folder.descriptors.grow(2).map_err(io::Error::other)?;
        let identity = StreamIdentity {
            uuid: folder.uuid,
            stream_id: STREAM_CLASS,
            stream_instance_id: instance,
            extra: owner.to_ne_bytes().to_vec(),
        };
        // A session has one channel.
        let name = format!("{STREAM_PREFIX}0_{instance}");
        let writer = StreamWriter::create_in(folder.metadata.dir(), &name, identity)?;
        self.output.note_file();
        Ok(writer)
    }

    /// How the payload lies of the class whose records carry `id`, which is in the metadata then.
    ///
    /// # Errors
    /// It is not.
    #[inline]
    pub fn layout(&mut self, id: u32) -> Result<&PayloadLayout, Undeclared> {
        let folder = self.folder.as_mut().ok_or(Undeclared::Undescribed)?;
        if folder.layout(id).is_none() {
            folder.append(self.process, id)?;
        }
        folder.layout(id).ok_or(Undeclared::Undescribed)
    }
}

impl TraceFolder {
    fn create(
        output: &Output,
        process: &ProcessFile,
        clock: ClockDescription,
        buffers: Buffers,
    ) -> io::Result<Self> {
        // Of the budget for what the process describes.
        let hold = |what, amount| process.account().hold(what, amount).map_err(io::Error::other);
        let metadata_bytes = hold(Resource::MetadataBytes, 0)?;
        let descriptors = hold(Resource::Descriptors, 1)?;
        let output = output.dir()?;
        let (name, folder) = create_folder(output, &process.procname, process.pid)?;
        let uuid = uuid::new()?;
        let metadata = MetadataWriter::create_in(folder, &preamble(uuid, process, clock, buffers))
            // Who tries again must not leave one folder after the other behind.
            .inspect_err(|_| drop(output.remove_dir(&name)))?;
        Ok(Self { uuid, metadata, metadata_bytes, descriptors, layouts: Vec::new() })
    }

    #[inline]
    fn layout(&self, id: u32) -> Option<&PayloadLayout> {
        self.layouts.get(id as usize)?.as_ref()
    }

    /// Appends the class whose records carry `id`. Only those whose records come are in the metadata: a process may
    /// number as many as it likes.
    #[cold]
    fn append(&mut self, process: &mut ProcessFile, id: u32) -> Result<(), Undeclared> {
        let class = process.class(id).ok_or(Undeclared::Undescribed)?;
        let text = metadata::event(&class);
        let bytes = text.len() as u64;
        self.metadata_bytes.grow(bytes).map_err(|_| Undeclared::OverBudget)?;
        self.metadata.append(&text).inspect_err(|_| self.metadata_bytes.shrink(bytes))?;
        let index = id as usize;
        self.layouts.resize(self.layouts.len().max(index + 1), None);
        self.layouts[index] = Some(PayloadLayout::of(&class));
        Ok(())
    }
}

/// `PROCNAME-PID`, or with a number behind it where that is taken: process ids come again.
fn create_folder(output: &Dir, untrusted_procname: &str, pid: u32) -> io::Result<(String, Dir)> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    // Dots only inside: hidden folders are what readers pass over.
    let plain = |c| if is_plain(c) || c == '.' { c } else { '_' };
    let name: String = untrusted_procname.chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    let name = if name.is_empty() { "process" } else { name };
    for attempt in 1.. {
        let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
        let name = format!("{name}-{pid}{suffix}");
        match output.make(&name) {
            Ok(folder) => return Ok((name, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn preamble(
    uuid: [u8; 16],
    process: &ProcessFile,
    clock: ClockDescription,
    buffers: Buffers,
) -> String {
    // Contexts keep bare names.
    let (scheme, owner) = match buffers {
        Buffers::PerThread => ("tid", ("vtid", Integer::I32)),
        Buffers::PerCpu => ("cpu", ("cpu_id", Integer::U32)),
    };
    let text = |value: &str| EnvValue::Str(value.into());
    let number = |value: u64| EnvValue::Int(value as i64);
    let version = |part: &str| EnvValue::Int(part.parse().unwrap_or(0));
    let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let env = [
        ("hostname", text(&hostname)),
        ("domain", text("ust")),
        ("tracer_name", text("ust")),
        ("tracer_major", version(env!("CARGO_PKG_VERSION_MAJOR"))),
        ("tracer_minor", version(env!("CARGO_PKG_VERSION_MINOR"))),
        ("tracer_patchlevel", version(env!("CARGO_PKG_VERSION_PATCH"))),
        ("tracer_buffering_scheme", text(scheme)),
        ("vpid", number(process.pid.into())),
        ("procname", text(&process.procname)),
        ("vpid_datetime", text(&utc(process.created_realtime_ns))),
        ("clock_pair_cycles", number(clock.pair.cycles)),
        ("clock_pair_monotonic_ns", number(clock.pair.monotonic_ns)),
        ("clock_pair_realtime_ns", number(clock.pair.realtime_ns)),
    ];
    let (offset_s, offset_cycles) = clock.offset();
    let name = match clock.kind {
        ust_core::clock::ClockKind::Tsc => "tsc",
        ust_core::clock::ClockKind::Monotonic => "monotonic",
    };
    metadata::preamble(&metadata::Trace {
        uuid,
        env: env.into_iter().map(|(key, value)| (key.into(), value)).collect(),
        clock: Clock {
            name: name.into(),
            uuid: None,
            description: format!("{name}, offset to the epoch"),
            freq_hz: clock.freq_hz,
            offset_s,
            offset_cycles,
        },
        streams: vec![StreamClass {
            id: STREAM_CLASS,
            extra: vec![(owner.0.into(), owner.1)],
            context: Vec::new(),
        }],
    })
}

/// `20261121T034512Z`, as LTTng writes moments, in UTC.
fn utc(realtime_ns: u64) -> String {
    let moment = jiff::Timestamp::from_nanosecond(realtime_ns.into());
    moment.map(|moment| moment.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock::Calibration;
    use crate::engine::played::{Player, number};
    use crate::limits::METADATA_BYTES;
    use ust_core::clock::ClockKind;

    type Declared = Result<(), Undeclared>;

    /// The metadata, and what came of declaring the classes of these numbers.
    fn declare(player: &Player, ids: impl Iterator<Item = u32>) -> (String, Vec<Declared>) {
        let output = tempfile::tempdir().unwrap();
        let (mut process, mut folder) = (player.process_file(), None);
        let mut trace = Trace {
            folder: &mut folder,
            process: &mut process,
            output: &Output::at(output.path()),
            clock: Calibration::start(ClockKind::Monotonic).describe(),
            buffers: Buffers::PerThread,
        };
        trace.create_stream(0, 0).unwrap();
        let declared = ids.map(|id| trace.layout(id).map(|_| ())).collect();
        let path = output.path().join("pppppppppppppppp-1/metadata");
        (std::fs::read_to_string(path).unwrap(), declared)
    }

    #[test]
    fn of_many_classes_only_that_whose_record_comes_is_described() {
        let player = Player::new();
        for id in 0..10_000 {
            let at = player.add_class(&format!("class_{id}"), 20);
            number(&player.map, at, id);
        }
        let (metadata, declared) = declare(&player, [4321, 4321, 99_999].into_iter());
        assert!(matches!(declared[..], [Ok(()), Ok(()), Err(Undeclared::Undescribed)]));
        assert_eq!(metadata.matches("event {").count(), 1);
        assert!(metadata.contains("\"test:class_4321\"") && metadata.len() < 16 << 10);
    }

    #[test]
    fn the_metadata_of_a_process_have_a_budget() {
        let player = Player::new();
        let count = 300;
        for id in 0..count {
            let at = player.add_class(&format!("class_{id}"), 1000);
            number(&player.map, at, id);
        }
        let (metadata, declared) = declare(&player, 0..count);
        let [Ok(()), .., Err(Undeclared::OverBudget)] = declared[..] else {
            panic!("{declared:?}")
        };
        assert!(metadata.len() as u64 <= METADATA_BYTES.of_process + (64 << 10));
    }

    #[test]
    fn moments_are_written_as_lttng_does() {
        assert_eq!(utc(0), "19700101T000000Z");
        assert_eq!(utc(951_827_696_000_000_000), "20000229T123456Z");
        assert_eq!(utc(1_795_230_000_123_456_789), "20261121T030000Z");
    }

    #[test]
    fn folders_have_plain_names_of_their_own() {
        let output = tempfile::tempdir().unwrap();
        let name = |procname, pid| {
            create_folder(&Dir::open(output.path()).unwrap(), procname, pid).unwrap().0
        };
        assert_eq!(name("indexer", 7), "indexer-7");
        assert_eq!(name("indexer", 7), "indexer-7-2");
        assert_eq!(name("../../etc/x y", 8), "_.._etc_x_y-8");
        assert_eq!(name("", 9), "process-9");
    }
}
