//! tmp
use ctf::write::{
    event_header,
    metadata::{self, *},
    metadata_file::MetadataWriter,
    packet::StreamIdentity,
    stream_file::StreamWriter,
};
fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let n: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    std::fs::create_dir_all(&dir).unwrap();
    let uuid = *b"an example trace";
    let clock = Clock {
        name: "monotonic".into(),
        uuid: None,
        description: "ns".into(),
        freq_hz: 1_000_000_000,
        offset_s: 1_700_000_000,
        offset_cycles: 0,
    };
    let streams =
        vec![StreamClass { id: 0, extra: vec![("vtid".into(), Integer::I32)], context: vec![] }];
    let env = vec![
        ("hostname".to_string(), EnvValue::Str("machine".into())),
        ("procname".to_string(), EnvValue::Str("prog".into())),
        ("vpid".to_string(), EnvValue::Int(4242)),
    ];
    let trace = Trace { uuid, env, clock, streams };
    let class = EventClass {
        id: 0,
        stream_id: 0,
        name: "shop:order".into(),
        loglevel: 6,
        source: String::new(),
        fields: vec![
            Field { name: "id".into(), ty: FieldType::Integer(Integer::U64) },
            Field { name: "qty".into(), ty: FieldType::Integer(Integer::U32) },
            Field { name: "customer".into(), ty: FieldType::String(Encoding::Utf8) },
        ],
    };
    let mut m = MetadataWriter::create(&dir, &metadata::preamble(&trace)).unwrap();
    m.append(&metadata::event(&class)).unwrap();
    let extra = 4242_i32.to_ne_bytes().to_vec();
    let mut s = StreamWriter::create(
        &dir,
        "stream-0",
        StreamIdentity { uuid, stream_id: 0, stream_instance_id: 0, extra },
    )
    .unwrap();
    let mut end = 0;
    let mut payload = vec![];
    for i in 0..n {
        payload.clear();
        payload.extend_from_slice(&(i * 7919).to_ne_bytes());
        payload.extend_from_slice(&((i % 1000) as u32).to_ne_bytes());
        payload.extend_from_slice(if i % 2 == 0 { b"ada lovelace\0" } else { b"bob\0" });
        let clock = 1000 + i * 731;
        end += 64;
        let h = event_header::compact(0, clock).unwrap();
        let mut r = s.reserve(4 + payload.len()).unwrap();
        r[..4].copy_from_slice(&h);
        r[4..].copy_from_slice(&payload);
        r.commit(clock, end);
        if i % 2000 == 1999 {
            s.flush().ok();
        }
    }
    s.finish(1000 + n * 731).unwrap();
}
