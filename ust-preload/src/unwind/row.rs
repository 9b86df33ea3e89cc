//! What an object's tables say of one address: where the frame ends, and how the two registers that matter are saved.
//!
//! The tables are programs: a few instructions make the rows of all addresses of a function, one after the other. Other registers
//! are left out, so a row is small and lies on the stack.

use super::machine::{FP, SP};
use super::rule::{Frame, Rule};
use super::tables::Function;
use gimli::{CallFrameInstruction as Instruction, Register, UnwindExpression};

/// States that can be remembered within each other. Compilers remember one.
const REMEMBERED_MAX: usize = 4;

/// See the module page.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The frame's end: the stack pointer of the caller.
    pub end: End,
    /// The caller's frame pointer.
    pub fp: Saved,
    /// Where the function returns to.
    pub link: Saved,
}

/// How a frame's end is found.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// So many bytes above the value of a register.
    Above(Register, i64),
    /// By an expression.
    Expression(UnwindExpression<usize>),
}

/// How a caller's register is found.
#[derive(Debug, Clone, Copy)]
pub enum Saved {
    /// It has the same value.
    Not,
    /// It has none. A return address without a value ends the stack.
    Undefined,
    /// In memory, so many bytes from the frame's end.
    At(i64),
    /// It is so many bytes from the frame's end.
    Is(i64),
    /// In memory, where an expression says.
    AtExpression(UnwindExpression<usize>),
    /// It is what an expression says.
    IsExpression(UnwindExpression<usize>),
    /// In another register.
    Elsewhere,
}

impl Row {
    /// The row of an address in a function; `None` if the tables are not to be understood.
    pub fn of(address: usize, function: &Function) -> Option<Self> {
        let Function { entry, section, bases } = function;
        let common = entry.cie();
        let mut machine = Machine {
            row: Self { end: End::Above(SP, 0), fp: Saved::Not, link: Saved::Not },
            initial: None,
            remembered: [None; REMEMBERED_MAX],
            depth: 0,
            link: common.return_address_register(),
            factor: common.data_alignment_factor(),
        };
        let mut instructions = common.instructions(section, bases);
        while let Some(instruction) = instructions.next().ok()? {
            machine.execute(instruction)?;
        }
        machine.initial = Some(machine.row);
        let mut at = entry.initial_address();
        let mut instructions = entry.instructions(section, bases);
        while let Some(instruction) = instructions.next().ok()? {
            match instruction {
                Instruction::SetLoc { address } => at = address,
                Instruction::AdvanceLoc { delta } => {
                    at = at.wrapping_add(common.code_alignment_factor().wrapping_mul(delta.into()));
                }
                _ => machine.execute(instruction)?,
            }
            if at > address as u64 {
                break;
            }
        }
        Some(machine.row)
    }

    /// The row as a rule. A frame of a signal's has one as any other, but its caller did not call.
    pub fn rule(self, is_of_signal: bool) -> Rule {
        let saved = |saved| match saved {
            Saved::Not | Saved::Undefined => Some(None),
            Saved::At(bytes) => Some(Some(bytes)),
            _ => None,
        };
        let frame = || {
            let End::Above(register, bytes) = self.end else { return None };
            let is_known = (register == SP || register == FP) && !is_of_signal;
            let (fp, link) = (saved(self.fp)?, saved(self.link)?);
            Frame::new(register == FP, bytes, fp, link).filter(|_| is_known)
        };
        match self.link {
            Saved::Undefined => Rule::END,
            _ => frame().map_or(Rule::AS_TABLES_SAY, Frame::rule),
        }
    }
}

/// What executes the tables.
struct Machine {
    row: Row,
    /// The row with which the function begins, once it is known.
    initial: Option<Row>,
    remembered: [Option<Row>; REMEMBERED_MAX],
    depth: usize,
    link: Register,
    factor: i64,
}

impl Machine {
    fn execute(&mut self, instruction: Instruction<usize>) -> Option<()> {
        use Instruction as I;

        let factor = self.factor;
        let factored = |number: i64| number.wrapping_mul(factor);
        match instruction {
            I::DefCfa { register, offset } => self.row.end = End::Above(register, offset as i64),
            I::DefCfaSf { register, factored_offset } => {
                self.row.end = End::Above(register, factored(factored_offset));
            }
            I::DefCfaRegister { register } => match &mut self.row.end {
                End::Above(from, _) => *from = register,
                End::Expression(_) => return None,
            },
            I::DefCfaOffset { offset } => self.moves_end(offset as i64)?,
            I::DefCfaOffsetSf { factored_offset } => self.moves_end(factored(factored_offset))?,
            I::DefCfaExpression { expression } => self.row.end = End::Expression(expression),
            I::Undefined { register } => self.saves(register, Saved::Undefined),
            I::SameValue { register } => self.saves(register, Saved::Not),
            I::Offset { register, factored_offset } => {
                self.saves(register, Saved::At(factored(factored_offset as i64)));
            }
            I::OffsetExtendedSf { register, factored_offset } => {
                self.saves(register, Saved::At(factored(factored_offset)));
            }
            I::ValOffset { register, factored_offset } => {
                self.saves(register, Saved::Is(factored(factored_offset as i64)));
            }
            I::ValOffsetSf { register, factored_offset } => {
                self.saves(register, Saved::Is(factored(factored_offset)));
            }
            I::Register { dest_register, .. } => self.saves(dest_register, Saved::Elsewhere),
            I::Expression { register, expression } => {
                self.saves(register, Saved::AtExpression(expression));
            }
            I::ValExpression { register, expression } => {
                self.saves(register, Saved::IsExpression(expression));
            }
            I::Restore { register } => {
                let initial = self.initial?;
                let saved = if register == FP { initial.fp } else { initial.link };
                self.saves(register, saved);
            }
            I::RememberState => {
                *self.remembered.get_mut(self.depth)? = Some(self.row);
                self.depth += 1;
            }
            I::RestoreState => {
                self.depth = self.depth.checked_sub(1)?;
                self.row = self.remembered[self.depth]?;
            }
            // A signature is taken off a return address whether or not there is one.
            I::ArgsSize { .. } | I::NegateRaState | I::Nop => {}
            // They are for functions, not for what all have in common.
            I::SetLoc { .. } | I::AdvanceLoc { .. } => return None,
        }
        Some(())
    }

    fn moves_end(&mut self, bytes: i64) -> Option<()> {
        match &mut self.row.end {
            End::Above(_, offset) => *offset = bytes,
            End::Expression(_) => return None,
        }
        Some(())
    }

    fn saves(&mut self, register: Register, saved: Saved) {
        if register == FP {
            self.row.fp = saved;
        } else if register == self.link {
            self.row.link = saved;
        }
    }
}
