//! What a traced program sees of itself.

use std::fs;

/// How many descriptors it has.
pub fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc is mounted").count()
}

/// Its mappings of a file: the lines of `/proc/self/maps` that name it. For an empty name, all lines.
pub fn mappings_of(path: &str) -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc is mounted");
    maps.lines().filter(|line| line.contains(path)).map(str::to_owned).collect()
}
