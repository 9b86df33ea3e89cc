//! The agents' protocol, frozen: what its messages mean, and what differs from one recording to the next.

use super::conversation::Message;
use super::stand_in::StandIn;
use super::{GEOMETRY, PROGRAM};
use crate::daemon::Site;
use crate::hostile::{Peer, Target, forge};
use rustix::fd::AsFd;
use ust_core::paths::RUNTIME_DIR_VARIABLE;
use ust_core::protocol::{PROTOCOL, ToDaemon, ToProcess, decode, encode};
use ust_test_support::binaries;
use ust_test_support::command::Running;

/// The identity that every frozen process has.
pub const PROCESS_UID: [u8; 16] = *b"a frozen process";

/// Where the major stands in a message.
pub const MAJOR_AT: usize = 3;

/// Where the minor stands in a message.
pub const MINOR_AT: usize = 4;

/// A frozen message as this build says it. A minor only adds, so nothing but its number differs.
pub fn as_said_now(frozen: &[u8]) -> Vec<u8> {
    let mut bytes = frozen.to_owned();
    bytes[MINOR_AT] = PROTOCOL.minor as u8;
    bytes
}

/// A message of either side, with its meaning: that of its bytes alone.
///
/// # Panics
/// It is of another major, or this build says the same in other bytes.
#[track_caller]
pub fn message(speaker: &str, bytes: &[u8]) -> Message {
    let meaning = match speaker {
        "process" => decode::<ToDaemon>(bytes).map(|said| (format!("{said:?}"), encode(&said))),
        _ => decode::<ToProcess>(bytes).map(|said| (format!("{said:?}"), encode(&said))),
    };
    let (meaning, again) = meaning.expect("a message of the protocol");
    assert_eq!(again, as_said_now(bytes), "{meaning} has one form");
    Message::new(speaker, bytes, meaning)
}

/// Has a site's daemon record what the frozen rules say.
pub fn start_session(site: &Site) {
    let output = site.path("started").display().to_string();
    let create = ["create", "frozen", "--clock", "monotonic", "-o", &output];
    site.ust(&[&create[..], &GEOMETRY].concat()).succeeded();
    site.ust(&["enable-event", "-s", "frozen", "types:*", "walk:*"]).succeeded();
    site.ust(&["start", "frozen"]).succeeded();
}

/// What a traced process says, with [`PROCESS_UID`] for its identity, to a consumer that has published `rules` and answers
/// its greeting with `answers`: an introduction, a greeting, that the rules are in force, and its first ring file.
pub fn process_says(site: &Site, rules: &[u8], answers: &[Vec<u8>]) -> [Vec<u8>; 4] {
    let dir = site.path("stand-in");
    let mut consumer = StandIn::at(&dir, rules);
    let mut program = site.command(&binaries::program(PROGRAM));
    program.arg(site.path("progress")).arg("overwrite").env(RUNTIME_DIR_VARIABLE, &dir);
    let running = Running::start(&mut program);
    let mut heard: Vec<_> =
        consumer.hear(4, answers).iter().map(|it| with_frozen_uid(it)).collect();
    drop(running);
    // It uses three connections, and chance decides which of them is heard first.
    heard.sort_by_key(|(order, _)| *order);
    heard.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>().try_into().expect("four messages")
}

/// The same message of the frozen process, behind its place among the others.
fn with_frozen_uid(bytes: &[u8]) -> (u8, Vec<u8>) {
    let mut said: ToDaemon = decode(bytes).expect("processes speak as we do");
    let order = match &mut said {
        ToDaemon::Introduction { process_uid } => (0, Some(process_uid)),
        ToDaemon::Hello { process_uid } => (1, Some(process_uid)),
        ToDaemon::Applied { .. } => (2, None),
        ToDaemon::Handover { process_uid, .. } => (3, Some(process_uid)),
        other => panic!("nothing to say it for: {other:?}"),
    };
    let (order, uid) = order;
    uid.into_iter().for_each(|uid| *uid = PROCESS_UID);
    (order, encode(&said))
}

/// Greets a consumer with these bytes, and a forged process file of [`PROCESS_UID`]. Returns the connection, and what the
/// consumer says to it: nothing if it hangs up.
pub fn greet(target: &Target, hello: &[u8]) -> (Peer, Vec<Vec<u8>>) {
    let file = forge::process_file(PROCESS_UID, std::process::id(), "frozen");
    let file = file.expect("there is memory for a process file");
    let peer = target.connect().expect("the consumer listens");
    peer.send(hello, &[file.fd.as_fd()]).expect("the consumer has room for a greeting");
    let answers = (0..2).map_while(|_| peer.hear()).collect();
    (peer, answers)
}
