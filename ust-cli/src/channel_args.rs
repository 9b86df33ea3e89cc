//! The options of a channel: the same for `record`, `create` and `enable-channel`.

use crate::mode::parse_mode;
use crate::size::parse_size;
use consumerd::session::{
    Buffers, ChannelOptions, DEFAULT_SUBBUF_COUNT, DEFAULT_SUBBUF_SIZE_BYTES, Mode, Residency,
};

/// The options of a channel's streams.
#[derive(Debug, Clone, clap::Args)]
pub struct ChannelArgs {
    /// Size of a sub-buffer in bytes, a power of two: 4096, 64K, 1M ... A record that is larger is lost
    #[arg(long, value_name = "SIZE", default_value_t = DEFAULT_SUBBUF_SIZE_BYTES, value_parser = parse_size)]
    subbuf_size: u64,
    /// Number of sub-buffers of each thread, a power of two
    #[arg(long, value_name = "N", visible_alias = "num-subbuf", default_value_t = DEFAULT_SUBBUF_COUNT)]
    subbufs: u64,
    /// Whose records share a ring: those of one thread, or of one CPU (the number of CPUs then bounds the memory)
    #[arg(long, value_enum, default_value_t = BuffersArg::PerThread)]
    buffers: BuffersArg,
    /// What happens when a ring is full: `discard` the new record, `overwrite` the oldest ones, or `block` the thread,
    /// for at most the given time (block=500ms, block=2s) [default: discard; overwrite for snapshots]
    #[arg(long, value_name = "MODE", value_parser = parse_mode)]
    mode: Option<Mode>,
    /// Make the memory of a ring resident before its first record: no page fault ever after
    #[arg(long)]
    prefault: bool,
    /// Lock the memory of rings too, within the limit of the traced program (ulimit -l)
    #[arg(long)]
    mlock: bool,
}

/// Whose records share a ring, by the names on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BuffersArg {
    /// A ring for each thread
    PerThread,
    /// A ring for each CPU
    PerCpu,
}

impl From<ChannelArgs> for ChannelOptions {
    fn from(given: ChannelArgs) -> Self {
        Self {
            subbuf_size_bytes: given.subbuf_size,
            subbuf_count: given.subbufs,
            buffers: match given.buffers {
                BuffersArg::PerThread => Buffers::PerThread,
                BuffersArg::PerCpu => Buffers::PerCpu,
            },
            mode: given.mode,
            residency: match (given.mlock, given.prefault) {
                (true, _) => Residency::Lock,
                (false, true) => Residency::Prefault,
                (false, false) => Residency::OnEntry,
            },
        }
    }
}
