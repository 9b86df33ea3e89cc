//! The registry: every callsite of every module, and the rules that switch callsites.
//!
//! Never used on the hot path. It allocates. One thread at a time changes it, and holds it meanwhile
//! ([`Holder`](crate::lockfree::Holder)): a constructor or the agent. A thread that forks waits for it for a moment
//! (see [`fork`](crate::fork)); no tracepoint ever does.

mod channels;
mod switching;
#[cfg(test)]
mod tests;

use crate::callsite::Switch;
use crate::channel::Channel;
use crate::mirror::Mirror;
use core::ffi::c_void;
use core::ops::Range;
use ust_core::protocol::{ClassBody, Rules};
use ust_core::wire::bounds::MAX_CLASS_BYTES;

/// An event class: what a callsite declares, as the class log has it. It outlives the modules that declare it, so a
/// module that is loaded again finds its classes, and the metadata does not grow.
#[derive(Debug)]
struct Class {
    body: Box<[u8]>,
    /// `provider:name`.
    full_name: String,
    level: u8,
    /// The offset of its entry in the process file, once it is logged.
    entry_offset: Option<usize>,
    class_id: Option<u32>,
}

/// A callsite of a loaded module.
struct Known {
    module: ModuleId,
    switch: &'static Switch,
    observer: Option<Observer>,
    owner: Owner,
    /// Index of its class.
    class: usize,
}

/// What a module declares of one of its callsites when it joins.
pub(crate) struct Declared<'a> {
    /// The callsite's switch, which outlives the module's registration.
    pub(crate) switch: &'static Switch,
    /// The class, as the class log has it.
    pub(crate) body: &'a [u8],
    /// Called when the callsite is switched.
    pub(crate) observer: Option<Observer>,
    /// The copy of the library that declares it.
    pub(crate) owner: Owner,
}

/// A copy of the library, by the address of its in-process table.
pub(crate) type Owner = usize;

/// The owner of the callsites of the runtime's own module, which never leaves.
pub(crate) const OWN: Owner = 0;

/// Called when a callsite is switched on or off, by the thread that switches, which holds the registry.
#[derive(Clone, Copy)]
pub(crate) struct Observer {
    pub(crate) notify: extern "C" fn(data: *mut c_void, is_on: bool),
    pub(crate) data: *mut c_void,
}

/// A module that has joined, by the number of its registration, which is never reused.
pub(crate) type ModuleId = u64;

/// A channel that has lost its slot.
pub(crate) struct Gone {
    pub(crate) slot: usize,
    /// None if it had no memory.
    pub(crate) channel: Option<&'static Channel>,
    /// The process file's mirror in the channel's directory, if it must be freed too.
    pub(crate) mirror: Option<&'static Mirror>,
}

/// See the module page.
#[derive(Default)]
pub(crate) struct Registry {
    classes: Vec<Class>,
    /// The index of each class, in the order of their bodies.
    by_body: Vec<usize>,
    known: Vec<Known>,
    has_own: bool,
    last_module: ModuleId,
    rules: Rules,
    next_class_id: u32,
    /// The number of declared bodies that are no class, as far as the process file has not counted them yet.
    left_out: u32,
}

// SAFETY: an observer's data is its own, and the observer may be called from any thread.
#[allow(unsafe_code)]
unsafe impl Send for Registry {}

impl Registry {
    /// Adds a module's callsites, which are off.
    pub(crate) fn add<'a>(&mut self, declared: impl Iterator<Item = Declared<'a>>) -> ModuleId {
        self.last_module += 1;
        for Declared { switch, body, observer, owner } in declared {
            let Some(class) = self.class_of(body) else {
                self.left_out += 1;
                continue;
            };
            self.known.push(Known { module: self.last_module, switch, observer, owner, class });
        }
        self.last_module
    }

    /// Adds the callsites of the runtime's own module, which are off.
    pub(crate) fn add_own<'a>(&mut self, declared: impl Iterator<Item = Declared<'a>>) {
        self.has_own = true;
        self.add(declared);
    }

    /// Whether it has those.
    pub(crate) fn has_own(&self) -> bool {
        self.has_own
    }

    /// Switches every callsite off, in a process that is not traced. Observers are not told.
    pub(crate) fn silence(&mut self) {
        self.known.iter().for_each(|known| known.switch.set(0, 0, 0));
    }

    /// Removes the callsites of one registration. Nothing here points to their memory afterwards.
    pub(crate) fn remove(&mut self, module: ModuleId) {
        self.known.drain(self.known_of(module)).for_each(|known| known.switch.set(0, 0, 0));
        self.give_room_back();
    }

    /// Removes all callsites of a copy of the library, including those declared at run time.
    pub(crate) fn remove_of(&mut self, owner: Owner) {
        let gone = self.known.extract_if(.., |known| known.owner == owner);
        gone.for_each(|known| known.switch.set(0, 0, 0));
        self.give_room_back();
    }

    /// The range of a module's callsites: callsites are in the order of their registrations.
    fn known_of(&self, module: ModuleId) -> Range<usize> {
        let first = self.known.partition_point(|known| known.module < module);
        first..self.known.partition_point(|known| known.module <= module)
    }

    /// Frees the memory of modules that have left, but not at each of many that leave.
    fn give_room_back(&mut self) {
        if self.known.len() < self.known.capacity() / 4 {
            self.known.shrink_to(2 * self.known.len());
        }
    }

    /// `None` if the body is no class: it is empty, because what it declares is beyond the [bounds](ust_core::wire::bounds), or it is
    /// longer than the log takes. Whether its types can be understood, the consumer decides.
    fn class_of(&mut self, body: &[u8]) -> Option<usize> {
        let of = |index: &usize| (*self.classes[*index].body).cmp(body);
        let place = match self.by_body.binary_search_by(of) {
            Ok(place) => return Some(self.by_body[place]),
            Err(place) => place,
        };
        let (provider, name, level) =
            ClassBody::decode_name(body).filter(|_| body.len() <= MAX_CLASS_BYTES)?;
        let full_name = provider.to_owned() + ":" + name;
        let body = Box::from(body);
        self.by_body.insert(place, self.classes.len());
        self.classes.push(Class { body, full_name, level, entry_offset: None, class_id: None });
        Some(self.classes.len() - 1)
    }

    /// Stores new rules. They take effect when channels are next added or removed, or callsites switched.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }
}
