//! Switches callsites: which channels record them, under which class number.

use super::{Known, ModuleId, Registry};
use crate::process_file::ProcessFile;
use crate::slots::Slots;
use ust_core::abi::Buffers;
use ust_core::protocol::{Block, ChannelRules, Rules};

/// The rules in force, by slot.
struct Switching<'r> {
    /// The active channels, each with the bit of its slot.
    channels: Vec<(u64, &'r ChannelRules)>,
    /// The slots of channels whose streams are per CPU.
    slots_of_cpus: u64,
}

impl<'r> Switching<'r> {
    fn by(rules: &'r Rules, slots: &Slots) -> Self {
        let slot_of = |rules: &ChannelRules| slots.slot_of(rules.channel_uid);
        let active = rules.channels().filter(|rules| rules.is_active);
        let channels = active.filter_map(|rules| Some((1 << slot_of(rules)?, rules)));
        let of_cpus = rules.channels().filter(|rules| rules.buffers == Buffers::PerCpu);
        let slots_of_cpus = of_cpus.filter_map(slot_of).fold(0, |all, slot| all | 1 << slot);
        Self { channels: channels.collect(), slots_of_cpus }
    }

    /// The slots of the channels that record an event.
    fn slots(&self, full_name: &str, level: u8) -> u64 {
        // This runtime cannot run filters, so a rule with a filter matches nothing.
        let records = |(_, rules): &&(u64, &ChannelRules)| {
            let mut can_be_asked = rules.events.iter().filter(|Block(rule)| rule.filter.is_empty());
            can_be_asked.any(|Block(rule)| rule.names(full_name, level))
        };
        self.channels.iter().filter(records).fold(0, |all, (bit, _)| all | bit)
    }
}

impl Registry {
    /// Switches every callsite by the rules in force.
    pub(crate) fn switch_all(&mut self, slots: &Slots, process: &ProcessFile) {
        self.switch_from(0, slots, process);
    }

    /// Switches the callsites of the module that was added last.
    pub(crate) fn switch_added(&mut self, module: ModuleId, slots: &Slots, process: &ProcessFile) {
        self.switch_from(self.known_of(module).start, slots, process);
    }

    /// Logs classes that are not in the log yet, and sets the switches of the callsites from
    /// `first` on.
    fn switch_from(&mut self, first: usize, slots: &Slots, process: &ProcessFile) {
        let switching = Switching::by(&self.rules, slots);
        process.leave_out(core::mem::take(&mut self.left_out));
        for Known { switch, observer, class, .. } in &self.known[first..] {
            let class = &mut self.classes[*class];
            if class.entry_offset.is_none() {
                class.entry_offset = process.log_class(&class.body);
            }
            // A class that the log has no room for is not recorded: nobody could read its records.
            let Some(entry_offset) = class.entry_offset else { continue };
            let slots = switching.slots(&class.full_name, class.level);
            if slots != 0 && class.class_id.is_none() {
                process.assign_class_id(entry_offset, self.next_class_id);
                class.class_id = Some(self.next_class_id);
                self.next_class_id += 1;
            }
            let was_on = switch.state().is_on();
            switch.set(class.class_id.unwrap_or(0), slots, switching.slots_of_cpus);
            if let Some(observer) = observer.filter(|_| was_on != (slots != 0)) {
                (observer.notify)(observer.data, slots != 0);
            }
        }
    }
}
