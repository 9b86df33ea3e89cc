//! The typical tracepoints of `contestant/typical.rs`: what each may cost, as itself and beside the same record encoded by hand.

use crate::Result;
use crate::callgrind;
use crate::contestant::OwnProgram;

/// A tracepoint may take so much more than the encoding by hand, in percent.
pub const MAX_MORE_PERCENT: u64 = 25;

/// A tracepoint.
#[derive(Debug, Clone, Copy)]
pub struct Typical {
    /// What it records.
    pub name: &'static str,
    /// What the contestant is told to do: by the macro, and by hand.
    bodies: [(&'static str, &'static str); 2],
    records_each: u64,
    /// The instructions that it may take, the caller's loop included.
    pub bound: u64,
}

/// Instructions of an event.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// By the macro.
    pub typical: u64,
    /// By hand.
    pub by_hand: u64,
}

macro_rules! typical {
    ($($name:literal, $typical:literal, $by_hand:literal, $records_each:literal, $bound:literal;)*) => {
        &[$(Typical {
            name: $name,
            bodies: [
                ($typical, concat!("*::", $typical)),
                ($by_hand, concat!("*::", $by_hand)),
            ],
            records_each: $records_each,
            bound: $bound,
        }),*]
    };
}

/// All of them.
pub const TYPICAL: &[Typical] = typical! {
    "no fields", "typical_nothing", "by_hand_nothing", 1, 65;
    "u32", "typical_number", "by_hand_number", 1, 70;
    "u64, u64", "typical_pair", "by_hand_pair", 1, 73;
    "text of 16 bytes", "typical_text", "by_hand_text", 1, 116;
    "structure of three members", "typical_structure", "by_hand_structure", 1, 73;
    "Option<u32>, bool", "typical_option", "by_hand_option", 1, 101;
    "slice of four u32", "typical_slice", "by_hand_slice", 1, 105;
    "function with a Result, two records", "typical_function", "by_hand_function", 2, 168;
};

impl Typical {
    /// Counts its instructions. `program` is the contestant's path.
    ///
    /// # Errors
    /// The program cannot run under callgrind, or events are missing from the trace.
    pub fn count(&self, program: &str) -> Result<Counted> {
        let count = |(body, function): (&'static str, &str)| {
            let program = OwnProgram { path: program.into(), body, threads: 1 };
            callgrind::instructions_per_event(&program, function, self.records_each)
        };
        let [typical, by_hand] = self.bodies;
        Ok(Counted { typical: count(typical)?, by_hand: count(by_hand)? })
    }
}

impl Counted {
    /// Whether it is no more than [`MAX_MORE_PERCENT`] above the encoding by hand.
    pub fn is_near(&self) -> bool {
        self.typical * 100 <= self.by_hand * (100 + MAX_MORE_PERCENT)
    }
}
