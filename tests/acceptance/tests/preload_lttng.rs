//! The events that LTTng-UST's own wrappers record: the shim's have the same names, fields and types. The witness is a trace
//! that LTTng has recorded of the same program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use ust_acceptance::lttng::{self, Lttng};
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, shim, skip};

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

/// Records the program under LTTng's wrappers.
fn record(lttng: &Lttng, home: &Path, program: &Path) -> PathBuf {
    let trace = home.join("trace");
    let create = format!("create session --output={}", trace.display());
    lttng.does(&[&create, "enable-event --userspace lttng_ust_*", "start"]);
    let wrappers = ["libc-wrapper", "pthread-wrapper", "dl", "cyg-profile"];
    let wrappers = wrappers.map(|name| format!("liblttng-ust-{name}.so")).join(" ");
    let mut command = lttng.program(program);
    assert!(command.env("LD_PRELOAD", wrappers).status().expect("it starts").success());
    lttng.does(&["stop", "destroy"]);
    trace
}

#[test]
fn events_are_those_that_lttng_records() {
    if !skip::judges_are_here() || !lttng::is_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    shim::built();
    let program = shim::compiled(dir.path(), "wrapped", &["-finstrument-functions"]);
    let theirs = {
        let lttng = Lttng::start(dir.path());
        classes(&record(&lttng, dir.path(), &program))
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
