//! The in-process table: what the copies of this library in one process offer to each other.
//!
//! ```text
//!   executable                 plugin.so                  other.so
//!   note --> Table: elected    note --> Table: joined     note --> Table: joined
//!              ^  ^                        |                          |
//!              |  '--- register, first_event, ... -------------------'
//!              '------ register, first_event, ... --'
//! ```
//!
//! One copy is elected (see [`election`](crate::election)); the others call the functions of its table. The hot path
//! calls none of them: each copy has its own hot path, and works on what the elected copy lends it, a thread cache and
//! what that leads to. So copies must agree on two things:
//!
//! - this table, which has the version [`IN_PROCESS`]: a newer minor appends;
//! - the layout of what is lent ([`ThreadCache`], [`Stream`](ust_core::stream::Stream) and its parts, [`CpuStreams`]), and
//!   the ABI of the shared memory behind it. It is stated in `in_process.golden`: another layout is another major.
//!
//! [`CpuStreams`]: crate::cpu_streams::CpuStreams
#![allow(unsafe_code)]

use crate::callsite::Switch;
use crate::cpu_streams::Way;
use crate::lockfree::Announced32;
use crate::registry::{Declared, ModuleId, Observer, Owner};
use crate::thread_cache::ThreadCache;
use core::ffi::c_void;
use ust_core::abi::ABI;
use ust_core::protocol::OtherCopy;
use ust_core::shm::doorbell;
use ust_core::version::{Mismatch, Version};

/// Version of what copies offer each other. Copies of two majors are two processes; the minor grows when something is appended.
pub(crate) const IN_PROCESS: Version = Version { major: 3, minor: 0 };

/// No CPU's number: the event does not come from a restartable sequence.
pub(crate) const NO_CPU: u32 = u32::MAX;

/// Tells a table from other bytes.
const MAGIC: u64 = u64::from_ne_bytes(*b"usttable");

/// See the module page.
#[repr(C)]
pub(crate) struct Table {
    magic: u64,
    major: u32,
    minor: u32,
    bytes: u32,
    abi_version: u32,
    /// 1: its copy is the process's runtime. The loader has relocated the table by then.
    is_elected: Announced32,
    reserved: u32,
    doorbell: extern "C" fn() -> &'static doorbell::Place,
    register: unsafe extern "C" fn(*const DeclaredCallsite, usize) -> ModuleId,
    unregister: extern "C" fn(ModuleId),
    first_event: extern "C" fn(u32, u32) -> Option<&'static ThreadCache>,
    give_up: extern "C" fn(u32),
    want_snapshot: extern "C" fn(u64),
    unregister_all_of: extern "C" fn(Owner),
}

/// A callsite, as a module declares it to the elected copy, which copies the bytes within the call.
#[repr(C)]
pub(crate) struct DeclaredCallsite {
    pub(crate) switch: *const Switch,
    pub(crate) body: *const u8,
    pub(crate) body_bytes: usize,
    /// None if nothing is to be called.
    pub(crate) notify: Option<extern "C" fn(*mut c_void, bool)>,
    pub(crate) data: *mut c_void,
    pub(crate) owner: Owner,
}

// SAFETY: functions, integers and one atomic.
unsafe impl Sync for Table {}

impl Table {
    /// A table with these functions. Its copy is not elected.
    pub(crate) const fn new(
        doorbell: extern "C" fn() -> &'static doorbell::Place,
        register: unsafe extern "C" fn(*const DeclaredCallsite, usize) -> ModuleId,
        unregister: extern "C" fn(ModuleId),
        first_event: extern "C" fn(u32, u32) -> Option<&'static ThreadCache>,
        give_up: extern "C" fn(u32),
        want_snapshot: extern "C" fn(u64),
        unregister_all_of: extern "C" fn(Owner),
    ) -> Self {
        Self {
            magic: MAGIC,
            major: IN_PROCESS.major as u32,
            minor: IN_PROCESS.minor as u32,
            bytes: size_of::<Self>() as u32,
            abi_version: ABI.to_word(),
            is_elected: Announced32::nothing(),
            reserved: 0,
            doorbell,
            register,
            unregister,
            first_event,
            give_up,
            want_snapshot,
            unregister_all_of,
        }
    }

    /// Whether this is a table at all.
    pub(crate) fn is_table(&self) -> bool {
        self.magic == MAGIC
    }

    /// What keeps this copy from joining the copy with this table: `None` if it can, for that one speaks as this one does and
    /// has all that this one calls.
    pub(crate) fn hindrance(&self) -> Option<OtherCopy> {
        let version = Version { major: self.major as u16, minor: self.minor as u16 };
        let abi = Version::from_word(self.abi_version);
        if !IN_PROCESS.understands(version) || (self.bytes as usize) < size_of::<Self>() {
            return Some(OtherCopy::Table(Mismatch { found: version, own: IN_PROCESS }));
        }
        ABI.check(abi).err().map(OtherCopy::Abi)
    }

    /// Whether its copy is the process's runtime.
    pub(crate) fn is_elected(&self) -> bool {
        self.is_elected.get() != 0
    }

    /// Makes its copy the process's runtime.
    pub(crate) fn elect(&self) {
        self.is_elected.set(1);
    }

    /// The place where the elected copy keeps the consumer's doorbell.
    pub(crate) fn doorbell(&self) -> &'static doorbell::Place {
        (self.doorbell)()
    }

    /// Adds a module's callsites. 0 if they will never be switched.
    pub(crate) fn register(&self, declared: &[DeclaredCallsite]) -> ModuleId {
        // SAFETY: a slice.
        unsafe { (self.register)(declared.as_ptr(), declared.len()) }
    }

    /// Removes a module's callsites.
    pub(crate) fn unregister(&self, module: ModuleId) {
        (self.unregister)(module);
    }

    /// Removes all callsites of a copy of the library.
    pub(crate) fn unregister_all_of(&self, owner: Owner) {
        (self.unregister_all_of)(owner);
    }

    /// Gets the calling thread a stream in the channel at `slot` (in a per-CPU channel: one that is written in this way),
    /// and returns the thread's cache. `None` if the event cannot be recorded; then it has been counted, unless the channel
    /// is gone. Async-signal-safe.
    pub(crate) fn first_event(&self, slot: usize, way: Way) -> Option<&'static ThreadCache> {
        let sequenced_cpu = match way {
            Way::Sequenced(cpu) => cpu,
            Way::Shared => NO_CPU,
        };
        (self.first_event)(slot as u32, sequenced_cpu)
    }

    /// Counts an event that found its stream closed at each of its tries. Async-signal-safe.
    pub(crate) fn give_up(&self, slot: usize) {
        (self.give_up)(slot as u32);
    }

    /// Asks for a snapshot, and waits for it, at most `timeout_ns`.
    pub(crate) fn want_snapshot(&self, timeout_ns: u64) {
        (self.want_snapshot)(timeout_ns);
    }
}

impl DeclaredCallsite {
    /// In the form that the registry takes.
    ///
    /// # Safety
    /// The body that it was made of still exists. The switch stays until the callsite is unregistered.
    pub(crate) unsafe fn as_declared(&self) -> Declared<'_> {
        // SAFETY: the caller's promise.
        let body = unsafe { core::slice::from_raw_parts(self.body, self.body_bytes) };
        let observer = self.notify.map(|notify| Observer { notify, data: self.data });
        // SAFETY: the caller's promise.
        let switch = unsafe { &*self.switch };
        Declared { switch, body, observer, owner: self.owner }
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use crate::cpu_streams::CpuStreams;
    use core::fmt::Write;
    use core::mem::offset_of;
    use ust_core::ring::Window;
    use ust_core::shm::StreamWords;
    use ust_core::stream::Stream;
    use ust_core::sync::{Local, Shared};

    /// Writes names and offsets of fields.
    macro_rules! layout {
        ($text:ident, $ty:ty: $($field:ident)*) => {
            let name = core::any::type_name::<$ty>().replace("ust_core::", "");
            writeln!($text, "{name}: {}", size_of::<$ty>()).unwrap();
            $(writeln!($text, "{:>6} {}", offset_of!($ty, $field), stringify!($field)).unwrap();)*
        };
    }

    /// The layout of what copies of this code lend each other, as text.
    fn layouts() -> String {
        let mut text =
            format!("# version {IN_PROCESS}, ABI {ABI}: bytes, and where fields stand\n");
        layout!(text, Table: magic major minor bytes abi_version is_elected doorbell register unregister first_event
            give_up want_snapshot unregister_all_of);
        layout!(text, DeclaredCallsite: switch body body_bytes notify data owner);
        for (name, offset) in Switch::FIELDS {
            writeln!(text, "Switch {offset:>6} {name}").unwrap();
        }
        for (name, offset) in ThreadCache::fields() {
            writeln!(text, "ThreadCache {offset:>6} {name}").unwrap();
        }
        for (name, offset) in Stream::<Local>::FIELDS {
            writeln!(text, "Stream {offset:>6} {name}").unwrap();
        }
        for (name, offset) in StreamWords::<Local>::FIELDS {
            writeln!(text, "StreamWords {offset:>6} {name}").unwrap();
        }
        writeln!(text, "{} {}", size_of::<Switch>(), size_of::<ThreadCache>()).unwrap();
        assert_eq!(size_of::<Stream<Local>>(), size_of::<Stream<Shared>>());
        let sizes = [size_of::<Stream<Local>>(), size_of::<Window>(), size_of::<CpuStreams>()];
        writeln!(text, "{sizes:?}").unwrap();
        text
    }

    #[test]
    fn what_copies_lend_each_other_is_laid_out_as_the_golden_file_says() {
        let (golden, layouts) = (include_str!("in_process.golden"), layouts());
        assert!(
            golden == layouts,
            "the layout has changed. If that is meant, raise IN_PROCESS's major and make this src/in_process.golden:\n{layouts}"
        );
    }
}
