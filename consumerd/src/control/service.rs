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
//! Questions are answered in the turn in which they come. They wait for nothing; equal questions share one answer, and
//! a client that has gone is not answered. Changes are made one after the other, so the second of two commands finds
//! the state that the first has left, whoever sent them. A process that is stopped or stuck applies nothing; it costs
//! each command [`RULES_APPLIED_WITHIN`] and no more.

use super::protocol::{Answer, Refusal, Reply, Request};
use super::server::ClientId;
use crate::cause::Cause;
use crate::engine::{Engine, SessionUid};
use crate::limits::{ANSWERS_PAUSE, MAX_ANSWERS_PAUSE, MAX_QUEUED_REQUESTS, RULES_APPLIED_WITHIN};
use crate::session::{Changed, Overview, SessionError, Sessions};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Requests, the one that is being carried out, and the sessions they are about.
#[derive(Debug)]
pub struct Service {
    sessions: Sessions,
    questions: Vec<(Request, Vec<ClientId>)>,
    /// No question is answered before this moment.
    next_answers: Instant,
    queue: VecDeque<Queued>,
    refused: Vec<ClientId>,
    in_progress: Option<InProgress>,
}

/// A request that waits for those before it.
#[derive(Debug)]
struct Queued {
    client: ClientId,
    request: Request,
    is_abandoned: bool,
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
    Reply(Box<Reply>),
    Flush(SessionUid, String),
    Remove(String),
}

/// The answer that an overview makes.
fn listed(overview: Overview) -> Finish {
    Finish::Reply(Box::new(Reply::Listed { daemon_pid: std::process::id(), overview }))
}

impl Default for Service {
    fn default() -> Self {
        Self {
            sessions: Sessions::default(),
            questions: Vec::new(),
            next_answers: Instant::now(),
            queue: VecDeque::new(),
            refused: Vec::new(),
            in_progress: None,
        }
    }
}

impl Service {
    /// Queues a request. [`progress`](Self::progress) answers it.
    pub fn submit(&mut self, client: ClientId, request: Request) {
        if matches!(request, Request::List { .. } | Request::Status) {
            match self.questions.iter_mut().find(|(question, _)| *question == request) {
                Some((_, clients)) => clients.push(client),
                None => self.questions.push((request, vec![client])),
            }
            return;
        }
        let is_full = self.queue.len() >= MAX_QUEUED_REQUESTS;
        if is_full && let Some(oldest) = self.queue.iter().position(|queued| queued.is_abandoned) {
            tracing::warn!("too many requests: one whose client has gone was dropped");
            self.queue.remove(oldest);
        } else if is_full {
            return self.refused.push(client);
        }
        self.queue.push_back(Queued { client, request, is_abandoned: false });
    }

    /// Notes that a client has gone before it had its answer.
    pub fn abandon(&mut self, client: ClientId) {
        let of_client = |queued: &&mut Queued| queued.client == client;
        if let Some(queued) = self.queue.iter_mut().find(of_client) {
            queued.is_abandoned = true;
        }
    }

    /// Goes on as far as possible without waiting; returns the answers that are due, each with its clients. To be
    /// called after each turn of the engine.
    pub fn progress(&mut self, engine: &mut Engine) -> Vec<(Vec<ClientId>, Answer)> {
        let mut answers = Vec::new();
        if !self.refused.is_empty() {
            let text =
                format!("{MAX_QUEUED_REQUESTS} requests wait already: try again in a moment");
            let refusal = Refusal { cause: Cause::Failed, text };
            answers.push((std::mem::take(&mut self.refused), Err(refusal)));
        }
        let begin = Instant::now();
        if begin >= self.next_answers {
            for (question, clients) in std::mem::take(&mut self.questions) {
                let answer = self.begin(engine, question).map_err(Refusal::from);
                answers.push((clients, answer.and_then(|finish| self.finish(engine, finish))));
            }
            // Clients that ask without a pause must leave time for everything else.
            let pause = begin.elapsed() * ANSWERS_PAUSE;
            self.next_answers = Instant::now() + pause.min(MAX_ANSWERS_PAUSE);
        }
        loop {
            if let Some(waiting) = self.in_progress.take() {
                let is_late = Instant::now() >= waiting.deadline;
                if !is_late && !engine.is_applied(waiting.generation) {
                    self.in_progress = Some(waiting);
                    return answers;
                }
                if is_late {
                    tracing::warn!(
                        "not every process has applied the rules of generation {}",
                        waiting.generation
                    );
                }
                answers.push((vec![waiting.client], self.finish(engine, waiting.finish)));
            }
            let Some(Queued { client, request, .. }) = self.queue.pop_front() else {
                return answers;
            };
            let generation_before = self.sessions.generation();
            match self.begin(engine, request) {
                Err(error) => answers.push((vec![client], Err(error.into()))),
                Ok(finish) if self.sessions.generation() == generation_before => {
                    answers.push((vec![client], self.finish(engine, finish)));
                }
                Ok(finish) => {
                    let (generation, deadline) =
                        (self.sessions.generation(), Instant::now() + RULES_APPLIED_WITHIN);
                    self.in_progress = Some(InProgress { client, generation, deadline, finish });
                }
            }
        }
    }

    /// Takes a snapshot of every session that takes any, because a program has asked for one.
    pub fn take_snapshots(&mut self, engine: &mut Engine) {
        self.sessions.take_snapshots(engine);
    }

    /// How long the engine may wait until [`progress`](Self::progress) has to be called again.
    pub fn timeout(&self) -> Option<Duration> {
        let in_progress = self.in_progress.as_ref().map(|waiting| waiting.deadline);
        let questions = (!self.questions.is_empty()).then_some(self.next_answers);
        let next = in_progress.into_iter().chain(questions).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn begin(&mut self, engine: &mut Engine, request: Request) -> Result<Finish, SessionError> {
        tracing::info!("{request:?}");
        let sessions = &mut self.sessions;
        match request {
            Request::Create { name, output, options, channel } => {
                sessions.create(engine, name, output, &options, &channel)?;
                Ok(Finish::Reply(Box::new(Reply::Created)))
            }
            Request::EnableChannel { session, name, options } => {
                sessions.enable_channel(engine, session.as_deref(), &name, &options)?;
                let session = sessions.get(session.as_deref())?.name().to_owned();
                Ok(Finish::Reply(Box::new(Reply::ChannelEnabled { session })))
            }
            Request::EnableEvent { session, channel, rules } => {
                let (session, channel) = (session.as_deref(), channel.as_deref());
                let Changed { session, channel, already } =
                    sessions.enable_events(engine, session, channel, rules)?;
                Ok(Finish::Reply(Box::new(Reply::Enabled { session, channel, already })))
            }
            Request::DisableEvent { session, channel, patterns } => {
                let (session, channel) = (session.as_deref(), channel.as_deref());
                let Changed { session, channel, .. } =
                    sessions.disable_events(engine, session, channel, &patterns)?;
                Ok(Finish::Reply(Box::new(Reply::Disabled { session, channel })))
            }
            Request::Start { session } => {
                let started = sessions.start(engine, session.as_deref())?;
                let (session, rules) = (started.name().to_owned(), started.rule_count());
                Ok(Finish::Reply(Box::new(Reply::Started { session, rules })))
            }
            Request::Stop { session } => {
                let stopped = sessions.stop(engine, session.as_deref())?;
                Ok(Finish::Flush(stopped.uid(), stopped.name().to_owned()))
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
                Ok(Finish::Reply(Box::new(Reply::SnapshotTaken { session, output, summary })))
            }
            Request::List { session, in_detail } => {
                Ok(listed(sessions.overview(engine, session.as_deref(), in_detail)?))
            }
            Request::Status => Ok(listed(sessions.overview(engine, None, false)?.without_events())),
        }
    }

    fn finish(&mut self, engine: &mut Engine, finish: Finish) -> Answer {
        match finish {
            Finish::Reply(reply) => Ok(*reply),
            Finish::Flush(uid, session) => {
                engine.flush(uid);
                let snapshots = self.sessions.get(Some(&session))?.snapshots().cloned();
                Ok(Reply::Stopped { session, summary: engine.conclude(uid), snapshots })
            }
            Finish::Remove(session) => {
                let (removed, summary) =
                    self.sessions.remove(engine, &session).map_err(Refusal::from)?;
                let (output, snapshots) =
                    (removed.output().to_owned(), removed.snapshots().cloned());
                Ok(Reply::Destroyed { session, output, summary, snapshots })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::protocol::Reply;
    use crate::engine::EngineOptions;
    use ust_core::paths::RuntimeDir;

    fn engine(dir: &tempfile::TempDir) -> Engine {
        let options = EngineOptions { flush_interval: Duration::from_secs(1), read_timer: None };
        Engine::bind(RuntimeDir::at(dir.path().join("rt")), options).unwrap()
    }

    fn change() -> Request {
        Request::Start { session: Some("none".into()) }
    }

    #[test]
    fn requests_to_change_something_wait_in_a_queue_with_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let (mut engine, mut service) = (engine(&dir), Service::default());
        let most = MAX_QUEUED_REQUESTS as u64;
        // Each client sends its request and goes.
        for client in 0..10_000 {
            service.submit(ClientId(client), change());
            service.abandon(ClientId(client));
            assert!(service.queue.len() <= MAX_QUEUED_REQUESTS);
        }
        // Clients that stay displace those that have gone, and are refused if none has.
        for client in 10_000..10_000 + most + 1 {
            service.submit(ClientId(client), change());
        }
        let answers = service.progress(&mut engine);
        assert_eq!(answers[0].0, [ClientId(10_000 + most)]);
        let text = answers[0].1.clone().unwrap_err().text;
        assert!(text.contains("wait already: try again"), "{text}");
        let answered: Vec<_> = answers[1..].iter().map(|(clients, _)| clients[0].0).collect();
        assert_eq!(answered, (10_000..10_000 + most).collect::<Vec<_>>());
    }

    #[test]
    fn a_question_waits_for_no_change_and_the_same_ones_have_one_answer() {
        let dir = tempfile::tempdir().unwrap();
        let (mut engine, mut service) = (engine(&dir), Service::default());
        service.submit(ClientId(1), change());
        (2..50).for_each(|client| {
            service.submit(ClientId(client), Request::List { session: None, in_detail: false });
        });
        let answers = service.progress(&mut engine);
        assert_eq!(answers[0].0, (2..50).map(ClientId).collect::<Vec<_>>());
        assert!(matches!(answers[0].1, Ok(Reply::Listed { .. })));
        assert_eq!((answers.len(), answers[1].0.as_slice()), (2, &[ClientId(1)][..]));
    }
}
