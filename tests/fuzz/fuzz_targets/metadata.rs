//! Any bytes as metadata: what `ctf::tsdl` makes of them is bounded, and a stream can be read by it.
//!
//! Input: the metadata, in either form. What stands behind the first NUL of a text is the stream; without one it is a
//! page that this library has written.

#![no_main]

mod traces;

use std::collections::HashMap;
use std::sync::Arc;

use ctf::schema::{EnumType, Metadata, Type};
use ctf::tsdl;
use libfuzzer_sys::fuzz_target;

/// The deepest nesting of types that readers meet: they recurse.
const DEPTH_MAX: u32 = 64;

/// How metadata in packets begins, in either byte order. Such a text may have NULs.
const PACKETISED: [[u8; 4]; 2] = [0x75D1_1D57_u32.to_le_bytes(), 0x75D1_1D57_u32.to_be_bytes()];

/// One packet, of the trace that `packets.metadata` describes.
const STREAM: &[u8] = include_bytes!("packets.stream");

fuzz_target!(|input: &[u8]| {
    let is_packetised = PACKETISED.iter().any(|magic| input.starts_with(magic));
    let end = input.iter().position(|byte| *byte == 0).filter(|_| !is_packetised);
    let (text, stream) = match end {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, STREAM),
    };
    match tsdl::parse(text) {
        Ok(metadata) => Walk::default().hold(&metadata, text.len()),
        Err(error) => {
            let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(error.line <= lines, "an error behind the end: {error}");
        }
    }
    let dir = traces::directory();
    traces::make(dir.path(), text, &[stream]);
    let read = traces::read(dir.path(), stream.len());
    if let Some(joined) = traces::joined(dir.path()) {
        assert!(joined <= read.events, "joined are events that were read");
    }
});

/// A walk over types, each once: the expanded types have no bound.
#[derive(Default)]
struct Walk {
    /// Depths of the types that were seen, by where they lie.
    seen: HashMap<*const (), u32>,
    /// Types, labels, classes: each takes memory of its own.
    parts: usize,
}

impl Walk {
    /// What was read takes no more parts than its text has bytes, and is no deeper than readers can go.
    fn hold(&mut self, metadata: &Metadata, text_bytes: usize) {
        self.parts += metadata.env.len() + metadata.streams.len();
        self.enter(metadata.packet_header.as_ref());
        for stream in metadata.streams.values() {
            self.parts += stream.events.len();
            for ty in [&stream.packet_context, &stream.event_header, &stream.event_context] {
                self.enter(ty.as_ref());
            }
            for event in stream.events.values() {
                self.enter(event.context.as_ref());
                self.enter(event.fields.as_ref());
            }
        }
        assert!(self.parts <= text_bytes, "{} parts of {text_bytes} bytes", self.parts);
    }

    fn enter(&mut self, ty: Option<&Type>) {
        let depth = ty.map_or(0, |ty| self.depth(ty));
        assert!(depth <= DEPTH_MAX, "{depth} types within types");
    }

    fn depth(&mut self, ty: &Type) -> u32 {
        assert!(ty.align().is_power_of_two());
        match ty {
            Type::Integer(_)
            | Type::Float(_)
            | Type::String(_)
            | Type::Bits(_)
            | Type::Text(_)
            | Type::Blob(_) => 1,
            Type::Enum(ty) | Type::Varint(ty) => {
                let EnumType { labels, .. } = &**ty;
                let at = Arc::as_ptr(ty).cast();
                if self.seen.insert(at, 1).is_none() {
                    self.parts += labels.all().len();
                }
                1
            }
            Type::Struct(ty) => {
                self.within(Arc::as_ptr(ty).cast(), ty.fields.iter().map(|(_, ty)| ty))
            }
            Type::Variant(ty) => self
                .within(Arc::as_ptr(&ty.options).cast(), ty.options.all().iter().map(|(_, ty)| ty)),
            Type::Array { elem, .. }
            | Type::Sequence { elem, .. }
            | Type::Aligned { ty: elem, .. } => self.within(Arc::as_ptr(elem).cast(), [&**elem]),
            Type::Optional(ty) => self.within(Arc::as_ptr(ty).cast(), [&ty.ty]),
        }
    }

    fn within<'t>(&mut self, at: *const (), types: impl IntoIterator<Item = &'t Type>) -> u32 {
        if let Some(depth) = self.seen.get(&at) {
            return *depth;
        }
        let mut depth = 0;
        for ty in types {
            self.parts += 1;
            depth = depth.max(self.depth(ty));
        }
        self.seen.insert(at, depth + 1);
        depth + 1
    }
}
