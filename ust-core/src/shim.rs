//! What a recorder asks of the shim that is loaded into a program: one environment variable, read once when the shim is loaded.
//!
//! ```text
//!   UST_PRELOAD_OPTIONS="no-follow min-duration=1000 max-depth=32 data-prefix=64 call-stacks=16 durations resolve"
//! ```
//!
//! Which events are on is no matter of this variable: rules say that.

use core::fmt;

/// The variable.
pub const OPTIONS_VARIABLE: &str = "UST_PRELOAD_OPTIONS";

/// The most bytes of what a call reads or writes that can be recorded.
pub const MAX_DATA_PREFIX_BYTES: u32 = 4096;

/// The most frames of a call stack that can be recorded.
pub const MAX_CALL_STACK_FRAMES: u32 = 64;

/// How the shim records. The default is what it does without the variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether children are traced as their parents are.
    pub follow: bool,
    /// Function calls that took fewer nanoseconds leave no record.
    pub min_duration_ns: u64,
    /// Function calls in more functions than that leave no record.
    pub max_depth: u32,
    /// So many bytes are recorded of what a call reads or writes, at most [`MAX_DATA_PREFIX_BYTES`]. 0: none.
    pub data_prefix_bytes: u32,
    /// So many frames of the call stack are recorded with an allocation, at most [`MAX_CALL_STACK_FRAMES`]. 0: no call stacks.
    pub call_stack_frames: u32,
    /// Whether it is recorded how long calls of `malloc`'s family took.
    pub durations: bool,
    /// Whether the kernel is asked what path each descriptor stands for that a call is given.
    pub resolve: bool,
    /// Whether the kernel is asked behind each call that can wait how often the thread has left its processor.
    pub context_switches: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            follow: true,
            min_duration_ns: 0,
            max_depth: u32::MAX,
            data_prefix_bytes: 0,
            call_stack_frames: 0,
            durations: false,
            resolve: false,
            context_switches: false,
        }
    }
}

impl Options {
    /// What the variable's value says. Words that make no sense are ignored: the program runs on.
    pub fn parse(value: &str) -> Self {
        let mut options = Self::default();
        for word in value.split_ascii_whitespace() {
            let (name, number) = word.split_once('=').unwrap_or((word, ""));
            match (name, number.parse::<u64>()) {
                ("no-follow", _) => options.follow = false,
                ("durations", _) => options.durations = true,
                ("resolve", _) => options.resolve = true,
                ("context-switches", _) => options.context_switches = true,
                ("min-duration", Ok(ns)) => options.min_duration_ns = ns,
                ("max-depth", Ok(depth)) => {
                    options.max_depth = depth.try_into().unwrap_or(u32::MAX);
                }
                ("data-prefix", Ok(bytes)) => {
                    options.data_prefix_bytes = at_most(MAX_DATA_PREFIX_BYTES, bytes);
                }
                ("call-stacks", Ok(frames)) => {
                    options.call_stack_frames = at_most(MAX_CALL_STACK_FRAMES, frames);
                }
                _ => {}
            }
        }
        options
    }
}

fn at_most(limit: u32, number: u64) -> u32 {
    number.min(limit.into()) as u32
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            follow,
            min_duration_ns,
            max_depth,
            data_prefix_bytes,
            call_stack_frames,
            durations,
            resolve,
            context_switches,
        } = self;
        write!(
            f,
            "{}{}{}{}min-duration={min_duration_ns} max-depth={max_depth} data-prefix={data_prefix_bytes} \
             call-stacks={call_stack_frames}",
            if *follow { "" } else { "no-follow " },
            if *durations { "durations " } else { "" },
            if *resolve { "resolve " } else { "" },
            if *context_switches { "context-switches " } else { "" },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let others = Options {
            follow: false,
            min_duration_ns: u64::MAX,
            max_depth: 0,
            data_prefix_bytes: MAX_DATA_PREFIX_BYTES,
            call_stack_frames: MAX_CALL_STACK_FRAMES,
            durations: true,
            resolve: true,
            context_switches: true,
        };
        for options in [Options::default(), others] {
            assert_eq!(Options::parse(&options.to_string()), options);
        }
    }

    #[test]
    fn nonsense_is_ignored_and_numbers_are_bounded() {
        let odd =
            "\u{1b}[ max-depth min-duration=-1 min-duration=9e9 follow=no max-depth=99999999999";
        assert_eq!(Options::parse(odd), Options::default());
        let much = Options::parse("data-prefix=99999999999 call-stacks=65");
        assert_eq!(much.data_prefix_bytes, MAX_DATA_PREFIX_BYTES);
        assert_eq!(much.call_stack_frames, MAX_CALL_STACK_FRAMES);
    }
}
