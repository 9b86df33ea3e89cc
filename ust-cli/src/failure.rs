//! Why a command failed: one line, and the exit code that goes with it.

use consumerd::advice::{Attempt, unusable, why};
use consumerd::cause::Cause;
use consumerd::control::client::ClientError;
use consumerd::control::protocol::Refusal;
use consumerd::engine::EngineError;
use consumerd::output_dir::OutputDirError;
use consumerd::session::SessionError;
use std::fmt::Display;
use std::io;
use ust_core::paths::RuntimeDirError;

/// What `main` prints and exits with.
#[derive(Debug)]
pub struct Failure {
    /// The kind, which is the exit code.
    pub cause: Cause,
    /// What happened, to what, what to do.
    pub text: String,
}

impl Failure {
    /// Any failure.
    pub fn new(cause: Cause, text: impl Display) -> Self {
        Self { cause, text: text.to_string() }
    }

    /// The failure if a system call failed, for which users need no exit code of its own.
    pub fn system(what: &'static str, attempt: Attempt) -> impl Fn(io::Error) -> Failure {
        move |error| Failure::new(Cause::Failed, format_args!("{what}: {}", why(attempt, &error)))
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::new(error.cause(), error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { cause: refusal.cause, text: refusal.text }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::new(error.cause(), error)
    }
}

impl From<OutputDirError> for Failure {
    fn from(error: OutputDirError) -> Self {
        Self::new(error.cause(), error)
    }
}

impl From<RuntimeDirError> for Failure {
    fn from(error: RuntimeDirError) -> Self {
        Self::new(Cause::RuntimeDir, unusable(&error))
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let cause = match error {
            EngineError::RuntimeDir(_) => Cause::RuntimeDir,
            EngineError::Taken(_) => Cause::DaemonTaken,
            EngineError::Io(..) | EngineError::Own(..) => Cause::Failed,
        };
        Self::new(cause, error)
    }
}
