//! What the documents name is there: each path between backticks, and each file that a link leads to.

use std::path::PathBuf;
use ust_architecture::workspace;

/// What a path may begin with besides a folder of the workspace, and the folder where that lies.
const SHORT: [(&str, &str); 2] = [("engine", "consumerd/src"), ("ring", "ust-core/src")];

/// Stands for any of several files.
const PLACEHOLDER: &str = "VERB";

#[test]
fn every_file_that_a_document_names_is_there() {
    let mut missing = String::new();
    let mut named = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        let linked = links(&text).map(|link| (link, folder.join(link)));
        let named_here = paths(&text).filter_map(|path| Some((path, place(path)?)));
        for (name, place) in linked.chain(named_here) {
            named += 1;
            if !place.exists() {
                missing += &format!("{}: {name}\n", document.display());
            }
        }
    }
    assert!(missing.is_empty(), "\n{missing}");
    // Otherwise nothing was found between the backticks.
    assert!(named > 100, "{named}");
}

/// At the root, and the pages of `docs`.
fn documents() -> Vec<PathBuf> {
    let folders = [workspace(), workspace().join("docs")];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|it| it == "md")).collect()
}

/// Where links lead to, but for those that lead out of the workspace or stay on the page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target).filter(|target| !target.contains("://"));
    targets.filter_map(|target| target.split('#').next()).filter(|file| !file.is_empty())
}

/// What stands between backticks, in lines that are not indented as a whole, and has a slash.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.starts_with("    "));
    let quoted = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.filter(|it| it.contains('/') && !it.contains([' ', '*']) && !it.contains(PLACEHOLDER))
}

/// Where a path lies, if it begins as one of ours.
fn place(path: &str) -> Option<PathBuf> {
    let first = path.split('/').next()?;
    let short = SHORT.iter().find(|(name, _)| *name == first);
    let folder = short.map_or(workspace(), |(_, folder)| workspace().join(folder));
    let is_ours = !first.is_empty() && !first.starts_with('.') && folder.join(first).is_dir();
    is_ours.then(|| folder.join(path))
}
