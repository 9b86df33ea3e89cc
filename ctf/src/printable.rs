//! Untrusted text for terminals, logs and JSON: printed as it is, except for characters that could control a terminal
//! or begin another line.
//!
//! ```text
//!   printable("a\x1b[31mb\n")    a\x1b[31mb\n        names, paths, messages: one line, whatever they contain
//!   quoted("say \"hi\"\n")       "say \"hi\"\n"      payload, as babeltrace2 quotes it
//!   lines("two\nlines\x1b")      two\nlines\x1b      text that we have put together: its line ends stay
//!   json("{\"a\": \"\u{202e}\"}")  {"a": "\u202e"}   JSON text: it stays valid and means the same
//! ```
//!
//! It escapes control characters (C0, DEL, C1), characters that change the direction of text or end a line, and bytes
//! that are not UTF-8, as `\xNN`. All other text, ASCII or not, stays as it is. A backslash outside of quotes stays
//! too, so that escaping twice is escaping once: a name may be escaped when it is put into a line, and the line when it
//! is printed.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Untrusted text that may be printed. See the module's page.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a> {
    bytes: &'a [u8],
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Line,
    Lines,
    Quoted,
}

/// One line of text, such as a name.
pub fn printable<T: AsRef<[u8]> + ?Sized>(text: &T) -> Printable<'_> {
    Printable { bytes: text.as_ref(), form: Form::Line }
}

/// A path.
pub fn path(path: &Path) -> Printable<'_> {
    os(path.as_os_str())
}

/// A word in the system's encoding.
pub fn os(word: &OsStr) -> Printable<'_> {
    Printable { bytes: word.as_bytes(), form: Form::Line }
}

/// Text of several lines.
pub fn lines(text: &str) -> Printable<'_> {
    Printable { bytes: text.as_bytes(), form: Form::Lines }
}

/// Text in quotes; quotes and backslashes in it are escaped.
pub fn quoted<T: AsRef<[u8]> + ?Sized>(text: &T) -> Printable<'_> {
    Printable { bytes: text.as_ref(), form: Form::Quoted }
}

/// JSON text with the same meaning, in which no character controls a terminal.
pub fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        // JSON has these control characters between its words, and no others anywhere.
        if is_order(c) && !matches!(c, '\n' | '\r' | '\t') {
            // Writing to a String cannot fail. Each of these characters is one unit of UTF-16.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether a terminal does something else with the character than showing it.
pub(crate) fn is_order(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Marks, embeddings, overrides and isolates of direction.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}')
}

impl Display for Printable<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let is_quoted = self.form == Form::Quoted;
        if is_quoted {
            out.write_char('"')?;
        }
        for piece in self.bytes.utf8_chunks() {
            for c in piece.valid().chars() {
                match c {
                    '\n' if self.form == Form::Lines => out.write_char(c)?,
                    '"' | '\\' if is_quoted => write!(out, "\\{c}")?,
                    '\x07' => out.write_str("\\a")?,
                    '\x08' => out.write_str("\\b")?,
                    '\t' => out.write_str("\\t")?,
                    '\n' => out.write_str("\\n")?,
                    '\x0B' => out.write_str("\\v")?,
                    '\x0C' => out.write_str("\\f")?,
                    '\r' => out.write_str("\\r")?,
                    _ if is_order(c) => escaped(c.encode_utf8(&mut [0; 4]).as_bytes(), out)?,
                    _ => out.write_char(c)?,
                }
            }
            escaped(piece.invalid(), out)?;
        }
        if is_quoted { out.write_char('"') } else { Ok(()) }
    }
}

fn escaped(bytes: &[u8], out: &mut Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "\\x{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that is escaped, between text that is not.
    const HOSTILE: &[u8] =
        b"caf\xc3\xa9\x1b[31m\x07\x7f\xc2\x9b\n\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xff\\\"\t";
    const SHOWN: &str =
        r#"café\x1b[31m\a\x7f\xc2\x9b\n\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xff\"\t"#;

    #[test]
    fn what_gives_orders_is_escaped_and_all_else_is_not() {
        assert_eq!(printable(HOSTILE).to_string(), SHOWN);
        assert_eq!(printable("日本語 ✓ e\u{301}").to_string(), "日本語 ✓ e\u{301}");
        let quoted = quoted(HOSTILE).to_string();
        assert_eq!(quoted, format!("\"{}\"", SHOWN.replace("\\\"", r#"\\\""#)));
    }

    /// Each such character at the borders of its range, and its neighbours that are text.
    #[test]
    fn each_order_is_escaped_and_its_neighbours_are_not() {
        let is_escaped = |c: char| printable(&c.to_string()).to_string().starts_with('\\');
        let ranges = [
            ('\0', '\x1f'),
            ('\x7f', '\u{9f}'),
            ('\u{61c}', '\u{61c}'),
            ('\u{200e}', '\u{200f}'),
            ('\u{2028}', '\u{2029}'),
            ('\u{202a}', '\u{202e}'),
            ('\u{2066}', '\u{2069}'),
        ];
        for c in ('\0'..='\u{2100}').filter(|c| *c != '\\') {
            let is_order = ranges.iter().any(|(first, last)| (first..=last).contains(&&c));
            assert_eq!(is_escaped(c), is_order, "{c:?}");
        }
    }

    /// The same as babeltrace2 does.
    #[test]
    fn control_characters_with_a_name_are_escaped_by_it() {
        let names = "\x07\x08\t\n\x0b\x0c\r";
        assert_eq!(printable(names).to_string(), r"\a\b\t\n\v\f\r");
        assert_eq!(quoted(names).to_string(), r#""\a\b\t\n\v\f\r""#);
    }

    #[test]
    fn escaping_twice_is_escaping_once() {
        let once = printable(HOSTILE).to_string();
        assert_eq!(printable(&once).to_string(), once);
        assert_eq!(lines(&once).to_string(), once);
    }

    #[test]
    fn lines_keep_their_ends_and_nothing_else() {
        assert_eq!(lines("a\n  b\r\x1b\n").to_string(), "a\n  b\\r\\x1b\n");
    }

    #[test]
    fn json_stays_what_it_is() {
        let text = "{\n  \"a\": \"\u{202e}\u{7f}\u{9b}é\\n\"\n}\n";
        assert_eq!(json(text), "{\n  \"a\": \"\\u202e\\u007f\\u009bé\\n\"\n}\n");
    }
}
