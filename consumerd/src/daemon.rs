//! The daemon: engine, control socket and signals in one loop on one thread.
//!
//! ```text
//!             +-------------- Engine::poll ---------------+
//!   agents -->| engine's own descriptors                  |
//!   ust    -->| control ----> service.submit              |--> service.progress --> control.reply
//!   kill   -->| signals ----> leave the loop              |
//!             +-------------------------------------------+
//! ```

use crate::advice::{Attempt, why};
use crate::cause::Cause;
use crate::control::server::ControlServer;
use crate::control::service::Service;
use crate::engine::{Engine, EngineError, EngineOptions};
use crate::signals::Signals;
use std::path::PathBuf;
use ust_core::paths::{CONTROL_SOCKET, RuntimeDir};

/// A daemon that listens.
#[derive(Debug)]
pub struct Daemon {
    engine: Engine,
    control: ControlServer,
    service: Service,
}

/// Why there can be no daemon, or why it has to end.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The engine cannot work.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The control socket cannot be made.
    #[error(
        "control socket {0} cannot be made: {why}", why = why(Attempt::RuntimeDir, .1)
    )]
    Control(PathBuf, #[source] std::io::Error),
}

impl DaemonError {
    /// The kind of failure, for the exit code.
    pub fn cause(&self) -> Cause {
        match self {
            DaemonError::Engine(EngineError::RuntimeDir(_)) | DaemonError::Control(..) => {
                Cause::RuntimeDir
            }
            DaemonError::Engine(EngineError::Taken(_)) => Cause::DaemonTaken,
            DaemonError::Engine(EngineError::Io(..) | EngineError::Own(..)) => Cause::Failed,
        }
    }
}

impl Daemon {
    /// Listens in `dir`. When this returns, agents and `ust` can connect.
    ///
    /// # Errors
    /// The directory cannot be used, or another daemon serves it.
    pub fn bind(dir: RuntimeDir, options: EngineOptions) -> Result<Self, DaemonError> {
        // The engine first: it finds out whether another daemon is there, whose socket must be left alone.
        let mut engine = Engine::bind(dir.clone(), options)?;
        match ControlServer::bind(engine.place_mut()) {
            Ok(control) => Ok(Self { engine, control, service: Service::default() }),
            Err(error) => {
                engine.shut_down();
                Err(DaemonError::Control(dir.control_socket(), error))
            }
        }
    }

    /// Serves until one of `signals` comes, then drains, completes every trace and stops listening.
    ///
    /// # Errors
    /// The engine cannot go on.
    pub fn run(mut self, signals: &mut Signals) -> Result<(), DaemonError> {
        while signals.take().is_empty() {
            self.engine.poll(&[self.control.as_fd(), signals.as_fd()], self.service.timeout())?;
            let requests = self.engine.take_snapshot_requests();
            if !requests.is_empty() {
                self.service.take_snapshots(&mut self.engine);
            }
            if let Some(listener) = self.engine.take_new_listener(CONTROL_SOCKET)
                && let Err(error) = self.control.listen_at(listener)
            {
                tracing::error!(
                    "control socket: {error}: `ust` is not answered any more: restart ustconsumerd"
                );
            }
            for (client, request) in self.control.turn() {
                self.service.submit(client, request);
            }
            self.control.take_gone().into_iter().for_each(|client| self.service.abandon(client));
            for (clients, answer) in self.service.progress(&mut self.engine) {
                self.control.reply(&clients, answer);
            }
        }
        self.engine.shut_down();
        Ok(())
    }
}
