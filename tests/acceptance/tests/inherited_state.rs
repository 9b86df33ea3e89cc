//! A recorded program inherits what it would inherit without `ust`: signals, descriptors, limits, priorities, environment.
//! Only the place of the rules is added.

use std::path::Path;
use std::process::Command;
use ust_test_support::binaries;
use ust_test_support::command::{Finished, run};

/// What a shell does before it becomes the program, and the command that it needs for that.
const SETTINGS: [&str; 15] = [
    r#"exec "$@""#,
    r#"exec env --ignore-signal=CHLD "$@""#,
    r#"exec env --ignore-signal=PIPE "$@""#,
    r#"exec env --ignore-signal=HUP,INT,QUIT,TERM,XFSZ,BUS,SEGV,USR1,URG "$@""#,
    r#"exec env --default-signal=PIPE --block-signal=TERM,INT,CHLD,BUS,USR2,PIPE "$@""#,
    r#"umask 077; exec "$@""#,
    r#"exec "$@" <&-"#,
    r#"exec "$@" <&- >&- 2>&-"#,
    r#"exec "$@" 7</dev/null 12>/dev/null"#,
    r#"ulimit -Sn 64; exec "$@""#,
    r#"ulimit -n 100 -c 0 -f 100000 -s 4096; exec "$@""#,
    r#"exec nice -n 7 "$@""#,
    r#"exec chrt --batch 0 "$@""#,
    r#"exec setpriv --no-new-privs "$@""#,
    r#"exec env Z=1 A=2 UST_RUNTIME_DIR=elsewhere B= "$@""#,
];

/// Runs `command` below a shell that sets things up; what the program reports.
fn report(dir: &Path, setting: &str, name: &str, command: &mut Vec<String>) -> (Finished, String) {
    let path = dir.join(name);
    command.push(path.display().to_string());
    command.extend(["an argument".to_owned(), String::new()]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", setting, "sh"]).args(command).current_dir(dir);
    let finished = run(&mut shell);
    let report = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{setting}: no report: {error}: {finished:?}"));
    let is_ours = |line: &&str| !line.starts_with("environment: \"UST_RUNTIME_DIR=");
    let lines: Vec<&str> = report.lines().filter(is_ours).collect();
    (finished, lines.join("\n"))
}

#[test]
fn what_exec_hands_on_is_what_the_program_would_have_without_ust() {
    let dir = tempfile::Builder::new().prefix("ust-acceptance-").tempdir().expect("a directory");
    let program = binaries::program("inherits").display().to_string();
    for (index, setting) in SETTINGS.into_iter().enumerate() {
        let mut alone = vec![program.clone()];
        let (finished, alone) = report(dir.path(), setting, "alone", &mut alone);
        assert_eq!(finished.code(), 0, "{setting}: {finished:?}");
        assert!(alone.contains("status: SigIgn:"), "{alone}");

        let output = format!("trace-{index}");
        let ust = binaries::ust().display().to_string();
        let mut recorded =
            vec![ust, "record".into(), "-o".into(), output, "--".into(), program.clone()];
        let (finished, recorded) = report(dir.path(), setting, "recorded", &mut recorded);
        assert_eq!(finished.code(), 0, "{setting}: {finished:?}");
        let differs =
            alone.lines().zip(recorded.lines()).find(|(alone, recorded)| alone != recorded);
        assert_eq!(differs, None, "{setting}");
        assert_eq!(
            alone.lines().count(),
            recorded.lines().count(),
            "{setting}\n{alone}\n{recorded}"
        );
        let closing = "0 events recorded, 0 lost, 0 processes";
        assert!(
            setting.contains("2>&-") || finished.stderr.contains(closing),
            "{setting}: {finished:?}"
        );
    }
}

/// The daemon waits for a child when it goes into the background.
#[test]
fn a_daemon_comes_up_where_its_parent_ignores_the_end_of_children() {
    let site = ust_acceptance::daemon::Site::new();
    let mut env = site.command(Path::new("/usr/bin/env"));
    env.arg("--ignore-signal=CHLD")
        .arg("--block-signal=TERM")
        .arg(binaries::ustconsumerd())
        .arg("--daemonize");
    run(&mut env).succeeded();
    let status = site.ust(&["status"]).succeeded().stdout;
    let pid = status.split_whitespace().nth(1).and_then(|pid| pid.parse().ok());
    ust_test_support::command::send_signal(pid.expect("the status names it"), libc::SIGTERM);
    ust_test_support::wait::wait_until("the daemon's end", || {
        (site.ust(&["status"]).code() == 110).then_some(())
    });
}
