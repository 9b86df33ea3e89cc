//! From a program's start to its end, with nobody recording.

use crate::traced::time;
use crate::{Means, at_most, line};
use std::process::Command;
use ust_benches::Result;
use ust_benches::promise::Promise;

/// Times as many as rounds: each is a millisecond.
const TIMES: usize = 20;

/// Microseconds of `/bin/true`, and what the shim may add to them.
pub fn measure(means: &Means<'_>) -> Result<Vec<Promise>> {
    let shim = means.c.shim().display().to_string();
    let preloads = ["", &shim, "liblttng-ust.so.1"];
    // A traced process makes it, to be met there.
    let runtime_dir = tempfile::Builder::new().prefix("ust-bench-start-").tempdir()?;
    let mut us = [const { Vec::new() }; 3];
    for _ in 0..TIMES * means.rounds {
        for (us, preload) in us.iter_mut().zip(preloads) {
            let mut command = Command::new("/bin/true");
            command.env("LD_PRELOAD", preload).env("UST_RUNTIME_DIR", runtime_dir.path());
            us.push(time(&mut command, None)?.as_secs_f64() * 1e6);
        }
    }
    let names = ["alone", "under the shim", "under liblttng-ust"];
    let [bare, shim, lttng] = [0, 1, 2].map(|at| line(names[at], &us[at], "us"));
    if means.lttng.is_none() {
        return Ok(Vec::new());
    }
    let what = "a start: what the shim adds";
    Ok(vec![at_most(what, shim - bare, 0.25, "what liblttng-ust adds", lttng - bare)])
}
