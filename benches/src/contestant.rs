//! The program `ust-bench-contestant`, as benches and tests start it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Its last argument if it is to say how many instructions events took: see `contestant/steps.rs`.
pub const STEPPED: &str = "stepped";

/// The program, and what it is to do.
#[derive(Debug, Clone)]
pub struct OwnProgram {
    /// Benches and tests have it from cargo: `env!("CARGO_BIN_EXE_ust-bench-contestant")`.
    pub path: PathBuf,
    /// One of the names in `contestant/main.rs`.
    pub body: &'static str,
    /// Threads that do it at once.
    pub threads: u64,
}

impl OwnProgram {
    /// The command that runs it, traced by the consumer of `runtime_dir`.
    pub fn command(&self, runtime_dir: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.args([self.body, &self.threads.to_string()]).env("UST_RUNTIME_DIR", runtime_dir);
        command
    }

    /// The same under another program, such as valgrind, which runs the command that it is given.
    pub fn command_under(&self, runner: &mut Command, runtime_dir: &Path) {
        runner.arg(&self.path).args([self.body, &self.threads.to_string()]);
        runner.env("UST_RUNTIME_DIR", runtime_dir);
    }
}
