//! By plans and by the general decoder, records are the same, whatever their classes and their bytes are.
#![cfg(test)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;

use super::bits::Bits;
use super::decode::{Decoder, Past};
use super::plan::{Header, Said};
use super::window::PADDING_BYTES;
use super::{Reader, Records};
use crate::schema::{Role, Scope};
use crate::text::{Out, Printer};
use crate::tsdl;
use crate::write::any_class::{any_class, payload};
use crate::write::event_header;
use crate::write::metadata::{self, Clock, StreamClass, Trace};
use crate::write::packet::StreamIdentity;
use crate::write::stream_file::StreamWriter;

/// Without a message: that of the general decoder names fields.
type Line = Result<String, ()>;

fn planned(dir: &Path) -> Vec<Line> {
    let (mut lines, mut printer, mut out) = (Vec::new(), Printer::utc(), Out::default());
    let mut records = Records::open(dir).unwrap();
    while let Some(record) = records.next_record() {
        let printed = record.and_then(|record| printer.record(record, &mut out));
        let line = String::from_utf8_lossy(out.as_bytes()).trim_end().to_owned();
        lines.push(printed.map(|()| line).map_err(|_| ()));
        out.truncate(0);
    }
    lines
}

fn general(dir: &Path) -> Vec<Line> {
    let mut printer = Printer::utc();
    let events = Reader::open(dir).unwrap();
    events
        .map(|event| event.map(|event| printer.line(&event).trim_end().to_owned()).map_err(|_| ()))
        .collect()
}

/// Both are the same of a trace, which has this text. Returns them.
fn agreed(dir: &Path, text: &str) -> Result<Vec<Line>, TestCaseError> {
    let lines = planned(dir);
    prop_assert_eq!(&lines, &general(dir), "{}", text);
    Ok(lines)
}

/// A number's attributes: mostly bit fields.
fn number() -> impl Strategy<Value = String> {
    let bits = prop_oneof![1..=64_u32, select(vec![8, 16, 32, 64])];
    let align = select(vec![1, 1, 1, 2, 4, 8, 8, 16, 64]);
    let order = select(vec!["le", "le", "le", "be"]);
    (bits, align, any::<bool>(), order, select(vec![2, 8, 10, 16])).prop_map(
        |(bits, align, signed, order, base)| {
            format!("integer {{ size = {bits}; align = {align}; signed = {signed}; byte_order = {order}; base = {base}; }}")
        },
    )
}

/// A type; what it needs to stand before it has the names `n` and `t`.
fn any_type() -> impl Strategy<Value = (String, String)> {
    let plain = |ty| (ty, String::new());
    let leaf = prop_oneof![
        6 => number().prop_map(plain),
        1 => Just(plain("string".to_owned())),
        1 => select(vec![(8, 24), (11, 53)]).prop_map(move |(exponent, mantissa)| plain(format!(
            "floating_point {{ exp_dig = {exponent}; mant_dig = {mantissa}; }}"
        ))),
        1 => (number(), 0..3_u32).prop_map(move |(ty, low)| plain(format!(
            "enum : {ty} {{ a = {low}, b = 0 ... 1, c }}"
        ))),
        1 => Just(plain("integer { size = 8; encoding = UTF8; }".to_owned())),
        1 => Just(plain("integer { size = 8; align = 1; encoding = UTF8; }".to_owned())),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let fields = proptest::collection::vec(inner, 1..4);
        (fields, 0..4_u32, 1..4_u32, select(vec![1, 4, 8, 32])).prop_map(
            |(fields, form, len, align)| match (form, &fields[0]) {
                // The length of a sequence has a name, so it is in a structure of its own.
                (0, (ty, dimension)) => (ty.clone(), format!("[{len}]{dimension}")),
                (1, (ty, dimension)) => (
                    format!("struct {{ integer {{ size = 2; align = {align}; }} n; {ty} x[n]{dimension}; }}"),
                    String::new(),
                ),
                (2, _) => {
                    let options = named(&fields);
                    let tag = format!("enum : integer {{ size = 3; align = {align}; }} {{ f0 = 0 ... 2, f1 = 3 ... 5, f2 = 6, f0 = 7 }} t;");
                    (format!("struct {{ {tag} variant <t> {{ {options} }} v; }}"), String::new())
                }
                _ => (format!("struct {{ {} }} align({align})", named(&fields)), String::new()),
            },
        )
    })
}

fn named(fields: &[(String, String)]) -> String {
    fields.iter().enumerate().fold(String::new(), |mut text, (nth, (ty, dimension))| {
        let _ = write!(text, "{ty} f{nth}{dimension}; ");
        text
    })
}

/// The fields of an event header: numbers, and perhaps a variant behind them.
fn any_header() -> impl Strategy<Value = String> {
    let fields = || {
        let field = (number(), 0..4_u32).prop_map(|(ty, what)| match what {
            0 => ("id", ty),
            1 => ("timestamp", ty.replace("integer {", "integer { map = clock.c.value;")),
            _ => ("x", ty),
        });
        proptest::collection::btree_map(select(vec![0, 1, 2]), field, 0..3).prop_map(|fields| {
            let mut names = Vec::new();
            fields.into_values().fold(String::new(), |mut text, (name, ty)| {
                if !names.contains(&name) {
                    names.push(name);
                    let _ = write!(text, "{ty} {name}; ");
                }
                text
            })
        })
    };
    let align = select(vec![1, 8, 8, 8, 32]);
    let tag = (1..6_u32, select(vec!["id", "tag"]), fields(), fields(), align.clone(), align);
    (fields(), prop::option::of(tag)).prop_map(|(fields, tag)| match tag {
        None => fields,
        Some((bits, name, one, other, its_align, align)) => format!(
            "{} enum : integer {{ size = {bits}; align = {its_align}; }} {{ a = 0, b = 1 ... 60 }} {name};
            variant <{name}> {{ struct {{ {one} }} a; struct {{ {other} }} align({align}) b; }} v;",
            fields.replace(" id; ", " y; ")
        ),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn of_headers_and_any_bytes(
        fields in any_header(),
        align in select(vec![1, 8, 8, 32]),
        bytes in proptest::collection::vec(prop_oneof![Just(0_u8), 0..4_u8, any::<u8>()], 1..60),
        at in 0..40_usize,
        clock: u64,
    ) {
        let text = format!(
            "/* CTF 1.8 */ trace {{ major = 1; minor = 8; byte_order = le; }}; clock {{ name = c; }};
            stream {{ event.header := struct {{ {fields} }} align({align}); }};"
        );
        let metadata = tsdl::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        let ty = metadata.streams[&0].event_header.as_ref();
        let end = bytes.len() * 8;
        let padded = [&bytes[..], &[0; PADDING_BYTES]].concat();
        if at <= end
            && let Header::Planned(planned) = Header::of(ty)
            && let Ok(Some(said)) = planned.read(&padded, at, clock)
            && said.end <= end
        {
            let mut past = Past::new(clock);
            let mut decoder = Decoder::new(Bits::new(&padded, at, end, 0), &mut past);
            let read = decoder.part(Scope::EventHeader, ty);
            prop_assert!(read.is_ok(), "{:?} {}", read, text);
            let (id, ended) = (decoder.known().get(Role::EventClassId), decoder.bits.at());
            prop_assert_eq!(said, Said { id, clock: past.clock, end: ended }, "{}", text);
        }
    }

    #[test]
    fn of_classes_as_we_write_them(class in any_class(), seeds in proptest::collection::vec(any::<u64>(), 1..5)) {
        let clock = Clock {
            name: "clock".to_owned(),
            uuid: None,
            description: String::new(),
            freq_hz: 1_000_000_000,
            offset_s: 0,
            offset_cycles: 0,
        };
        let streams = vec![StreamClass { id: 0, extra: vec![], context: vec![] }];
        let text = metadata::preamble(&Trace { uuid: [1; 16], env: vec![], clock, streams })
            + &metadata::event(&class);
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("metadata"), &text)?;
        let extra = Vec::new();
        let identity = StreamIdentity { uuid: [1; 16], stream_id: 0, stream_instance_id: 0, extra };
        let mut writer = StreamWriter::create(dir.path(), "stream", identity)?;
        for (clock, seed) in (7..).zip(&seeds) {
            let header = event_header::compact(class.id, clock);
            let record = [&header.unwrap_or_default()[..], &payload(&class, *seed)].concat();
            let mut reservation = writer.reserve(record.len()).unwrap();
            reservation.copy_from_slice(&record);
            reservation.commit(clock, clock);
        }
        writer.finish(0)?;
        let lines = agreed(dir.path(), &text)?;
        prop_assert_eq!(lines.len(), seeds.len());
        prop_assert!(lines.iter().all(Result::is_ok), "{}", text);
    }

    #[test]
    fn of_classes_of_bit_fields_and_any_bytes(
        fields in proptest::collection::vec(any_type(), 1..5),
        context in prop::option::of(any_type()),
        mut bytes in proptest::collection::vec(prop_oneof![Just(0_u8), 0..4_u8, any::<u8>()], 1..200),
    ) {
        // Texts end somewhere.
        bytes.push(0);
        let context = context.map_or(String::new(), |context| {
            format!("context := struct {{ {} }};", named(&[context]))
        });
        let text = format!(
            "/* CTF 1.8 */ trace {{ major = 1; minor = 8; byte_order = le; }}; stream {{ }};
            event {{ name = e; {context} fields := struct {{ {} }}; }};",
            named(&fields)
        );
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("metadata"), &text)?;
        fs::write(dir.path().join("stream"), &bytes)?;
        agreed(dir.path(), &text)?;
    }
}
