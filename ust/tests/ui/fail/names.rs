use ust::tracepoint;

#[tracepoint(provider = "")]
fn empty(path: &str);

#[tracepoint(provider = "app:indexer")]
fn colon(path: &str);

#[tracepoint(provider = "my-app")]
fn dash(path: &str);

#[tracepoint(name = "2nd try")]
fn digit(path: &str);

#[tracepoint]
fn größe(länge: u64);

fn main() {}
