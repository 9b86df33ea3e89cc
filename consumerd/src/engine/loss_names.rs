//! The names of losses that no stream counts: a process counts them in its process file, or the consumer counts them.
//! The losses that a stream counts have their names from [`LossCause::name`](ust_core::abi::LossCause::name).

/// The process could not get a stream for the record. Only this one is counted by the process.
pub const NO_STREAM: &str = "records_lost_no_stream";

/// The record's writer began it and did not finish it, while the process went on.
pub const ABANDONED: &str = "records_lost_abandoned";

/// The record does not fit its class, or comes after one that does not.
pub const MALFORMED: &str = "records_lost_malformed";

/// The record was read and could not be written to its file.
pub const UNWRITTEN: &str = "records_lost_unwritten";

/// The record was written to a directory that was removed.
pub const REMOVED: &str = "records_lost_removed";
