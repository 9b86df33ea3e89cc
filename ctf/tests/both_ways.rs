//! Every trace of the tests' data is printed the same whether its records are read by plans or by the general decoder.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::ways::{general, planned, plans};

/// The traces in a directory, and below it.
fn traces(dir: &Path, found: &mut Vec<PathBuf>) {
    if dir.join("metadata").is_file() {
        found.push(dir.to_owned());
    }
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            traces(&path, found);
        }
    }
}

#[test]
fn by_plans_and_by_the_general_decoder_every_trace_is_the_same() {
    let mut found = Vec::new();
    traces(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut found);
    let (mut by_plan, mut lines) = (0, 0);
    for dir in &found {
        let ours = planned(dir);
        assert_eq!(ours, general(dir), "{}", dir.display());
        by_plan += plans(dir);
        lines += ours.len();
    }
    // Else both ways would be one.
    assert!(found.len() >= 13 && by_plan >= 5 && lines >= 50, "{} {by_plan} {lines}", found.len());
}
