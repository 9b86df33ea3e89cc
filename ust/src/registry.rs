//! The registry: every callsite of every module, and the rules that switch them.
//!
//! Off the hot path altogether. It allocates, and is changed by one thread at a time, which holds it
//! ([`Holder`](crate::holder::Holder)): a constructor or the agent. Whoever forks meanwhile waits a moment for it (see
//! [`fork`](crate::fork)), no tracepoint ever does.

use crate::callsite::Callsite;
use crate::channel::Channel;
use crate::channel_shape::ChannelShape;
use crate::process_file::ProcessFile;
use crate::slots::Slots;
use ust_core::abi::{Buffers, Geometry, ShmPath};
use ust_core::protocol::{ChannelRules, MAX_CHANNELS, Rules};
use ust_core::shm::Mapping;
use wildmatch::WildMatch;

/// A callsite and what has been said of it.
#[derive(Debug)]
struct Known {
    callsite: &'static Callsite,
    /// `provider:name`.
    full_name: String,
    /// Where it stands in the class log.
    entry_offset: Option<usize>,
    class_id: Option<u32>,
}

/// A channel that has no slot any more.
pub(crate) struct Gone {
    pub(crate) slot: usize,
    /// If it had memory.
    pub(crate) channel: Option<&'static Channel>,
    /// Of the process file, in the channel's directory.
    pub(crate) mirror: Option<&'static Mapping>,
}

/// See the module page.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    known: Vec<Known>,
    rules: Rules,
    next_class_id: u32,
}

impl Registry {
    /// Adds a module's callsites, which are off.
    pub(crate) fn add(&mut self, callsites: impl Iterator<Item = &'static Callsite>) {
        for callsite in callsites {
            let description = callsite.description();
            self.known.push(Known {
                callsite,
                full_name: format!("{}:{}", description.provider, description.name),
                entry_offset: None,
                class_id: None,
            });
        }
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
        for known in &mut self.known {
            if known.entry_offset.is_none() {
                known.entry_offset = process.log_class(known.callsite.description());
            }
            // A class that the log has no room for cannot be recorded: nobody could read it.
            let Some(entry_offset) = known.entry_offset else { continue };
            let matches =
                |globs: &[WildMatch]| globs.iter().any(|glob| glob.matches(&known.full_name));
            let slots = patterns
                .iter()
                .filter(|(_, globs)| matches(globs))
                .fold(0, |all, (bit, _)| all | bit);
            if slots != 0 && known.class_id.is_none() {
                process.assign_class_id(entry_offset, self.next_class_id);
                known.class_id = Some(self.next_class_id);
                self.next_class_id += 1;
            }
            known.callsite.set(known.class_id.unwrap_or(0), slots, slots_of_cpus);
        }
    }
}
