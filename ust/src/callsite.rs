//! Callsites: the switch that each tracepoint tests, and the class number that its records carry.
//!
//! ```text
//!    63 ...... 32 31 ... 25   24  23 ... 17 16 . 1  0
//!   +------------+---------+-----+---------+------+----+    word: a thread that sees an event on also sees its class
//!   | class id   | fast    | of  | only    |  0   | on |          number. The slots are stored, to spare the fast path
//!   |            | slot    | CPUs| slot    |      |    |          from computing them at each event
//!   +------------+---------+-----+---------+------+----+
//!   +--------------------------------------------------+
//!   | channels, a bit for each slot                    |    slots: for events that several channels record, and for
//!   +--------------------------------------------------+           the slow path
//! ```
//!
//! One thread at a time applies rules and writes these words (see [`crate::instance`]). Every tracepoint reads them.

use crate::lockfree::Announced64;
use core::mem::offset_of;
use ust_core::event::EventDescription;
use ust_core::protocol::MAX_CHANNELS;
use ust_core::wire::MAX_COMPACT_ID;

/// The number of values that [`CallsiteState::fast_slot`] may have: arrays indexed by it have that many places.
pub const SLOT_VALUES: usize = 128;

/// A slot value that names no channel.
pub const NO_SLOT: usize = SLOT_VALUES - 1;

const _: () = assert!(MAX_CHANNELS <= u64::BITS as usize && MAX_CHANNELS <= NO_SLOT);

const FAST_SLOT_SHIFT: u32 = u32::BITS - SLOT_VALUES.trailing_zeros();
const IS_OF_CPUS: u32 = 1 << (FAST_SLOT_SHIFT - 1);
const ONLY_SLOT_SHIFT: u32 = FAST_SLOT_SHIFT - 1 - SLOT_VALUES.trailing_zeros();
const IS_ON: u32 = 1;

/// What a tracepoint tests. The runtime that applies rules may be another copy of this code, and sees no more of a
/// callsite than its switch.
#[derive(Debug)]
#[repr(C)]
pub struct Switch {
    word: Announced64,
    slots: Announced64,
}

/// One `#[tracepoint]` of the program.
#[derive(Debug)]
pub struct Callsite {
    switch: Switch,
    description: &'static EventDescription,
}

/// The value of a switch's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallsiteState(u64);

impl CallsiteState {
    /// The event's number in this process.
    #[inline(always)]
    pub const fn class_id(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Whether any channel records the event.
    #[inline(always)]
    pub const fn is_on(self) -> bool {
        self.0 as u32 & IS_ON != 0
    }

    /// The slot of the only channel that records the event, if the event's number fits a short header; else
    /// [`NO_SLOT`]. Below [`SLOT_VALUES`].
    #[inline(always)]
    pub const fn fast_slot(self) -> usize {
        (self.0 as u32 >> FAST_SLOT_SHIFT) as usize
    }

    /// The slot of the only channel that records the event; else [`NO_SLOT`]. Below [`SLOT_VALUES`].
    #[inline(always)]
    pub const fn only_slot(self) -> usize {
        (self.0 as u32 >> ONLY_SLOT_SHIFT) as usize % SLOT_VALUES
    }

    /// Whether the channel at the fast slot had per-CPU streams when the word was set. A hint.
    #[inline(always)]
    pub const fn is_of_cpus(self) -> bool {
        self.0 as u32 & IS_OF_CPUS != 0
    }

    const fn with(class_id: u32, slots: u64, slots_of_cpus: u64) -> Self {
        let only_slot =
            if slots.is_power_of_two() { slots.trailing_zeros() } else { NO_SLOT as u32 };
        let is_fast = slots.is_power_of_two() && class_id <= MAX_COMPACT_ID;
        let fast_slot = if is_fast { only_slot } else { NO_SLOT as u32 };
        let of_cpus = if is_fast && slots & slots_of_cpus != 0 { IS_OF_CPUS } else { 0 };
        let is_on = if slots != 0 { IS_ON } else { 0 };
        let lower = fast_slot << FAST_SLOT_SHIFT | of_cpus | only_slot << ONLY_SLOT_SHIFT | is_on;
        Self((class_id as u64) << 32 | lower as u64)
    }
}

impl Switch {
    /// The offsets by which other copies of this code find the fields.
    #[cfg(test)]
    pub(crate) const FIELDS: [(&str, usize); 2] =
        [("word", offset_of!(Switch, word)), ("slots", offset_of!(Switch, slots))];

    /// A switch that is off.
    #[allow(clippy::new_without_default)] // A switch has no obvious default.
    pub const fn new() -> Self {
        Self { word: Announced64::nothing(), slots: Announced64::nothing() }
    }

    /// The value of its word. If it says on, the class of its number is in the class log, and this copy knows which
    /// runtime it has joined.
    #[inline(always)]
    pub fn state(&self) -> CallsiteState {
        CallsiteState(self.word.get())
    }

    /// The slots that record the event, one bit each. A thread that loads the word after this finds the event's number
    /// for these slots.
    pub fn slots(&self) -> u64 {
        self.slots.get()
    }

    /// Sets the class number and the channels. `slots_of_cpus` are the slots of all channels with per-CPU streams.
    pub(crate) fn set(&self, class_id: u32, slots: u64, slots_of_cpus: u64) {
        self.word.set(CallsiteState::with(class_id, slots, slots_of_cpus).0);
        // After the word, which has the number for these slots.
        self.slots.set(slots);
    }
}

impl Callsite {
    /// For assembly: the byte of a callsite that has [`IS_ON_BIT`](Self::IS_ON_BIT).
    pub const SWITCH_BYTE: usize = offset_of!(Callsite, switch)
        + offset_of!(Switch, word)
        + if cfg!(target_endian = "big") { size_of::<u64>() - 1 } else { 0 };

    /// The bit which says that some channel records the event. Who finds it set looks again, by [`Callsite::state`].
    pub const IS_ON_BIT: u32 = IS_ON.trailing_zeros();

    /// A callsite that is off.
    pub const fn new(description: &'static EventDescription) -> Self {
        Self { switch: Switch::new(), description }
    }

    /// Its switch.
    #[inline(always)]
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// The state of its switch.
    #[inline(always)]
    pub fn state(&self) -> CallsiteState {
        self.switch.state()
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
    #[allow(unsafe_code)]
    fn assembly_finds_whether_an_event_is_on() {
        static DESCRIPTION: EventDescription = EventDescription {
            provider: "p",
            name: "n",
            level: ust_core::event::Level::Info,
            fields: &[],
            file: "",
            line: 0,
            module_path: "",
            docs: &[],
        };
        let callsite = Callsite::new(&DESCRIPTION);
        let is_on = || {
            // SAFETY: a byte of the callsite.
            let byte = unsafe { *(&raw const callsite).cast::<u8>().add(Callsite::SWITCH_BYTE) };
            byte & 1 << Callsite::IS_ON_BIT != 0
        };
        assert!(!is_on());
        callsite.switch().set(u32::MAX, 0, u64::MAX);
        assert!(!is_on());
        callsite.switch().set(0, 1, 0);
        assert!(is_on());
    }

    #[test]
    fn an_event_of_one_channel_and_a_small_number_names_its_slot() {
        let all = |state: CallsiteState| (state.fast_slot(), state.only_slot(), state.class_id());
        for slot in 0..MAX_CHANNELS {
            let with = |class_id| CallsiteState::with(class_id, 1 << slot, 0b0100);
            assert!(with(0).is_on());
            assert_eq!(with(0).is_of_cpus(), slot == 2);
            assert!(!with(MAX_COMPACT_ID + 1).is_of_cpus());
            assert_eq!(all(with(MAX_COMPACT_ID)), (slot, slot, MAX_COMPACT_ID));
            assert_eq!(all(with(MAX_COMPACT_ID + 1)), (NO_SLOT, slot, MAX_COMPACT_ID + 1));
            assert_eq!(all(with(u32::MAX)), (NO_SLOT, slot, u32::MAX));
        }
        for slots in [0, 0b11, 1 << 63 | 1, u64::MAX] {
            let state = CallsiteState::with(7, slots, u64::MAX);
            assert_eq!((all(state), state.is_of_cpus()), ((NO_SLOT, NO_SLOT, 7), false));
            assert_eq!(state.is_on(), slots != 0);
        }
    }
}
