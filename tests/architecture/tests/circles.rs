//! No two files lead to each other: what both need stands in a third.

use std::path::{Path, PathBuf};
use ust_architecture::graph::Graph;
use ust_architecture::workspace;

/// Crates whose files are looked at.
const CRATES: &[&str] = &[
    "ust",
    "ust-core",
    "ust-macros",
    "ctf",
    "ust-cli",
    "loom-tests",
    "benches",
    "tests/acceptance",
    "tests/proofs",
    "tests/stress",
    "consumerd",
    "tests/architecture",
];

#[test]
fn no_files_lead_to_each_other() {
    let mut complaints = String::new();
    for name in CRATES {
        for root in roots(&workspace().join(name)) {
            let graph = Graph::of(&root);
            for circle in graph.circles() {
                let within = |other: &&Vec<String>| circle.contains(other);
                complaints += &format!("{name}: a circle\n");
                for file in &circle {
                    let others: Vec<_> =
                        graph.edges[file].iter().filter(within).map(|it| it.join("::")).collect();
                    complaints += &format!("    {} -> {}\n", file.join("::"), others.join(", "));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// The library and each program of a crate.
fn roots(folder: &Path) -> Vec<PathBuf> {
    let source = folder.join("src");
    let mut roots: Vec<_> = ["lib.rs", "main.rs"].map(|file| source.join(file)).into();
    if let Ok(programs) = std::fs::read_dir(source.join("bin")) {
        for program in programs {
            let path = program.unwrap().path();
            roots.push(if path.is_dir() { path.join("main.rs") } else { path });
        }
    }
    roots.retain(|root| root.exists());
    assert!(!roots.is_empty(), "{} has no sources", folder.display());
    roots
}
