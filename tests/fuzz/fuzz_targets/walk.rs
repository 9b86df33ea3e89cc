//! The types that metadata declare, each looked at once: the expanded types have no bound.

use std::collections::HashMap;
use std::sync::Arc;

use ctf::schema::{EnumType, Metadata, Type};

/// The deepest nesting of types that readers meet: they recurse.
const DEPTH_MAX: u32 = 64;

/// A walk over types.
#[derive(Default)]
pub struct Walk {
    /// Depths of the types that were seen, by where they lie.
    seen: HashMap<*const (), u32>,
    /// Types, labels, classes: each takes memory of its own.
    parts: usize,
}

impl Walk {
    /// What was read takes no more parts than its text has bytes, and is no deeper than readers can go.
    pub fn hold(&mut self, metadata: &Metadata, text_bytes: usize) {
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
