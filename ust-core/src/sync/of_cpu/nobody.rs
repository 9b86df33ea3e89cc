//! Where there are no sequences: no thread has an area, and nobody makes an [`OfCpu`].

use super::OfCpu;
#[cfg(not(loom))]
use super::raw;

impl OfCpu {
    /// Whether there are sequences.
    pub const CAN_BE: bool = false;

    /// No CPU's number.
    ///
    /// # Safety
    /// None.
    pub unsafe fn number_now(_area: isize) -> u32 {
        u32::MAX
    }

    /// Not called: there are no streams of CPUs.
    ///
    /// # Safety
    /// None.
    ///
    /// # Panics
    /// Always.
    pub unsafe fn begin(_area: isize) -> Self {
        unreachable!("a stream is written in sequences where there are none")
    }

    /// Not called either.
    pub fn is_on(self, _number: u32) -> bool {
        false
    }

    /// Ends what did not begin.
    pub fn end(self) {}

    #[cfg(not(loom))]
    pub(super) fn store(self, _: &raw::AtomicU64, _: u64) -> bool {
        false
    }
}
