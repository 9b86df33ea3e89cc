use std::collections::HashMap;
use ust::tracepoint;

#[tracepoint]
fn counted(words: HashMap<String, u64>);

fn main() {}
