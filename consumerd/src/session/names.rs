//! Checks session names and event rules, which arrive as untrusted text.

use super::error::SessionError;
use std::borrow::Cow;
use ust_core::protocol::{EventRule, MAX_MESSAGE_BYTES};

/// The longest session name, and the longest glob: as a file name.
const MAX_NAME_BYTES: usize = 255;

/// The most bytes of globs. All of them travel to each process in one message, together with its other content.
const MAX_RULES_BYTES: usize = MAX_MESSAGE_BYTES / 2;

/// What a glob, and a rule, cost in addition to the bytes of globs.
const OVERHEAD_BYTES: usize = 8;

/// Checks a session's name, which becomes part of a directory's name and of one line of output.
pub(super) fn check_session(name: &str) -> Result<(), SessionError> {
    let reason = if name.is_empty() || name.len() > MAX_NAME_BYTES {
        "give 1 to 255 bytes"
    } else if name.starts_with(['-', '.']) {
        "it must not begin with - or ."
    } else if name.contains('/') || name.chars().any(char::is_control) {
        "it must contain neither / nor control characters"
    } else {
        return Ok(());
    };
    Err(SessionError::Name { name: name.to_owned(), reason })
}

/// Checks the event rules of all sessions together: that each is valid, and that one message can carry them.
///
/// # Errors
/// A glob can match no event, or the rules are too long.
pub fn check_rules<'a>(rules: impl IntoIterator<Item = &'a EventRule>) -> Result<(), SessionError> {
    let mut bytes = 0;
    for EventRule { pattern, exclusions, levels: _, filter } in rules {
        for glob in exclusions.iter().chain([pattern]) {
            check_glob(glob)?;
            bytes += glob.len() + OVERHEAD_BYTES;
        }
        bytes += filter.len() + OVERHEAD_BYTES;
    }
    let limit = MAX_RULES_BYTES;
    if bytes > limit { Err(SessionError::RulesTooLong { bytes, limit }) } else { Ok(()) }
}

/// Completes a rule as a user may give it. Every event's name is `provider:name`, so a word without a colon, and
/// without a wildcard that could stand for one, is a provider, and means all its events.
pub fn complete_glob(given: &str) -> Cow<'_, str> {
    let is_word = !given.is_empty() && !given.chars().any(|c| c.is_whitespace() || c.is_control());
    match is_word && !given.contains([':', '*', '?']) {
        true => format!("{given}:*").into(),
        false => given.into(),
    }
}

/// Checks a glob. It may match nothing yet, but must be able to match something.
fn check_glob(glob: &str) -> Result<(), SessionError> {
    let reason = if glob.is_empty() || glob.len() > MAX_NAME_BYTES {
        "give 1 to 255 bytes, like 'provider:name', 'provider:*' or '*'"
    } else if glob.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "event names contain neither blanks nor control characters"
    } else if complete_glob(glob) != glob {
        "event names are 'provider:name': give 'provider:*' for all events of a provider"
    } else {
        return Ok(());
    };
    Err(SessionError::Glob { glob: glob.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ust_core::protocol::{Block, encode};

    #[test]
    fn names_that_would_leave_their_directory_or_line_are_refused() {
        for name in ["", "a/b", "..", ".hidden", "-s", "two\nlines", &"n".repeat(256)] {
            assert!(check_session(name).is_err(), "{name:?}");
        }
        for name in ["a", "auto-20261121-101500", "with space", "ünïcode", &"n".repeat(255)] {
            assert!(check_session(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn globs_are_anything_that_could_be_an_event() {
        for glob in ["*", "indexer:*", "indexer:file_?", "index*", "a?b"] {
            assert!(check_glob(glob).is_ok(), "{glob:?}");
        }
        for glob in ["", "a b", "a\tb", "a\0b", "no_colon"] {
            assert!(check_glob(glob).is_err(), "{glob:?}");
        }
    }

    #[test]
    fn a_word_without_a_colon_is_a_provider() {
        assert_eq!(complete_glob("hunt"), "hunt:*");
        for glob in ["hunt:tick", "hunt:*", "*", "hunt*", "h?nt", ""] {
            assert_eq!(complete_glob(glob), glob);
        }
    }

    #[test]
    fn rules_that_one_message_could_not_carry_are_refused() {
        let glob = "*".repeat(MAX_NAME_BYTES);
        let rule = EventRule::of(glob);
        let fits = MAX_RULES_BYTES / (MAX_NAME_BYTES + 2 * OVERHEAD_BYTES);
        assert!(check_rules(std::iter::repeat_n(&rule, fits)).is_ok());
        assert!(matches!(
            check_rules(std::iter::repeat_n(&rule, fits + 1)),
            Err(SessionError::RulesTooLong { .. })
        ));
        let said = encode(&vec![Block(rule); fits]);
        assert!(said.len() <= MAX_RULES_BYTES, "{}", said.len());
    }
}
