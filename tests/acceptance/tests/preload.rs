//! C programs under the shim: they do what they do without it, and each of their calls is recorded once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Finished, Running, run};

/// The functions that stand between a program and the C library, one a line, sorted as `nm` sorts them.
const INTERPOSED: &str = include_str!("../../../ust-preload/interposed.txt");

/// Events of `libc_mem` by name and by the length that was asked for.
fn by_length(trace: &Path) -> BTreeMap<(String, u64), u64> {
    let mut seen = BTreeMap::new();
    judge::babeltrace2(trace, |line| {
        if let Some(name) = line.event_of("libc_mem").filter(|name| *name != "free") {
            *seen.entry((name.to_owned(), line.number("size"))).or_default() += 1;
        }
    });
    seen
}

/// What a program prints, and how it ends.
fn outcome(finished: Finished) -> (i32, String, String) {
    (finished.code(), finished.stdout, finished.stderr)
}

#[test]
fn every_call_of_mallocs_family_is_recorded_once() {
    const THREADS: u64 = 3;
    const ROUNDS: u64 = 500;
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let program = shim::compiled(site.dir(), "allocates", &[]);
    let arguments = [THREADS, ROUNDS].map(|number| number.to_string());
    let alone = Running::start(site.command(&program).args(&arguments)).wait();
    let _daemon = site.daemon(&[]);
    let trace = site.start_session("session", "libc_mem:*");
    let mut command = site.command(&program);
    command.args(&arguments).env("LD_PRELOAD", shim::built());
    let traced = Running::start(&mut command).wait();
    site.end_session("session");
    assert_eq!(outcome(traced), outcome(alone));
    let seen = by_length(&trace);
    for (name, length) in [
        ("malloc", 10_001),
        ("calloc", 10_002),
        ("realloc", 10_003),
        ("reallocarray", 10_004),
        ("memalign", 10_005),
        ("aligned_alloc", 10_112),
        ("posix_memalign", 10_006),
        ("valloc", 10_007),
        ("malloc", 10_008),
        ("malloc", u64::MAX / 2),
        ("reallocarray", 10_009),
    ] {
        let of_it = seen.get(&(name.to_owned(), length)).copied();
        assert_eq!(of_it, Some(THREADS * ROUNDS), "{name} of {length}");
    }
}

/// By the option, without a daemon. What is freed is what was allocated, in all processes.
#[test]
fn a_shell_s_children_are_recorded_with_it() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "allocates", &[]);
    let script = format!("{0} 1 100; {0} 2 100; exit 0", program.display());
    let recorded = Recording::of_path("/bin/sh".into())
        .options(["--preload", "libc_mem", "--subbuf-size", "1M"])
        .arg("-c")
        .arg(script)
        .run()
        .succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    assert!(recorded.summary().processes >= 3, "the shell, and two programs");
    assert_eq!(recorded.finished.stdout, "done\ndone\n");
    assert_eq!(by_length(&recorded.trace())[&("malloc".to_owned(), 10_001)], 300);
    // Every address that a program frees is one that it was given before, and has not freed since.
    let mut given = BTreeMap::<u64, BTreeSet<String>>::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        let Some(name) = line.event_of("libc_mem") else { return };
        let live = given.entry(line.vpid()).or_default();
        let address = |field: &str| line.value(field).to_owned();
        match name {
            "free" if line.value("ptr") != "0x0" => {
                assert!(live.remove(&address("ptr")), "freed, and not given: {}", line.text);
            }
            "free" => {}
            "posix_memalign" => _ = live.insert(address("out_ptr")),
            _ => {
                if name.starts_with("realloc") && line.value("ptr") != "0x0" {
                    live.remove(&address("in_ptr"));
                }
                live.insert(address("ptr"));
            }
        }
    });
}

/// A program with tracepoints of its own joins the shim's runtime, and has one trace with it. Its events are recorded although
/// the sets are asked for by name.
#[test]
fn a_program_with_tracepoints_is_one_process_with_the_shim() {
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let recorded = Recording::of("one_event").options(["--preload", "all"]).run().succeeded();
    assert_eq!(recorded.summary().processes, 1);
    let mut seen = BTreeSet::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        _ = seen.insert(if line.event_of("libc_mem").is_some() { "the shim's" } else { "its own" });
    });
    assert_eq!(seen, ["its own", "the shim's"].into());
}

/// The C library ends a process with its last thread. The agent's thread does not count.
#[test]
fn a_program_ends_with_its_own_last_thread() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "leaves_main", &[]);
    for way in ["exit", "fork"] {
        let alone = outcome(Running::start(Command::new(&program).arg(way)).wait());
        let site = Site::new();
        let mut command = site.command(&program);
        command.arg(way).env("LD_PRELOAD", shim::built());
        assert_eq!(outcome(Running::start(&mut command).wait()), alone, "{way}: nobody records");
        let options = ["--preload", "all", "--subbuf-size", "1M"];
        let recorded = Recording::of_path(program.clone()).options(options).arg(way).run();
        let finished = &recorded.finished;
        assert_eq!((finished.code(), &finished.stdout), (alone.0, &alone.1), "{way}: recorded");
        assert_eq!(recorded.summary().lost_in_all(), 0, "{way}");
    }
}

/// The shim asks the loader too, but not in the program's place.
#[test]
fn what_the_loader_has_to_say_is_the_program_s() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "asks_early", &[]);
    let alone = outcome(Running::start(&mut Command::new(&program)).wait());
    assert!(alone.1.contains("/nowhere/libnothing.so"), "{alone:?}");
    let site = Site::new();
    let mut command = site.command(&program);
    let shimmed = Running::start(command.env("LD_PRELOAD", shim::built())).wait();
    assert_eq!(outcome(shimmed), alone);

    // Behind the shim in the list, so its constructor runs before the shim's.
    let library = shim::compiled(dir.path(), "asks_early", &["-shared", "-fPIC"]);
    let preloaded = format!("{}:{}", shim::built().display(), library.display());
    let mut command = site.command(Path::new("/bin/echo"));
    let shimmed = Running::start(command.arg("well").env("LD_PRELOAD", preloaded)).wait();
    assert_eq!(outcome(shimmed), (0, "well\n".to_owned(), String::new()));
}

/// As the loader would find them: those of libraries behind the shim first, and of two versions that which is not hidden.
#[test]
fn the_functions_behind_it_are_those_that_the_loader_finds() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "stands_behind", &[]);
    let versions = dir.path().join("versions");
    fs::write(&versions, "OLDER {}; NEWER { global: lseek; };").expect("it is written");
    let versions = format!("-Wl,--version-script={}", versions.display());
    let other = dir.path().join("other");
    fs::create_dir(&other).expect("a directory");
    let options = ["-shared", "-fPIC", "-DLIBRARY", &versions];
    let library = shim::compiled(&other, "stands_behind", &options);
    let mut command = Command::new(&program);
    command.env("LD_PRELOAD", format!("{}:{}", shim::built().display(), library.display()));
    assert_eq!(outcome(run(&mut command)), (0, "17 19 0\n".to_owned(), String::new()));
}

#[test]
fn it_exports_what_it_interposes_and_nothing_else() {
    if !skip::has("nm", &["--version"]) {
        return;
    }
    let listed =
        run(Command::new("nm").args(["-D", "--defined-only"]).arg(shim::built())).succeeded();
    let names: Vec<_> = listed.stdout.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(names, INTERPOSED.lines().collect::<Vec<_>>());
}

/// Each further library would be loaded by every program that is started under the shim.
#[test]
fn it_needs_the_c_library_alone() {
    if !skip::has("readelf", &["--version"]) {
        return;
    }
    let listed = run(Command::new("readelf").arg("-dW").arg(shim::built())).succeeded();
    let needed = listed.stdout.lines().filter(|line| line.contains("(NEEDED)"));
    let others: Vec<_> =
        needed.filter(|line| !line.contains("[libc.so.") && !line.contains("[ld-linux")).collect();
    assert_eq!(others, [""; 0]);
}

/// With nobody recording, programs of all kinds say what they say without the shim.
#[test]
fn programs_do_not_notice_it() {
    let site = Site::new();
    for (program, arguments) in [
        ("/bin/sh", &["-c", "echo out; echo err >&2; exit 7"][..]),
        ("bash", &["-c", "for i in 1 2 3; do echo $(printf '%s' $i | cat); done | sort -r"]),
        ("python3", &["-c", "import threading, json; print(json.dumps(list(range(50))))"]),
        ("perl", &["-e", "print join ',', map { $_ * 2 } 1 .. 100"]),
        ("gcc", &["--version"]),
        ("gdb", &["--batch", "-ex", "print 6*7"]),
    ] {
        let of = |preload: bool| {
            let mut command = site.command(Path::new(program));
            command.args(arguments);
            if preload {
                command.env("LD_PRELOAD", shim::built());
            }
            command.output().ok()
        };
        let Some(alone) = of(false) else {
            skip::skipped(&format!("{program} is not here"));
            continue;
        };
        assert_eq!(of(true), Some(alone), "{program}");
    }
}

/// What cannot be had is said before the program runs, and it runs.
#[test]
fn a_program_that_cannot_have_the_shim_runs_without_it() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "allocates", &["-static"]);
    let recorded = Recording::of_path(program).options(["--preload", "all"]).arg(1).arg(1).run();
    assert_eq!(recorded.finished.code(), 3);
    assert_eq!(recorded.finished.stdout, "done\n");
    let said = &recorded.finished.stderr;
    assert!(said.contains("linked statically") && said.contains("runs without the shim"), "{said}");
    assert!(said.contains("allocates ran without the shim") && !said.contains("check"), "{said}");

    let refused =
        run(Command::new(binaries::ust()).args(["record", "--preload", "libc_men", "true"]));
    assert_ne!(refused.code(), 0);
    assert!(refused.stderr.contains("libc_mem"), "the sets are listed: {}", refused.stderr);
}

/// One line says what is wrong with the shim, and the program runs.
#[test]
fn without_a_shim_that_fits_the_program_runs_untraced() {
    let dir = tempfile::tempdir().expect("a directory");
    let ust = dir.path().join("ust");
    std::fs::copy(binaries::ust(), &ust).expect("there is room");
    let whole = std::fs::read(shim::built()).expect("it was built");
    // The note that has the version: lengths of name and content, type, name, content.
    let note = [4_u32, 4, 1].map(u32::to_le_bytes).concat();
    let note = [&note[..], b"ust\0"].concat();
    let at = whole.windows(note.len()).position(|it| it == note).expect("a note") + note.len();
    let mut of_others = whole.clone();
    of_others[at] += 1;
    for (shim, said) in [
        (None, "is neither beside"),
        (Some(&whole[..0]), "is damaged, or another file than the shim"),
        (Some(&whole[..4096]), "is damaged, or another file than the shim"),
        (Some(&of_others[..]), "install both of one build"),
    ] {
        if let Some(shim) = shim {
            std::fs::write(dir.path().join("libust_preload.so"), shim).expect("there is room");
        }
        let recording =
            Recording::of_path("/bin/echo".into()).options(["--preload", "all"]).arg("done");
        let ended = run(&mut recording.command_of(&ust));
        assert_eq!((ended.code(), &*ended.stdout), (0, "done\n"), "{said}");
        let lines: Vec<_> = ended.stderr.lines().collect();
        assert!(lines[0].contains(said), "{}", ended.stderr);
        assert!(lines[0].ends_with("; the program runs without the shim"), "{}", ended.stderr);
        assert!(lines[1].ends_with("echo ran without the shim"), "{}", ended.stderr);
        assert_eq!(lines.len(), 3, "{}", ended.stderr);
    }
}
