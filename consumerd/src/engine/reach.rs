//! Which processes a session's rules reached, so that a recording without events can say why it has none.
//!
//! ```text
//!   a process has ended  --> counted; for each rule that has matched nothing yet, its events are compared with the rule
//!   conclude             --> the same for those that still run, and all of it as a `Reach`
//! ```

use super::api::SessionUid;
use super::images;
use super::state::Engine;
use super::summary::{Reach, Running, SessionSummary, Unmatched};
use super::tracked::Tracked;
use super::watch::Watch;
use crate::limits::MAX_NAMED_PROCESSES;

impl Engine {
    /// What the session has recorded so far, and which processes it reached.
    pub fn conclude(&mut self, uid: SessionUid) -> SessionSummary {
        let mut summary = self.summary(uid);
        let Some(session) = self.sessions.get_mut(&uid) else { return summary };
        let mut reach = Reach {
            was_active: session.seen.was_active,
            rules: session.channels.values().map(|channel| channel.rules.len() as u64).sum(),
            connected: session.seen.connected(),
            ..Reach::default()
        };
        for tracked in self.processes.values_mut() {
            let is_alive = is_alive(tracked);
            let Some(file) = &mut tracked.process.file else { continue };
            session.note_matches(file);
            reach.connected += 1;
            session.compare(file);
            if is_alive {
                reach.add_running(Running { pid: file.pid, procname: file.program.name.clone() });
            }
        }
        let unmatched = session
            .unmatched()
            .into_iter()
            .map(|rule| Unmatched { rule: rule.clone(), closest: session.seen.closest(rule) });
        reach.unmatched = unmatched.filter(|_| reach.connected > 0).collect();
        summary.reach = reach;
        summary.note_gone(session.output.look());
        summary
    }
}

impl Reach {
    fn add_running(&mut self, process: Running) {
        self.still_run += 1;
        if self.running.len() < MAX_NAMED_PROCESSES {
            self.running.push(process);
        }
    }
}

fn is_alive(tracked: &Tracked) -> bool {
    match tracked.watch {
        Watch::Mappings => images::has_image(tracked),
        Watch::Pidfd(_) | Watch::Dead => !tracked.is_dead(),
    }
}
