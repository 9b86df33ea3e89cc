//! The names of loss causes that the consumer counts itself. Causes that writers count have their names from
//! [`LossCause::name`](ust_core::abi::LossCause::name).

/// The process could not get a stream for the record.
pub const NO_STREAM: &str = "records_lost_no_stream";

/// The record's writer began it and did not finish it, while the process went on.
pub const ABANDONED: &str = "records_lost_abandoned";

/// The record does not fit its class, or comes after one that does not.
pub const MALFORMED: &str = "records_lost_malformed";

/// The record was read and could not be written to its file.
pub const UNWRITTEN: &str = "records_lost_unwritten";

/// The record was written to a directory that was removed.
pub const REMOVED: &str = "records_lost_removed";
