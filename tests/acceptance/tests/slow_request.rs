//! README's commands find the slowest request of the example server, and what it waited for. The guide has the same commands.

use std::path::Path;
use std::process::Command;
use ust_acceptance::judge::Line;
use ust_test_support::binaries;
use ust_test_support::command::run;

const HEADING: &str = "## Which request was slow, and why";

/// The number that the documents show.
const SHOWN: &str = "3000250";

fn document(name: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.parent().and_then(Path::parent).expect("the workspace");
    std::fs::read_to_string(workspace.join(name)).expect("the document")
}

fn commands(readme: &str) -> Vec<&str> {
    let section = readme.split_once(HEADING).expect("the section").1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let is_command =
        |line: &&str| line.starts_with("    ust record ") || line.starts_with("    ust view ");
    section
        .lines()
        .filter(is_command)
        .map(|line| line.split(" # ").next().unwrap_or(line).trim())
        .collect()
}

/// A field of a line that `ust view` prints as babeltrace2 does.
fn number(text: &str, field: &str) -> u64 {
    Line { text, time_ns: 0 }.number(field)
}

#[test]
fn the_commands_of_readme_find_the_slowest_request_and_its_reason() {
    let server = binaries::program_of("ust-examples", "slow_request");
    let (readme, guide) = (document("README.md"), document("ust/src/guide/slow_request.md"));
    let commands = commands(&readme);
    let [record, slowest, reason, cause] = commands[..] else { panic!("{commands:?}") };
    for command in &commands {
        assert!(guide.contains(command), "the guide does not have: {command}");
    }
    let ust = binaries::ust();
    let dir = tempfile::tempdir().expect("a directory");
    let path = [ust.parent(), server.parent()].map(|dir| dir.expect("a directory").to_owned());
    let path = path.into_iter().chain(["/usr/bin".into(), "/bin".into()]);
    let path = std::env::join_paths(path).expect("no colon");
    let say = |command: &str| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", command]).current_dir(dir.path()).env("PATH", &path);
        run(&mut shell).succeeded()
    };
    let recorded = say(record).stderr;
    assert!(recorded.contains("ust: 4,001 events recorded, 0 lost, 1 process: "), "{recorded}");

    let found = say(slowest).stdout;
    assert_eq!(found.lines().count(), 1, "{found}");
    // It waited as long as the supplier took, and worked for a small part of that.
    let (duration, busy) = (number(&found, "duration"), number(&found, "busy"));
    assert!(duration >= 25_000_000 && busy < duration / 4, "{found}");

    let id = number(&found, "id");
    let waited = say(&reason.replace(SHOWN, &id.to_string())).stdout;
    assert_eq!(waited.lines().count(), 1, "{waited}");
    assert!(waited.contains(" shop:locked: "), "{waited}");
    assert!((duration * 9 / 10..=duration).contains(&number(&waited, "duration")), "{waited}");

    let took = say(cause).stdout;
    assert_eq!(took.lines().count(), 1, "{took}");
    assert!(number(&took, "duration") >= 30_000_000 && number(&took, "request") != id, "{took}");
}
