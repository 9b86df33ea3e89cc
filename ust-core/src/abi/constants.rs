//! What everything of the ABI stands on.

/// Version of everything in this module. A reader refuses any other.
pub const ABI_VERSION: u32 = 5;

/// What the ABI calls a page, whatever the machine's own is.
pub const PAGE_BYTES: usize = 4096;
