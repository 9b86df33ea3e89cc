//! The body of an instrumented function: the items of its events, and the calls around what the user wrote.
//!
//! A body whose value is recorded stands in a closure, which takes `return` and `?` out of it. Elsewhere it stays in its place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, Block, Generics, Ident, ReturnType, Visibility};

use crate::args::Args;
use crate::callsite::{self, Described};
use crate::declaration::Declaration;
use crate::docs::Docs;
use crate::expand;
use crate::field::{Field, described_fields};
use crate::field_attribute::How;
use crate::function::arguments::Argument;
use crate::function::ending::Ending;
use crate::function::unnamed::{has_impl_trait, is_never};
use crate::sdt::Probe;
use crate::span::captured;

/// The level of functions that state none.
pub(crate) const LEVEL: &str = "DebugFunction";

/// What the expansions are made of.
pub(crate) struct Parts<'a> {
    pub(crate) args: &'a Args,
    pub(crate) private: &'a TokenStream,
    pub(crate) name: &'a str,
    pub(crate) attrs: &'a [Attribute],
    pub(crate) arguments: &'a [Argument],
    pub(crate) ending: &'a Ending,
    /// All names that the arguments bind, `self` too.
    pub(crate) names: &'a [Ident],
    pub(crate) here: Span,
}

impl Parts<'_> {
    /// The function that returns a callsite of these fields.
    fn callsite(
        &self,
        function: &str,
        name: String,
        fields: Vec<(String, TokenStream)>,
    ) -> TokenStream {
        let docs = Docs::of(self.attrs, self.arguments.iter().map(|argument| &argument.field));
        let described = Described { name, fields, docs, level: LEVEL, here: self.here };
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
            attrs: self.attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect(),
            vis: Visibility::Inherited,
            ident: ident.clone(),
            generics: Generics::default(),
            fields,
        };
        let name = format!("{}_entry", self.name);
        let items = expand::expand_as(self.args, &name, LEVEL, declaration);
        (items, quote!(#ident(#(#passed),*);))
    }

    /// Passes the tracepoint of the exit, however the function ends.
    fn probe_at_exit(&self) -> Option<TokenStream> {
        let probe = Probe::new(self.args, &format!("{}_exit", self.name), "EXIT")?;
        let (semaphore, passed) = (probe.semaphore(&quote!()), probe.hit([]));
        let drop = quote!(#[inline(always)] fn drop(&mut self) { #passed });
        let private = self.private;
        Some(quote! {
            #semaphore
            struct __UstExit;
            impl #private::core::ops::Drop for __UstExit { #drop }
            let __ust_exit_passed = __UstExit;
        })
    }

    /// Passes the tracepoint of a function that leaves one record: at its beginning, with its arguments.
    fn probe_at_begin(&self) -> Option<TokenStream> {
        let probe = Probe::new(self.args, self.name, "BEGIN")?;
        let passed = probe.hit(self.arguments.iter().map(|argument| argument.passed.clone()));
        let semaphore = probe.semaphore(&quote!());
        Some(quote!(#semaphore #passed))
    }

    /// Two records.
    pub(crate) fn entry_and_exit(&self, body: &Block, output: &ReturnType) -> TokenStream {
        let private = self.private;
        let (entry, enter) = self.entry(None);
        let exit = self.callsite(
            "__ust_exit",
            format!("{}_exit", self.name),
            vec![self.ending.field(private)],
        );
        let run = self.run(body, output);
        let exit_passed = self.probe_at_exit();
        quote! {
            #entry
            #exit
            #enter
            #exit_passed
            let __ust_ending = #private::Exit::new(__ust_exit().switch());
            #run
        }
    }

    /// One record, at the end.
    pub(crate) fn one_record(&self, body: &Block, output: &ReturnType) -> TokenStream {
        let private = self.private;
        let mut fields = self.described_arguments();
        fields.extend([self.plain("duration", "u64"), self.ending.field(private)]);
        let callsite = self.callsite("__ust_span", self.name.to_owned(), fields);
        let captured = self.captured();
        let passed = self.probe_at_begin();
        let run = self.run(body, output);
        quote! {
            #callsite
            #passed
            let __ust_ending = #private::Timed::begin(__ust_span().switch(), || #captured);
            #run
        }
    }

    /// The records of an `async fn`.
    pub(crate) fn of_future(
        &self,
        body: &Block,
        output: &ReturnType,
        is_span: bool,
    ) -> TokenStream {
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
            let passed = self.probe_at_begin();
            quote! {
                #callsite
                #passed
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
            let exit_passed = self.probe_at_exit();
            quote! {
                #entry #exit #resume #suspend
                #exit_passed
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
