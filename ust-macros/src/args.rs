//! The attribute's arguments: `provider = "indexer", name = "done", level = Info, crate = path`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Error, Ident, LitStr, Path, Result, Token, parenthesized, token};

use crate::words::{check_name, nearest};

/// The variants of `ust::Level`, the most urgent first.
pub(crate) const LEVELS: [&str; 15] = [
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

const ARGUMENTS: [&str; 10] =
    ["provider", "name", "level", "crate", "span", "skip", "skip_all", "ret", "err", CALLSITE];

/// For the shim, whose assembly looks at callsites. Not part of the public interface.
const CALLSITE: &str = "callsite";

/// What is recorded of a function's value, or of its error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The value if it is a field; the error's text if it has one.
    #[default]
    ByType,
    Debug,
    Display,
    Not,
}

/// The parsed arguments.
#[derive(Default, Clone)]
pub(crate) struct Args {
    pub(crate) provider: Option<String>,
    pub(crate) name: Option<String>,
    /// A variant of `ust::Level`, with its span in the source.
    pub(crate) level: Option<Ident>,
    /// The path of `ust` in the user's crate.
    pub(crate) ust: Option<Path>,
    /// The name of the static that is the callsite; otherwise nobody can name it.
    pub(crate) callsite: Option<Ident>,
    /// One record, with the duration.
    pub(crate) is_span: bool,
    /// Arguments that are not recorded.
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: bool,
    /// `skip` without arguments: on a function of an instrumented block.
    pub(crate) skip_this: bool,
    pub(crate) ret: Recorded,
    pub(crate) err: Recorded,
    /// No tracepoint is compiled: see [`compiled`](crate::compiled).
    pub(crate) is_off: bool,
    /// The arguments that only functions with a body have.
    only_with_body: Vec<Ident>,
}

impl Args {
    /// The module by which the expansion reaches everything.
    pub(crate) fn private(&self) -> TokenStream {
        let ust = self.ust.as_ref().map_or_else(|| quote!(::ust), |path| quote!(#path));
        quote!(#ust::__private)
    }

    /// The same, not compiled.
    pub(crate) fn off(self) -> Self {
        Self { is_off: true, ..self }
    }

    /// These arguments, and those of the block around for what these do not say.
    pub(crate) fn within(self, around: &Self) -> Self {
        let either = |own: Recorded, around| if own == Recorded::ByType { around } else { own };
        Self {
            provider: self.provider.or_else(|| around.provider.clone()),
            level: self.level.or_else(|| around.level.clone()),
            ust: self.ust.or_else(|| around.ust.clone()),
            is_span: self.is_span || around.is_span,
            is_off: self.is_off || around.is_off,
            skip_all: self.skip_all || around.skip_all,
            ret: either(self.ret, around.ret),
            err: either(self.err, around.err),
            ..self
        }
    }

    /// Refuses what only a function with a body may say.
    pub(crate) fn check_without_body(&self) -> Result<()> {
        let errors = self.only_with_body.iter().map(|argument| {
            let message = format!("`{argument}` is for functions with a body: remove it");
            Error::new(argument.span(), message)
        });
        errors
            .reduce(|mut errors, error| {
                errors.combine(error);
                errors
            })
            .map_or(Ok(()), Err)
    }

    /// Parses `span`, `skip`, `skip_all`, `ret` and `err`. Returns whether it is one of them.
    fn parse_for_function(&mut self, argument: &Ident, input: ParseStream<'_>) -> Result<bool> {
        match argument.to_string().as_str() {
            "span" => {
                self.is_span = true;
                return Ok(true);
            }
            "skip_all" => self.skip_all = true,
            "skip" if input.peek(token::Paren) => {
                let inside;
                parenthesized!(inside in input);
                let names = inside.parse_terminated(Ident::parse_any, Token![,])?;
                self.skip.extend(names);
            }
            "skip" => self.skip_this = true,
            "ret" => self.ret = parse_recorded(argument, input)?,
            "err" => self.err = parse_recorded(argument, input)?,
            _ => return Ok(false),
        }
        self.only_with_body.push(argument.clone());
        Ok(true)
    }
}

/// `ret(debug)`
fn parse_recorded(argument: &Ident, input: ParseStream<'_>) -> Result<Recorded> {
    let wrong = |span| {
        Error::new(
            span,
            format!("write `{argument}(debug)`, `{argument}(display)` or `{argument}(skip)`"),
        )
    };
    if !input.peek(token::Paren) {
        return Err(wrong(argument.span()));
    }
    let inside;
    parenthesized!(inside in input);
    let how: Ident = inside.parse().map_err(|error| wrong(error.span()))?;
    match how.to_string().as_str() {
        "debug" => Ok(Recorded::Debug),
        "display" => Ok(Recorded::Display),
        "skip" => Ok(Recorded::Not),
        _ => Err(wrong(how.span())),
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
            if args.parse_for_function(&argument, input)? {
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
                continue;
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
pub(crate) fn parse_level(input: ParseStream<'_>) -> Result<Ident> {
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
