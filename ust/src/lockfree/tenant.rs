//! Whose something is that one thread after the other has, and that nobody need have given back.

use super::orderings as order;
use ust_core::sync::{AtomicBool, AtomicU32, const_unless_loom};

/// See the module page. Zeroes are nobody.
#[derive(Debug)]
#[repr(C)]
pub struct Tenant {
    is_claimed: AtomicBool,
    /// The thread; zero while it is not known, `ASKING` while somebody asks whether it is still there.
    tid: AtomicU32,
}

/// Instead of the thread's number.
const ASKING: u32 = u32::MAX;

impl Tenant {
    /// Where the fields lie.
    #[cfg(test)]
    pub const FIELDS: [(&str, usize); 2] = [
        ("is_claimed", core::mem::offset_of!(Tenant, is_claimed)),
        ("tid", core::mem::offset_of!(Tenant, tid)),
    ];

    const_unless_loom! {
        /// It is nobody's.
        pub fn nobody() -> Self {
            Self { is_claimed: AtomicBool::new(false), tid: AtomicU32::new(0) }
        }
    }

    /// Whether it is anybody's.
    pub fn is_claimed(&self) -> bool {
        self.is_claimed.load(order::tenant_look())
    }

    /// Claims it for the calling thread, if it is nobody's: empty, as the one before has left it.
    pub fn claim(&self) -> bool {
        !self.is_claimed.swap(true, order::tenant_claim())
    }

    /// Notes whose it is, unless that is known, or being asked: then whoever asks puts it back.
    pub fn note(&self, tid: u32) {
        let _ = self.tid.compare_exchange(0, tid, order::tenant_note(), order::tenant_look());
    }

    /// Frees it, if its thread `has_ended`: then `empty` is called first. `false` also if another thread is just looking.
    pub fn free_if(&self, has_ended: impl FnOnce(u32) -> bool, empty: impl FnOnce()) -> bool {
        let tid = self.tid.load(order::tenant_look());
        // Who is let in decides alone. A number that was given to another thread since is that of a thread alive.
        let enter = || {
            self.tid
                .compare_exchange(tid, ASKING, order::tenant_ask(), order::tenant_look())
                .is_ok()
        };
        if tid == 0 || tid == ASKING || !enter() {
            return false;
        }
        let has_ended = has_ended(tid);
        if has_ended {
            empty();
            self.tid.store(0, order::tenant_asked());
            self.is_claimed.store(false, order::tenant_free());
        } else {
            self.tid.store(tid, order::tenant_asked());
        }
        has_ended
    }
}
