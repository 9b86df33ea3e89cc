//! A type as names stand for it, and what is made of it where it is used: arrays, and variants with their tags.
//!
//! A variant that has a name may have its tag, or another one, where the name is used: `variant v <tag> field`. So its
//! tag counts as used only where the type is read.

use std::sync::Arc;

use super::ast::{Dimension, FieldPath, Wrong};
use super::uses::{Kind, Uses};
use crate::schema::{Path, Scope, Type, VariantType};

/// The deepest nesting of types that is read.
pub(super) const DEPTH_MAX: u32 = 64;

/// A type, how deep its types nest, and what they use that is elsewhere.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) ty: Type,
    pub(super) depth: u32,
    /// Without the tag, if it is a variant: with the variant's name it may get another one.
    pub(super) uses: Uses,
    /// Where the text names the tag.
    tag_at: usize,
}

impl Named {
    pub(super) fn new(ty: Type, depth: u32, uses: Uses) -> Named {
        Named { ty, depth, uses, tag_at: 0 }
    }
}

/// The last dimension is the innermost.
pub(super) fn dimensioned(
    named: Named,
    dimensions: &[Dimension],
    at: usize,
) -> Result<Named, Wrong> {
    let mut named = named;
    for dimension in dimensions.iter().rev() {
        let Named { ty, depth, mut uses, .. } = tagged(named, at)?;
        let elem = Arc::new(ty);
        let ty = match dimension {
            Dimension::Length(len) => {
                let len = u64::try_from(*len)
                    .map_err(|_| (at, "a length cannot be negative".to_owned()))?;
                Type::Array { elem, len }
            }
            Dimension::Field(place) => {
                let len = path(&place.text);
                uses.push(&len, Kind::Length, place.at)?;
                Type::Sequence { elem, len }
            }
        };
        named = Named::new(ty, depth + 1, uses);
        if named.depth > DEPTH_MAX {
            return Err((at, "too many types within types".to_owned()));
        }
    }
    Ok(named)
}

/// Gives a variant its tag.
pub(super) fn with_tag(named: Named, tag: Option<&FieldPath>) -> Named {
    let (Type::Variant(variant), Some(place)) = (&named.ty, tag) else { return named };
    let options = Arc::clone(&variant.options);
    let ty = Type::Variant(Arc::new(VariantType { tag: path(&place.text), options }));
    Named { ty, tag_at: place.at, ..named }
}

/// The type where it is read, no longer only named: a variant uses its tag there.
pub(super) fn tagged(mut named: Named, at: usize) -> Result<Named, Wrong> {
    if let Type::Variant(variant) = &named.ty {
        if variant.tag.names.is_empty() {
            return Err((at, "a variant needs the path of its tag: `variant <tag>`".to_owned()));
        }
        named.uses.push(&variant.tag, Kind::Tag, named.tag_at)?;
    }
    Ok(named)
}

fn path(text: &str) -> Path {
    let named = Scope::ALL
        .into_iter()
        .find_map(|scope| Some((Some(scope), text.strip_prefix(scope.path())?.strip_prefix('.')?)));
    let (scope, names) = named.unwrap_or((None, text));
    Path { scope, up: None, names: names.split('.').map(Arc::from).collect() }
}
