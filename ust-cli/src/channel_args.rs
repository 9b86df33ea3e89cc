//! The options that say what a channel is like: the same for `record` and `create`.

use crate::failure::Failure;
use crate::given_path::given_path;
use crate::mode::parse_mode;
use crate::size::parse_size;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::session::{
    Buffers, ChannelOptions, ClockKind, DEFAULT_SUBBUF_COUNT, DEFAULT_SUBBUF_SIZE_BYTES, Mode,
    Residency,
};
use std::path::PathBuf;

/// What streams are like.
#[derive(Debug, Clone, clap::Args)]
pub struct ChannelArgs {
    /// Bytes of a sub-buffer, a power of two: 4096, 64K, 1M ... A larger record than this is lost
    #[arg(long, value_name = "SIZE", default_value_t = DEFAULT_SUBBUF_SIZE_BYTES, value_parser = parse_size)]
    subbuf_size: u64,
    /// Number of sub-buffers of each thread, a power of two
    #[arg(long, value_name = "N", visible_alias = "num-subbuf", default_value_t = DEFAULT_SUBBUF_COUNT)]
    subbufs: u64,
    /// Who shares a ring: the records of one thread, or of one CPU (memory is then bounded by the CPUs)
    #[arg(long, value_enum, default_value_t = BuffersArg::PerThread)]
    buffers: BuffersArg,
    /// What happens when a ring is full: `discard` the new record, `overwrite` the oldest ones, or `block` the
    /// thread, at most so long (block=500ms, block=2s) [default: discard; overwrite for snapshots]
    #[arg(long, value_name = "MODE", value_parser = parse_mode)]
    mode: Option<Mode>,
    /// Make the memory of a ring resident before its first record: no page fault ever after
    #[arg(long)]
    prefault: bool,
    /// Lock the memory of rings too, within the limit of the traced program (ulimit -l)
    #[arg(long)]
    mlock: bool,
    /// The clock of the records [default: tsc where the kernel trusts it, else monotonic]
    #[arg(long, value_enum)]
    clock: Option<Clock>,
    /// Keep the rings in files in this directory (empty, or made), where `ust recover DIR` finds what is in them
    /// if recorder and program both die. Removed when the recording has come to its end
    #[arg(long, value_name = "DIR", value_parser = given_path())]
    shm_path: Option<PathBuf>,
}

/// Who shares a ring, by the names on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BuffersArg {
    /// A ring for each thread
    PerThread,
    /// A ring for each CPU
    PerCpu,
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
    /// As the consumer takes them, for a session that writes everything or only snapshots.
    ///
    /// # Errors
    /// There is no working directory that `--shm-path` could be relative to.
    pub fn options(self, is_snapshot: bool) -> Result<ChannelOptions, Failure> {
        // The daemon has a working directory of its own.
        let shm_path = self.shm_path.map(|path| {
            std::path::absolute(&path).map_err(|error| {
                Failure::new(
                    Cause::Usage,
                    format_args!(
                        "--shm-path {}: {}",
                        path.display(),
                        why(Attempt::RingDir, &error)
                    ),
                )
            })
        });
        Ok(ChannelOptions {
            subbuf_size_bytes: self.subbuf_size,
            subbuf_count: self.subbufs,
            buffers: match self.buffers {
                BuffersArg::PerThread => Buffers::PerThread,
                BuffersArg::PerCpu => Buffers::PerCpu,
            },
            mode: self.mode,
            residency: match (self.mlock, self.prefault) {
                (true, _) => Residency::Lock,
                (false, true) => Residency::Prefault,
                (false, false) => Residency::OnEntry,
            },
            is_snapshot,
            shm_path: shm_path.transpose()?,
            clock: self.clock.map(|clock| match clock {
                #[cfg(target_arch = "x86_64")]
                Clock::Tsc => ClockKind::Tsc,
                Clock::Monotonic => ClockKind::Monotonic,
            }),
        })
    }
}
