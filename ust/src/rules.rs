//! Rules and modules: what a thread that holds the registry does with it.
//!
//! ```text
//!   a module's callsites --register--> Registry --> callsite words: class number, slots
//!                      <-unregister--
//!   the runtime's own    --when there first are rules: most processes never have any
//!   rules                --apply-----> Registry --> slots, process file, callsite words
//!                                          '------> removed channels: freed when no thread is in a tracepoint
//! ```

use crate::declared::{self, Encoded};
use crate::instance::Runtime;
use crate::process_file::ProcessFile;
use crate::registry::{Declared, Gone, ModuleId, OWN, Owner, Registry};
use rustix::io::{self, Errno};
use std::time::{Duration, Instant};
use ust_core::protocol::Rules;
use ust_core::shm::private;

/// How long the runtime waits, for all removed channels together, for threads that stay in tracepoints.
const QUIESCE_TIMEOUT: Duration = Duration::from_secs(1);

impl Runtime {
    /// Adds a module's callsites, and switches them by the rules in force. `None` in a forked child without an agent
    /// whose registry was lost: nothing is switched there any more.
    pub(crate) fn register<'a>(
        &self,
        declared: impl Iterator<Item = Declared<'a>>,
    ) -> Option<ModuleId> {
        self.registry.with(|registry| {
            let module = registry.add(declared);
            if let Some(process) = self.process() {
                registry.switch_added(module, &self.slots, process);
            }
            module
        })
    }

    /// Removes a module's callsites. Their memory may be unmapped when this returns.
    pub(crate) fn unregister(&self, module: ModuleId) {
        // If the registry is lost, nothing uses its contents any more.
        self.registry.with(|registry| registry.remove(module));
    }

    /// Removes all callsites of a copy of the library. The memory of its module may be unmapped when this returns.
    pub(crate) fn unregister_all_of(&self, owner: Owner) {
        self.registry.with(|registry| registry.remove_of(owner));
    }

    /// Puts the rules that `take` returns into force, if any, and returns their generation. Channels that they no
    /// longer name are taken from all threads and freed.
    ///
    /// As in [`between_forks`](Self::between_forks), no fork comes between `take`'s allocations and the registry that
    /// keeps them.
    ///
    /// # Errors
    /// The process can have no process file; then no rules are in force.
    // Not generic: each traced process links what it calls once, not once for each caller.
    pub(crate) fn apply(&self, take: &mut dyn FnMut() -> Option<Rules>) -> io::Result<Option<u64>> {
        let mut gone = [const { None }; ust_core::protocol::MAX_CHANNELS];
        let generation = self.registry.with(|registry| {
            let Some(rules) = take() else { return Ok(None) };
            let process = self.create_process()?;
            let generation = rules.generation;
            registry.set_rules(rules);
            add_own(registry);
            registry.remove_channels(&self.slots, process, &mut gone);
            // Until they are freed, removed channels still use their slots in thread caches, and perhaps their mirror.
            if gone.iter().all(Option::is_none) {
                registry.enforce(&self.slots, process);
            }
            Ok(Some(generation))
        });
        let generation = generation.unwrap_or(Ok(None))?;
        if gone.iter().any(Option::is_some) {
            let deadline = Instant::now() + QUIESCE_TIMEOUT;
            gone.into_iter().flatten().for_each(|gone| self.free(gone, deadline));
            let process = self.process();
            self.registry.with(|registry| {
                process.into_iter().for_each(|process| registry.enforce(&self.slots, process));
            });
        }
        Ok(generation)
    }

    /// Runs a job for which a fork waits, as it does for a change of the registry. Memory that only a thread's stack
    /// points to at a fork is leaked in the child, and leak checkers report it.
    pub(crate) fn between_forks<R>(&self, job: impl FnOnce() -> R) -> Option<R> {
        self.registry.with(|_| job())
    }

    /// Tries again to get memory for channels that have none.
    pub(crate) fn feed(&self) {
        self.registry.with(|registry| registry.add_channels(&self.slots, self.process()));
    }

    /// This process's file, made now if there is none yet.
    ///
    /// # Errors
    /// As for [`ProcessFile::create`]; `AGAIN` if the registry was lost.
    pub(crate) fn process_or_create(&self) -> io::Result<&'static ProcessFile> {
        self.registry.with(|_| self.create_process()).unwrap_or(Err(Errno::AGAIN))
    }

    /// The caller holds the registry.
    fn create_process(&self) -> io::Result<&'static ProcessFile> {
        match self.process() {
            Some(process) => Ok(process),
            None => {
                let process = ProcessFile::create().and_then(private::place)?;
                self.set_process(process);
                Ok(process)
            }
        }
    }

    /// Switches everything off: the consumer is gone.
    pub(crate) fn forget_rules(&self) {
        if self.process().is_some() {
            // `apply` fails only without a process file, and there is one.
            let _ = self.apply(&mut || Some(Rules::default()));
        }
    }

    /// Frees a channel that is in no slot any more. Called without the registry: it may take until the deadline.
    #[allow(unsafe_code)]
    fn free(&self, Gone { slot, channel, mirror }: Gone, deadline: Instant) {
        if self.caches.quiesce(slot, deadline) {
            // SAFETY: no cache points to its streams, no slot to the channel, and since then no thread was in a
            // tracepoint.
            unsafe {
                if let Some(channel) = channel {
                    channel.free_files(&self.orphans);
                    private::free(channel);
                }
                mirror.into_iter().for_each(|mirror| private::free(mirror));
            }
        }
    }
}

/// Adds the callsites of the runtime's own module, once.
fn add_own(registry: &mut Registry) {
    if registry.has_own() {
        return;
    }
    let encoded = declared::encoded();
    registry.add_own(encoded.iter().map(|Encoded { switch, body }| Declared {
        switch,
        body,
        observer: None,
        owner: OWN,
    }));
}
