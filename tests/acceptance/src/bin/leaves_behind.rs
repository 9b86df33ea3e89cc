//! `leaves_behind PROGRAM ARGUMENT ...`: starts a program and ends without waiting for it.

use std::process::{Command, Stdio};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().expect("PROGRAM ARGUMENT ...");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(command.spawn().expect("it can be started"));
}
