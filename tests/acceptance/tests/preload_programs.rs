//! Programs of all kinds, with every set of the shim's events recorded (`UST_SETS=each`: with each set alone): output, exit code and descriptor numbers are those of the
//! program alone, nothing is lost, and babeltrace2 reads the whole trace.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::recording::Recording;
use ust_acceptance::undisturbed::{self, Sets};
use ust_acceptance::{shim, skip};
use ust_test_support::command::{Finished, Running};

/// Runs a program alone and recorded.
#[track_caller]
fn assert_undisturbed(program: &Path, arguments: &[&str], least: u64) {
    let alone = Running::start(Command::new(program).args(arguments)).wait();
    for sets in Sets::in_turn() {
        let name = format!("{} with {}", program.display(), sets.name());
        assert_as_alone(&name, &alone, sets.recording(program, arguments), sets.least(least));
    }
}

/// A recording changes nothing, and loses nothing.
#[track_caller]
fn assert_as_alone(name: &str, alone: &Finished, recording: Recording, least: u64) {
    let recorded = recording.run();
    undisturbed::assert_same(name, alone, &recorded.finished);
    undisturbed::assert_complete(name, &recorded, least);
}

/// The same for a command of the system's, if it is here.
#[track_caller]
fn assert_command_undisturbed(command: &str, arguments: &[&str], least: u64) {
    let places = ["/usr/bin", "/bin", "/usr/sbin"].map(|place| Path::new(place).join(command));
    match places.iter().find(|path| path.exists()) {
        Some(program) => assert_undisturbed(program, arguments, least),
        None => skip::skipped(&format!("{command} is not here")),
    }
}

/// The judges, the shim, and a directory; `None`, with a line that says so, where the judges are missing.
fn prepared() -> Option<TempDir> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    Some(tempfile::tempdir().expect("a directory"))
}

#[test]
fn interpreters_and_shells_are_undisturbed() {
    let Some(_dir) = prepared() else { return };
    assert_command_undisturbed(
        "bash",
        &["-c", "for i in 1 2 3; do (echo $i | cat); done; ls /nowhere; exit 7"],
        1_000,
    );
    let python = "import threading, subprocess, mmap, signal, socket, os\n\
                  print(subprocess.check_output(['echo', 'child']))\n\
                  threads = [threading.Thread(target=print, args=(i,)) for i in range(3)]\n\
                  [(t.start(), t.join()) for t in threads]\n\
                  a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))\n\
                  signal.signal(signal.SIGUSR1, lambda *_: print('signal')); os.kill(os.getpid(), signal.SIGUSR1)\n\
                  print(os.fork() and os.wait()[1])\n";
    assert_command_undisturbed("python3", &["-c", python], 5_000);
    let perl = "open F, '<', '/etc/passwd'; while (<F>) { $n++ } print \"$n\\n\"; system 'echo sys'; print `echo back`; exit 3";
    assert_command_undisturbed("perl", &["-e", perl], 500);
}

#[test]
fn tools_are_undisturbed() {
    let Some(dir) = prepared() else { return };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/allocates.c");
    let source = source.to_str().expect("a path of ours");
    let object = dir.path().join("object.o");
    assert_command_undisturbed(
        "gcc",
        &["-O1", "-w", "-c", "-o", object.to_str().expect("a path of ours"), source],
        10_000,
    );
    assert_command_undisturbed(
        "sh",
        &["-c", &format!("gzip -9 < {source} | gunzip | md5sum")],
        200,
    );
    assert_command_undisturbed("sh", &["-c", "tar cf - -C /etc apt | md5sum"], 200);
    assert_command_undisturbed(
        "git",
        &["-C", env!("CARGO_MANIFEST_DIR"), "log", "--oneline", "-5"],
        100,
    );
}

/// Each of these starts others, in which most of the work is done. `{dir}` is a directory of its own for each run. (The shim's
/// descriptors have numbers from 960 on.)
#[test]
fn programs_that_start_many_others_are_undisturbed() {
    let Some(_dir) = prepared() else { return };
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let sources = env!("CARGO_MANIFEST_DIR");
    for (command, script, least) in [
        (
            "git",
            format!(
                "git clone -q --no-local --depth 20 file://{repository} {{dir}}/clone && cd {{dir}}/clone && \
                 git gc -q && git fsck --no-progress && git log --stat -3 | md5sum && git status -s && git grep -c fn | md5sum"
            ),
            10_000,
        ),
        (
            "tar",
            format!(
                "tar -czf {{dir}}/all.tar.gz -C {sources} src tests c && mkdir {{dir}}/out && \
                 tar -xzf {{dir}}/all.tar.gz -C {{dir}}/out && diff -r {sources}/src {{dir}}/out/src && \
                 cd {{dir}}/out && find . | sort | md5sum && rm -r {{dir}}/out"
            ),
            2_000,
        ),
        (
            "bash",
            "sum=0; for i in {1..40}; do ( ((i % 7)) && exit $i; exec true ) & jobs+=\" $!\"; done; \
             for job in $jobs; do wait $job; sum=$((sum + $?)); done; echo $sum; \
             seq 100 | while read n; do echo $((n * n)); done | tail -1; \
             coproc cat; echo back >&${COPROC[1]}; read -u ${COPROC[0]} line; echo $line; \
             trap 'echo trapped' USR1; kill -USR1 $$; diff <(seq 3) <(seq 4); ls /proc/self/fd | awk '$1 < 900'"
                .to_owned(),
            2_000,
        ),
    ] {
        if !skip::has(command, &["--version"]) {
            continue;
        }
        let dir = tempfile::tempdir().expect("a directory");
        let in_dir = |name: &str| {
            let dir = dir.path().join(name);
            std::fs::create_dir(&dir).expect("a new one");
            script.replace("{dir}", dir.to_str().expect("temporary paths are text"))
        };
        let alone = Running::start(Command::new("bash").args(["-c", &in_dir("alone")])).wait();
        assert!(!alone.stdout.is_empty(), "{command}: {}", alone.stderr);
        for sets in Sets::in_turn() {
            let name = format!("{command} with {}", sets.name());
            let recording = sets.recording(Path::new("bash"), &["-c", &in_dir(sets.name())]);
            assert_as_alone(&name, &alone, recording, sets.least(least));
        }
    }
}

#[test]
fn a_database_is_undisturbed() {
    let Some(dir) = prepared() else { return };
    let inserts = (0..2_000).map(|row| format!("insert into t values({row}, 'row {row}');\n"));
    let script = format!(
        "create table t(a, b); begin;\n{}commit; select count(*), sum(a) from t;\n",
        inserts.collect::<String>()
    );
    let file = dir.path().join("script.sql");
    std::fs::write(&file, script).expect("a file");
    assert_command_undisturbed(
        "sqlite3",
        &[":memory:", &format!(".read {}", file.display())],
        50_000,
    );
}

#[test]
fn a_virtual_machine_is_undisturbed() {
    let Some(_dir) = prepared() else { return };
    assert_command_undisturbed("java", &["-Xshare:auto", "-version"], 5_000);
    if skip::has("javac", &["-version"]) {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/c/Faults.java");
        assert_command_undisturbed("java", &[program], 100_000);
    }
}

#[test]
fn exceptions_and_descriptor_numbers_are_the_program_s() {
    let Some(dir) = prepared() else { return };
    assert_undisturbed(&shim::compiled(dir.path(), "numbers", &[]), &[], 4);
    let throws: PathBuf = dir.path().join("throws");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/throws.cc");
    if !skip::has("c++", &["--version"]) {
        return;
    }
    let status =
        Command::new("c++").args(["-O1", "-pthread", "-o"]).arg(&throws).arg(source).status();
    assert!(status.expect("there is a compiler").success());
    assert_undisturbed(&throws, &[], 4_000);
}

/// An allocator that is preloaded beside the shim stands behind it.
#[test]
fn a_preloaded_allocator_is_undisturbed() {
    let Some(dir) = prepared() else { return };
    let jemalloc = Path::new("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2");
    if !jemalloc.exists() {
        skip::skipped("libjemalloc2 is not here");
        return;
    }
    let program = shim::compiled(dir.path(), "allocates", &[]);
    let script =
        format!("LD_PRELOAD=$LD_PRELOAD:{} exec {} 2 100", jemalloc.display(), program.display());
    assert_undisturbed(Path::new("/bin/sh"), &["-c", &script], 2_000);
}
