//! What the class log says about an event class.

use super::codec::{self, Decode, Reader};
use super::coded::structure;
use super::type_list::{self, Entry};
use crate::event::EventDescription;
use crate::wire::FieldType;
use crate::wire::bounds::{Beyond, MAX_CLASS_BYTES};
use core::borrow::Borrow;

/// An event class, without its number. Its types are borrowed in a process that declares it, and owned where it is decoded: a
/// process neither copies nor frees types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassBody<'a, Type = FieldType> {
    /// Part before the colon.
    pub provider: &'a str,
    /// Part after the colon.
    pub name: &'a str,
    /// A discriminant of [`Level`](crate::event::Level).
    pub level: u8,
    /// Source file of the declaration.
    pub file: &'a str,
    /// Line of the declaration.
    pub line: u32,
    /// Rust module of the declaration.
    pub module_path: &'a str,
    /// Names and types, in the order of the record.
    pub fields: Vec<(&'a str, Type)>,
    /// What the source says of the event, then of each field; empty texts where it says nothing. Empty if it says nothing
    /// at all.
    pub docs: Vec<&'a str>,
}

/// The encoded form. The list of `docs` follows, unless it is empty: a class of an older minor ends here.
#[cfg_attr(test, derive(Debug, PartialEq, serde::Serialize, serde::Deserialize))]
struct Written<'a> {
    provider: &'a str,
    name: &'a str,
    level: u8,
    file: &'a str,
    line: u32,
    module_path: &'a str,
    #[cfg_attr(test, serde(borrow))]
    types: Vec<Entry<'a>>,
}

structure!(Written<'a> { provider, name, level, file, line, module_path, types });

impl<'a> ClassBody<'a, &'a FieldType> {
    /// The class that a tracepoint declares.
    pub fn of(description: &'a EventDescription) -> Self {
        let fields = description.fields.iter();
        Self {
            provider: description.provider,
            name: description.name,
            level: description.level as u8,
            file: description.file,
            line: description.line,
            module_path: description.module_path,
            fields: fields.map(|field| (field.name, field.ty)).collect(),
            docs: description.docs.to_vec(),
        }
    }
}

impl<Type: Borrow<FieldType>> ClassBody<'_, Type> {
    /// Encodes the class.
    ///
    /// # Errors
    /// The [bound](crate::wire::bounds) that it exceeds.
    pub fn encode(&self) -> Result<Vec<u8>, Beyond> {
        let Self { provider, name, level, file, line, module_path, fields, docs } = self;
        let types = type_list::flatten(fields.iter().map(|(name, ty)| (*name, ty.borrow())))?;
        let (level, line) = (*level, *line);
        let written = Written { provider, name, level, file, line, module_path, types };
        let mut bytes = codec::encoded_bytes(&written);
        if bytes > MAX_CLASS_BYTES {
            return Err(Beyond::Bytes);
        }
        bytes += codec::encoded_bytes(docs);
        // No class is lost for what is said of it.
        let has_docs = !docs.is_empty() && bytes <= MAX_CLASS_BYTES;
        let docs = if has_docs { codec::bytes_of(docs) } else { Vec::new() };
        Ok([codec::bytes_of(&written), docs].concat())
    }
}

impl<'a> ClassBody<'a> {
    /// `provider:name`, which rules match.
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.provider, self.name)
    }

    /// Where the program has it: `src/main.rs:12`. Empty if it comes from no place in a source.
    pub fn source(&self) -> String {
        if self.file.is_empty() { String::new() } else { format!("{}:{}", self.file, self.line) }
    }

    /// Decodes the class in untrusted bytes. `None` if they are no class, or one beyond the bounds.
    pub fn decode(untrusted_bytes: &'a [u8]) -> Option<Self> {
        if untrusted_bytes.len() > MAX_CLASS_BYTES {
            return None;
        }
        let mut reader = Reader::new(untrusted_bytes);
        let written = Written::decode(&mut reader)?;
        let Written { provider, name, level, file, line, module_path, types } = written;
        let fields = type_list::build(&types)?;
        // A class is no worse for what is said of it, and one of an older minor has nothing.
        let mut docs: Vec<_> = Vec::decode(&mut reader).unwrap_or_default();
        docs.truncate(1 + fields.len());
        Some(Self { provider, name, level, file, line, module_path, fields, docs })
    }

    /// Provider, name and level of the class in untrusted bytes, of which the end may be missing.
    pub fn decode_name(untrusted_bytes: &'a [u8]) -> Option<(&'a str, &'a str, u8)> {
        Decode::decode(&mut Reader::new(untrusted_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bounds::{MAX_DEPTH, MAX_TYPES};
    use crate::wire::{Base, Encoding, Integer};
    use proptest::prelude::*;

    fn body(fields: Vec<(&str, FieldType)>) -> ClassBody<'_> {
        let (provider, name, level) = ("provider", "name", 6);
        let (file, line, module_path) = ("file.rs", 7, "module");
        ClassBody { provider, name, level, file, line, module_path, fields, docs: vec![] }
    }

    fn every_type() -> Vec<(&'static str, FieldType)> {
        let state = [("idle", 0), ("busy", 1), ("", -1)];
        let option = FieldType::variant(
            Integer::unsigned(8),
            [("none", 0, FieldType::NOTHING), ("some", 1, FieldType::sequence(FieldType::TEXT))],
        );
        let point = FieldType::structure([("x", FieldType::F32), ("options", option)]);
        let port = Integer::unsigned(16).in_network_order().shown_in(Base::Hexadecimal);
        vec![
            ("state", FieldType::enumeration(Integer::signed(32), &state)),
            ("port", FieldType::Integer(port)),
            ("points", FieldType::array(FieldType::sequence(point), 3)),
            (
                "letters",
                FieldType::array(FieldType::Integer(Integer::character(Encoding::Ascii)), 8),
            ),
            ("none", FieldType::array(FieldType::F64, 0)),
        ]
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        for fields in [vec![], every_type()] {
            let class = body(fields);
            let bytes = class.encode().unwrap();
            assert_eq!(ClassBody::decode(&bytes), Some(class));
            for length in 0..bytes.len() {
                assert_eq!(ClassBody::decode(&bytes[..length]), None, "{length}");
            }
        }
    }

    #[test]
    fn descriptions_stand_behind_what_older_minors_know() {
        let plain = body(every_type());
        let docs = vec!["An event.", "", "its port"];
        let documented = ClassBody { docs, ..plain.clone() };
        let (short, long) = (plain.encode().unwrap(), documented.encode().unwrap());
        assert_eq!(long[..short.len()], short);
        assert_eq!(ClassBody::decode(&long), Some(documented));
        assert_eq!(ClassBody::decode(&long[..long.len() - 1]), Some(plain.clone()));
        let word = "x".repeat(MAX_CLASS_BYTES);
        let too_long = ClassBody { docs: vec![&word], ..plain.clone() };
        assert_eq!(too_long.encode(), Ok(short));
    }

    #[test]
    fn what_is_beyond_the_bounds_is_neither_encoded_nor_decoded() {
        let nested =
            |depth| (1..depth).fold(FieldType::U8, |ty, _| FieldType::structure([("within", ty)]));
        assert!(body(vec![("x", nested(MAX_DEPTH))]).encode().is_ok());
        assert_eq!(body(vec![("x", nested(MAX_DEPTH + 1))]).encode(), Err(Beyond::Depth));
        assert_eq!(body(vec![("x", nested(200))]).encode(), Err(Beyond::Depth));
        let long = "x".repeat(MAX_CLASS_BYTES);
        assert_eq!(body(vec![(&long, FieldType::U8)]).encode(), Err(Beyond::Bytes));
        // As a hostile process may write it.
        let raw = |list: &[u8], count: u32| {
            let count = codec::bytes_of(&count);
            [&[0, 0, 6, 0, 0, 0], &count[..], list].concat()
        };
        // Each is the element of the one before: uncounted recursion would overflow the stack.
        let sequences = [0, 5].repeat(30_000);
        assert_eq!(ClassBody::decode(&raw(&sequences, 30_000)), None);
        let sequence_of_bytes = [0, 5, 0, 0, 8, 0, 0, 0, 0];
        assert_eq!(
            ClassBody::decode(&raw(&sequence_of_bytes, 2)).map(|class| class.fields),
            Some(vec![("", FieldType::sequence(FieldType::U8))])
        );
        assert_eq!(ClassBody::decode(&raw(&sequence_of_bytes[..2], 1)), None, "no element");
        let many = vec![("x", FieldType::U8); MAX_TYPES + 1];
        assert_eq!(body(many).encode(), Err(Beyond::Types));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_class_within_the_bounds_or_none(
            at in 0usize..400, byte: u8, noise in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = body(every_type()).encode().unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            for bytes in [bytes, noise] {
                // As postcard reads and writes it.
                let written = Written::decode(&mut Reader::new(&bytes));
                prop_assert_eq!(&written, &postcard::from_bytes(&bytes).ok());
                if let Some(written) = &written {
                    prop_assert_eq!(codec::bytes_of(written), postcard::to_stdvec(written).unwrap());
                }
                if let Some(class) = ClassBody::decode(&bytes) {
                    let again = class.encode().unwrap();
                    prop_assert_eq!(ClassBody::decode(&again), Some(class));
                }
            }
        }
    }
}
