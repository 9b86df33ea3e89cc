//! The options that hold for all channels of a session: the same for `record` and `create`.

use crate::failure::Failure;
use crate::given_path::given_path;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::session::{ClockKind, SessionOptions};
use std::path::PathBuf;

/// The options of a session.
#[derive(Debug, Clone, clap::Args)]
pub struct SessionArgs {
    /// The clock of the records [default: tsc where the kernel trusts it, else monotonic]
    #[arg(long, value_enum)]
    clock: Option<Clock>,
    /// Keep the rings in files in this directory (empty or new). If recorder and program both die, `ust recover DIR`
    /// finds what is in the rings. A recording that ends normally removes its files
    #[arg(long, value_name = "DIR", value_parser = given_path())]
    shm_path: Option<PathBuf>,
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

impl SessionArgs {
    /// The same options as the consumer takes them. `is_snapshot`: the session writes only snapshots.
    ///
    /// # Errors
    /// There is no working directory that `--shm-path` could be relative to.
    pub fn options(self, is_snapshot: bool) -> Result<SessionOptions, Failure> {
        // The daemon has a working directory of its own.
        let shm_path = self.shm_path.map(|path| {
            std::path::absolute(&path).map_err(|error| {
                let why = why(Attempt::RingDir, &error);
                Failure::new(Cause::Usage, format_args!("--shm-path {}: {why}", path.display()))
            })
        });
        let clock = self.clock.map(|clock| match clock {
            #[cfg(target_arch = "x86_64")]
            Clock::Tsc => ClockKind::Tsc,
            Clock::Monotonic => ClockKind::Monotonic,
        });
        Ok(SessionOptions { clock, is_snapshot, shm_path: shm_path.transpose()? })
    }
}
