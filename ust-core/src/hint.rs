//! A hint to the compiler about the hot path.

/// Call this on the unlikely side of a branch. The likely side then follows directly, and the branch stays a
/// branch.
#[inline]
#[cold]
pub fn unlikely() {}
