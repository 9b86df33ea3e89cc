//! What a process has in use: descriptors, and memory, including its rings'.
//!
//! Memory of a memfd is in no resident set before a process touches it there. What it costs the machine are the blocks that
//! the kernel has allocated for the file. So files are measured, not mappings.

use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// See the module page.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub struct InUse {
    /// Open descriptors.
    pub descriptors: u64,
    /// Bytes allocated for memfds.
    pub memfd_bytes: u64,
    /// Resident bytes of this process alone, without those of files.
    pub anonymous_bytes: u64,
    /// Bytes locked into memory.
    pub locked_bytes: u64,
}

impl InUse {
    /// This process's.
    pub fn now() -> Self {
        Self::of(Path::new("/proc/self"))
    }

    /// That of a process that runs.
    pub fn of_process(pid: u64) -> Self {
        Self::of(&Path::new("/proc").join(pid.to_string()))
    }

    fn of(process: &Path) -> Self {
        let mut all = Self {
            anonymous_bytes: field(&process.join("status"), "RssAnon:"),
            locked_bytes: field(&process.join("status"), "VmLck:"),
            ..Self::default()
        };
        for entry in std::fs::read_dir(process.join("fd")).expect("/proc is mounted").flatten() {
            all.descriptors += 1;
            let is_memfd = std::fs::read_link(entry.path())
                .is_ok_and(|name| name.to_string_lossy().starts_with("/memfd:"));
            if is_memfd && let Ok(file) = std::fs::metadata(entry.path()) {
                all.memfd_bytes += file.blocks() * 512;
            }
        }
        all
    }
}

/// A size in /proc/PID/status, which counts in kB.
fn field(status: &Path, name: &str) -> u64 {
    let status = std::fs::read_to_string(status).expect("/proc is mounted");
    let line =
        status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux has that field");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kB") * 1024
}
