//! Writes a program that uses identifiers everywhere that a user can write one around a tracepoint.
//!
//! ```text
//!   mod named_12 {       the identifier as event and field
//!   mod around_12 {      a type, a module, a trait, a macro or a constant of that name in the scope of a tracepoint,
//!                        and in the types of its fields
//! ```
//!
//! The program checks the description of each event, and calls each event in all ways. The identifiers are those of the
//! language, of the standard library, of the expansion and of this library, and random ones (from a seed that the file
//! states; `UST_SEED=N` sets another).

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::Write as _;

/// The language's keywords, as raw identifiers. The weak keywords are ordinary identifiers.
const KEYWORDS: &str = "abstract as async await become box break const continue do dyn else enum extern false final fn \
    for gen if impl in let loop macro match mod move mut override priv pub ref return static struct trait true try type \
    typeof unsafe unsized use virtual where while yield";
const WEAK_KEYWORDS: &str = "auto default macro_rules raw safe union";

/// The standard library's. `None` and the like are refused as fields, primitive types as events, `String` and the like
/// as types of fields.
const STANDARD: &str = "core std alloc proc_macro FnOnce Fn Result Box Copy Sized Debug drop assert \
    assert_eq module_path file line concat panic cfg println compile_error";
const PRIMITIVE: &str = "bool str u8 u32 u64 usize i32 f64 char";

/// This library's and the expansion's.
const OURS: &str = "ust ust_core ust_macros linkme __private private tracepoint event event_ fields values seen callsite \
    record record_otherwise with enabled see state is_on Callsite CallsiteState EventDescription Note Field FieldType \
    Payload Level declare register_module DESCRIPTION CALLSITE CONSTRUCTOR ENTRY MODULE_PATH __seen __field0 __fields \
    __Fields _ust __us main_ a b F T test inline cold used doc allow derive";

/// The number of random identifiers.
const RANDOM: usize = 12;

/// The text of the program.
pub fn program() -> String {
    let seed = std::env::var("UST_SEED").ok().map_or(8, |seed| seed.parse().expect("a number"));
    let named = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let raw = named(KEYWORDS).into_iter().map(|keyword| format!("r#{keyword}"));
    let ordinary = named(WEAK_KEYWORDS).into_iter().chain(named(STANDARD)).chain(named(OURS));
    let events: Vec<_> = raw.chain(ordinary).chain(random(seed)).collect();
    let mut text = String::from(HEAD);
    let mut calls = String::new();
    for (number, name) in events.iter().enumerate() {
        text += &as_event_and_field(number, name);
        writeln!(calls, "    named_{number}::call();").unwrap();
    }
    for (number, name) in events.iter().chain(&named(PRIMITIVE)).enumerate() {
        text += &in_scope(number, name);
        writeln!(calls, "    around_{number}::call();").unwrap();
    }
    format!("// UST_SEED={seed}\n{text}\nfn main() {{\n{calls}}}\n")
}

const HEAD: &str = "#![allow(warnings)]
fn assert_described(name: &str, fields: &[&str]) {
    let mut all = ust::__private::callsites().map(|callsite| callsite.description());
    let of_name = |event: &&ust_core::event::EventDescription| {
        event.name == name && event.fields.iter().map(|field| field.name).eq(fields.iter().copied())
    };
    assert!(all.any(|event| of_name(&event)), \"{name} with {fields:?}\");
}
";

fn as_event_and_field(number: usize, name: &str) -> String {
    let plain = name.trim_start_matches("r#");
    format!(
        "mod named_{number} {{
    #[::ust::tracepoint]
    pub fn {name}({name}: u8, {name}_length: &str, _{plain}: &[u32]);

    pub fn call() {{
        {name}(1, \"a\", &[2]);
        {name}::with(|| (1, \"a\", &[2]));
        {name}::enabled();
        super::assert_described(\"{plain}\", &[\"{plain}\", \"{plain}_length\", \"_{plain}\"]);
    }}
}}
"
    )
}

/// Each use in a module of its own, so that they do not exclude each other.
fn in_scope(number: usize, name: &str) -> String {
    format!(
        "mod around_{number} {{
    pub mod as_type {{
        pub type {name} = ::core::primitive::u32;
        #[::ust::tracepoint]
        pub fn by_type_{number}(x: {name}, y: &[self::{name}], z: &'static [{name}; 2]);
    }}
    pub mod as_module {{
        mod {name} {{ pub type Inner = ::core::primitive::u64; pub const COUNT: ::core::primitive::usize = 2; }}
        macro_rules! {name} {{ ($($any:tt)*) => {{ no_such_thing }} }}
        pub mod deeper {{
            #[::ust::tracepoint]
            pub fn by_module_{number}(x: super::{name}::Inner, y: [super::{name}::Inner; super::{name}::COUNT]);
        }}
    }}
    pub mod as_trait_and_value {{
        trait {name} {{}}
        const {name}: ::core::primitive::usize = 2;
        #[::ust::tracepoint]
        pub fn by_value_{number}(x: [::core::primitive::i16; {name}], y: &::core::primitive::str);
    }}
    pub fn call() {{
        as_type::by_type_{number}(1, &[2], &[3, 4]);
        as_type::by_type_{number}::with(|| (1, &[2], &[3, 4]));
        as_module::deeper::by_module_{number}(1, [2, 3]);
        as_module::deeper::by_module_{number}::with(|| (1, [2, 3]));
        as_trait_and_value::by_value_{number}([1, 2], \"a\");
        as_trait_and_value::by_value_{number}::with(|| ([1, 2], \"a\"));
    }}
}}
"
    )
}

fn random(seed: u64) -> Vec<String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    // Long enough not to be a keyword, and beginning with a letter, so not with a reserved prefix.
    let identifiers = "(r#)?[a-zA-Z][a-zA-Z0-9_]{8,20}";
    let identifiers = proptest::string::string_regex(identifiers).expect("a regular expression");
    (0..RANDOM).map(|_| identifiers.new_tree(&mut runner).expect("it has some").current()).collect()
}
