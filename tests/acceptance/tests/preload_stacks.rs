//! Call stacks of allocations: those that the C library's own unwinder tells, and no harm where there are none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::steps::Stepped;
use ust_acceptance::{judge, shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Running, run};

/// An allocation: its length, its address, and who called, as addresses from the call site on.
struct Allocation {
    size: u64,
    address: u64,
    stack: Vec<u64>,
}

/// All events `malloc` that have a call stack, in the order of time.
fn allocations(trace: &Path) -> Vec<Allocation> {
    let mut all = Vec::new();
    judge::babeltrace2(trace, |line| {
        if line.event_of("libc_mem") != Some("malloc") {
            return;
        }
        let Some((_, stack)) = line.text.split_once("call_stack = [ ") else { return };
        let stack: Vec<_> = stack.split("= 0x").skip(1).map(hexadecimal).collect();
        let field = |name| hexadecimal(&line.value(name)[2..]);
        assert_eq!(stack[0], field("call_site"), "{}", line.text);
        all.push(Allocation { size: line.number("size"), address: field("ptr"), stack });
    });
    all
}

/// The number at the beginning of a text.
fn hexadecimal(text: &str) -> u64 {
    let digits = text.split(|end: char| !end.is_ascii_hexdigit()).next();
    u64::from_str_radix(digits.expect("a part"), 16).expect("a number")
}

fn recorded(program: &Path, options: &[&str], arguments: &[&str]) -> Recorded {
    shim::built();
    let mut recording = Recording::of_path(program.to_owned()).options([
        "--preload",
        "libc_mem",
        "--mode",
        "block",
    ]);
    for option in options {
        recording = recording.options([*option]);
    }
    let recording = arguments.iter().fold(recording, Recording::arg);
    let recorded = recording.run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    recorded
}

/// Holds the stacks of a trace to what the program has printed: lengths of blocks, and the callers' return addresses behind the
/// innermost frame.
fn are_as_printed(recorded: &Recorded, frames: usize) {
    let all = allocations(&recorded.trace());
    let stacks: BTreeMap<_, _> = all.iter().map(|it| (it.size, &it.stack)).collect();
    let mut lines = 0;
    for line in recorded.finished.stdout.lines() {
        let (size, callers) = line.split_once(' ').unwrap_or((line, ""));
        let callers: Vec<_> =
            callers.split_whitespace().map(|caller| hexadecimal(&caller[2..])).collect();
        let stack = stacks[&size.parse().expect("a number")];
        assert_eq!(stack[1..], callers[..callers.len().min(frames - 1)], "{line}");
        lines += 1;
    }
    assert!(lines >= 18, "{}", recorded.finished.stdout);
}

/// Each way to call something that unwinders have to know of.
const WAYS: [&str; 8] =
    ["deep", "aligned", "qsort", "signal", "signal_stack", "fault", "thread", "coroutine"];

#[test]
fn stacks_are_those_that_the_c_library_tells() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    for compiled in [&["-O2"][..], &["-O0"], &["-O3", "-fno-omit-frame-pointer"]] {
        let program = shim::compiled(dir.path(), "stacks", compiled);
        for (option, frames) in [("--call-stacks", 16), ("--call-stacks=64", 64)] {
            are_as_printed(&recorded(&program, &[option], &WAYS), frames);
        }
    }
    let program = shim::compiled(dir.path(), "stacks", &[]);
    are_as_printed(&recorded(&program, &["--call-stacks=1"], &WAYS), 1);
}

#[test]
fn stacks_go_through_code_of_c_plus_plus() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled_as_cxx(dir.path(), "stacks_cxx", &[]);
    are_as_printed(&recorded(&program, &["--call-stacks=64"], &[]), 64);
}

/// Programs as Debian has built them, without frame pointers. A library behind the shim is the `malloc` that the shim calls, and
/// says which frames the C library finds above it.
#[test]
fn stacks_of_debian_s_programs_are_those_that_the_c_library_tells() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let witness = shim::compiled(site.dir(), "witness_stacks", &["-shared", "-fPIC"]);
    let preloaded = format!("{}:{}", shim::built().display(), witness.display());
    let sql = "create table t(a, b); insert into t values (1, 2), (3, 4); select * from t order by b desc;";
    for (program, arguments) in [
        (
            "/usr/bin/perl",
            ["-e", r#"%all = map {$_ => "x$_"} 1..1000; print join ",", sort keys %all"#],
        ),
        ("/usr/bin/python3", ["-c", r#"import json; print(json.loads("[1, {}]"))"#]),
        ("/usr/bin/sqlite3", [":memory:", sql]),
        ("/bin/bash", ["-c", "for i in 1 2 3; do echo $i; done"]),
    ] {
        if !Path::new(program).exists() {
            skip::skipped(&format!("{program} is not installed"));
            continue;
        }
        let name = program.rsplit('/').next().expect("a name");
        let told = site.path("told");
        let trace = site.start_session(name, "libc_mem:malloc");
        let mut command = site.command(Path::new(program));
        command.args(arguments).env("WITNESS", &told).env("LD_PRELOAD", &preloaded);
        Running::start(command.env("UST_PRELOAD_OPTIONS", "call-stacks=64")).wait().succeeded();
        site.end_session(name);
        let told = std::fs::read_to_string(&told).expect("the witness has written");
        let mut told =
            told.lines().map(|line| line.split(' ').map(hexadecimal).collect::<Vec<_>>());
        let all = allocations(&trace);
        assert!(all.len() > 50, "{name}: {}", all.len());
        for Allocation { address, stack, .. } in &all {
            // The library also sees what the shim asks for itself.
            let theirs = told.find_map(|told| {
                let at = told[1..].iter().position(|frame| *frame == stack[0])?;
                (told[0] == *address)
                    .then(|| told[1 + at..].iter().take(64).copied().collect::<Vec<_>>())
            });
            assert_eq!(theirs.as_ref(), Some(stack), "{name}, {address:#x}");
        }
    }
}

/// Stacks that are none, code without tables, frames at the very end of a mapping, and functions that are left by `longjmp`.
#[test]
fn broken_stacks_do_no_harm() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "broken_stacks", &["-O2"]);
    let alone = run(Command::new(&program).arg("300")).succeeded();
    let recorded = recorded(&program, &["--call-stacks=64"], &["300"]);
    assert_eq!(recorded.finished.stdout, alone.stdout);
    // What is asked for on the broken stacks is recorded, with the call site at least.
    let all = allocations(&recorded.trace());
    assert_eq!(all.iter().filter(|it| it.size == 99).count(), 300 * 100);
}

/// A thread's own stack is what the C library says, not what can be read below its end.
#[test]
#[cfg(target_arch = "x86_64")]
fn memory_between_a_thread_and_its_coroutine_may_go() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    // One function lies right behind the other.
    let in_order =
        ["-O1", "-fno-align-functions", "-fno-reorder-functions", "-fno-toplevel-reorder"];
    let program = shim::compiled(dir.path(), "neighbour_gone", &in_order);
    let recorded = recorded(&program, &["--call-stacks=64"], &[]);
    assert_eq!((recorded.finished.code(), &*recorded.finished.stdout), (0, "first\nsecond\n"));
}

/// Plugins that lie at one address in turn, with other frames each, and allocate while the loader loads them. Every stack is
/// whole: it ends where its thread begins.
#[test]
fn stacks_go_through_plugins_that_come_and_go() {
    const ROUNDS: &str = "300";
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "loaded_stacks", &["-O1"]);
    let plugin = |bytes: u32| -> String {
        let place = dir.path().join(bytes.to_string());
        std::fs::create_dir(&place).expect("a directory");
        let frame = format!("-DPLUGIN={bytes}");
        let plugin = shim::compiled(&place, "loaded_stacks", &[&frame, "-shared", "-fPIC"]);
        plugin.to_str().expect("a plain name").to_owned()
    };
    // Of the first two the instructions are as long as each other, and the frames are not.
    let [one, another, last] = [1000, 3000, 900].map(plugin);
    let recorded = recorded(&program, &["--call-stacks=64"], &[ROUNDS, &one, &another, &last]);
    let all = allocations(&recorded.trace());
    let through: Vec<_> = all.iter().filter(|it| it.size == 4321).collect();
    assert_eq!(through.len().to_string(), recorded.finished.stdout.trim());
    let count = |is_it: &dyn Fn(&[u64]) -> bool| {
        through
            .iter()
            .filter(|it| is_it(&it.stack))
            .map(|it| it.stack.len())
            .collect::<BTreeSet<_>>()
    };
    let end = |stack: &[u64]| stack[stack.len().saturating_sub(2)..].to_vec();
    let ends: BTreeSet<_> = through.iter().map(|it| end(&it.stack)).collect();
    let of_threads = end(&through[through.len() - 1].stack);
    // One is that of the program's first thread, whose plugin stays.
    assert_eq!(ends.len(), 2, "{ends:x?}");
    assert_eq!(through.iter().filter(|it| end(&it.stack) != of_threads).count(), 1);
    // Innermost function 0 to 4 times, the plugin's own, the thread's, its two beginnings; or by the loader.
    let lengths = count(&|stack| end(stack) == of_threads);
    assert!(lengths.is_superset(&(5..=9).collect()) && !lengths.contains(&4), "{lengths:?}");
}

/// glibc loads modules for character sets by itself, and unloads them when it sees fit. A plugin that comes to lie there has other
/// frames. Every stack ends where the thread begins.
#[test]
fn stacks_are_right_where_glibc_has_unloaded_a_module() {
    const ROUNDS: usize = 6;
    const LEVELS: usize = 5;
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let program = shim::compiled(dir, "conversions", &[]);
    let made = dir.join("made");
    std::fs::create_dir(&made).expect("a directory");
    // Of the first and the last the instructions are as long as each other, and the frames are not.
    for (name, bytes) in [("XUST1.so", 1000), ("XUST2.so", 900), ("plugin.so", 3000)] {
        let frame = format!("-DMODULE={bytes}");
        let module = shim::compiled(&made, "conversions", &[&frame, "-shared", "-fPIC"]);
        std::fs::rename(module, dir.join(name)).expect("one file system");
    }
    std::fs::write(dir.join("gconv-modules"), modules()).expect("there is room");
    let mut ways = vec!["iconv", "failing", "stream", "failing_stream", "reopening"];
    if makes_locales(dir) {
        ways.extend(["locale", "new_locale"]);
    } else {
        skip::skipped("no locale C.utf8: locales are not tried");
    }
    for way in ways {
        let (rounds, dir) = (ROUNDS.to_string(), dir.to_str().expect("a plain name"));
        let recorded = recorded(&program, &["--call-stacks=64"], &[way, &rounds, dir]);
        let said = &recorded.finished;
        // The runtime may have taken the place for a ring.
        let same_place = said.stdout.trim().parse::<usize>().expect("a number");
        assert!(
            same_place >= ROUNDS / 2 && said.stderr.starts_with("ust: "),
            "{way}: {}",
            said.stderr
        );
        let mut of_plugin = allocations(&recorded.trace());
        of_plugin.retain(|it| it.size == 103_000);
        let end = |it: &Allocation| it.stack[it.stack.len().saturating_sub(2)..].to_vec();
        let ends: BTreeSet<_> = of_plugin.iter().map(end).collect();
        assert_eq!(ends.len(), 1, "{way}: {ends:x?}");
        let mut lengths = BTreeMap::<_, usize>::new();
        for allocation in &of_plugin {
            *lengths.entry(allocation.stack.len()).or_default() += 1;
        }
        assert_eq!(lengths.into_values().collect::<Vec<_>>(), [ROUNDS; LEVELS], "{way}");
    }
}

/// A list of modules for two character sets, and for others from which a way only to these two is said to be.
fn modules() -> String {
    let mut list = String::new();
    for charset in ["XUST1", "XUST2"] {
        list += &format!("module {charset}// INTERNAL {charset} 1\n");
        list += &format!("module INTERNAL {charset}// {charset} 1\n");
        for number in 0..40 {
            list += &format!("module NOWHERE{number}{charset}// {charset}// XUST2 1\n");
        }
    }
    list
}

/// Makes locales of these character sets out of one whose character set has a name of as many bytes. Whether there is one.
fn makes_locales(dir: &Path) -> bool {
    let Ok(whole) = std::fs::read("/usr/lib/locale/C.utf8/LC_CTYPE") else { return false };
    for charset in ["XUST1", "XUST2"] {
        let mut own = whole.clone();
        for at in 0..own.len() {
            if own[at..].starts_with(b"UTF-8\0") {
                own[at..at + charset.len()].copy_from_slice(charset.as_bytes());
            }
        }
        let place = dir.join(charset);
        std::fs::create_dir(&place).expect("a directory");
        std::fs::write(place.join("LC_CTYPE"), own).expect("there is room");
    }
    true
}

#[test]
fn without_the_option_nothing_is_recorded_of_callers() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "stacks", &[]);
    let recorded = recorded(&program, &[], &["deep"]);
    assert_eq!(allocations(&recorded.trace()).len(), 0);
    let metadata = |folder: PathBuf| std::fs::read(folder.join("metadata")).expect("it is there");
    for metadata in recorded.folders().into_iter().map(metadata) {
        assert!(!String::from_utf8_lossy(&metadata).contains("call_stack"));
    }
}

/// An event that has two classes is one event to those who look.
#[test]
fn lists_have_each_event_once() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let program = shim::compiled(site.dir(), "switched", &[]);
    let mut running = Stepped::start(&site, &program, &shim::built());
    running.step();
    let listed = site.ust(&["list"]).succeeded().stdout;
    running.step();
    running.step();
    assert_eq!(running.end(), 0);
    assert_eq!(listed.matches(" libc_mem:malloc (").count(), 1, "{listed}");
}

#[test]
fn a_number_of_frames_that_makes_no_sense_is_refused() {
    for (options, said) in [
        (&["--preload", "libc_mem", "--call-stacks=0"][..], "0 is not in 1..=64"),
        (&["--preload", "libc_mem", "--call-stacks=65"], "65 is not in 1..=64"),
        (&["--call-stacks"], "--preload"),
    ] {
        let mut command = Command::new(binaries::ust());
        let refused = run(command.arg("record").args(options).args(["--", "true"]));
        assert_eq!(refused.code(), 125, "{options:?}");
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}
