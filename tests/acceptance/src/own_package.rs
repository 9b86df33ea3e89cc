//! Packages of their own: features, editions and lints are one choice for all packages of a workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_test_support::command::{Finished, run};

/// A package outside of the workspace, written anew for each run. All of them build into one folder, so what they have in common
/// is built once.
#[derive(Debug)]
pub struct OwnPackage {
    dir: PathBuf,
    rustflags: &'static str,
    triple: Option<String>,
}

impl OwnPackage {
    /// The package of that name, below a test's `CARGO_TARGET_TMPDIR`. `UST` in the manifest becomes the path of `ust`. Files are
    /// paths, and what is in them.
    pub fn new(tmpdir: &str, name: &str, manifest: &str, files: &[(&str, &str)]) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.parent().and_then(Path::parent).expect("the workspace");
        let dir = Path::new(tmpdir).join(name);
        let ust = workspace.join("ust");
        let manifest = manifest.replace("UST", ust.to_str().expect("UTF-8"));
        for (path, content) in [("Cargo.toml", &*manifest)].iter().chain(files) {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().expect("in the package")).expect("a directory");
            fs::write(path, content).expect("a file");
        }
        // With the versions that everything else is built with.
        fs::copy(workspace.join("Cargo.lock"), dir.join("Cargo.lock")).expect("a lock");
        Self { dir, rustflags: "", triple: None }
    }

    /// Built with these flags. As when one compiles for another machine, macros and build scripts do not get them.
    #[must_use]
    pub fn with_rustflags(self, rustflags: &'static str) -> Self {
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        Self { rustflags, triple: Some(triple), ..self }
    }

    /// `cargo COMMAND --release` in it, with these options.
    pub fn cargo(&self, command: &str, options: &[&str]) -> Finished {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([command, "--release", "--quiet"]).args(options);
        if let Some(triple) = &self.triple {
            cargo.args(["--target", triple]);
        }
        run(self.prepare(&mut cargo).env("RUSTFLAGS", self.rustflags))
    }

    /// Has a command that starts cargo work on it, without a network.
    pub fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.target())
            .env("CARGO_NET_OFFLINE", "true")
    }

    /// What it is built to.
    pub fn built(&self, file: &str) -> PathBuf {
        let dir = self.target().join(self.triple.as_deref().unwrap_or_default());
        dir.join("release").join(file)
    }

    /// Where cargo puts what it builds: packages beside each other share it, for they need the same crates.
    pub fn target(&self) -> PathBuf {
        self.dir.with_file_name("own-packages")
    }
}

/// All symbols of a program or a shared object, with their sizes.
pub fn symbols(file: &Path) -> Vec<(String, u64)> {
    let mut nm = Command::new("nm");
    nm.args(["--print-size", "--format=posix"]);
    let printed = run(nm.arg(file)).succeeded().stdout;
    let symbol = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, size) = (words.next().unwrap_or_default(), words.nth(2).unwrap_or("0"));
        (name.to_owned(), u64::from_str_radix(size, 16).expect("a size in hex"))
    };
    printed.lines().map(symbol).collect()
}
