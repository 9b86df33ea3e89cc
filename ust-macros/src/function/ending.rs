//! How an instrumented function ended, as the field `outcome`: `ust::span::outcome` has its bytes.
//!
//! The value is recorded if its type is a field, and the error of a `Result` if it has a text; `ret(..)` and `err(..)` say otherwise. The
//! compiler chooses (`Probe` in `ust::__private`): the macro does not know what is a field.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{GenericArgument, Ident, PathArguments, ReturnType, Type, parse_quote};

use crate::args::{Args, Recorded};
use crate::function::unnamed::Unnamed;
use crate::lifetimes::with_lifetime;

/// What is recorded of the end.
pub(crate) struct Ending {
    /// Whether the value must be looked at.
    pub(crate) looks_at_value: bool,
    /// The types of the choices, as constants.
    value_type: TokenStream,
    error_type: TokenStream,
    /// The outcome, of `__ust_returned`.
    pub(crate) outcome: TokenStream,
}

/// Modules whose `Result<T>` has the same error for every `T`.
const OF_ONE_ERROR: [&str; 3] = ["io", "anyhow", "eyre"];

/// Whether the arguments of a type named `Result` surely are those of `core`'s: other aliases may use them in any way.
fn has_known_sides(path: &syn::Path, arguments: usize) -> bool {
    let before = path.segments.iter().rev().nth(1).map(|segment| segment.ident.to_string());
    match (before.as_deref(), arguments) {
        (None | Some("result"), 2) => true,
        (Some(module), 1) => OF_ONE_ERROR.contains(&module),
        _ => false,
    }
}

/// The type with `()` as its generic argument of that place, if the argument cannot be named, and the other side does not depend on
/// it: `io::Result<()>` has the error of `io::Result<T>`.
fn without(ty: &Type, place: usize, unnamed: &Unnamed) -> Type {
    let mut ty = ty.clone();
    let arguments = |arguments: &PathArguments| match arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.len(),
        _ => 0,
    };
    if let Type::Path(path) = &mut ty
        && let last = path.path.segments.last().map_or(0, |last| arguments(&last.arguments))
        && has_known_sides(&path.path, last)
        && let Some(last) = path.path.segments.last_mut()
        && let PathArguments::AngleBracketed(arguments) = &mut last.arguments
    {
        let types = arguments.args.iter_mut().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        for argument in types.skip(place).take(1) {
            if matches!(argument, Type::ImplTrait(_)) || unnamed.is_in(argument) {
                *argument = parse_quote!(());
            }
        }
    }
    ty
}

impl Ending {
    pub(crate) fn of(args: &Args, output: &ReturnType, unnamed: &Unnamed) -> Self {
        let private = &args.private();
        let nothing = quote!(&#private::FieldType::NOTHING);
        let text = quote!(&#private::FieldType::TEXT);
        let outcome = |choice: TokenStream| quote!(#private::Outcome::<_, _>::#choice);
        let ty = match output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(&**ty),
        };
        let is_unit = match ty {
            None | Some(Type::Never(_)) => true,
            Some(Type::Tuple(tuple)) => tuple.elems.is_empty(),
            Some(_) => false,
        };
        let is_result = matches!(ty, Some(Type::Path(path)) if path.path.segments.last().is_some_and(|last| last.ident == "Result"));
        let named =
            ty.filter(|ty| !is_unit && !matches!(ty, Type::ImplTrait(_)) && !unnamed.is_in(ty));

        // One side: the constant that is its type, and what is recorded of a value `__ust_it`.
        let side = |how: Recorded,
                    probe: &TokenStream,
                    of: Option<TokenStream>,
                    in_body: Option<TokenStream>| match (how, of, in_body) {
            (Recorded::Debug, ..) => {
                (text.clone(), quote!(#private::Formatted::debug(__ust_it)), true)
            }
            (Recorded::Display, ..) => {
                (text.clone(), quote!(#private::Formatted::display(__ust_it)), true)
            }
            (Recorded::ByType, Some(of), Some(in_body)) => (
                quote!(#private::#probe::<#of>::TYPE),
                quote!(#private::#probe::<#in_body>::of(__ust_it)),
                true,
            ),
            _ => (nothing.clone(), quote!({ let _ = __ust_it; #private::Nothing }), false),
        };
        if is_result {
            // The type of one side, if it can be named: the other side may be generic.
            let part = |which: &str, other: usize| {
                let named = ty.map(|ty| without(ty, other, unnamed));
                let named = named.filter(|ty| !unnamed.is_in(ty));
                let which = Ident::new(which, Span::call_site());
                ["'static", "'_"].map(|lifetime| {
                    let ty = with_lifetime(lifetime, named.as_ref()?);
                    Some(quote!(<#ty as #private::IsResult>::#which))
                })
            };
            let [fixed, inferred] = part("Value", 1);
            let (value_type, value, _) = side(args.ret, &quote!(Probe), fixed, inferred);
            let [fixed, inferred] = part("Error", 0);
            let (error_type, error, _) = side(args.err, &quote!(ErrorProbe), fixed, inferred);
            let (returned, err) = (outcome(quote!(Returned)), outcome(quote!(Err)));
            return Self {
                looks_at_value: true,
                value_type,
                error_type,
                outcome: quote! {
                    match &__ust_returned {
                        #private::core::result::Result::Ok(__ust_it) => #returned(#value),
                        #private::core::result::Result::Err(__ust_it) => #err(#error),
                    }
                },
            };
        }
        let [fixed, inferred] = ["'static", "'_"]
            .map(|lifetime| named.map(|ty| with_lifetime(lifetime, ty).into_token_stream()));
        let how = if is_unit { Recorded::Not } else { args.ret };
        let (value_type, value, looks_at_value) = side(how, &quote!(Probe), fixed, inferred);
        Self {
            looks_at_value,
            value_type,
            error_type: nothing.clone(),
            outcome: quote! {
                {
                    let __ust_it = &__ust_returned;
                    #private::Outcome::<_, #private::Nothing>::Returned(#value)
                }
            },
        }
    }

    /// The field's name, and its type as a constant.
    pub(crate) fn field(&self, private: &TokenStream) -> (String, TokenStream) {
        let Self { value_type, error_type, .. } = self;
        let ty = quote! {
            #private::outcome_type(
                #value_type,
                #error_type,
                &#private::FieldType::Variant {
                    tag: #private::Integer::unsigned(8),
                    choices: #private::Part::Static(const {
                        &#private::outcome_choices(#value_type, #error_type)
                    }),
                },
            )
        };
        ("outcome".to_owned(), ty)
    }
}
