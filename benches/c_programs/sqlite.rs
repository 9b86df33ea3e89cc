//! One transaction of inserts, every call recorded.

use crate::traced::{self, MEMORY, Summary, is_here, time};
use crate::{Means, line};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use ust_benches::Result;
use ust_benches::promise::Promise;

const STATEMENTS: usize = 100_000;

/// For tracers that stop the program at each call.
const FEW_STATEMENTS: usize = 1_000;

/// What a record may cost; an aim, and so no promise.
const AIM_NS: f64 = 45.0;

/// Nanoseconds that each record adds.
pub fn measure(means: &Means<'_>) -> Result<Vec<Promise>> {
    if !is_here("sqlite3") {
        return Ok(Vec::new());
    }
    let dir = tempfile::Builder::new().prefix("ust-bench-sqlite-").tempdir_in(MEMORY)?;
    let dir = dir.path();
    let (script, few) = (dir.join("script"), dir.join("few"));
    fs::write(&script, statements(STATEMENTS))?;
    fs::write(&few, statements(FEW_STATEMENTS))?;
    let (mut alone, mut recorded, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..means.rounds {
        let bare = run(Command::new("sqlite3"), dir, &script)?;
        let mut command = traced::recorded(means.c.shim(), "all", dir)?;
        command.arg("sqlite3");
        let traced = run(command, dir, &script)?;
        let records = Summary::read(&dir.join("summary"))?.recorded;
        each.push((traced - bare) * 1e6 / records as f64);
        alone.push(bare);
        recorded.push(traced);
    }
    line("alone", &alone, "ms");
    line("all sets recorded", &recorded, "ms");
    let ns = line("a record", &each, "ns");
    println!(
        "{:<44}{:>12}",
        "",
        if ns <= AIM_NS { "as aimed at" } else { "more than the 45 ns aimed at" }
    );
    for (tracer, options) in [("strace", &["-f"][..]), ("ltrace", &["-f"])] {
        let Some(mut command) = traced::other(tracer, options, dir) else { continue };
        command.arg("sqlite3");
        let bare = run(Command::new("sqlite3"), dir, &few)?;
        let traced = run(command, dir, &few)?;
        let calls = fs::read(dir.join("other"))?.iter().filter(|byte| **byte == b'\n').count();
        let each = (traced - bare) * 1e6 / calls as f64;
        line(&format!("a call, by {tracer}, of {calls} that it sees"), &[each], "ns");
    }
    Ok(Vec::new())
}

/// Milliseconds of a run of the script, into a new database.
fn run(mut command: Command, dir: &Path, script: &Path) -> Result<f64> {
    let database = dir.join("database");
    if database.exists() {
        fs::remove_file(&database)?;
    }
    Ok(time(command.arg(database), Some(script))?.as_secs_f64() * 1e3)
}

fn statements(count: usize) -> String {
    let mut script = "CREATE TABLE t (id INTEGER, name TEXT);\nBEGIN;\n".to_owned();
    for id in 0..count {
        let _ = writeln!(script, "INSERT INTO t VALUES ({id}, 'row number {id}');");
    }
    script + "COMMIT;\n"
}
