//! How the engine drains, as options of a command: the same in `ust record` and `ustconsumerd`.

use crate::engine::EngineOptions;
use std::time::Duration;

/// Options of a program that embeds the engine.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct EngineArgs {
    /// Write out everything recorded at least every MS milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    flush_interval: u64,
    /// Look for full sub-buffers every US microseconds instead of being woken: traced programs then make no system call
    #[arg(long, value_name = "US")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3_600_000_000))]
    read_timer: Option<u64>,
}

impl From<EngineArgs> for EngineOptions {
    fn from(args: EngineArgs) -> Self {
        EngineOptions {
            flush_interval: Duration::from_millis(args.flush_interval),
            read_timer: args.read_timer.map(Duration::from_micros),
        }
    }
}
