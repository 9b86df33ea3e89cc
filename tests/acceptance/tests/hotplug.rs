//! A CPU that is taken off the machine and put back, while a program emits into the streams of CPUs.
//!
//! This disturbs everything that runs on the machine, so it is only done if it is asked for (`just soak`), alone.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use ust_acceptance::sequences::{self, Load};
use ust_acceptance::skip;

/// Asks for it.
const VARIABLE: &str = "UST_HOTPLUG";

/// Whether CPU 1 is there: the kernel's own switch.
const SWITCH: &str = "/sys/devices/system/cpu/cpu1/online";

/// Events in each thread: some seconds of them.
const EVENTS: u64 = 1_000_000;

/// Rounds that there must have been while the program ran.
const ROUNDS: usize = 5;

/// CPU 1, while it may be off. It is put back when this is dropped; and by a process that waits for the end of this one,
/// should this one be killed.
struct Cpu1(Child);

impl Cpu1 {
    /// Nothing is changed yet.
    fn guarded() -> io::Result<Self> {
        // Deaf to what ends the test: it ends when its standard input does.
        let guard = format!("trap '' INT TERM HUP; cat; echo 1 >{SWITCH}");
        Ok(Self(Command::new("sh").args(["-c", &guard]).stdin(Stdio::piped()).spawn()?))
    }

    fn set(&self, is_online: bool) -> io::Result<()> {
        fs::write(SWITCH, if is_online { "1" } else { "0" })
    }
}

impl Drop for Cpu1 {
    fn drop(&mut self) {
        let is_back = self.set(true);
        drop(self.0.stdin.take());
        let guard = self.0.wait();
        eprintln!("CPU 1 was put back: {is_back:?}; the guard's end: {guard:?}");
    }
}

fn is_online() -> bool {
    fs::read_to_string(SWITCH).is_ok_and(|text| text.trim() == "1")
}

#[test]
fn a_cpu_may_go_and_come_back_while_its_stream_is_written() {
    if std::env::var_os(VARIABLE).is_none() {
        return skip::skipped(&format!("a CPU is only taken off if {VARIABLE}=1 asks for it"));
    }
    if !is_online() || fs::OpenOptions::new().write(true).open(SWITCH).is_err() {
        return skip::skipped(&format!("{SWITCH} cannot be written, or CPU 1 is off already"));
    }
    if !skip::judges_are_here() {
        return;
    }
    let load = Load { how: "paced", tunables: "", events: EVENTS, plugin: None };
    let mut started = load.recording().start();
    let cpu = Cpu1::guarded().expect("there is a shell");
    let mut rounds = 0;
    while started.running.is_running() {
        cpu.set(false).expect("CPU 1 can be taken off");
        std::thread::sleep(Duration::from_millis(10));
        cpu.set(true).expect("CPU 1 can be put back");
        std::thread::sleep(Duration::from_millis(10));
        rounds += 1;
    }
    drop(cpu);
    assert!(is_online(), "CPU 1 is off: echo 1 >{SWITCH}");
    let recorded = started.wait().succeeded();
    let (streams, events) = load.judge(&recorded);
    let lost = recorded.summary().lost_in_all();
    eprintln!("{rounds} rounds: {events} events recorded, {lost} of handlers lost, {streams:?}");
    assert!(rounds >= ROUNDS, "it was over after {rounds} rounds");
    assert!(streams.sequenced >= 2 || !sequences::are_here(), "{streams:?}");
}
