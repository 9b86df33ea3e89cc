//! Turns type expressions into types by looking names up.
//!
//! ```text
//!   scopes: Vec<HashMap<name, (Type, depth)>>     file | block | struct | ...     inner ones hide outer ones
//! ```
//!
//! Names may be declared once in a scope. What a type uses that is elsewhere (lengths, tags, clocks) is gathered as types
//! are made ([`uses`](super::uses)), and looked for around each type in turn.
//!
//! Aliases make it possible to write a deep type in a flat text. So the depth of each type is known
//! and bounded, however it was made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::ast::{
    self, Attribute, Declaration, Declarator, Member, TypeExpr, TypeKind, Value, Wrong,
};
use super::named::{DEPTH_MAX, Named, dimensioned, tagged, with_tag};
use super::numbers::{alignment, float, integer, string};
use super::uses::Uses;
use crate::schema::{
    ByteOrder, ClockType, EnumType, Fields, IntegerType, Label, Labels, Options, Path, StructType,
    Type, VariantType,
};

/// The type names that are visible at the present place.
pub(super) struct Resolver {
    native: ByteOrder,
    clocks: HashMap<Arc<str>, Arc<ClockType>>,
    scopes: Vec<HashMap<String, Named>>,
}

impl Resolver {
    pub(super) fn new(native: ByteOrder, clocks: &[Arc<ClockType>]) -> Resolver {
        let clocks = clocks.iter().map(|clock| (Arc::clone(&clock.name), Arc::clone(clock)));
        Resolver { native, clocks: clocks.collect(), scopes: vec![HashMap::new()] }
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
            Declaration::Alias { name, ty, at } => {
                let named = self.named(ty)?;
                self.name(name.clone(), named, *at)
            }
            Declaration::Typedef { ty, declarators } => {
                let named = self.named(ty)?;
                for Declarator { name, dimensions, at } in declarators {
                    let named = dimensioned(named.clone(), dimensions, *at)?;
                    self.name((*name).to_owned(), named, *at)?;
                }
                Ok(())
            }
            // Looking it up also gives it its name.
            Declaration::Named(ty) => self.named(ty).map(|_| ()),
        }
    }

    /// The type of a part of packets or records.
    pub(super) fn resolve(&mut self, expr: &TypeExpr<'_>) -> Result<Named, Wrong> {
        tagged(self.named(expr)?, expr.at)
    }

    fn name(&mut self, name: String, named: Named, at: usize) -> Result<(), Wrong> {
        let Some(scope) = self.scopes.last_mut() else { return Ok(()) };
        if scope.contains_key(&name) {
            return Err((at, format!("the type `{name}` for the second time")));
        }
        scope.insert(name, named);
        Ok(())
    }

    fn look_up(&self, name: &str, at: usize) -> Result<Named, Wrong> {
        let found = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        found.cloned().ok_or_else(|| (at, format!("there is no type `{name}`")))
    }

    fn named(&mut self, expr: &TypeExpr<'_>) -> Result<Named, Wrong> {
        let at = expr.at;
        let leaf = |ty| Ok(Named::new(ty, 1, Uses::default()));
        let (kind, name, named) = match &expr.kind {
            TypeKind::Integer(attributes) => {
                let ty = Type::Integer(integer(attributes, self.native, at)?);
                return Ok(Named::new(ty, 1, Uses::of_clock(self.mapped(attributes)?)));
            }
            TypeKind::Float(attributes) => {
                return leaf(Type::Float(float(attributes, self.native, at)?));
            }
            TypeKind::String(attributes) => return leaf(Type::String(string(attributes)?)),
            TypeKind::Named(name) => return self.look_up(name, at),
            TypeKind::Struct { name: Some(name), members: None, .. } => {
                return self.look_up(&format!("struct {name}"), at);
            }
            TypeKind::Enum { name: Some(name), labels: None, .. } => {
                return self.look_up(&format!("enum {name}"), at);
            }
            TypeKind::Variant { name: Some(name), tag, members: None } => {
                return Ok(with_tag(self.look_up(&format!("variant {name}"), at)?, tag.as_ref()));
            }
            TypeKind::Struct { name, members, align } => {
                let members = members.as_deref().unwrap_or_default();
                let (fields, depth, uses) = self.members(members, Together::InOrder)?;
                let asked = align.map_or(Ok(1), |align| alignment(align, at))?;
                let align = fields.iter().map(|(_, ty)| ty.align()).fold(asked, u32::max);
                let ty = Type::Struct(Arc::new(StructType { align, fields }));
                ("struct", name, Named::new(ty, depth + 1, uses))
            }
            TypeKind::Enum { name, container, labels } => {
                let container = match container {
                    Some(container) => self.named(container)?,
                    // As in C, an enumeration without a container is an int.
                    None => self.look_up("int", at)?,
                };
                let uses = container.uses;
                let container = IntegerType::of(&container.ty)
                    .ok_or_else(|| (at, "the container is no integer".to_owned()))?;
                let labels = Labels::new(ranges(labels.as_deref().unwrap_or_default()));
                let ty = Type::Enum(Arc::new(EnumType { container, labels }));
                ("enum", name, Named::new(ty, 1, uses))
            }
            TypeKind::Variant { name, tag, members } => {
                let members = members.as_deref().unwrap_or_default();
                let (options, depth, uses) = self.members(members, Together::OneOfThem)?;
                let options = Arc::new(Options::new(options));
                let tag_path = Path::default();
                let ty = Type::Variant(Arc::new(VariantType { tag: tag_path, options }));
                ("variant", name, with_tag(Named::new(ty, depth + 1, uses), tag.as_ref()))
            }
        };
        if named.depth > DEPTH_MAX {
            return Err((at, "too many types within types".to_owned()));
        }
        if let Some(name) = name {
            self.name(format!("{kind} {name}"), named.clone(), at)?;
        }
        Ok(named)
    }

    /// The clock to which an integer is mapped: `clock.NAME.value`, or less of it.
    fn mapped(&self, attributes: &[Attribute<'_>]) -> Result<Option<Arc<ClockType>>, Wrong> {
        let map = attributes.iter().find(|attribute| attribute.name == "map");
        let Some(Attribute { value: Value::Word(_) | Value::Path(_), .. }) = map else {
            return Ok(None);
        };
        let Some(Attribute { value, at, .. }) = map else { return Ok(None) };
        let path = match value {
            Value::Path(path) => path.strip_prefix("clock.").unwrap_or(path),
            value => value.word().unwrap_or_default(),
        };
        let name = path.split('.').next().unwrap_or_default();
        match self.clocks.get(name) {
            Some(clock) => Ok(Some(Arc::clone(clock))),
            None => Err((*at, format!("there is no clock `{name}`"))),
        }
    }

    /// Fields, or a variant's options, their greatest depth, and what they use that is elsewhere.
    fn members(
        &mut self,
        members: &[Member<'_>],
        together: Together,
    ) -> Result<(Fields, u32, Uses), Wrong> {
        self.scoped(|resolver| {
            let (mut fields, mut depth, mut uses) = (Vec::new(), 0, Uses::default());
            let mut names = HashSet::new();
            let mut before = HashMap::new();
            for member in members {
                let (ty, declarators) = match member {
                    Member::Declaration(declaration) => {
                        resolver.declare(declaration)?;
                        continue;
                    }
                    Member::Fields { ty, declarators } => (ty, declarators),
                };
                let element = resolver.named(ty)?;
                for Declarator { name, dimensions, at } in declarators {
                    let named = tagged(dimensioned(element.clone(), dimensions, *at)?, ty.at)?;
                    let name: Arc<str> = Arc::from(*name);
                    if !names.insert(Arc::clone(&name)) {
                        return Err((*at, format!("the field `{name}` for the second time")));
                    }
                    depth = depth.max(named.depth);
                    uses.add(&named.uses, fields.len(), &before)?;
                    if together == Together::InOrder {
                        before.insert(Arc::clone(&name), named.ty.clone());
                    }
                    fields.push((name, named.ty));
                }
            }
            Ok((fields, depth, uses))
        })
    }
}

/// How members are in the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Together {
    /// One behind the other: a field can be the length or the tag of a later one.
    InOrder,
    OneOfThem,
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
        let named = ["a", "b"].map(|tag| {
            format!("enum : integer {{ size = 8; }} {{ x, y }} {tag}; variant v <{tag}> v{tag};")
        });
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
        assert_eq!([a.tag.to_string(), b.tag.to_string()], ["a", "b"]);
        assert!(Arc::ptr_eq(&a.options, &b.options));
    }
}
