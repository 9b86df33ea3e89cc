//! Turns type expressions into types by looking names up.
//!
//! ```text
//!   scopes: Vec<HashMap<name, (Type, depth)>>     file | block | struct | ...     inner ones hide outer ones
//! ```
//!
//! Aliases make it possible to write a deep type in a flat text. So the depth of each type is known
//! and bounded, however it was made.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{self, Declaration, Dimension, Member, TypeExpr, TypeKind, Wrong};
use super::numbers::{alignment, float, integer, string};
use crate::schema::{
    ByteOrder, EnumType, Fields, IntegerType, Options, Path, Scope, StructType, Type, VariantType,
};
use crate::schema::{Label, Labels};

/// The deepest nesting of types that is read.
const DEPTH_MAX: u32 = 64;

/// A type, and how deep its types nest.
#[derive(Clone)]
struct Named {
    ty: Type,
    depth: u32,
}

/// The type names that are visible at the present place.
pub(super) struct Resolver {
    native: ByteOrder,
    scopes: Vec<HashMap<String, Named>>,
}

impl Resolver {
    pub(super) fn new(native: ByteOrder) -> Resolver {
        Resolver { native, scopes: vec![HashMap::new()] }
    }

    /// Opens a scope for the declarations that `inside` makes.
    pub(super) fn scoped<T>(
        &mut self,
        inside: impl FnOnce(&mut Resolver) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        self.scopes.push(HashMap::new());
        let outcome = inside(self);
        self.scopes.pop();
        outcome
    }

    pub(super) fn declare(&mut self, declaration: &Declaration<'_>) -> Result<(), Wrong> {
        match declaration {
            Declaration::Alias { name, ty, dimensions } => {
                let named = self.named(ty)?;
                let named = dimensioned(named, dimensions, ty.at)?;
                self.name(name.clone(), named);
                Ok(())
            }
            // Looking it up also gives it its name.
            Declaration::Named(ty) => self.named(ty).map(|_| ()),
        }
    }

    pub(super) fn resolve(&mut self, expr: &TypeExpr<'_>) -> Result<Type, Wrong> {
        Ok(self.named(expr)?.ty)
    }

    fn name(&mut self, name: String, named: Named) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, named);
        }
    }

    fn look_up(&self, name: &str, at: usize) -> Result<Named, Wrong> {
        let found = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        found.cloned().ok_or_else(|| (at, format!("there is no type `{name}`")))
    }

    fn named(&mut self, expr: &TypeExpr<'_>) -> Result<Named, Wrong> {
        let at = expr.at;
        let leaf = |ty| Ok(Named { ty, depth: 1 });
        let (kind, name, named) = match &expr.kind {
            TypeKind::Integer(attributes) => {
                return leaf(Type::Integer(integer(attributes, self.native, at)?));
            }
            TypeKind::Float(attributes) => {
                return leaf(Type::Float(float(attributes, self.native, at)?));
            }
            TypeKind::String(attributes) => return leaf(Type::String(string(attributes))),
            TypeKind::Named(name) => return self.look_up(name, at),
            TypeKind::Struct { name: Some(name), members: None, .. } => {
                return self.look_up(&format!("struct {name}"), at);
            }
            TypeKind::Enum { name: Some(name), labels: None, .. } => {
                return self.look_up(&format!("enum {name}"), at);
            }
            TypeKind::Variant { name: Some(name), tag, members: None } => {
                return with_tag(self.look_up(&format!("variant {name}"), at)?, tag.as_deref(), at);
            }
            TypeKind::Struct { name, members, align } => {
                let (fields, depth) = self.members(members.as_deref().unwrap_or_default())?;
                let asked = align.map_or(Ok(1), |align| alignment(align, at))?;
                let align = fields.iter().map(|(_, ty)| ty.align()).fold(asked, u32::max);
                let ty = Type::Struct(Arc::new(StructType { align, fields }));
                ("struct", name, Named { ty, depth: depth + 1 })
            }
            TypeKind::Enum { name, container, labels } => {
                let container = match container {
                    Some(container) => IntegerType::of(&self.resolve(container)?),
                    // As in C, an enumeration without a container is an int.
                    None => IntegerType::of(&self.look_up("int", at)?.ty),
                };
                let container =
                    container.ok_or_else(|| (at, "the container is no integer".to_owned()))?;
                let labels = Labels::new(ranges(labels.as_deref().unwrap_or_default()));
                let ty = Type::Enum(Arc::new(EnumType { container, labels }));
                ("enum", name, Named { ty, depth: 1 })
            }
            TypeKind::Variant { name, tag, members } => {
                let (options, depth) = self.members(members.as_deref().unwrap_or_default())?;
                let tag = path(tag.as_deref().unwrap_or_default(), at)?;
                let options = Arc::new(Options::new(options));
                let ty = Type::Variant(Arc::new(VariantType { tag, options }));
                ("variant", name, Named { ty, depth: depth + 1 })
            }
        };
        if named.depth > DEPTH_MAX {
            return Err((at, "too many types within types".to_owned()));
        }
        if let Some(name) = name {
            self.name(format!("{kind} {name}"), named.clone());
        }
        Ok(named)
    }

    /// Fields, or a variant's options, and their greatest depth.
    fn members(&mut self, members: &[Member<'_>]) -> Result<(Fields, u32), Wrong> {
        self.scoped(|resolver| {
            let (mut fields, mut depth) = (Vec::new(), 0);
            for member in members {
                match member {
                    Member::Declaration(declaration) => resolver.declare(declaration)?,
                    Member::Field { name, ty, dimensions } => {
                        let named = dimensioned(resolver.named(ty)?, dimensions, ty.at)?;
                        depth = depth.max(named.depth);
                        fields.push((Arc::from(*name), named.ty));
                    }
                }
            }
            Ok((fields, depth))
        })
    }
}

/// The last dimension is the innermost.
fn dimensioned(named: Named, dimensions: &[Dimension], at: usize) -> Result<Named, Wrong> {
    let mut named = named;
    for dimension in dimensions.iter().rev() {
        let elem = Arc::new(named.ty);
        let ty = match dimension {
            Dimension::Length(len) => {
                let len = u64::try_from(*len)
                    .map_err(|_| (at, "a length cannot be negative".to_owned()))?;
                Type::Array { elem, len }
            }
            Dimension::Field(name) => Type::Sequence { elem, len: path(name, at)? },
        };
        named = Named { ty, depth: named.depth + 1 };
        if named.depth > DEPTH_MAX {
            return Err((at, "too many types within types".to_owned()));
        }
    }
    Ok(named)
}

fn with_tag(named: Named, tag: Option<&str>, at: usize) -> Result<Named, Wrong> {
    match (&named.ty, tag) {
        (Type::Variant(variant), Some(tag)) => {
            let options = Arc::clone(&variant.options);
            let ty = Type::Variant(Arc::new(VariantType { tag: path(tag, at)?, options }));
            Ok(Named { ty, ..named })
        }
        _ => Ok(named),
    }
}

fn path(text: &str, at: usize) -> Result<Path, Wrong> {
    let scopes = [
        ("trace.packet.header.", Scope::PacketHeader),
        ("stream.packet.context.", Scope::PacketContext),
        ("stream.event.header.", Scope::EventHeader),
        ("stream.event.context.", Scope::StreamEventContext),
        ("event.context.", Scope::EventContext),
        ("event.fields.", Scope::Fields),
    ];
    let named = scopes
        .into_iter()
        .find_map(|(prefix, scope)| Some((Some(scope), text.strip_prefix(prefix)?)));
    let (scope, name) = named.unwrap_or((None, text));
    if name.contains('.') {
        return Err((at, format!("`{text}`: fields of fields cannot be tags or lengths here")));
    }
    Ok(Path { scope, up: None, names: vec![Arc::from(name)] })
}

fn ranges(labels: &[ast::Label]) -> Vec<Label> {
    let mut next = 0;
    let range = |label: &ast::Label| {
        let (low, high) = label.range.unwrap_or((next, next));
        next = high.saturating_add(1);
        (Arc::from(label.name.as_str()), low, high)
    };
    labels.iter().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsdl;

    /// Else a text of a megabyte could name so many options in so many places that they fill all memory.
    #[test]
    fn options_are_shared_by_all_who_name_a_variant() {
        let named = ["a", "b"]
            .map(|tag| format!("integer {{ size = 8; }} {tag}; variant v <{tag}> v{tag};"));
        let text = format!(
            "trace {{ byte_order = le; }};
            variant v {{ string x; string y; }};
            event {{ fields := struct {{ {} {} }}; }};",
            named[0], named[1]
        );
        let metadata = tsdl::parse(text.as_bytes()).unwrap();
        let Some(Type::Struct(fields)) = &metadata.streams[&0].events[&0].fields else { panic!() };
        let variants = fields.fields.iter().filter_map(|(_, ty)| match ty {
            Type::Variant(variant) => Some(variant),
            _ => None,
        });
        let [a, b] = &variants.collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!([&*a.tag.names[0], &*b.tag.names[0]], ["a", "b"]);
        assert!(Arc::ptr_eq(&a.options, &b.options));
    }
}
