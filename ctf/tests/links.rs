//! A trace is read from the directory that was opened, and copied into the directory that was opened. No link in either
//! is followed, and it does not matter what happens to their paths meanwhile.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::small_trace;
use ctf::dir::Tree;
use ctf::read::Reader;
use ctf::recover::DamagedTraces;

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// With a trace in a directory of `from`, a trace in `secret` that must not be seen, and an empty directory `to`.
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        for trace in ["from/a", "secret"] {
            fs::create_dir_all(place.path(trace)).unwrap();
            small_trace(&place.path(trace));
        }
        fs::create_dir(place.path("to")).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn tree(&self, name: &str) -> Tree {
        Tree::open(&self.path(name)).unwrap()
    }

    /// Gives a path to a link to the secret trace.
    fn exchange(&self, name: &str) {
        fs::rename(self.path(name), self.path(&format!("{name}.moved"))).unwrap();
        symlink(self.path("secret"), self.path(name)).unwrap();
    }
}

fn names_in(dir: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// Events that were read, and what was reported beside them.
fn read(tree: Tree) -> (usize, Vec<String>) {
    let (events, errors): (Vec<_>, Vec<_>) =
        Reader::open_in(tree).unwrap().partition(Result::is_ok);
    (events.len(), errors.into_iter().map(|error| error.unwrap_err().to_string()).collect())
}

#[test]
fn a_copy_goes_where_its_directory_was_opened_and_is_removed_there() {
    let place = Place::new();
    let secret = names_in(&place.path("secret"));
    let to = place.tree("to");
    place.exchange("to");
    let found = DamagedTraces::find(place.tree("from")).unwrap();
    assert_eq!(found.recover(&to).unwrap().events, 30);
    let copied = place.path("to.moved/a");
    assert_eq!(names_in(&copied), names_in(&place.path("from/a")));
    fs::remove_file(copied.join("s0")).unwrap();
    fs::remove_file(copied.join("metadata")).unwrap();
    // The file that is there belongs to somebody else; the rest of the copy is removed again.
    found.recover(&to).unwrap_err();
    assert!(!copied.join("s0").exists());
    assert_eq!(names_in(&place.path("secret")), secret);
}

#[test]
fn a_copy_goes_through_no_link_in_its_directory() {
    for name in ["a", "a/index", "a/metadata", "a/s0", "a/index/s0.idx"] {
        let place = Place::new();
        let victim = place.path("victim");
        let link = place.path("to").join(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        match name {
            "a" | "a/index" => fs::create_dir(&victim).unwrap(),
            _ => fs::write(&victim, "").unwrap(),
        }
        symlink(&victim, &link).unwrap();
        let found = DamagedTraces::find(place.tree("from")).unwrap();
        found.recover(&place.tree("to")).unwrap_err();
        let is_untouched = match victim.is_dir() {
            true => names_in(&victim).is_empty(),
            false => fs::read(&victim).unwrap().is_empty(),
        };
        assert!(is_untouched, "{name}");
    }
}

#[test]
fn a_trace_is_read_where_its_directory_was_opened() {
    let place = Place::new();
    let from = place.tree("from");
    let found = DamagedTraces::find(place.tree("from")).unwrap();
    let reader = Reader::open_in(place.tree("from")).unwrap();
    place.exchange("from");
    fs::remove_file(place.path("secret/s0")).unwrap();
    assert_eq!(read(from), (30, vec![]));
    assert_eq!(reader.filter(Result::is_ok).count(), 30);
    assert_eq!(found.recover(&place.tree("to")).unwrap().events, 30);
}

#[test]
fn what_is_a_link_in_a_trace_is_told_and_not_read() {
    for (name, events) in [("a/metadata", 0), ("a/s0", 15), ("a", 30)] {
        let place = Place::new();
        // Found as a file or directory, and exchanged before it is read.
        let late = DamagedTraces::find(place.tree("from")).unwrap();
        let link = place.path("from").join(name);
        let target =
            place.path("secret").join(name.trim_start_matches('a').trim_start_matches('/'));
        match name {
            "a" => fs::rename(&link, place.path("from/b")).unwrap(),
            _ => fs::remove_file(&link).unwrap(),
        }
        symlink(target, &link).unwrap();
        let (read, told) = read(place.tree("from"));
        assert_eq!(read, events, "{name}");
        if name != "a" {
            let [told] = &told[..] else { panic!("{name}: {told:?}") };
            assert!(
                told.contains(name) && told.contains("a symbolic link, which is not"),
                "{told}"
            );
        }
        let recovered = late.recover(&place.tree("to")).unwrap();
        assert_eq!(recovered.events, if name == "a" { 0 } else { events as u64 }, "{name}");
        assert_eq!(recovered.damages.len(), 1, "{name}");
    }
}
