//! Traces of calls, as the shim would have them recorded, written without a process.

use ctf::write::event_header;
use ctf::write::metadata::{
    self, Base, Clock, EnvValue, EventClass, Field, FieldType, Integer, StreamClass, Trace,
};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::stream_file::StreamWriter;
use std::collections::BTreeMap;
use std::path::Path;

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub enum Is<'a> {
    Number(i64),
    Address(u64),
    Text(&'a str),
    Two(i32, i32),
}

/// A process's calls.
#[derive(Debug, Default)]
pub struct Calls {
    /// Class, thread, moment, payload.
    events: Vec<(u32, i32, u64, Vec<u8>)>,
    classes: BTreeMap<String, EventClass>,
    now: u64,
    /// Records that each thread lost.
    pub lost: u64,
}

impl Calls {
    /// A call that returned a microsecond after the last one.
    pub fn call(&mut self, name: &str, tid: i32, fields: &[(&str, Is<'_>)]) -> &mut Self {
        self.now += 1000;
        let mut payload = Vec::new();
        let fields = fields.iter().map(|(name, is)| {
            let ty = match is {
                Is::Number(number) => {
                    payload.extend(number.to_ne_bytes());
                    FieldType::Integer(Integer::I64)
                }
                Is::Address(address) => {
                    payload.extend(address.to_ne_bytes());
                    FieldType::Integer(Integer::U64.shown_in(Base::Hexadecimal))
                }
                Is::Text(text) => {
                    payload.extend([text.as_bytes(), &[0]].concat());
                    FieldType::TEXT
                }
                Is::Two(one, two) => {
                    payload.extend([one.to_ne_bytes(), two.to_ne_bytes()].concat());
                    FieldType::array(FieldType::Integer(Integer::I32), 2)
                }
            };
            Field { name: (*name).to_owned(), ty }
        });
        let (fields, id) = (fields.collect(), self.classes.len() as u32);
        let class = EventClass {
            id,
            stream_id: 0,
            name: name.to_owned(),
            loglevel: 14,
            source: String::new(),
            fields,
        };
        let id = self.classes.entry(name.to_owned()).or_insert(class).id;
        self.events.push((id, tid, self.now, payload));
        self
    }

    /// Writes them as the trace of a process.
    pub fn write(&self, dir: &Path, pid: i64, name: &str) {
        std::fs::create_dir_all(dir).unwrap();
        let uuid = *b"a trace of calls";
        let env = vec![
            ("vpid".to_owned(), EnvValue::Int(pid)),
            ("procname".to_owned(), EnvValue::Str(name.to_owned())),
        ];
        let clock = Clock {
            name: "monotonic".to_owned(),
            uuid: None,
            description: String::new(),
            freq_hz: 1_000_000_000,
            offset_s: 1_700_000_000,
            offset_cycles: 0,
        };
        let extra = vec![("vtid".to_owned(), Integer::I32)];
        let streams = vec![StreamClass { id: 0, extra, context: vec![] }];
        let preamble = metadata::preamble(&Trace { uuid, env, clock, streams });
        let mut metadata = MetadataWriter::create(dir, &preamble).unwrap();
        let mut classes: Vec<_> = self.classes.values().collect();
        classes.sort_by_key(|class| class.id);
        classes.iter().for_each(|class| metadata.append(&metadata::event(class)).unwrap());
        let mut streams = BTreeMap::new();
        for (id, tid, clock, payload) in &self.events {
            let stream = streams.entry(*tid).or_insert_with(|| {
                let extra = tid.to_ne_bytes().to_vec();
                let stream_instance_id = u64::from(tid.unsigned_abs());
                let identity = StreamIdentity { uuid, stream_id: 0, stream_instance_id, extra };
                StreamWriter::create(dir, &format!("s_{tid}"), identity).unwrap()
            });
            let header = match event_header::compact(*id, *clock) {
                Some(header) => header.to_vec(),
                None => event_header::extended(*id, *clock).to_vec(),
            };
            let record = [header, payload.clone()].concat();
            let mut reservation = stream.reserve(record.len()).unwrap();
            reservation.copy_from_slice(&record);
            reservation.commit(*clock, *clock);
        }
        for mut stream in streams.into_values() {
            stream.set_discarded(self.lost);
            stream.finish(self.now).unwrap();
        }
    }
}
