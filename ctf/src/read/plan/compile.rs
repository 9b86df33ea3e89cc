//! Types to a plan.
//!
//! The compiler walks a class's types once, as the decoder walks them for each record: it knows which numbers are seen at
//! each place, and which positions begin at a byte whatever came before.

use std::sync::Arc;

use super::ops::{Choice, Len, Op, Plan};
use super::slots::SLOTS;
use crate::read::window::ALIGN_MAX;
use crate::schema::{
    ByteOrder, EnumType, Fields, FloatType, IntegerType, Options, Path, Scope, Type,
};

/// A class with more values has no plan: hostile metadata may use a type within types in so many ways that no memory
/// holds all of them.
const VALUES_MAX: usize = 1 << 12;

/// What each read of a plan carries along for its visitor.
pub trait Format {
    /// It.
    type Node;
    /// Whether values are wanted. If not, reads of known sizes are passed over together.
    const VALUES: bool = true;

    /// The node of a value, or of the beginning of a structure, an array, a variant or an optional field. The type is
    /// never [`Aligned`](Type::Aligned).
    fn node(&mut self, place: Place<'_>, ty: &Type) -> Self::Node;

    /// The node of the end of one of those.
    fn end(&mut self, ty: &Type) -> Self::Node;

    /// Whether the beginning or the end of a structure with this node may be left out.
    fn is_empty(&self, node: &Self::Node) -> bool {
        let _ = node;
        false
    }
}

/// Where in a record a value is.
#[derive(Debug, Clone, Copy)]
pub enum Place<'t> {
    /// It is all of this part of the record.
    Part(Scope),
    /// It is the field number `at` of these.
    Field {
        /// The fields of the structure.
        fields: &'t Fields,
        /// Which one.
        at: usize,
    },
    /// It is the option of this name of a variant.
    Option(&'t str),
    /// It is an optional field that is there.
    Optional,
    /// It is an element of an array.
    Element,
}

impl<N> Plan<N> {
    /// The plan for these parts of a record, which begin at a multiple of `known_align` bits. Takes from `values_left` what
    /// it holds. `None` if only the general decoder can read them, or if too few values are left.
    pub(in crate::read) fn compile<F: Format<Node = N>>(
        parts: &[(Scope, Option<&Type>)],
        known_align: u32,
        values_left: &mut usize,
        format: &mut F,
    ) -> Option<Plan<N>> {
        let (ops, visible) = (Vec::new(), Vec::new());
        let mut compiler = Compiler {
            format,
            ops,
            visible,
            values_left: VALUES_MAX.min(*values_left),
            depth: 0,
            slots: 0,
            known_align,
        };
        for (scope, ty) in parts {
            let Some(ty) = ty else { continue };
            compiler.part(*scope, ty)?;
        }
        let ops = compiler.ops;
        *values_left = values_left.saturating_sub(ops.len());
        Some(Plan { ops: if F::VALUES { ops } else { merged(ops) } })
    }
}

/// A number that later lengths and tags may name.
struct Visible {
    scope: Scope,
    /// How many structures it is in.
    depth: usize,
    name: Arc<str>,
    /// The read of it; `None` if it depends on the record whether it is a number.
    op: Option<usize>,
    labels: Option<Arc<EnumType>>,
}

struct Compiler<'f, F: Format> {
    format: &'f mut F,
    ops: Vec<Op<F::Node>>,
    visible: Vec<Visible>,
    /// How many more values the class may have.
    values_left: usize,
    /// How many structures of this part are open.
    depth: usize,
    slots: u8,
    /// The position is a multiple of this, in bits.
    known_align: u32,
}

impl<F: Format> Compiler<'_, F> {
    fn part(&mut self, scope: Scope, ty: &Type) -> Option<()> {
        let from = self.ops.len();
        self.values_of_part(scope, ty)?;
        // It is an error if the byte order changes within a byte: the general decoder looks at each number's place.
        (!may_change_order_within_byte(&self.ops[from..])).then_some(())
    }

    fn values_of_part(&mut self, scope: Scope, ty: &Type) -> Option<()> {
        let Type::Struct(all) = ty else { return self.value(scope, Place::Part(scope), ty) };
        let node = self.format.node(Place::Part(scope), ty);
        self.align(all.align)?;
        self.open(node);
        // The fields of a part stay visible to the parts behind it.
        self.fields(scope, &all.fields)?;
        self.close(ty);
        Some(())
    }

    fn value(&mut self, scope: Scope, place: Place<'_>, ty: &Type) -> Option<()> {
        self.values_left = self.values_left.checked_sub(1)?;
        if let Type::Aligned { align, ty } = ty {
            self.align(*align)?;
            return self.value(scope, place, ty);
        }
        let node = self.format.node(place, ty);
        match ty {
            Type::Integer(ty) => self.number(ty, node),
            Type::Enum(ty) => self.number(&ty.container, node),
            Type::Float(FloatType { is_reversed: true, .. }) => None,
            Type::Float(FloatType { bits, align, byte_order, .. }) => {
                self.align(*align)?;
                if self.known_align < 8 {
                    return None;
                }
                let swapped = *byte_order == ByteOrder::Big;
                self.ops.push(Op::Float { bits: *bits as u8, swapped, node });
                self.passed(*bits);
                Some(())
            }
            Type::String(_) => {
                self.align(8)?;
                self.ops.push(Op::String { node });
                self.known_align = 8;
                Some(())
            }
            Type::Struct(all) => {
                self.align(all.align)?;
                self.open(node);
                let before = self.visible.len();
                self.fields(scope, &all.fields)?;
                self.visible.truncate(before);
                self.close(ty);
                Some(())
            }
            Type::Array { elem, len } => self.array(scope, elem, Len::Fixed(*len), node, ty),
            Type::Sequence { elem, len } => {
                let (slot, _) = self.slot(scope, len)?;
                self.array(scope, elem, Len::Slot(slot), node, ty)
            }
            Type::Variant(variant) => {
                let (slot, labels) = self.slot(scope, &variant.tag)?;
                self.choose(scope, slot, labels, &variant.options, node, ty)
            }
            Type::Bits(_)
            | Type::Varint(_)
            | Type::Text(_)
            | Type::Blob(_)
            | Type::Optional(_)
            | Type::Aligned { .. } => None,
        }
    }

    fn fields(&mut self, scope: Scope, fields: &Fields) -> Option<()> {
        self.depth += 1;
        for (at, (name, ty)) in fields.iter().enumerate() {
            self.value(scope, Place::Field { fields, at }, ty)?;
            // Of a number it is the only read but for an `Align` before it.
            let last = self.ops.len().saturating_sub(1);
            let (op, labels) = match ty {
                Type::Integer(_) => (Some(last), None),
                Type::Enum(ty) => (Some(last), Some(Arc::clone(ty))),
                Type::Variant(_) => (None, None),
                _ => continue,
            };
            let (name, depth) = (Arc::clone(name), self.depth);
            self.visible.push(Visible { scope, depth, name, op, labels });
        }
        self.depth -= 1;
        Some(())
    }

    fn number(&mut self, ty: &IntegerType, node: F::Node) -> Option<()> {
        if ty.is_reversed {
            return None;
        }
        let IntegerType { bits, align, signed, byte_order, .. } = *ty;
        self.align(align)?;
        let is_whole =
            self.known_align >= 8 && (byte_order == ByteOrder::Little || bits.is_multiple_of(8));
        let bits_of_it = bits as u8;
        self.ops.push(if is_whole {
            let swapped = byte_order == ByteOrder::Big;
            Op::Bytes { bits: bits_of_it, signed, swapped, slot: None, node }
        } else {
            Op::Bits { bits: bits_of_it, signed, order: byte_order, slot: None, node }
        });
        self.passed(bits);
        Some(())
    }

    fn array(
        &mut self,
        scope: Scope,
        elem: &Type,
        len: Len,
        node: F::Node,
        ty: &Type,
    ) -> Option<()> {
        self.align(elem.align())?;
        if elem.is_text_unit() {
            self.ops.push(Op::Text { len, node });
            self.known_align = 8;
            return Some(());
        }
        let at = self.ops.len();
        self.ops.push(Op::Repeat { len, body: 0, node });
        // An element begins where the array does, or where the element before it ends.
        let from = self.known_align.min(8);
        self.known_align = if always_ends_at_bytes(elem, 0) { from } else { 1 };
        self.value(scope, Place::Element, elem)?;
        self.known_align = self.known_align.min(from);
        let reads = u32::try_from(self.ops.len() - at - 1).ok()?;
        if let Op::Repeat { body, .. } = &mut self.ops[at] {
            *body = reads;
        }
        self.close(ty);
        Some(())
    }

    fn choose(
        &mut self,
        scope: Scope,
        slot: u8,
        tag: Option<Arc<EnumType>>,
        options: &Arc<Options>,
        node: F::Node,
        ty: &Type,
    ) -> Option<()> {
        let at = self.ops.len();
        let choice = Choice { tag, options: Arc::clone(options), reads: Vec::new() };
        self.ops.push(Op::Choose { slot, choice: Box::new(choice), node });
        let (from, mut least, mut reads) = (self.known_align, u32::MAX, Vec::new());
        for (name, option) in options.all() {
            let before = self.ops.len();
            self.known_align = from;
            self.value(scope, Place::Option(name), option)?;
            least = least.min(self.known_align);
            reads.push(u32::try_from(self.ops.len() - before).ok()?);
        }
        self.known_align = least.min(from);
        if let Op::Choose { choice, .. } = &mut self.ops[at] {
            choice.reads = reads;
        }
        self.close(ty);
        Some(())
    }

    fn open(&mut self, node: F::Node) {
        if !self.format.is_empty(&node) {
            self.ops.push(Op::Open { node });
        }
    }

    fn close(&mut self, ty: &Type) {
        let node = self.format.end(ty);
        if !self.format.is_empty(&node) {
            self.ops.push(Op::Close { node });
        }
    }

    fn align(&mut self, align: u32) -> Option<()> {
        if !align.is_power_of_two() || align > ALIGN_MAX {
            return None;
        }
        if align > self.known_align {
            self.ops.push(Op::Align(align));
            self.known_align = align;
        }
        Some(())
    }

    /// The position went on by this much.
    fn passed(&mut self, bits: u32) {
        self.known_align = self.known_align.min(1 << bits.trailing_zeros().min(31));
    }

    /// The slot of a number that was read before in the same record.
    fn slot(&mut self, here: Scope, path: &Path) -> Option<(u8, Option<Arc<EnumType>>)> {
        // Fields of fields are left to the general decoder.
        let [name] = &path.names[..] else { return None };
        let fits = |seen: &&Visible| {
            seen.name == *name
                && match (path.scope, path.up) {
                    (Some(scope), _) => seen.scope == scope && seen.depth == 1,
                    (None, Some(up)) => {
                        seen.scope == here && seen.depth + up as usize == self.depth
                    }
                    (None, None) => true,
                }
        };
        let Visible { op, labels, .. } = self.visible.iter().rev().find(fits)?;
        let (Op::Bytes { slot, .. } | Op::Bits { slot, .. }) = &mut self.ops[(*op)?] else {
            return None;
        };
        let taken = match slot {
            Some(taken) => *taken,
            None if usize::from(self.slots) < SLOTS => {
                self.slots += 1;
                *slot.insert(self.slots - 1)
            }
            None => return None,
        };
        Some((taken, labels.clone()))
    }
}

/// How deep types are looked at: a type expands to any size.
const LOOK_DEPTH: u32 = 4;

/// Whether what begins at a byte ends at one.
fn always_ends_at_bytes(ty: &Type, depth: u32) -> bool {
    match ty {
        Type::Integer(ty) => ty.bits.is_multiple_of(8),
        Type::Enum(ty) => ty.container.bits.is_multiple_of(8),
        Type::Float(_) | Type::String(_) => true,
        Type::Struct(all) if depth < LOOK_DEPTH && all.fields.len() < 64 => {
            all.fields.iter().all(|(_, ty)| always_ends_at_bytes(ty, depth + 1))
        }
        Type::Array { elem, .. } | Type::Sequence { elem, .. } if depth < LOOK_DEPTH => {
            always_ends_at_bytes(elem, depth + 1)
        }
        _ => false,
    }
}

/// Whether a part has numbers of both byte orders, and some that may begin within a byte.
fn may_change_order_within_byte<N>(ops: &[Op<N>]) -> bool {
    let has = |is_big: bool| {
        ops.iter().any(|op| match op {
            Op::Bytes { swapped, .. } | Op::Float { swapped, .. } => *swapped == is_big,
            Op::Bits { order, .. } => (*order == ByteOrder::Big) == is_big,
            _ => false,
        })
    };
    ops.iter().any(|op| matches!(op, Op::Bits { .. })) && has(true) && has(false)
}

/// The same reads without values: what has a known size is passed over together.
fn merged<N>(ops: Vec<Op<N>>) -> Vec<Op<N>> {
    // Groups of reads are counted, so only a plan without groups can be made shorter.
    if ops.iter().any(|op| matches!(op, Op::Repeat { .. } | Op::Choose { .. })) {
        return ops;
    }
    let mut merged: Vec<Op<N>> = Vec::new();
    for op in ops {
        let bits = match &op {
            Op::Bytes { bits, slot: None, .. }
            | Op::Bits { bits, slot: None, .. }
            | Op::Float { bits, .. } => u32::from(*bits),
            Op::Open { .. } | Op::Close { .. } => 0,
            _ => {
                merged.push(op);
                continue;
            }
        };
        match merged.last_mut() {
            Some(Op::Skip(sum)) => *sum += bits,
            _ => merged.push(Op::Skip(bits)),
        }
    }
    merged.retain(|op| !matches!(op, Op::Skip(0)));
    merged
}
