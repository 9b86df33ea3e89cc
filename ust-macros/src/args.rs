//! The attribute's arguments: `provider = "indexer", name = "done", level = Info, crate = path`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Error, Ident, LitStr, Path, Result, Token};

use crate::words::{check_name, nearest};

/// The variants of `ust::Level`, the most urgent first.
const LEVELS: [&str; 15] = [
    "Emerg",
    "Alert",
    "Crit",
    "Err",
    "Warning",
    "Notice",
    "Info",
    "DebugSystem",
    "DebugProgram",
    "DebugProcess",
    "DebugModule",
    "DebugUnit",
    "DebugFunction",
    "DebugLine",
    "Debug",
];

const ARGUMENTS: [&str; 5] = ["provider", "name", "level", "crate", CALLSITE];

/// For the shim, whose assembly looks at callsites. Not part of the public interface.
const CALLSITE: &str = "callsite";

/// The parsed arguments.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) provider: Option<String>,
    pub(crate) name: Option<String>,
    /// A variant of `ust::Level`, with its span in the source.
    pub(crate) level: Option<Ident>,
    /// The path of `ust` in the user's crate.
    pub(crate) ust: Option<Path>,
    /// The name of the static that is the callsite; otherwise nobody can name it.
    pub(crate) callsite: Option<Ident>,
}

impl Args {
    /// The module by which the expansion reaches everything.
    pub(crate) fn private(&self) -> TokenStream {
        let ust = self.ust.as_ref().map_or_else(|| quote!(::ust), |path| quote!(#path));
        quote!(#ust::__private)
    }
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Args::default();
        while !input.is_empty() {
            // Any identifier, because `crate` is a keyword.
            let argument = input.call(Ident::parse_any)?;
            let word = argument.to_string();
            if !ARGUMENTS.contains(&word.as_str()) {
                return Err(unknown_argument(&argument));
            }
            if !input.peek(Token![=]) {
                let message = format!("`{word}` takes a value: write `{}`", example(&word));
                return Err(Error::new(argument.span(), message));
            }
            input.parse::<Token![=]>()?;
            let given_before = match word.as_str() {
                "provider" => args.provider.replace(parse_name(&word, input)?).is_some(),
                "name" => args.name.replace(parse_name(&word, input)?).is_some(),
                "level" => args.level.replace(parse_level(input)?).is_some(),
                CALLSITE => args.callsite.replace(input.parse()?).is_some(),
                _ => args.ust.replace(input.call(Path::parse_mod_style)?).is_some(),
            };
            if given_before {
                return Err(Error::new(argument.span(), format!("`{word}` is given twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    }
}

/// An example of an argument, for messages.
fn example(argument: &str) -> &'static str {
    match argument {
        "provider" => "provider = \"indexer\"",
        "name" => "name = \"file_indexed\"",
        "level" => "level = Info",
        CALLSITE => "callsite = DONE",
        _ => "crate = ::ust",
    }
}

fn unknown_argument(argument: &Ident) -> Error {
    let mut message = format!("`{argument}` is not an argument of `#[tracepoint]`");
    match nearest(&argument.to_string(), &ARGUMENTS) {
        Some(meant) => message += &format!(": did you mean `{}`?", example(meant)),
        None => message += ", which takes `provider`, `name`, `level` and `crate`",
    }
    Error::new(argument.span(), message)
}

fn parse_name(argument: &str, input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse().map_err(|error| {
        let message = format!("`{argument}` takes a string: write `{}`", example(argument));
        Error::new(error.span(), message)
    })?;
    let text = literal.value();
    let what = if argument == "provider" { "a provider" } else { "an event's name" };
    check_name(what, &text, literal.span())?;
    Ok(text)
}

/// Parses one bare word. Also parses a string and `Level::Info`, to report what was meant.
fn parse_level(input: ParseStream<'_>) -> Result<Ident> {
    let (word, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        (literal.value(), literal.span())
    } else {
        let path = input.call(Path::parse_mod_style).map_err(|error| {
            Error::new(
                error.span(),
                format!("a level is one bare word: write `{}`", example("level")),
            )
        })?;
        if let Some(ident) = path.get_ident()
            && LEVELS.iter().any(|level| ident == level)
        {
            return Ok(ident.clone());
        }
        let last = path.segments.last().map(|segment| segment.ident.to_string());
        (last.unwrap_or_default(), path.span())
    };
    let message = if LEVELS.contains(&word.as_str()) {
        format!("a level is one bare word: write `level = {word}`")
    } else {
        let did_you_mean = nearest(&word, &LEVELS)
            .map_or_else(String::new, |meant| format!(" (did you mean `level = {meant}`?)"));
        format!("`{word}` is not a level{did_you_mean}: the levels are {}", LEVELS.join(", "))
    };
    Err(Error::new(span, message))
}
