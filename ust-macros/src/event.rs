//! `event!`, `span!` and `text!`: an event or a span in one line, without a declaration.
//!
//! ```text
//!   event!("shop:order", Info, id = order.id, customer = %name, why = ?error, total)
//!          provider:name level  a field       its {}           its {:?}     a variable of that name
//! ```
//!
//! The types of the fields are those of the expressions. `ust` makes the class of them when the program is compiled.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use crate::args::{Args, parse_level};
use crate::callsite::registration;
use crate::compiled::is_compiled;
use crate::sdt::Probe;
use crate::words::check_name;

/// The size of the largest tuple of fields.
const MAX_FIELDS: usize = 16;

/// The level of events that state none.
const LEVEL: &str = "DebugLine";

enum How {
    Plain,
    Display,
    Debug,
}

struct Field {
    name: String,
    how: How,
    value: TokenStream,
}

pub(crate) struct Event {
    provider: Option<String>,
    name: String,
    args: Args,
    fields: Vec<Field>,
}

impl Parse for Event {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let full_name: LitStr = input.parse().map_err(|error| {
            Error::new(
                error.span(),
                "an event begins with its name: write `event!(\"shop:order\", ...)`",
            )
        })?;
        let text = full_name.value();
        let (provider, name) = match text.split_once(':') {
            Some((provider, name)) => (Some(provider.to_owned()), name.to_owned()),
            None => (None, text),
        };
        if let Some(provider) = &provider {
            check_name("a provider", provider, full_name.span())?;
        }
        check_name("an event's name", &name, full_name.span())?;
        let mut event = Self { provider, name, args: Args::default(), fields: Vec::new() };
        let mut is_first = true;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            if is_first && starts_with_level(input) {
                event.args.level = Some(parse_level(input)?);
            } else {
                event.fields.push(input.parse()?);
            }
            is_first = false;
        }
        if event.fields.len() > MAX_FIELDS {
            let message = format!(
                "an event without a declaration has at most {MAX_FIELDS} fields: declare it with `#[tracepoint]`"
            );
            return Err(Error::new(full_name.span(), message));
        }
        Ok(event)
    }
}

/// A word with a capital, and no field of that name.
fn starts_with_level(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let is_word = ahead
        .parse::<Ident>()
        .is_ok_and(|word| word.to_string().starts_with(|first: char| first.is_ascii_uppercase()));
    is_word && (ahead.is_empty() || ahead.peek(Token![,]))
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let how = |input: ParseStream<'_>| -> Result<How> {
            Ok(if input.parse::<Option<Token![%]>>()?.is_some() {
                How::Display
            } else if input.parse::<Option<Token![?]>>()?.is_some() {
                How::Debug
            } else {
                How::Plain
            })
        };
        let of_name = how(input)?;
        let ident = input.call(Ident::parse_any)?;
        let name = ident.unraw().to_string();
        check_name("a field's name", &name, ident.span())?;
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Ok(Self { name, how: of_name, value: quote!(#ident) });
        }
        let how = how(input)?;
        let value: Expr = input.parse()?;
        Ok(Self { name, how, value: quote!(#value) })
    }
}

pub(crate) fn expand(event: &Event) -> TokenStream {
    let private = event.args.private();
    let record = |values: TokenStream| quote!(#private::record_event(__UstSite, &#values););
    event.expand(&quote!(), &record, &quote!())
}

pub(crate) fn expand_span(event: &Event) -> TokenStream {
    let private = event.args.private();
    let more = quote! {
        const MORE: &'static [#private::FieldDescription] = &#private::SPAN_FIELDS;
    };
    let begin = |values: TokenStream| quote!(#private::begin_span(__UstSite, &#values));
    event.expand(&more, &begin, &quote!(#private::Span::nothing()))
}

impl Text {
    /// The same, not compiled.
    pub(crate) fn off(self) -> Self {
        Self { is_off: true, ..self }
    }
}

impl Event {
    /// The same, not compiled.
    pub(crate) fn off(mut self) -> Self {
        self.args.is_off = true;
        self
    }

    /// The site, with `more` items, and `when_on` of the values, or else `when_off`.
    fn expand(
        &self,
        more: &TokenStream,
        when_on: &dyn Fn(TokenStream) -> TokenStream,
        when_off: &TokenStream,
    ) -> TokenStream {
        let private = &self.args.private();
        let (site, values) = self.site(private, more);
        let values = quote!((#(#values,)*));
        if !is_compiled(&self.args, LEVEL) {
            return quote! {
                {
                    if false {
                        #private::check_fields(&#values);
                    }
                    #when_off
                }
            };
        }
        let is_on = quote!(<__UstSite as #private::Site>::switch().state().is_on());
        let Some(probe) = self.probe() else {
            let when_on = when_on(values);
            return quote!({ #site if #is_on { #when_on } else { #when_off } });
        };
        let semaphore = probe.semaphore(&quote!());
        let is_wanted = probe.is_wanted();
        let places = (0..self.fields.len()).map(syn::Index::from);
        let passed = probe.hit(places.map(|place| quote!((*__ust_values.#place))));
        let when_on = when_on(quote!(__ust_values));
        quote! {
            {
                #site
                #semaphore
                let __ust_is_on = #is_on;
                if __ust_is_on || #is_wanted {
                    match #values {
                        __ust_values => {
                            #passed
                            if __ust_is_on { #when_on } else { #when_off }
                        }
                    }
                } else {
                    #when_off
                }
            }
        }
    }

    fn probe(&self) -> Option<Probe> {
        let mut args = self.args.clone();
        args.provider = self.provider.clone();
        Probe::new(&args, &self.name, "EVENT")
    }

    /// The type that stands for this line of the source, and the fields of the payload.
    fn site(&self, private: &TokenStream, more: &TokenStream) -> (TokenStream, Vec<TokenStream>) {
        let Self { provider, name, args, fields } = self;
        let level = args.level.clone().unwrap_or_else(|| format_ident!("{LEVEL}"));
        let provider = match provider {
            Some(provider) => quote!(#provider),
            None => quote!(#private::crate_name(#private::core::module_path!())),
        };
        let names = fields.iter().map(|field| &field.name);
        let values = fields.iter().map(|Field { how, value, .. }| match how {
            How::Plain => quote!(&(#value)),
            How::Display => quote!(&#private::Formatted::display(&(#value))),
            How::Debug => quote!(&#private::Formatted::debug(&(#value))),
        });
        let registration = registration(private);
        let site = quote! {
            struct __UstSite;

            impl #private::Site for __UstSite {
                const DESCRIPTION: #private::EventDescription = #private::EventDescription {
                    provider: #provider,
                    name: #name,
                    level: #private::Level::#level,
                    fields: &[],
                    file: #private::core::file!(),
                    line: #private::core::line!(),
                    module_path: #private::core::module_path!(),
                    docs: &[],
                };
                const NAMES: &'static [&'static #private::core::primitive::str] = &[#(#names),*];
                #more

                #[inline(always)]
                fn switch() -> &'static #private::Switch {
                    static __UST_SWITCH: #private::Switch = #private::Switch::new();

                    #registration

                    &__UST_SWITCH
                }
            }
        };
        (site, values.collect())
    }
}

/// `text!(Info, "format", arguments)`: an event of one field, `message`.
pub(crate) struct Text {
    level: Option<Ident>,
    is_off: bool,
    format: TokenStream,
}

impl Parse for Text {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let level = if starts_with_level(input) {
            let level = parse_level(input)?;
            input.parse::<Token![,]>()?;
            Some(level)
        } else {
            None
        };
        Ok(Self { level, is_off: false, format: input.parse()? })
    }
}

pub(crate) fn expand_text(text: Text) -> TokenStream {
    let mut args = Args::default();
    args.level = text.level;
    args.is_off = text.is_off;
    let private = args.private();
    let format = text.format;
    let value = quote!(#private::Formatted::of(#private::core::format_args!(#format)));
    let message = Field { name: "message".to_owned(), how: How::Plain, value };
    expand(&Event { provider: None, name: "text".to_owned(), args, fields: vec![message] })
}
