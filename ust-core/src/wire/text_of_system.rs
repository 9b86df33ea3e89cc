//! Texts of the system: paths, file names, arguments. Their bytes are recorded as they are, whatever their encoding.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::text::texts;

texts! {
    OsStr, |text| text.as_bytes();
    Path, |path| path.as_os_str().as_bytes();
}
