//! Another user plants links where this user's files are to be. Nothing is written through them, and what is refused is
//! named.
//!
//! Each test has a victim's file or directory beside, which does not change. The links belong to another user
//! where the test can arrange that (as root), and lie in directories that others may write to.

use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use ust_acceptance::daemon::Site;
use ust_test_support::binaries;
use ust_test_support::command::{Finished, Running};
use ust_test_support::wait::wait_until;

const NOBODY: u32 = 65534;

const SECRET: &str = "secret";

/// The victim, which must not change: a directory of this user's alone, with a file in it.
struct Victim {
    dir: PathBuf,
}

impl Victim {
    fn new(site: &Site) -> Self {
        let dir = site.path("victim");
        make_dir(&dir, 0o700);
        std::fs::write(dir.join("file"), SECRET).expect("it can be written");
        Self { dir }
    }

    fn file(&self) -> PathBuf {
        self.dir.join("file")
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert_eq!(names_in(&self.dir), ["file"]);
        assert_eq!(std::fs::read_to_string(self.file()).expect("it can be read"), SECRET);
    }
}

fn make_dir(path: &Path, mode: u32) {
    std::fs::create_dir(path).expect("it can be made");
    set_mode(path, mode);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("it can be listed");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A link that belongs to another user, if this user can give it away.
fn plant(target: &Path, link: &Path) {
    symlink(target, link).expect("it can be made");
    let _ = lchown(link, Some(NOBODY), Some(NOBODY));
}

/// A directory in which others may make things, as in /tmp, and exchange them without the sticky bit.
fn others_dir(site: &Site, mode: u32) -> PathBuf {
    let dir = site.path(&format!("others-{mode:o}"));
    make_dir(&dir, mode);
    let _ = chown(&dir, Some(NOBODY), Some(NOBODY));
    dir
}

#[track_caller]
fn assert_refused(finished: &Finished, code: i32, about: &Path) {
    let Finished { stderr, .. } = finished;
    assert_eq!(finished.code(), code, "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(about.to_str().expect("text")), "{stderr}");
}

/// Runs a command with a runtime directory of its own.
fn run_in(site: &Site, runtime: &Path, binary: PathBuf, arguments: &[&str]) -> Finished {
    let mut command = site.command(&binary);
    command.args(arguments).env(ust_core::paths::RUNTIME_DIR_VARIABLE, runtime);
    ust_test_support::command::run(&mut command)
}

/// A daemon that is to refuse its runtime directory. If it serves there instead, it is killed, which is another end.
fn daemon_in(site: &Site, runtime: &Path, arguments: &[&str]) -> Finished {
    let mut command = site.command(&binaries::ustconsumerd());
    command.args(arguments).env(ust_core::paths::RUNTIME_DIR_VARIABLE, runtime);
    let mut daemon = Running::start(&mut command);
    wait_until("the daemon's end, or its answer", || {
        let serves = || UnixStream::connect(runtime.join("control.sock")).is_ok();
        (!daemon.is_running() || serves()).then_some(())
    });
    if daemon.is_running() {
        daemon.signal(libc::SIGKILL);
    }
    daemon.wait()
}

/// Rounds of its event loop after which a daemon has noticed everything that it looks for in each round.
const ROUNDS: u64 = 1000;

/// Waits for what a daemon does by itself with its flush timer. Gives up once the daemon has slept so often.
fn wait_for_rounds(daemon: &Running, what: &str, mut is_there: impl FnMut() -> bool) {
    let slept = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid()));
        let status = status.expect("it runs");
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.expect("the kernel counts").trim().parse::<u64>().expect("a number")
    };
    let begin = slept();
    wait_until(what, || {
        let rounds = slept() - begin;
        let is_there = is_there();
        assert!(is_there || rounds < ROUNDS, "{rounds} rounds, and no {what}");
        is_there.then_some(())
    });
}

#[test]
fn a_runtime_directory_that_is_a_link_is_refused_by_everybody() {
    let site = Site::new();
    let victim = Victim::new(&site);
    let one_event = binaries::program("one_event");
    let record = ["record", "-o", "out", "--", one_event.to_str().expect("text")];
    for mode in [0o1777, 0o755] {
        let runtime = others_dir(&site, mode).join("ust-0");
        plant(&victim.dir, &runtime);
        assert_refused(&daemon_in(&site, &runtime, &[]), 111, &runtime);
        for command in [&["status"][..], &["create", "mine"], &record] {
            assert_refused(&run_in(&site, &runtime, binaries::ust(), command), 111, &runtime);
        }
        let program = run_in(&site, &runtime, one_event.clone(), &[]);
        assert_eq!((program.code(), &*program.stderr), (0, ""));
        victim.assert_untouched();
        assert!(!site.path("out").exists());
    }
}

/// Another user owns the directory above, and exchanges the runtime directory for the victim's directory, not for a link.
#[test]
fn a_directory_that_others_can_exchange_holds_nothing_of_somebody_else_s() {
    let site = Site::new();
    let victim = Victim::new(&site);
    let others = others_dir(&site, 0o777);
    let runtime = others.join("ust-0");
    std::fs::rename(&victim.dir, &runtime).expect("they may");
    let victim = Victim { dir: runtime.clone() };
    let created = run_in(&site, &runtime, binaries::ust(), &["create", "mine"]);
    for finished in [daemon_in(&site, &runtime, &[]), created] {
        assert_refused(&finished, 111, &runtime);
        assert!(finished.stderr.contains("chmod go-w"), "{}", finished.stderr);
    }
    run_in(&site, &runtime, binaries::program("one_event"), &[]).succeeded();
    victim.assert_untouched();
}

/// In the directory itself, before a daemon comes and while it serves.
#[test]
fn what_is_planted_in_the_runtime_directory_is_not_written_through() {
    let site = Site::new();
    let victim = Victim::new(&site);
    let runtime = site.runtime_dir();
    make_dir(&runtime, 0o700);
    for name in ["rules", "rules.new", "agent.sock", "control.sock"] {
        plant(&victim.file(), &runtime.join(name));
    }
    let daemon = site.daemon(&[]);
    victim.assert_untouched();
    for name in ["rules.new", "rules"] {
        let _ = std::fs::remove_file(runtime.join(name));
        plant(&victim.file(), &runtime.join(name));
        site.start_session("mine", "*");
        victim.assert_untouched();
        site.end_session("mine");
        assert!(!runtime.join("rules").is_symlink(), "{name}");
        std::fs::remove_dir_all(site.path("mine")).expect("it is ours");
    }
    daemon.signal(libc::SIGTERM);
    daemon.wait().succeeded();
    victim.assert_untouched();
}

#[test]
fn a_lock_or_a_wake_word_that_is_a_link_is_refused_by_name() {
    for name in ["lock", "wake"] {
        for hard in [false, true] {
            let site = Site::new();
            let victim = Victim::new(&site);
            let runtime = site.runtime_dir();
            make_dir(&runtime, 0o700);
            match hard {
                true => std::fs::hard_link(victim.file(), runtime.join(name)).expect("it can"),
                false => plant(&victim.file(), &runtime.join(name)),
            }
            let finished = daemon_in(&site, &runtime, &[]);
            assert_refused(&finished, 125, &runtime);
            assert!(finished.stderr.contains("remove it"), "{}", finished.stderr);
            run_in(&site, &runtime, binaries::program("one_event"), &[]).succeeded();
            victim.assert_untouched();
        }
    }
}

/// While the daemon serves, its directory is exchanged for a link. What it publishes goes into the directory that it holds.
#[test]
fn a_directory_that_is_exchanged_for_a_link_under_the_daemon_is_not_followed() {
    let site = Site::new();
    let victim = Victim::new(&site);
    let runtime = site.runtime_dir();
    let log = site.path("log");
    let daemon = site.daemon(&["--flush-interval", "10", "--log", log.to_str().expect("text")]);
    std::fs::rename(&runtime, site.path("moved")).expect("it is ours");
    plant(&victim.dir, &runtime);
    wait_for_rounds(&daemon, "word of it in the log", || {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        log.contains("was exchanged for another") && log.contains("is a symbolic link")
    });
    victim.assert_untouched();
    // It is made anew as soon as that is possible.
    std::fs::remove_file(&runtime).expect("it is ours");
    wait_for_rounds(&daemon, "daemon's answer", || site.ust(&["status"]).status.success());
    daemon.signal(libc::SIGTERM);
    daemon.wait().succeeded();
    assert_eq!(names_in(&site.path("moved")), ["lock", "wake"]);
    victim.assert_untouched();
}

/// Another user's program listens where the daemon did.
#[test]
fn a_process_hands_its_memory_to_nobody_of_another_user() {
    let site = Site::new();
    let runtime = site.runtime_dir();
    // The daemon does not look at its directory meanwhile.
    let _daemon = site.daemon(&["--flush-interval", "3600000"]);
    site.start_session("mine", "*");
    if !ust_acceptance::skip::has("setpriv", &["--reuid=65534", "/usr/bin/python3", "--version"]) {
        return;
    }
    // Another user's socket in the daemon's place. Root can put it there.
    std::fs::remove_file(runtime.join("agent.sock")).expect("it is ours");
    set_mode(&site.path(""), 0o755);
    set_mode(&runtime, 0o777);
    let stranger = "import socket, sys, time\n\
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n\
        s.bind(sys.argv[1]); s.listen(64); print('listening', flush=True)\n\
        c, _ = s.accept(); c.settimeout(60)\n\
        print('heard', len(c.recv(65536)), flush=True); time.sleep(600)";
    let mut command = std::process::Command::new("setpriv");
    command.args([
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "/usr/bin/python3",
        "-c",
        stranger,
    ]);
    let running = Running::start(command.arg(runtime.join("agent.sock")));
    wait_until("a stranger's socket", || running.stdout().contains("listening").then_some(()));
    set_mode(&runtime, 0o700);
    site.program("one_event", &[]).wait().succeeded();
    wait_until("a connection", || running.stdout().contains("heard").then_some(()));
    assert!(running.stdout().contains("heard 0"), "{}", running.stdout());
}

/// Where an output directory's path leads is found out step by step.
#[test]
fn an_output_directory_is_not_reached_through_a_link_that_others_could_lay() {
    let site = Site::new();
    let victim = Victim::new(&site);
    std::fs::remove_file(victim.file()).expect("it is ours");
    let one_event = binaries::program("one_event");
    let one_event = one_event.to_str().expect("text");
    let _daemon = site.daemon(&[]);
    for mode in [0o1777, 0o777] {
        let link = others_dir(&site, mode).join("out");
        plant(&victim.dir, &link);
        for output in [link.clone(), link.join("below")] {
            let text = output.to_str().expect("text");
            for command in [&["create", "mine", "-o", text][..], &["record", "-o", text, one_event]]
            {
                assert_refused(&site.ust(command), 115, &link);
            }
        }
        assert_eq!(names_in(&victim.dir), [""; 0]);
    }
    // This user's link, where no other user may write.
    let own = site.path("own");
    make_dir(&own, 0o755);
    symlink(&victim.dir, own.join("out")).expect("it can be made");
    let through = own.join("out/trace");
    site.ust(&["record", "-o", through.to_str().expect("text"), one_event]).succeeded();
    assert_eq!(names_in(&victim.dir.join("trace")).len(), 1);
}

/// The output directory lies where other users may write. One of them puts a link in its place while a session writes to
/// it.
#[test]
fn an_output_directory_that_is_exchanged_for_a_link_is_not_followed() {
    let site = Site::new();
    let victim = Victim::new(&site);
    let _daemon = site.daemon(&[]);
    let out = site.start_session("mine", "*");
    site.program("one_event", &[]).wait().succeeded();
    std::fs::rename(&out, site.path("moved")).expect("it is ours");
    plant(&victim.dir, &out);
    site.program("one_event", &[]).wait().succeeded();
    let destroyed = site.ust(&["destroy", "mine"]);
    assert_eq!(destroyed.code(), 1, "{destroyed:?}");
    assert!(destroyed.stderr.contains("was moved"), "{destroyed:?}");
    victim.assert_untouched();
    assert_eq!(names_in(&site.path("moved")).len(), 2);
}

/// What another user has put in the place of a file: a link of either kind, and a pipe.
fn plant_for_a_file(victim: &Victim, path: &Path) -> Vec<Box<dyn Fn()>> {
    let (file, path) = (victim.file(), path.to_owned());
    let [by_link, by_name, pipe] = [(); 3].map(|()| path.clone());
    let to = file.clone();
    vec![
        Box::new(move || plant(&to, &by_link)),
        Box::new(move || std::fs::hard_link(&file, &by_name).expect("it is ours")),
        Box::new(move || {
            rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o622.into()).expect("it can be made");
            let _ = chown(&pipe, Some(NOBODY), Some(NOBODY));
        }),
    ]
}

/// Files that the user names, in a directory where others may write.
#[test]
fn a_log_or_a_summary_is_not_written_to_what_others_have_planted() {
    let site = Site::new();
    let victim = Victim::new(&site);
    let one_event = binaries::program("one_event");
    let one_event = one_event.to_str().expect("text");
    site.ust(&["record", "-o", "trace", one_event]).succeeded();
    for mode in [0o1777, 0o777] {
        let path = others_dir(&site, mode).join("file");
        let text = path.to_str().expect("text");
        for plant in plant_for_a_file(&victim, &path) {
            plant();
            // An open that waits for a reader finds one: what writes to it comes to an end.
            let is_pipe = !path.is_symlink() && !path.is_file();
            let reader = std::fs::OpenOptions::new().read(true).write(true).open(&path);
            let _reader = reader.ok().filter(|_| is_pipe);
            let recorded = site.ust(&["record", "-o", "out", "--summary", text, one_event]);
            let recovered = site.ust(&["recover", "trace", "-o", "out", "--summary", text]);
            let joined = site.ust(&["join", "trace", "-o", "out", "--summary", text]);
            let daemon = daemon_in(&site, &site.runtime_dir(), &["--log", text]);
            for finished in [recorded, recovered, joined, daemon] {
                assert_refused(&finished, 125, &path);
                assert!(finished.stderr.contains("remove"), "{}", finished.stderr);
            }
            victim.assert_untouched();
            assert!(!site.path("out").exists());
            std::fs::remove_file(&path).expect("it is ours");
        }
        // Where there is nothing, one is made, and used again.
        for times in 1..=2 {
            let out = format!("out-{mode:o}-{times}");
            site.ust(&["record", "-o", &out, "--summary", text, one_event]).succeeded();
            assert!(std::fs::read_to_string(&path).expect("it is there").contains("recorded"));
        }
    }
    // A link of this user's where no other user may write, and a file that the program has open.
    let own = site.path("own.json");
    symlink("elsewhere.json", &own).expect("it can be made");
    let own = own.to_str().expect("text");
    site.ust(&["record", "-o", "followed", "--summary", own, one_event]).succeeded();
    assert!(site.path("elsewhere.json").is_file());
    let shown = site.ust(&["record", "-o", "shown", "--summary", "/dev/stdout", one_event]);
    assert!(shown.succeeded().stdout.contains("recorded"));
}

/// Another user leads a command that reads to another file: the command refuses, and makes nothing.
#[test]
fn what_is_read_is_not_reached_through_a_link_that_others_could_lay() {
    let site = Site::new();
    let one_event = binaries::program("one_event");
    site.ust(&["record", "-o", "trace", one_event.to_str().expect("text")]).succeeded();
    let folders = names_in(&site.path("trace"));
    let others = others_dir(&site, 0o1777);
    let link = others.join("trace");
    plant(&site.path("trace"), &link);
    let below = link.join(&folders[0]);
    for path in [&link, &below] {
        let text = path.to_str().expect("text");
        for command in
            [&["view", text][..], &["join", text, "-o", "out"], &["recover", text, "-o", "out"]]
        {
            let finished = site.ust(command);
            assert_refused(&finished, 1, &link);
            assert!(finished.stderr.contains("give its own path"), "{}", finished.stderr);
            assert!(finished.stdout.is_empty() && !site.path("out").exists());
        }
    }
    for command in ["join", "recover"] {
        plant(&site.path("trace"), &others.join(command));
        let output = others.join(command).join("out");
        let finished = site.ust(&[command, "trace", "-o", output.to_str().expect("text")]);
        assert_refused(&finished, 115, &others.join(command));
    }
    assert_eq!(names_in(&site.path("trace")), folders);
    // In the trace itself: a file is a link to one of another trace.
    let stream = site.path("trace").join(&folders[0]).join("channel0_0");
    std::fs::rename(&stream, site.path("secret")).expect("it is ours");
    plant(&site.path("secret"), &stream);
    for command in [&["view", "trace"][..], &["join", "trace", "-o", "joined"]] {
        let finished = site.ust(command);
        assert_eq!(finished.code(), 1, "{finished:?}");
        assert!(finished.stderr.contains("a symbolic link, which is not followed"), "{finished:?}");
        assert!(!finished.stdout.contains("one_event"), "{finished:?}");
    }
    let recovered = site.ust(&["recover", "trace", "-o", "recovered"]);
    assert!(recovered.stderr.contains("a symbolic link"), "{recovered:?}");
    // Rings that were left behind: the file that says what they are.
    make_dir(&site.path("rings"), 0o700);
    plant(&site.path("secret"), &site.path("rings/session"));
    let recovered = site.ust(&["recover", "rings", "-o", "recovered"]);
    assert_eq!(recovered.code(), 1, "{recovered:?}");
    assert!(recovered.stderr.contains("rings/session: a symbolic link"), "{recovered:?}");
}
