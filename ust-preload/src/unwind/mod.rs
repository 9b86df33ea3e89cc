//! Who called whom, up to the first function of a thread: by the tables that compilers make for exceptions.
//!
//! ```text
//!   registers here --> rule for this address --> registers of the caller --> ... --> the thread's first function
//!                            |     (stack)
//!                     rule_cache, or else
//!                     tables:  the object's .eh_frame_hdr -> .eh_frame -> row -> rule
//! ```
//!
//! | file | what it is |
//! | --- | --- |
//! | `machine` | registers |
//! | `stack` | reads of stacks, which never fault |
//! | `rule` | how the registers of a caller are found, in one word |
//! | `rule_cache` | the rules of addresses that were met before |
//! | `tables` | the rules of others |
//! | `row` | what an object's tables say of an address |
//! | `expression` | what they say by expressions |
//!
//! It may run in any place of a program: in `malloc`, which the loader calls under its lock, in a signal handler, and in a handler
//! that has interrupted another unwinding. So it allocates nothing, takes no lock and keeps no state of a thread but what
//! `stack` knows of it. Each walk ends: it goes only so many frames, and each of them up the stack.
//!
//! **Where a stack ends early.** At code without tables (of JIT compilers, of hand-written assembly), and at code whose tables
//! refer to other registers than the stack's and the frame's, such as the loader's when it resolves a function.
//!
//! An object that is unloaded takes its tables with it. The C library says which object has an address, from its own list,
//! without a lock (`_dl_find_object`, in glibc since 2.35). That list is right even in a constructor of a library that is just
//! being loaded. Code on a thread's stack cannot be unloaded, or the thread could not return to it.
#![allow(unsafe_code)]

mod expression;
mod machine;
mod row;
mod rule;
mod rule_cache;
mod stack;
mod tables;

pub use rule_cache::forget;

use crate::argument::Address;
use core::ptr;
use expression::Frame;
use machine::{Registers, registers};
use row::Row;
use rule::{Caller, Rule};
use stack::Stack;
use tables::Object;
use ust_core::shim::{MAX_CALL_STACK_FRAMES, Options};
use ust_core::sync::{AtomicU32, Ordering};

/// The most frames of this library that are under a call.
const OWN_FRAMES_MAX: usize = 8;

/// How many frames are wanted; 0: nobody wants call stacks.
static FRAMES: AtomicU32 = AtomicU32::new(0);

/// Sets how many frames are wanted. Before `main`, in the program's first thread.
pub fn limit(options: &Options) {
    stack::note_first_thread();
    FRAMES.store(options.call_stack_frames, Ordering::Relaxed);
}

/// Whether call stacks are wanted.
#[inline(always)]
pub fn is_wanted() -> bool {
    FRAMES.load(Ordering::Relaxed) != 0
}

/// Calls it with the addresses to which the calls in progress return: first `call_site`, to which the shim's own function
/// returns, then those of its callers. If that function is not found on the stack, `call_site` is all.
// A function of its own: the room lies on the stack of those alone who want it.
#[inline(never)]
pub fn with_call_stack(call_site: Address, record: impl FnOnce(&[Address])) {
    let mut frames = [ptr::null(); MAX_CALL_STACK_FRAMES as usize];
    let wanted = (FRAMES.load(Ordering::Relaxed) as usize).clamp(1, frames.len());
    let mut walk = Walk::from(registers());
    frames[0] = call_site;
    let mut count = 1;
    if (0..OWN_FRAMES_MAX).any(|_| walk.next() == Some(call_site.addr())) {
        for (frame, address) in frames[1..wanted].iter_mut().zip(walk) {
            *frame = ptr::without_provenance(address);
            count += 1;
        }
    }
    record(&frames[..count]);
}

/// A way up a stack: the addresses to which its frames return.
struct Walk {
    registers: Registers,
    /// Whether the next instruction is the one at `pc`, and not one behind a call.
    is_exact: bool,
    stack: Stack,
    generation: u64,
}

impl Walk {
    /// From a function in progress.
    #[inline(always)]
    fn from(registers: Registers) -> Self {
        let (stack, generation) = (Stack::around(registers.sp), rule_cache::generation());
        Self { registers, is_exact: true, stack, generation }
    }
}

impl Iterator for Walk {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        // A call may be a function's last instruction: what lies behind it is another's.
        let address = self.registers.pc.wrapping_sub(usize::from(!self.is_exact));
        let rule = rule_cache::find(address, self.generation)
            .or_else(|| rule_at(address, self.generation))?;
        let step = match rule {
            Rule::End => None,
            Rule::Frame(frame) => frame.caller(&self.registers, &mut self.stack),
            Rule::AsTablesSay => caller(address, &self.registers, &mut self.stack),
        };
        let caller = step?;
        self.is_exact = caller.is_exact;
        self.registers = caller.registers;
        (self.registers.pc != 0).then_some(self.registers.pc)
    }
}

/// The rule of an address that is met for the first time. `None` if no object has it.
#[cold]
#[inline(never)]
fn rule_at(address: usize, generation: u64) -> Option<Rule> {
    let object = Object::at(address)?;
    let of_function = || {
        let function = object.function_at(address)?;
        Some(Row::of(address, &function)?.rule(function.entry.is_signal_trampoline()))
    };
    let rule = of_function().unwrap_or(Rule::End);
    rule_cache::keep(address, generation, rule);
    Some(rule)
}

/// The caller of a function whose tables say more than a rule holds.
#[cold]
#[inline(never)]
fn caller(address: usize, registers: &Registers, stack: &mut Stack) -> Option<Caller> {
    let function = &Object::at(address)?.function_at(address)?;
    let row = Row::of(address, function)?;
    Frame { function, registers, stack }.caller(row)
}
