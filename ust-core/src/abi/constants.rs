//! What everything of the ABI stands on.

use crate::version::Version;

/// Version of everything in this module. As a word: the major, and the minor in the upper half.
pub const ABI: Version = Version { major: 6, minor: 0 };

/// What the ABI calls a page, whatever the machine's own is.
pub const PAGE_BYTES: usize = 4096;
