use ust::tracepoint;

#[tracepoint]
const fn a(path: &str);

#[tracepoint]
async fn b(path: &str);

#[tracepoint]
unsafe fn c(path: &str);

#[tracepoint]
extern "C" fn d(path: &str);

fn main() {}
