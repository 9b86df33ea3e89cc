//! Names that a trace can carry, and guesses at the meaning of a misspelt word.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::{Error, Ident, Result};

/// The prefix of the expansion's own names, in upper or lower case (see [`expand`](crate::expand)).
const RESERVED: &str = "__ust_";

/// Refuses a name that could clash with one of the expansion's.
pub(crate) fn check_not_reserved(ident: &Ident) -> Result<()> {
    if !ident.unraw().to_string().to_ascii_lowercase().starts_with(RESERVED) {
        return Ok(());
    }
    let message = format!(
        "`{ident}` cannot be used here: `#[tracepoint]` keeps names that begin with `{RESERVED}` for itself"
    );
    Err(Error::new(ident.span(), message))
}

/// The primitive types: an event of such a name would hide the type in its whole module.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

/// The values in every module's prelude: as a parameter's name, each would mean the value.
const VALUES: [&str; 4] = ["None", "Some", "Ok", "Err"];

/// Refuses an event's name that would hide a type.
pub(crate) fn check_hides_no_type(ident: &Ident) -> Result<()> {
    let name = ident.unraw().to_string();
    if !PRIMITIVES.contains(&&*name) {
        return Ok(());
    }
    let message = format!(
        "`{name}` as a tracepoint would hide the type `{name}`: call the function something else, and write `#[tracepoint(name = \"{name}\")]`"
    );
    Err(Error::new(ident.span(), message))
}

/// Refuses a field's name that Rust reads as a value.
pub(crate) fn check_is_no_value(ident: &Ident) -> Result<()> {
    let name = ident.unraw().to_string();
    if !VALUES.contains(&&*name) {
        return Ok(());
    }
    let message = format!(
        "`{name}` cannot be a field's name: Rust takes it for the value; write `{}`",
        name.to_ascii_lowercase()
    );
    Err(Error::new(ident.span(), message))
}

/// Refuses a type that contains a name which could clash with one of the expansion's, or `Self`, which
/// would mean the expansion's enum.
pub(crate) fn check_type(tokens: TokenStream) -> Result<()> {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                let message = "a tracepoint has no `Self`: write the type's name";
                return Err(Error::new(ident.span(), message));
            }
            TokenTree::Ident(ident) => check_not_reserved(&ident)?,
            TokenTree::Group(group) => check_type(group.stream())?,
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a text that cannot be one side of `provider:name`, or a field's name.
///
/// CTF's metadata language has C's identifiers. Any other name would have to be changed on its way into
/// the trace, and could not be found there again.
pub(crate) fn check_name(what: &str, text: &str, span: Span) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
    if text.is_empty() {
        return Err(Error::new(span, format!("{what} cannot be empty")));
    }
    if text.chars().all(fits) && !starts_with_digit {
        return Ok(());
    }
    let why = if text.contains(':') {
        "`#[tracepoint]` adds the colon of `provider:name` itself"
    } else {
        "it is made of ASCII letters, digits and `_`, and does not start with a digit"
    };
    let mut message = format!("`{text}` cannot be {what}: {why}");
    if text.is_ascii() {
        let underscore = if starts_with_digit { "_" } else { "" };
        let fitting = text.replace(|c| !fits(c), "_");
        message += &format!("; write `{underscore}{fitting}`");
    }
    Err(Error::new(span, message))
}

/// The known word that the user probably meant.
pub(crate) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    // `Error` is nearer to `Err`, and `Warn` to `Warning`, than their letters suggest.
    let extends = |candidate: &str| {
        let candidate = candidate.to_ascii_lowercase();
        !word.is_empty() && (word.starts_with(&candidate) || candidate.starts_with(&word))
    };
    let distance = |candidate: &str| edit_distance(&word, &candidate.to_ascii_lowercase());
    let best = known.iter().min_by_key(|candidate| (!extends(candidate), distance(candidate)))?;
    // If more than half of it would have to change, the user meant another word.
    (extends(best) || distance(best) <= best.len() / 2).then_some(*best)
}

/// How many letters must be inserted, deleted or changed to turn one word into the other.
fn edit_distance(left: &str, right: &str) -> usize {
    // One row of the classic table: `row[i]` is the distance from the letters of `left` seen so far to
    // the first `i` letters of `right`.
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (seen, l) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = seen + 1;
        for (i, r) in right.bytes().enumerate() {
            let changed = diagonal + usize::from(l != r);
            diagonal = row[i + 1];
            row[i + 1] = changed.min(row[i] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_the_one_that_was_meant() {
        let known = ["Err", "Warning", "Info", "Debug", "DebugLine"];
        for (word, meant) in [
            ("info", Some("Info")),
            ("Error", Some("Err")),
            ("warn", Some("Warning")),
            ("Inof", Some("Info")),
            ("Wraning", Some("Warning")),
            ("DebugLin", Some("DebugLine")),
            ("Trace", None),
            ("Verbose", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
    }

    #[test]
    fn edit_distance_counts_letters() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", ""), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }
}
