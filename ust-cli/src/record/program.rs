//! Finds the file that a program's name means, before anything is made for it.

use super::executable::fault;
use crate::failure::Failure;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use ctf::printable;
use rustix::fs::{Access, AtFlags, CWD, FileType, accessat, stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where to look if PATH is not set, as execvp(3) does.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// A program that can be executed, as far as can be told without executing it.
#[derive(Debug)]
pub struct Program<'a> {
    /// The file.
    pub file: PathBuf,
    /// Its name as it was given, which the program gets as `argv[0]`.
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
            Err(error) => Err(not_startable(given, &error.file, &error.error)),
        }
    }

    /// Its name without directories.
    pub fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.given);
        name.to_string_lossy().into_owned()
    }
}

/// The failure if a program cannot be started: not found (127), or found and not executable (126).
pub fn not_startable(given: &OsStr, file: &Path, error: &io::Error) -> Failure {
    let errno = Errno::from_io_error(error);
    let given = printable::os(given);
    let cause = match errno {
        Some(Errno::NOENT | Errno::NOTDIR) => Cause::NotFound,
        _ => Cause::NotExecutable,
    };
    let text = match errno.and_then(|errno| fault(file, errno)) {
        Some(fault) => format!("program {given} cannot be executed: {fault}"),
        None if cause == Cause::NotFound => {
            format!("program {given} was not found: {}", why(Attempt::Execute, error))
        }
        None => format!("program {given} cannot be executed: {}", why(Attempt::Execute, error)),
    };
    Failure::new(cause, text)
}

/// A file that was found and cannot be executed, or the name of one that was not found.
#[derive(Debug)]
struct Unusable {
    file: PathBuf,
    error: io::Error,
}

impl Unusable {
    fn new(file: impl Into<PathBuf>, errno: Errno) -> Self {
        Self { file: file.into(), error: errno.into() }
    }
}

fn look_up(given: &OsStr, path: &OsStr) -> Result<PathBuf, Unusable> {
    if given.is_empty() {
        return Err(Unusable::new("", Errno::NOENT));
    }
    if given.as_bytes().contains(&b'/') {
        check(Path::new(given))?;
        return Ok(given.into());
    }
    let mut first_unusable = None;
    for dir in std::env::split_paths(path) {
        // An empty entry is the working directory.
        let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir };
        let file = dir.join(given);
        match check(&file) {
            Ok(()) => return Ok(file),
            // A later directory may have an executable one. If none has, the user meant this one. A file in a directory
            // that this user may not search counts as absent.
            Err(unusable) if file.exists() => _ = first_unusable.get_or_insert(unusable),
            Err(_) => {}
        }
    }
    // No path: a file of that name in the working directory is not what was looked for.
    Err(first_unusable.unwrap_or_else(|| Unusable::new("", Errno::NOENT)))
}

fn check(file: &Path) -> Result<(), Unusable> {
    let failed = |errno| Unusable::new(file, errno);
    let kind = FileType::from_raw_mode(stat(file).map_err(failed)?.st_mode);
    match kind {
        FileType::RegularFile => {
            accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS).map_err(failed)
        }
        // execve(2) fails with EACCES for each of these.
        FileType::Directory => Err(failed(Errno::ISDIR)),
        _ => Err(failed(Errno::ACCESS)),
    }
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
        let errno = |unusable: Unusable| Errno::from_io_error(&unusable.error).unwrap();
        let kind = |given: &str, path: &OsStr| look_up(given.as_ref(), path).map_err(errno);

        assert_eq!(kind("prog", &path), Ok(executable));
        assert_eq!(kind("prog", first.path().as_os_str()), Err(Errno::ACCESS));
        assert_eq!(kind("dir", &path), Err(Errno::ISDIR));
        assert_eq!(kind("absent", &path), Err(Errno::NOENT));
        assert_eq!(kind("", &path), Err(Errno::NOENT));
    }

    #[test]
    fn a_name_with_a_slash_is_not_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        program(dir.path(), "prog", 0o755);
        assert!(look_up("./prog".as_ref(), dir.path().as_os_str()).is_err());
        assert!(look_up(dir.path().join("prog").as_os_str(), "".as_ref()).is_ok());
    }
}
