//! This copy of the library as a module of the process: elected as the runtime, or joined to the elected copy.
//!
//! ```text
//!   constructor --> election::find --none--> this copy is elected: startup, agent, forks, ...; stays loaded
//!                          |
//!                          '--a table--> joined: registers its callsites there; slow paths are calls of that table
//!   destructor  --> joined: unregisters its callsites; nothing points into this module any more
//! ```
#![allow(unsafe_code)]

use crate::cpu_streams::Way;
use crate::declared::{self, Encoded};
use crate::fork;
use crate::handover::Origin;
use crate::instance::RUNTIME;
use crate::lockfree::Place;
use crate::registry::{ModuleId, Owner};
use crate::table::{DeclaredCallsite, NO_CPU, Table};
use crate::thread_cache::{self, ThreadCache};
use core::ptr;
use std::time::Duration;
use ust_core::shm::doorbell;

/// What this copy offers to other copies.
pub(crate) static TABLE: Table = Table::new(
    doorbell_place,
    register,
    unregister,
    first_event,
    give_up,
    want_snapshot,
    unregister_all_of,
);

/// The table of the runtime that this copy has joined, in a module that stays loaded. Empty: this copy is its own
/// runtime.
static JOINED: Place<Table> = Place::empty();

/// The runtime that this copy's events go to.
pub(crate) fn runtime() -> &'static Table {
    JOINED.get().unwrap_or(&TABLE)
}

/// Whether this copy has joined another one's runtime.
pub(crate) fn is_joined() -> bool {
    JOINED.get().is_some()
}

/// From here on, this copy's events go to the elected copy.
pub(crate) fn join(elected: &'static Table) {
    doorbell::share(elected.doorbell());
    JOINED.set(Some(elected));
}

/// Registers this module's callsites with the runtime that it has joined.
pub(crate) fn register_callsites() {
    let encoded = declared::encoded();
    let declared: Vec<_> = encoded.iter().map(as_declared).collect();
    // The number is not needed: `leave` unregisters by owner.
    let _ = runtime().register(&declared);
}

fn as_declared(encoded: &Encoded) -> DeclaredCallsite {
    DeclaredCallsite {
        switch: encoded.switch,
        body: encoded.body.as_ptr(),
        body_bytes: encoded.body.len(),
        notify: None,
        data: ptr::null_mut(),
        owner: own(),
    }
}

/// Unregisters all of this module's callsites from the runtime that it has joined, those declared at run time included:
/// this module's memory is about to be unmapped.
pub(crate) fn leave() {
    runtime().unregister_all_of(own());
}

/// Identifies this copy to the runtime.
pub(crate) fn own() -> Owner {
    (&raw const TABLE).addr()
}

extern "C" fn doorbell_place() -> &'static doorbell::Place {
    doorbell::own_place()
}

unsafe extern "C" fn register(declared: *const DeclaredCallsite, count: usize) -> ModuleId {
    // SAFETY: the caller's slice. The code that made the elements keeps `as_declared`'s promise: this file's or
    // `dynamic`'s, of some copy.
    let declared = unsafe { core::slice::from_raw_parts(declared, count) };
    // SAFETY: as above.
    let declared = declared.iter().map(|declared| unsafe { declared.as_declared() });
    own_the_registry();
    RUNTIME.register(declared).unwrap_or(0)
}

extern "C" fn unregister(module: ModuleId) {
    own_the_registry();
    RUNTIME.unregister(module);
}

extern "C" fn unregister_all_of(owner: Owner) {
    own_the_registry();
    RUNTIME.unregister_all_of(owner);
}

/// Matters in the child of a raw `clone` whose parent was changing the registry: no thread there would let go of it.
fn own_the_registry() {
    // On failure (no process file) the child's events are counted where they can be.
    let _ = fork::ensure_current(&RUNTIME, Origin::Any);
}

extern "C" fn first_event(slot: u32, sequenced_cpu: u32) -> Option<&'static ThreadCache> {
    let way = match sequenced_cpu {
        NO_CPU => Way::Shared,
        cpu => Way::Sequenced(cpu),
    };
    RUNTIME.first_event(slot as usize, way).then(thread_cache::current)
}

extern "C" fn give_up(slot: u32) {
    RUNTIME.give_up(slot as usize);
}

extern "C" fn want_snapshot(timeout_ns: u64) {
    if let Some((place, process)) = RUNTIME.meeting_place().zip(RUNTIME.process()) {
        place.want_snapshot(process, Duration::from_nanos(timeout_ns));
    }
}
