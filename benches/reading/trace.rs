//! The trace that is read.

use ctf::write::metadata::{
    self, Clock, Encoding, EnvValue, EventClass, Field, FieldType, Integer, StreamClass, Trace,
};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::{event_header, stream_file::StreamWriter};
use std::path::Path;
use tempfile::TempDir;
use ust_benches::Result;

/// Events that a writer has before it writes them out, as the consumer does with a sub-buffer.
const AT_ONCE: u64 = 2000;

/// What stands in the environment.
pub const ORIGIN: &str = "machine:prog:(4242)";
/// The moment of the clock's zero.
pub const OFFSET_S: u64 = 1_700_000_000;
/// The name of the events.
pub const NAME: &str = "shop:order";
/// The thread that made them.
pub const VTID: i32 = 4243;

/// Writes it to memory, where there is a file system for that.
pub fn write(events: u64) -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let at = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let dir = tempfile::Builder::new().prefix("ust-bench-reading-").tempdir_in(at)?;
    let uuid = *b"a trace to read.";
    let env = [("hostname", "machine"), ("procname", "prog")];
    let mut env: Vec<(String, EnvValue)> =
        env.map(|(name, value)| (name.to_owned(), EnvValue::Str(value.to_owned()))).into();
    env.push(("vpid".to_owned(), EnvValue::Int(4242)));
    let clock = Clock {
        name: "monotonic".to_owned(),
        uuid: None,
        description: "nanoseconds".to_owned(),
        freq_hz: 1_000_000_000,
        offset_s: OFFSET_S,
        offset_cycles: 0,
    };
    let extra = vec![("vtid".to_owned(), Integer::I32)];
    let streams = vec![StreamClass { id: 0, extra, context: vec![] }];
    let field = |name: &str, ty| Field { name: name.to_owned(), ty };
    let class = EventClass {
        id: 0,
        stream_id: 0,
        name: NAME.to_owned(),
        loglevel: 6,
        source: String::new(),
        fields: vec![
            field("id", FieldType::Integer(Integer::U64)),
            field("qty", FieldType::Integer(Integer::U32)),
            field("customer", FieldType::String(Encoding::Utf8)),
        ],
    };
    let preamble = metadata::preamble(&Trace { uuid, env, clock, streams });
    MetadataWriter::create(dir.path(), &preamble)?.append(&metadata::event(&class))?;

    let extra = VTID.to_ne_bytes().to_vec();
    let identity = StreamIdentity { uuid, stream_id: 0, stream_instance_id: 0, extra };
    let mut stream = StreamWriter::create(dir.path(), "stream-0", identity)?;
    for number in 0..events {
        let customer: &[u8] = if number % 2 == 0 { b"ada lovelace\0" } else { b"bob\0" };
        let clock = 1000 + number * 731;
        let header = event_header::compact(0, clock).ok_or("an id that no compact header has")?;
        let (id, qty) = ((number * 7919).to_ne_bytes(), ((number % 1000) as u32).to_ne_bytes());
        let payload = [&header[..], &id, &qty, customer].concat();
        let mut record = stream.reserve(payload.len())?;
        record.copy_from_slice(&payload);
        record.commit(clock, number);
        if number % AT_ONCE == AT_ONCE - 1 {
            stream.flush()?;
        }
    }
    stream.finish(1000 + events * 731)?;
    Ok(dir)
}
