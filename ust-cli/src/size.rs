//! Sizes as people write them: `4096`, `64K`, `1M`, `2G`.

/// A size in bytes. K, M and G, in either case, are powers of 1024.
///
/// # Errors
/// The text is no number, has another suffix, or is more than 64 bits.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().next_back() {
        Some((end, 'k' | 'K')) => (&text[..end], 10),
        Some((end, 'm' | 'M')) => (&text[..end], 20),
        Some((end, 'g' | 'G')) => (&text[..end], 30),
        _ => (text, 0),
    };
    // `u64::from_str` would take a sign.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("give bytes, or a number with K, M or G, like 64K".to_owned());
    }
    let number: Option<u64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(1 << shift)).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_powers_of_1024_in_either_case() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("64k", 65536),
            ("64K", 65536),
            ("1M", 1 << 20),
            ("3g", 3 << 30),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "K",
            "-1",
            "+1",
            "1.5M",
            "1T",
            "1KB",
            "0x1000",
            " 1",
            "1 K",
            "٣",
            "18446744073709551616",
            "17179869184G",
        ] {
            assert!(parse_size(text).is_err(), "{text:?}");
        }
    }
}
