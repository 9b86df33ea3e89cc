//! Event classes made while the program runs, for libraries that bring other programs' events: C, `tracing`, LTTng's
//! providers.
//!
//! ```text
//!   Description (owned) --register--> DynamicEvent --record(bytes)--> the hot path of any tracepoint
//!                                          |  ^
//!                                          |  '-- observer: on, off
//!                                          drop: taken back
//! ```
//!
//! The caller encodes the payload: the fields of the description as they lie in a record. [`FieldType`] has the table
//! of types and their bytes. Types nest, within the [bounds](ust_core::wire::bounds) of a class.
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

/// What an event declares, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The part of `provider:name` before the colon.
    pub provider: String,
    /// The part after it.
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

    /// Checks that the description is within the [`bounds`] of a class.
    ///
    /// # Errors
    /// The bound that it exceeds.
    pub fn check(&self) -> Result<(), Beyond> {
        self.body().encode().map(drop)
    }
}

/// Called when an event is switched on or off, by the switching thread, which holds a lock. It must neither wait nor
/// register anything.
#[derive(Debug, Clone, Copy)]
pub struct Observer {
    /// The function: called with `data`, and whether the event is on.
    pub notify: extern "C" fn(data: *mut c_void, is_on: bool),
    /// Its first argument.
    pub data: *mut c_void,
}

/// An event that was registered while the program runs. It is off until a rule names it. Dropping it unregisters it.
///
/// Registering and dropping allocate, and wait for any thread that changes the registry: do neither in a signal
/// handler. Recording is like that of any tracepoint: async-signal-safe, also in children of a fork.
pub struct DynamicEvent {
    /// Boxed: the runtime points to it.
    switch: Box<Switch>,
    /// The runtime that it is registered with. This copy of the library may join another copy's runtime later.
    runtime: &'static Table,
    registration: ModuleId,
}

impl DynamicEvent {
    /// Registers an event. Events of equal descriptions share one class, whose description is stored once. An event
    /// that is beyond the [`bounds`] of a class is never on, and is counted as a class left out: see
    /// [`Description::check`].
    pub fn register(description: &Description, observer: Option<Observer>) -> Self {
        // A description beyond the bounds gives an empty body, which the runtime counts.
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
        // A signal handler that forks or ends the program would wait for the registry, which this thread holds.
        let _undisturbed = Undisturbed::new();
        let registration = runtime.register(&[declared]);
        Self { switch, runtime, registration }
    }

    /// Whether some channel records the event now.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.switch.state().is_on()
    }

    /// Records the event, if it is on.
    ///
    /// # Safety
    /// `payload` holds the fields as the description has them. (Any other bytes make a record that the consumer
    /// refuses, which ends the thread's stream.)
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

/// A payload that is encoded already.
#[derive(Clone, Copy)]
struct Encoded<'a>(&'a [u8]);

/// Longer payloads take the slower path, where the extra call does not matter.
const SHORT_BYTES: usize = 256;

// SAFETY: writes exactly as many bytes as `size_bytes` says, and does not panic.
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
