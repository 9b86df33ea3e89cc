//! Types that the items of an expansion cannot name: they lie within the function, where neither its generic types mean anything, nor
//! those of the implementation around it, nor `Self`.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{GenericParam, Generics, Ident, ReturnType, Type};

/// The names that items within the function cannot use.
pub(crate) struct Unnamed(Vec<Ident>);

impl Unnamed {
    pub(crate) fn of(generics: &Generics, around: &Generics) -> Self {
        let ident = |parameter: &GenericParam| match parameter {
            GenericParam::Type(ty) => Some(ty.ident.clone()),
            GenericParam::Const(constant) => Some(constant.ident.clone()),
            GenericParam::Lifetime(_) => None,
        };
        let all = generics.params.iter().chain(&around.params);
        let this = Ident::new("Self", Span::call_site());
        Self(all.filter_map(ident).chain([this]).collect())
    }

    /// Whether a type is made of such names, or is none that could be named.
    pub(crate) fn is_in(&self, ty: &Type) -> bool {
        struct Search<'a>(&'a [Ident], bool);

        impl<'ast> Visit<'ast> for Search<'_> {
            fn visit_ident(&mut self, ident: &'ast Ident) {
                self.1 |= self.0.contains(ident);
            }

            fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
                self.1 = true;
            }
        }

        // The function's own `impl Trait` is looked at by its bounds.
        if matches!(ty, Type::ImplTrait(_)) {
            return false;
        }
        let mut search = Search(&self.0, false);
        visit::visit_type(&mut search, ty);
        search.1
    }
}

/// Whether the function never returns.
pub(crate) fn is_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

/// Whether a type has `impl Trait` in it, which only a signature may say.
pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    struct Search(bool);

    impl<'ast> Visit<'ast> for Search {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut search = Search(false);
    search.visit_type(ty);
    search.0
}
