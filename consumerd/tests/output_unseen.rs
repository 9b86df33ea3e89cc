//! If no descriptor is left, nothing is known of a trace's files, so nothing is reported as gone.

use consumerd::output::{Gone, Output};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;

#[test]
fn what_cannot_be_looked_at_is_not_gone() {
    let dir = tempfile::tempdir().unwrap();
    let output = Output::at(dir.path());
    output.make_below("a-1").unwrap();
    let file = dir.path().join("a-1/channel0_0");
    fs::write(&file, "").unwrap();
    output.note_file();
    assert_eq!(output.look(), None);

    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: before.maximum }).unwrap();
    let unseen = output.look();
    setrlimit(Resource::Nofile, before).unwrap();
    assert_eq!(unseen, None);

    fs::remove_file(file).unwrap();
    assert_eq!(output.look(), Some(Gone::Files(dir.path().to_owned(), 1, 1)));
}
