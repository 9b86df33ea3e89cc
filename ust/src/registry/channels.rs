//! Channels that the rules name get a slot, and those that they do not name lose theirs.

use super::{Gone, Registry};
use crate::channel::Channel;
use crate::channel_shape::ChannelShape;
use crate::process_file::ProcessFile;
use crate::slots::Slots;
use ust_core::abi::{Geometry, ShmPath};
use ust_core::protocol::MAX_CHANNELS;

impl Registry {
    /// Makes a channel for each that is new, or had no memory.
    pub(crate) fn add_channels(&mut self, slots: &Slots, process: Option<&ProcessFile>) {
        for wanted in self.rules.channels() {
            // Nobody could read records without what the channel says that they have.
            if !wanted.contexts.is_empty() {
                continue;
            }
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

    /// Switches off what the rules do not name, and takes its channels out of their slots.
    pub(crate) fn remove_channels(
        &mut self,
        slots: &Slots,
        process: &ProcessFile,
        gone: &mut [Option<Gone>; MAX_CHANNELS],
    ) {
        let is_named = |uid| self.rules.channels().any(|rules| rules.channel_uid == uid);
        let is_gone = |slot: &usize| slots.channel_uid(*slot).is_some_and(|uid| !is_named(uid));
        let unnamed: Vec<_> = (0..MAX_CHANNELS).filter(is_gone).collect();
        if unnamed.is_empty() {
            return;
        }
        self.switch_all(slots, process);
        for slot in unnamed {
            let channel = slots.channel(slot);
            slots.set_channel(slot, None);
            slots.set_starved(slot, None);
            gone[slot] = Some(Gone { slot, channel, mirror: process.take_mirror(slot) });
        }
    }

    /// Puts the rules into force that were set: makes the channels that they name, and switches callsites.
    pub(crate) fn enforce(&mut self, slots: &Slots, process: &ProcessFile) {
        self.add_channels(slots, Some(process));
        self.switch_all(slots, process);
    }
}
