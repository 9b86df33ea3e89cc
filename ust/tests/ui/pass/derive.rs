//! Structures and enumerations as fields, in a crate that forbids what the expansion does.
#![forbid(unsafe_code)]
#![deny(warnings)]

use ust::{Field, tracepoint};
use ust_core::wire::{FieldType, Integer, Label};

#[derive(Field)]
struct Point {
    x: f32,
    y: f32,
}

#[derive(Field)]
struct Inode(u64);

#[derive(Field)]
struct Pair<'a>(&'a str, Option<Inode>);

#[derive(Field, Clone, Copy)]
enum State {
    Idle,
    Busy,
}

#[derive(Field)]
#[repr(u16)]
enum Code {
    Ok = 200,
    Missing = 404,
}

#[derive(Field)]
enum Below {
    Zero = 0,
    Minus = -5,
}

#[derive(Field)]
enum Found<'a> {
    Nothing,
    Inode(u64),
    File { name: &'a str, at: Point },
    Two(u8, u8),
}

#[tracepoint]
fn all(point: &Point, inode: &Inode, pair: &Pair<'_>, state: State, code: &Code, below: &Below);
#[tracepoint]
fn found(found: &Found<'_>, states: (State, &Found<'_>), maybe: Option<&Point>);

fn size<F: Field>(field: &F) -> usize {
    field.size_bytes()
}

fn main() {
    all(
        &Point { x: 1.0, y: 2.0 },
        &Inode(3),
        &Pair("a", Some(Inode(4))),
        State::Idle,
        &Code::Missing,
        &Below::Minus,
    );
    let file = || Found::File { name: "a", at: Point { x: 1.0, y: 2.0 } };
    found(&file(), (State::Busy, &Found::Two(1, 2)), None);
    found::with(|| (&Found::Nothing, (State::Busy, &Found::Inode(7)), None));

    let point = FieldType::structure([("x", FieldType::F32), ("y", FieldType::F32)]);
    assert_eq!(Point::TYPE, &point);
    assert_eq!(<Point as Field>::FIXED_SIZE_BYTES, Some(8));
    assert_eq!(Inode::TYPE, &FieldType::U64);
    let states = FieldType::enumeration(Integer::unsigned(8), &[("Idle", 0), ("Busy", 1)]);
    assert_eq!(State::TYPE, &states);
    let codes = FieldType::enumeration(Integer::unsigned(16), &[("Ok", 200), ("Missing", 404)]);
    assert_eq!(Code::TYPE, &codes);
    let below = FieldType::enumeration(Integer::signed(64), &[("Zero", 0), ("Minus", -5)]);
    assert_eq!((Below::TYPE, size(&Below::Minus)), (&below, 8));
    let FieldType::Variant { tag, choices } = <Found<'_> as Field>::TYPE else { unreachable!() };
    assert_eq!(*tag, Integer::unsigned(8));
    let labels: Vec<_> = choices.iter().map(|choice| choice.label.clone()).collect();
    let expected = ["Nothing", "Inode", "File", "Two"];
    let expected: Vec<_> =
        (0..).zip(expected).map(|(tag, name)| Label::of(name, tag)).collect();
    assert_eq!(labels, expected);
    assert_eq!(*choices[0].ty, FieldType::NOTHING);
    assert_eq!(*choices[1].ty, FieldType::U64);
    let sizes = [Found::Nothing, Found::Inode(1), file(), Found::Two(1, 2)].map(|it| size(&it));
    assert_eq!(sizes, [1, 9, 11, 3]);
    assert_eq!(size(&Pair("ab", None)), 4);
    let _ = (Code::Ok, Below::Zero);
}
