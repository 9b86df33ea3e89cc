//! Tests the whole-packet promise: a child process writes streams in a loop, with small packets and
//! large ones. A look at its files finds whole packets: while it is stopped, after it was killed,
//! or in passing.
//!
//! ```text
//!   child   create s0 .. flush .. flush .. finish, create s1 .. flush .. flush ..
//!                   ^            ^                       ^           ^
//!   test           stop, look,  stop, look, go on       stop        kill, look, resume, look
//! ```
//!
//! The walk over a file shares no code with the crate (`common/walk.rs`).

mod common;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::walk::{FILLING, PAGE, check_index, walk};
use common::{identity, put};
use ctf::write::metadata::{EventClass, Field, FieldType, Integer};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::stream_file::StreamWriter;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use ust_test_support::random::Random;

/// Bytes of a stream file after which the child begins the next one.
const STREAM_BYTES: u64 = 1 << 20;

/// The child's side.
mod child {
    use super::*;

    /// Appends a few packets and flushes them. Record `next` is a number, a length and that many
    /// bytes.
    pub fn round(writer: &mut StreamWriter, random: &mut Random, large: bool, next: &mut u64) {
        let records = 1 + random.below(400);
        let large_one = if large && random.below(2) == 0 { random.below(records) } else { records };
        for record in 0..records {
            let len =
                if record == large_one { 4000 + random.below(200_000) } else { random.below(60) };
            let mut payload = next.to_ne_bytes().to_vec();
            payload.extend((len as u32).to_ne_bytes());
            payload.extend(&FILLING[..len as usize]);
            put(writer, 0, *next, &payload);
            *next += 1;
        }
        writer.set_discarded(*next / 3);
        writer.cut();
        writer.flush().unwrap();
    }

    /// The test by which the child starts: a program of tests runs nothing else.
    pub const ENTRANCE: &str = "indexed_packets_are_whole_for_who_looks_in_passing";

    /// Plays the child, for ever, if this process is one. The test [`ENTRANCE`] begins with this
    /// call.
    pub fn play() {
        let Some(dir) = std::env::var_os("CTF_TEST_DIR") else { return };
        match std::env::var("CTF_TEST_ROLE").as_deref() {
            Ok("metadata") => write_metadata_for_ever(Path::new(&dir)),
            role => write_for_ever(Path::new(&dir), role == Ok("large")),
        }
    }

    /// Appends texts of up to two pages to one `metadata` file after the other.
    fn write_metadata_for_ever(dir: &Path) {
        let mut random = Random::new(std::process::id().into());
        let mut text = || format!("<{}>", "x".repeat(random.below(9000) as usize));
        println!("ready");
        loop {
            let _ = fs::remove_file(dir.join("metadata"));
            let mut writer = MetadataWriter::create(dir, &text()).unwrap();
            for _ in 0..20 {
                writer.append(&text()).unwrap();
            }
        }
    }

    /// Fills one stream file after the other.
    fn write_for_ever(dir: &Path, large: bool) {
        let mut random = Random::new(std::process::id().into());
        println!("ready");
        for stream in 0_u64.. {
            let name = format!("s{stream}");
            let opened = StreamWriter::create(dir, &name, identity(0, stream, 1));
            let (mut writer, mut next) = (opened.unwrap(), 1);
            while writer.stats().bytes < STREAM_BYTES {
                round(&mut writer, &mut random, large, &mut next);
            }
            writer.finish(0).unwrap();
            if let Some(old) = stream.checked_sub(2) {
                fs::remove_file(dir.join(format!("s{old}"))).unwrap();
                fs::remove_file(dir.join(format!("index/s{old}.idx"))).unwrap();
            }
        }
    }
}

/// A child that writes into a directory of its own.
struct Writer {
    child: Child,
    dir: tempfile::TempDir,
}

impl Writer {
    fn start(parent: &Path, large: bool) -> Writer {
        let dir = tempfile::tempdir_in(parent).unwrap();
        let byte = FieldType::Integer(Integer::U8);
        let fields = vec![
            Field { name: "n".to_owned(), ty: FieldType::Integer(Integer::U64) },
            Field { name: "bytes".to_owned(), ty: FieldType::sequence(byte) },
        ];
        let class = EventClass {
            id: 0,
            stream_id: 0,
            name: "t:record".to_owned(),
            loglevel: 6,
            source: String::new(),
            fields,
        };
        common::write_metadata(dir.path(), &[class]);
        Writer::run(if large { "large" } else { "small" }, dir)
    }

    /// Starts this program once more, as the child.
    fn run(role: &str, dir: tempfile::TempDir) -> Writer {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([child::ENTRANCE, "--exact", "--nocapture"]);
        command.env("CTF_TEST_DIR", dir.path()).env("CTF_TEST_ROLE", role).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")), "the child did not start");
        Writer { child, dir }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn stop(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
        // The child has stopped only when its parent is told so: then a call that it was in is
        // done.
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "the child ended by itself: {status:?}");
    }

    fn go_on(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Contents of all stream files, by name. While the child runs, a file may vanish meanwhile.
    fn streams(&self) -> HashMap<String, Vec<u8>> {
        let mut streams = HashMap::new();
        for entry in fs::read_dir(self.dir.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let (true, Ok(bytes)) =
                (name.starts_with('s'), fs::read(self.dir.path().join(&name)))
            {
                streams.insert(name, bytes);
            }
        }
        streams
    }

    fn index(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(format!("index/{name}.idx"))).unwrap_or_default()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pause(random: &mut Random) {
    std::thread::sleep(Duration::from_micros(random.below(1500)));
}

fn look_at_stopped_writers(parent: &Path) {
    let writer = Writer::start(parent, true);
    let mut random = Random::new(11);
    let (mut inside, mut behind) = (0, 0);
    for look in 0..300 {
        pause(&mut random);
        writer.stop();
        for (name, bytes) in writer.streams() {
            let walk = walk(&bytes).unwrap_or_else(|error| panic!("look {look}, {name} {error}"));
            let entries = check_index(&writer.index(&name), &walk);
            behind += usize::from(entries < walk.packets.len());
            // All packets have records except those that fill a place (and the first of a stream,
            // from which counts start).
            let last = walk.packets.last().filter(|packet| packet.seq > 0);
            inside += usize::from(last.is_some_and(|packet| packet.records == 0));
        }
        writer.go_on();
    }
    println!(
        "300 looks, {inside} inside of a large packet's publication, {behind} before the index"
    );
    assert!(inside > 0 && behind > 0, "the looks missed what they are for");
}

#[test]
fn a_stopped_writers_file_ends_at_a_whole_packet_on_tmpfs() {
    look_at_stopped_writers(Path::new("/dev/shm"));
}

#[test]
fn a_stopped_writers_file_ends_at_a_whole_packet_on_disk() {
    look_at_stopped_writers(&std::env::temp_dir());
}

fn look_in_passing(parent: &Path) {
    let writer = Writer::start(parent, false);
    let mut random = Random::new(12);
    for look in 0..300 {
        pause(&mut random);
        for (name, bytes) in writer.streams() {
            walk(&bytes).unwrap_or_else(|error| panic!("look {look}, {name} {error}"));
        }
    }
}

#[test]
fn small_packets_are_whole_for_who_looks_in_passing_on_tmpfs() {
    look_in_passing(Path::new("/dev/shm"));
}

#[test]
fn small_packets_are_whole_for_who_looks_in_passing_on_disk() {
    look_in_passing(&std::env::temp_dir());
}

/// What the index covers is final. So readers that do not stop the writer find it there, large
/// packets or not.
#[test]
fn indexed_packets_are_whole_for_who_looks_in_passing() {
    child::play();
    let writer = Writer::start(Path::new("/dev/shm"), true);
    let mut random = Random::new(13);
    let mut large = 0;
    for look in 0..300 {
        pause(&mut random);
        let names: Vec<String> = writer.streams().into_keys().collect();
        for name in names {
            let index = writer.index(&name);
            let Some(last) = index.get(16..).and_then(|entries| entries.chunks_exact(72).last())
            else {
                continue;
            };
            let word =
                |n: usize| u64::from_be_bytes(last[8 * n..8 * n + 8].try_into().unwrap()) as usize;
            let Ok(bytes) = fs::read(writer.dir.path().join(&name)) else { continue };
            let covered = &bytes[..word(0) + word(1) / 8];
            let walk = walk(covered).unwrap_or_else(|error| panic!("look {look}, {name} {error}"));
            let whole = index.len() - (index.len() - 16) % 72;
            check_index(&index[..whole], &walk);
            large += walk
                .packets
                .iter()
                .filter(|packet| packet.bytes > PAGE && packet.records > 0)
                .count();
        }
    }
    assert!(large > 0);
}

fn kill_and_resume(parent: &Path) {
    let mut random = Random::new(14);
    for round in 0..80 {
        let mut writer = Writer::start(parent, true);
        std::thread::sleep(Duration::from_micros(random.below(8000)));
        writer.kill();
        let dir = writer.dir.path();
        for (name, bytes) in writer.streams() {
            let before =
                walk(&bytes).unwrap_or_else(|error| panic!("kill {round}, {name} {error}"));
            let stream = name[1..].parse().unwrap();
            let (mut again, last) =
                StreamWriter::resume(dir, &name, identity(0, stream, 2)).unwrap();
            let last =
                last.map_or((0, 0), |last| (last.context.seq + 1, last.context.end_position));
            assert_eq!(last, (before.packets.len() as u64, before.records));
            assert_eq!(fs::read(dir.join(&name)).unwrap(), bytes, "resuming changes no packet");
            let mut next = before.records + 1;
            child::round(&mut again, &mut random, true, &mut next);
            drop(again);
            let after = walk(&fs::read(dir.join(&name)).unwrap()).unwrap();
            assert_eq!(after.records, next - 1);
            assert_eq!(check_index(&writer.index(&name), &after), after.packets.len());
        }
    }
}

#[test]
fn a_killed_writers_file_is_whole_and_goes_on_on_tmpfs() {
    kill_and_resume(Path::new("/dev/shm"));
}

#[test]
fn a_killed_writers_file_is_whole_and_goes_on_on_disk() {
    kill_and_resume(&std::env::temp_dir());
}

fn look_at_metadata(parent: &Path) {
    let dir = tempfile::tempdir_in(parent).unwrap();
    let path = dir.path().join("metadata");
    let _writer = Writer::run("metadata", dir);
    let mut seen = 0;
    for look in 0..20_000 {
        // There is no state between two of them.
        let Ok(text) = fs::read(&path) else { continue };
        seen += 1;
        let last = text.iter().rfind(|byte| **byte != b'\n');
        assert_eq!(last, Some(&b'>'), "look {look}: {} bytes", text.len());
    }
    assert!(seen > 1000, "only {seen} looks saw a file");
}

#[test]
fn declarations_are_whole_for_who_looks_in_passing_on_tmpfs() {
    look_at_metadata(Path::new("/dev/shm"));
}

#[test]
fn declarations_are_whole_for_who_looks_in_passing_on_disk() {
    look_at_metadata(&std::env::temp_dir());
}

#[test]
fn babeltrace_reads_a_copy_of_a_stopped_writers_directory() {
    if !common::has_babeltrace() {
        return;
    }
    let writer = Writer::start(&std::env::temp_dir(), true);
    let mut random = Random::new(15);
    for _ in 0..5 {
        let copy = tempfile::tempdir().unwrap();
        pause(&mut random);
        writer.stop();
        let status = Command::new("cp")
            .arg("-r")
            .arg(writer.dir.path())
            .arg(copy.path().join("trace"))
            .status();
        assert!(status.unwrap().success());
        writer.go_on();
        let mut records = 0;
        for entry in fs::read_dir(copy.path().join("trace")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with('s') {
                records += walk(&fs::read(path).unwrap()).unwrap().records;
            }
        }
        let mut babeltrace = Command::new("babeltrace2");
        let output = output_of(babeltrace.arg("-o").arg("text").arg(copy.path().join("trace")));
        assert_eq!(output.lines().filter(|line| line.contains("t:record")).count() as u64, records);
    }
}

fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
