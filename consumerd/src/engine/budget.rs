//! Budgets: what one process, and all processes of one user together, make the consumer hold.
//!
//! ```text
//!   Ledger --+-- Account of a user
//!            '-- Account of a process --> its user's
//!
//!   account.hold(Streams, 3) --> Held: given back when it is dropped
//!                           '--> OverBudget: nothing is held, and the engine is told, once for each process and resource
//! ```
//!
//! A process is a process id, however many identities it claims. What exceeds a budget is refused to that process
//! alone. All numbers are in [`limits`].

use super::resource::Resource;
use crate::limits::{self, Budget};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Instant;

/// The owner of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Process(i32),
    User(u32),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A process that this PID namespace does not see has no number.
            Owner::Process(..0) => f.write_str("a process of another PID namespace"),
            Owner::Process(pid) => write!(f, "process {pid}"),
            Owner::User(uid) => write!(f, "the processes of user {uid} together"),
        }
    }
}

/// A budget does not allow the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverBudget {
    owner: Owner,
    what: Resource,
    limit: u64,
}

impl std::error::Error for OverBudget {}

impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, consequence) = self.what.words();
        let Self { owner, limit, .. } = self;
        write!(f, "{owner} may have {limit} {what}, and no more: {consequence}")
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub struct Ledger {
    users: HashMap<u32, Rc<Account>>,
    processes: HashMap<i32, Weak<Account>>,
    notices: Rc<Notices>,
}

/// Messages to the engine.
#[derive(Debug, Default)]
struct Notices {
    refusals: RefCell<Vec<String>>,
    shortage: Cell<Option<Resource>>,
}

/// What a process or a user holds.
#[derive(Debug)]
pub struct Account {
    owner: Owner,
    held: [Cell<u64>; Resource::ALL.len()],
    limits: [u64; Resource::ALL.len()],
    /// Resources whose refusal has been reported, a bit for each.
    told: Cell<u32>,
    user: Option<Rc<Account>>,
    notices: Rc<Notices>,
    /// The descriptor by which the end of the process is noticed. All identities of the process share it.
    pub pidfd: RefCell<Weak<Pidfd>>,
    images_looked_at: Cell<Option<Instant>>,
}

/// A pidfd, and what it takes of the budget of its process.
#[derive(Debug)]
pub struct Pidfd {
    fd: OwnedFd,
    _held: Option<Held>,
}

/// An amount that is held until this is dropped.
#[derive(Debug)]
pub struct Held {
    account: Rc<Account>,
    what: Resource,
    amount: u64,
}

impl Ledger {
    /// The account of a process.
    pub fn process(&mut self, pid: i32, uid: u32) -> Rc<Account> {
        if let Some(account) = self.processes.get(&pid).and_then(Weak::upgrade) {
            return account;
        }
        // Accounts of processes that are gone are at most as many as the others.
        if self.processes.len() >= 2 * self.processes.capacity().max(64) / 3 {
            self.processes.retain(|_, account| account.strong_count() > 0);
        }
        let notices = &self.notices;
        let user = self.users.entry(uid).or_insert_with(|| {
            Rc::new(Account::new(Owner::User(uid), |it| it.of_user, None, notices.clone()))
        });
        let account = Account::new(
            Owner::Process(pid),
            |it| it.of_process,
            Some(user.clone()),
            notices.clone(),
        );
        let account = Rc::new(account);
        self.processes.insert(pid, Rc::downgrade(&account));
        account
    }

    /// Refusals since the last call.
    pub fn take_refusals(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices.refusals.borrow_mut())
    }

    /// The resource of which a user's processes together had too much, if any, since the last call.
    pub fn take_shortage(&mut self) -> Option<Resource> {
        self.notices.shortage.take()
    }

    /// The process that holds most of a resource, and how much.
    pub fn greediest(&self, what: Resource) -> Option<(i32, u64)> {
        let accounts = self.processes.iter().filter_map(|(pid, it)| Some((*pid, it.upgrade()?)));
        accounts.map(|(pid, account)| (pid, account.held(what))).max_by_key(|(_, held)| *held)
    }
}

impl Account {
    fn new(
        owner: Owner,
        limit: impl Fn(Budget) -> u64,
        user: Option<Rc<Account>>,
        notices: Rc<Notices>,
    ) -> Self {
        let limits = Resource::ALL.map(|resource| limit(resource.budget()));
        let held = [const { Cell::new(0) }; Resource::ALL.len()];
        let pidfd = RefCell::default();
        let (told, images_looked_at) = (Cell::new(0), Cell::new(None));
        Self { owner, held, limits, told, user, notices, pidfd, images_looked_at }
    }

    /// The account of a process whose files were left behind: there is no other process to protect from it.
    pub fn alone() -> Rc<Self> {
        Rc::new(Self::new(Owner::Process(0), |it| it.of_process, None, Rc::default()))
    }

    /// Whether the process has as many identities as it may.
    pub fn has_all_identities(&self) -> bool {
        let identities = Resource::Identities;
        self.held(identities) >= self.limits[identities as usize]
    }

    /// Whether it is time to look again which of its images are gone.
    pub fn is_time_to_look(&self) -> bool {
        let looked_at = self.images_looked_at.get();
        let is_time = looked_at.is_none_or(|at| at.elapsed() >= limits::IMAGE_LOOK_INTERVAL);
        if is_time {
            self.images_looked_at.set(Some(Instant::now()));
        }
        is_time
    }

    /// The process id; 0 for a user's account.
    pub fn number(&self) -> i32 {
        match self.owner {
            Owner::Process(number) => number,
            Owner::User(_) => 0,
        }
    }

    /// How much of a resource it holds.
    pub fn held(&self, what: Resource) -> u64 {
        self.held[what as usize].get()
    }

    /// How much of a resource the processes of its user hold together.
    pub fn held_together(&self, what: Resource) -> u64 {
        self.user.as_ref().map_or(self.held(what), |user| user.held(what))
    }

    /// Holds an amount, if the budgets of the process and of its user allow it.
    ///
    /// # Errors
    /// They do not allow it. The engine says so, once.
    pub fn hold(self: &Rc<Self>, what: Resource, amount: u64) -> Result<Held, OverBudget> {
        self.take(what, amount)?;
        Ok(Held { account: self.clone(), what, amount })
    }

    fn take(&self, what: Resource, amount: u64) -> Result<(), OverBudget> {
        let accounts = || std::iter::once(self).chain(self.user.as_deref());
        for account in accounts() {
            let limit = account.limits[what as usize];
            if account.held(what).saturating_add(amount) > limit {
                let refusal = OverBudget { owner: account.owner, what, limit };
                if account.user.is_none() && self.user.is_some() {
                    self.notices.shortage.set(Some(what));
                }
                self.tell(refusal);
                return Err(refusal);
            }
        }
        for account in accounts() {
            account.held[what as usize].set(account.held(what) + amount);
        }
        Ok(())
    }

    fn give_back(&self, what: Resource, amount: u64) {
        for account in std::iter::once(self).chain(self.user.as_deref()) {
            account.held[what as usize].set(account.held(what).saturating_sub(amount));
        }
    }

    fn tell(&self, refusal: OverBudget) {
        let bit = 1 << refusal.what as u32;
        if self.told.replace(self.told.get() | bit) & bit == 0 {
            let refusal = match refusal.owner == self.owner {
                true => refusal.to_string(),
                false => format!("{}: {refusal}", self.owner),
            };
            self.notices.refusals.borrow_mut().push(refusal);
        }
    }
}

impl Pidfd {
    /// Charges the descriptor to an account. It is kept even if the budget is used up, because the process could not be
    /// watched without it.
    pub fn new(fd: OwnedFd, account: &Rc<Account>) -> Self {
        Self { fd, _held: account.hold(Resource::Descriptors, 1).ok() }
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Held {
    /// Gives back part of the amount.
    pub fn shrink(&mut self, amount: u64) {
        let amount = amount.min(self.amount);
        self.account.give_back(self.what, amount);
        self.amount -= amount;
    }

    /// Holds more of the same.
    ///
    /// # Errors
    /// As for [`Account::hold`].
    pub fn grow(&mut self, amount: u64) -> Result<(), OverBudget> {
        self.account.take(self.what, amount)?;
        self.amount += amount;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.give_back(self.what, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back_and_beyond_the_budget_there_is_nothing() {
        let mut ledger = Ledger::default();
        let account = ledger.process(7, 1000);
        let Budget { of_process, .. } = limits::STREAMS;
        let mut held = account.hold(Resource::Streams, of_process - 1).unwrap();
        held.grow(1).unwrap();
        assert!(held.grow(1).is_err() && account.hold(Resource::Streams, 1).is_err());
        let refusals = ledger.take_refusals();
        let [refusal] = refusals.as_slice() else { panic!("{refusals:?}") };
        assert!(refusal.starts_with(&format!("process 7 may have {of_process} streams")));
        assert_eq!(ledger.take_shortage(), None);
        // Another process has a budget of its own.
        drop(ledger.process(8, 1000).hold(Resource::Streams, of_process).unwrap());
        assert_eq!(ledger.greediest(Resource::Streams), Some((7, of_process)));
        drop(held);
        assert_eq!(account.held(Resource::Streams), 0);
        account.hold(Resource::Streams, of_process).unwrap();
    }

    #[test]
    fn a_user_has_a_budget_however_many_processes_it_has() {
        let mut ledger = Ledger::default();
        let Budget { of_process, of_user } = limits::STREAMS;
        let processes = of_user / of_process;
        let held: Vec<_> = (0..processes as i32)
            .map(|pid| ledger.process(pid, 1000).hold(Resource::Streams, of_process).unwrap())
            .collect();
        let newcomer = ledger.process(-1, 1000);
        let refusal = newcomer.hold(Resource::Streams, of_process).unwrap_err();
        assert!(refusal.to_string().starts_with("the processes of user 1000 together may have"));
        assert_eq!(ledger.take_shortage(), Some(Resource::Streams));
        // Another user has another.
        ledger.process(-2, 0).hold(Resource::Streams, of_process).unwrap();
        drop(held);
        newcomer.hold(Resource::Streams, of_process).unwrap();
    }

    #[test]
    fn accounts_of_processes_that_are_gone_are_forgotten() {
        let mut ledger = Ledger::default();
        (0..10_000).for_each(|pid| drop(ledger.process(pid, 1000)));
        assert!(ledger.processes.len() < 1000, "{}", ledger.processes.len());
    }
}
