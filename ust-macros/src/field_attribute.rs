//! `#[field(hex, name = "inode")]` before a parameter or a member: what is recorded of the value, and how it is shown.
//!
//! ```text
//!   hex octal binary    a whole number's base               with = path    what that function returns for it
//!   network             it is in network order              debug display  its text, `{:?}` or `{}`
//!   text                bytes are text                      skip           nothing
//!   name = ".."         the field's name
//! ```

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Ident, LitStr, Path, Result, Token};

use crate::words::{check_name, nearest};

const ARGUMENTS: [&str; 10] =
    ["binary", "octal", "hex", "network", "text", "debug", "display", "skip", "with", "name"];

/// What is recorded of a value.
#[derive(Clone, Default)]
pub(crate) enum How {
    /// The value.
    #[default]
    Plain,
    /// The value, described in another form: see `ust_core::wire::Shown`.
    Shown(Form),
    /// The value's bytes, as text.
    Text,
    /// The text of `{:?}`.
    Debug,
    /// The text of `{}`.
    Display,
    /// What this function returns for it.
    With(Path),
    /// Nothing.
    Skip,
}

/// As `ust_core::wire::Form` packs it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Form {
    base: u8,
    is_network: bool,
}

impl Form {
    pub(crate) fn packed(self) -> u8 {
        self.base | u8::from(self.is_network) << 2
    }
}

/// The attributes of one field, taken together.
#[derive(Default)]
pub(crate) struct FieldAttribute {
    pub(crate) how: How,
    pub(crate) name: Option<String>,
    form: Form,
    /// The argument that chose `how`.
    chosen_by: Option<Ident>,
}

impl FieldAttribute {
    /// Takes the `#[field(..)]` out of a field's attributes.
    pub(crate) fn take(attrs: &mut Vec<Attribute>) -> Result<Self> {
        let mut taken = Self::default();
        let mut errors: Option<Error> = None;
        attrs.retain(|attr| {
            let is_ours = attr.path().is_ident("field");
            if is_ours {
                let parsed = attr.parse_args_with(|input: ParseStream<'_>| taken.parse(input));
                if let Err(error) = parsed {
                    match &mut errors {
                        Some(errors) => errors.combine(error),
                        None => errors = Some(error),
                    }
                }
            }
            !is_ours
        });
        errors.map_or(Ok(taken), Err)
    }

    fn parse(&mut self, input: ParseStream<'_>) -> Result<()> {
        while !input.is_empty() {
            let argument: Ident = input.parse()?;
            match argument.to_string().as_str() {
                "binary" => self.shown(&argument, |form| form.base = 1)?,
                "octal" => self.shown(&argument, |form| form.base = 2)?,
                "hex" => self.shown(&argument, |form| form.base = 3)?,
                "network" => self.shown(&argument, |form| form.is_network = true)?,
                "text" => self.choose(&argument, How::Text)?,
                "debug" => self.choose(&argument, How::Debug)?,
                "display" => self.choose(&argument, How::Display)?,
                "skip" => self.choose(&argument, How::Skip)?,
                "with" => {
                    let path = value(&argument, input, "with = function")?;
                    self.choose(&argument, How::With(path))?;
                }
                "name" => {
                    let name: LitStr = value(&argument, input, "name = \"inode\"")?;
                    check_name("a field's name", &name.value(), name.span())?;
                    self.name = Some(name.value());
                }
                _ => return Err(unknown(&argument)),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn shown(&mut self, argument: &Ident, change: impl FnOnce(&mut Form)) -> Result<()> {
        if !matches!(self.how, How::Plain | How::Shown(_)) {
            return Err(self.clash(argument));
        }
        change(&mut self.form);
        self.how = How::Shown(self.form);
        self.chosen_by = Some(argument.clone());
        Ok(())
    }

    fn choose(&mut self, argument: &Ident, how: How) -> Result<()> {
        if !matches!(self.how, How::Plain) {
            return Err(self.clash(argument));
        }
        self.how = how;
        self.chosen_by = Some(argument.clone());
        Ok(())
    }

    fn clash(&self, argument: &Ident) -> Error {
        let before = self.chosen_by.as_ref().map_or_else(String::new, Ident::to_string);
        let message = format!("a field is recorded in one way: remove `{argument}` or `{before}`");
        Error::new(argument.span(), message)
    }
}

fn value<T: Parse>(argument: &Ident, input: ParseStream<'_>, example: &str) -> Result<T> {
    let wrong = |span| Error::new(span, format!("write `#[field({example})]`"));
    input.parse::<Token![=]>().map_err(|_| wrong(argument.span()))?;
    input.parse().map_err(|error| wrong(error.span()))
}

fn unknown(argument: &Ident) -> Error {
    let mut message = format!("`{argument}` is not an argument of `#[field]`");
    match nearest(&argument.to_string(), &ARGUMENTS) {
        Some(meant) => message += &format!(": did you mean `{meant}`?"),
        None => {
            message += &format!(
                ", which takes {}",
                ARGUMENTS.map(|argument| format!("`{argument}`")).join(", ")
            );
        }
    }
    Error::new(argument.span(), message)
}
