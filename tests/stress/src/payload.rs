//! What a record holds: its source, its number, and content that follows from the two.

use ust_test_support::random::mix;

/// The longest text that is ever made.
pub const TEXT_BYTES_MAX: usize = 4200;

/// Follows from source and number: other ones give other content.
pub fn check(source: u32, sequence: u64) -> u64 {
    mix(u64::from(source) << 40 ^ sequence)
}

/// Room for one text, on the writer's stack: handlers may not allocate.
#[derive(Debug)]
pub struct Text([u8; TEXT_BYTES_MAX]);

impl Text {
    /// Room.
    pub fn new() -> Self {
        Self([0; TEXT_BYTES_MAX])
    }

    /// The text of a record, of any length up to `bytes_max`. Printable, so that no reader changes it.
    pub fn of(&mut self, source: u32, sequence: u64, bytes_max: u64) -> &str {
        let length = length(source, sequence, bytes_max);
        for (at, byte) in self.0[..length].iter_mut().enumerate() {
            *byte = letter(source, sequence, at);
        }
        core::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

fn length(source: u32, sequence: u64, bytes_max: u64) -> usize {
    // Mostly short: long ones now and then.
    let check = check(source, sequence);
    let most = if check.is_multiple_of(16) { bytes_max } else { bytes_max.min(40) };
    ((check >> 8) % (most + 1)).min(TEXT_BYTES_MAX as u64) as usize
}

fn letter(source: u32, sequence: u64, at: usize) -> u8 {
    let word = check(source, sequence).rotate_left(at as u32 * 7);
    b'a' + ((word ^ (at as u64 * 31)) & 15) as u8
}

/// Whether a record's content is its own, all of it.
pub fn is_intact(source: u32, sequence: u64, its_check: u64, text: &[u8], bytes_max: u64) -> bool {
    its_check == check(source, sequence)
        && text.len() == length(source, sequence, bytes_max)
        && text.iter().enumerate().all(|(at, byte)| *byte == letter(source, sequence, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_record_s_own_content_is_intact() {
        let mut text = Text::new();
        for sequence in 0..2000 {
            let text = text.of(7, sequence, 300).as_bytes();
            let check = check(7, sequence);
            assert!(is_intact(7, sequence, check, text, 300));
            assert!(!is_intact(7, sequence + 1, check, text, 300));
            assert!(!is_intact(6, sequence, check, text, 300));
            assert!(text.is_empty() || !is_intact(7, sequence, check, &text[1..], 300));
            if let Some(last) = text.len().checked_sub(1) {
                let mut torn = text.to_vec();
                torn[last] ^= 1;
                assert!(!is_intact(7, sequence, check, &torn, 300));
            }
        }
    }
}
