//! What the consumer calls records that it counts as lost itself. Those that writers count have their names from
//! [`LossCause::name`](ust_core::abi::LossCause::name).

/// The process could not get a stream for it.
pub const NO_STREAM: &str = "records_lost_no_stream";

/// Its writer began it and did not end it, while the process went on.
pub const ABANDONED: &str = "records_lost_abandoned";

/// It is not what its class says, or comes behind one that is not.
pub const MALFORMED: &str = "records_lost_malformed";

/// It was read and could not be written to its file.
pub const UNWRITTEN: &str = "records_lost_unwritten";

/// It was written to a directory which was removed.
pub const REMOVED: &str = "records_lost_removed";
