//! `ust view` prints what `babeltrace2` prints: as many lines, with the same times and the same values.
//!
//! Compared are the fields of each line, by their text; `babeltrace2` shows a packet's whole context, so what stands
//! in the first braces is not. Truth values are words, and characters are themselves, where babeltrace2 shows what CTF makes of
//! them. Floats are the same number, of which babeltrace2 shows six digits. Strings with quotes
//! or control characters are shown differently, and empty ones babeltrace2 2.0.4 prints with what an earlier event
//! had there, so that event is passed over. Times may differ by the nanosecond that a rounding is worth.

use std::path::Path;
use std::process::Command;
use ust_acceptance::{judge, recording::Recording, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

const NS_PER_S: u64 = 1_000_000_000;

fn view(trace: &Path) -> Vec<String> {
    let viewed = run(Command::new(binaries::ust()).arg("view").arg(trace)).succeeded();
    assert_eq!(viewed.stderr, "");
    viewed.stdout.lines().map(str::to_owned).collect()
}

/// The line from the event's name on, without the context.
fn name_and_fields(line: &str) -> (&str, &str) {
    let (head, rest) = line.split_once(": { ").unwrap_or((line, ""));
    let name = head.rsplit(' ').next().unwrap_or_default();
    (name, rest.split_once("}, {").map_or("", |(_, fields)| fields))
}

/// Word by word: the same text, or the same number to six digits.
#[track_caller]
fn assert_same_values(ours: &str, theirs: &str) {
    let words = |text: &str| {
        let words = text.split(' ').map(|word| word.trim_end_matches(','));
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let without_lengths = |mut words: Vec<String>| {
        // A sequence's length is a field that no user gave a name: babeltrace2 shows it all the same.
        while let Some(at) =
            words.iter().position(|it| it.starts_with('_') && it.ends_with("_length"))
        {
            // With its equals sign and its value.
            words.drain(at..at + 3);
        }
        words
    };
    let theirs = &theirs
        .replace(r#"( "false" : container = 0 )"#, "false")
        .replace(r#"( "true" : container = 1 )"#, "true");
    let is_same = |ours: &str, theirs: &str| {
        if let Some(shown) = ours.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return is_character(shown, theirs);
        }
        let (Ok(our), Ok(their)) = (ours.parse::<f64>(), theirs.parse::<f64>()) else {
            return ours == theirs;
        };
        ours == theirs || theirs.contains(['.', 'e', 'n', 'i']) && same_to_six_digits(our, their)
    };
    let (our_words, their_words) = (words(ours), without_lengths(words(theirs)));
    let differ = our_words.iter().zip(&their_words).find(|(ours, theirs)| !is_same(ours, theirs));
    assert!(
        differ.is_none() && our_words.len() == their_words.len(),
        "{differ:?}: {ours} is not {theirs}"
    );
}

/// Whether a number is that of a character, as far as it is not escaped.
fn is_character(shown: &str, number: &str) -> bool {
    let number = number.strip_prefix("0x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let character = number.and_then(char::from_u32);
    character.is_some_and(|c| shown.starts_with('\\') || shown == c.to_string())
}

fn same_to_six_digits(ours: f64, theirs: f64) -> bool {
    // The smallest 32-bit floats have fewer digits than six.
    let is_equal = ours == theirs || ours as f32 == theirs as f32;
    is_equal || (ours.is_nan() && theirs.is_nan()) || ((ours - theirs) / theirs).abs() < 1e-5
}

#[test]
fn a_flood_is_printed_alike_line_by_line() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("flood")
        .options(["--subbuf-size", "8M"])
        .arg(1)
        .arg(100_000)
        .run()
        .succeeded();
    let viewed = view(&recorded.trace());
    let mut number = 0;
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        assert_eq!(name_and_fields(&viewed[number]), name_and_fields(line.text));
        let fraction = line.time_ns % NS_PER_S;
        let of_ours =
            viewed[number].split(['.', ']']).nth(1).and_then(|digits| digits.parse::<u64>().ok());
        let apart = of_ours.expect("a time").abs_diff(fraction);
        assert!(apart.min(NS_PER_S - apart) <= 1, "{} is not at {}", viewed[number], line.text);
        number += 1;
    });
    assert_eq!(lines, viewed.len() as u64);
}

#[test]
fn every_type_of_number_is_printed_alike() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("all_fields").run().succeeded();
    let viewed = view(&recorded.trace());
    let mut number = 0;
    let mut compared = 0;
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        let ours = name_and_fields(&viewed[number]);
        let theirs = name_and_fields(line.text);
        assert_eq!(ours.0, theirs.0);
        if ours.0 != "all:texts" {
            assert_same_values(ours.1, theirs.1);
            compared += 1;
        }
        number += 1;
    });
    assert_eq!(lines, viewed.len() as u64);
    assert!(compared > 30, "{compared}");
}

/// How many events each stream lost at a time, by what a reader says of them on standard error.
fn losses(
    reader: &mut Command,
    before: &str,
    of_stream: impl Fn(&str) -> &str,
) -> Vec<(String, u64)> {
    let finished = run(reader);
    assert!(finished.status.success(), "{}", finished.stderr);
    let lines = finished.stderr.lines().filter(|line| !line.is_empty());
    let mut losses: Vec<_> = lines
        .map(|line| {
            let (_, count) = line.rsplit_once(before).unwrap_or_else(|| panic!("{line}"));
            let digits = count.split(" event").next().expect("there always is one");
            let count = digits.replace(',', "").parse().unwrap_or_else(|_| panic!("{line}"));
            (of_stream(line).to_owned(), count)
        })
        .collect();
    // Those of one stream stay as they come.
    losses.sort_by(|one, other| one.0.cmp(&other.0));
    losses
}

#[test]
fn events_that_were_lost_are_told_alike() {
    if !skip::judges_are_here() {
        return;
    }
    const EVENTS: u64 = 300_000;
    let recording = Recording::of("flood").options(["--subbuf-size", "4K", "--subbufs", "2"]);
    let recorded = recording.arg(2).arg(EVENTS).run().succeeded();
    let trace = recorded.trace();
    let ours = losses(Command::new(binaries::ust()).arg("view").arg(&trace), ": ", |line| {
        line.strip_prefix("ust: ").and_then(|line| line.split(": ").next()).unwrap_or_default()
    });
    let theirs = losses(Command::new("babeltrace2").arg(&trace), "discarded ", |line| {
        line.split("within stream \"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
    });
    assert_eq!(ours, theirs);
    let lost: u64 = ours.iter().map(|(_, count)| count).sum();
    assert!(lost > 0 && lost == recorded.summary().lost_in_all(), "{lost}");
}
