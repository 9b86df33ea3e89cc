use ust::tracepoint;

#[tracepoint(level = Wraning)]
fn misspelt(path: &str);

#[tracepoint(level = Error)]
fn of_another_library(path: &str);

#[tracepoint(level = Verbose)]
fn unheard_of(path: &str);

#[tracepoint(level = "Info")]
fn in_quotes(path: &str);

#[tracepoint(level = Level::Info)]
fn with_a_path(path: &str);

#[tracepoint(level = 3)]
fn a_number(path: &str);

fn main() {}
