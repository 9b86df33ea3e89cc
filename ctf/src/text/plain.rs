//! Text that may be shown in quotes as it is.

/// Whether text is shown in quotes as it is.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') & (*byte != b'"') & (*byte != b'\\');
    let (eights, rest) = text.as_chunks::<8>();
    eights.iter().all(are_plain) && rest.iter().all(is_plain)
}

/// The same of eight bytes at once: a byte's highest bit says what is wrong with it.
#[inline]
fn are_plain(eight: &[u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let bytes = u64::from_ne_bytes(*eight);
    // Exact if no byte has its highest bit set, which is wrong anyhow.
    let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let below_space = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    let is = |byte: u8| is_zero(bytes ^ (ONES * u64::from(byte)));
    (bytes | below_space | is(b'"') | is(b'\\') | is(0x7F)) & (ONES << 7) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_judged_alone_as_it_is_among_others() {
        for byte in 0..=255_u8 {
            let expected = matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
            assert_eq!(is_plain(&[byte]), expected, "{byte:#x}");
            for place in 0..8 {
                let mut eight = *b"eight! ~";
                eight[place] = byte;
                assert_eq!(is_plain(&eight), expected, "{byte:#x} at {place}");
            }
        }
    }
}
