//! The contestants in C: one with `include/ust.h` and one without, and the shim that is loaded into them.
//!
//! ```text
//!   TempDir/  contestant.h contestant.c contestant     built here, by cc
//!                          pairs.c      pairs
//!   target/release/libust_preload.so                   preloaded
//! ```

use crate::Result;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SOURCES: &[(&str, &str)] = &[
    ("ust.h", include_str!("../../ust-preload/include/ust.h")),
    ("contestant.h", include_str!("../c/contestant.h")),
    ("contestant.c", include_str!("../c/ust.c")),
    ("pairs.c", include_str!("../c/pairs.c")),
];

/// The programs and the shim. Dropped, the programs are gone.
#[derive(Debug)]
pub struct CProgram {
    dir: TempDir,
    shim: PathBuf,
}

impl CProgram {
    /// Builds the programs. `Ok(Err(why))` if that cannot be done here.
    ///
    /// # Errors
    /// No directory for it, or the compiler refuses it.
    pub fn build() -> Result<std::result::Result<Self, String>> {
        if Command::new("cc").arg("--version").stdout(Stdio::null()).status().is_err() {
            return Ok(Err("a C compiler is not installed".into()));
        }
        let Some(shim) = shim()? else {
            return Ok(Err("the shim is not built: cargo build --release -p ust-preload".into()));
        };
        let dir = tempfile::Builder::new().prefix("ust-bench-c-").tempdir()?;
        for (name, source) in SOURCES {
            fs::write(dir.path().join(name), source)?;
        }
        for program in ["contestant", "pairs"] {
            let mut cc = Command::new("cc");
            cc.current_dir(&dir).args(["-O2", "-I.", "-pthread", "-o", program]);
            let output = cc.arg(format!("{program}.c")).output()?;
            if !output.status.success() {
                return Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr)).into());
            }
        }
        Ok(Ok(Self { dir, shim }))
    }

    /// The shim.
    pub fn shim(&self) -> &Path {
        &self.shim
    }

    /// A program that allocates and frees, in one of its ways; with the shim, if it is given where a consumer is or would be.
    pub fn pairs(&self, way: &str, runtime_dir: Option<&Path>) -> Command {
        let mut command = Command::new(self.dir.path().join("pairs"));
        command.args([way, "1"]);
        if let Some(dir) = runtime_dir {
            command.env("LD_PRELOAD", &self.shim).env("UST_RUNTIME_DIR", dir);
        }
        command
    }

    /// The command that runs the one with tracepoints, traced by whoever serves `runtime_dir`.
    pub fn command(&self, body: &str, threads: u64, runtime_dir: &Path) -> Command {
        let mut command = Command::new(self.dir.path().join("contestant"));
        command.args([body, &threads.to_string()]);
        command.env("LD_PRELOAD", &self.shim).env("UST_RUNTIME_DIR", runtime_dir);
        command
    }
}

/// The shim: a bench lies in `target/release/deps`.
fn shim() -> Result<Option<PathBuf>> {
    let bench = std::env::current_exe()?;
    let shim =
        bench.parent().and_then(Path::parent).ok_or("no directory")?.join("libust_preload.so");
    Ok(shim.is_file().then_some(shim))
}
