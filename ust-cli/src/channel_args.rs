//! The options that say what a channel is like: the same for `record` and `create`.

use crate::size::parse_size;
use consumerd::session::{
    ChannelOptions, ClockKind, DEFAULT_SUBBUF_COUNT, DEFAULT_SUBBUF_SIZE_BYTES,
};

/// What streams are like.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ChannelArgs {
    /// Bytes of a sub-buffer, a power of two: 4096, 64K, 1M ... A larger record than this is lost
    #[arg(long, value_name = "SIZE", default_value_t = DEFAULT_SUBBUF_SIZE_BYTES, value_parser = parse_size)]
    subbuf_size: u64,
    /// Number of sub-buffers of each thread, a power of two
    #[arg(long, value_name = "N", visible_alias = "num-subbuf", default_value_t = DEFAULT_SUBBUF_COUNT)]
    subbufs: u64,
    /// The clock of the records [default: tsc where the kernel trusts it, else monotonic]
    #[arg(long, value_enum)]
    clock: Option<Clock>,
}

/// The clocks by their names on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Clock {
    /// The processor's time-stamp counter
    #[cfg(target_arch = "x86_64")]
    Tsc,
    /// CLOCK_MONOTONIC
    Monotonic,
}

impl ChannelArgs {
    /// As the consumer takes them.
    pub fn options(self) -> ChannelOptions {
        ChannelOptions {
            subbuf_size_bytes: self.subbuf_size,
            subbuf_count: self.subbufs,
            clock: self.clock.map(|clock| match clock {
                #[cfg(target_arch = "x86_64")]
                Clock::Tsc => ClockKind::Tsc,
                Clock::Monotonic => ClockKind::Monotonic,
            }),
        }
    }
}
