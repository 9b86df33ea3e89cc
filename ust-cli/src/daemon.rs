//! Asks the daemon: what all commands but `record` and `view` have in common.

use crate::failure::Failure;
use consumerd::advice::Attempt;
use consumerd::cause::Cause;
use consumerd::control::client;
use consumerd::control::protocol::{Reply, Request};
use consumerd::engine::SessionSummary;
use ctf::printable::{self, Printable, lines, printable};
use std::io::{self, Write};
use ust_core::paths::RuntimeDir;

/// Sends a request to the daemon of this user's runtime directory, and returns its reply.
pub fn ask(request: Request) -> Result<Reply, Failure> {
    Ok(client::ask(&RuntimeDir::from_environment(), request)??)
}

/// The failure if the daemon's reply does not belong to the request.
pub fn unexpected(reply: &Reply) -> Failure {
    Failure::new(Cause::Failed, format_args!("the daemon gave another command's answer: {reply:?}"))
}

/// Prints a command's line on standard output, and returns the exit code 0. The line may quote untrusted names.
pub fn say(line: &str) -> Result<u8, Failure> {
    print(printable(line))
}

/// The same for several lines. The caller has [made names in them printable](printable()); otherwise a name could begin
/// a line of its own.
pub fn say_lines(text: &str) -> Result<u8, Failure> {
    print(lines(text))
}

/// A closed pipe is no failure: the command has been carried out.
fn print(text: Printable<'_>) -> Result<u8, Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::system("standard output cannot be written to", Attempt::File)(error))
        }
        _ => Ok(0),
    }
}

/// What to check if no process has connected to the daemon.
pub fn nobody_connected() -> String {
    format!(
        "no instrumented process has connected: a program must be linked with ust and the crate of its tracepoints, \
         run as the daemon's user, and find the runtime directory {} by its environment",
        printable::path(RuntimeDir::from_environment().path())
    )
}

/// The exit code of a command that reports what was recorded: not 0 if a trace is no longer where it was written.
pub fn code_of(summary: &SessionSummary) -> u8 {
    summary.gone.as_ref().map_or(0, |_| Cause::Unreadable.exit_code())
}
