//! The service: carries requests out, one after the other, and answers once they are in force.
//!
//! ```text
//!   submit --> queue --> begin --+-- published --> InProgress --+--> finish --> answer
//!                                |    until every connected     |
//!                                |    process has applied it,   |
//!                                |    or for 1 s                |
//!                                +-- nothing was published -----+
//!
//!   finish:   start, enable-event    nothing more: connected processes are recording
//!             stop                   flush: what they recorded is in the files
//!             destroy                the trace is completed, the session forgotten
//! ```
//!
//! One after the other: the second of two commands finds what the first has left, whoever sent them. A
//! process that is stopped or stuck applies nothing; it costs each command [`PATIENCE`] and no more.

use super::protocol::{Answer, Refusal, Reply, Request};
use super::server::ClientId;
use crate::engine::{ChannelUid, Engine};
use crate::session::{SessionError, Sessions};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a command waits for processes to apply it.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Requests, the one that is being carried out, and the sessions they are about.
#[derive(Debug, Default)]
pub struct Service {
    sessions: Sessions,
    queue: VecDeque<(ClientId, Request)>,
    in_progress: Option<InProgress>,
}

/// A request that has been published and is not in force yet.
#[derive(Debug)]
struct InProgress {
    client: ClientId,
    generation: u64,
    deadline: Instant,
    finish: Finish,
}

/// What is left to do once a change is in force.
#[derive(Debug)]
enum Finish {
    Reply(Reply),
    Flush(ChannelUid, Reply),
    Remove(String),
}

impl Service {
    /// Takes a request in. [`progress`](Self::progress) answers it.
    pub fn submit(&mut self, client: ClientId, request: Request) {
        self.queue.push_back((client, request));
    }

    /// Goes on as far as possible without waiting; returns the answers that are due. To be called after
    /// each turn of the engine.
    pub fn progress(&mut self, engine: &mut Engine) -> Vec<(ClientId, Answer)> {
        let mut answers = Vec::new();
        loop {
            if let Some(waiting) = self.in_progress.take() {
                let is_late = Instant::now() >= waiting.deadline;
                if !is_late && !engine.is_applied(waiting.generation) {
                    self.in_progress = Some(waiting);
                    return answers;
                }
                if is_late {
                    tracing::warn!(
                        "generation {} is not applied by every process",
                        waiting.generation
                    );
                }
                answers.push((waiting.client, self.finish(engine, waiting.finish)));
            }
            let Some((client, request)) = self.queue.pop_front() else { return answers };
            let generation_before = self.sessions.generation();
            match self.begin(engine, request) {
                Err(error) => answers.push((client, Err(error.into()))),
                Ok(finish) if self.sessions.generation() == generation_before => {
                    answers.push((client, self.finish(engine, finish)));
                }
                Ok(finish) => {
                    let (generation, deadline) =
                        (self.sessions.generation(), Instant::now() + PATIENCE);
                    self.in_progress = Some(InProgress { client, generation, deadline, finish });
                }
            }
        }
    }

    /// A program has asked for a snapshot: takes one of every session that takes any.
    pub fn take_snapshots(&mut self, engine: &mut Engine) {
        self.sessions.take_snapshots(engine);
    }

    /// How long the engine may wait until [`progress`](Self::progress) has to be called again.
    pub fn timeout(&self) -> Option<Duration> {
        let waiting = self.in_progress.as_ref()?;
        Some(waiting.deadline.saturating_duration_since(Instant::now()))
    }

    fn begin(&mut self, engine: &mut Engine, request: Request) -> Result<Finish, SessionError> {
        tracing::info!("{request:?}");
        let sessions = &mut self.sessions;
        match request {
            Request::Create { name, output, channel } => {
                sessions.create(engine, name, output, &channel)?;
                Ok(Finish::Reply(Reply::Created))
            }
            Request::EnableEvent { session, globs } => {
                let already = sessions.enable_events(engine, session.as_deref(), globs)?;
                let session = sessions.get(session.as_deref())?.name().to_owned();
                Ok(Finish::Reply(Reply::Enabled { session, already }))
            }
            Request::DisableEvent { session, globs } => {
                sessions.disable_events(engine, session.as_deref(), &globs)?;
                let session = sessions.get(session.as_deref())?.name().to_owned();
                Ok(Finish::Reply(Reply::Disabled { session }))
            }
            Request::Start { session } => {
                let started = sessions.start(engine, session.as_deref())?;
                let (session, rules) = (started.name().to_owned(), started.rule_count());
                Ok(Finish::Reply(Reply::Started { session, rules }))
            }
            Request::Stop { session } => {
                let stopped = sessions.stop(engine, session.as_deref())?;
                let session = stopped.name().to_owned();
                Ok(Finish::Flush(stopped.channel(), Reply::Stopped { session }))
            }
            Request::Destroy { session } => {
                let found = sessions.get(session.as_deref())?;
                let (name, is_active) = (found.name().to_owned(), found.is_active());
                if is_active {
                    sessions.stop(engine, Some(&name))?;
                }
                Ok(Finish::Remove(name))
            }
            Request::Snapshot { session } => {
                let (session, output, summary) = sessions.snapshot(engine, session.as_deref())?;
                Ok(Finish::Reply(Reply::SnapshotTaken { session, output, summary }))
            }
            Request::List { session } => {
                let overview = sessions.overview(engine, session.as_deref())?;
                Ok(Finish::Reply(Reply::Listed { daemon_pid: std::process::id(), overview }))
            }
        }
    }

    fn finish(&mut self, engine: &mut Engine, finish: Finish) -> Answer {
        match finish {
            Finish::Reply(reply) => Ok(reply),
            Finish::Flush(channel, reply) => {
                engine.flush(channel);
                Ok(reply)
            }
            Finish::Remove(session) => {
                let (output, summary) =
                    self.sessions.remove(engine, &session).map_err(Refusal::from)?;
                Ok(Reply::Destroyed { session, output, summary })
            }
        }
    }
}
