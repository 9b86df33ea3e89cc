//! Frames that tables describe by expressions: those of signals, and of functions that align their stack.

use super::machine::{FP, Registers, SP, Value as OfRegister, unsigned};
use super::row::{End, Row, Saved};
use super::stack::Stack;
use super::tables::{Function, Slice};
use gimli::{
    Evaluation, EvaluationResult, EvaluationStorage, Location, Piece, Register, UnwindExpression,
    Value,
};

/// Expressions of compilers and of the C library have some five operations.
const OPERATIONS_MAX: u32 = 100;

/// The caller of a function that tables describe.
pub struct Caller {
    /// Its registers.
    pub registers: Registers,
    /// Whether it was interrupted, and has not called.
    pub is_exact: bool,
}

/// The place that an evaluation needs.
struct OnStack;

impl EvaluationStorage<Slice> for OnStack {
    type Stack = [Value; 16];
    type ExpressionStack = [(Slice, Slice); 1];
    type Result = [Piece<Slice>; 1];
}

/// What expressions may refer to.
pub struct Frame<'a> {
    /// The function.
    pub function: &'a Function,
    /// In it.
    pub registers: Registers,
    /// Its stack.
    pub stack: &'a mut Stack,
}

impl Frame<'_> {
    /// The caller, by any row. `None` if the row refers to what is not known.
    pub fn caller(&mut self, row: Row) -> Option<Caller> {
        let is_of_signal = self.function.entry.is_signal_trampoline();
        let end = match row.end {
            End::Above(register, bytes) => self.register(register)?.wrapping_add(bytes as usize),
            End::Expression(expression) => self.evaluate(expression, None)?,
        };
        // A handler's stack may lie anywhere.
        if end < self.registers.sp && !is_of_signal {
            return None;
        }
        // A value that cannot be read is one that nobody has needed yet.
        let same = self.stack.value(self.registers.fp).unwrap_or(0);
        let fp = OfRegister::Is(self.saved(row.fp, end, same)?);
        let pc = unsigned(self.saved(row.link, end, self.registers.link)?);
        Some(Caller { registers: Registers { pc, sp: end, fp, link: 0 }, is_exact: is_of_signal })
    }

    fn saved(&mut self, saved: Saved, end: usize, same: usize) -> Option<usize> {
        match saved {
            Saved::Not | Saved::Undefined => Some(same),
            Saved::At(bytes) => self.stack.word(end.wrapping_add(bytes as usize)),
            Saved::Is(bytes) => Some(end.wrapping_add(bytes as usize)),
            Saved::AtExpression(expression) => {
                let at = self.evaluate(expression, Some(end))?;
                self.stack.word(at)
            }
            Saved::IsExpression(expression) => self.evaluate(expression, Some(end)),
            Saved::Elsewhere => None,
        }
    }

    fn register(&mut self, register: Register) -> Option<usize> {
        match register {
            SP => Some(self.registers.sp),
            FP => self.stack.value(self.registers.fp),
            #[cfg(target_arch = "x86_64")]
            gimli::X86_64::RA => Some(self.registers.pc),
            _ => None,
        }
    }

    /// The value of an expression, which begins with the frame's end if that is known.
    fn evaluate(
        &mut self,
        expression: UnwindExpression<usize>,
        end: Option<usize>,
    ) -> Option<usize> {
        let expression = expression.get(&self.function.section).ok()?;
        let encoding = self.function.entry.cie().encoding();
        let mut evaluation = Evaluation::<_, OnStack>::new_in(expression.0, encoding);
        evaluation.set_max_iterations(OPERATIONS_MAX);
        if let Some(end) = end {
            evaluation.set_initial_value(end as u64);
        }
        let mut needs = evaluation.evaluate().ok()?;
        loop {
            needs = match needs {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = Value::Generic(self.register(register)? as u64);
                    evaluation.resume_with_register(value).ok()?
                }
                EvaluationResult::RequiresMemory { address, size: 8, space: None, .. } => {
                    let value = Value::Generic(self.stack.word(address as usize)? as u64);
                    evaluation.resume_with_memory(value).ok()?
                }
                _ => return None,
            };
        }
        match evaluation.as_result().first()?.location {
            Location::Address { address } => Some(address as usize),
            _ => None,
        }
    }
}
