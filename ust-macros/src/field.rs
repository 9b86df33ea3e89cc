//! One field of an event: how a parameter's value is handed on to the record, and what the record gets of it.
//!
//! ```text
//!   parameter            fn stored(path: impl AsRef<Path>, #[field(debug)] why: &Reason)
//!     given                        AsRef::<Path>::as_ref(&path)       why
//!     carried                      &Path                              &Reason
//!       written                    itself                             a text in a buffer of the stack
//! ```
//!
//! What is written of a value is made while the event is on, before anything is reserved: it may panic.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, PathArguments, Type, TypeImplTrait, TypeParamBound};

use crate::field_attribute::How;
use crate::lifetimes::with_lifetime;

/// Types whose values are handed over in registers. All others are lent.
const IN_REGISTERS: [&str; 15] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64",
    "usize", "Option",
];

/// One field of an event.
#[derive(Clone)]
pub(crate) struct Field {
    /// The parameter.
    pub(crate) ident: Ident,
    /// The field's name in the trace.
    pub(crate) name: String,
    /// The type that the parameter was declared with.
    pub(crate) given: Type,
    /// The type that is handed on.
    pub(crate) carried: Type,
    pub(crate) how: How,
    /// What the user says of it, or nothing.
    pub(crate) doc: String,
}

impl Field {
    pub(crate) fn new(ident: Ident, name: String, given: Type, how: How) -> Self {
        let carried = match &given {
            Type::ImplTrait(bounds) => carried_of_impl(bounds, &how),
            _ => None,
        };
        let (carried, doc) = (carried.unwrap_or_else(|| given.clone()), String::new());
        Self { ident, name, carried, given, how, doc }
    }

    pub(crate) fn documented(self, doc: String) -> Self {
        Self { doc, ..self }
    }

    pub(crate) fn is_recorded(&self) -> bool {
        !matches!(self.how, How::Skip)
    }

    /// Whether the value itself is written.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.how, How::Plain | How::Shown(_))
    }

    /// Whether a function of the user's makes what is written.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.how, How::With(_))
    }

    /// The parameter, as it is handed on.
    pub(crate) fn handed_on(&self, private: &TokenStream) -> TokenStream {
        self.handed_on_from(&self.ident.to_token_stream(), private)
    }

    /// The same of an expression that is of the parameter's type.
    pub(crate) fn handed_on_from(&self, ident: &TokenStream, private: &TokenStream) -> TokenStream {
        match (&self.given, &self.carried) {
            (Type::ImplTrait(_), Type::Reference(carried)) => match &*carried.elem {
                Type::TraitObject(_) => quote!(&#ident),
                target => {
                    quote!(#private::core::convert::AsRef::<#target>::as_ref(&#ident))
                }
            },
            _ => ident.clone(),
        }
    }

    /// The name of its value in the expansion. It has the span of the type, which errors are about.
    pub(crate) fn value(&self, index: usize) -> Ident {
        let span = self.given.span().resolved_at(Span::call_site());
        format_ident!("__ust_field{index}", span = span)
    }

    /// Makes what is written of the value, if that is not the value.
    pub(crate) fn preparation(&self, value: &Ident, private: &TokenStream) -> Option<TokenStream> {
        let made = match &self.how {
            How::Plain | How::Shown(_) | How::Skip => return None,
            How::Text => quote!(#private::text(&#value)),
            How::Debug => quote!(#private::Formatted::debug(&#value)),
            How::Display => quote!(#private::Formatted::display(&#value)),
            // If it returns no field, the description says so.
            How::With(path) => {
                return Some(quote! {
                    let #value = &#path(#value);
                    let #value = {
                        use #private::MadeNoField as _;
                        #private::Made(#value).field()
                    };
                });
            }
        };
        Some(quote!(let #value = #made;))
    }

    /// What the type of a value that is written itself must be.
    pub(crate) fn bounds(&self, private: &TokenStream) -> TokenStream {
        if is_in_registers(&self.carried) {
            quote!(#private::Field + #private::core::marker::Copy)
        } else {
            quote!(#private::Field)
        }
    }

    /// What the payload gets, after the preparation.
    pub(crate) fn written(&self, value: &Ident) -> TokenStream {
        if self.is_direct() && is_in_registers(&self.carried) {
            value.to_token_stream()
        } else {
            quote!(&#value)
        }
    }

    /// What the metadata says of it.
    pub(crate) fn type_of(&self, private: &TokenStream) -> TokenStream {
        let ty = with_lifetime("'static", &self.carried);
        match &self.how {
            How::Plain | How::Skip => quote!(#private::Probe::<#ty>::TYPE),
            How::Shown(form) => {
                let form = form.packed();
                quote!(<#ty as #private::Shown<#form>>::SHOWN)
            }
            How::Text | How::Debug | How::Display => quote!(&#private::FieldType::TEXT),
            How::With(path) => quote!(#private::type_of_result(#path as fn(#ty) -> _)),
        }
    }
}

/// The fields that are recorded.
pub(crate) fn recorded(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| field.is_recorded())
}

/// Their names, and constants of type `&'static FieldType`.
pub(crate) fn described_fields(
    fields: &[Field],
    private: &TokenStream,
) -> Vec<(String, TokenStream)> {
    recorded(fields).map(|field| (field.name.clone(), field.type_of(private))).collect()
}

/// What is handed on of a parameter that is `impl Trait`: a reference of one type for all callers.
fn carried_of_impl(bounds: &TypeImplTrait, how: &How) -> Option<Type> {
    match how {
        How::Debug => return Some(syn::parse_quote!(&dyn ::core::fmt::Debug)),
        How::Display => return Some(syn::parse_quote!(&dyn ::core::fmt::Display)),
        _ => {}
    }
    let target = as_ref_target(bounds)?;
    Some(syn::parse_quote!(&#target))
}

/// `T` of the type `impl AsRef<T>`.
pub(crate) fn as_ref_target_of(ty: &Type) -> Option<&Type> {
    match ty {
        Type::ImplTrait(bounds) => as_ref_target(bounds),
        _ => None,
    }
}

/// `T` of `impl AsRef<T>`.
pub(crate) fn as_ref_target(bounds: &TypeImplTrait) -> Option<&Type> {
    bounds.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|last| last.ident == "AsRef")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }
    })
}

/// Whether values of this type surely are `Copy`, and small. A wrong no costs little: the value is lent.
pub(crate) fn is_in_registers(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Ptr(_) => true,
        Type::Array(array) => is_in_registers(&array.elem),
        Type::Tuple(members) => members.elems.iter().all(is_in_registers),
        Type::Paren(inner) => is_in_registers(&inner.elem),
        Type::Group(inner) => is_in_registers(&inner.elem),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return false };
            let of_arguments = match &last.arguments {
                PathArguments::None => true,
                PathArguments::AngleBracketed(arguments) => arguments.args.iter().all(
                    |argument| matches!(argument, GenericArgument::Type(ty) if is_in_registers(ty)),
                ),
                PathArguments::Parenthesized(_) => false,
            };
            of_arguments && IN_REGISTERS.iter().any(|name| last.ident == name)
        }
        _ => false,
    }
}
