//! Which file a program's name means: found before anything is made for it.

use crate::failure::Failure;
use consumerd::cause::Cause;
use ctf::printable;
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where to look if PATH is not set, as execvp(3) does.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// A program that can be executed, as far as one can tell without doing it.
#[derive(Debug)]
pub struct Program<'a> {
    /// The file.
    pub file: PathBuf,
    /// Its name as it was given, which the program sees as its own.
    pub given: &'a OsStr,
    /// Its arguments.
    pub arguments: &'a [OsString],
}

impl<'a> Program<'a> {
    /// Finds the first word of `command` as a shell does, and makes sure that it is executable.
    pub fn find(command: &'a [OsString]) -> Result<Self, Failure> {
        let (given, arguments) = command
            .split_first()
            .map_or((OsStr::new(""), command), |(given, rest)| (given.as_os_str(), rest));
        let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
        match look_up(given, &path) {
            Ok(file) => Ok(Self { file, given, arguments }),
            Err(error) => Err(not_startable(given, &error)),
        }
    }

    /// Its name without directories.
    pub fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.given);
        name.to_string_lossy().into_owned()
    }
}

/// Why a program cannot be started: not there (127), or there and no use (126).
pub fn not_startable(given: &OsStr, error: &io::Error) -> Failure {
    let given = printable::os(given);
    if error.kind() == io::ErrorKind::NotFound {
        let text =
            format!("program {given} was not found: give its path, or a name that PATH leads to");
        Failure::new(Cause::NotFound, text)
    } else {
        Failure::new(
            Cause::NotExecutable,
            format_args!(
                "program {given} cannot be executed: {error}: chmod +x it, or give another one"
            ),
        )
    }
}

fn look_up(given: &OsStr, path: &OsStr) -> io::Result<PathBuf> {
    if given.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    if given.as_bytes().contains(&b'/') {
        check(Path::new(given))?;
        return Ok(given.into());
    }
    let mut first_error = None;
    for dir in std::env::split_paths(path) {
        // An empty entry is the working directory.
        let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir };
        let file = dir.join(given);
        match check(&file) {
            Ok(()) => return Ok(file),
            // Another one further on may be executable; if there is none, this is what the user meant. One in
            // a directory that this user may not search is as good as none.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && file.exists() => {
                first_error.get_or_insert(error);
            }
            Err(_) => {}
        }
    }
    Err(first_error.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn check(file: &Path) -> io::Result<()> {
    // execve(2) says so of directories too.
    if !std::fs::metadata(file)?.is_file() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(dir: &Path, name: &str, mode: u32) -> PathBuf {
        let file = dir.join(name);
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_first_executable_on_the_path_is_taken() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        program(first.path(), "prog", 0o644);
        let executable = program(second.path(), "prog", 0o755);
        std::fs::create_dir(second.path().join("dir")).unwrap();
        let path = std::env::join_paths([first.path(), second.path()]).unwrap();
        let kind =
            |given: &str, path: &OsStr| look_up(given.as_ref(), path).map_err(|error| error.kind());

        assert_eq!(kind("prog", &path), Ok(executable));
        assert_eq!(kind("prog", first.path().as_os_str()), Err(io::ErrorKind::PermissionDenied));
        assert_eq!(kind("dir", &path), Err(io::ErrorKind::PermissionDenied));
        assert_eq!(kind("absent", &path), Err(io::ErrorKind::NotFound));
        assert_eq!(kind("", &path), Err(io::ErrorKind::NotFound));
    }

    #[test]
    fn a_name_with_a_slash_is_not_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        program(dir.path(), "prog", 0o755);
        assert!(look_up("./prog".as_ref(), dir.path().as_os_str()).is_err());
        assert!(look_up(dir.path().join("prog").as_os_str(), "".as_ref()).is_ok());
    }
}
