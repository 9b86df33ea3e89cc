//! Processes that still use rings. Such rings are not recovered, because writers would go on during recovery.

use std::collections::HashMap;
use std::fs;
use ust_core::abi::RING_FILE_PREFIX;

/// The processes that have rings mapped now (traced programs and recorders), by the process identity in the rings'
/// names.
pub fn of_rings() -> HashMap<String, String> {
    let mut users = HashMap::new();
    let ring = format!("/{RING_FILE_PREFIX}");
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        // Other users' processes cannot be looked at; they have nothing to do with this user's rings.
        let Ok(maps) = fs::read_to_string(entry.path().join("maps")) else { continue };
        let mut uids: Vec<_> =
            maps.lines().filter_map(|line| line.split(&ring).nth(1)?.get(..32)).collect();
        uids.dedup();
        for uid in uids {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            users.entry(uid.to_owned()).or_insert_with(|| {
                let name = name.trim_end();
                format!(
                    "its rings are still in use by process {pid} ({name}): end that first, or wait for its end"
                )
            });
        }
    }
    users
}
