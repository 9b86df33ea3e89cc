//! Each reason why a program, a directory or a file cannot be used has a text of its own, with the thing's name in it
//! and what to do about it.

mod common;

use common::Sandbox;
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt;
use ust_test_support::command::{Finished, run};

/// A program that cannot be executed, its exit code, and parts of its message.
struct Case {
    program: &'static str,
    code: i32,
    parts: [&'static str; 2],
}

const fn case(program: &'static str, code: i32, parts: [&'static str; 2]) -> Case {
    Case { program, code, parts }
}

/// The beginning of a program for another processor, an ELF header: here of a big-endian PowerPC.
const FOREIGN: &str = "printf '\\177ELF\\002\\002\\001\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\002\\000\\025%052d' 0";

fn programs(sandbox: &Sandbox) -> Vec<Case> {
    sandbox.script("plain", "echo hello\n", "755");
    sandbox.script("lost", "#!/no/such/interpreter -x\n", "755");
    sandbox.script("dos", "#!/bin/sh\r\necho hello\r\n", "755");
    sandbox.script("data", "#!/bin/sh\n", "644");
    sandbox.script("through", "#!./data\n", "755");
    sandbox.script("empty", "", "755");
    sandbox.script("circle", "#!./circle\n", "755");
    let made = sandbox.shell(&format!(
        "{FOREIGN} > foreign && chmod 755 foreign; printf '\\000\\001\\002' > noise && chmod 755 noise; \
         ln -s nowhere dangling; ln -s loop loop; mkfifo fifo && chmod 755 fifo; mkdir dir; : > file; \
         printf '\\177ELF and then nothing' > torn && chmod 755 torn"
    ));
    assert_eq!(made.code(), 0, "{made:?}");
    vec![
        case("./absent", 127, ["was not found", "give its path"]),
        case("absent", 127, ["was not found", "PATH leads to"]),
        case("./file/below", 127, ["was not found", "is no directory"]),
        case("./lost", 127, ["its interpreter /no/such/interpreter was not found", "first line"]),
        case("./dos", 127, ["its interpreter /bin/sh", "carriage return"]),
        case("./dangling", 127, ["symbolic link to nothing", "give the program itself"]),
        case("./plain", 126, ["a script without an interpreter", "#!/bin/sh"]),
        case("./data", 126, ["not marked as executable", "chmod +x it"]),
        case("./through", 126, ["its interpreter ./data may not be executed", "mode"]),
        case("./empty", 126, ["it is empty", "again"]),
        case("./foreign", 126, ["built for another processor (PowerPC)", "build it for this one"]),
        case("./torn", 126, ["another processor", "build it for this one"]),
        case("./noise", 126, ["it is no program", "give one"]),
        case("./dir", 126, ["Is a directory", "give a program in it"]),
        case("./fifo", 126, ["no regular file", "give a program"]),
        case("./circle", 126, ["Too many levels of symbolic links", "in a circle"]),
        case("./loop", 126, ["", "in a circle"]),
    ]
}

#[test]
fn programs_that_cannot_be_executed_have_a_text_each() {
    let sandbox = Sandbox::new();
    let mut texts = HashSet::new();
    for Case { program, code, parts } in programs(&sandbox) {
        let line = sandbox.fails(code, &["record", "-o", "out", "--", program]);
        assert!(line.contains(&format!("program {program} ")), "{line}");
        assert!(parts.iter().all(|part| line.contains(part)), "{program}: {line}");
        assert!(program == "./data" || !line.contains("chmod"), "{line}");
        assert!(!line.contains("make room"), "{line}");
        texts.insert(line.replace(program, ""));
    }
    // Those in a circle and those not found share a cause.
    assert!(texts.len() >= 13, "{texts:#?}");
}

#[test]
fn a_program_that_is_being_written_is_busy() {
    let sandbox = Sandbox::new();
    let made = sandbox.shell("cp /bin/true busy");
    assert_eq!(made.code(), 0, "{made:?}");
    let _writing = OpenOptions::new().append(true).open(sandbox.path("busy")).unwrap();
    let line = sandbox.fails(126, &["record", "-o", "out", "--", "./busy"]);
    assert!(line.contains("busy (os error 26)") && line.contains("open for writing"), "{line}");
}

/// The program gets what `ust` got, less its own words and more the variable that names the runtime directory. So there
/// are arguments that fit for `ust` and not for the program, if that directory's path is long.
#[test]
fn arguments_that_are_too_long_are_told_as_such() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path(&"d".repeat(30))).unwrap();
    std::os::unix::fs::symlink(common::ust(), sandbox.path("u")).unwrap();
    let record = |bytes: usize| {
        let script = "ulimit -s 1024; exec ./u record -- /bin/true \"$@\"";
        let mut command = sandbox.command("/bin/sh");
        command.env_clear().env("XDG_RUNTIME_DIR", sandbox.path(&"d".repeat(30)));
        command.args(["-c", script, "sh"]).args(["x".repeat(100_000), "x".repeat(bytes)]);
        run(command.args(["x".repeat(50_000)]))
    };
    let is_ours = |ended: &Finished| ended.stderr.starts_with("ust: ");
    let (mut fits, mut is_too_long) = (0, 130_000);
    while is_too_long - fits > 1 {
        let middle = (fits + is_too_long) / 2;
        match is_ours(&record(middle)) {
            true => fits = middle,
            false => is_too_long = middle,
        }
    }
    let ended = record(fits);
    assert_eq!(ended.code(), 126, "{ended:?}");
    assert!(ended.stderr.contains("program /bin/true cannot be executed"), "{ended:?}");
    assert!(ended.stderr.contains("(os error 7)") && ended.stderr.contains("give fewer"));
}

#[test]
fn outputs_and_files_that_cannot_be_written_have_a_text_each() {
    let sandbox = Sandbox::new();
    let long = "n".repeat(300);
    let made = sandbox.shell("ln -s loop loop; : > file; mkdir dir");
    assert_eq!(made.code(), 0, "{made:?}");
    let mut texts = HashSet::new();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["-o", "loop/out"], 115, "lead in a circle"),
        (&["-o", &long], 115, "longer than its file system takes"),
        (&["-o", "/proc/out"], 115, ""),
        (&["-o", "out", "--summary", "dir"], 125, "it is a directory: give a file"),
        (&["-o", "out", "--summary", "no/summary"], 125, "does not exist: make that one"),
        (&["-o", "out", "--summary", "file/summary"], 125, "is no directory: give another path"),
        (&["-o", "out", "--shm-path", "file/rings"], 115, "is no directory"),
    ];
    for (options, code, advice) in cases {
        let line = sandbox.fails(code, &[&["record"], options, &["--", "true"]].concat());
        let thing = options[options.len() - 1];
        assert!(line.contains(thing) && line.contains(advice), "{options:?}: {line}");
        assert!(!line.contains("make room") && !line.contains("Success"), "{line}");
        texts.insert(line.replace(thing, ""));
    }
    assert_eq!(texts.len(), cases.len(), "{texts:#?}");
}

/// Whatever finds no place, the message is never about room.
#[test]
fn a_recorder_out_of_descriptors_is_told_so() {
    let sandbox = Sandbox::new();
    let mut refused = 0;
    for limit in 4..64 {
        let ended = sandbox.shell(&format!("ulimit -n {limit}; exec $UST record -o out -- true"));
        if ended.code() == 0 {
            break;
        }
        refused += 1;
        assert!([111, 115, 125].contains(&ended.code()), "{limit}: {ended:?}");
        assert!(ended.stderr.contains("(os error 24)"), "{limit}: {ended:?}");
        assert!(ended.stderr.contains("the recorder has no descriptors left"), "{ended:?}");
        assert!(!sandbox.path("out").exists());
    }
    assert!(refused >= 3, "it needs more than {refused} beyond the standard streams");
}

#[test]
fn a_working_directory_that_is_gone_is_told() {
    let sandbox = Sandbox::new();
    let ended =
        sandbox.shell("mkdir gone; cd gone; rmdir ../gone; exec $UST record -o out -- true");
    assert_eq!(ended.code(), 125, "{ended:?}");
    assert!(ended.stderr.contains("--output out: No such file or directory"), "{ended:?}");
    assert!(ended.stderr.contains("does not exist"), "{ended:?}");
}

#[test]
fn a_directory_without_its_search_permission_is_no_reason_for_chmod_x_of_the_program() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("closed")).unwrap();
    sandbox.script("closed/prog", "#!/bin/sh\n", "755");
    let closed = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.path("closed"), closed).unwrap();
    let ended = sandbox.unprivileged(&["record", "-o", "out", "--", "closed/prog"]);
    assert_eq!(ended.code(), 126, "{ended:?}");
    assert!(ended.stderr.contains("search the directories on the way to it"), "{ended:?}");
}
