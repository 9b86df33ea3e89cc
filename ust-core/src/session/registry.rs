//! The registry: every callsite of every module, and the rules that switch them.
//!
//! Off the hot path altogether. It allocates, and is changed by one thread at a time: a constructor or the
//! agent. Whoever forks meanwhile waits a moment for it (see [`fork`](super::fork)), no tracepoint ever
//! does.
//!
//! ```text
//!   HOLDER.state     0          nobody
//!                    n          n threads are forking: their children are to find the registry whole
//!                    CHANGING   one thread changes it; or waits to, if there is an n besides: no further fork begins
//!                    LOST       it was being changed when this process was forked, and is of no use here
//! ```

use super::{ProcessFile, channel, channel_uid, process, set_channel, set_process, set_starved};
use crate::abi::{Buffers, Geometry, ShmPath};
use crate::agent::protocol::{ChannelRules, MAX_CHANNELS, Rules};
use crate::callsite::Callsite;
use crate::channel::{Channel, ChannelShape};
use crate::clock::monotonic_ns;
use crate::shm::{Mapping, private};
use crate::sync::{AtomicU32, Ordering};
use crate::thread_cache;
use core::cell::UnsafeCell;
use rustix::io;
use std::time::Duration;
use wildmatch::WildMatch;

/// How long memory of a channel that is gone waits for a thread that stays in a tracepoint.
const PATIENCE: Duration = Duration::from_secs(1);

/// A callsite and what has been said of it.
#[derive(Debug)]
struct Known {
    callsite: &'static Callsite,
    /// `provider:name`.
    full_name: String,
    /// Where it stands in the class log.
    entry_offset: Option<usize>,
    class_id: Option<u32>,
}

/// A channel that has no slot any more.
struct Gone {
    slot: usize,
    /// If it had memory.
    channel: Option<&'static Channel>,
    /// Of the process file, in the channel's directory.
    mirror: Option<&'static Mapping>,
}

#[derive(Debug, Default)]
pub(super) struct Registry {
    known: Vec<Known>,
    rules: Rules,
    next_class_id: u32,
}

/// The registry and who has it (see the module page). Not a lock of the library's: the child of a fork must be able
/// to take it over from threads that do not exist there.
pub(super) struct Holder {
    state: AtomicU32,
    registry: UnsafeCell<Option<Registry>>,
}

const CHANGING: u32 = 1 << 31;
const LOST: u32 = 1 << 30;

/// Between looks at a state that somebody is to leave.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);

// SAFETY: the registry is reached only by whoever is changing it.
#[allow(unsafe_code)]
unsafe impl Sync for Holder {}

pub(super) static HOLDER: Holder =
    Holder { state: AtomicU32::new(0), registry: UnsafeCell::new(None) };

impl Holder {
    /// Keeps the registry as it is while this thread forks, beside others that fork. `false` if somebody has been
    /// changing it for as long as `patience`, or if it is lost.
    pub(super) fn hold(&self, patience: Duration) -> bool {
        let started_ns = monotonic_ns();
        loop {
            // Acquire: pairs with `with`'s release; the child finds what was changed.
            let found = self.state.fetch_add(1, Ordering::Acquire);
            if found & (CHANGING | LOST) == 0 {
                return true;
            }
            self.let_go();
            let waited = Duration::from_nanos(monotonic_ns() - started_ns);
            if found & LOST != 0 || waited >= patience {
                return false;
            }
            // Not a yield: who is to be let finish may be of a lower priority.
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// The forking thread, afterwards.
    pub(super) fn let_go(&self) {
        // Less by one. Release: pairs with `with`'s acquire.
        self.state.fetch_add(u32::MAX, Ordering::Release);
    }

    /// Its child, which has no other threads: neither those that were forking too, nor one that waits to change it.
    pub(super) fn let_go_of_all(&self) {
        self.state.store(0, Ordering::Release);
    }

    /// The child of whichever fork, as long as it has no agent: what was being changed will never be whole.
    pub(super) fn lose_what_is_half_changed(&self) {
        // Relaxed: nobody is left who would change it.
        if self.state.load(Ordering::Relaxed) & CHANGING != 0 {
            self.state.fetch_or(LOST, Ordering::Relaxed);
        }
    }

    /// Changes the registry, when nobody else does and nobody forks.
    #[allow(unsafe_code)]
    fn with<R>(&self, job: impl FnOnce(&mut Registry) -> R) -> R {
        while self.state.fetch_or(CHANGING, Ordering::Relaxed) & CHANGING != 0 {
            std::thread::sleep(LOOK_INTERVAL);
        }
        // Acquire: pairs with the releases of those who had it.
        while self.state.load(Ordering::Acquire) != CHANGING {
            std::thread::sleep(LOOK_INTERVAL);
        }
        // SAFETY: nobody else changes it, and `job` cannot get here again: it is private to this file.
        let registry = unsafe { &mut *self.registry.get() };
        let result = job(registry.get_or_insert_default());
        self.state.fetch_and(!CHANGING, Ordering::Release);
        result
    }
}

/// Adds a module's callsites, and switches them by the rules in force.
pub fn register(callsites: impl Iterator<Item = &'static Callsite>) {
    HOLDER.with(|registry| {
        for callsite in callsites {
            let description = callsite.description();
            registry.known.push(Known {
                callsite,
                full_name: format!("{}:{}", description.provider, description.name),
                entry_offset: None,
                class_id: None,
            });
        }
        if process().is_some() {
            registry.switch_all();
        }
    });
}

/// Puts the rules into force that `take` comes with, if any, and returns their generation. Channels that they no longer name
/// are taken away from all threads and freed.
///
/// As in [`between_forks`], no fork comes between what `take` allocates and the registry that keeps it.
///
/// # Errors
/// The process can have no process file: then nothing is in force.
pub fn apply(take: impl FnOnce() -> Option<Rules>) -> io::Result<Option<u64>> {
    let mut gone = [const { None }; MAX_CHANNELS];
    let generation = HOLDER.with(|registry| {
        let Some(rules) = take() else { return Ok(None) };
        create_process()?;
        let generation = rules.generation;
        registry.rules = rules;
        registry.add_channels();
        registry.switch_all();
        registry.remove_channels(&mut gone);
        Ok(Some(generation))
    })?;
    gone.into_iter().flatten().for_each(free);
    Ok(generation)
}

/// Runs a job for which a fork waits, as it does for a change of the registry. What a thread has allocated at a fork is
/// nobody's in the child: leak checkers find it there, and rightly.
pub fn between_forks<R>(job: impl FnOnce() -> R) -> R {
    HOLDER.with(|_| job())
}

/// Tries again to get memory for channels that have none.
pub fn feed() {
    HOLDER.with(Registry::add_channels);
}

/// This process's file, made now if it was not before.
///
/// # Errors
/// As for [`ProcessFile::create`].
pub fn process_or_create() -> io::Result<&'static ProcessFile> {
    HOLDER.with(|_| create_process())
}

fn create_process() -> io::Result<&'static ProcessFile> {
    match process() {
        Some(process) => Ok(process),
        None => {
            let process = ProcessFile::create().and_then(private::place)?;
            set_process(process);
            Ok(process)
        }
    }
}

/// Switches everything off: the daemon is gone.
pub fn forget_rules() {
    if process().is_some() {
        // There is a process file: it cannot fail.
        let _ = apply(|| Some(Rules::default()));
    }
}

/// Frees a channel that stands in no slot any more. Without the registry: it may take a while.
#[allow(unsafe_code)]
fn free(Gone { slot, channel, mirror }: Gone) {
    if thread_cache::quiesce(slot, PATIENCE) {
        // SAFETY: no cache leads to its streams, no slot to it, and no thread was in a tracepoint since.
        unsafe {
            if let Some(channel) = channel {
                channel.free_files();
                private::free(channel);
            }
            mirror.into_iter().for_each(|mirror| private::free(mirror));
        }
    }
}

impl Registry {
    /// Makes a channel for each that is new, or had no memory.
    fn add_channels(&mut self) {
        for wanted in &self.rules.channels {
            let own_slot = slot_of(wanted);
            if own_slot.is_some_and(|slot| channel(slot).is_some()) {
                continue;
            }
            let geometry = Geometry::new(wanted.subbuf_size_bytes, wanted.subbuf_count.into());
            let free_slot = || (0..MAX_CHANNELS).find(|slot| channel_uid(*slot).is_none());
            let shm_path =
                match wanted.shm_path.as_deref().map(|path| ShmPath::new(path.as_bytes())) {
                    // Rings that the user wants to find again are not made where nobody would.
                    Some(None) => continue,
                    Some(path) => path.map(|path| path.in_directory(wanted.shm_dir)),
                    None => None,
                };
            let (Ok(geometry), Some(slot)) = (geometry, own_slot.or_else(free_slot)) else {
                continue;
            };
            let shape = ChannelShape {
                uid: wanted.channel_uid,
                geometry,
                clock: wanted.clock,
                buffers: wanted.buffers,
                mode: wanted.mode,
                residency: wanted.residency,
                shm_path,
            };
            if let Some(process) = process().filter(|_| own_slot.is_none()) {
                process.set_mirror(slot, shape.shm_path);
                process.begin_losses(slot, shape.uid);
            }
            let placed = Channel::place(shape).ok();
            // In this order the slot is never nobody's, if the channel had it before.
            set_channel(slot, placed);
            set_starved(slot, placed.is_none().then_some(shape.uid));
        }
    }

    /// Takes the channels out of their slots that the rules do not name.
    fn remove_channels(&mut self, gone: &mut [Option<Gone>; MAX_CHANNELS]) {
        let is_named = |uid| self.rules.channels.iter().any(|rules| rules.channel_uid == uid);
        let slots =
            (0..MAX_CHANNELS).filter(|slot| channel_uid(*slot).is_some_and(|uid| !is_named(uid)));
        let take = |slot| {
            let channel = channel(slot);
            set_channel(slot, None);
            set_starved(slot, None);
            let mirror = process().and_then(|process| process.take_mirror(slot));
            Gone { slot, channel, mirror }
        };
        slots.for_each(|slot| gone[slot] = Some(take(slot)));
    }

    /// Logs every class that is not, and sets every callsite's word.
    fn switch_all(&mut self) {
        let Some(process) = process() else { return };
        let patterns =
            self.rules.channels.iter().filter(|rules| rules.is_active).filter_map(|rules| {
                let globs =
                    rules.events.iter().map(|glob| WildMatch::new(glob)).collect::<Vec<_>>();
                Some((1u32 << slot_of(rules)?, globs))
            });
        let patterns: Vec<_> = patterns.collect();
        let is_of_cpus = |rules: &&ChannelRules| rules.buffers == Buffers::PerCpu;
        let of_cpus = self.rules.channels.iter().filter(is_of_cpus).filter_map(slot_of);
        let slots_of_cpus = of_cpus.fold(0, |all, slot| all | 1 << slot);
        for known in &mut self.known {
            if known.entry_offset.is_none() {
                known.entry_offset = process.log_class(known.callsite.description());
            }
            // A class that the log has no room for cannot be recorded: nobody could read it.
            let Some(entry_offset) = known.entry_offset else { continue };
            let matches =
                |globs: &[WildMatch]| globs.iter().any(|glob| glob.matches(&known.full_name));
            let slots = patterns
                .iter()
                .filter(|(_, globs)| matches(globs))
                .fold(0, |all, (bit, _)| all | bit);
            if slots != 0 && known.class_id.is_none() {
                process.assign_class_id(entry_offset, self.next_class_id);
                known.class_id = Some(self.next_class_id);
                self.next_class_id += 1;
            }
            known.callsite.set(known.class_id.unwrap_or(0), slots, slots_of_cpus);
        }
    }
}

fn slot_of(rules: &ChannelRules) -> Option<usize> {
    (0..MAX_CHANNELS).find(|slot| channel_uid(*slot) == Some(rules.channel_uid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(20);

    fn holder() -> Holder {
        Holder { state: AtomicU32::new(0), registry: UnsafeCell::new(None) }
    }

    fn wait_for_change(holder: &Holder) {
        while holder.state.load(Ordering::Relaxed) & CHANGING == 0 {
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    #[test]
    fn a_fork_waits_for_a_change_that_takes_long_and_not_for_ever() {
        let holder = holder();
        std::thread::scope(|scope| {
            scope.spawn(|| holder.with(|_| std::thread::sleep(Duration::from_millis(300))));
            wait_for_change(&holder);
            assert!(!holder.hold(Duration::from_millis(10)));
            assert!(holder.hold(LONG));
            holder.let_go();
        });
        assert_eq!(holder.state.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn forks_do_not_wait_for_one_another_and_a_change_waits_for_all() {
        let holder = holder();
        assert!(holder.hold(LONG) && holder.hold(LONG));
        let is_changed = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| holder.with(|_| is_changed.store(1, Ordering::Relaxed)));
            wait_for_change(&holder);
            assert!(!holder.hold(Duration::ZERO), "forks without end would hold up the change");
            holder.let_go();
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(is_changed.load(Ordering::Relaxed), 0);
            holder.let_go();
        });
        assert_eq!(is_changed.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_child_of_a_fork_that_held_the_registry_has_it() {
        // Another thread forks, and a third wants to change it: the child has neither.
        let holder = holder();
        assert!(holder.hold(LONG) && holder.hold(LONG));
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        holder.let_go_of_all();
        holder.with(|_| {});
        assert!(holder.hold(Duration::ZERO));
    }

    #[test]
    fn the_child_of_a_fork_in_a_change_never_waits_for_it() {
        let holder = holder();
        holder.state.fetch_or(CHANGING, Ordering::Relaxed);
        holder.lose_what_is_half_changed();
        let started = Instant::now();
        assert!(!holder.hold(LONG) && !holder.hold(LONG));
        assert!(started.elapsed() < LONG / 2);
    }
}
