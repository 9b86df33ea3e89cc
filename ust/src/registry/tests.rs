//! Which events go into which channels.

use super::*;
use crate::process_file::ProcessFile;
use crate::slots::Slots;
use ust_core::abi::{Buffers, Mode, Residency};
use ust_core::clock::ClockKind;
use ust_core::event::Level;
use ust_core::protocol::{Block, ChannelRules, ContextRule, EventRule, Levels, MAX_CHANNELS};

fn body(name: &str, level: Level) -> Vec<u8> {
    let (file, module_path, fields) = ("", "", Vec::new());
    let level = level as u8;
    let body: ClassBody<'_> =
        ClassBody { provider: "io", name, level, file, line: 0, module_path, fields, docs: vec![] };
    body.encode().unwrap_or_default()
}

fn channel(uid: u64, rules: impl IntoIterator<Item = EventRule>) -> ChannelRules {
    ChannelRules {
        channel_uid: uid,
        subbuf_size_bytes: 4096,
        subbuf_count: 2,
        clock: ClockKind::Monotonic,
        buffers: Buffers::PerThread,
        mode: Mode::Discard,
        residency: Residency::OnEntry,
        shm_path: None,
        shm_dir: None,
        is_active: true,
        contexts: Vec::new(),
        events: rules.into_iter().map(Block).collect(),
    }
}

/// For each of these channels, the events that it records.
fn recorded(events: &[(&str, Level)], channels: Vec<ChannelRules>) -> Vec<Vec<String>> {
    let (mut registry, slots) = (Registry::default(), Slots::new());
    let process = ProcessFile::create().unwrap();
    let bodies: Vec<_> = events.iter().map(|(name, level)| body(name, *level)).collect();
    let switches: Vec<&'static Switch> =
        events.iter().map(|_| &*Box::leak(Box::new(Switch::new()))).collect();
    registry.add(bodies.iter().zip(&switches).map(|(body, switch)| Declared {
        switch,
        body,
        observer: None,
        owner: 1,
    }));
    let uids: Vec<_> = channels.iter().map(|channel| channel.channel_uid).collect();
    let channels = channels.into_iter().map(Block).collect();
    registry.set_rules(Rules { generation: 1, channels });
    registry.enforce(&slots, &process);
    let of_channel = |uid: &u64| {
        let slot = slots.slot_of(*uid);
        let is_on = |switch: &Switch| slot.is_some_and(|slot| switch.slots() & 1 << slot != 0);
        let on = switches.iter().zip(events).filter(|(switch, _)| is_on(switch));
        on.map(|(_, (name, _))| (*name).to_owned()).collect()
    };
    uids.iter().map(of_channel).collect()
}

const EVENTS: [(&str, Level); 4] =
    [("read", Level::Debug), ("write", Level::Info), ("failed", Level::Err), ("poll", Level::Info)];

#[test]
fn a_channel_records_what_its_rules_name_and_no_other() {
    let exclusions = vec!["io:po?l".to_owned()];
    let levels = Levels::AtLeast(Level::Info as u8);
    let channels = vec![
        channel(7, [EventRule::of("io:*")]),
        channel(8, [EventRule { exclusions, levels, ..EventRule::of("io:*") }]),
        channel(9, [EventRule::of("io:poll"), EventRule::of("*:read")]),
        channel(10, []),
    ];
    let recorded = recorded(&EVENTS, channels);
    assert_eq!(recorded[0], ["read", "write", "failed", "poll"]);
    assert_eq!(recorded[1], ["write", "failed"]);
    assert_eq!(recorded[2], ["read", "poll"]);
    assert!(recorded[3].is_empty());
}

/// A later consumer may use what this runtime does not know. Then the runtime writes no record that nobody can read
/// or nobody wants.
#[test]
fn filters_and_contexts_that_are_not_known_leave_events_out() {
    let filtered = EventRule { filter: vec![1, 2, 3], ..EventRule::of("io:read") };
    let mut with_context = channel(8, [EventRule::of("*")]);
    with_context.contexts = vec![Block(ContextRule { name: "vpid".to_owned() })];
    let channels = vec![channel(7, [filtered, EventRule::of("io:poll")]), with_context];
    let recorded = recorded(&EVENTS, channels);
    assert_eq!(recorded[0], ["poll"]);
    assert!(recorded[1].is_empty());
}

#[test]
fn sixty_four_channels_have_a_slot_each_and_the_next_one_none() {
    let channels = (0..=MAX_CHANNELS as u64).map(|n| channel(n + 1, [EventRule::of("*:poll")]));
    let recorded = recorded(&EVENTS, channels.collect());
    let on = recorded.iter().filter(|names| **names == ["poll"]).count();
    assert_eq!((on, recorded.last().map(Vec::len)), (MAX_CHANNELS, Some(0)));
}

#[test]
fn of_many_registrations_each_is_taken_back_alone() {
    let mut registry = Registry::default();
    let bodies = [body("read", Level::Info), body("write", Level::Info)];
    let switch: &'static Switch = Box::leak(Box::new(Switch::new()));
    let mut add = |owner| {
        registry.add(bodies.iter().map(|body| Declared { switch, body, observer: None, owner }))
    };
    let modules = [1, 2, 1, 3].map(&mut add);
    registry.remove(modules[1]);
    registry.remove(modules[1]);
    let left = |registry: &Registry| registry.known.iter().map(|it| it.module).collect::<Vec<_>>();
    let [first, _, third, fourth] = modules;
    assert_eq!(left(&registry), [first, first, third, third, fourth, fourth]);
    registry.remove_of(1);
    assert_eq!(left(&registry), [fourth, fourth]);
    registry.remove(fourth);
    assert!(registry.known.is_empty() && registry.classes.len() == 2);
}

#[test]
fn a_class_is_known_again_whatever_has_come_between() {
    let mut registry = Registry::default();
    let switch: &'static Switch = Box::leak(Box::new(Switch::new()));
    let names = ["write", "poll", "read", "accept", "zero", "open"];
    let bodies = names.map(|name| body(name, Level::Info));
    for bodies in [&bodies[..2], &bodies, &bodies[3..], &bodies] {
        let declared = |body| Declared { switch, body, observer: None, owner: 1 };
        registry.add(bodies.iter().map(|body| declared(body)));
    }
    let known: Vec<_> = registry.classes.iter().map(|class| &*class.full_name).collect();
    assert_eq!(known, names.map(|name| format!("io:{name}")));
    // Empty, or longer than the log takes.
    let wrong = [vec![], [&*bodies[0], &[0; MAX_CLASS_BYTES]].concat()];
    registry.add(wrong.iter().map(|body| Declared { switch, body, observer: None, owner: 1 }));
    assert_eq!((registry.classes.len(), registry.left_out), (names.len(), 2));
}

/// One message removes channels and adds others: the new channels get the slots of the removed ones.
#[test]
fn channels_that_come_have_the_slots_of_those_that_have_gone() {
    let (mut registry, slots) = (Registry::default(), Slots::new());
    let process = ProcessFile::create().unwrap();
    let rules = |uids: std::ops::Range<u64>| Rules {
        generation: uids.start,
        channels: uids.map(|uid| Block(channel(uid, [EventRule::of("*")]))).collect(),
    };
    let most = MAX_CHANNELS as u64;
    registry.set_rules(rules(1..1 + most));
    registry.enforce(&slots, &process);
    registry.set_rules(rules(1 + most..1 + 2 * most));
    let mut gone = [const { None }; MAX_CHANNELS];
    registry.remove_channels(&slots, &process, &mut gone);
    assert_eq!(gone.iter().flatten().count(), MAX_CHANNELS);
    assert!((1..1 + 2 * most).all(|uid| slots.slot_of(uid).is_none()));
    registry.enforce(&slots, &process);
    assert!((1 + most..1 + 2 * most).all(|uid| slots.slot_of(uid).is_some()));
    // No channel goes if the rules name all of them.
    let mut gone = [const { None }; MAX_CHANNELS];
    registry.remove_channels(&slots, &process, &mut gone);
    assert!(gone.iter().all(Option::is_none));
}
