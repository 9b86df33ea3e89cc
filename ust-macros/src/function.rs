//! An instrumented function: `#[tracepoint]` on a function with a body.
//!
//! ```text
//!  fn NAME(args) -> R {                           #[tracepoint(span)]                async
//!      __ust_entry      NAME_entry { args }                                          NAME_entry { span, args }
//!      __ust_exit       NAME_exit { outcome }     NAME { args, duration, outcome }   NAME_exit { span, duration, .., outcome }
//!      __ust_resume                                                                  NAME_resume, NAME_suspend { span }
//!      the body, in a closure if its value is recorded
//!  }
//! ```
//!
//! Entry and exit are the default: if a program hangs or dies within the function, its trace shows so.
//!
//! The items lie within the function, so they cannot name its generic types, nor `Self`: arguments of such types need `#[field(..)]`.
//! Arguments are lent to the entry (numbers and references are handed over), so the body finds them as they were.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, FnArg, GenericParam, Generics, Ident, Result, ReturnType, Signature, Type,
    Visibility,
};

use crate::args::{Args, Recorded};
use crate::callsite::{self, Described};
use crate::compiled::is_compiled;
use crate::declaration::Declaration;
use crate::expand;
use crate::field::{Field, as_ref_target_of, described_fields, is_in_registers};
use crate::field_attribute::{FieldAttribute, How};
use crate::lifetimes::with_lifetime;
use crate::parameter::{self, Parameter};
use crate::span::captured;
use crate::words::check_name;
use crate::wrong::Wrong;

/// The level of functions that state none.
const LEVEL: &str = "DebugFunction";

/// A function with a body.
pub(crate) struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    signature: Signature,
    body: Block,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<syn::ItemFn>().map(Self::from)
    }
}

impl From<syn::ItemFn> for Function {
    fn from(item: syn::ItemFn) -> Self {
        let syn::ItemFn { attrs, vis, sig, block, .. } = item;
        Self { attrs: outer(attrs), vis, signature: sig, body: *block }
    }
}

impl From<syn::ImplItemFn> for Function {
    fn from(item: syn::ImplItemFn) -> Self {
        let syn::ImplItemFn { attrs, vis, sig, block, .. } = item;
        Self { attrs: outer(attrs), vis, signature: sig, body: block }
    }
}

/// Attributes that stand within the body, before the function: the expansion's items come before all that the body has.
fn outer(mut attrs: Vec<Attribute>) -> Vec<Attribute> {
    for attr in &mut attrs {
        attr.style = syn::AttrStyle::Outer;
    }
    attrs
}

/// The instrumented function. `around` are the generics of the implementation that it stands in.
pub(crate) fn expand(
    args: &Args,
    mut function: Function,
    around: &Generics,
) -> Result<TokenStream> {
    let private = args.private();
    let mut wrong = Wrong::default();
    let signature = &mut function.signature;
    if let Some(keyword) = &signature.constness {
        wrong.at(keyword, "a `const fn` cannot be instrumented, because it may run in the compiler: remove `#[tracepoint]` or `const`");
    }
    if let Some(variadic) = &signature.variadic {
        wrong.at(variadic, "a function with `...` cannot be instrumented");
    }
    let name = args.name.clone().unwrap_or_else(|| signature.ident.unraw().to_string());
    wrong.take(check_name("an event's name", &name, signature.ident.span()));
    let unnamed = Unnamed::of(&signature.generics, around);
    let arguments = arguments(&mut wrong, args, signature, &unnamed);
    // A closure does not know the caller's location, so the body must not be in one.
    let is_in_place = function.attrs.iter().any(|attr| attr.path().is_ident("track_caller"));
    let output = if is_in_place { &ReturnType::Default } else { &signature.output };
    let ending = Ending::of(args, output, &unnamed);
    wrong.into_result()?;
    if !is_compiled(args, LEVEL) {
        let Function { attrs, vis, signature, body } = function;
        return Ok(quote!(#(#attrs)* #vis #signature #body));
    }

    let parts = Parts {
        args,
        private: &private,
        name: &name,
        arguments: &arguments,
        ending: &ending,
        names: &names_of(&signature.inputs),
        here: signature.ident.span(),
    };
    let body = match (signature.asyncness.is_some(), args.is_span) {
        (false, false) => parts.entry_and_exit(&function.body, &signature.output),
        (false, true) => parts.one_record(&function.body, &signature.output),
        (true, is_span) => parts.of_future(&function.body, &signature.output, is_span),
    };
    let Function { attrs, vis, signature, .. } = function;
    Ok(quote!(#(#attrs)* #vis #signature { #body }))
}

/// One argument: the field, and the expression that is handed to the entry.
struct Argument {
    field: Field,
    passed: TokenStream,
}

fn arguments(
    wrong: &mut Wrong,
    args: &Args,
    signature: &mut Signature,
    unnamed: &Unnamed,
) -> Vec<Argument> {
    let mut not_found: Vec<_> = args.skip.iter().collect();
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        let parameter = match input {
            FnArg::Receiver(receiver) => {
                not_found.retain(|name| *name != "self");
                arguments.extend(receiver_argument(wrong, receiver));
                continue;
            }
            FnArg::Typed(parameter) => parameter,
        };
        let Some(taken) = parameter::take(wrong, parameter) else { continue };
        let is_skipped = args.skip_all
            || matches!(taken.how, How::Skip)
            || taken.ident.as_ref().is_some_and(|ident| args.skip.contains(ident));
        not_found.retain(|name| Some(*name) != taken.ident.as_ref());
        // What the function itself does not name is nothing to record.
        let is_unnamed = matches!(&*parameter.pat, syn::Pat::Wild(_));
        if is_skipped || is_unnamed {
            continue;
        }
        arguments.extend(argument(wrong, taken, parameter, unnamed));
    }
    for name in not_found {
        wrong.at(name, format!("there is no argument `{name}` to skip"));
    }
    arguments
}

fn argument(
    wrong: &mut Wrong,
    taken: Parameter,
    parameter: &syn::PatType,
    unnamed: &Unnamed,
) -> Option<Argument> {
    let Parameter { ident, name, ty, how } = taken;
    let Some(ident) = ident else {
        wrong.at(&parameter.pat, "a pattern has no name that a field could have: write `#[field(skip)]` before it, or take it apart in the body");
        return None;
    };
    let is_formatted = matches!(how, How::Debug | How::Display);
    if is_formatted {
        let bound = if matches!(how, How::Debug) { quote!(Debug) } else { quote!(Display) };
        let given = syn::parse_quote!(impl ::core::fmt::#bound);
        return Some(Argument {
            passed: quote!(&#ident),
            field: Field::new(ident, name, given, how),
        });
    }
    if unnamed.is_in(&ty) {
        wrong.at(&ty, format!("an event is one class for all types: write `#[field(debug)]`, `#[field(display)]` or `#[field(skip)]` before `{ident}`"));
        return None;
    }
    let (given, passed): (Type, _) = match &ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            let target = &reference.elem;
            (syn::parse_quote!(&#target), quote!(&*#ident))
        }
        Type::ImplTrait(_) => {
            let is_lent = as_ref_target_of(&ty).is_some();
            if !is_lent {
                wrong.at(&ty, format!("an event is one class for all types: write `#[field(debug)]`, `#[field(display)]` or `#[field(skip)]` before `{ident}`"));
                return None;
            }
            (ty.clone(), quote!(&#ident))
        }
        ty if is_in_registers(ty) => (ty.clone(), ident.to_token_stream()),
        ty => (syn::parse_quote!(&#ty), quote!(&#ident)),
    };
    let given = with_lifetime("'_", &given);
    Some(Argument { field: Field::new(ident, name, given, how), passed })
}

/// `self`, which is recorded only if it is asked for.
fn receiver_argument(wrong: &mut Wrong, receiver: &mut syn::Receiver) -> Option<Argument> {
    let attribute = wrong.take(FieldAttribute::take(&mut receiver.attrs))?;
    let bound = match attribute.how {
        How::Debug => quote!(Debug),
        How::Display => quote!(Display),
        How::Skip => return None,
        How::Plain if attribute.name.is_none() => return None,
        _ => {
            wrong.at(
                receiver,
                "`self` is recorded as text: write `#[field(debug)]` or `#[field(display)]`",
            );
            return None;
        }
    };
    let ident = Ident::new("__ust_self", Span::call_site());
    let given = syn::parse_quote!(impl ::core::fmt::#bound);
    let name = attribute.name.unwrap_or_else(|| "self".to_owned());
    let this = Ident::new("self", receiver.self_token.span);
    Some(Argument { field: Field::new(ident, name, given, attribute.how), passed: quote!(&#this) })
}

/// The names that items within the function cannot use.
struct Unnamed(Vec<Ident>);

impl Unnamed {
    fn of(generics: &Generics, around: &Generics) -> Self {
        let ident = |parameter: &GenericParam| match parameter {
            GenericParam::Type(ty) => Some(ty.ident.clone()),
            GenericParam::Const(constant) => Some(constant.ident.clone()),
            GenericParam::Lifetime(_) => None,
        };
        let all = generics.params.iter().chain(&around.params);
        let this = Ident::new("Self", Span::call_site());
        Self(all.filter_map(ident).chain([this]).collect())
    }

    fn is_in(&self, ty: &Type) -> bool {
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

/// What is recorded of the end.
struct Ending {
    /// Whether the value must be looked at.
    looks_at_value: bool,
    /// The types of the choices, as constants.
    value_type: TokenStream,
    error_type: TokenStream,
    /// The outcome, of `__ust_returned`.
    outcome: TokenStream,
}

impl Ending {
    fn of(args: &Args, output: &ReturnType, unnamed: &Unnamed) -> Self {
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
        let fixed = named.map(|ty| with_lifetime("'static", ty).into_token_stream());
        let inferred = named.map(|ty| with_lifetime("'_", ty).into_token_stream());
        if is_result {
            let part = |ty: &Option<TokenStream>, which: &str| {
                let which = Ident::new(which, Span::call_site());
                ty.as_ref().map(|ty| quote!(<#ty as #private::IsResult>::#which))
            };
            let (value_type, value, _) =
                side(args.ret, &quote!(Probe), part(&fixed, "Value"), part(&inferred, "Value"));
            let (error_type, error, _) = side(
                args.err,
                &quote!(ErrorProbe),
                part(&fixed, "Error"),
                part(&inferred, "Error"),
            );
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

    fn field(&self, private: &TokenStream) -> (String, TokenStream) {
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

/// What the expansions are made of.
struct Parts<'a> {
    args: &'a Args,
    private: &'a TokenStream,
    name: &'a str,
    arguments: &'a [Argument],
    ending: &'a Ending,
    /// All names that the arguments bind, `self` too.
    names: &'a [Ident],
    here: Span,
}

impl Parts<'_> {
    /// The function that returns a callsite of these fields.
    fn callsite(
        &self,
        function: &str,
        name: String,
        fields: Vec<(String, TokenStream)>,
    ) -> TokenStream {
        let described = Described { name, fields, level: LEVEL, here: self.here };
        let function = Ident::new(function, Span::call_site());
        callsite::function(self.args, &described, &function, self.private)
    }

    /// A field of a Rust type.
    fn plain(&self, name: &str, ty: &str) -> (String, TokenStream) {
        let private = self.private;
        let ty = Ident::new(ty, Span::call_site());
        (name.to_owned(), quote!(<#private::core::primitive::#ty as #private::Field>::TYPE))
    }

    /// The tracepoint of the entry, and the call of it.
    fn entry(&self, span: Option<&Ident>) -> (TokenStream, TokenStream) {
        let ident = Ident::new("__ust_entry", self.here.resolved_at(Span::call_site()));
        let mut fields = Vec::new();
        let mut passed = Vec::new();
        if let Some(span) = span {
            let private = self.private;
            let ty = syn::parse_quote!(#private::core::primitive::u64);
            fields.push(Field::new(span.clone(), "span".to_owned(), ty, How::Plain));
            passed.push(span.to_token_stream());
        }
        for argument in self.arguments {
            fields.push(argument.field.clone());
            passed.push(argument.passed.clone());
        }
        let declaration = Declaration {
            attrs: Vec::new(),
            vis: Visibility::Inherited,
            ident: ident.clone(),
            generics: Generics::default(),
            fields,
        };
        let name = format!("{}_entry", self.name);
        let items = expand::expand_as(self.args, &name, LEVEL, declaration);
        (items, quote!(#ident(#(#passed),*);))
    }

    fn entry_and_exit(&self, body: &Block, output: &ReturnType) -> TokenStream {
        let private = self.private;
        let (entry, enter) = self.entry(None);
        let exit = self.callsite(
            "__ust_exit",
            format!("{}_exit", self.name),
            vec![self.ending.field(private)],
        );
        let run = self.run(body, output);
        quote! {
            #entry
            #exit
            #enter
            let __ust_ending = #private::Exit::new(__ust_exit().switch());
            #run
        }
    }

    fn one_record(&self, body: &Block, output: &ReturnType) -> TokenStream {
        let private = self.private;
        let mut fields = self.described_arguments();
        fields.extend([self.plain("duration", "u64"), self.ending.field(private)]);
        let callsite = self.callsite("__ust_span", self.name.to_owned(), fields);
        let captured = self.captured();
        let run = self.run(body, output);
        quote! {
            #callsite
            let __ust_ending = #private::Timed::begin(__ust_span().switch(), || #captured);
            #run
        }
    }

    fn of_future(&self, body: &Block, output: &ReturnType, is_span: bool) -> TokenStream {
        let private = self.private;
        let span = Ident::new("__ust_number", Span::call_site());
        let times = ["duration", "busy", "idle"].map(|name| self.plain(name, "u64"));
        let times: Vec<_> = times
            .into_iter()
            .chain([self.plain("polls", "u32"), self.ending.field(private)])
            .collect();
        let begun = if is_span {
            let fields = [self.described_arguments(), times].concat();
            let callsite = self.callsite("__ust_span", self.name.to_owned(), fields);
            let captured = self.captured();
            quote! {
                #callsite
                let mut __ust_ending = #private::Task::begin(__ust_span().switch(), || #captured);
            }
        } else {
            let (entry, enter) = self.entry(Some(&span));
            let number = self.plain("span", "u64");
            let exit_fields = [vec![number.clone()], times].concat();
            let exit = self.callsite("__ust_exit", format!("{}_exit", self.name), exit_fields);
            let resume = self.callsite(
                "__ust_resume",
                format!("{}_resume", self.name),
                vec![number.clone()],
            );
            let suspend =
                self.callsite("__ust_suspend", format!("{}_suspend", self.name), vec![number]);
            quote! {
                #entry #exit #resume #suspend
                let #span = #private::span_number(&[
                    __ust_entry::callsite().switch(), __ust_exit().switch(), __ust_resume().switch(), __ust_suspend().switch(),
                ]);
                #enter
                let mut __ust_ending = #private::Task::begin(__ust_exit().switch(), || (#span,))
                    .with_polls(#span, __ust_resume().switch(), __ust_suspend().switch());
            }
        };
        // Says what `?` and `return` in the body are about.
        let returns = match output {
            _ if is_never(output) => None,
            ReturnType::Type(_, ty) if has_impl_trait(ty) => None,
            ReturnType::Type(_, ty) => Some(quote!(#ty)),
            ReturnType::Default => Some(quote!(())),
        };
        let returns = returns.map(|ty| quote! {
            if let #private::core::option::Option::Some(__ust_never) = #private::core::option::Option::None::<#ty> {
                return __ust_never;
            }
        });
        let Block { stmts, .. } = body;
        let captures = self.captures();
        let outcome = &self.ending.outcome;
        let run = quote! {
            #begun
            let __ust_returned = __ust_ending.poll_within(async move {
                #captures
                #returns
                #(#stmts)*
            }).await;
        };
        if is_never(output) {
            // What stands behind it would be unreachable.
            return quote!(#run __ust_returned);
        }
        quote! {
            #run
            __ust_ending.ended(|| {
                use #private::NoField as _;
                #outcome
            });
            __ust_returned
        }
    }

    /// The body, and its end.
    fn run(&self, body: &Block, output: &ReturnType) -> TokenStream {
        let Block { stmts, .. } = body;
        if !self.ending.looks_at_value {
            return quote!(#(#stmts)*);
        }
        let private = self.private;
        let captures = self.captures();
        let output = match output {
            ReturnType::Type(_, ty) if has_impl_trait(ty) => quote!(),
            output => output.to_token_stream(),
        };
        let outcome = &self.ending.outcome;
        quote! {
            let __ust_returned = #private::call_once(move || #output {
                #captures
                #(#stmts)*
            });
            __ust_ending.ended(|| {
                use #private::NoField as _;
                #outcome
            });
            __ust_returned
        }
    }

    /// Captures all arguments, in the reverse of their order: so they are dropped in the order in which any function drops them.
    fn captures(&self) -> TokenStream {
        let names = self.names.iter().rev();
        quote!(#(let _ = &#names;)*)
    }

    fn described_arguments(&self) -> Vec<(String, TokenStream)> {
        let fields = self.arguments.iter().map(|argument| argument.field.clone());
        described_fields(&fields.collect::<Vec<_>>(), self.private)
    }

    fn captured(&self) -> TokenStream {
        let values = self.arguments.iter().enumerate().map(|(index, argument)| {
            let value = format_ident!("__ust_field{index}");
            let Argument { field, passed } = argument;
            let prepared = field.preparation(&value, self.private);
            let handed_on = field.handed_on_from(passed, self.private);
            (value.clone(), quote!(let #value = #handed_on; #prepared))
        });
        captured(values, self.private)
    }
}

fn is_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

/// The names that these arguments bind.
fn names_of<'a>(inputs: impl IntoIterator<Item = &'a FnArg>) -> Vec<Ident> {
    #[derive(Default)]
    struct Search(Vec<Ident>);

    impl<'ast> Visit<'ast> for Search {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            self.0.push(pattern.ident.clone());
            visit::visit_pat_ident(self, pattern);
        }
    }

    let mut search = Search::default();
    for input in inputs {
        match input {
            FnArg::Receiver(receiver) => {
                search.0.push(Ident::new("self", receiver.self_token.span));
            }
            FnArg::Typed(parameter) => search.visit_pat(&parameter.pat),
        }
    }
    search.0
}

fn has_impl_trait(ty: &Type) -> bool {
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
