//! Names for the lifetimes of fields.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, Type, TypeReference};

/// The type, with one name for all its lifetimes but `'static`, including elided ones.
///
/// The closure type `FnOnce() -> (&str, &[u8])` must name its lifetimes, and could not say which of several is the longer.
/// One for all is enough for nearly all types: a longer borrow passes as a shorter one.
pub(crate) fn with_lifetime(name: &str, ty: &Type) -> Type {
    let mut ty = ty.clone();
    let mut named = |_: &Lifetime| Lifetime::new(name, Span::call_site());
    Lifetimes(&mut named).visit_type_mut(&mut ty);
    ty
}

/// The types, with a name for each of their lifetimes but `'static`, including elided ones; and these names.
///
/// So a function takes values whose lifetimes cannot shrink to one, such as `&mut &str` and `Cow<[&str]>`.
pub(crate) fn with_lifetimes<'a>(
    types: impl Iterator<Item = &'a Type>,
) -> (Vec<Type>, Vec<Lifetime>) {
    let mut names: Vec<Lifetime> = Vec::new();
    let mut named = |lifetime: &Lifetime| {
        let name = if lifetime.ident == "_" {
            format!("'__ust_fields{}", names.len())
        } else {
            format!("'__ust_of_{}", lifetime.ident.unraw())
        };
        let name = Lifetime::new(&name, Span::call_site());
        if !names.contains(&name) {
            names.push(name.clone());
        }
        name
    };
    let mut types: Vec<_> = types.cloned().collect();
    types.iter_mut().for_each(|ty| Lifetimes(&mut named).visit_type_mut(ty));
    (types, names)
}

struct Lifetimes<'a>(&'a mut dyn FnMut(&Lifetime) -> Lifetime);

impl VisitMut for Lifetimes<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            let span = lifetime.span();
            *lifetime = (self.0)(lifetime);
            lifetime.set_span(span.resolved_at(Span::call_site()));
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        // An elided lifetime becomes `'_` first; then the walk over the type's parts renames it.
        reference.lifetime.get_or_insert_with(|| Lifetime::new("'_", Span::call_site()));
        visit_mut::visit_type_reference_mut(self, reference);
    }
}
