//! The events that LTTng-UST's own wrappers record: the shim's have the same names, fields and types. The witness is a trace
//! that LTTng has recorded of the same program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, shim, skip};

/// For root, LTTng would use directories of the whole system.
const NOBODY: u32 = 65534;

/// The longest wait for LTTng to be up.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What the events of a provider look like, by event: each field's name and type.
type Classes = BTreeMap<String, Vec<String>>;

/// Of the events in a trace that were recorded, as Python's bt2 finds them.
fn classes(trace: &Path) -> Classes {
    let said = judge::python("classes.py", &[trace]);
    let mut classes = Classes::new();
    for line in said.lines().filter(|line| line.starts_with("lttng_ust_")) {
        let (name, fields) = line.split_once(' ').unwrap_or((line, ""));
        let fields = fields.split(' ').filter(|field| !field.is_empty()).map(str::to_owned);
        classes.insert(name.to_owned(), fields.collect());
    }
    classes
}

/// A session daemon of LTTng's, which ends when this is dropped.
struct Lttng {
    daemon: Child,
    home: PathBuf,
}

impl Drop for Lttng {
    fn drop(&mut self) {
        let id = self.daemon.id().to_string();
        _ = Command::new("kill").arg(id).status();
        _ = self.daemon.wait();
    }
}

impl Lttng {
    fn start(home: &Path) -> Self {
        let home = home.to_owned();
        let daemon = as_nobody("lttng-sessiond", &home).args(["--no-kernel", "--quiet"]).spawn();
        let lttng = Self { daemon: daemon.expect("it is installed"), home };
        let start = Instant::now();
        while !lttng.succeeds(&["list"]) {
            assert!(start.elapsed() < READY_WITHIN, "lttng-sessiond does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        lttng
    }

    fn succeeds(&self, arguments: &[&str]) -> bool {
        let mut command = as_nobody("lttng", &self.home);
        command.arg("--no-sessiond").args(arguments).status().is_ok_and(|status| status.success())
    }

    /// Records the program under LTTng's wrappers.
    fn record(&self, program: &Path) -> PathBuf {
        let trace = self.home.join("trace");
        let output = format!("--output={}", trace.display());
        assert!(self.succeeds(&["create", "session", &output]));
        assert!(self.succeeds(&["enable-event", "--userspace", "lttng_ust_*"]));
        assert!(self.succeeds(&["start"]));
        let wrappers = ["libc-wrapper", "pthread-wrapper", "dl", "cyg-profile"];
        let wrappers = wrappers.map(|name| format!("liblttng-ust-{name}.so")).join(" ");
        let mut command = as_nobody(program.to_str().expect("text"), &self.home);
        command.env("LD_PRELOAD", wrappers);
        command.env("LTTNG_UST_REGISTER_TIMEOUT", READY_WITHIN.as_millis().to_string());
        assert!(command.status().expect("it starts").success());
        assert!(self.succeeds(&["stop"]) && self.succeeds(&["destroy"]));
        trace
    }
}

fn as_nobody(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("HOME", home).env("LTTNG_HOME", home);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

#[test]
fn events_are_those_that_lttng_records() {
    if !skip::judges_are_here()
        || !skip::has("lttng", &["--version"])
        || !skip::has("lttng-sessiond", &["--version"])
    {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    shim::built();
    let program = shim::compiled(dir.path(), "wrapped", &["-finstrument-functions"]);
    let theirs = {
        let lttng = Lttng::start(dir.path());
        classes(&lttng.record(&program))
    };
    let recorded =
        Recording::of_path(program).options(["--preload", "lttng-names"]).run().succeeded();
    let ours = classes(&recorded.trace());
    // The shim does not record what LTTng reads from files, and not what `dlmopen` hides from it. The other events of these
    // providers are not recorded by LTTng's wrappers.
    let left_out =
        ["lttng_ust_statedump:debug_link", "lttng_ust_dl:debug_link", "lttng_ust_dl:dlmopen"];
    let names = |classes: &Classes| -> BTreeSet<String> {
        let names = classes.keys().filter(|name| !left_out.contains(&name.as_str()));
        names.filter(|name| !name.starts_with("lttng_ust_lib:")).cloned().collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    assert!(ours.len() >= 20, "{ours:?}");
    for (name, fields) in &ours {
        assert_eq!(fields, &theirs[name], "{name}");
    }
}

/// What the views ask for beside the fields.
#[test]
fn records_have_thread_and_process() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "wrapped", &["-finstrument-functions"]);
    let recorded =
        Recording::of_path(program).options(["--preload", "lttng-names"]).run().succeeded();
    let (mut threads, mut processes, mut names) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut live = BTreeMap::<String, u64>::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        threads.insert(line.number("vtid"));
        processes.insert(line.vpid());
        if line.is_of("lttng_ust_statedump:procname") {
            names.insert(line.value("procname").to_owned());
        }
        // What is freed was given.
        if line.is_of("lttng_ust_libc:malloc") {
            live.insert(line.value("ptr").to_owned(), line.number("size"));
        }
        if line.is_of("lttng_ust_libc:free") && line.value("ptr") != "0x0" {
            live.remove(line.value("ptr"));
        }
    });
    assert_eq!((threads.len(), processes.len()), (1, 1));
    assert_eq!(names, ["\"wrapped\"".to_owned()].into());
}
