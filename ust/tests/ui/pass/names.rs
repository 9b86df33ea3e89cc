//! Names that could clash with the expansion's.
#![allow(non_upper_case_globals, non_snake_case, non_camel_case_types, dead_code)]

use ust as renamed;
use ust::tracepoint;

// Names in the scope of each tracepoint.
mod core {}
mod __private {}
type F = u64;
type __Fields = u32;
const MODULE_PATH: u8 = 0;
const CALLSITE: u8 = 0;
fn enabled() {}
fn with() {}
fn record() {}
struct Callsite;
struct Option;

#[tracepoint]
fn parameters(f: F, fields: u8, record: u8, with: u8, enabled: u8, description: u8, ust: u8);
#[tracepoint]
fn own_name(own_name: u8);
#[tracepoint]
fn aliases(a: F, b: F);

mod internals {
    #[ust::tracepoint]
    fn internals(CALLSITE: u64, DESCRIPTION: u8, ENTRY: u8, MODULE_PATH: u8, __field0: u8, __fields: u8);

    pub fn call() {
        internals(1, 2, 3, 4, 5, 6);
        internals::with(|| (1, 2, 3, 4, 5, 6));
    }
}

#[tracepoint]
fn r#type(r#fn: u8, r#match: &str);
#[tracepoint]
fn r#async();
#[tracepoint(provider = "indexer", name = "renamed", level = Warning, crate = renamed,)]
fn with_all_arguments(a: u8);
#[tracepoint()]
fn without_arguments(a: u8);

fn main() {
    parameters(1, 2, 3, 4, 5, 6, 7);
    parameters::with(|| (1, 2, 3, 4, 5, 6, 7));
    own_name(1);
    own_name::with(|| 1);
    aliases::with(|| (1, 2));
    internals::call();
    r#type(1, "a");
    r#type::with(|| (1, "a"));
    r#async();
    with_all_arguments(1);
    without_arguments(1);
}
