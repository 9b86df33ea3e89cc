//! A command-line tool from the registry, with tracepoints by a patch (`examples/diskus`): what it did is in the trace, and agrees
//! with what it prints and with the tree that it went over.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

const DIRECTORIES: u64 = 20;
const FILES: u64 = 30;

/// What the files hold.
const CONTENT: &str = "twenty bytes in each";

/// The tool, built; `None` if it cannot be had.
fn tool() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = here.join("../../examples/diskus/build.sh");
    let (target_dir, _) = binaries::target_dir_and_profile();
    let built = run(Command::new(script).env("CARGO_TARGET_DIR", target_dir));
    if built.code() == 77 {
        skip::skipped(built.stderr.trim());
        return None;
    }
    Some(built.succeeded().stdout.trim().into())
}

#[test]
fn what_a_tool_from_the_registry_did_is_in_the_trace() {
    if !skip::judges_are_here() {
        return;
    }
    let Some(tool) = tool() else { return };
    let recording = Recording::of_path(tool).options(["-e", "diskus:*"]);
    let tree = recording.path("tree");
    for directory in 0..DIRECTORIES {
        let directory = tree.join(directory.to_string());
        fs::create_dir_all(&directory).expect("a directory");
        for file in 0..FILES {
            fs::write(directory.join(file.to_string()), CONTENT).expect("a file");
        }
    }
    fs::hard_link(tree.join("0/0"), tree.join("0/other")).expect("another name");
    let recording = recording.arg("--apparent-size").arg("--directories").arg("included");
    let recording = recording.arg(tree.display()).arg(tree.join("absent").display());
    let recorded = recording.run().succeeded();

    let (mut events, mut bytes, mut children) = (BTreeMap::<String, u64>::new(), 0, 0);
    let (mut total, mut other_name) = (None, 0);
    judge::babeltrace2(&recorded.trace(), |line| {
        let event = line.event_of("diskus").expect("of the tool");
        *events.entry(event.to_owned()).or_default() += 1;
        match event {
            "counted" => bytes += line.number("bytes"),
            "children" => children += line.number("entries"),
            "other_name" => other_name += line.number("bytes"),
            "total" => total = Some((line.number("bytes"), line.number("errors"))),
            "no_metadata" => assert!(line.text.contains("No such file"), "{}", line.text),
            _ => {}
        }
    });
    let printed: u64 = recorded.finished.stdout.trim().parse().expect("it prints a size");
    assert_eq!(total, Some((printed, 1)), "and one root is absent");
    assert_eq!(bytes - other_name, printed);
    // All entries but the root were found in a directory.
    let entries = 1 + DIRECTORIES * (1 + FILES) + 1;
    assert_eq!(children, entries - 1);
    let expected = [
        ("children", 1 + DIRECTORIES),
        ("count", 1),
        ("counted", entries),
        ("directory", 1 + DIRECTORIES),
        ("no_metadata", 1),
        ("other_name", 1),
        ("total", 1),
    ];
    assert_eq!(events, expected.map(|(event, times)| (event.to_owned(), times)).into());
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (events.values().sum(), 0));
}
