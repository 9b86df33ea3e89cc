//! Names and literals that every reader accepts, made from whatever users write.
//!
//! ```text
//!   "my field"  --user_field-->  _my_field  --Names::claim-->  _my_field, or _my_field_2 if that is taken
//!   "é\n"       --literal----->  "\303\251\n"
//! ```

use crate::keywords::KEYWORDS;
use std::collections::{HashMap, HashSet};

/// The names taken in one scope.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// For each name that was wanted before, the number that it got last: of thousands of fields with one name, each
    /// must not try all numbers.
    last_numbers: HashMap<String, u64>,
}

impl Names {
    /// Claims `wanted`, or the first numbered form of it that is free, with all the names that
    /// `companions` derives from it.
    pub(super) fn claim(
        &mut self,
        wanted: &str,
        companions: impl Fn(&str) -> Option<String>,
    ) -> String {
        let mut number = self.last_numbers.get(wanted).copied().unwrap_or(0);
        loop {
            number += 1;
            let name = if number == 1 { wanted.to_owned() } else { format!("{wanted}_{number}") };
            let companion = companions(&name);
            // babeltrace2 drops one leading underscore from names, and then takes this name for a second one.
            let free =
                |n: &String| !self.taken.contains(n) && !self.taken.contains(&format!("_{n}"));
            if free(&name) && companion.as_ref().is_none_or(free) {
                self.taken.extend(companion);
                self.taken.insert(name.clone());
                self.last_numbers.insert(wanted.to_owned(), number);
                return name;
            }
        }
    }
}

/// A user's field name behind CTF's leading underscore.
pub(super) fn user_field(name: &str) -> String {
    format!("_{}", letters(name))
}

/// A bare name. Only a name that could not stand alone gets an underscore.
pub(super) fn identifier(name: &str) -> String {
    let name = letters(name);
    let stands = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    if stands && !KEYWORDS.contains(&&*name) { name } else { format!("_{name}") }
}

/// The name of a variant's choice, made of [letters] that no other choice has; it is its tag's label too. Readers drop
/// one leading underscore: so they show an escaped name as it was before, and no other choice has that.
pub(super) fn choice(name: &str) -> String {
    let stands = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if stands && !KEYWORDS.contains(&name) { name.to_owned() } else { format!("_{name}") }
}

/// What an identifier keeps of a name.
pub(super) fn letters(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// `text` as a string literal. Octal escapes always have three digits, so a digit behind one stays itself.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::from('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            // Readers keep literals as C strings, where an escaped NUL would end the text.
            0 => out.push('?'),
            0x20..=0x7E => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

/// The usual form of a UUID.
pub(super) fn uuid(bytes: &[u8; 16]) -> String {
    let mut out = String::from('"');
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        assert_eq!(user_field("größe in m²"), "_gr__e_in_m_");
        assert_eq!(user_field(""), "_");
        assert_eq!(user_field("_x"), "__x");
        assert_eq!(identifier("event"), "_event");
        assert_eq!(identifier("9lives"), "_9lives");
        assert_eq!(identifier("vpid"), "vpid");
        assert_eq!(choice("some"), "some");
        assert_eq!(choice("int"), "_int");
        assert_eq!(choice("_int"), "__int");
        assert_eq!(choice("2_b"), "_2_b");
        assert_eq!(choice(""), "_");
    }

    #[test]
    fn a_claimed_name_and_its_companion_are_free_no_more() {
        let mut names = Names::default();
        let length = |name: &str| Some(format!("_{name}_length"));
        assert_eq!(names.claim("_x", length), "_x");
        assert_eq!(names.claim("__x_length", |_| None), "__x_length_2");
        assert_eq!(names.claim("_x", |_| None), "_x_2");
        assert_eq!(names.claim("__y_length", |_| None), "__y_length");
        assert_eq!(names.claim("_y", length), "_y_2", "its length's name is taken");
        assert_eq!(names.claim("___z", |_| None), "___z");
        assert_eq!(names.claim("__z", |_| None), "__z_2", "what readers make of the one before");
        assert_eq!(names.claim("_z", |_| None), "_z");
    }

    #[test]
    fn literals_are_ascii_and_closed() {
        assert_eq!(literal("a\"b\\c\n\u{e9}1\0"), r#""a\"b\\c\n\303\2511?""#);
    }

    #[test]
    fn a_uuid_has_its_hyphens() {
        let bytes = std::array::from_fn(|at| at as u8);
        assert_eq!(uuid(&bytes), "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"");
    }

    #[test]
    fn no_identifier_is_a_word_that_the_reader_refuses() {
        for word in KEYWORDS {
            assert_ne!(identifier(word), word);
        }
    }
}
