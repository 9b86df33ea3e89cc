//! Who may import whom: the tables of ARCHITECTURE.md, checked against the sources.
//!
//! A module may name itself and what its row allows, and nothing else of its crate. A module without a row fails the test,
//! so that each new module gets a row.

use std::collections::BTreeSet;
use std::fs;
use ust_architecture::graph::Graph;
use ust_architecture::{packages, workspace};

/// Modules of ust-core, and what each may name of the others.
const CORE: &[(&str, &[&str])] = &[
    ("testpoint", &[]),
    // In loom's models only: `OfCpu` makes a mistake there when a mutant asks for it.
    ("sync", &["testpoint"]),
    ("version", &[]),
    ("hint", &[]),
    ("build_id", &[]),
    ("thread_word", &[]),
    ("wire", &["hint"]),
    ("clock", &[]),
    ("cpu", &["sync"]),
    ("moment", &["clock", "wire"]),
    ("event", &["wire"]),
    ("shim", &[]),
    ("abi", &["sync", "version"]),
    ("ring", &["abi", "hint", "sync", "testpoint"]),
    ("shm", &["abi", "clock", "ring", "sync"]),
    ("stream", &["abi", "clock", "cpu", "ring", "shm", "sync", "wire"]),
    ("protocol", &["abi", "clock", "event", "version", "wire"]),
    ("paths", &["shm"]),
    ("socket", &["protocol", "shm"]),
];

/// Modules of ust, from those that import none of the others to those that import most.
const UST: &[(&str, &[&str])] = &[
    // Pages to read, without code.
    ("guide", &[]),
    // What the process has.
    ("inside", &[]),
    ("undisturbed", &["inside"]),
    ("lockfree", &[]),
    ("orphans", &["lockfree"]),
    ("descriptor_table", &[]),
    ("channel_shape", &[]),
    ("mirror", &["lockfree"]),
    ("program", &[]),
    ("process_file", &["mirror", "program"]),
    ("callsite", &["lockfree"]),
    ("declared", &["callsite"]),
    ("executable", &[]),
    ("sdt", &[]),
    ("reach", &["lockfree"]),
    ("meeting_place", &["reach"]),
    ("ring_file", &["channel_shape", "lockfree", "orphans"]),
    ("handover", &["meeting_place", "process_file", "ring_file"]),
    ("cpu_streams", &["lockfree"]),
    (
        "channel",
        &[
            "channel_shape",
            "cpu_streams",
            "lockfree",
            "meeting_place",
            "orphans",
            "process_file",
            "ring_file",
        ],
    ),
    ("slots", &["channel", "lockfree"]),
    ("thread_cache", &["callsite", "cpu_streams", "lockfree", "slots", "undisturbed"]),
    ("ancestry", &["lockfree", "process_file"]),
    ("held", &["lockfree"]),
    ("wake_word", &["descriptor_table", "meeting_place"]),
    ("registry", &["callsite", "channel", "channel_shape", "mirror", "process_file", "slots"]),
    (
        "instance",
        &[
            "ancestry",
            "held",
            "lockfree",
            "meeting_place",
            "orphans",
            "process_file",
            "registry",
            "slots",
            "thread_cache",
        ],
    ),
    // What uses several of these.
    ("rules", &["callsite", "declared", "instance", "process_file", "registry"]),
    ("fork", &["channel", "handover", "instance", "process_file"]),
    (
        "first_event",
        &["cpu_streams", "fork", "handover", "instance", "lockfree", "thread_cache", "undisturbed"],
    ),
    ("table", &["callsite", "cpu_streams", "lockfree", "registry", "thread_cache"]),
    (
        "module",
        &[
            "cpu_streams",
            "declared",
            "first_event",
            "fork",
            "handover",
            "instance",
            "lockfree",
            "registry",
            "table",
            "thread_cache",
        ],
    ),
    ("election", &["module", "table"]),
    ("record", &["callsite", "cpu_streams", "lockfree", "module", "thread_cache", "undisturbed"]),
    ("span", &["callsite", "record"]),
    ("anywhere", &["callsite", "declared", "record", "span"]),
    (
        "dynamic",
        &["callsite", "executable", "module", "record", "registry", "table", "undisturbed"],
    ),
    ("conversation", &["descriptor_table", "handover", "instance", "meeting_place"]),
    (
        "agent_thread",
        &[
            "conversation",
            "descriptor_table",
            "fork",
            "handover",
            "inside",
            "instance",
            "meeting_place",
            "undisturbed",
            "wake_word",
        ],
    ),
    ("last_thread", &["agent_thread", "inside"]),
    (
        "startup",
        &[
            "agent_thread",
            "declared",
            "election",
            "executable",
            "fork",
            "handover",
            "inside",
            "instance",
            "last_thread",
            "meeting_place",
            "module",
            "registry",
            "undisturbed",
        ],
    ),
    ("panic_hook", &["module"]),
    (
        "__private",
        &[
            "anywhere",
            "callsite",
            "declared",
            "inside",
            "last_thread",
            "record",
            "sdt",
            "span",
            "startup",
        ],
    ),
];

/// Crates, and which of ours each may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("ctf", &[]),
    ("ctf-analysis", &["ctf"]),
    ("ust-macros", &[]),
    ("ust-core", &[]),
    ("ust", &["ust-core", "ust-macros"]),
    ("ust-preload", &["ust", "ust-core"]),
    ("ust-tracing", &["ust", "ust-core"]),
    ("consumerd", &["ctf", "ust-core"]),
    ("ust-cli", &["consumerd", "ctf", "ctf-analysis", "ust-core"]),
    ("loom-tests", &["ust-core"]),
    ("tests/support", &["ust-core"]),
];

/// The crate that tests share. Packages in `tests` may use it. Of the other packages these may, for their own tests only.
const SUPPORT: &str = "ust-test-support";
const TESTED_WITH_SUPPORT: &[&str] = &["consumerd", "ctf", "ust-cli", "ust-core"];

/// What the consumer's side may name of ust-core: formats, mappings, the reading half of the ring.
const OF_CORE: &[(&str, &[&str])] = &[
    (
        "consumerd",
        &["abi", "clock", "paths", "protocol", "ring", "shm", "socket", "sync", "version", "wire"],
    ),
    ("ust-cli", &["abi", "clock", "event", "paths", "protocol", "shim", "shm::own_dir", "version"]),
];

#[test]
fn modules_name_only_what_their_row_allows() {
    for (name, table) in [("ust-core", CORE), ("ust", UST)] {
        let graph = Graph::of(&workspace().join(name).join("src/lib.rs"));
        let mut seen = BTreeSet::new();
        for module in graph.modules() {
            let Some(top) = module.first() else { continue };
            let (_, allowed) = table
                .iter()
                .find(|(row, _)| row == top)
                .unwrap_or_else(|| panic!("{name}: {top} has no row in the table"));
            seen.insert(top.as_str());
            for other in &graph.edges[module] {
                let is_allowed = match other.first() {
                    Some(other) => other == top || allowed.contains(&other.as_str()),
                    None => false,
                };
                let (module, other) = (module.join("::"), other.join("::"));
                assert!(is_allowed, "{name}: {module} names crate::{other}");
            }
        }
        let rows: BTreeSet<_> = table.iter().map(|(row, _)| *row).collect();
        assert_eq!(seen, rows, "{name}: rows without a module, or modules without a row");
        is_in_order(name, table);
    }
}

/// A row names only rows above it. So a table is read from the top, and has no circle.
fn is_in_order(name: &str, table: &[(&str, &[&str])]) {
    for (at, (row, allowed)) in table.iter().enumerate() {
        let is_above = |other: &&&str| table[..at].iter().any(|(above, _)| above == *other);
        let below: Vec<_> = allowed.iter().filter(|other| !is_above(other)).collect();
        assert!(below.is_empty(), "{name}: {row} may name {below:?}, which stand below it");
    }
}

#[test]
fn crates_depend_only_on_the_crates_below_them() {
    let ours: Vec<_> = CRATES.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(workspace().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("dependencies]").nth(1).unwrap();
        for line in dependencies.lines() {
            let other = line.split([' ', '.', '=']).next().unwrap_or_default();
            let is_allowed = !ours.contains(&other) || allowed.contains(&other);
            assert!(is_allowed, "{name} depends on {other}");
        }
    }
}

#[test]
fn the_support_of_tests_is_used_by_tests() {
    for name in packages().iter().filter(|name| !name.starts_with("tests/")) {
        let manifest = fs::read_to_string(workspace().join(name).join("Cargo.toml")).unwrap();
        let uses: Vec<_> = manifest
            .split("\n[")
            .filter(|section| section.lines().any(|line| line.starts_with(SUPPORT)))
            .filter_map(|section| section.split(']').next())
            .collect();
        let allowed: &[&str] = match TESTED_WITH_SUPPORT.contains(&name.as_str()) {
            true => &["dev-dependencies"],
            false => &[],
        };
        assert_eq!(uses, allowed, "{name}: where it depends on {SUPPORT}, and where it may");
    }
}

#[test]
fn the_consumer_names_of_ust_core_only_what_both_sides_share() {
    for (name, allowed) in OF_CORE {
        for root in ["src/lib.rs", "src/main.rs"].map(|root| workspace().join(name).join(root)) {
            if !root.exists() {
                continue;
            }
            for (module, paths) in Graph::of(&root).outward {
                let of_core = paths.iter().filter(|path| path[0] == "ust_core");
                for path in of_core.map(|path| path[1..].join("::")) {
                    let is_allowed = allowed.iter().any(|row| starts_with_path(&path, row));
                    assert!(is_allowed, "{name}: {} names ust_core::{path}", module.join("::"));
                }
            }
        }
    }
}

fn starts_with_path(path: &str, row: &str) -> bool {
    path == row || path.strip_prefix(row).is_some_and(|rest| rest.starts_with("::"))
}
