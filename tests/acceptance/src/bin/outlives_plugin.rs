//! `outlives_plugin PLUGIN GONE`: loads a plugin, has it emit, unloads it, makes the file GONE, and ends when its own event has
//! been switched on and emitted.

use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::own_process::mappings_of;
use ust_acceptance::plugin::Plugin;

#[tracepoint(provider = "host", level = Info)]
fn told(sequence: u64);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, gone] = &arguments[..] else { panic!("PLUGIN GONE") };
    let plugin = Plugin::load(path);
    plugin.emit(0, 1);
    plugin.close();
    assert!(mappings_of(path).is_empty(), "unloaded and still mapped");
    std::fs::write(gone, "").expect("there is room");
    while !told::enabled() {
        std::thread::sleep(Duration::from_millis(1));
    }
    told(0);
}
