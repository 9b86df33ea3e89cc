//! Tracepoints in C that this shim cannot serve.

use crate::record::needed::with_c_tracepoints;
use ctf::printable;
use std::path::Path;
use ust_core::abi::C_API;
use ust_core::version::Version;

/// What to say of tracepoints in C that were compiled with another version of `ust.h`; `None` if they are served.
pub fn stale_header(program: &Path) -> Option<String> {
    let (file, version) = with_c_tracepoints(program)?;
    let version = Version::from_word(version);
    // What the header's minor has more than the shim's, its code may call.
    let missing = version.minor.saturating_sub(C_API.minor);
    let is_served = C_API.understands(version) && missing == 0;
    (!is_served).then(|| {
        format!(
            "{} has tracepoints of ust.h version {version}, and the shim serves version {C_API}: they are not recorded; \
             compile it with the header of this version",
            printable::path(&file)
        )
    })
}
