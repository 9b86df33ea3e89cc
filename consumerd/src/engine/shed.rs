//! Gives up the greediest process, if there is not enough for all.
//!
//! A process within its own budget may still leave too little for others; several together surely may. Then what is
//! short is taken back from the process that has most of it, if that is a large part of all. What its rings hold is
//! still written out, and what it records from then on is lost. If all have their fair share, new processes are
//! refused.
//!
//! Memory itself may run short as well. A failed allocation uses the [`reserve`], which is then taken back in the same
//! way.

use super::resource::Resource;
use super::state::Engine;
use super::tracked::Tracked;
use crate::peer::shown;
use crate::reserve;
use rustix::process::Pid;

/// A process is not given up if it has less than this part of what a user's processes may have together.
const BLAMELESS_PART: u64 = 8;

impl Engine {
    /// Gives up the greediest process, if another was refused because some have too much.
    pub(super) fn relieve_shortage(&mut self) {
        let Some(what) = self.ledger.take_shortage() else { return };
        let Some((pid, held)) = self.ledger.greediest(what) else { return };
        if held >= what.budget().of_user / BLAMELESS_PART {
            self.give_up(pid, what, held, "others lack them");
        }
    }

    /// Takes back the reserve if an allocation has used it up; if need be, from the greediest process.
    pub(super) fn relieve_memory(&mut self) {
        if !self.has_reserve || reserve::keep() {
            return;
        }
        let what = Resource::MappedBytes;
        if let Some((pid, held)) = self.ledger.greediest(what).filter(|(_, held)| *held > 0) {
            self.give_up(pid, what, held, "there is no memory left");
        }
    }

    /// Buries a process that is still alive.
    fn give_up(&mut self, pid: i32, what: Resource, held: u64, shortage: &str) {
        let (name, _) = what.words();
        let who = shown(Pid::from_raw(pid.max(0)));
        self.tell(&format!(
            "{who} has {held} {name}, more than any other, while {shortage}: it is given up, and what it \
             records from now on is lost"
        ));
        self.take_in_everything();
        let is_its = |(_, tracked): &(&[u8; 16], &Tracked)| tracked.payer == pid;
        let uids: Vec<_> = self.processes.iter().filter(is_its).map(|(uid, _)| *uid).collect();
        self.bury_now(uids.clone());
        self.connections.retain(|_, connection| connection.payer != pid);
        self.departed
            .retain(|process| process.file.as_ref().is_none_or(|file| !uids.contains(&file.uid)));
    }
}
