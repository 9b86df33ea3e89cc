//! Libraries that C programs load: found where the program finds them without the shim, and told.

use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::Recording;
use ust_acceptance::steps::Stepped;
use ust_acceptance::{judge, shim, skip};
use ust_test_support::command::run;

/// The program, whose RUNPATH leads to `plugins`, and a plugin there that needs another library there.
struct Built {
    program: PathBuf,
    plugins: PathBuf,
}

fn built(dir: &Path) -> Built {
    let plugins = dir.join("plugins");
    std::fs::create_dir(&plugins).expect("a directory");
    let library = |name: &str, options: &[&str]| {
        let made =
            shim::compiled(&plugins, "plugin_part", &[&["-shared", "-fPIC"], options].concat());
        std::fs::rename(made, plugins.join(name)).expect("the same directory");
    };
    library("libpart.so", &["-Wl,-soname,libpart.so"]);
    let from = format!("-L{}", plugins.display());
    library("libplugin.so", &["-DNEEDS", "-Wl,--build-id", "-Wl,-rpath,$ORIGIN", &from, "-lpart"]);
    let rpath = format!("-Wl,--enable-new-dtags,-rpath,{}", plugins.display());
    Built { program: shim::compiled(dir, "opens", &[&rpath]), plugins }
}

/// What the linker has called an object, as `readelf` tells.
fn build_id(object: &Path) -> String {
    let said = run(Command::new("readelf").arg("-n").arg(object)).succeeded().stdout;
    let id = said.lines().find_map(|line| line.trim().strip_prefix("Build ID: "));
    id.expect("it has one").to_owned()
}

/// Events of the set: the name, and the line.
fn records(trace: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    judge::babeltrace2(trace, |line| {
        if let Some(event) = line.event_of("dl") {
            all.push((event.to_owned(), line.text.to_owned()));
        }
    });
    all
}

fn value<'a>(line: &'a str, field: &str) -> &'a str {
    judge::Line { text: line, time_ns: 0 }.value(field).trim_matches('"')
}

/// The plugin is named without a directory, so only the RUNPATH of the program leads to it.
#[test]
fn what_is_loaded_is_found_by_the_caller_s_runpath_and_told() {
    if !skip::judges_are_here() || !skip::has("readelf", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let Built { program, plugins } = built(dir.path());
    let steps = ["libplugin.so", "lock", "missing", "self", "close", "apart"];
    let alone = run(Command::new(&program).args(steps)).succeeded();
    let recording = Recording::of_path(program.clone()).options(["--preload", "dl,pthread"]);
    let recorded = steps.iter().fold(recording, Recording::arg).run().succeeded();
    assert_eq!(recorded.finished.stdout, alone.stdout);
    let all = records(&recorded.trace());
    let object = |path: &Path| {
        let path = path.to_str().expect("text");
        let found: Vec<_> = all
            .iter()
            .filter(|(event, line)| event == "object" && value(line, "path") == path)
            .collect();
        assert_eq!(found.len(), 1, "{path} once in {all:#?}");
        found[0].1.as_str()
    };
    for (path, is_start) in [
        (program.clone(), 1),
        (shim::built(), 1),
        (plugins.join("libplugin.so"), 0),
        (plugins.join("libpart.so"), 0),
    ] {
        let line = object(&path);
        assert_eq!(judge::Line { text: line, time_ns: 0 }.number("is_start"), is_start, "{line}");
        assert_eq!(value(line, "build_id"), build_id(&path));
    }
    // Told after the next recorded call, which is a lock's, and gone with the `dlclose`.
    let order: Vec<_> =
        all.iter().map(|(event, _)| event.as_str()).skip_while(|it| *it == "object").collect();
    assert_eq!(
        order,
        [
            "dlopen",
            "object",
            "object",
            "dlopen",
            "dlopen",
            "object_gone",
            "object_gone",
            "dlclose",
            "dlmopen",
            "dlclose"
        ]
    );
    let gone: Vec<_> = all
        .iter()
        .filter(|it| it.0 == "object_gone")
        .map(|it| value(&it.1, "base").to_owned())
        .collect();
    let mut bases = [plugins.join("libplugin.so"), plugins.join("libpart.so")]
        .map(|path| value(object(&path), "base").to_owned());
    bases.sort();
    let mut sorted = gone;
    sorted.sort();
    assert_eq!(sorted, bases);
    let flags: Vec<_> =
        all.iter().filter(|it| it.0 == "dlopen").map(|it| value(&it.1, "flags")).collect();
    assert_eq!(flags, ["0x102", "0x2", "0x2"]);
}

/// If no call comes any more, what was loaded is told at the program's end.
#[test]
fn what_was_loaded_last_is_told_at_the_end() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let Built { program, plugins } = built(dir.path());
    let recorded = Recording::of_path(program)
        .options(["--preload", "dl"])
        .arg("libplugin.so")
        .run()
        .succeeded();
    let plugin = plugins.join("libplugin.so").display().to_string();
    let told = records(&recorded.trace());
    assert!(
        told.iter().any(|(event, line)| event == "object" && value(line, "path") == plugin),
        "{told:#?}"
    );
}

/// A session that begins later is told of everything that is there by then, once.
#[test]
fn libraries_are_told_when_somebody_begins_to_record_them() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let path = shim::compiled(site.dir(), "switched", &[]);
    let mut program = Stepped::start(&site, &path, &shim::built());
    program.step();
    let session = site.start_session("session", "*");
    program.step();
    program.step();
    site.end_session("session");
    assert_eq!(program.end(), 0);
    let told = records(&session);
    let paths: Vec<_> = told.iter().map(|(_, line)| value(line, "path")).collect();
    assert!(paths.contains(&path.to_str().expect("text")), "{paths:?}");
    let mut once = paths.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), paths.len(), "{paths:?}");
}
