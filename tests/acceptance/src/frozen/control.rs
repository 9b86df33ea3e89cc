//! The control protocol, frozen: requests as `ust` sends them, and the answers.
//!
//! ```text
//!   client {"version":6,...,"request":...}       sent as it stands, but for the directory
//!   daemon {"version":6,...,"answer":...}        what comes back, but for the directory and process ids
//! ```

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

/// What stands for the directory of the traces.
const DIR: &str = "/DIR";

/// Keys of a request's or answer's line whose number differs each time.
const NUMBERS: [&str; 2] = ["\"daemon_pid\":", "\"pid\":"];

/// Sends a line to a daemon, and returns what it answers.
pub fn ask(socket: &Path, line: &str) -> String {
    let mut client = UnixStream::connect(socket).expect("the daemon listens");
    client.write_all(format!("{line}\n").as_bytes()).expect("the daemon reads");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("the daemon answers");
    answer.trim_end().to_owned()
}

/// A line as it is frozen: with `dir` and process ids taken out.
pub fn freeze(line: &str, dir: &Path) -> String {
    let mut line = line.replace(&dir.display().to_string(), DIR);
    for key in NUMBERS {
        let mut from = 0;
        while let Some(at) = line[from..].find(key) {
            from += at + key.len();
            let digits = line[from..].bytes().take_while(u8::is_ascii_digit).count();
            line.replace_range(from..from + digits, "0");
        }
    }
    line
}

/// A frozen line, with `dir` in its place.
pub fn thaw(line: &str, dir: &Path) -> String {
    line.replace(DIR, &dir.display().to_string())
}

/// Stands between `ust` and the daemon, and passes on what they say: request and answer.
pub fn overhear(socket: &Path, daemon: &Path) -> Receiver<(String, String)> {
    let listener = UnixListener::bind(socket).expect("nobody else is there");
    let (daemon, (tell, heard)) = (daemon.to_owned(), channel());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("a client");
            let mut request = String::new();
            BufReader::new(&client).read_line(&mut request).expect("a request is text");
            let request = request.trim_end();
            let answer = ask(&daemon, request);
            if tell.send((request.to_owned(), answer.clone())).is_err() {
                return;
            }
            client.write_all(format!("{answer}\n").as_bytes()).expect("the client waits");
        }
    });
    heard
}
