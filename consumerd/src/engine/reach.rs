//! Whom a channel's rules reached: so that a recording without events can say why it has none.
//!
//! ```text
//!   a process has ended  --> counted; for each rule that has matched nothing yet, its events are compared with the rule
//!   conclude             --> the same for those that still run, and all of it as a `Reach`
//! ```

use super::api::{ChannelSummary, ChannelUid, Reach, Running, Unmatched};
use super::images;
use super::state::Engine;
use super::tracked::Tracked;
use super::watch::Watch;
use crate::limits::MAX_NAMED_PROCESSES;

impl Engine {
    /// What the channel has recorded so far, and whom it reached.
    pub fn conclude(&mut self, uid: ChannelUid) -> ChannelSummary {
        let mut summary = self.summary(uid);
        let Some(channel) = self.channels.get_mut(&uid) else { return summary };
        let mut reach = Reach {
            was_active: channel.seen.was_active,
            rules: channel.globs.len() as u64,
            connected: channel.seen.connected(),
            ..Reach::default()
        };
        for tracked in self.processes.values_mut() {
            channel.note_matches(&mut tracked.process);
            let Some(file) = &tracked.process.file else { continue };
            reach.connected += 1;
            channel.compare(file);
            if is_alive(tracked) {
                reach.add_running(Running { pid: file.pid, procname: file.procname.clone() });
            }
        }
        let unmatched = channel
            .unmatched()
            .into_iter()
            .map(|rule| Unmatched { rule: rule.clone(), closest: channel.seen.closest(rule) });
        reach.unmatched = unmatched.filter(|_| reach.connected > 0).collect();
        summary.reach = reach;
        summary.note_gone(channel.output.look());
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
