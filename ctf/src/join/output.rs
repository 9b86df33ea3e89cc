//! One joined trace: its metadata, its one stream, and the losses before the next event.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::Arc;

use super::classes::described;
use super::environment::environment;
use super::kind::{Kind, Owner};
use crate::dir::Dir;
use crate::read::{Event, Gap, Trace, Value};
use crate::schema::{ClockType, EventType};
use crate::write::event_header::{self, COMPACT_CLOCK_SPAN};
use crate::write::metadata::{self, Clock, EnvValue, EventClass, FieldType, Integer, StreamClass};
use crate::write::metadata_file::MetadataWriter;
use crate::write::packet::StreamIdentity;
use crate::write::stream_file::{INDEX_DIR, StreamWriter, index_name};

/// The stream file's name.
const STREAM: &str = "joined_0";

pub(super) struct Output {
    /// The name of the directory that was made for it, if one was.
    made: Option<String>,
    owner: Owner,
    metadata: MetadataWriter,
    stream: StreamWriter,
    /// Numbers of classes, by their description, and by where a trace has them.
    ids: HashMap<EventClass, u32>,
    known: HashMap<*const EventType, u32>,
    /// Losses that are not written yet, ordered by when they begin.
    lost: BinaryHeap<Reverse<(i64, u64)>>,
    lost_so_far: u64,
    /// Clock of the last event.
    clock: u64,
    /// Bytes of records so far.
    position: u64,
    record: Vec<u8>,
}

impl Output {
    /// Makes the trace that `traces` are joined into: in `to`, or in a directory of that name that it makes in `to`.
    pub(super) fn create(
        to: &Dir,
        made: Option<String>,
        kind: &Kind,
        traces: &[Arc<Trace>],
        uuid: [u8; 16],
    ) -> io::Result<Self> {
        let dir = match &made {
            Some(name) => to.make(name.as_str())?,
            None => to.below(".")?,
        };
        let preamble = metadata::preamble(&metadata::Trace {
            uuid,
            env: environment(traces),
            clock: clock(&kind.clock)?,
            streams: vec![StreamClass { id: 0, extra: Vec::new(), context: context(kind.owner) }],
        });
        let make = || -> io::Result<_> {
            let metadata = MetadataWriter::create_in(dir.below(".")?, &preamble)?;
            let identity =
                StreamIdentity { uuid, stream_id: 0, stream_instance_id: 0, extra: Vec::new() };
            Ok((metadata, StreamWriter::create_in(&dir, STREAM, identity)?))
        };
        let (metadata, stream) = make().inspect_err(|_| remove(&dir, to, made.as_deref()))?;
        Ok(Self {
            made,
            owner: kind.owner,
            metadata,
            stream,
            ids: HashMap::new(),
            known: HashMap::new(),
            lost: BinaryHeap::new(),
            lost_so_far: 0,
            clock: 0,
            position: 0,
            record: Vec::new(),
        })
    }

    /// Adds an event, not earlier than the last one; `false` if its class cannot be described.
    pub(super) fn add(&mut self, event: &Event, payload: &[u8]) -> io::Result<bool> {
        let Some(id) = self.id(&event.class)? else { return Ok(false) };
        self.tell_lost(event.timestamp_ns);
        // Time goes back only in a stream that a corrupt process has written.
        let clock = event.clock.max(self.clock);
        self.record.clear();
        let is_near = clock - self.clock < COMPACT_CLOCK_SPAN;
        match event_header::compact(id, clock).filter(|_| is_near) {
            Some(header) => self.record.extend(header),
            None => self.record.extend(event_header::extended(id, clock)),
        }
        self.push_context(event);
        self.record.extend(payload);
        let mut place = self.stream.reserve(self.record.len())?;
        place.copy_from_slice(&self.record);
        self.position += self.record.len() as u64;
        place.commit(clock, self.position);
        self.clock = clock;
        Ok(true)
    }

    /// Appends the event's context, in the form that [`context`] describes.
    fn push_context(&mut self, event: &Event) {
        let vpid = match event.trace.env("vpid") {
            Some(EnvValue::Int(pid)) => *pid as i32,
            _ => 0,
        };
        let name = match self.owner {
            Owner::Thread => "vtid",
            Owner::Cpu => "cpu_id",
        };
        let owner = match event.packet.context.as_ref().and_then(|context| context.get(name)) {
            Some(Value::Signed { value, .. }) => *value as u32,
            Some(Value::Unsigned { value, .. }) => *value as u32,
            _ => 0,
        };
        let procname = match event.trace.env("procname") {
            Some(EnvValue::Str(name)) => name.split('\0').next().unwrap_or_default(),
            _ => "",
        };
        self.record.extend(vpid.to_ne_bytes());
        self.record.extend(owner.to_ne_bytes());
        self.record.extend(procname.as_bytes());
        self.record.push(0);
    }

    /// The class's number in this trace; the metadata has the class when this returns.
    fn id(&mut self, class: &Arc<EventType>) -> io::Result<Option<u32>> {
        if let Some(id) = self.known.get(&Arc::as_ptr(class)) {
            return Ok(Some(*id));
        }
        let Some(described) = described(class) else { return Ok(None) };
        let next = self.ids.len() as u32;
        let id = *self.ids.entry(described.clone()).or_insert(next);
        if id == next {
            self.metadata.append(&metadata::event(&EventClass { id, ..described }))?;
        }
        self.known.insert(Arc::as_ptr(class), id);
        Ok(Some(id))
    }

    /// Notes events that are missing in one of the traces.
    pub(super) fn note_lost(&mut self, gap: &Gap) {
        if gap.discarded_events > 0 {
            let begin_ns = gap.after_ns.or(gap.until_ns).unwrap_or(i64::MIN);
            self.lost.push(Reverse((begin_ns, gap.discarded_events)));
        }
    }

    /// Writes the losses that begin before `until_ns`: between the packet that ends here and the next one.
    fn tell_lost(&mut self, until_ns: i64) {
        let before = self.lost_so_far;
        while let Some(Reverse((begin_ns, count))) = self.lost.peek()
            && *begin_ns <= until_ns
        {
            // The counts are untrusted.
            self.lost_so_far = self.lost_so_far.saturating_add(*count);
            self.lost.pop();
        }
        if self.lost_so_far > before {
            self.stream.cut();
            self.stream.set_discarded(self.lost_so_far);
        }
    }

    /// Writes the rest.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.tell_lost(i64::MAX);
        self.stream.finish(self.clock)
    }

    /// Removes what was written, and nothing else.
    pub(super) fn remove_from(&self, to: &Dir) {
        remove(self.metadata.dir(), to, self.made.as_deref());
    }
}

fn remove(dir: &Dir, to: &Dir, made: Option<&str>) {
    // What stays was put there by others.
    let _ = dir.remove_file(STREAM);
    let _ = dir.below(INDEX_DIR).map(|indexes| indexes.remove_file(&*index_name(STREAM)));
    let _ = dir.remove_dir(INDEX_DIR);
    let _ = dir.remove_file("metadata");
    if let Some(name) = made {
        let _ = to.remove_dir(name);
    }
}

/// The context that each event has before its payload.
fn context(owner: Owner) -> Vec<(String, FieldType)> {
    let owner = match owner {
        Owner::Thread => ("vtid", FieldType::Integer(Integer::I32)),
        Owner::Cpu => ("cpu_id", FieldType::Integer(Integer::U32)),
    };
    let context =
        [("vpid", FieldType::Integer(Integer::I32)), owner, ("procname", FieldType::TEXT)];
    context.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect()
}

fn clock(clock: &ClockType) -> io::Result<Clock> {
    let unsigned = |offset: i64| u64::try_from(offset).map_err(io::Error::other);
    Ok(Clock {
        name: "recorded".into(),
        uuid: None,
        description: "the clock of the recording".into(),
        freq_hz: clock.freq_hz,
        offset_s: unsigned(clock.offset_s)?,
        offset_cycles: unsigned(clock.offset_cycles)?,
    })
}
