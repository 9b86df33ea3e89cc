//! Traces made by hand: threads whose records have a time, a class and numbers.

#![allow(dead_code, reason = "each test file uses its part")]

use ctf::read::Records;
use ctf::write::event_header;
use ctf::write::metadata::{
    self, Clock, EnvValue, EventClass, Field, FieldType, Integer, StreamClass, Trace,
};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::stream_file::StreamWriter;
use ctf_analysis::report::{Report, Span};
use ctf_analysis::{Pair, Stats};
use std::path::Path;

/// The moment of the clock's zero, in nanoseconds since 1970.
pub const ORIGIN_NS: i64 = 1_700_000_000_000_000_000;

/// A trace that is being written: the event classes, each with the names of its fields, numbers of 64 bits. `s{a b}` is a structure
/// of two numbers.
pub struct Made {
    dir: tempfile::TempDir,
    classes: Vec<(String, usize)>,
    uuid: [u8; 16],
    /// What names the owner of a stream.
    owner: &'static str,
}

impl Made {
    /// Of process 42, `prog`; each stream belongs to a thread.
    pub fn of(classes: &[(&str, &[&str])]) -> Made {
        Made::of_process(42, "prog", "vtid", classes)
    }

    pub fn of_process(
        pid: i64,
        name: &str,
        owner: &'static str,
        classes: &[(&str, &[&str])],
    ) -> Made {
        let dir = tempfile::tempdir().unwrap();
        let uuid = *b"ctf-analysis' id";
        let trace = Trace {
            uuid,
            env: vec![
                ("procname".to_owned(), EnvValue::Str(name.to_owned())),
                ("vpid".to_owned(), EnvValue::Int(pid)),
            ],
            clock: Clock {
                name: "monotonic".to_owned(),
                uuid: None,
                description: String::new(),
                freq_hz: 1_000_000_000,
                offset_s: 1_700_000_000,
                offset_cycles: 0,
            },
            streams: vec![StreamClass {
                id: 0,
                extra: vec![(owner.to_owned(), Integer::I32)],
                context: Vec::new(),
            }],
        };
        let mut writer = MetadataWriter::create(dir.path(), &metadata::preamble(&trace)).unwrap();
        for (id, (name, fields)) in classes.iter().enumerate() {
            let number =
                |name: &str| Field { name: name.to_owned(), ty: FieldType::Integer(Integer::U64) };
            let field = |name: &&str| match name.trim_end_matches('}').split_once('{') {
                Some((name, members)) => Field {
                    name: name.to_owned(),
                    ty: FieldType::Struct(members.split(' ').map(number).collect()),
                },
                None => number(name),
            };
            let class = EventClass {
                id: id as u32,
                stream_id: 0,
                name: (*name).to_owned(),
                loglevel: 6,
                source: String::new(),
                fields: fields.iter().map(field).collect(),
            };
            writer.append(&metadata::event(&class)).unwrap();
        }
        let numbers = |field: &&str| field.split(' ').count();
        let classes = classes
            .iter()
            .map(|(name, fields)| ((*name).to_owned(), fields.iter().map(numbers).sum()));
        Made { classes: classes.collect(), dir, uuid, owner }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Adds the stream of a thread. `LOST` instead of a class loses as many events as the time says; then a packet begins.
    pub fn thread(&self, tid: i32, records: &[(u64, &str, &[u64])]) {
        let identity = StreamIdentity {
            uuid: self.uuid,
            stream_id: 0,
            stream_instance_id: tid as u64,
            extra: tid.to_ne_bytes().to_vec(),
        };
        let name = format!("{}-{tid}", self.owner);
        let mut writer = StreamWriter::create(self.path(), &name, identity).unwrap();
        let (mut lost, mut last) = (0, 0);
        for (at, class, values) in records {
            if *class == LOST {
                // What is lost until the end of the next packet.
                writer.cut();
                lost += at;
                writer.set_discarded(lost);
                continue;
            }
            let id = self.classes.iter().position(|(name, _)| name == class).unwrap();
            assert_eq!(values.len(), self.classes[id].1, "{class}");
            let payload: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
            let record = match event_header::compact(id as u32, *at) {
                Some(header) => [&header[..], &payload].concat(),
                None => [&event_header::extended(id as u32, *at)[..], &payload].concat(),
            };
            let mut reservation = writer.reserve(record.len()).unwrap();
            reservation.copy_from_slice(&record);
            reservation.commit(*at, *at);
            last = *at;
        }
        writer.finish(last).unwrap();
    }

    pub fn report(&self) -> Report {
        self.report_with(&[])
    }

    /// With these pairs. Nothing may be unreadable.
    pub fn report_with(&self, pairs: &[&str]) -> Report {
        let pairs = pairs.iter().map(|pair| pair.parse::<Pair>().unwrap()).collect();
        let mut stats = Stats::new(pairs);
        let records = Records::open(self.path()).unwrap();
        stats.read(records, |error| panic!("{error}"));
        stats.report()
    }
}

pub const LOST: &str = "LOST";

/// The name, count, total and self time of each.
pub fn times<'r>(report: &'r Report) -> Vec<(&'r str, u64, u64, Option<u64>)> {
    let times = |span: &'r Span| (&*span.name, span.count, span.total_ns, span.self_ns);
    report.spans.iter().map(times).collect()
}
