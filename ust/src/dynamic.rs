//! Event classes that are made while the program runs, for those who bring other programs' events: C, `tracing`, LTTng's
//! providers.
//!
//! ```text
//!   Description (owned) --register--> DynamicEvent --record(bytes)--> the hot path of any tracepoint
//!                                          |  ^
//!                                          |  '-- observer: on, off
//!                                          drop: taken back
//! ```
//!
//! The payload comes encoded, as the fields of the description lie in a record: what types there are, and their bytes, is
//! the table of [`FieldType`]. They nest, within the [bounds](ust_core::wire::bounds) of a class.
//!
//! ```
//! use ust::Level;
//! use ust::dynamic::{Base, Description, DynamicEvent, FieldType, Integer};
//!
//! let flags = FieldType::Integer(Integer::unsigned(16).in_network_order().shown_in(Base::Hexadecimal));
//! let state = FieldType::enumeration(Integer::unsigned(8), &[("idle", 0), ("busy", 1)]);
//! let socket = FieldType::structure([("flags", flags), ("state", state)]);
//! let event = DynamicEvent::register(
//!     &Description {
//!         provider: "net".to_owned(),
//!         name: "sockets".to_owned(),
//!         level: Level::Info,
//!         fields: vec![("sockets".to_owned(), FieldType::sequence(socket))],
//!     },
//!     None,
//! );
//! // Two of them: a count, then flags and state of each.
//! let payload = [&2_u32.to_ne_bytes()[..], &[0x00, 0x12, 1], &[0x00, 0x02, 0]].concat();
//! // SAFETY: the payload is as it was described.
//! unsafe { event.record(&payload) };
//! ```
#![allow(unsafe_code)]

use crate::callsite::Switch;
use crate::module;
use crate::record::{record_otherwise, try_record};
use crate::registry::ModuleId;
use crate::table::{DeclaredCallsite, Table};
use crate::undisturbed::Undisturbed;
use core::ffi::c_void;
use ust_core::event::Level;
use ust_core::protocol::ClassBody;
use ust_core::wire::Payload;
pub use ust_core::wire::bounds::{self, Beyond};
pub use ust_core::wire::{
    Base, ByteOrder, Choice, Encoding, FieldType, Integer, Label, Member, Part,
};

/// What an event declares, in memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The part of `provider:name` before the colon.
    pub provider: String,
    /// The part behind it.
    pub name: String,
    /// How important it is.
    pub level: Level,
    /// Names and types of the fields, in the order of their bytes in the record.
    pub fields: Vec<(String, FieldType)>,
}

impl Description {
    fn body(&self) -> ClassBody<'_> {
        let Self { provider, name, level, fields } = self;
        ClassBody {
            provider,
            name,
            level: *level as u8,
            file: "",
            line: 0,
            module_path: "",
            fields: fields.iter().map(|(name, ty)| (name.as_str(), ty.clone())).collect(),
        }
    }

    /// Looks whether a class may be so.
    ///
    /// # Errors
    /// It is beyond the [`bounds`] of a class.
    pub fn check(&self) -> Result<(), Beyond> {
        self.body().encode().map(drop)
    }
}

/// Who is told that an event is on, or off again. Called by the thread that switches, which holds a lock: it must neither
/// wait nor register anything.
#[derive(Debug, Clone, Copy)]
pub struct Observer {
    /// What is called, with `data` and whether the event is on.
    pub notify: extern "C" fn(data: *mut c_void, is_on: bool),
    /// What it is called with.
    pub data: *mut c_void,
}

/// An event that was registered while the program runs. Off until a rule names it; taken back when it is dropped.
///
/// Registering and dropping allocate and wait for whoever changes the registry: not in a signal handler. Recording is as
/// that of any tracepoint: async-signal-safe, in children of a fork too.
pub struct DynamicEvent {
    /// In a place of its own: the runtime leads to it.
    switch: Box<Switch>,
    /// Where it is registered: this copy may join another one's runtime later.
    runtime: &'static Table,
    registration: ModuleId,
}

impl DynamicEvent {
    /// Registers an event. It costs its description once: another one of the same description is of the same class. One
    /// that is beyond the [`bounds`] of a class is never on, and counted as a class left out: see
    /// [`Description::check`].
    pub fn register(description: &Description, observer: Option<Observer>) -> Self {
        // What is beyond the bounds is no class: the runtime counts it.
        let body = description.body().encode().unwrap_or_default();
        let switch = Box::new(Switch::new());
        let declared = DeclaredCallsite {
            switch: &*switch,
            body: body.as_ptr(),
            body_bytes: body.len(),
            notify: observer.map(|observer| observer.notify),
            data: observer.map_or(core::ptr::null_mut(), |observer| observer.data),
            owner: module::own(),
        };
        let runtime = module::runtime();
        // A handler that forks, or ends the program, would wait for the registry that this thread holds.
        let _undisturbed = Undisturbed::new();
        let registration = runtime.register(&[declared]);
        Self { switch, runtime, registration }
    }

    /// Whether some channel records it now.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.switch.state().is_on()
    }

    /// Records the event, if it is on.
    ///
    /// # Safety
    /// `payload` are the fields as the description has them. (Other bytes make a record that the consumer refuses, and end the
    /// thread's stream.)
    #[inline]
    pub unsafe fn record(&self, payload: &[u8]) {
        let seen = self.switch.state();
        if seen.is_on() && !try_record(&self.switch, seen, Encoded(payload)) {
            record_otherwise(&self.switch, Encoded(payload));
        }
    }
}

impl Drop for DynamicEvent {
    fn drop(&mut self) {
        if self.registration != 0 {
            let _undisturbed = Undisturbed::new();
            self.runtime.unregister(self.registration);
        }
    }
}

/// A payload that comes as it is to lie in the record.
#[derive(Clone, Copy)]
struct Encoded<'a>(&'a [u8]);

/// Longer payloads go the longer way, where a call costs nothing that matters.
const SHORT_BYTES: usize = 256;

// SAFETY: it writes its bytes, as many as it says, and does not panic.
unsafe impl Payload for Encoded<'_> {
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        self.0.len() <= SHORT_BYTES
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends as many bytes, which do not overlap.
        unsafe {
            self.0.as_ptr().copy_to_nonoverlapping(dst, self.0.len());
            dst.add(self.0.len())
        }
    }
}
