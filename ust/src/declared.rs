//! The callsites of this module (executable or shared object), as linkme gathers them from every `#[tracepoint]`.
//!
//! ```text
//!   #[tracepoint] --> Entry --.
//!   #[tracepoint] --> Entry --+--> one section, named after this package's version --> CALLSITES --> all()
//!   #[tracepoint] --> Entry --'                                              each is checked before use
//! ```
//!
//! A program may hold several copies of this library, as Cargo allows. Each copy has a section of its own, whose name
//! carries the version ([`ust_macros::declare_callsites`]). An expansion puts its entry into the section of the copy
//! that it was compiled against. Two copies of *one* version do not link.
//!
//! The linker goes by the section's name alone, so other code could put other bytes there. Each entry therefore says
//! what it is, and [`all`] skips every entry that says something else.
#![allow(unsafe_code)]

use crate::callsite::{Callsite, Switch};
use std::sync::OnceLock;
use ust_core::abi::ABI;
use ust_core::event::EventDescription;
use ust_core::protocol::ClassBody;

ust_macros::declare_callsites!();

/// Tells an entry from other bytes.
const MAGIC: u64 = u64::from_ne_bytes(*b"ustentry");

/// Points to a callsite, and says that it is an entry.
#[derive(Debug)]
#[repr(C)]
pub struct Entry {
    magic: u64,
    abi_version: u32,
    entry_bytes: u32,
    /// Not a reference: bytes that are no entry must not be treated as one.
    callsite: *const Callsite,
}

// SAFETY: an entry never changes, and what it points to is `Sync`.
unsafe impl Sync for Entry {}

impl Entry {
    /// The entry of `callsite`.
    pub const fn new(callsite: &'static Callsite) -> Self {
        let entry_bytes = size_of::<Self>() as u32;
        Self { magic: MAGIC, abi_version: ABI.to_word(), entry_bytes, callsite }
    }

    fn callsite(&self) -> Option<&'static Callsite> {
        let is_own = (self.magic, self.abi_version) == (MAGIC, ABI.to_word())
            && self.entry_bytes as usize == size_of::<Self>();
        // SAFETY: only `new` makes entries that pass this check, from a `'static` reference.
        is_own.then(|| unsafe { &*self.callsite })
    }
}

/// Every callsite of this module, in the order of the source.
pub fn all() -> impl Iterator<Item = &'static Callsite> {
    CALLSITES.iter().filter_map(Entry::callsite)
}

/// What a callsite declares, as the registry takes it.
pub(crate) struct Encoded {
    pub(crate) switch: &'static Switch,
    /// The class, as the class log has it. Empty, which the registry counts, if the description is beyond the bounds of a
    /// class.
    pub(crate) body: Vec<u8>,
}

/// `PROVIDER:NAME` of the events that get their numbers first.
static FREQUENT: OnceLock<&'static [&'static str]> = OnceLock::new();

/// Gives these events of this module (`PROVIDER:NAME`) their numbers before all others, in this order. The first 31 numbers of a
/// process have the short header. Without this call, numbers are given in the order of the source. Only the first call counts,
/// and only before the module is registered.
pub fn number_first(events: &'static [&'static str]) {
    let _ = FREQUENT.set(events);
}

/// What every callsite of this module declares, in the order in which they are numbered.
pub(crate) fn encoded() -> Vec<Encoded> {
    let mut callsites: Vec<_> = all().collect();
    let frequent = FREQUENT.get().copied().unwrap_or_default();
    if !frequent.is_empty() {
        callsites.sort_by_cached_key(|callsite| place(callsite.description(), frequent));
    }
    let encode = |callsite: &'static Callsite| Encoded {
        switch: callsite.switch(),
        body: ClassBody::of(callsite.description()).encode().unwrap_or_default(),
    };
    callsites.into_iter().map(encode).collect()
}

/// The place of an event among others, the frequent ones first.
fn place(event: &EventDescription, frequent: &[&str]) -> usize {
    let is_it = |full_name: &&str| {
        full_name
            .split_once(':')
            .is_some_and(|(provider, name)| (provider, name) == (event.provider, event.name))
    };
    frequent.iter().position(is_it).unwrap_or(frequent.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ust_core::event::Level;

    static DESCRIPTION: EventDescription = EventDescription {
        provider: "test",
        name: "event",
        level: Level::Debug,
        fields: &[],
        file: "",
        line: 0,
        module_path: "",
    };

    static SITE: Callsite = Callsite::new(&DESCRIPTION);

    #[linkme::distributed_slice(CALLSITES)]
    static OWN: Entry = Entry::new(&SITE);

    // Each points nowhere: following it would fault.
    #[linkme::distributed_slice(CALLSITES)]
    static OTHER_BYTES: Entry = Entry { magic: 1, ..nowhere() };
    #[linkme::distributed_slice(CALLSITES)]
    static OTHER_VERSION: Entry = Entry { abi_version: ABI.to_word() + 1, ..nowhere() };
    #[linkme::distributed_slice(CALLSITES)]
    static OTHER_SIZE: Entry = Entry { entry_bytes: 1, ..nowhere() };

    const fn nowhere() -> Entry {
        Entry { callsite: core::ptr::without_provenance(8), ..Entry::new(&SITE) }
    }

    #[test]
    fn only_entries_of_this_version_are_followed() {
        assert!(CALLSITES.len() >= 4);
        assert_eq!(all().filter(|site| core::ptr::eq(*site, &SITE)).count(), 1);
        assert_eq!(CALLSITES.len() - all().count(), 3);
    }

    #[test]
    fn frequent_events_are_numbered_first_and_in_their_order() {
        let event = |provider, name| EventDescription { provider, name, ..DESCRIPTION };
        let frequent = ["a:x", "b:y"];
        let mut events = [event("a", "y"), event("b", "y"), event("b", "x"), event("a", "x")];
        events.sort_by_key(|event| place(event, &frequent));
        let names = events.map(|event| (event.provider, event.name));
        assert_eq!(names, [("a", "x"), ("b", "y"), ("a", "y"), ("b", "x")]);
    }

    #[test]
    fn the_section_is_named_after_the_version() {
        let version = env!("CARGO_PKG_VERSION").replace(['.', '-', '+'], "_");
        assert_eq!(CALLSITES_NAME, format!("UST_CALLSITES_{version}"));
    }
}
