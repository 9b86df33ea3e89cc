//! Whatever error number the kernel gives, a message names the thing, has a reason and says what to
//! do.

use consumerd::control::client::ClientError;
use consumerd::daemon::DaemonError;
use consumerd::engine::{EngineError, RecoverError, StreamError};
use consumerd::output_dir::OutputDirError;
use consumerd::session::SessionError;
use consumerd::shm_dir::ShmDirError;
use rustix::io::Errno;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use ust_core::paths::RuntimeDirError;

const THING: &str = "/the/thing";

/// Every message that quotes an error number, for this number.
fn messages(raw: i32) -> Vec<String> {
    let error = || io::Error::from_raw_os_error(raw);
    let path = || PathBuf::from(THING);
    vec![
        OutputDirError::NotWritable(path(), error()).to_string(),
        ShmDirError::Io(path(), error()).to_string(),
        SessionError::Snapshot(path(), error()).to_string(),
        ClientError::Connect(path(), error()).to_string(),
        ClientError::Lost(path(), error()).to_string(),
        ClientError::RuntimeDir(RuntimeDirError::Io(path(), error())).to_string(),
        EngineError::RuntimeDir(RuntimeDirError::Io(path(), error())).to_string(),
        EngineError::Io(format!("cannot listen at {THING}"), error()).to_string(),
        DaemonError::Control(path(), error()).to_string(),
        // The same for all traces and rings.
        format!("{THING}: {}", StreamError::File(error())),
        format!("{THING}: {}", StreamError::Spare(error())),
        RecoverError::Directory(path(), error()).to_string(),
    ]
}

#[test]
fn every_number_in_every_message_has_a_reason_and_advice() {
    for raw in 0..=140 {
        for message in messages(raw) {
            assert!(message.contains(THING), "{raw}: {message}");
            assert!(!message.contains("Success"), "{raw}: {message}");
            let reason = match raw {
                0 => "the kernel gives no reason".to_owned(),
                _ => format!("(os error {raw})"),
            };
            let (_, advice) = message.split_once(&reason).unwrap_or_else(|| panic!("{message}"));
            assert!(advice.len() > 10 && advice.starts_with(": "), "{raw}: {message}");
            let is_of_room = [Errno::NOSPC, Errno::DQUOT, Errno::FBIG].map(Errno::raw_os_error);
            assert!(
                is_of_room.contains(&raw) || !message.contains("make room"),
                "{raw}: {message}"
            );
        }
    }
}

/// A recorder without descriptors, a deleted directory, and a full disk each get their own advice.
#[test]
fn what_keeps_a_trace_from_being_written_is_told_apart() {
    let text = |errno: Errno| StreamError::File(errno.into()).to_string();
    let causes = [
        (Errno::MFILE, "the recorder has no descriptors left"),
        (Errno::NOENT, "was deleted or moved"),
        (Errno::NOSPC, "make room on its file system while"),
        (Errno::DQUOT, "disk quota"),
        (Errno::FBIG, "ulimit -f"),
        (Errno::IO, "reports errors"),
        (Errno::ROFS, "has become read-only"),
        (Errno::ACCESS, "let this user write"),
    ];
    for (errno, advice) in causes {
        assert!(text(errno).contains(advice), "{}", text(errno));
    }
    let texts: HashSet<String> = causes.iter().map(|(errno, _)| text(*errno)).collect();
    assert_eq!(texts.len(), causes.len());
}
