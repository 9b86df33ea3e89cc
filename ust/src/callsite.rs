//! Callsites: the switch that each tracepoint tests, and the number that its records carry.
//!
//! ```text
//!    63 ........ 32 31 .. 28   27         7 ...... 0
//!   +--------------+--------+------+-----+------------+      one word, so that whoever sees an event on
//!   | class id     | fast   | of   |  0  | channels,  |      also sees the number that it has
//!   +--------------+ slot   | CPUs |     | a bit for  |
//!                  +--------+------+     | each slot  |      fast slot, of CPUs: what the fast path would have to
//!                                        +------------+      find out of the rest with every event
//! ```
//!
//! Written by whoever applies rules (see [`crate::instance`]), one at a time; read by every tracepoint.

use crate::lockfree::Announced64;
use ust_core::event::EventDescription;
use ust_core::wire::MAX_COMPACT_ID;

/// How many values [`CallsiteState::fast_slot`] may have: what is indexed by it has as many places.
pub const SLOT_VALUES: usize = 16;

/// How many slots there is a bit for. A byte: processors compare those.
pub const SLOTS: usize = 8;

/// No channel's slot.
pub const NO_SLOT: usize = SLOT_VALUES - 1;

const FAST_SLOT_SHIFT: u32 = u32::BITS - SLOT_VALUES.trailing_zeros();
const IS_OF_CPUS: u32 = 1 << (FAST_SLOT_SHIFT - 1);
const SLOTS_MASK: u32 = (1 << SLOTS) - 1;

/// The word that a tracepoint tests. Whoever applies rules may be another copy of this code: to it the word is all there is.
#[derive(Debug)]
#[repr(transparent)]
pub struct CallsiteWord(Announced64);

/// One `#[tracepoint]` of the program.
#[derive(Debug)]
pub struct Callsite {
    word: CallsiteWord,
    description: &'static EventDescription,
}

/// What a callsite's word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallsiteState(u64);

impl CallsiteState {
    /// The event's number in this process.
    #[inline(always)]
    pub const fn class_id(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// One bit for each channel slot that records it.
    #[inline(always)]
    pub const fn slots(self) -> u32 {
        self.0 as u32 & SLOTS_MASK
    }

    /// Whether any channel records the event.
    #[inline(always)]
    pub const fn is_on(self) -> bool {
        self.slots() != 0
    }

    /// The slot that records it, if it is one only and the event's number fits a short header; else [`NO_SLOT`].
    /// Below [`SLOT_VALUES`].
    #[inline(always)]
    pub const fn fast_slot(self) -> usize {
        (self.0 as u32 >> FAST_SLOT_SHIFT) as usize
    }

    /// Whether the channel at the fast slot had streams of CPUs when the word was set. A hint.
    #[inline(always)]
    pub const fn is_of_cpus(self) -> bool {
        self.0 as u32 & IS_OF_CPUS != 0
    }

    const fn with(class_id: u32, slots: u32, slots_of_cpus: u32) -> Self {
        let is_fast = slots.is_power_of_two() && class_id <= MAX_COMPACT_ID;
        let fast_slot = if is_fast { slots.trailing_zeros() } else { NO_SLOT as u32 };
        let of_cpus = if is_fast && slots & slots_of_cpus != 0 { IS_OF_CPUS } else { 0 };
        let lower = fast_slot << FAST_SLOT_SHIFT | of_cpus | slots;
        Self((class_id as u64) << 32 | lower as u64)
    }
}

impl CallsiteWord {
    /// The word of a callsite that is off.
    #[allow(clippy::new_without_default)] // Nothing else is as good a start.
    pub const fn new() -> Self {
        Self(Announced64::nothing())
    }

    /// What it says. What the event's number stands for is in the class log by now, and the runtime that its module has
    /// joined is known.
    #[inline(always)]
    pub fn state(&self) -> CallsiteState {
        CallsiteState(self.0.get())
    }

    /// Sets number and channels at once. `slots_of_cpus` are those of all channels that have streams of CPUs.
    pub(crate) fn set(&self, class_id: u32, slots: u32, slots_of_cpus: u32) {
        self.0.set(CallsiteState::with(class_id, slots, slots_of_cpus).0);
    }
}

impl Callsite {
    /// A callsite that is off.
    pub const fn new(description: &'static EventDescription) -> Self {
        Self { word: CallsiteWord::new(), description }
    }

    /// Its word.
    #[inline(always)]
    pub fn word(&self) -> &CallsiteWord {
        &self.word
    }

    /// What the word says.
    #[inline(always)]
    pub fn state(&self) -> CallsiteState {
        self.word.state()
    }

    /// What the tracepoint declares.
    pub fn description(&self) -> &'static EventDescription {
        self.description
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_one_channel_and_a_small_number_names_its_slot() {
        let all = |state: CallsiteState| (state.fast_slot(), state.slots(), state.class_id());
        for slot in 0..8 {
            let with = |class_id| CallsiteState::with(class_id, 1 << slot, 0b0100);
            assert_eq!(with(0).is_of_cpus(), slot == 2);
            assert!(!with(MAX_COMPACT_ID + 1).is_of_cpus());
            assert_eq!(all(with(MAX_COMPACT_ID)), (slot, 1 << slot, MAX_COMPACT_ID));
            assert_eq!(all(with(MAX_COMPACT_ID + 1)), (NO_SLOT, 1 << slot, MAX_COMPACT_ID + 1));
            assert_eq!(all(with(u32::MAX)), (NO_SLOT, 1 << slot, u32::MAX));
        }
        for slots in [0, 0b11, 0xff] {
            let state = CallsiteState::with(7, slots, 0xff);
            assert_eq!((all(state), state.is_of_cpus()), ((NO_SLOT, slots, 7), false));
        }
    }
}
