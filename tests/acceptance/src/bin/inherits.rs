//! `inherits REPORT ARGUMENT ...`: writes what it has inherited through `exec` to the file REPORT, a fact a line, and ends.
//!
//! It has no Rust `main`: before it, the Rust runtime would ignore SIGPIPE and open /dev/null for closed standard streams.
//! The descriptors come first, as they were before the report was opened.
#![no_main]
#![allow(unsafe_code)]

use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// Differs between any two processes, or from one moment to the next.
const OF_ONE_PROCESS: [&str; 11] = [
    "Pid",
    "Tgid",
    "NStgid",
    "NSpid",
    "PPid",
    "Vm",
    "Rss",
    "State",
    "Hugetlb",
    "voluntary",
    "nonvoluntary",
];

#[unsafe(no_mangle)]
extern "C" fn main(argc: i32, argv: *const *const std::ffi::c_char) -> i32 {
    let mut report = descriptors();
    let arguments: Vec<String> = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: as many strings as main is told.
        .map(|index| unsafe { std::ffi::CStr::from_ptr(*argv.add(index)) })
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let [name, path, rest @ ..] = &arguments[..] else { return 2 };
    // `cargo test --bins` starts each program, with its own options.
    if path.starts_with('-') {
        return 0;
    }
    let _ = writeln!(report, "arguments: {name} {rest:?}");
    status(&mut report);
    stat(&mut report);
    for file in ["limits", "timerslack_ns", "coredump_filter", "oom_score_adj", "personality"] {
        let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
        text.lines().for_each(|line| report += &format!("{file}: {line}\n"));
    }
    for link in ["cwd", "root", "exe"] {
        let target = fs::read_link(format!("/proc/self/{link}"));
        let _ = writeln!(report, "{link}: {target:?}");
    }
    let environment = fs::read("/proc/self/environ").unwrap_or_default();
    for entry in environment.split(|byte| *byte == 0) {
        let entry = std::ffi::OsStr::from_bytes(entry);
        let _ = writeln!(report, "environment: {entry:?}");
    }
    i32::from(fs::write(path, report).is_err())
}

/// Each descriptor with its flags and what kind of file it is: which file differs from run to run.
fn descriptors() -> String {
    let mut report = String::new();
    for fd in 0..1024 {
        // SAFETY: system calls on plain numbers.
        let flags = [libc::F_GETFD, libc::F_GETFL].map(|what| unsafe { libc::fcntl(fd, what) });
        if flags[0] < 0 {
            continue;
        }
        // SAFETY: any bytes are a `stat`.
        let mut stat: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: it may be written to.
        unsafe { libc::fstat(fd, &mut stat) };
        let kind = stat.st_mode & libc::S_IFMT;
        let _ = writeln!(report, "descriptor {fd}: flags {flags:?} kind {kind:o} {}", stat.st_rdev);
    }
    report
}

/// Signals, capabilities, umask, groups and more.
fn status(report: &mut String) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines() {
        let is_own = OF_ONE_PROCESS.iter().any(|name| line.starts_with(name));
        if !is_own {
            // Signals queued for this user's processes, of so many: only the limit is inherited.
            let line = match line.strip_prefix("SigQ:") {
                Some(queued) => queued.split_once('/').map_or("", |(_, limit)| limit),
                None => line,
            };
            let _ = writeln!(report, "status: {line}");
        }
    }
}

/// Process group, session, terminal and its foreground group; priority, nice value, policy.
fn stat(report: &mut String) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(')') else { return };
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // As proc(5) numbers them, the third being the first behind the name.
    for number in [5, 6, 7, 8, 18, 19, 40, 41] {
        let _ = writeln!(report, "stat {number}: {:?}", fields.get(number - 3));
    }
}
