//! A value's text, `{}` or `{:?}`, in a bounded buffer on the stack.
//!
//! ```text
//!   "connection refu" ... "connection re…"      what does not fit is cut, and the cut is marked
//! ```
//!
//! Formatting allocates nothing, unless the value's own code does. That code may panic, or record events itself: it runs before
//! anything is reserved.

#![allow(unsafe_code)]

use core::fmt::{self, Debug, Display, Write};
use core::mem::MaybeUninit;

use super::text::texts;

/// The longest text, with the mark of a cut.
pub const MAX_FORMATTED_BYTES: usize = 512;

/// Stands where a text was cut.
const CUT: &str = "…";

/// The text of a value.
pub struct Formatted {
    bytes: [MaybeUninit<u8>; MAX_FORMATTED_BYTES],
    len: usize,
    is_cut: bool,
}

impl Formatted {
    /// `{}`.
    #[inline]
    pub fn display(value: &dyn Display) -> Self {
        Self::of(format_args!("{value}"))
    }

    /// `{:?}`.
    #[inline]
    pub fn debug(value: &dyn Debug) -> Self {
        Self::of(format_args!("{value:?}"))
    }

    /// Any text. If the value's code fails, what it had written until then.
    pub fn of(text: fmt::Arguments<'_>) -> Self {
        let mut formatted =
            Self { bytes: [MaybeUninit::uninit(); MAX_FORMATTED_BYTES], len: 0, is_cut: false };
        let _ = formatted.write_fmt(text);
        if formatted.is_cut {
            formatted.push(CUT);
        }
        formatted
    }

    /// As bytes.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `push` has written the first `len` bytes.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len) }
    }

    /// Appends a text for which there is room.
    fn push(&mut self, text: &str) {
        let room = &mut self.bytes[self.len..][..text.len()];
        for (place, byte) in room.iter_mut().zip(text.bytes()) {
            place.write(byte);
        }
        self.len += text.len();
    }
}

impl Write for Formatted {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The value's code may go on after an error.
        if self.is_cut {
            return Err(fmt::Error);
        }
        let room = MAX_FORMATTED_BYTES - CUT.len() - self.len;
        let fits = (0..=room.min(text.len())).rfind(|&end| text.is_char_boundary(end)).unwrap_or(0);
        self.push(&text[..fits]);
        self.is_cut = fits < text.len();
        // An error ends the formatting of a long value early.
        if self.is_cut { Err(fmt::Error) } else { Ok(()) }
    }
}

texts! {
    Formatted, |formatted| formatted.as_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(formatted: &Formatted) -> &str {
        core::str::from_utf8(formatted.as_bytes()).expect("UTF-8")
    }

    #[test]
    fn a_text_that_fits_is_whole() {
        assert_eq!(text(&Formatted::display(&"a\"b")), "a\"b");
        assert_eq!(text(&Formatted::debug(&Some("x"))), "Some(\"x\")");
        assert_eq!(text(&Formatted::of(format_args!(""))), "");
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_marked() {
        let room = MAX_FORMATTED_BYTES - CUT.len();
        let fits = "x".repeat(room);
        assert_eq!(text(&Formatted::display(&fits)), fits);
        for shift in 0..4 {
            let long = "x".repeat(shift) + &"ü€𝄞".repeat(200);
            let formatted = Formatted::of(format_args!("{long}{long}"));
            let cut = text(&formatted).strip_suffix(CUT).expect("the mark");
            assert!(long.starts_with(cut) && cut.len() > room - 4, "{}", cut.len());
        }
    }

    #[test]
    fn nothing_follows_a_cut_even_if_the_value_goes_on() {
        struct GoesOn;
        impl Display for GoesOn {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let _ = f.write_str(&"x".repeat(MAX_FORMATTED_BYTES - 4));
                let _ = f.write_str("\u{20ac}");
                let _ = f.write_str("y");
                f.write_str("")
            }
        }
        let expected = "x".repeat(MAX_FORMATTED_BYTES - 4) + CUT;
        assert_eq!(text(&Formatted::display(&GoesOn)), expected);
    }

    #[test]
    fn a_value_that_fails_leaves_what_it_wrote() {
        struct Fails;
        impl Display for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("before")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(text(&Formatted::display(&Fails)), "before");
    }
}
