//! The owner of something that one thread after the other has, and that a thread may end without giving back.

use super::orderings as order;
use ust_core::sync::{AtomicBool, AtomicU32, const_unless_loom};

/// See the module page. All zeroes: no owner.
#[derive(Debug)]
#[repr(C)]
pub struct Tenant {
    is_claimed: AtomicBool,
    /// The owner's tid. Zero while it is unknown; `ASKING` while a thread asks whether the owner still exists.
    tid: AtomicU32,
}

/// Stands in for the tid.
const ASKING: u32 = u32::MAX;

impl Tenant {
    /// The offsets of the fields.
    #[cfg(test)]
    pub const FIELDS: [(&str, usize); 2] = [
        ("is_claimed", core::mem::offset_of!(Tenant, is_claimed)),
        ("tid", core::mem::offset_of!(Tenant, tid)),
    ];

    const_unless_loom! {
        /// No owner.
        pub fn nobody() -> Self {
            Self { is_claimed: AtomicBool::new(false), tid: AtomicU32::new(0) }
        }
    }

    /// Whether it has an owner.
    pub fn is_claimed(&self) -> bool {
        self.is_claimed.load(order::tenant_look())
    }

    /// Claims it for the calling thread, if it has no owner. It is then empty, as the previous owner left it.
    pub fn claim(&self) -> bool {
        !self.is_claimed.swap(true, order::tenant_claim())
    }

    /// Notes the owner's tid, unless that is known or another thread is asking: that thread puts the tid back.
    pub fn note(&self, tid: u32) {
        let _ = self.tid.compare_exchange(0, tid, order::tenant_note(), order::tenant_look());
    }

    /// Frees it if its owner `has_ended`, after calling `empty`. Also `false` if another thread is just asking.
    pub fn free_if(&self, has_ended: impl FnOnce(u32) -> bool, empty: impl FnOnce()) -> bool {
        let tid = self.tid.load(order::tenant_look());
        // Only the thread that is let in decides. If the tid now belongs to another thread, that thread is alive, and
        // so counts as not ended.
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
