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
use ust_core::event::{EventDescription, FieldDescription};
use ust_core::protocol::ClassBody;
use ust_core::wire::{Described, FieldType};

ust_macros::declare_callsites!();

/// Tells an entry from other bytes.
const MAGIC: u64 = u64::from_ne_bytes(*b"ustentry");

/// Tells an entry of an event without a declaration.
const SITE_MAGIC: u64 = u64::from_ne_bytes(*b"ustsite!");

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

    fn is_own(&self, magic: u64) -> bool {
        (self.magic, self.abi_version) == (magic, ABI.to_word())
            && self.entry_bytes as usize == size_of::<Self>()
    }

    fn callsite(&self) -> Option<&'static Callsite> {
        // SAFETY: only `new` makes entries that pass this check, from a `'static` reference.
        self.is_own(MAGIC).then(|| unsafe { &*self.callsite })
    }

    /// Its switch, and its class.
    fn declared(&self) -> Option<Declared> {
        match self.callsite() {
            Some(callsite) => Some((callsite.switch(), ClassBody::of(callsite.description()))),
            None => self.site().map(FoundSite::body),
        }
    }

    fn site(&self) -> Option<FoundSite> {
        // SAFETY: only `announce` makes entries that pass this check, of such a function.
        self.is_own(SITE_MAGIC).then(|| unsafe {
            core::mem::transmute::<*const Callsite, extern "Rust" fn() -> FoundSite>(self.callsite)(
            )
        })
    }
}

/// An event without a declaration: what its line of the source says.
pub trait Site: 'static {
    /// All but the fields.
    const DESCRIPTION: EventDescription;
    /// The names of the fields.
    const NAMES: &'static [&'static str];
    /// The names and types of fields that follow them: those of a span's end.
    const MORE: &'static [FieldDescription] = &[];

    /// Its switch.
    fn switch() -> &'static Switch;
}

/// An event without a declaration, and the types of its fields.
struct FoundSite {
    switch: &'static Switch,
    description: &'static EventDescription,
    names: &'static [&'static str],
    types: &'static [&'static FieldType],
    more: &'static [FieldDescription],
}

fn found<S: Site, P: Described>() -> FoundSite {
    FoundSite {
        switch: S::switch(),
        description: &S::DESCRIPTION,
        names: S::NAMES,
        types: P::TYPES,
        more: S::MORE,
    }
}

/// Makes an entry for a line of the source. It takes no time, and is there wherever this function is compiled.
///
/// A static cannot name the type of an expression, but a function that is generic over it can, and the assembler puts what a function says
/// into the section of the list.
#[inline(always)]
pub(crate) fn announce<S: Site, P: Described>() {
    macro_rules! entry {
        ($address:literal) => {
            // SAFETY: nothing is executed.
            unsafe {
                core::arch::asm!(
                    concat!(".pushsection ", callsites_section!(), ",\"awR\",@progbits"),
                    ".balign 8",
                    ".8byte {magic}",
                    ".4byte {abi}",
                    ".4byte {bytes}",
                    concat!($address, " {found}"),
                    ".popsection",
                    magic = const SITE_MAGIC,
                    abi = const ABI.to_word(),
                    bytes = const size_of::<Entry>(),
                    found = sym found::<S, P>,
                    options(nomem, nostack, preserves_flags),
                );
            }
        };
    }
    #[cfg(target_pointer_width = "64")]
    entry!(".8byte");
    #[cfg(target_pointer_width = "32")]
    entry!(".4byte");
}

/// An address within this module, if it has callsites.
pub(crate) fn address() -> Option<*const core::ffi::c_void> {
    CALLSITES.first().map(|entry| core::ptr::from_ref(entry).cast())
}

/// Every declared callsite of this module, in the order of the source.
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
    let frequent = FREQUENT.get().copied().unwrap_or_default();
    numbered(CALLSITES.iter().filter_map(Entry::declared), frequent)
}

type Declared = (&'static Switch, ClassBody<'static, &'static FieldType>);

/// Those of these events that are classes, the frequent ones first.
fn numbered(declared: impl Iterator<Item = Declared>, frequent: &[&str]) -> Vec<Encoded> {
    let mut encoded: Vec<Encoded> = Vec::new();
    // Behind the events of each place.
    let mut ends = vec![0; frequent.len() + 1];
    for (switch, body) in declared {
        let place = place((body.provider, body.name), frequent);
        let body = body.encode().unwrap_or_default();
        // A line within a generic function, or one that was inlined, has several entries.
        match encoded.iter_mut().find(|other| core::ptr::eq(other.switch, switch)) {
            Some(other) if other.body == body => {}
            // Its fields have several types: it is no class.
            Some(other) => other.body.clear(),
            None => {
                encoded.insert(ends[place], Encoded { switch, body });
                ends[place..].iter_mut().for_each(|end| *end += 1);
            }
        }
    }
    encoded
}

impl FoundSite {
    fn body(self) -> Declared {
        let mut body = ClassBody::of(self.description);
        body.fields = self.names.iter().copied().zip(self.types.iter().copied()).collect();
        body.fields.extend(self.more.iter().map(|field| (field.name, field.ty)));
        (self.switch, body)
    }
}

/// The place of an event among others, the frequent ones first.
fn place(event: (&str, &str), frequent: &[&str]) -> usize {
    let is_it = |full_name: &&str| full_name.split_once(':').is_some_and(|name| name == event);
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
        docs: &[],
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

    fn declared(switch: &'static Switch, name: &'static str, line: u32) -> Declared {
        let body = ClassBody::of(&DESCRIPTION);
        let (provider, name) = name.split_once(':').expect("both parts");
        (switch, ClassBody { provider, name, line, ..body })
    }

    fn switch() -> &'static Switch {
        Box::leak(Box::new(Switch::new()))
    }

    #[test]
    fn frequent_events_are_numbered_first_and_in_their_order() {
        let names = ["a:y", "b:y", "a:z", "a:x", "b:x", "b:y"];
        let all = names.map(|name| declared(switch(), name, 0));
        let numbered = numbered(all.into_iter(), &["a:x", "none:such", "b:y"]);
        let names = numbered.iter().map(|it| ClassBody::decode_name(&it.body).expect("a class"));
        let names: Vec<_> = names.map(|(provider, name, _)| format!("{provider}:{name}")).collect();
        assert_eq!(names, ["a:x", "b:y", "b:y", "a:y", "a:z", "b:x"]);
    }

    #[test]
    fn a_switch_is_one_class_or_none() {
        let (same, other) = (switch(), switch());
        let all = [(same, 1), (other, 1), (same, 1), (other, 2)];
        let all = all.map(|(switch, line)| declared(switch, "a:x", line));
        let numbered = numbered(all.into_iter(), &[]);
        let is_class: Vec<_> = numbered.iter().map(|it| !it.body.is_empty()).collect();
        assert_eq!(is_class, [true, false]);
    }

    #[test]
    fn the_section_is_named_after_the_version() {
        let version = env!("CARGO_PKG_VERSION").replace(['.', '-', '+'], "_");
        assert_eq!(CALLSITES_NAME, format!("UST_CALLSITES_{version}"));
    }
}
