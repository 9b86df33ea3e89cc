//! Scenarios: the state of a stream when the region begins, and what is emitted in the region.
//!
//! ```text
//!   place 0                          place 1
//!   |FFFFFFFFFFFFFFFFFFFF r r r|p    |r r                |       `switch`: one large record, then small
//!    before                region: the sub-buffer ends here       ones until the next is entered
//! ```
//!
//! The geometry is the smallest there is, and one record of nearly a page brings a switch near, so that
//! a region of a few hundred or thousand instructions has the path that the scenario is named for.

use crate::stream_under_test::Shape;
use ust_core::abi::NOTE_BYTES;

/// One thing that the tracee does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Emits a record of a fixed size, without a body: the hot path at its shortest.
    Fixed,
    /// Emits a record with a body of so many bytes.
    Body(u16),
    /// Emits nothing for longer than the clock of a compact header reaches.
    Pause,
}

/// No body is so long.
const FIXED_CODE: u32 = u32::MAX;
const PAUSE_CODE: u32 = FIXED_CODE - 1;

impl Op {
    /// As the journal carries it.
    pub const fn encode(self) -> u32 {
        match self {
            Op::Fixed => FIXED_CODE,
            Op::Body(bytes) => bytes as u32,
            Op::Pause => PAUSE_CODE,
        }
    }

    /// What [`encode`](Self::encode) made.
    #[inline(always)]
    pub const fn decode(encoded: u32) -> Self {
        match encoded {
            FIXED_CODE => Op::Fixed,
            PAUSE_CODE => Op::Pause,
            bytes => Op::Body(bytes as u16),
        }
    }
}

/// What the reader has done by the time the region begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Nothing.
    Not,
    /// Read what was committed, in place.
    Prefix,
    /// Exchanged what was full, and read the rest in place.
    Full,
    /// The same several times, while another writer filled the stream: every memory has been used and cleared.
    ManyTimes,
}

/// See the module page.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What a failure is reported under.
    pub name: &'static str,
    /// What is emitted before the region.
    pub before: &'static [Op],
    /// What the reader does then.
    pub drained: Drained,
    /// What is emitted in the region.
    pub region: &'static [Op],
    /// What a signal handler emits.
    pub handler: Op,
}

impl Scenario {
    /// How many of its places are visited if another scenario has `limit`: fewer, if each round takes long.
    pub fn limit(&self, limit: usize) -> usize {
        if self.before.contains(&Op::Pause) { limit.min(40) } else { limit }
    }
}

/// Leaves room for four or five fixed records in a page.
const NEARLY_A_PAGE: Op = Op::Body(3900);

/// Behind the sub-buffer's note, with frame word, long header, number and count: 28 bytes short of a page,
/// which is what a fixed record with a short header takes.
const A_PAGE_BUT_ONE_RECORD: Op = Op::Body(4096 - NOTE_BYTES as u16 - 28 - (4 + 13 + 8 + 4) - 3);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "first record of a stream",
        before: &[],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "hot path",
        before: &[Op::Fixed, Op::Body(40)],
        drained: Drained::Prefix,
        region: &[Op::Fixed, Op::Body(5), Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "bodies of many sizes",
        before: &[Op::Fixed],
        drained: Drained::Not,
        region: &[Op::Body(0), Op::Body(259), Op::Body(1500), Op::Body(33)],
        handler: Op::Body(70),
    },
    Scenario {
        name: "switch with a pad",
        before: &[NEARLY_A_PAGE],
        drained: Drained::Prefix,
        region: &[Op::Fixed, Op::Body(90), Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "switch without a pad",
        before: &[A_PAGE_BUT_ONE_RECORD],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "full ring",
        before: &[NEARLY_A_PAGE, NEARLY_A_PAGE, Op::Fixed, Op::Fixed],
        drained: Drained::Not,
        region: &[Op::Body(80), Op::Fixed, Op::Fixed, Op::Body(5000), Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "into an exchanged sub-buffer",
        before: &[NEARLY_A_PAGE, NEARLY_A_PAGE],
        drained: Drained::Full,
        region: &[Op::Body(90), Op::Body(90), Op::Fixed, Op::Fixed],
        handler: Op::Body(90),
    },
    Scenario {
        name: "a switch with every record",
        before: &[NEARLY_A_PAGE, NEARLY_A_PAGE],
        drained: Drained::Full,
        region: &[Op::Body(2100), Op::Body(2100), Op::Body(2100)],
        handler: Op::Body(300),
    },
    Scenario {
        name: "several laps",
        before: &[],
        drained: Drained::Not,
        // Of different sizes, so that bytes that an earlier lap left uncleared would stand in other places.
        region: &[
            Op::Body(2100),
            Op::Body(2500),
            Op::Body(2080),
            Op::Fixed,
            Op::Body(2700),
            Op::Body(2060),
            Op::Fixed,
            Op::Body(2300),
        ],
        handler: Op::Body(1200),
    },
    Scenario {
        name: "on memory that was used before",
        before: &[],
        drained: Drained::ManyTimes,
        region: &[Op::Fixed, Op::Body(2100), Op::Body(2500), Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    AFTER_SILENCE,
];

/// The short header's clock cannot say how long it was.
pub const AFTER_SILENCE: Scenario = Scenario {
    name: "after a long silence",
    before: &[Op::Fixed, Op::Pause],
    drained: Drained::Not,
    region: &[Op::Fixed],
    handler: Op::Fixed,
};

/// Of whole programs.
pub const SWITCHES_THEN_FULL: Scenario = Scenario {
    name: "a switch with a pad, then a full ring",
    before: &[Op::Body(3800)],
    drained: Drained::Not,
    region: &[Op::Body(300), Op::Body(3700), Op::Body(200), Op::Fixed],
    handler: Op::Fixed,
};

/// Every scenario in every shape.
pub fn everything() -> impl Iterator<Item = (&'static Scenario, Shape)> {
    Shape::ALL.into_iter().flat_map(|shape| SCENARIOS.iter().map(move |it| (it, shape)))
}
