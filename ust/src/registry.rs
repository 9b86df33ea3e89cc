//! The registry: every callsite of every module, and the rules that switch them.
//!
//! Off the hot path altogether. It allocates, and is changed by one thread at a time, which holds it
//! ([`Holder`](crate::lockfree::Holder)): a constructor or the agent. Whoever forks meanwhile waits a moment for it (see
//! [`fork`](crate::fork)), no tracepoint ever does.

use crate::callsite::CallsiteWord;
use crate::channel::Channel;
use crate::channel_shape::ChannelShape;
use crate::process_file::ProcessFile;
use crate::slots::Slots;
use core::ffi::c_void;
use std::collections::BTreeMap;
use ust_core::abi::{Buffers, Geometry, ShmPath};
use ust_core::protocol::{ChannelRules, MAX_CHANNELS, Rules};
use ust_core::shm::Mapping;
use wildmatch::WildMatch;

/// An event class: what a callsite declares, as the class log has it. It outlives the modules that declare it, so that
/// a module which comes again finds its classes, and metadata do not grow.
#[derive(Debug)]
struct Class {
    body: Box<[u8]>,
    /// `provider:name`.
    full_name: String,
    /// Where it stands in the class log.
    entry_offset: Option<usize>,
    class_id: Option<u32>,
}

/// A callsite of a module that is there.
struct Known {
    module: ModuleId,
    word: &'static CallsiteWord,
    observer: Option<Observer>,
    owner: Owner,
    /// Index of its class.
    class: usize,
}

/// What a module says of one of its callsites when it joins.
pub(crate) struct Declared<'a> {
    /// Where it is switched. It outlives the module's registration.
    pub(crate) word: &'static CallsiteWord,
    /// The class, as the class log has it.
    pub(crate) body: &'a [u8],
    /// `provider:name`.
    pub(crate) full_name: &'a str,
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
    pub(crate) mirror: Option<&'static Mapping>,
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
}

// SAFETY: what observers' data points to is theirs, and they are called from any thread.
#[allow(unsafe_code)]
unsafe impl Send for Registry {}

impl Registry {
    /// Adds a module's callsites, which are off.
    pub(crate) fn add<'a>(&mut self, declared: impl Iterator<Item = Declared<'a>>) -> ModuleId {
        self.last_module += 1;
        for Declared { word, body, full_name, observer, owner } in declared {
            let class = self.class_of(body, full_name);
            self.known.push(Known { module: self.last_module, word, observer, owner, class });
        }
        self.last_module
    }

    /// Takes the callsites of one registration back. Nothing here leads to their memory afterwards.
    pub(crate) fn remove(&mut self, module: ModuleId) {
        self.remove_where(|known| known.module == module);
    }

    /// Takes all callsites of a copy of the library back, those that were declared at run time too.
    pub(crate) fn remove_of(&mut self, owner: Owner) {
        self.remove_where(|known| known.owner == owner);
    }

    fn remove_where(&mut self, is_gone: impl Fn(&Known) -> bool) {
        self.known.iter().filter(|known| is_gone(known)).for_each(|known| known.word.set(0, 0, 0));
        self.known.retain(|known| !is_gone(known));
        self.known.shrink_to_fit();
    }

    fn class_of(&mut self, body: &[u8], full_name: &str) -> usize {
        if let Some(index) = self.by_body.get(body) {
            return *index;
        }
        let (body, full_name) = (Box::<[u8]>::from(body), full_name.to_owned());
        self.by_body.insert(body.clone(), self.classes.len());
        self.classes.push(Class { body, full_name, entry_offset: None, class_id: None });
        self.classes.len() - 1
    }

    /// Takes other rules. Nothing changes by it but what is said here later.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Makes a channel for each that is new, or had no memory.
    pub(crate) fn add_channels(&mut self, slots: &Slots, process: Option<&ProcessFile>) {
        for wanted in &self.rules.channels {
            let own_slot = slots.slot_of(wanted.channel_uid);
            if own_slot.is_some_and(|slot| slots.channel(slot).is_some()) {
                continue;
            }
            let geometry = Geometry::new(wanted.subbuf_size_bytes, wanted.subbuf_count.into());
            let free_slot = || (0..MAX_CHANNELS).find(|slot| slots.channel_uid(*slot).is_none());
            let shm_path =
                match wanted.shm_path.as_deref().map(|path| ShmPath::new(path.as_bytes())) {
                    // Rings that the user wants to find again are not made where nobody would.
                    Some(None) => continue,
                    Some(path) => path.map(|path| path.in_directory(wanted.shm_dir)),
                    None => None,
                };
            let (Ok(geometry), Some(slot)) = (geometry, own_slot.or_else(free_slot)) else {
                continue;
            };
            let shape = ChannelShape {
                uid: wanted.channel_uid,
                geometry,
                clock: wanted.clock,
                buffers: wanted.buffers,
                mode: wanted.mode,
                residency: wanted.residency,
                shm_path,
            };
            if let Some(process) = process.filter(|_| own_slot.is_none()) {
                process.set_mirror(slot, shape.shm_path);
                process.begin_losses(slot, shape.uid);
            }
            let placed = Channel::place(shape).ok();
            // In this order the slot is never nobody's, if the channel had it before.
            slots.set_channel(slot, placed);
            slots.set_starved(slot, placed.is_none().then_some(shape.uid));
        }
    }

    /// Takes the channels out of their slots that the rules do not name.
    pub(crate) fn remove_channels(
        &mut self,
        slots: &Slots,
        process: Option<&ProcessFile>,
        gone: &mut [Option<Gone>; MAX_CHANNELS],
    ) {
        let is_named = |uid| self.rules.channels.iter().any(|rules| rules.channel_uid == uid);
        let is_gone = |slot: &usize| slots.channel_uid(*slot).is_some_and(|uid| !is_named(uid));
        let take = |slot| {
            let channel = slots.channel(slot);
            slots.set_channel(slot, None);
            slots.set_starved(slot, None);
            let mirror = process.and_then(|process| process.take_mirror(slot));
            Gone { slot, channel, mirror }
        };
        (0..MAX_CHANNELS).filter(is_gone).for_each(|slot| gone[slot] = Some(take(slot)));
    }

    /// Logs every class that is not, and sets every callsite's word.
    pub(crate) fn switch_all(&mut self, slots: &Slots, process: &ProcessFile) {
        let slot_of = |rules: &ChannelRules| slots.slot_of(rules.channel_uid);
        let patterns =
            self.rules.channels.iter().filter(|rules| rules.is_active).filter_map(|rules| {
                let globs =
                    rules.events.iter().map(|glob| WildMatch::new(glob)).collect::<Vec<_>>();
                Some((1u32 << slot_of(rules)?, globs))
            });
        let patterns: Vec<_> = patterns.collect();
        let is_of_cpus = |rules: &&ChannelRules| rules.buffers == Buffers::PerCpu;
        let of_cpus = self.rules.channels.iter().filter(is_of_cpus).filter_map(slot_of);
        let slots_of_cpus = of_cpus.fold(0, |all, slot| all | 1 << slot);
        for known in &self.known {
            let class = &mut self.classes[known.class];
            if class.entry_offset.is_none() {
                class.entry_offset = process.log_class(&class.body);
            }
            // A class that the log has no room for cannot be recorded: nobody could read it.
            let Some(entry_offset) = class.entry_offset else { continue };
            let matches =
                |globs: &[WildMatch]| globs.iter().any(|glob| glob.matches(&class.full_name));
            let slots = patterns
                .iter()
                .filter(|(_, globs)| matches(globs))
                .fold(0, |all, (bit, _)| all | bit);
            if slots != 0 && class.class_id.is_none() {
                process.assign_class_id(entry_offset, self.next_class_id);
                class.class_id = Some(self.next_class_id);
                self.next_class_id += 1;
            }
            let was_on = known.word.state().is_on();
            known.word.set(class.class_id.unwrap_or(0), slots, slots_of_cpus);
            if let Some(observer) = known.observer.filter(|_| was_on != (slots != 0)) {
                (observer.notify)(observer.data, slots != 0);
            }
        }
    }
}
