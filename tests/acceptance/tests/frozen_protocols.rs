//! What earlier builds say is answered as it was, or refused by a line that names both versions.
//!
//! Messages of this build's major have to mean what they meant. The consumer and a traced process are each given one side
//! of the frozen conversation, byte by byte, and have to say the other. What differs from one run to the next is put in
//! place first: the session's numbers, process ids, and the directory of the traces.

use rustix::fd::AsFd;
use serde_json::Value;
use ust_acceptance::daemon::Site;
use ust_acceptance::frozen::agent::{
    self, MAJOR_AT, MINOR_AT, PROCESS_UID, as_said_now, greet, message,
};
use ust_acceptance::frozen::conversation::{Message, from_text};
use ust_acceptance::frozen::{CONVERSATIONS, FLUSHING, Fixtures, VERSIONS, control};
use ust_acceptance::hostile::{Target, forge};
use ust_core::abi::{ABI, ProcessHeader, RingFileHeader};
use ust_core::protocol::{
    Block, NotUnderstood, PROTOCOL, Rules, ToDaemon, ToProcess, decode, encode,
};
use ust_core::version::Mismatch;
use ust_test_support::wait::wait_until;

/// The frozen message of one side whose meaning begins so.
fn frozen(speaker: &str, meaning: &str) -> Vec<u8> {
    frozen_in(&Fixtures::newest(), speaker, meaning)
}

fn frozen_in(fixtures: &Fixtures, speaker: &str, meaning: &str) -> Vec<u8> {
    let is_it = |it: &Message| it.speaker == speaker && it.meaning.starts_with(meaning);
    from_text(&fixtures.text("agent.txt")).into_iter().find(is_it).expect("it was said").bytes
}

#[test]
fn every_message_means_what_it_meant_and_is_said_so() {
    let messages = CONVERSATIONS.map(|name| from_text(&Fixtures::newest().text(name))).concat();
    assert_eq!(messages.len(), 10);
    for frozen in &messages {
        let version = u16::from(frozen.bytes[MAJOR_AT]);
        assert_eq!(version, PROTOCOL.major, "freeze the new protocol");
        assert_eq!(message(&frozen.speaker, &frozen.bytes), *frozen);
    }
    let newest = messages.iter().map(|frozen| u16::from(frozen.bytes[MINOR_AT])).max();
    assert_eq!(newest, Some(PROTOCOL.minor), "freeze what the new minor adds");
}

#[test]
fn published_rules_mean_what_an_agent_is_told() {
    let published = decode::<Rules>(&Fixtures::newest().read("rules"));
    let told = decode(&frozen("consumer", "Rules"));
    assert_eq!(published.map(ToProcess::Rules), told);
}

#[test]
fn the_consumer_answers_a_frozen_process_as_it_did() {
    let site = Site::new();
    let _daemon = site.daemon(&FLUSHING);
    agent::start_session(&site);
    let (_peer, answers) = greet(&Target::at(site.runtime_dir()), &frozen("process", "Hello"));
    let [welcome, rules] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(*welcome, as_said_now(&frozen("consumer", "Welcome")));
    let Ok(ToProcess::Rules(live)) = decode(rules) else { panic!("{rules:?}") };
    let Ok(ToProcess::Rules(mut expected)) = decode(&frozen("consumer", "Rules")) else {
        panic!("they are frozen as such")
    };
    expected.generation = live.generation;
    expected.channels[0].0.channel_uid = live.channels[0].0.channel_uid;
    assert_eq!(*rules, encode(&ToProcess::Rules(expected)));
}

#[test]
fn a_traced_process_answers_a_frozen_consumer_as_it_did() {
    let answers = ["Welcome", "Rules"].map(|meaning| frozen("consumer", meaning));
    let rules = Fixtures::newest().read("rules");
    let said = agent::process_says(&Site::new(), &rules, &answers);
    let expected = ["Introduction", "Hello", "Applied", "Handover"];
    assert_eq!(said, expected.map(|meaning| as_said_now(&frozen("process", meaning))));
}

/// Whether an answer has all that it had. A later minor may add keys.
fn keeps(now: &Value, frozen: &Value) -> bool {
    match (now, frozen) {
        (Value::Object(now), Value::Object(frozen)) => {
            frozen.iter().all(|(key, frozen)| now.get(key).is_some_and(|now| keeps(now, frozen)))
        }
        (Value::Array(now), Value::Array(frozen)) => {
            now.len() == frozen.len() && now.iter().zip(frozen).all(|(now, it)| keeps(now, it))
        }
        _ => now == frozen,
    }
}

#[test]
fn the_daemon_answers_frozen_requests_as_it_did() {
    let site = Site::new();
    let _daemon = site.daemon(&FLUSHING);
    let (dir, socket) = (site.path("traces"), site.runtime_dir().join("control.sock"));
    let text = Fixtures::newest().text("control.txt");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut answered = 0;
    while let Some(request) = lines.next().and_then(|line| line.strip_prefix("client ")) {
        let expected = lines.next().and_then(|line| line.strip_prefix("daemon "));
        let answer = control::ask(&socket, &control::thaw(request, &dir));
        let answer = control::freeze(&answer, &dir);
        let [now, mut frozen]: [Value; 2] =
            [&*answer, expected.expect("each request has an answer")]
                .map(|text| serde_json::from_str(text).expect("a line of JSON"));
        assert!(now["minor"].as_u64() >= frozen["minor"].as_u64(), "{now}");
        frozen["minor"] = now["minor"].clone();
        assert!(keeps(&now, &frozen), "{request}: {now}, where it was {frozen}");
        answered += 1;
    }
    assert_eq!(answered, 12);
}

#[test]
fn a_request_of_another_version_is_refused_by_a_line_that_names_both() {
    let site = Site::new();
    let _daemon = site.daemon(&FLUSHING);
    let text = Fixtures::newest().text("control.txt");
    let request = text.lines().find_map(|line| line.strip_prefix("client ")).expect("a request");
    let (own, rest) = request.split_once(',').expect("its version, and more");
    let later = format!("{{\"version\":77,{rest}");
    let own = own.strip_prefix("{\"version\":").expect("its version comes first");
    let answer = control::ask(&site.runtime_dir().join("control.sock"), &later);
    let both = format!("control protocol of version 77.0, where this build has version {own}.");
    assert!(answer.contains(&both), "{answer}");
    let listed = site.ust(&["list", "frozen"]);
    assert!(listed.stderr.contains("there is no session frozen"), "{listed:?}");
}

/// A version that no build has, and those of earlier builds.
#[test]
fn a_process_of_another_version_is_refused_by_a_line_that_names_both() {
    let mut later = frozen("process", "Hello");
    later[MAJOR_AT] = 77;
    let earlier = VERSIONS.map(|version| frozen_in(&Fixtures::of(version), "process", "Hello"));
    let site = Site::new();
    let _daemon = site.daemon(&FLUSHING);
    agent::start_session(&site);
    for hello in earlier.into_iter().chain([later]) {
        let Err(NotUnderstood::Version(Mismatch { found, own })) = decode::<ToDaemon>(&hello)
        else {
            continue;
        };
        let (_peer, answers) = greet(&Target::at(site.runtime_dir()), &hello);
        assert_eq!(answers, Vec::<Vec<u8>>::new());
        assert_told(&site, &format!("version {found}, where this build has version {own}"));
    }
}

/// The program speaks this version of the protocol, and another version stands in its memory.
#[test]
fn shared_memory_of_another_version_is_refused_by_a_line_that_names_both() {
    let site = Site::new();
    let _daemon = site.daemon(&FLUSHING);
    agent::start_session(&site);
    let target = Target::at(site.runtime_dir());
    let both = format!("of version 77.0, where this build has version {ABI}");

    let process = forge::process_file([7; 16], std::process::id(), "frozen").expect("memory");
    process.store(std::mem::offset_of!(ProcessHeader, abi_version), 77);
    let peer = target.connect().expect("the daemon listens");
    let introduction = ToDaemon::Introduction { process_uid: [7; 16] };
    peer.say(&introduction, &[process.fd.as_fd()]).expect("the daemon has room");
    assert_told(&site, &format!("the process file is {both}"));

    let (peer, answers) = greet(&target, &frozen("process", "Hello"));
    let Some(Ok(ToProcess::Rules(rules))) = answers.last().map(|bytes| decode(bytes)) else {
        panic!("{answers:?}")
    };
    let [Block(channel)] = &rules.channels[..] else { panic!("{rules:?}") };
    let ring = forge::ring_file(PROCESS_UID, channel, 0).expect("memory");
    ring.file.store(std::mem::offset_of!(RingFileHeader, abi_version), 77);
    let channel_uid = channel.channel_uid;
    let handover = ToDaemon::Handover { process_uid: PROCESS_UID, channel_uid, file_index: 0 };
    peer.say(&handover, &[ring.file.fd.as_fd()]).expect("the daemon has room");
    assert_told(&site, &format!("a ring file is {both}"));
}

/// Waits until `ust list` says so, in a single line.
#[track_caller]
fn assert_told(site: &Site, what: &str) {
    wait_until(what, || {
        let listed = site.ust(&["list", "frozen"]);
        let told = listed.stdout + &listed.stderr;
        assert!(told.lines().filter(|line| line.contains(what)).count() <= 1, "{told}");
        told.contains(what).then_some(())
    });
}
