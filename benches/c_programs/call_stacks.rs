//! A `malloc` and its `free` in functions that have called each other, recorded with the call stack.

use crate::pairs::{alone, recorded, sittings};
use crate::{Means, at_most};
use std::path::Path;
use std::process::Command;
use ust_benches::Result;
use ust_benches::promise::Promise;

const BARE: &str = "alone";
const PLAIN: &str = "recorded by the shim, without call stacks";
const STACKS: &str = "recorded by the shim, 16 frames";
const HEAPTRACK: &str = "under heaptrack";

const WAY: &str = "deep";

/// Where Debian has the library that heaptrack loads into programs.
const HEAPTRACK_LIBRARY: &str = "/usr/lib/heaptrack/libheaptrack_preload.so";

/// Nanoseconds of a pair, and what a call stack may add to them.
pub fn measure(means: &Means<'_>) -> Result<Vec<Promise>> {
    let has_heaptrack = Path::new(HEAPTRACK_LIBRARY).is_file();
    if !has_heaptrack {
        println!("SKIPPED: heaptrack is not installed");
    }
    let medians = sittings(means, || {
        let ours = |dir: &Path| means.c.pairs(WAY, Some(dir));
        let with_stacks = |dir: &Path| {
            let mut command = ours(dir);
            command.env("UST_PRELOAD_OPTIONS", "call-stacks=16");
            command
        };
        let mut all = vec![
            alone(BARE, &mut means.c.pairs(WAY, None))?,
            recorded(PLAIN, ours)?,
            recorded(STACKS, with_stacks)?,
        ];
        if has_heaptrack {
            all.push(alone(HEAPTRACK, &mut under_heaptrack(means.c.pairs(WAY, None)))?);
        }
        Ok((all, ()))
    })?;
    let (ours, theirs) = (medians.added(STACKS, BARE), medians.added(HEAPTRACK, BARE));
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(vec![]) };
    let what = format!("a pair, {STACKS}: what is added");
    Ok(vec![at_most(&what, ours, 0.5, "what is added by heaptrack", theirs)])
}

/// Heaptrack at its cheapest: what it writes is neither read nor packed.
fn under_heaptrack(mut command: Command) -> Command {
    command.env("LD_PRELOAD", HEAPTRACK_LIBRARY).env("DUMP_HEAPTRACK_OUTPUT", "/dev/null");
    command
}
