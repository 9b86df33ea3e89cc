//! Who called whom, up to the first function of a thread: by the tables that compilers make for exceptions.
//!
//! ```text
//!   registers here --> rule for this address --> registers of the caller --> ... --> the thread's first function
//!                            |     (stack)
//!                     rule_cache, or else
//!                     tables:  the object's .eh_frame_hdr -> .eh_frame -> row -> rule
//! ```
//!
//! A walk *runs* through frames whose rules are known, on the thread's own stack: straight code that calls nothing. All else, such as
//! a signal's frame, another stack, or code that is met for the first time, is a *step*.
//!
//! | file | what it is |
//! | --- | --- |
//! | `machine` | registers |
//! | `stack` | reads of stacks, which never fault |
//! | `rule` | how the registers of a caller are found, in one word |
//! | `rule_cache` | the rules of addresses that were met before |
//! | `known_objects` | the objects of those addresses, and whether one of them is gone |
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
//! An object that is unloaded takes its tables with it, and all rules are forgotten: behind `dlclose`, and behind functions by
//! which the C library unloads some of its own, if one is gone ([`sets::conversions`](crate::sets::conversions) has them). The C library says which object has an address, from its own list,
//! without a lock (`_dl_find_object`, in glibc since 2.35). That list is right even in a constructor of a library that is just
//! being loaded. Code on a thread's stack cannot be unloaded, or the thread could not return to it.
#![allow(unsafe_code)]

mod expression;
mod known_objects;
mod machine;
mod row;
mod rule;
mod rule_cache;
mod stack;
mod tables;

use crate::argument::Address;
use core::mem::MaybeUninit;
use core::{ptr, slice};
use expression::Frame;
use machine::{Registers, registers};
use row::Row;
use rule::Rule;
use rule_cache::Place;
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
    tables::look_up();
    FRAMES.store(options.call_stack_frames, Ordering::Relaxed);
}

/// An object may have gone, and another one may come in its place.
pub fn an_object_has_gone() {
    if is_wanted() {
        rule_cache::forget();
    }
}

/// The C library may have unloaded an object by itself.
pub fn an_object_may_have_gone() {
    if is_wanted() {
        known_objects::forget_if_one_is_gone();
    }
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
    let mut frames = [MaybeUninit::uninit(); MAX_CALL_STACK_FRAMES as usize];
    let wanted = (FRAMES.load(Ordering::Relaxed) as usize).clamp(1, frames.len());
    let mut walk = Walk::from(registers());
    let mut own = [MaybeUninit::uninit(); OWN_FRAMES_MAX];
    let mut count = 1;
    frames[0].write(call_site);
    if walk.goes_up_to(call_site, &mut own).1 {
        count += walk.goes_up_to(ptr::null(), &mut frames[1..wanted]).0;
    }
    // SAFETY: so many were written.
    record(unsafe { slice::from_raw_parts(frames.as_ptr().cast(), count) });
}

/// A way up a stack.
struct Walk {
    registers: Registers,
    /// How far before `pc` the function is looked for. A call may be a function's last instruction: what lies behind it is another's.
    back: usize,
    stack: Stack,
    place: Place,
}

impl Walk {
    /// From a function in progress.
    #[inline(always)]
    fn from(registers: Registers) -> Self {
        Self { registers, back: 0, stack: Stack::around(registers.sp), place: Place::START }
    }

    /// Writes the addresses to which frames return, until one returns to `last` or there is no more room: how many, and whether the
    /// last one was met.
    #[inline(always)]
    fn goes_up_to(&mut self, last: Address, room: &mut [MaybeUninit<Address>]) -> (usize, bool) {
        let mut count = 0;
        while count < room.len() {
            count += self.runs_up_to(last, &mut room[count..]);
            if count > 0 && self.registers.pc == last.addr() {
                return (count, true);
            }
            if count == room.len() || self.steps_up().is_none() {
                break;
            }
            room[count].write(ptr::without_provenance(self.registers.pc));
            count += 1;
            if self.registers.pc == last.addr() {
                return (count, true);
            }
        }
        (count, false)
    }

    /// The same through frames as most are, whose rules are known, on the thread's own stack. It ends before any other.
    // It calls nothing, so that all that it has is in the processor's registers.
    #[inline(always)]
    fn runs_up_to(&mut self, last: Address, room: &mut [MaybeUninit<Address>]) -> usize {
        let own = self.stack.own();
        let (mut registers, mut back, mut place) = (self.registers, self.back, self.place);
        let mut count = 0;
        for frame in room {
            let Some((rule, next)) = place.guessed(registers.pc.wrapping_sub(back)) else { break };
            let caller = rule.frame().and_then(|it| it.caller(registers, |at| own.word(at)));
            let Some(caller) = caller.filter(|caller| caller.pc != 0) else { break };
            (registers, back, place) = (caller, 1, next);
            frame.write(ptr::without_provenance(registers.pc));
            count += 1;
            if registers.pc == last.addr() {
                break;
            }
        }
        (self.registers, self.back, self.place) = (registers, back, place);
        count
    }

    /// Goes up by one frame of any kind.
    #[cold]
    #[inline(never)]
    fn steps_up(&mut self) -> Option<()> {
        let address = self.registers.pc.wrapping_sub(self.back);
        let rule = self.place.find(address).or_else(|| rule_at(address))?;
        let is_exact = if let Some(frame) = rule.frame() {
            let stack = &mut self.stack;
            self.registers = frame.caller(self.registers, |at| stack.word(at))?;
            false
        } else if rule == Rule::END {
            return None;
        } else {
            let function = &Object::at(address)?.function_at(address)?;
            let row = Row::of(address, function)?;
            let (registers, stack) = (self.registers, &mut self.stack);
            let caller = Frame { function, registers, stack }.caller(row)?;
            self.registers = caller.registers;
            // A signal may have changed from one stack to another.
            self.stack = Stack::around(self.registers.sp);
            caller.is_exact
        };
        self.back = usize::from(!is_exact);
        (self.registers.pc != 0).then_some(())
    }
}

/// The rule of an address that is met for the first time. `None` if no object has it.
fn rule_at(address: usize) -> Option<Rule> {
    let object = Object::at(address)?;
    let of_function = || {
        let function = object.function_at(address)?;
        Some(Row::of(address, &function)?.rule(function.entry.is_signal_trampoline()))
    };
    let rule = of_function().unwrap_or(Rule::END);
    known_objects::note(&object);
    rule_cache::keep(address, rule);
    Some(rule)
}
