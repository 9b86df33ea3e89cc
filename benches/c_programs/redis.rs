//! redis-server under redis-benchmark: how many requests a second are left.

use crate::traced::{self, MEMORY, Summary, is_here};
use crate::{Means, line};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use ust_benches::promise::Promise;
use ust_benches::{Result, statistics};

/// The server is up within this, or something is wrong.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Of a measurement, without and with pipelining.
const REQUESTS: [(&str, &str, f64); 2] = [("1", "60000", 0.85), ("16", "600000", 0.70)];

/// Requests a second, and what part of them must be left when all calls are recorded.
pub fn measure(means: &Means<'_>) -> Result<Vec<Promise>> {
    if !is_here("redis-server") || !is_here("redis-benchmark") {
        return Ok(Vec::new());
    }
    let dir = tempfile::Builder::new().prefix("ust-bench-redis-").tempdir_in(MEMORY)?;
    let mut promises = Vec::new();
    for (pipelined, requests, bar) in REQUESTS {
        let once = |command: Command| -> Result<f64> {
            let server = Server::start(command, dir.path())?;
            let rate = server.rate(pipelined, requests)?;
            server.end()?;
            Ok(rate)
        };
        let (mut alone, mut recorded, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..means.rounds {
            let bare = once(Command::new("redis-server"))?;
            let mut command = traced::recorded(means.c.shim(), "libc_io,libc_mem", dir.path())?;
            command.arg("redis-server");
            let traced = once(command)?;
            Summary::read(&dir.path().join("summary"))?;
            alone.push(bare);
            recorded.push(traced);
            parts.push(traced / bare);
        }
        line(&format!("-P {pipelined}, alone"), &alone, "requests/s");
        line(&format!("-P {pipelined}, recorded"), &recorded, "requests/s");
        if let Some(mut command) = traced::other("strace", &["-f"], dir.path()) {
            command.arg("redis-server");
            line(&format!("-P {pipelined}, under strace"), &[once(command)?], "requests/s");
        }
        let part = statistics::median(&parts);
        let statement =
            format!("redis, -P {pipelined}: {part:.2} of its requests a second >= {bar}");
        promises.push(Promise::new(statement, part >= bar));
    }
    Ok(promises)
}

/// A server that answers.
struct Server<'a> {
    child: Child,
    dir: &'a Path,
}

impl<'a> Server<'a> {
    fn start(mut command: Command, dir: &'a Path) -> Result<Self> {
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]);
        command.arg(dir.join("socket")).arg("--dir").arg(dir);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let server = Self { child, dir };
        let start = Instant::now();
        while !server.client("redis-cli").arg("ping").output()?.status.success() {
            if start.elapsed() > READY_WITHIN {
                return Err("redis-server does not answer".into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-s").arg(self.dir.join("socket"));
        command
    }

    /// Requests a second.
    fn rate(&self, pipelined: &str, requests: &str) -> Result<f64> {
        let mut command = self.client("redis-benchmark");
        command.args(["-t", "set", "-P", pipelined, "-n", requests, "--csv"]);
        let output = String::from_utf8(command.output()?.stdout)?;
        let line = output.lines().find(|line| line.starts_with("\"SET\"")).ok_or("no result")?;
        let rate = line.split(',').nth(1).ok_or("no rate")?;
        Ok(rate.trim_matches('"').parse()?)
    }

    fn end(mut self) -> Result<()> {
        self.client("redis-cli").args(["shutdown", "nosave"]).output()?;
        self.child.wait()?;
        Ok(())
    }
}
