//! The registry: every callsite of every module, and the rules that switch them.
//!
//! Off the hot path altogether. It allocates, and is changed by one thread at a time, which holds it
//! ([`Holder`](crate::lockfree::Holder)): a constructor or the agent. Whoever forks meanwhile waits a moment for it (see
//! [`fork`](crate::fork)), no tracepoint ever does.

mod channels;
mod switching;
#[cfg(test)]
mod tests;

use crate::callsite::Switch;
use crate::channel::Channel;
use crate::mirror::Mirror;
use core::ffi::c_void;
use core::ops::Range;
use std::collections::BTreeMap;
use ust_core::protocol::{ClassBody, Rules};

/// An event class: what a callsite declares, as the class log has it. It outlives the modules that declare it, so that
/// a module which comes again finds its classes, and metadata do not grow.
#[derive(Debug)]
struct Class {
    body: Box<[u8]>,
    /// `provider:name`.
    full_name: String,
    level: u8,
    /// Where it stands in the class log.
    entry_offset: Option<usize>,
    class_id: Option<u32>,
}

/// A callsite of a module that is there.
struct Known {
    module: ModuleId,
    switch: &'static Switch,
    observer: Option<Observer>,
    owner: Owner,
    /// Index of its class.
    class: usize,
}

/// What a module says of one of its callsites when it joins.
pub(crate) struct Declared<'a> {
    /// Where it is switched. It outlives the module's registration.
    pub(crate) switch: &'static Switch,
    /// The class, as the class log has it.
    pub(crate) body: &'a [u8],
    /// Who is told when it is switched.
    pub(crate) observer: Option<Observer>,
    /// The copy of the library that declares it.
    pub(crate) owner: Owner,
}

/// A copy of the library, by the address of its in-process table.
pub(crate) type Owner = usize;

/// Who is told that a callsite is on, or off again: by the thread that switches, which holds the registry.
#[derive(Clone, Copy)]
pub(crate) struct Observer {
    pub(crate) notify: extern "C" fn(data: *mut c_void, is_on: bool),
    pub(crate) data: *mut c_void,
}

/// A module that has joined, by the number of its registration: never used again.
pub(crate) type ModuleId = u64;

/// A channel that has no slot any more.
pub(crate) struct Gone {
    pub(crate) slot: usize,
    /// If it had memory.
    pub(crate) channel: Option<&'static Channel>,
    /// Of the process file, in the channel's directory.
    pub(crate) mirror: Option<&'static Mirror>,
}

/// See the module page.
#[derive(Default)]
pub(crate) struct Registry {
    classes: Vec<Class>,
    /// Their indices, by body.
    by_body: BTreeMap<Box<[u8]>, usize>,
    known: Vec<Known>,
    last_module: ModuleId,
    rules: Rules,
    next_class_id: u32,
    /// What was declared and is no class, and has not been counted in the process file yet.
    left_out: u32,
}

// SAFETY: what observers' data points to is theirs, and they are called from any thread.
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

    /// Takes the callsites of one registration back. Nothing here leads to their memory afterwards.
    pub(crate) fn remove(&mut self, module: ModuleId) {
        self.known.drain(self.known_of(module)).for_each(|known| known.switch.set(0, 0, 0));
        self.give_room_back();
    }

    /// Takes all callsites of a copy of the library back, those that were declared at run time too.
    pub(crate) fn remove_of(&mut self, owner: Owner) {
        let gone = self.known.extract_if(.., |known| known.owner == owner);
        gone.for_each(|known| known.switch.set(0, 0, 0));
        self.give_room_back();
    }

    /// Where the callsites of a module stand: in the order of registrations.
    fn known_of(&self, module: ModuleId) -> Range<usize> {
        let first = self.known.partition_point(|known| known.module < module);
        first..self.known.partition_point(|known| known.module <= module)
    }

    /// Memory of modules that have left; not with each of many that leave.
    fn give_room_back(&mut self) {
        if self.known.len() < self.known.capacity() / 4 {
            self.known.shrink_to(2 * self.known.len());
        }
    }

    /// `None` if the body is none: it is beyond the [bounds](ust_core::wire::bounds) of a class, or another copy of the
    /// library has made it.
    fn class_of(&mut self, body: &[u8]) -> Option<usize> {
        if let Some(index) = self.by_body.get(body) {
            return Some(*index);
        }
        let declared = ClassBody::decode(body)?;
        let (full_name, level) = (declared.full_name(), declared.level);
        let body = Box::<[u8]>::from(body);
        self.by_body.insert(body.clone(), self.classes.len());
        self.classes.push(Class { body, full_name, level, entry_offset: None, class_id: None });
        Some(self.classes.len() - 1)
    }

    /// Takes other rules. Nothing changes by it but what is said here later.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }
}
