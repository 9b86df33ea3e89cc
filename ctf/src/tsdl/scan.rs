//! The words of TSDL: each parser takes one, and the blanks and comments behind it.

use crate::keywords::KEYWORDS;
use winnow::ascii::{digit1, hex_digit1, oct_digit1};
use winnow::combinator::{alt, cut_err, delimited, opt, preceded, repeat};
use winnow::error::{ContextError, ErrMode, StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Stateful};
use winnow::token::{any, none_of, one_of, take_until, take_while};

/// The text, and how deep types nest at this place.
pub(super) type Input<'t> = Stateful<LocatingSlice<&'t str>, usize>;

/// "expected ..." for an error message.
pub(super) fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

/// An error after which no alternative is tried.
pub(super) fn fail<T>(what: &'static str) -> ModalResult<T> {
    let mut error = ContextError::new();
    error.push(expected(what));
    Err(ErrMode::Cut(error))
}

/// Blanks and comments.
pub(super) fn trivia(i: &mut Input<'_>) -> ModalResult<()> {
    let comment = preceded("/*", cut_err((take_until(0.., "*/"), "*/")))
        .context(expected("`*/` at the comment's end"))
        .void();
    let line_comment = ("//", take_while(0.., |c| c != '\n')).void();
    let blanks = take_while(1.., char::is_whitespace).void();
    repeat(0.., alt((blanks, comment, line_comment))).parse_next(i)
}

/// A punctuation mark.
pub(super) fn symbol<'t>(mark: &'static str) -> impl Parser<Input<'t>, (), ErrMode<ContextError>> {
    (mark, trivia).void().context(StrContext::Expected(StrContextValue::StringLiteral(mark)))
}

/// An identifier or keyword.
pub(super) fn word<'t>(i: &mut Input<'t>) -> ModalResult<&'t str> {
    let letters = (
        one_of(|c: char| c.is_ascii_alphabetic() || c == '_'),
        take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_'),
    );
    (letters.take(), trivia).map(|(word, ())| word).context(expected("a name")).parse_next(i)
}

/// A word that is no keyword, for what the text names itself.
pub(super) fn name<'t>(i: &mut Input<'t>) -> ModalResult<&'t str> {
    let own = word.verify(|word: &str| !KEYWORDS.contains(&word));
    own.context(expected("a name that is no keyword")).parse_next(i)
}

/// This word only.
pub(super) fn keyword<'t>(wanted: &str) -> impl Parser<Input<'t>, (), ErrMode<ContextError>> {
    word.verify(move |word: &str| word == wanted).void()
}

/// Names with dots between them.
pub(super) fn path(i: &mut Input<'_>) -> ModalResult<String> {
    let mut path = word(i)?.to_owned();
    while opt(symbol(".")).parse_next(i)?.is_some() {
        path.push('.');
        path.push_str(cut_err(word).parse_next(i)?);
    }
    Ok(path)
}

/// A whole number: decimal, octal or hexadecimal, with or without sign and C's suffixes.
pub(super) fn integer(i: &mut Input<'_>) -> ModalResult<i128> {
    let minus = opt(one_of(['-', '+'])).parse_next(i)? == Some('-');
    let magnitude = alt((
        preceded(alt(("0x", "0X")), cut_err(hex_digit1))
            .try_map(|digits| i128::from_str_radix(digits, 16)),
        preceded("0", oct_digit1).try_map(|digits| i128::from_str_radix(digits, 8)),
        digit1.try_map(str::parse::<i128>),
    ))
    .context(expected("a number"))
    .parse_next(i)?;
    (take_while(0.., ['u', 'U', 'l', 'L']), trivia).parse_next(i)?;
    Ok(if minus { -magnitude } else { magnitude })
}

/// Text in double quotes, or a character in single ones. As C keeps it: a NUL ends it.
pub(super) fn literal(i: &mut Input<'_>) -> ModalResult<String> {
    let text =
        alt((in_quotes('"', "`\"` at the text's end"), in_quotes('\'', "`'` behind a character")));
    // Escapes may spell UTF-8 byte by byte; bytes that are not UTF-8 then are replaced.
    let text = text.map(|text: Vec<u8>| {
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    });
    (text, trivia).map(|(text, ())| text).parse_next(i)
}

fn in_quotes<'t>(
    quote: char,
    end: &'static str,
) -> impl Parser<Input<'t>, Vec<u8>, ErrMode<ContextError>> {
    let letters = repeat(0.., alt((escape, none_of([quote, '\\']).map(Letter::Char)))).fold(
        Vec::new,
        |mut bytes: Vec<u8>, letter| {
            match letter {
                Letter::Byte(byte) => bytes.push(byte),
                Letter::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            bytes
        },
    );
    delimited(quote, letters, cut_err(quote).context(expected(end)))
}

enum Letter {
    Byte(u8),
    Char(char),
}

/// An escape. At most three digits belong to one, whether they are octal or hexadecimal, and it means a byte: the low
/// eight bits of the number.
fn escape(i: &mut Input<'_>) -> ModalResult<Letter> {
    let byte =
        |digits: &str, radix| u32::from_str_radix(digits, radix).map(|n| Letter::Byte(n as u8));
    let octal = take_while(1..=3, '0'..='7').try_map(move |digits| byte(digits, 8));
    let hex = preceded('x', take_while(1..=3, |c: char| c.is_ascii_hexdigit()))
        .try_map(move |digits| byte(digits, 16));
    let single = any.verify_map(|c| {
        Some(Letter::Char(match c {
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0C',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0B',
            '\\' | '"' | '\'' | '?' => c,
            _ => return None,
        }))
    });
    let escape = alt((octal, hex, single)).context(expected("an escape of C"));
    preceded('\\', cut_err(escape)).parse_next(i)
}
