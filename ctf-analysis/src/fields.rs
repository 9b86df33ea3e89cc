//! The few values of a record that figures need.
//!
//! A [`Wanted`] names them once for a class, as the compiler of plans asks for each field; [`Values`] takes them as the
//! plan passes over a record. Only fields of the record's own structures are looked at, never those of nested ones.

use crate::limits::PAIRS_MAX;
use ctf::read::{Event, Format, Place, Value, Visitor};
use ctf::schema::{Fields, Names, Scope, Type};
use std::hash::{BuildHasher, RandomState};

/// What a value is good for, a bit each. A field may be good for several things.
pub type Uses = u32;

pub const VPID: Uses = 1;
pub const THREAD: Uses = 1 << 1;
pub const DURATION: Uses = 1 << 2;
pub const BUSY: Uses = 1 << 3;
pub const PROCESS_NAME: Uses = 1 << 4;

/// The key of this pair.
pub const fn key(pair: usize) -> Uses {
    1 << (8 + pair)
}

/// Which fields of a class are wanted, by part of the record and name.
#[derive(Debug, Default)]
pub struct Wanted {
    fields: Vec<(Scope, String, Uses)>,
    scope: Option<Scope>,
    /// The fields of the part that is being compiled.
    part: Option<*const Fields>,
    names: Option<Names>,
}

/// The values of a record. A text is known by its hash.
#[derive(Debug, Default)]
pub struct Values {
    pub vpid: Option<u64>,
    pub thread: Option<i64>,
    pub duration_ns: Option<u64>,
    pub busy_ns: Option<u64>,
    /// Empty if there is none.
    pub process_name: Vec<u8>,
    pub keys: [Option<Key>; PAIRS_MAX],
    hasher: RandomState,
}

/// The value by which the two events of a pair are found together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Number(i128),
    Text(u64),
}

impl Wanted {
    pub fn new(names: Names) -> Wanted {
        Wanted { names: Some(names), ..Wanted::default() }
    }

    /// Wants this field too.
    pub fn want(&mut self, scope: Scope, name: &str, uses: Uses) {
        self.fields.push((scope, name.to_owned(), uses));
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn uses(&self, scope: Scope, name: &str) -> Uses {
        let shown = self.names.map_or(name, |names| names.shown(name));
        let fits = |(of, field, _): &&(Scope, String, Uses)| *of == scope && *field == shown;
        self.fields.iter().filter(fits).fold(0, |uses, (_, _, more)| uses | more)
    }

    /// The same values from a record that only the general decoder reads.
    pub fn read(&self, event: &Event, values: &mut Values) {
        values.begin();
        let parts = [
            (Scope::StreamEventContext, &event.stream_context),
            (Scope::EventContext, &event.context),
            (Scope::Fields, &event.fields),
        ];
        for (scope, part) in parts {
            let Some(part) = part else { continue };
            for (name, value) in part.fields() {
                let uses = self.uses(scope, name);
                match value {
                    _ if uses == 0 => {}
                    Value::Text(text) => values.text(&uses, text),
                    Value::Signed { value, .. } => values.signed(&uses, *value),
                    value => {
                        if let Some(number) = value.as_integer() {
                            values.number(uses, number);
                        }
                    }
                }
            }
        }
    }
}

impl Format for Wanted {
    type Node = Uses;

    fn node(&mut self, place: Place<'_>, ty: &Type) -> Uses {
        match (place, ty) {
            (Place::Part(scope), Type::Struct(all)) => {
                self.scope = Some(scope);
                self.part = Some(std::ptr::from_ref(&all.fields));
                0
            }
            (Place::Field { fields, at }, _) if self.part == Some(std::ptr::from_ref(fields)) => {
                self.scope.map_or(0, |scope| self.uses(scope, &fields[at].0))
            }
            _ => 0,
        }
    }

    fn end(&mut self, _: &Type) -> Uses {
        0
    }
}

impl Values {
    fn number(&mut self, uses: Uses, value: i128) {
        let unsigned = u64::try_from(value).ok();
        if uses & VPID != 0 {
            self.vpid = unsigned;
        }
        if uses & THREAD != 0 {
            self.thread = i64::try_from(value).ok();
        }
        if uses & DURATION != 0 {
            self.duration_ns = unsigned;
        }
        if uses & BUSY != 0 {
            self.busy_ns = unsigned;
        }
        self.key(uses, Key::Number(value));
    }

    fn key(&mut self, uses: Uses, value: Key) {
        let is_of = |pair: &usize| uses & key(*pair) != 0;
        (0..PAIRS_MAX).filter(is_of).for_each(|pair| self.keys[pair] = Some(value));
    }
}

impl Visitor<Uses> for Values {
    fn begin(&mut self) {
        (self.vpid, self.thread, self.duration_ns, self.busy_ns) = (None, None, None, None);
        self.process_name.clear();
        self.keys = [None; PAIRS_MAX];
    }

    #[inline]
    fn unsigned(&mut self, uses: &Uses, value: u64) {
        if *uses != 0 {
            self.number(*uses, value.into());
        }
    }

    #[inline]
    fn signed(&mut self, uses: &Uses, value: i64) {
        if *uses != 0 {
            self.number(*uses, value.into());
        }
    }

    fn float(&mut self, _: &Uses, _: f64) {}

    #[inline]
    fn text(&mut self, uses: &Uses, text: &[u8]) {
        if *uses & PROCESS_NAME != 0 {
            self.process_name.extend_from_slice(text);
        }
        if *uses >= key(0) {
            self.key(*uses, Key::Text(self.hasher.hash_one(text)));
        }
    }

    fn blob(&mut self, _: &Uses, _: &[u8]) {}
    fn absent(&mut self, _: &Uses) {}
    fn open(&mut self, _: &Uses) {}
    fn element(&mut self, _: u64) {}
    fn close(&mut self, _: &Uses) {}
}
