//! The restartable sequence of a tracee, as the kernel finds it: by the name in the thread's area.
//!
//! ```text
//!   area:       ... | cpu | name ----> descriptor: version, flags, start, length, abort
//!   start:      is the name still there?
//!   jump:       if not, over the store
//!   store:      r11 -> [rcx]
//!   end:        ret                    the kernel aborts a thread that it interrupts before this
//!   abort:      where aborted threads go on
//! ```
//!
//! So the proofs know nothing of where the linker put it.

use crate::journal::Journal;
use crate::registers::{
    address, go_on_as_if_equal, set_breakpoint, store, thread_pointer, were_equal,
};
use crate::tracer::Tracer;
use ust_core::clock::ClockKind;

/// `None`, with a line that says so, if a tracee at marker B does not write in sequences, or cannot be stopped in them.
pub fn require_support(tracer: &Tracer, journal: &Journal) -> Option<()> {
    let has_area = journal.area() != 0 && ClockKind::best().is_counter();
    // An address at which it stops anyhow.
    let stops = set_breakpoint(tracer, Some(address(tracer))) && set_breakpoint(tracer, None);
    if !has_area {
        eprintln!(
            "SKIPPED: there are no restartable sequences here, or no counter that they can read"
        );
    } else if !stops {
        eprintln!("SKIPPED: hardware breakpoints may not be set here");
    }
    (has_area && stops).then_some(())
}

/// The name in a stopped thread's area: a descriptor's address, or 0. The kernel takes it away when the thread goes on.
pub fn name(tracer: &Tracer, journal: &Journal) -> u64 {
    /// Offset in the kernel's `struct rseq`.
    const NAME: u64 = 8;
    let area = thread_pointer(tracer).wrapping_add_signed(journal.area() as i64);
    tracer.peek(area + NAME)
}

/// Whether the instruction that a thread stands at takes the name away: `mov qword ptr fs:[REGISTER + 8], 0`. (That cannot
/// be seen in the area: the kernel has taken the name away when the thread takes the step.)
pub fn is_end(tracer: &Tracer) -> bool {
    // A prefix for `fs`, one for 64 bits, the opcode, the register in one byte or two, then the distance and the zero.
    match code_at(address(tracer), tracer) {
        [0x64, _, 0xc7, _, rest @ ..] => {
            [&rest[..], &rest[1..]].iter().any(|it| it.starts_with(&[8, 0, 0, 0, 0]))
        }
        _ => false,
    }
}

/// Whether it is a system call.
pub fn is_system_call(tracer: &Tracer) -> bool {
    code_at(address(tracer), tracer).starts_with(&[0x0f, 0x05])
}

fn code_at(address: u64, tracer: &Tracer) -> [u8; 16] {
    let words = [address, address + 8].map(|at| tracer.peek(at).to_ne_bytes());
    words.as_flattened().try_into().expect("two words")
}

/// See the module page.
#[derive(Debug, Clone, Copy)]
pub struct Sequence {
    /// Its first instruction.
    pub start: u64,
    /// The conditional jump.
    pub jump: u64,
    /// Its last instruction, the store.
    pub store: u64,
    /// The instruction behind it.
    pub end: u64,
    abort: u64,
}

impl Sequence {
    /// The one of that name.
    ///
    /// # Panics
    /// It is not the one that ust-core has.
    pub fn named(name: u64, tracer: &Tracer) -> Self {
        /// A short jump if unequal. Its distance follows.
        const JUMP: u8 = 0x75;
        let field = |index: u64| tracer.peek(name + 8 * index);
        let (start, length, abort) = (field(1), field(2), field(3));
        let code = code_at(start, tracer);
        let code = &code[..length as usize];
        let leads_to_end =
            |(at, it): (usize, &[u8])| it[0] == JUMP && at + 2 + usize::from(it[1]) == code.len();
        let jump = code.windows(2).enumerate().position(leads_to_end);
        let jump = start + jump.expect("a comparison, a jump over the store, the store") as u64;
        Self { start, jump, store: jump + 2, end: start + length, abort }
    }

    /// Its instructions.
    pub fn instructions(&self) -> [u64; 3] {
        [self.start, self.jump, self.store]
    }

    /// Where a thread goes on that was stopped at an instruction: there, or at the abort handler.
    pub fn resumed_at(&self, address: u64) -> u64 {
        if self.instructions().contains(&address) { self.abort } else { address }
    }

    /// Does for a thread that stands at the start what the sequence does for one that runs freely.
    pub fn carry_out(&self, tracer: &Tracer) {
        let (value, place) = store(tracer);
        tracer.poke(place, value);
        go_on_as_if_equal(tracer, self.end);
    }

    /// That a thread which was stopped at one of the instructions has not made the store.
    ///
    /// # Errors
    /// It has.
    pub fn assert_not_stored(&self, tracer: &Tracer) -> Result<(), String> {
        let (value, place) = store(tracer);
        if tracer.peek(place) == value {
            return Err(format!("{value:#x} was stored before the store"));
        }
        Ok(())
    }

    /// Has a thread that was stopped at one of the instructions take one step. The kernel must lead it to the abort handler,
    /// and the store must not be made.
    ///
    /// # Errors
    /// That is not so.
    pub fn step_to_abort(&self, tracer: &Tracer) -> Result<(), String> {
        let place = store(tracer).1;
        let before = tracer.peek(place);
        tracer.step();
        let behind = address(tracer).wrapping_sub(self.abort);
        if !(1..=8).contains(&behind) || were_equal(tracer) {
            return Err(format!(
                "it stands {behind} bytes behind the abort handler's beginning, or says that it stored"
            ));
        }
        match tracer.peek(place) {
            after if after == before => Ok(()),
            after => Err(format!("{before:#x} became {after:#x}")),
        }
    }
}
