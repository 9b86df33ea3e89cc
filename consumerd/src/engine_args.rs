//! How the engine drains, as options of a command: the same words in `ust record` and `ustconsumerd`.

use crate::engine::EngineOptions;
use std::time::Duration;

/// Options of whoever embeds the engine.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct EngineArgs {
    /// Write out everything recorded at least so often, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    flush_interval: u64,
    /// Look for full sub-buffers so often, in microseconds, instead of being woken: traced programs then make
    /// no system call
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
