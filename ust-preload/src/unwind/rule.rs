//! How the registers of a caller are found.
//!
//! ```text
//!   63          44 43        24 23         4 3    0
//!   | link at     | fp at      | frame ends | kind |      distances in words, those of link and fp from the frame's end
//! ```

use super::machine::{Registers, Value, unsigned};
use core::num::NonZeroU64;

/// What distances in rules count.
const WORD_BYTES: i64 = size_of::<usize>() as i64;

const DISTANCE_BITS: u32 = 20;
const DISTANCE_MAX: i64 = (1 << (DISTANCE_BITS - 1)) - 1;
/// Stands for a register that is not saved.
const NOT_SAVED: i64 = -DISTANCE_MAX - 1;

/// Where functions return to, on machines whose calls put that on the stack: it lies at the end of each frame.
const LINK: Option<i64> = if cfg!(target_arch = "x86_64") { Some(-1) } else { None };

const END: u64 = 1;
const AS_TABLES_SAY: u64 = 2;
const FROM_SP: u64 = 3;
const FROM_FP: u64 = 4;
const KIND_BITS: u32 = 4;

/// See the module page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule(NonZeroU64);

/// A frame as most are: where it ends, and where in it the caller's registers are.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    is_from_fp: bool,
    end: i64,
    /// From the end.
    fp: i64,
    /// From the end: where the function returns to.
    link: i64,
}

impl Rule {
    /// The function has no caller, or nothing is known of it.
    pub const END: Self = Self(NonZeroU64::new(END).unwrap());
    /// The tables must be asked each time.
    pub const AS_TABLES_SAY: Self = Self(NonZeroU64::new(AS_TABLES_SAY).unwrap());

    /// As a word.
    #[inline(always)]
    pub fn to_word(self) -> u64 {
        self.0.get()
    }

    /// That of such a word. `None` for 0.
    #[inline(always)]
    pub fn of_word(word: u64) -> Option<Self> {
        NonZeroU64::new(word).map(Self)
    }

    /// The frame, if the rule is one.
    #[inline(always)]
    pub fn frame(self) -> Option<Frame> {
        let word = self.to_word();
        let distance = |at: u32| {
            let above = u64::BITS - (KIND_BITS + (at + 1) * DISTANCE_BITS);
            (word << above) as i64 >> (u64::BITS - DISTANCE_BITS)
        };
        let kind = word & ((1 << KIND_BITS) - 1);
        let (end, fp, link) = (distance(0), distance(1), LINK.unwrap_or(distance(2)));
        (kind >= FROM_SP).then_some(Frame { is_from_fp: kind == FROM_FP, end, fp, link })
    }
}

impl Frame {
    /// A frame whose end lies so many bytes above one of the registers, with what is saved so many bytes from there. `None` if
    /// that does not fit.
    pub fn new(is_from_fp: bool, end: i64, fp: Option<i64>, link: Option<i64>) -> Option<Self> {
        let distance = |bytes: i64| {
            let words = bytes / WORD_BYTES;
            (bytes % WORD_BYTES == 0 && words.abs() <= DISTANCE_MAX).then_some(words)
        };
        let saved = |at: Option<i64>| at.map_or(Some(NOT_SAVED), distance);
        let (end, fp, link) = (distance(end)?, saved(fp)?, saved(link)?);
        LINK.is_none_or(|usual| link == usual).then_some(Self { is_from_fp, end, fp, link })
    }

    /// As a rule.
    pub fn rule(self) -> Rule {
        let bits = |distance: i64| distance as u64 & ((1 << DISTANCE_BITS) - 1);
        let kind = if self.is_from_fp { FROM_FP } else { FROM_SP };
        let distances = bits(self.end)
            | bits(self.fp) << DISTANCE_BITS
            | bits(self.link) << (2 * DISTANCE_BITS);
        Rule::of_word(distances << KIND_BITS | kind).unwrap_or(Rule::END)
    }

    /// The registers of the caller, by what reads the stack. `None` if that cannot, or if the way does not lead up.
    #[inline(always)]
    pub fn caller(
        self,
        registers: Registers,
        mut word: impl FnMut(usize) -> Option<usize>,
    ) -> Option<Registers> {
        let at = |base: usize, words: i64| base.wrapping_add((words * WORD_BYTES) as usize);
        let from = match (self.is_from_fp, registers.fp) {
            (false, _) => registers.sp,
            (true, Value::Is(fp)) => fp,
            (true, Value::At(address)) => word(address)?,
        };
        let end = at(from, self.end);
        // A walk ends only if it goes up.
        if end < registers.sp {
            return None;
        }
        let pc = match self.link {
            NOT_SAVED => registers.link,
            words => word(at(end, words))?,
        };
        let fp = match self.fp {
            NOT_SAVED => registers.fp,
            words => Value::At(at(end, words)),
        };
        Some(Registers { pc: unsigned(pc), sp: end, fp, link: 0 })
    }
}
