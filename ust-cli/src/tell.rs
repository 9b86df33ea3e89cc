//! What `ust` tells its user beside its output: on standard error, a line each.

use ctf::printable::printable;
use std::io::Write as _;

/// One line for the user, who may have closed standard error. It may quote untrusted names.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "ust: {}", printable(line));
}
