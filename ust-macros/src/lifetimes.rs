//! Names for the lifetimes of fields.

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, Type, TypeReference};

/// The type, with one name for all its lifetimes but `'static`, including elided ones.
///
/// The closure type `FnOnce() -> (&str, &[u8])` must name its lifetimes. One for all is enough: a longer borrow passes
/// as a shorter one.
pub(crate) fn with_lifetime(name: &str, ty: &Type) -> Type {
    let mut ty = ty.clone();
    Lifetimes { name, found: false }.visit_type_mut(&mut ty);
    ty
}

/// Whether a type has a lifetime that `with_lifetime` would name.
pub(crate) fn is_borrowed(ty: &Type) -> bool {
    let mut lifetimes = Lifetimes { name: "'_", found: false };
    lifetimes.visit_type_mut(&mut ty.clone());
    lifetimes.found
}

struct Lifetimes<'a> {
    name: &'a str,
    found: bool,
}

impl VisitMut for Lifetimes<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            self.found = true;
            *lifetime = Lifetime::new(self.name, lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        // An elided lifetime becomes `'_` first; then the walk over the type's parts renames it.
        reference.lifetime.get_or_insert_with(|| Lifetime::new("'_", Span::call_site()));
        visit_mut::visit_type_reference_mut(self, reference);
    }
}
