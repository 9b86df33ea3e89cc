//! `described [beyond]`: an event of each kind of field type, described while the program runs, and recorded once.
//!
//! The report is one entry an event: its name, what `described.py` is to say of it, and what `ust view` is to print. With
//! `beyond` there is one more event, whose types nest deeper than a class's may: it is never on.

use serde_json::{Value, json};
use ust::Level;
use ust::dynamic::{
    Base, Beyond, Choice, Description, DynamicEvent, Encoding, FieldType, Integer, Label, bounds,
};
use ust_acceptance::report;

// One tracepoint of its own: without any, no constructor starts the runtime.
#[ust::tracepoint(provider = "described", level = Info)]
fn begun();

/// A field, its bytes, and what readers say of it.
struct Case {
    name: &'static str,
    ty: FieldType,
    bytes: Vec<u8>,
    said: &'static [&'static str],
    shown: &'static str,
}

fn case(
    name: &'static str,
    ty: FieldType,
    bytes: &[&[u8]],
    said: &'static [&'static str],
    shown: &'static str,
) -> Case {
    Case { name, ty, bytes: bytes.concat(), said, shown }
}

fn integers() -> Vec<Case> {
    let shown_in = |integer: Integer, base| FieldType::Integer(integer.shown_in(base));
    let network = |integer: Integer| FieldType::Integer(integer.in_network_order());
    let (byte, short) = (Integer::unsigned(8), Integer::unsigned(16));
    let port = shown_in(short.in_network_order(), Base::Hexadecimal);
    vec![
        case("u8", FieldType::U8, &[&[200]], &["u8 = 200 is u8 base 10"], "u8 = 200"),
        case(
            "i64",
            FieldType::I64,
            &[&i64::MIN.to_ne_bytes()],
            &["i64 = -9223372036854775808 is i64 base 10"],
            "i64 = -9223372036854775808",
        ),
        case(
            "binary",
            shown_in(byte, Base::Binary),
            &[&[5]],
            &["binary = 5 is u8 base 2"],
            "binary = 0b00000101",
        ),
        case(
            "octal",
            shown_in(short, Base::Octal),
            &[&8_u16.to_ne_bytes()],
            &["octal = 8 is u16 base 8"],
            "octal = 010",
        ),
        case("port", port, &[&[0x1F, 0x90]], &["port = 8080 is u16 base 16"], "port = 0x1F90"),
        case(
            "below",
            network(Integer::signed(32)),
            &[&(-2_i32).to_be_bytes()],
            &["below = -2 is i32 base 10"],
            "below = -2",
        ),
        case(
            "long",
            network(Integer::unsigned(64)),
            &[&7_u64.to_be_bytes()],
            &["long = 7 is u64 base 10"],
            "long = 7",
        ),
    ]
}

fn floats_and_labels() -> Vec<Case> {
    let label = |name: &str, low, high| Label { name: name.into(), low, high };
    let states = vec![label("idle", 0, 0), label("busy \"so\"", 1, 3), label("int", 3, 3)];
    let state = |container| FieldType::Enumeration { container, labels: states.clone().into() };
    let errors = FieldType::enumeration(
        Integer::signed(16).in_network_order().shown_in(Base::Hexadecimal),
        &[("ok", 0), ("denied", -13)],
    );
    vec![
        case("f32", FieldType::F32, &[&0.5_f32.to_ne_bytes()], &["f32 = 0.5"], "f32 = 0.5"),
        case("f64", FieldType::F64, &[&(-2.25_f64).to_ne_bytes()], &["f64 = -2.25"], "f64 = -2.25"),
        case(
            "state",
            state(Integer::unsigned(32)),
            &[&0_u32.to_ne_bytes()],
            &["state = 0 is enum32['busy \"so\"':1..3,'idle':0..0,'int':3..3] base 10"],
            r#"state = ( "idle" : container = 0 )"#,
        ),
        case(
            "states",
            FieldType::array(state(Integer::unsigned(8)), 2),
            &[&[3, 9]],
            &[
                "states has 2",
                "states[0] = 3 is enum8['busy \"so\"':1..3,'idle':0..0,'int':3..3] base 10",
                "states[1] = 9 is enum8['busy \"so\"':1..3,'idle':0..0,'int':3..3] base 10",
            ],
            r#"states = [ [0] = ( "busy \"so\"", "int" : container = 3 ), [1] = ( <unknown> : container = 9 ) ]"#,
        ),
        case(
            "error",
            errors,
            &[&(-13_i16).to_be_bytes()],
            &["error = -13 is enum16['denied':-13..-13,'ok':0..0] base 16"],
            r#"error = ( "denied" : container = 0xFFF3 )"#,
        ),
    ]
}

fn texts() -> Vec<Case> {
    let character = |encoding| FieldType::Integer(Integer::character(encoding));
    let string = |encoding| FieldType::String { encoding };
    let three = 3_u32.to_ne_bytes();
    vec![
        case("utf8", FieldType::TEXT, &["é\0".as_bytes()], &["utf8 = 'é'"], "utf8 = \"é\""),
        case("ascii", string(Encoding::Ascii), &[b"abc\0"], &["ascii = 'abc'"], r#"ascii = "abc""#),
        case("any", string(Encoding::None), &[b"a b\0"], &["any = 'a b'"], r#"any = "a b""#),
        case(
            "fixed",
            FieldType::array(character(Encoding::Ascii), 4),
            &[b"ab\0\0"],
            &["fixed = 'ab'"],
            r#"fixed = "ab""#,
        ),
        case(
            "counted",
            FieldType::sequence(character(Encoding::Utf8)),
            &[&three, b"abc"],
            &["_counted_length = 3 is u32 base 10", "counted = 'abc'"],
            r#"counted = "abc""#,
        ),
    ]
}

fn nested() -> Vec<Case> {
    let two = 2_u32.to_ne_bytes();
    let point = || FieldType::structure([("x", FieldType::U8), ("int", FieldType::TEXT)]);
    let row = || FieldType::array(FieldType::U8, 2);
    vec![
        case(
            "point",
            FieldType::structure([("at", point()), ("z", FieldType::I8)]),
            &[&[7], b"seven\0", &[0xFF]],
            &[
                "point.at.x = 7 is u8 base 10",
                "point.at.int = 'seven'",
                "point.z = -1 is i8 base 10",
            ],
            r#"point = { at = { x = 7, int = "seven" }, z = -1 }"#,
        ),
        case(
            "points",
            FieldType::sequence(point()),
            &[&two, &[1], b"a\0", &[2], b"b\0"],
            &[
                "_points_length = 2 is u32 base 10",
                "points has 2",
                "points[0].x = 1 is u8 base 10",
                "points[0].int = 'a'",
                "points[1].x = 2 is u8 base 10",
                "points[1].int = 'b'",
            ],
            r#"points = [ [0] = { x = 1, int = "a" }, [1] = { x = 2, int = "b" } ]"#,
        ),
        case(
            "rows",
            FieldType::sequence(row()),
            &[&two, &[1, 2, 3, 4]],
            &[
                "_rows_length = 2 is u32 base 10",
                "rows has 2",
                "rows[0].value has 2",
                "rows[0].value[0] = 1 is u8 base 10",
                "rows[0].value[1] = 2 is u8 base 10",
                "rows[1].value has 2",
                "rows[1].value[0] = 3 is u8 base 10",
                "rows[1].value[1] = 4 is u8 base 10",
            ],
            "rows = [ [0] = { value = [ [0] = 1, [1] = 2 ] }, [1] = { value = [ [0] = 3, [1] = 4 ] } ]",
        ),
        case(
            "names",
            FieldType::array(FieldType::sequence(FieldType::TEXT), 1),
            &[&two, b"a\0b\0"],
            &[
                "names has 1",
                "names[0]._value_length = 2 is u32 base 10",
                "names[0].value has 2",
                "names[0].value[0] = 'a'",
                "names[0].value[1] = 'b'",
            ],
            r#"names = [ [0] = { value = [ [0] = "a", [1] = "b" ] } ]"#,
        ),
    ]
}

fn variants() -> Vec<Case> {
    let option = |ty| {
        let choices = [("none", 0, FieldType::NOTHING), ("some", 1, ty)];
        FieldType::variant(Integer::unsigned(8), choices)
    };
    let range = |name: &str, low, high| Label { name: name.into(), low, high };
    let shape = FieldType::Variant {
        tag: Integer::signed(16).in_network_order(),
        choices: vec![
            Choice { label: range("float", -5, -1), ty: FieldType::F64.into() },
            Choice { label: range("list", 2, 9), ty: FieldType::sequence(FieldType::U8).into() },
        ]
        .into(),
    };
    let two = 2_u32.to_ne_bytes();
    vec![
        case(
            "without",
            option(FieldType::U32),
            &[&[0]],
            &["_without_tag = 0 is enum8['none':0..0,'some':1..1] base 10", "without chooses none"],
            r#"_without_tag = ( "none" : container = 0 ), without = { { } }"#,
        ),
        case(
            "with",
            option(FieldType::U32),
            &[&[1], &77_u32.to_ne_bytes()],
            &[
                "_with_tag = 1 is enum8['none':0..0,'some':1..1] base 10",
                "with chooses some",
                "with.some = 77 is u32 base 10",
            ],
            r#"_with_tag = ( "some" : container = 1 ), with = { 77 }"#,
        ),
        case(
            "options",
            FieldType::sequence(option(FieldType::TEXT)),
            &[&two, &[0, 1], b"b\0"],
            &[
                "_options_length = 2 is u32 base 10",
                "options has 2",
                "options[0]._value_tag = 0 is enum8['none':0..0,'some':1..1] base 10",
                "options[0].value chooses none",
                "options[1]._value_tag = 1 is enum8['none':0..0,'some':1..1] base 10",
                "options[1].value chooses some",
                "options[1].value.some = 'b'",
            ],
            r#"options = [ [0] = { _value_tag = ( "none" : container = 0 ), value = { { } } }, [1] = { _value_tag = ( "some" : container = 1 ), value = { "b" } } ]"#,
        ),
        case(
            "shape",
            shape.clone(),
            &[&(-3_i16).to_be_bytes(), &0.5_f64.to_ne_bytes()],
            &[
                "_shape_tag = -3 is enum16['_float':-5..-1,'list':2..9] base 10",
                "shape chooses float",
                "shape.float = 0.5",
            ],
            r#"_shape_tag = ( "_float" : container = -3 ), shape = { 0.5 }"#,
        ),
        case(
            "shapes",
            FieldType::structure([("one", shape)]),
            &[&9_i16.to_be_bytes(), &two, &[8, 9]],
            &[
                "shapes._one_tag = 9 is enum16['_float':-5..-1,'list':2..9] base 10",
                "shapes.one chooses list",
                "shapes.one.list._value_length = 2 is u32 base 10",
                "shapes.one.list.value has 2",
                "shapes.one.list.value[0] = 8 is u8 base 10",
                "shapes.one.list.value[1] = 9 is u8 base 10",
            ],
            r#"shapes = { _one_tag = ( "list" : container = 9 ), one = { { value = [ [0] = 8, [1] = 9 ] } } }"#,
        ),
    ]
}

fn description(name: &str, ty: &FieldType) -> Description {
    Description {
        provider: "described".to_owned(),
        name: name.to_owned(),
        level: Level::Info,
        file: String::new(),
        line: 0,
        fields: vec![(name.to_owned(), ty.clone())],
    }
}

#[allow(unsafe_code)]
fn main() {
    begun();
    if std::env::args().nth(1).as_deref() == Some("beyond") {
        let too_deep =
            (0..bounds::MAX_DEPTH).fold(FieldType::U8, |within, _| FieldType::sequence(within));
        let description = description("too_deep", &too_deep);
        assert_eq!(description.check(), Err(Beyond::Depth));
        assert!(!DynamicEvent::register(&description, None).is_on());
    }
    let groups = [integers(), floats_and_labels(), texts(), nested(), variants()];
    let account: Vec<Value> = groups
        .iter()
        .flatten()
        .map(|Case { name, ty, bytes, said, shown }| {
            let event = DynamicEvent::register(&description(name, ty), None);
            // SAFETY: the bytes are of that type.
            unsafe { event.record(bytes) };
            json!([name, said, shown])
        })
        .collect();
    report::write(&account);
}
