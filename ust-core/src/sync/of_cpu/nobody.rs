//! Where there are no sequences: no thread is anywhere. A module of another build may lend this one a CPU's stream all the
//! same.

use super::OfCpu;
#[cfg(not(loom))]
use super::raw;

impl OfCpu {
    /// Whether there are sequences.
    pub const CAN_BE: bool = false;

    /// No CPU's number.
    ///
    /// # Safety
    /// Asks nothing of its caller; where there are sequences it does.
    pub unsafe fn number_now(_area: isize) -> u32 {
        u32::MAX
    }

    /// A stay that does not begin.
    ///
    /// # Safety
    /// Asks nothing of its caller; where there are sequences it does.
    pub unsafe fn begin(area: isize, number: u32) -> Self {
        Self { number, area, counter: 0 }
    }

    /// It is not.
    pub fn is_there(self) -> bool {
        false
    }

    /// Nothing to take away.
    pub fn end(self) {}

    /// Stores nothing.
    #[cfg(not(loom))]
    pub(super) fn store(self, _: &raw::AtomicU64, _: u64) -> bool {
        false
    }
}
