use ust::tracepoint;

#[tracepoint]
fn owned(content: Vec<u8>, path: String, size: Option<u64>, hash: u128, file: std::path::PathBuf);

#[tracepoint]
fn borrowed(content: &Vec<u8>, path: &String, size: Option<&str>);

fn main() {}
