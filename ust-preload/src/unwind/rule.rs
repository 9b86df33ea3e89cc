//! How the registers of a caller are found.
//!
//! ```text
//!   63          44 43        24 23         4 3    0
//!   | link at     | fp at      | frame ends | kind |      distances in words, those of link and fp from the frame's end
//! ```

use super::machine::{Registers, unsigned};
use super::stack::Stack;

/// What distances in rules count.
const WORD_BYTES: i64 = size_of::<usize>() as i64;

const DISTANCE_BITS: u32 = 20;
const DISTANCE_MAX: i64 = (1 << (DISTANCE_BITS - 1)) - 1;
/// Stands for a register that is not saved.
const NOT_SAVED: i64 = -DISTANCE_MAX - 1;

const END: u64 = 1;
const AS_TABLES_SAY: u64 = 2;
const FROM_SP: u64 = 3;
const FROM_FP: u64 = 4;
const KIND_BITS: u32 = 4;

/// See the module page. As a word it is never 0.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// The function has no caller, or nothing is known of it.
    End,
    /// A frame as most are.
    Frame(Frame),
    /// The tables must be asked each time.
    AsTablesSay,
}

/// A frame: where it ends, and where in it the caller's registers are.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    is_from_fp: bool,
    end: i64,
    /// From the end.
    fp: i64,
    /// From the end: where the function returns to.
    link: i64,
}

/// Where a walk has come to.
pub struct Caller {
    /// Its registers.
    pub registers: Registers,
    /// Whether it was interrupted, and has not called.
    pub is_exact: bool,
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
        Some(Self { is_from_fp, end: distance(end)?, fp: saved(fp)?, link: saved(link)? })
    }

    /// The registers of the caller.
    #[inline(always)]
    pub fn caller(self, registers: &Registers, stack: &mut Stack) -> Option<Caller> {
        let at = |base: usize, words: i64| base.wrapping_add((words * WORD_BYTES) as usize);
        let end = at(if self.is_from_fp { registers.fp } else { registers.sp }, self.end);
        // Up the stack, or a walk would not end.
        if end < registers.sp {
            return None;
        }
        let fp = match self.fp {
            NOT_SAVED => registers.fp,
            words => stack.word(at(end, words))?,
        };
        let pc = match self.link {
            NOT_SAVED => registers.link,
            words => stack.word(at(end, words))?,
        };
        let registers = Registers { pc: unsigned(pc), sp: end, fp, link: 0 };
        Some(Caller { registers, is_exact: false })
    }
}

impl Rule {
    /// As a word.
    pub fn to_word(self) -> u64 {
        match self {
            Self::End => END,
            Self::AsTablesSay => AS_TABLES_SAY,
            Self::Frame(Frame { is_from_fp, end, fp, link }) => {
                let bits = |distance: i64| distance as u64 & ((1 << DISTANCE_BITS) - 1);
                let kind = if is_from_fp { FROM_FP } else { FROM_SP };
                let distances =
                    bits(end) | bits(fp) << DISTANCE_BITS | bits(link) << (2 * DISTANCE_BITS);
                distances << KIND_BITS | kind
            }
        }
    }

    /// What a word says.
    #[inline(always)]
    pub fn of_word(word: u64) -> Self {
        let distance = |at: u32| {
            let above = u64::BITS - (KIND_BITS + (at + 1) * DISTANCE_BITS);
            (word << above) as i64 >> (u64::BITS - DISTANCE_BITS)
        };
        let kind = word & ((1 << KIND_BITS) - 1);
        match kind {
            FROM_SP | FROM_FP => Self::Frame(Frame {
                is_from_fp: kind == FROM_FP,
                end: distance(0),
                fp: distance(1),
                link: distance(2),
            }),
            AS_TABLES_SAY => Self::AsTablesSay,
            _ => Self::End,
        }
    }
}
