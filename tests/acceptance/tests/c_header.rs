//! `ust.h` as compilers see it: every standard takes it without a warning, and its structures stay what they were.

use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::{judge, shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Running, run};

const C: [&str; 4] = ["c99", "c11", "c17", "gnu17"];
const CXX: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

/// Compiles a source in each of these standards, with and without optimisation.
#[track_caller]
fn assert_compiles(compiler: &str, standards: &[&str], source: &str, more: &[&str]) {
    if !skip::has(compiler, &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    for standard in standards {
        for optimised in ["-O0", "-O2"] {
            let mut command = Command::new(compiler);
            command.arg(format!("-std={standard}")).args([optimised, "-Werror", shim::HEADER]);
            command.args(["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]).args(more);
            command.arg("-c").arg(shim::source(source)).arg("-o").arg(dir.path().join("object"));
            let finished = run(&mut command);
            assert_eq!(finished.code(), 0, "{compiler} -std={standard} {}", finished.stderr);
        }
    }
}

#[test]
fn gcc_and_clang_take_it_as_each_c() {
    for compiler in ["gcc", "clang"] {
        assert_compiles(compiler, &C, "header_in_c.c", &["-Wmissing-prototypes", "-Wundef"]);
        assert_compiles(compiler, &C[..1], "header_in_c.c", &["-fPIC"]);
        assert_compiles(compiler, &C[..1], "header_in_c.c", &["-DUST_DISABLE"]);
    }
}

#[test]
fn gcc_and_clang_take_it_as_each_cxx() {
    for compiler in ["g++", "clang++"] {
        assert_compiles(compiler, &CXX, "tracepoints_cxx.cpp", &["-Wold-style-cast"]);
        assert_compiles(compiler, &CXX[..1], "tracepoints_cxx.cpp", &["-fPIC"]);
        assert_compiles(compiler, &CXX[..1], "tracepoints_cxx.cpp", &["-DUST_DISABLE"]);
    }
}

/// Programs that were compiled with this version meet later shims.
#[test]
fn its_structures_are_those_of_version_1() {
    if !skip::has("cc", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "layout", &[shim::HEADER]);
    let layout = run(&mut Command::new(program)).stdout;
    let frozen = include_str!("../../fixtures/c-api-1/layout.txt");
    assert!(
        layout == frozen,
        "what stands there may not change; what is appended raises UST_API_MINOR_ and goes into the fixture:\n{layout}"
    );
}

#[test]
fn without_the_shim_a_program_runs_as_ever() {
    if !skip::has("cc", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    for options in
        [&[shim::HEADER][..], &[shim::HEADER, "-static"], &[shim::HEADER, "-DUST_DISABLE"]]
    {
        let program = shim::compiled(dir.path(), "tracepoints", options);
        let finished = Running::start(&mut Command::new(&program)).wait();
        assert_eq!((finished.code(), &*finished.stdout), (0, "off\n"), "{options:?}");
    }
}

/// The end of a span that has not begun would be anything: the compiler must refuse the jump.
#[test]
fn a_jump_past_a_span_is_refused() {
    for compiler in ["gcc", "clang"] {
        if !skip::has(compiler, &["--version"]) {
            continue;
        }
        let mut command = Command::new(compiler);
        command.args([shim::HEADER, "-fsyntax-only"]).arg(shim::source("jumps_past_span.c"));
        assert_ne!(run(&mut command).code(), 0, "{compiler}");
        // clang refuses it by itself.
        let is_refused_without_guard = run(command.arg("-DUST_NO_GUARD")).code() != 0;
        assert_eq!(is_refused_without_guard, compiler == "clang");
    }
}

/// Installs what was built, below `stage` if that is given, and lets `pkg-config` look there.
#[track_caller]
fn installed(prefix: &Path, stage: Option<&Path>) -> Command {
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ust-preload/install.sh");
    let mut command = Command::new(install);
    command.arg(prefix);
    // Where these very binaries were built.
    let built = binaries::directory();
    command.env("CARGO_TARGET_DIR", built.parent().expect("a directory of profiles"));
    let mut pkg_config = Command::new("pkg-config");
    if let Some(stage) = stage {
        let (parent, name) = (stage.parent().expect("a directory"), stage.file_name());
        command.current_dir(parent).env("DESTDIR", name.expect("a name"));
        pkg_config.env("PKG_CONFIG_SYSROOT_DIR", stage);
    }
    run(&mut command).succeeded();
    pkg_config.args(["--cflags", "ust"]);
    pkg_config.env("PKG_CONFIG_PATH", place_of(prefix, stage).join("lib/pkgconfig"));
    pkg_config
}

/// Where a prefix's files are.
fn place_of(prefix: &Path, stage: Option<&Path>) -> PathBuf {
    let below = |stage: &Path| stage.join(prefix.strip_prefix("/").expect("an absolute path"));
    stage.map_or_else(|| prefix.to_owned(), below)
}

/// As README says, without cargo: everything is found where it was put, be it where a package is built.
#[test]
fn what_is_installed_finds_itself() {
    if !skip::judges_are_here() || !skip::has("pkg-config", &["--version"]) {
        return;
    }
    shim::built();
    let (_, _) = (binaries::ust(), binaries::ustconsumerd());
    let dir = tempfile::tempdir().expect("a directory");
    let [prefix, later, stage] = ["prefix", "later", "stage"].map(|name| dir.path().join(name));
    for (prefix, stage) in [(&prefix, None), (&later, Some(&*stage))] {
        let found = run(&mut installed(prefix, stage)).succeeded().stdout;
        let place = place_of(prefix, stage);
        let program = shim::compiled(&place, "tracepoints", &[found.trim()]);
        let trace = place.join("trace");
        let mut record = Command::new(place.join("bin/ust"));
        record.arg("record").arg("-o").arg(&trace).arg("--").arg(program);
        let finished = run(&mut record);
        assert_eq!((finished.code(), &*finished.stdout), (0, "on\n"), "{}", finished.stderr);
        assert!(judge::count(&trace) > 10);
    }
    // Nothing but what was staged, and it says where it will be.
    assert!(!later.exists());
    let description = place_of(&later, Some(&stage)).join("lib/pkgconfig/ust.pc");
    let description = std::fs::read_to_string(description).expect("it is installed");
    assert!(description.contains(&format!("prefix={}\n", later.display())), "{description}");
}

/// The lines for CMake are read out of docs/c.md, so what stands there builds.
#[test]
fn cmake_finds_it_as_the_page_says() {
    if !skip::judges_are_here() || !skip::has("pkg-config", &["--version"]) {
        return;
    }
    if !skip::has("cmake", &["--version"]) {
        return;
    }
    shim::built();
    let (_, _) = (binaries::ust(), binaries::ustconsumerd());
    let dir = tempfile::tempdir().expect("a directory");
    let prefix = dir.path().join("prefix");
    run(&mut installed(&prefix, None)).succeeded();
    let lines: String = include_str!("../../../docs/c.md")
        .lines()
        .skip_while(|line| line.trim() != "find_package(PkgConfig REQUIRED)")
        .take_while(|line| !line.is_empty())
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    assert!(lines.contains("target_link_libraries(shop "), "{lines}");
    let source = shim::source("tracepoints.c");
    let source = source.display();
    let list = format!(
        "cmake_minimum_required(VERSION 3.10)\nproject(shop C)\nadd_executable(shop {source})\n{lines}"
    );
    std::fs::write(dir.path().join("CMakeLists.txt"), list).expect("there is room");
    let built = dir.path().join("built");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(dir.path()).arg("-B").arg(&built);
    configure.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    run(&mut configure).succeeded();
    run(Command::new("cmake").arg("--build").arg(&built)).succeeded();
    let trace = dir.path().join("trace");
    let mut record = Command::new(prefix.join("bin/ust"));
    record.arg("record").arg("-o").arg(&trace).arg("--").arg(built.join("shop"));
    let finished = run(&mut record);
    assert_eq!((finished.code(), &*finished.stdout), (0, "on\n"), "{}", finished.stderr);
    assert!(judge::count(&trace) > 10);
}
