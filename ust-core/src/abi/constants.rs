//! Constants that all of the ABI uses.

use crate::version::Version;

/// Version of everything in this module. As a word: the major in the lower half, the minor in the
/// upper half.
pub const ABI: Version = Version { major: 6, minor: 2 };

/// What the ABI calls a page, whatever the machine's page size is.
pub const PAGE_BYTES: usize = 4096;
