//! Asking the daemon: what all commands but `record` and `view` have in common.

use crate::failure::Failure;
use consumerd::advice::Attempt;
use consumerd::cause::Cause;
use consumerd::control::client;
use consumerd::control::protocol::{Reply, Request};
use consumerd::engine::SessionSummary;
use ctf::printable::{self, Printable, lines, printable};
use std::io::{self, Write};
use ust_core::paths::RuntimeDir;

/// Has the daemon of this user's runtime directory do something.
pub fn ask(request: Request) -> Result<Reply, Failure> {
    Ok(client::ask(&RuntimeDir::from_environment(), request)??)
}

/// The daemon did what was not asked for.
pub fn unexpected(reply: &Reply) -> Failure {
    Failure::new(Cause::Failed, format_args!("the daemon gave another command's answer: {reply:?}"))
}

/// Prints the line that a command has to say, and returns its exit code. The line may quote untrusted names.
pub fn say(line: &str) -> Result<u8, Failure> {
    print(printable(line))
}

/// The same for several lines: names in them have been [made printable](printable()), or they could begin lines of their
/// own.
pub fn say_lines(text: &str) -> Result<u8, Failure> {
    print(lines(text))
}

/// That nobody reads it is no failure: the command has been carried out.
fn print(text: Printable<'_>) -> Result<u8, Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::system("standard output cannot be written to", Attempt::File)(error))
        }
        _ => Ok(0),
    }
}

/// What to look at if no process has connected to the daemon.
pub fn nobody_connected() -> String {
    format!(
        "no instrumented process has connected: a program must be linked with ust and the crate of its tracepoints, \
         run as the daemon's user, and find the runtime directory {} by its environment",
        printable::path(RuntimeDir::from_environment().path())
    )
}

/// The exit code of a command that says what was recorded: whether all of it is where it was written.
pub fn code_of(summary: &SessionSummary) -> u8 {
    summary.gone.as_ref().map_or(0, |_| Cause::Unreadable.exit_code())
}
