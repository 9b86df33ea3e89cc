//! Names that a hostile process, client or trace chooses, and counters near their end, through every command: output
//! gives no orders to a terminal and forges no line, and sums do not wrap.

mod common;

use common::Sandbox;
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{SendFlags, SocketAddrUnix};
use std::path::Path;
use ust_core::abi::{
    Buffers, CLASS_LOG_OFFSET, ClassEntry, Geometry, Mode, PROCESS_FILE_BYTES, ProcessHeader,
    RingFileHeader, RingFileShape,
};
use ust_core::clock::ClockKind;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::{Block, ClassBody, Rules, ToDaemon, decode, encode};
use ust_core::ring::RingMemory;
use ust_core::shm::{Mapping, memfd};
use ust_core::socket;
use ust_core::stream::Stream;
use ust_core::sync::{AtomicU32, Local, Ordering};
use ust_core::wire::FieldType;
use ust_test_support::command::{Finished, run};
use ust_test_support::wait::until;

/// Colours the terminal, renames its window, begins a line, turns text round.
const HOSTILE: &str = "\x1b[31mn\x1b]0;t\x07\nust: forged\r\u{202e}\u{9b}\u{2028}";

/// The output has nothing that a terminal obeys, and no line that a name has begun.
#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let orders: Vec<char> = text.chars().filter(|c| is_order(*c)).collect();
    assert_eq!(orders, [], "{what}: {text}");
    let forged = text.lines().any(|line| line.starts_with("ust: forged"));
    assert!(!forged, "{what}: {text}");
}

fn is_order(c: char) -> bool {
    c != '\n' && (c.is_control() || "\u{202e}\u{2028}\u{fffd}".contains(c))
}

/// Runs a command whose output must be harmless whatever its outcome.
#[track_caller]
fn harmless(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let ended = sandbox.run(arguments);
    assert_harmless(&format!("{arguments:?}"), &ended.stdout);
    assert_harmless(&format!("{arguments:?}"), &ended.stderr);
    ended
}

/// A process with any name that the test likes. It has two streams, each with one record.
struct Player {
    _process: Mapping,
    _rings: Mapping,
    _connection: OwnedFd,
}

impl Player {
    #[allow(unsafe_code)]
    fn play(sandbox: &Sandbox) -> Self {
        let dir = RuntimeDir::at(sandbox.runtime_dir());
        let rules: Rules = decode(&std::fs::read(dir.path().join("rules")).unwrap()).unwrap();
        let Block(channel) = &rules.channels[0];
        let process_uid = [7; 16];

        let process_fd = memfd::create(c"ust-process", PROCESS_FILE_BYTES).unwrap();
        let process = Mapping::new(&process_fd, PROCESS_FILE_BYTES).unwrap();
        let mut procname = [0; 16];
        procname.copy_from_slice(&HOSTILE.as_bytes()[..16]);
        let header = ProcessHeader::new(4321, process_uid, 0, procname);
        process.initialise(0, header).unwrap();
        add_class(&process);

        let geometry =
            Geometry::new(channel.subbuf_size_bytes, channel.subbuf_count.into()).unwrap();
        let shape = RingFileShape::of(geometry).unwrap();
        let ring_fd = memfd::create(c"ust-ring", shape.file_bytes()).unwrap();
        let rings = Mapping::new(&ring_fd, shape.file_bytes()).unwrap();
        let (buffers, mode) = (Buffers::PerThread, Mode::Discard);
        let header =
            RingFileHeader::new(geometry, buffers, mode, process_uid, channel.channel_uid, 0);
        let header = rings.initialise(0, header).unwrap();
        for number in 0..2 {
            let base = rings.base().wrapping_add(shape.stream_offset(number));
            // SAFETY: the mapping has that many streams, and outlives this one.
            let stream =
                unsafe { Stream::<Local>::new(base, geometry, mode, ClockKind::Monotonic) };
            let control = stream.words().control();
            control.initialise(geometry);
            stream.record(Local, 0, &(c"\x1b[31m\xff\"\n",), None).unwrap();
            for cause in 0..2 {
                control.lost[cause].store(u64::MAX - 3, Ordering::Relaxed);
            }
            header.streams_claimed.fetch_or(1 << number, Ordering::Release);
        }

        let address = SocketAddrUnix::new(dir.agent_socket()).unwrap();
        let connection = socket::connect_to(&address, true).unwrap();
        let say = |message: &ToDaemon, fds: &[&OwnedFd]| {
            let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
            socket::send(&connection, &encode(message), &fds, SendFlags::empty()).unwrap();
        };
        say(&ToDaemon::Introduction { process_uid }, &[&process_fd]);
        let channel_uid = channel.channel_uid;
        say(&ToDaemon::Handover { process_uid, channel_uid, file_index: 0 }, &[&ring_fd]);
        // The index of another stream: an error, which quotes the name.
        say(&ToDaemon::Handover { process_uid, channel_uid, file_index: 5000 }, &[&ring_fd]);
        Self { _process: process, _rings: rings, _connection: connection }
    }
}

/// Its one class, of number 0: every name in it is hostile.
fn add_class(process: &Mapping) {
    let body = ClassBody {
        provider: HOSTILE,
        name: HOSTILE,
        level: 6,
        file: HOSTILE,
        line: 1,
        module_path: HOSTILE,
        fields: vec![(HOSTILE, FieldType::TEXT)],
        docs: vec![HOSTILE, HOSTILE],
    };
    let body = body.encode().unwrap();
    let entry = ClassEntry { body_bytes: body.len() as u32, class_id: AtomicU32::new(1) };
    process.initialise(CLASS_LOG_OFFSET, entry).unwrap();
    let body_at = CLASS_LOG_OFFSET + size_of::<ClassEntry>();
    for (index, chunk) in body.chunks(4).enumerate() {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = AtomicU32::new(u32::from_ne_bytes(word));
        process.initialise(body_at + 4 * index, word).unwrap();
    }
    let bytes = (size_of::<ClassEntry>() + body.len()).next_multiple_of(4) as u64;
    let header = process.at::<ProcessHeader>(0).unwrap();
    header.log_bytes.store(bytes, Ordering::Release);
}

#[test]
fn a_hostile_process_gives_no_orders_to_the_terminal_and_its_sums_do_not_wrap() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&["--log", "log", "-v"]);
    let output = format!("out{HOSTILE}");
    for arguments in
        [&["create", "mine", "-o", &output] as &[&str], &["enable-event", "*"], &["start"]]
    {
        assert_eq!(harmless(&sandbox, arguments).code(), 0, "{arguments:?}");
    }
    let player = Player::play(&sandbox);
    let lossy = "18,446,744,073,709,551,615 lost (";
    until("what it recorded and lost is listed", || {
        let listed = harmless(&sandbox, &["list"]).stdout;
        listed.contains("2 events recorded") && listed.contains(lossy)
    });
    let listed = harmless(&sandbox, &["list"]).stdout;
    let name = r"\x1b[31mn\x1b]0;t\a\nust: forged\r\xe2\x80\xae\xc2\x9b\xe2\x80\xa8";
    assert!(listed.contains(&format!("    {name}:{name} (Info)")), "{listed}");
    let in_detail = harmless(&sandbox, &["list", "--fields"]).stdout;
    let details =
        format!("    {name}:{name} (Info), {name}:1\n      {name}\n        {name}  text  {name}");
    assert!(in_detail.contains(&details), "{in_detail}");
    assert!(listed.contains("  error: process 4321 (\\x1b[31mn\\x1b]0;t\\a\\nust"), "{listed}");
    harmless(&sandbox, &["status"]);
    harmless(&sandbox, &["stop"]);
    drop(player);
    let destroyed = harmless(&sandbox, &["destroy"]);
    assert!(destroyed.stdout.contains(lossy), "{destroyed:?}");

    let viewed = harmless(&sandbox, &["view", &output]);
    assert_eq!(viewed.stdout.lines().count(), 2, "{viewed:?}");
    let line = viewed.stdout.lines().next().unwrap();
    assert!(line.contains(&format!(" {name}:{name}: {{ vtid = ")), "{line}");
    assert!(line.ends_with(r#" = "\x1b[31m\xff\"\n" }"#), "{line}");
    let with_source = harmless(&sandbox, &["view", "--source", &output]);
    let place = format!(" {name}:{name} ({name}:1): {{ vtid = ");
    assert!(with_source.stdout.lines().all(|line| line.contains(&place)), "{with_source:?}");
    assert!(viewed.stderr.contains("18,446,744,073,709,551,615 events were lost"), "{viewed:?}");
    let joined = harmless(&sandbox, &["join", &output, "-o", &format!("joined{HOSTILE}")]);
    assert!(joined.stderr.contains("2 events of 1 process joined, 18,446,744,073,709,551,615"));
    harmless(&sandbox, &["view", &format!("joined{HOSTILE}")]);
    harmless(&sandbox, &["recover", &output, "-o", &format!("whole{HOSTILE}")]);
    let log = std::fs::read_to_string(sandbox.path("log")).unwrap();
    assert!(log.contains("hands over ring files numbered beyond"), "{log}");
    assert_harmless("the log", &log);
    assert!(log.lines().all(|line| line.starts_with("20")), "{log}");
}

#[test]
fn what_the_user_names_is_quoted_harmlessly_by_every_command() {
    let sandbox = Sandbox::new();
    let is_said =
        |ended: &Finished| ended.stdout.contains(r"\x1b[31m") || ended.stderr.contains(r"\x1b[31m");
    for arguments in [
        &["view", HOSTILE] as &[&str],
        &["recover", HOSTILE],
        &["join", HOSTILE],
        &["record", "-o", "out", "--", HOSTILE],
        &["record", "-o", "out", "-e", HOSTILE, "--", "true"],
        &["record", "--summary", &format!("no/{HOSTILE}"), "--", "true"],
        &["record", "--mode", HOSTILE, "--", "true"],
        &["nonsense\x1b[31m"],
    ] {
        let ended = harmless(&sandbox, arguments);
        assert!(ended.code() != 0, "{arguments:?}: {ended:?}");
        assert!(is_said(&ended) || ended.stderr.contains("u{1b}[31m"), "{arguments:?}: {ended:?}");
    }
    let _daemon = sandbox.daemon(&[]);
    for command in ["create", "start", "stop", "destroy", "list"] {
        assert!(harmless(&sandbox, &[command, HOSTILE]).code() != 0, "{command}");
    }
    assert!(harmless(&sandbox, &["snapshot", "record", HOSTILE]).code() != 0);
    sandbox.done(&["create", "mine", "-o", "mine"]);
    harmless(&sandbox, &["enable-event", HOSTILE]);
    assert!(harmless(&sandbox, &["disable-event", &format!("a{HOSTILE}")]).code() != 0);
    harmless(&sandbox, &["list"]);
}

#[test]
fn the_summary_is_json_and_harmless() {
    let sandbox = Sandbox::new();
    let output = format!("out{HOSTILE}\x7f");
    let summary = format!("s{HOSTILE}");
    let ended = harmless(&sandbox, &["record", "-o", &output, "--summary", &summary, "--", "true"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    let json = std::fs::read_to_string(sandbox.path(&summary)).unwrap();
    assert_harmless("the summary", &json);
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed["trace"], *output);
}

#[test]
fn bytes_that_are_no_text_are_shown_as_numbers() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let output = Path::new(std::ffi::OsStr::from_bytes(b"out\xff\x1b"));
    let ended = run(sandbox.ust(&["record", "-o"]).arg(output).args(["--", "true"]));
    assert_harmless("record", &ended.stderr);
    assert!(ended.stderr.ends_with(": out\\xff\\x1b\n"), "{ended:?}");
}
