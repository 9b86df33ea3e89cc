//! The options that have to do with the shim.

use super::sets::{Extras, Set, patterns};
use crate::record::needed::with_c_tracepoints;
use crate::record::program::Program;
use clap::builder::RangedU64ValueParser;
use ust_core::shim::{MAX_CALL_STACK_FRAMES, MAX_DATA_PREFIX_BYTES, Options};

/// Frames of a call stack if `--call-stacks` does not say how many.
const CALL_STACK_FRAMES: &str = "16";

/// The shim for C programs
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Shim for C programs")]
pub struct PreloadArgs {
    /// Load the shim into the program, and record these sets of its events too; may be given again. Of a set whose events
    /// `--event` names, those alone
    #[arg(long, value_name = "SET", value_enum, value_delimiter = ',')]
    preload: Vec<Set>,
    /// Leave children of the program untraced
    #[arg(long)]
    no_follow: bool,
    /// Record the begin of calls that can wait, too
    #[arg(long, requires = "preload")]
    begin: bool,
    /// Of functions (set `func`): leave out calls that took less, as 10us, 1ms
    #[arg(long, requires = "preload", value_name = "TIME", value_parser = nanoseconds)]
    min_duration: Option<u64>,
    /// Of functions (set `func`): leave out calls that are in more functions than that
    #[arg(long, requires = "preload", value_name = "N")]
    max_depth: Option<u32>,
    /// Of descriptors (set `libc_io`): record this many bytes of what is read and written, passwords included
    #[arg(long, requires = "preload", value_name = "BYTES", value_parser = data_prefix())]
    data_prefix: Option<u32>,
    /// Of memory (set `libc_mem`): record who called an allocation, up to N frames, 16 if none is said
    #[arg(
        long,
        requires = "preload",
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = CALL_STACK_FRAMES,
        value_parser = call_stacks()
    )]
    call_stacks: Option<u32>,
    /// Of memory (set `libc_mem`): record how long calls of malloc and its family take
    #[arg(long, requires = "preload")]
    durations: bool,
    /// Of descriptors (set `libc_io`): record the paths behind those that calls are given, at a system call for each
    #[arg(long, requires = "preload")]
    resolve: bool,
    /// Record how often threads have left their processors between calls that can wait, at a system call for each call
    #[arg(long, requires = "preload")]
    context_switches: bool,
}

impl PreloadArgs {
    /// Whether the shim is to be loaded into the program: sets are wanted, or the program has tracepoints in C.
    pub fn is_wanted_for(&self, program: &Program<'_>) -> bool {
        !self.preload.is_empty() || with_c_tracepoints(&program.file).is_some()
    }

    /// The event patterns of what is wanted of the shim beside these events, which the user named; and those that are to be left
    /// out of patterns which the user did not give.
    pub fn patterns(&self, events: &[String]) -> (Vec<String>, Vec<String>) {
        let extras = Extras {
            begins: self.begin,
            data: self.data_prefix.is_some(),
            paths: self.resolve,
            durations: self.durations,
            context_switches: self.context_switches,
        };
        patterns(&self.preload, extras, events)
    }

    /// What the shim is told.
    pub fn options(&self) -> Options {
        let default = Options::default();
        Options {
            follow: !self.no_follow,
            min_duration_ns: self.min_duration.unwrap_or(default.min_duration_ns),
            max_depth: self.max_depth.unwrap_or(default.max_depth),
            data_prefix_bytes: self.data_prefix.unwrap_or(default.data_prefix_bytes),
            call_stack_frames: self.call_stacks.unwrap_or(default.call_stack_frames),
            durations: self.durations,
            resolve: self.resolve,
            context_switches: self.context_switches,
        }
    }
}

/// A number of bytes that the shim records.
fn data_prefix() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=MAX_DATA_PREFIX_BYTES.into())
}

/// A number of frames that the shim records.
fn call_stacks() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=MAX_CALL_STACK_FRAMES.into())
}

/// A time with its unit, in nanoseconds.
fn nanoseconds(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let ns_of_unit = match &text[digits.len()..] {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return Err("a time is a number and ns, us, ms or s, as 10us".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{digits:?} is no number"))?;
    number.checked_mul(ns_of_unit).ok_or_else(|| "that is too long a time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn times_have_units() {
        assert_eq!(nanoseconds("10us"), Ok(10_000));
        assert_eq!(nanoseconds("2s"), Ok(2_000_000_000));
        for wrong in ["10", "us", "-1us", "1h", "99999999999s", ""] {
            assert!(nanoseconds(wrong).is_err(), "{wrong}");
        }
    }
}
