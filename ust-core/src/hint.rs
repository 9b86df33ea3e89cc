//! What a compiler cannot know of the hot path.

/// Called on the way that a branch seldom takes: the other way then lies straight ahead, and the branch stays one.
#[inline]
#[cold]
pub fn unlikely() {}
