//! `--mode` as people write it: `discard`, `overwrite`, `block`, `block=500ms`, `block=2s`.

use consumerd::session::Mode;

/// The time-out of `block` if none is given.
const DEFAULT_TIMEOUT_MS: u32 = 5000;

/// A mode. A time-out is in milliseconds, or has `ms` or `s` behind it.
///
/// # Errors
/// The text is no mode, or its time-out is no number or longer than an hour.
pub fn parse_mode(text: &str) -> Result<Mode, String> {
    match text.split_once('=') {
        None if text == "discard" => Ok(Mode::Discard),
        None if text == "overwrite" => Ok(Mode::Overwrite),
        None if text == "block" => Ok(Mode::Block { timeout_ms: DEFAULT_TIMEOUT_MS }),
        Some(("block", timeout)) => Ok(Mode::Block { timeout_ms: parse_timeout_ms(timeout)? }),
        _ => Err("give discard, overwrite, block or block=TIMEOUT".to_owned()),
    }
}

fn parse_timeout_ms(text: &str) -> Result<u32, String> {
    let (digits, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 1000),
        (None, None) => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("give a time-out like 500ms or 2s".to_owned());
    }
    let number: Option<u32> = digits.parse().ok();
    let timeout = number.and_then(|number| number.checked_mul(factor));
    timeout.filter(|ms| *ms <= 3_600_000).ok_or_else(|| "give at most 3600s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_and_their_timeouts_are_read() {
        let block = |timeout_ms| Ok(Mode::Block { timeout_ms });
        for (text, mode) in [
            ("discard", Ok(Mode::Discard)),
            ("overwrite", Ok(Mode::Overwrite)),
            ("block", block(DEFAULT_TIMEOUT_MS)),
            ("block=250", block(250)),
            ("block=250ms", block(250)),
            ("block=2s", block(2000)),
            ("block=0", block(0)),
        ] {
            assert_eq!(parse_mode(text), mode, "{text}");
        }
        for text in ["", "Discard", "block=", "block=-1s", "block=2m", "block=4000s", "discard=1"] {
            assert!(parse_mode(text).is_err(), "{text}");
        }
    }
}
