//! What to do about a kernel error, by what was tried and the error's number: one table for all messages.
//!
//! A row is a cause: the same number means different things in different places (the recorder, or a traced process, has
//! no descriptors left), and has another remedy. A message has the form `THING cannot be ...: REASON: ADVICE`; [`why`]
//! writes the last two parts. Each error that a man page lists for the calls of an attempt has a row. All others share
//! one text (`UNKNOWN`).

use Attempt::{
    Accept, Connect, Execute, File, Fork, Lock, Memory, Output, Own, Read, Ring, RingDir,
    RuntimeDir, Trace, Watch,
};
use rustix::io::Errno;
use std::fmt::{self, Display, Formatter};
use std::io;
use ust_core::paths::RuntimeDirError;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attempt {
    /// A traced process: to get a ring, or more of one.
    Ring,
    /// A traced process: to lock its rings into memory.
    Lock,
    /// To make or use the output directory, before anything is recorded.
    Output,
    /// To write the trace.
    Trace,
    /// To have memory for what is recorded: a ring's spare sub-buffer, a copy of rings that were left behind.
    Memory,
    /// To read what was left behind, or what a process hands over.
    Read,
    /// To make or use the directory of `--shm-path`.
    RingDir,
    /// To open or write a file that the user names: a summary, a log.
    File,
    /// To make or use the runtime directory, and what is in it.
    RuntimeDir,
    /// To ask the daemon.
    Connect,
    /// To accept a process.
    Accept,
    /// To start a process for the program.
    Fork,
    /// To execute the program's file.
    Execute,
    /// To watch the program for its end.
    Watch,
    /// What the recorder needs for itself: signals, a doorbell, waiting.
    Own,
}

impl Attempt {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Ring, Lock, Output, Trace, Memory, Read, RingDir, File, RuntimeDir, Connect, Accept, Fork,
        Execute, Watch, Own,
    ];
}

struct Row {
    attempts: &'static [Attempt],
    errnos: &'static [Errno],
    text: &'static str,
}

const fn row(attempts: &'static [Attempt], errnos: &'static [Errno], text: &'static str) -> Row {
    Row { attempts, errnos, text }
}

/// Attempts at a path that the user has named; another one can be given.
const PATHS: &[Attempt] = &[Output, RingDir, File];

/// Attempts of the recorder itself.
const RECORDERS: &[Attempt] = &[
    Output, Trace, Memory, Read, RingDir, File, RuntimeDir, Connect, Accept, Fork, Execute, Watch,
    Own,
];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Descriptors and memory.
    row(RECORDERS, &[Errno::MFILE], "the recorder has no descriptors left: let it open more files (ulimit -Hn), or record fewer processes at once"),
    row(&[Ring], &[Errno::MFILE], "let it open more files (ulimit -n)"),
    row(&Attempt::ALL, &[Errno::NFILE], "let the machine open more files (sysctl fs.file-max)"),
    row(RECORDERS, &[Errno::NOMEM, Errno::NOBUFS], "see that the machine, or the recorder's control group, has memory"),
    row(&[Ring], &[Errno::NOMEM], "raise its limits of memory (ulimit -v, ulimit -d), and see that the machine or its control group has memory"),

    // A traced process.
    row(&[Ring], &[Errno::FBIG], "let it write larger files (ulimit -f), or make sub-buffers smaller or fewer"),
    row(&[Ring], &[Errno::NOSPC], "make room where its rings are: in the directory of --shm-path, or in memory"),
    row(&[Ring], &[Errno::DQUOT], "make room within its user's disk quota, where the directory of --shm-path is"),
    row(&[Ring], &[Errno::ACCESS, Errno::PERM], "let it use the daemon's socket and the directory of --shm-path; a process that has changed its user may not; or, if a seccomp filter forbids it, allow memfd_create and madvise"),
    row(&[Ring], &[Errno::AGAIN], "the daemon was busy at that moment; or, if the process locks all its memory, let it lock more (ulimit -l)"),
    row(&[Ring], &[Errno::STALE], "its --shm-path is another directory than the recorder's (after chroot, or in another mount namespace): mount the recorder's there"),
    row(&[Ring], &[Errno::NOENT, Errno::CONNREFUSED], "the daemon was about to end; or the runtime directory, or that of --shm-path, is no longer where it was (after chroot, or in another mount namespace): mount it there under the same path"),
    row(&[Ring], &[Errno::CONNRESET, Errno::PIPE], "the daemon has ended the connection: its log says why"),
    row(&[Ring], &[Errno::BADF], "it has closed descriptors that it did not open: let it close only its own"),
    row(&[Ring], &[Errno::USERS], "all its streams belong to living threads, or are full: use --buffers per-cpu, or larger rings"),
    row(&[Ring], &[Errno::IO], "the disk with the directory of --shm-path reports errors: see the kernel's log (dmesg)"),
    row(&[Ring], &[Errno::ROFS], "the file system of --shm-path has become read-only: use a directory on another one"),
    row(&[Ring, Lock], &[Errno::NOSYS], "its kernel lacks a system call that is needed, or a seccomp filter forbids it: allow memfd_create and madvise"),
    row(&[Lock], &[Errno::NOMEM, Errno::AGAIN, Errno::PERM], "raise its limit (ulimit -l), or make sub-buffers smaller or fewer"),

    // Paths that the user has named.
    row(PATHS, &[Errno::ACCESS, Errno::PERM], "give one that this user may write to"),
    row(PATHS, &[Errno::ROFS], "its file system is read-only: give one on another file system"),
    row(PATHS, &[Errno::NOSPC], "make room on its file system, or give one on another"),
    row(PATHS, &[Errno::DQUOT], "make room within this user's disk quota, or give one on another file system"),
    row(PATHS, &[Errno::NOENT], "a directory on the way to it does not exist: make that one, or give another path"),
    row(PATHS, &[Errno::NOTDIR], "something on the way to it is no directory: give another path"),
    row(PATHS, &[Errno::ISDIR], "it is a directory: give a file"),
    row(PATHS, &[Errno::LOOP], "symbolic links on the way to it lead in a circle: give another path"),
    row(PATHS, &[Errno::NAMETOOLONG], "a name in it is longer than its file system takes: give a shorter one"),
    row(PATHS, &[Errno::MLINK], "its parent directory cannot hold more directories: give one elsewhere"),
    row(PATHS, &[Errno::EXIST, Errno::NOTEMPTY], "somebody else has made it meanwhile: give another one"),
    row(PATHS, &[Errno::INVAL, Errno::ILSEQ], "its file system takes no such name: give another one"),
    row(PATHS, &[Errno::IO], "its disk reports errors: see the kernel's log (dmesg), and give one on another disk"),
    row(PATHS, &[Errno::STALE], "its file server no longer knows it: mount it again, or give one elsewhere"),
    row(PATHS, &[Errno::TXTBSY], "it is a program that is running: give another one"),
    row(PATHS, &[Errno::NXIO, Errno::NODEV], "nothing is at the other end of that pipe, socket or device: give another one"),
    row(PATHS, &[Errno::FBIG], "let the recorder write larger files (ulimit -f)"),
    row(PATHS, &[Errno::PIPE], "nobody reads from that pipe any longer: give another one"),

    // The trace, while it is recorded.
    row(&[Trace], &[Errno::NOSPC], "make room on its file system while recording goes on"),
    row(&[Trace], &[Errno::DQUOT], "make room within this user's disk quota, or raise the quota, while recording goes on"),
    row(&[Trace], &[Errno::FBIG], "let the recorder write larger files (ulimit -f), or record into several sessions"),
    row(&[Trace], &[Errno::NOENT], "its directory was deleted or moved: put it back, or record into another one"),
    row(&[Trace], &[Errno::ACCESS, Errno::PERM], "let this user write to its directory again"),
    row(&[Trace], &[Errno::ROFS], "its file system has become read-only: see the kernel's log (dmesg), and mount it anew"),
    row(&[Trace], &[Errno::IO], "its disk reports errors: see the kernel's log (dmesg), and record onto another disk"),
    row(&[Trace], &[Errno::NOTDIR, Errno::LOOP], "something else has taken its directory's place: put the directory back"),
    row(&[Trace], &[Errno::NAMETOOLONG], "its path is too long for its file system: record into a directory with a shorter one"),
    row(&[Trace], &[Errno::MLINK], "its directory cannot hold more directories: record into another one"),
    row(&[Trace], &[Errno::STALE], "its file server no longer knows the directory: mount it again"),

    // Memory for what is recorded, and what was left behind.
    row(&[Memory], &[Errno::NOSPC], "make room where rings are: in the directory of --shm-path, or in memory"),
    row(&[Memory], &[Errno::FBIG], "let the recorder write larger files (ulimit -f): its memory counts as one"),
    row(&[Memory], &[Errno::AGAIN], "the recorder locks all its memory: let it lock more (ulimit -l)"),
    row(&[Memory], &[Errno::IO, Errno::HWPOISON], "the machine's memory or disk reports errors: see the kernel's log (dmesg)"),
    row(&[Read], &[Errno::ACCESS, Errno::PERM], "read it as the user that recorded it"),
    row(&[Read], &[Errno::NOENT], "somebody has removed it: put it back, or do without it"),
    row(&[Read], &[Errno::NOTDIR], "something else is where its directory was: put the directory back"),
    row(&[Read], &[Errno::LOOP], "it is a symbolic link: put the file itself there"),
    row(&[Read], &[Errno::NXIO, Errno::NODEV], "it is a pipe, a socket or a device: put the file itself there"),
    row(&[Read], &[Errno::IO], "its disk reports errors: see the kernel's log (dmesg), and copy what can be read to another one"),
    row(&[Read], &[Errno::STALE], "its file server no longer knows it: mount it again, and try once more"),

    // The runtime directory.
    row(&[RuntimeDir], &[Errno::ACCESS, Errno::PERM], "set UST_RUNTIME_DIR to a directory of your own"),
    row(&[RuntimeDir], &[Errno::ROFS], "its file system is read-only: set UST_RUNTIME_DIR to a directory on another one"),
    row(&[RuntimeDir], &[Errno::NOSPC], "make room on its file system, or set UST_RUNTIME_DIR to a directory on another one"),
    row(&[RuntimeDir], &[Errno::DQUOT], "make room within this user's disk quota, or set UST_RUNTIME_DIR to a directory on another file system"),
    row(&[RuntimeDir], &[Errno::FBIG], "let the recorder write files at all (ulimit -f)"),
    row(&[RuntimeDir], &[Errno::NOENT], "the directory that it lies in does not exist: make that one, or set UST_RUNTIME_DIR to another one"),
    row(&[RuntimeDir], &[Errno::NOTDIR], "something on the way to it is no directory: set UST_RUNTIME_DIR to another path"),
    row(&[RuntimeDir], &[Errno::LOOP], "there is a symbolic link where none may be: set UST_RUNTIME_DIR to a path without"),
    row(&[RuntimeDir], &[Errno::NAMETOOLONG], "set UST_RUNTIME_DIR to a shorter path"),
    row(&[RuntimeDir], &[Errno::MLINK], "the directory that it lies in cannot hold more directories: set UST_RUNTIME_DIR to one elsewhere"),
    row(&[RuntimeDir], &[Errno::EXIST, Errno::ADDRINUSE], "something else has its place: remove that, or set UST_RUNTIME_DIR to another directory"),
    row(&[RuntimeDir], &[Errno::NOLCK, Errno::OPNOTSUPP, Errno::NODEV], "its file system has no locks, sockets or shared mappings: set UST_RUNTIME_DIR to a directory on a local one"),
    row(&[RuntimeDir], &[Errno::IO, Errno::STALE], "its disk or file server fails: set UST_RUNTIME_DIR to a directory on another one"),
    row(&[RuntimeDir], &[Errno::AFNOSUPPORT], "there are no Unix sockets here: allow them in the sandbox, or build a kernel that has them"),

    // The daemon, as a client sees it.
    row(&[Connect], &[Errno::ACCESS, Errno::PERM], "this user may not use the daemon's socket: set UST_RUNTIME_DIR to a directory of your own"),
    row(&[Connect], &[Errno::AGAIN, Errno::TIMEDOUT], "more clients wait for the daemon than it can queue: try again in a moment"),
    row(&[Connect], &[Errno::NOENT, Errno::CONNREFUSED], "no daemon listens there: start one (`ustconsumerd --daemonize`)"),
    row(&[Connect], &[Errno::PROTOTYPE, Errno::NOTSOCK], "what listens there is no daemon of ours: set UST_RUNTIME_DIR to another directory"),
    row(&[Connect], &[Errno::CONNRESET, Errno::PIPE], "the daemon ended before it had answered: its log says why"),
    row(&[Connect], &[Errno::LOOP, Errno::NOTDIR, Errno::NAMETOOLONG], "the path of its socket leads nowhere: set UST_RUNTIME_DIR to the directory itself"),
    row(&[Connect], &[Errno::AFNOSUPPORT], "there are no Unix sockets here: allow them in the sandbox"),
    row(&[Accept], &[Errno::PERM], "a security module or firewall forbids it: allow Unix sockets for the recorder"),

    // The program.
    row(&[Fork], &[Errno::AGAIN], "let this user have more processes (ulimit -u; in a control group, pids.max)"),
    row(&[Fork, Watch, Own], &[Errno::NOSYS], "the kernel is older than Linux 5.3, or a seccomp filter hides system calls: use a newer one, or allow pidfd_open and eventfd"),
    row(&[Fork, Watch, Own], &[Errno::PERM, Errno::ACCESS], "a seccomp filter or security module forbids it: allow it for the recorder"),
    row(&[Watch], &[Errno::NODEV], "the kernel has no file system for such descriptors: build it with CONFIG_ANON_INODES"),
    row(&[Own], &[Errno::INVAL], "the recorder watches more descriptors than it may have: let it open more files (ulimit -n)"),
    row(&[Execute], &[Errno::NOENT], "give its path, or a name that PATH leads to"),
    row(&[Execute], &[Errno::ACCESS], "see that this user may execute it, and search the directories on the way to it"),
    row(&[Execute], &[Errno::PERM], "it asks for privileges that cannot be had here, or a security module forbids it: give another one"),
    row(&[Execute], &[Errno::NOEXEC], "it is of no format that this kernel executes: build it for this machine"),
    row(&[Execute], &[Errno::ISDIR], "it, or its interpreter, is a directory: give a program in it"),
    row(&[Execute], &[Errno::TXTBSY], "its file is open for writing: wait until that is done, or copy it"),
    row(&[Execute], &[Errno::TOOBIG], "its arguments and environment are too long: give fewer, or raise the limit of the stack (ulimit -s)"),
    row(&[Execute], &[Errno::NOTDIR], "something on the way to it is no directory: give its path"),
    row(&[Execute], &[Errno::LOOP], "symbolic links, or interpreters of interpreters, lead in a circle: give the program itself"),
    row(&[Execute], &[Errno::NAMETOOLONG], "no file has such a long name: give its path"),
    row(&[Execute], &[Errno::LIBBAD, Errno::INVAL], "the loader that it names is no loader: build it again"),
    row(&[Execute], &[Errno::AGAIN], "it runs as a user with more processes than that user may have: raise the limit (ulimit -u)"),
    row(&[Execute], &[Errno::IO], "the disk that it is on reports errors: see the kernel's log (dmesg)"),
];

/// The advice if no cause is known.
const UNKNOWN: &str = "no remedy is known for this: try again, and report it if it stays";

/// What to do about an error, if that is known.
pub fn known(attempt: Attempt, errno: Errno) -> Option<&'static str> {
    let fits = |row: &&Row| row.attempts.contains(&attempt) && row.errnos.contains(&errno);
    TABLE.iter().find(fits).map(|row| row.text)
}

/// Why an attempt failed, and what to do about it: `REASON: ADVICE`.
pub fn why(attempt: Attempt, error: &io::Error) -> Why<'_> {
    Why { attempt, error }
}

/// Why the runtime directory cannot be used, and what to do about it.
pub fn unusable(error: &RuntimeDirError) -> String {
    match error {
        RuntimeDirError::Io(path, error) => {
            format!(
                "runtime directory {} cannot be used: {}",
                path.display(),
                why(RuntimeDir, error)
            )
        }
        // These have advice of their own.
        other => other.to_string(),
    }
}

/// See [`why`].
#[derive(Debug, Clone, Copy)]
pub struct Why<'a> {
    attempt: Attempt,
    error: &'a io::Error,
}

impl Display for Why<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.error.raw_os_error() {
            // As text, error 0 would be "Success".
            Some(0) => f.write_str("the kernel gives no reason")?,
            _ => write!(f, "{}", self.error)?,
        }
        let errno = errno_of(self.error);
        // An error of ours says what to do by itself.
        if self.error.raw_os_error().is_none() && errno.is_none() {
            return Ok(());
        }
        let advice = errno.and_then(|errno| known(self.attempt, errno));
        write!(f, ": {}", advice.unwrap_or(UNKNOWN))
    }
}

/// An error's number from the kernel, or the number that the kernel would have given for such an error.
fn errno_of(error: &io::Error) -> Option<Errno> {
    if let Some(raw) = error.raw_os_error() {
        // The kernel's numbers are among these.
        return (1..4096).contains(&raw).then(|| Errno::from_raw_os_error(raw));
    }
    match error.kind() {
        io::ErrorKind::NotFound => Some(Errno::NOENT),
        io::ErrorKind::PermissionDenied => Some(Errno::ACCESS),
        io::ErrorKind::NotADirectory => Some(Errno::NOTDIR),
        io::ErrorKind::IsADirectory => Some(Errno::ISDIR),
        io::ErrorKind::AlreadyExists => Some(Errno::EXIST),
        io::ErrorKind::InvalidInput => Some(Errno::INVAL),
        io::ErrorKind::UnexpectedEof => Some(Errno::CONNRESET),
        io::ErrorKind::StorageFull | io::ErrorKind::WriteZero => Some(Errno::NOSPC),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// All numbers of Linux, and some beyond.
    fn all_errnos() -> impl Iterator<Item = i32> {
        0..=140
    }

    /// What the man pages list for the calls of each attempt: open, mkdir, write, pwrite, rename, flock, bind, connect,
    /// accept, fork, execve, pidfd_open, poll, mlock, memfd_create, ftruncate, mmap. Without errors that only a fault
    /// of ours can cause (BADF, FAULT), and without those that are retried at once (INTR).
    const LISTED: &[(&[Attempt], &[Errno])] = {
        use Errno as E;
        &[
            (
                &[Ring],
                &[
                    E::MFILE,
                    E::NFILE,
                    E::NOMEM,
                    E::FBIG,
                    E::NOSPC,
                    E::DQUOT,
                    E::ACCESS,
                    E::PERM,
                    E::AGAIN,
                    E::NOENT,
                    E::CONNREFUSED,
                    E::CONNRESET,
                    E::PIPE,
                    E::IO,
                    E::ROFS,
                    E::NOSYS,
                ],
            ),
            (&[Lock], &[E::NOMEM, E::AGAIN, E::PERM]),
            (
                PATHS,
                &[
                    E::ACCESS,
                    E::PERM,
                    E::ROFS,
                    E::NOSPC,
                    E::DQUOT,
                    E::NOENT,
                    E::NOTDIR,
                    E::ISDIR,
                    E::LOOP,
                    E::NAMETOOLONG,
                    E::MLINK,
                    E::EXIST,
                    E::INVAL,
                    E::IO,
                    E::MFILE,
                    E::NFILE,
                    E::NOMEM,
                    E::TXTBSY,
                    E::NXIO,
                    E::NODEV,
                    E::FBIG,
                    E::PIPE,
                ],
            ),
            (
                &[Trace],
                &[
                    E::ACCESS,
                    E::PERM,
                    E::ROFS,
                    E::NOSPC,
                    E::DQUOT,
                    E::FBIG,
                    E::NOENT,
                    E::NOTDIR,
                    E::LOOP,
                    E::NAMETOOLONG,
                    E::MLINK,
                    E::IO,
                    E::MFILE,
                    E::NFILE,
                    E::NOMEM,
                ],
            ),
            (
                &[RuntimeDir],
                &[
                    E::ACCESS,
                    E::PERM,
                    E::ROFS,
                    E::NOSPC,
                    E::DQUOT,
                    E::NOENT,
                    E::NOTDIR,
                    E::LOOP,
                    E::NAMETOOLONG,
                    E::MLINK,
                    E::EXIST,
                    E::IO,
                    E::MFILE,
                    E::NFILE,
                    E::NOMEM,
                    E::ADDRINUSE,
                    E::NOLCK,
                    E::AFNOSUPPORT,
                    E::NOBUFS,
                ],
            ),
            (
                &[Connect],
                &[
                    E::ACCESS,
                    E::PERM,
                    E::AGAIN,
                    E::CONNREFUSED,
                    E::NOENT,
                    E::PROTOTYPE,
                    E::NOTSOCK,
                    E::TIMEDOUT,
                    E::CONNRESET,
                    E::PIPE,
                    E::LOOP,
                    E::NOTDIR,
                    E::NAMETOOLONG,
                    E::AFNOSUPPORT,
                    E::MFILE,
                    E::NFILE,
                    E::NOMEM,
                ],
            ),
            (&[Memory], &[E::NOSPC, E::FBIG, E::NOMEM, E::AGAIN, E::IO, E::MFILE, E::NFILE]),
            (
                &[Read],
                &[
                    E::ACCESS,
                    E::PERM,
                    E::NOENT,
                    E::NOTDIR,
                    E::LOOP,
                    E::NXIO,
                    E::IO,
                    E::MFILE,
                    E::NFILE,
                    E::NOMEM,
                ],
            ),
            (&[Accept], &[E::MFILE, E::NFILE, E::NOMEM, E::NOBUFS, E::PERM]),
            (&[Fork], &[E::AGAIN, E::NOMEM, E::NOSYS, E::MFILE, E::NFILE]),
            (
                &[Execute],
                &[
                    E::TOOBIG,
                    E::ACCESS,
                    E::AGAIN,
                    E::INVAL,
                    E::IO,
                    E::ISDIR,
                    E::LIBBAD,
                    E::LOOP,
                    E::MFILE,
                    E::NAMETOOLONG,
                    E::NFILE,
                    E::NOENT,
                    E::NOEXEC,
                    E::NOMEM,
                    E::NOTDIR,
                    E::PERM,
                    E::TXTBSY,
                ],
            ),
            (&[Watch], &[E::MFILE, E::NFILE, E::NODEV, E::NOMEM, E::NOSYS]),
            (&[Own], &[E::INVAL, E::NOMEM, E::MFILE, E::NFILE, E::NOSYS]),
        ]
    };

    #[test]
    fn every_errno_of_every_attempt_has_a_reason_and_advice() {
        for attempt in Attempt::ALL {
            for raw in all_errnos() {
                let error = io::Error::from_raw_os_error(raw);
                let text = why(attempt, &error).to_string();
                assert!(!text.contains("Success"), "{attempt:?} {raw}: {text}");
                let (reason, advice) = text.split_once(": ").expect("a reason and advice");
                assert!(!reason.is_empty() && advice.len() > 10, "{attempt:?} {raw}: {text}");
                let is_of_room = [Errno::NOSPC, Errno::DQUOT, Errno::FBIG]
                    .iter()
                    .any(|errno| errno.raw_os_error() == raw);
                assert!(is_of_room || !text.contains("make room"), "{attempt:?} {raw}: {text}");
                assert!(raw == 13 || !text.contains("chmod"), "{attempt:?} {raw}: {text}");
            }
        }
    }

    #[test]
    fn what_man_pages_list_has_advice_of_its_own() {
        for (attempts, errnos) in LISTED {
            for (attempt, errno) in attempts.iter().flat_map(|a| errnos.iter().map(move |e| (a, e)))
            {
                assert!(known(*attempt, *errno).is_some(), "{attempt:?} {errno:?}");
            }
        }
        let listed: HashSet<_> = LISTED.iter().flat_map(|(attempts, _)| *attempts).collect();
        assert_eq!(listed.len(), Attempt::ALL.len(), "no attempt is left out");
    }

    #[test]
    fn a_row_is_a_cause_and_no_two_say_the_same() {
        let texts: HashSet<_> = TABLE.iter().map(|row| row.text).collect();
        assert_eq!(texts.len(), TABLE.len());
        for attempt in Attempt::ALL {
            for errno in all_errnos().skip(1).map(Errno::from_raw_os_error) {
                let fits =
                    |row: &&Row| row.attempts.contains(&attempt) && row.errnos.contains(&errno);
                assert!(TABLE.iter().filter(fits).count() <= 1, "{attempt:?} {errno:?}");
            }
        }
    }
}
