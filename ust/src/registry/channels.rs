//! Gives a slot to each channel that the rules name, and takes the slot from each that they no longer
//! name.

use super::{Gone, Registry};
use crate::channel::Channel;
use crate::channel_shape::ChannelShape;
use crate::process_file::ProcessFile;
use crate::slots::Slots;
use ust_core::abi::{Geometry, ShmPath};
use ust_core::protocol::MAX_CHANNELS;

impl Registry {
    /// Makes each channel that is new, or that had no memory.
    pub(crate) fn add_channels(&mut self, slots: &Slots, process: Option<&ProcessFile>) {
        for wanted in self.rules.channels() {
            // This runtime writes no contexts. A reader would expect them in the records, and could not
            // decode these.
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
                    // The user wants to find these rings again: do not make them elsewhere.
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
            // In this order, a slot that the channel already had is never without a channel.
            slots.set_channel(slot, placed);
            slots.set_starved(slot, placed.is_none().then_some(shape.uid));
        }
    }

    /// Switches off the channels that the rules do not name, and takes them out of their slots.
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

    /// Enforces the rules that were set: makes the channels that they name, and switches callsites.
    pub(crate) fn enforce(&mut self, slots: &Slots, process: &ProcessFile) {
        self.add_channels(slots, Some(process));
        self.switch_all(slots, process);
    }
}
