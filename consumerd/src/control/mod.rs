//! Control: how `ust` tells the daemon what to do.
//!
//! ```text
//!   ust                                    ustconsumerd
//!   client --- one line: request --------> server --> service --> session, engine
//!          <-- one line: answer, end ----- server <-- service     ... when it is in force
//! ```
//!
//! - [`protocol`]: requests and answers, a line of JSON each way, with the protocol's version.
//! - [`client`]: one connection, one request, one answer.
//! - [`server`]: the socket and its connections; never blocks, whatever clients do.
//! - [`service`]: carries requests out, one after the other, and answers once they are in force.
//!
//! The socket lies in the runtime directory, which only its owner may enter. In addition, each side asks the kernel
//! which user the other is. A client may be the daemon's user or root.

pub mod client;
pub mod protocol;
pub mod server;
pub mod service;
