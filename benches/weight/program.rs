//! A program of its own with some tracepoints, as a user would make one: its source, its builds, its size.
//!
//! Programs in one directory share what is compiled for both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use ust_benches::Result;

/// A package, and its builds.
#[derive(Debug)]
pub struct Program {
    package: PathBuf,
    target: PathBuf,
    tracepoints: usize,
}

impl Program {
    /// Writes a hello world with that many tracepoints. Without any it does not depend on the library.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(dir: &Path, tracepoints: usize) -> Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
        let dependency = match tracepoints {
            0 => String::new(),
            _ => format!("ust = {{ path = {:?} }}", workspace.join("ust")),
        };
        let manifest = format!(
            "[package]\nname = \"hello_{tracepoints}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [workspace]\n[dependencies]\n{dependency}\n[profile.release]\nstrip = true\n"
        );
        let package = dir.join(format!("hello_{tracepoints}"));
        fs::create_dir_all(package.join("src"))?;
        fs::write(package.join("Cargo.toml"), manifest)?;
        // The same dependencies as here, so that nothing is fetched.
        fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock"))?;
        let program = Self { package, target: dir.join("target"), tracepoints };
        program.write_source()?;
        Ok(program)
    }

    fn write_source(&self) -> Result<()> {
        let numbers = 0..self.tracepoints;
        let declared: String = numbers
            .clone()
            .map(|number| format!("#[ust::tracepoint]\nfn event_{number}(id: u64, name: &str);\n"))
            .collect();
        let called: String =
            numbers.map(|number| format!("    event_{number}({number}, \"a name\");\n")).collect();
        let source =
            format!("{declared}\nfn main() {{\n{called}    println!(\"Hello, world!\");\n}}\n");
        Ok(fs::write(self.package.join("src/main.rs"), source)?)
    }

    /// Builds all of it anew, which also removes the other programs' builds, and returns the seconds.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn build_cold(&self) -> Result<f64> {
        if self.target.exists() {
            fs::remove_dir_all(&self.target)?;
        }
        self.build()
    }

    /// Builds the program again as if its source had changed, and returns the seconds.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn build_again(&self) -> Result<f64> {
        self.write_source()?;
        self.build()
    }

    /// Builds what is missing of it, and returns the seconds.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn build(&self) -> Result<f64> {
        let begin = Instant::now();
        self.cargo(&["build", "--release", "--offline", "--quiet"])?;
        Ok(begin.elapsed().as_secs_f64())
    }

    /// Bytes of the stripped executable.
    ///
    /// # Errors
    /// It has not been built.
    pub fn bytes(&self) -> Result<u64> {
        Ok(fs::metadata(self.target.join("release").join(format!("hello_{}", self.tracepoints)))?
            .len())
    }

    /// Names of the crates that are compiled for it, besides its own and those of this workspace.
    ///
    /// # Errors
    /// Cargo does not tell.
    pub fn foreign_crates(&self) -> Result<Vec<String>> {
        let tree = ["tree", "--offline", "--edges", "normal,build", "--prefix", "none"];
        let told = self.cargo(&[&tree[..], &["--format", "{p}"]].concat())?;
        // `NAME vVERSION`, and behind that `(PATH)` if it is ours, and `(*)` if it was told before.
        let mut crates: Vec<_> = told
            .lines()
            .map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)"))
            .filter(|line| !line.contains(" (/"))
            .map(str::to_owned)
            .collect();
        crates.sort_unstable();
        crates.dedup();
        Ok(crates)
    }

    /// Runs cargo for this package, whatever this process's cargo was told to do.
    fn cargo(&self, arguments: &[&str]) -> Result<String> {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.package);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let is_about_builds = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_", "RUSTC_"]
                .iter()
                .any(|beginning| name.starts_with(beginning));
            if is_about_builds || matches!(&*name, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS") {
                command.env_remove(&*name);
            }
        }
        command.env("CARGO_TARGET_DIR", &self.target);
        let output = command.output()?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(format!("cargo {arguments:?}: {complaint}").into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
