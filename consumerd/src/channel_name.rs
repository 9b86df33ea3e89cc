//! The names that channels may have, and their stream files: `NAME_0`, `NAME_1`, ...

/// The longest name, in bytes: a stream file's name appends a number, and its index file's name appends more.
pub const MAX_CHANNEL_NAME_BYTES: usize = 200;

/// Whether a channel may have that name: letters, digits and `_`, `-`, `.` inside it.
pub fn is_channel_name(untrusted_name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=MAX_CHANNEL_NAME_BYTES).contains(&untrusted_name.len())
        && untrusted_name.chars().all(is_plain)
        && !untrusted_name.starts_with(['-', '.'])
}

/// The name of a channel's stream file.
pub fn stream_file_name(channel_name: &str, instance: u64) -> String {
    format!("{channel_name}_{instance}")
}

/// Whether a file in the folder of a trace is a stream file, by its name.
pub fn is_stream_file(name: &str) -> bool {
    name.rsplit_once('_').is_some_and(|(channel, instance)| {
        let is_number = !instance.is_empty() && instance.bytes().all(|b| b.is_ascii_digit());
        is_number && is_channel_name(channel)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_files_are_known_by_their_names() {
        for name in ["channel0", "a_1", "v1.2"] {
            assert!(is_stream_file(&stream_file_name(name, u64::MAX)));
        }
        for name in ["metadata", "index", "channel0_", "_7", "channel0_1.new", "channel0_x"] {
            assert!(!is_stream_file(name), "{name}");
        }
    }

    #[test]
    fn names_that_would_leave_their_folder_or_hide_in_it_are_none() {
        for name in ["channel0", "a", "slow-path_2", "v1.2", &"n".repeat(200)] {
            assert!(is_channel_name(name), "{name:?}");
        }
        for name in ["", "a/b", "..", ".x", "-x", "a b", "a\n", "ü", "a\0", &"n".repeat(201)] {
            assert!(!is_channel_name(name), "{name:?}");
        }
    }
}
