//! No two files import each other, directly or in a circle: what both need stands in a third.

use std::path::{Path, PathBuf};
use ust_architecture::graph::Graph;
use ust_architecture::{packages, workspace};

/// Packages that have no sources of their own.
const WITHOUT_SOURCES: &[&str] = &[
    "tests/acceptance/other-version",
    "tests/acceptance/other-version/core",
    "tests/acceptance/without-sequences",
    "tests/acceptance/without-sequences/core",
];

#[test]
fn no_files_lead_to_each_other() {
    let mut complaints = String::new();
    for name in packages().iter().filter(|name| !WITHOUT_SOURCES.contains(&name.as_str())) {
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

/// The library of a package, and each of its programs, tests, benches and examples.
fn roots(folder: &Path) -> Vec<PathBuf> {
    let mut roots: Vec<_> = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file)).into();
    for programs in ["src/bin", "tests", "benches", "examples"] {
        let Ok(programs) = std::fs::read_dir(folder.join(programs)) else { continue };
        for program in programs {
            let path = program.unwrap().path();
            roots.push(if path.is_dir() { path.join("main.rs") } else { path });
        }
    }
    roots.retain(|root| root.exists() && root.extension().is_some_and(|it| it == "rs"));
    assert!(!roots.is_empty(), "{} has no sources", folder.display());
    roots
}
