//! What a trace says of the program that was traced: its whole name, its executable, how it was started, and what its linker
//! called it. Programs say so themselves, so it is known of those that died after one event, and of those whose recorder died.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use ust_acceptance::left_behind::{kill_both, recover, rings, start_steps};
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

/// Longer than the kernel keeps.
const NAME: &str = "one-event-by-a-long-name";

fn facts(trace: &Path) -> BTreeMap<String, String> {
    let fact = |line: &str| line.split_once(" = ").map(|(name, value)| (name.into(), value.into()));
    judge::python("environment.py", &[trace]).lines().filter_map(fact).collect()
}

/// What binutils says.
fn build_id(program: &Path) -> Option<String> {
    let notes = run(Command::new("readelf").args(["-n", "--wide"]).arg(program)).stdout;
    let id = notes.lines().find_map(|line| Some(line.split_once("Build ID: ")?.1));
    id.map(str::to_owned)
}

#[test]
fn a_program_killed_after_one_event_is_told_as_it_was_started() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("one_event");
    let program = recording.path(NAME);
    std::fs::copy(binaries::program("one_event"), &program).expect("there is room");
    let recording = Recording::of_path(program.clone()).arg("kill").arg("it's").arg("two words");
    let recorded = recording.run();
    let facts = facts(&recorded.trace());
    assert_eq!(facts["procname"], NAME);
    assert_eq!(facts["exe"], program.display().to_string());
    let command_line = format!(r#"{} kill "it's" 'two words'"#, program.display());
    assert_eq!(facts["command_line"], command_line);
    let [folder] = &recorded.folders()[..] else { panic!("{:?}", recorded.folders()) };
    let folder = folder.file_name().and_then(|name| name.to_str()).expect("text");
    assert_eq!(folder, format!("{NAME}-{}", facts["vpid"]));
}

#[test]
fn a_program_of_c_is_told_with_its_build_id() {
    if !skip::judges_are_here() || !skip::has("cc", &["--version"]) {
        return;
    }
    let site = Recording::of("one_event");
    let dir = site.path(".");
    let id = "0123456789abcdef0123456789abcdef01234567";
    let program = shim::compiled(&dir, "frees", &[&format!("-Wl,--build-id=0x{id}")]);
    assert_eq!(build_id(&program).as_deref(), Some(id));
    shim::built();
    let recorded = Recording::of_path(program).options(["--preload", "libc_mem"]).run().succeeded();
    assert_eq!(facts(&recorded.trace())["build_id"], id);
    // And one whose linker has given it none.
    let program = shim::compiled(&dir, "frees", &["-Wl,--build-id=none"]);
    let recorded = Recording::of_path(program).options(["--preload", "libc_mem"]).run().succeeded();
    assert_eq!(facts(&recorded.trace()).get("build_id"), None);
}

#[test]
fn a_program_whose_recorder_died_too_is_told_by_its_rings() {
    if !skip::judges_are_here() {
        return;
    }
    let started = start_steps(["--flush-interval", "60000"]);
    started.running.stop();
    let recorded = kill_both(started);
    let scratch = recorded.path("scratch");
    std::fs::create_dir(&scratch).expect("there is room");
    let (finished, output) = recover(&rings(&recorded), &scratch);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let exe = binaries::program("steps").canonicalize().expect("it was built");
    assert_eq!(facts(&output)["exe"], exe.display().to_string());
}
