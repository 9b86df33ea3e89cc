//! Texts in the encodings of CTF 2, as UTF-8.
//!
//! UTF-8 stays as it is, whether it is valid or not, as in other texts. A unit that is no part of a character becomes
//! U+FFFD.

use crate::schema::{ByteOrder, TextEncoding};

/// The text up to its first NUL; all of it if there is none.
pub(super) fn utf8(bytes: &[u8], encoding: TextEncoding) -> Vec<u8> {
    match encoding {
        TextEncoding::Utf8 => bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
        TextEncoding::Utf16(order) => {
            let units = units(bytes).map(|unit| match order {
                ByteOrder::Little => u16::from_le_bytes(unit),
                ByteOrder::Big => u16::from_be_bytes(unit),
            });
            let characters = char::decode_utf16(units.take_while(|unit| *unit != 0));
            text(characters.map(Result::ok))
        }
        TextEncoding::Utf32(order) => {
            let units = units(bytes).map(|unit| match order {
                ByteOrder::Little => u32::from_le_bytes(unit),
                ByteOrder::Big => u32::from_be_bytes(unit),
            });
            text(units.take_while(|unit| *unit != 0).map(char::from_u32))
        }
    }
}

/// Whole units; the rest of a last one is left out.
fn units<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}

fn text(characters: impl Iterator<Item = Option<char>>) -> Vec<u8> {
    let text: String = characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ByteOrder::{Big, Little};

    const TEXT: &str = "größe \u{1F980}";

    #[test]
    fn a_text_is_the_same_in_every_encoding() {
        let utf16: Vec<u16> = TEXT.encode_utf16().collect();
        let utf32: Vec<u32> = TEXT.chars().map(u32::from).collect();
        let pairs: [(Vec<u8>, TextEncoding); 5] = [
            (TEXT.into(), TextEncoding::Utf8),
            (
                utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
                TextEncoding::Utf16(Little),
            ),
            (utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(), TextEncoding::Utf16(Big)),
            (
                utf32.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
                TextEncoding::Utf32(Little),
            ),
            (utf32.iter().flat_map(|unit| unit.to_be_bytes()).collect(), TextEncoding::Utf32(Big)),
        ];
        for (mut bytes, encoding) in pairs {
            assert_eq!(utf8(&bytes, encoding), TEXT.as_bytes(), "{encoding:?}");
            bytes.extend([0; 4]);
            bytes.extend(*b"rest");
            assert_eq!(utf8(&bytes, encoding), TEXT.as_bytes(), "{encoding:?}, with padding");
        }
    }

    #[test]
    fn what_is_no_character_is_shown() {
        let replaced = |bytes: &[u8], encoding| String::from_utf8(utf8(bytes, encoding)).unwrap();
        assert_eq!(replaced(&[0, 0xD8, b'a', 0], TextEncoding::Utf16(Little)), "\u{FFFD}a");
        assert_eq!(
            replaced(&[0, 0, 0xD8, 0, 0, 0, 0, b'a'], TextEncoding::Utf32(Big)),
            "\u{FFFD}a"
        );
        assert_eq!(utf8(b"\xFFa", TextEncoding::Utf8), b"\xFFa");
    }
}
