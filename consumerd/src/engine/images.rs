//! Images that are gone: a process that no longer maps its process file has called `exec`, without a word.
//!
//! `/proc/PID/maps` is as long as the process likes, and costs the kernel as much to write. So each look reads it once
//! for each process, however many identities that process has. A look reads a bounded number of bytes, and the next
//! look begins with the process after the last one.

use super::state::Engine;
use super::tracked::Tracked;
use crate::limits::{MAX_MAPS_BYTES, MAX_MAPS_READ};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::sync::OnceLock;
use ust_core::abi::PROCESS_FILE_MEMFD;

/// Identities to look for, by the number of their process's account.
type Wanted = BTreeMap<i32, Vec<([u8; 16], u64)>>;

impl Engine {
    /// Looks for replaced images among a bounded number of processes, and marks those that are gone for burial.
    pub(super) fn look_for_images(&mut self) {
        let wanted = self.wanted_images();
        let last = self.last_image_look;
        let turns = wanted.range(last.saturating_add(1)..).chain(wanted.range(..=last));
        let (mut bytes, mut gone) = (0, Vec::new());
        for (number, (payer, identities)) in turns.enumerate() {
            if number >= MAX_MAPS_READ || bytes >= MAX_MAPS_BYTES {
                break;
            }
            self.last_image_look = *payer;
            bytes += self.look_at(identities, &mut gone);
        }
        self.dying.extend(gone);
    }

    /// Looks for replaced images among all processes, and buries at once those that are gone.
    pub(super) fn bury_replaced_images(&mut self) {
        let mut gone = Vec::new();
        for identities in self.wanted_images().values() {
            self.look_at(identities, &mut gone);
        }
        if !gone.is_empty() {
            self.bury_now(gone);
        }
    }

    /// Marks the identities of one process that are gone for burial, once everything is heard.
    pub(super) fn look_for_images_of(&mut self, payer: i32) {
        let (mut gone, wanted) = (Vec::new(), self.wanted_images());
        if let Some(identities) = wanted.get(&payer) {
            self.look_at(identities, &mut gone);
        }
        self.dying.extend(gone);
    }

    /// The identities without an agent, which would have reported the end.
    fn wanted_images(&self) -> Wanted {
        let mut wanted = Wanted::new();
        for (uid, tracked) in self.processes.iter().filter(|(_, it)| it.agent.is_none()) {
            if let Some(file) = &tracked.process.file {
                let payer = file.account().number();
                wanted.entry(payer).or_default().push((*uid, file.inode));
            }
        }
        wanted
    }

    /// Adds those of one process's identities that are gone; returns how many bytes were read.
    fn look_at(&self, identities: &[([u8; 16], u64)], gone: &mut Vec<[u8; 16]>) -> u64 {
        let first = identities.first().and_then(|(uid, _)| self.processes.get(uid));
        let Some(path) = first.and_then(maps_path) else { return 0 };
        let mut inodes: BTreeSet<u64> = identities.iter().map(|(_, inode)| *inode).collect();
        let bytes = match leave_unmapped(&path, &mut inodes) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            // The list is there and may not be read, as after a change of user: only the pidfd tells the end.
            Err(_) => return 0,
        };
        let is_gone = |(_, inode): &&([u8; 16], u64)| inodes.contains(inode);
        gone.extend(identities.iter().filter(is_gone).map(|(uid, _)| *uid));
        bytes
    }
}

/// Whether the process still maps its process file. `exec` and death unmap it.
pub(super) fn has_image(tracked: &Tracked) -> bool {
    let Some(file) = &tracked.process.file else { return !tracked.is_dead() };
    let Some(path) = maps_path(tracked) else { return true };
    let mut inodes = BTreeSet::from([file.inode]);
    match leave_unmapped(&path, &mut inodes) {
        Ok(_) => inodes.is_empty(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Where the kernel lists what the process maps; `None` for a process that we cannot see: only its pidfd tells the end.
fn maps_path(tracked: &Tracked) -> Option<String> {
    let pid = tracked.pid.filter(|_| is_proc_ours())?;
    Some(format!("/proc/{}/maps", pid.as_raw_nonzero()))
}

/// Whether the `/proc` that is mounted here numbers processes as the kernel does for us. After `unshare --pid` without
/// a mount it belongs to the outer namespace.
fn is_proc_ours() -> bool {
    static IS_OURS: OnceLock<bool> = OnceLock::new();
    *IS_OURS.get_or_init(|| {
        let itself = std::fs::read_link("/proc/self").ok();
        itself.is_some_and(|name| name.as_os_str() == std::process::id().to_string().as_str())
    })
}

/// Removes the inodes of process files that are mapped; returns how many bytes were read for that. If the list is
/// longer than is read, nothing is known, and all count as mapped.
fn leave_unmapped(path: &str, inodes: &mut BTreeSet<u64>) -> std::io::Result<u64> {
    let mut lines = BufReader::with_capacity(64 << 10, File::open(path)?.take(MAX_MAPS_BYTES));
    let (mut bytes, mut line) = (0, Vec::new());
    let shown = format!("/memfd:{}", PROCESS_FILE_MEMFD.to_string_lossy());
    while !inodes.is_empty() {
        line.clear();
        match lines.read_until(b'\n', &mut line)? {
            0 if bytes >= MAX_MAPS_BYTES => inodes.clear(),
            0 => break,
            count => bytes += count as u64,
        }
        let untrusted_line = String::from_utf8_lossy(&line);
        if untrusted_line.contains(&shown)
            && let Some(inode) = untrusted_line.split_whitespace().nth(4)
            && let Ok(inode) = inode.parse::<u64>()
        {
            inodes.remove(&inode);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;
    use ust_core::shm::{Mapping, memfd};

    #[test]
    fn of_many_files_those_that_are_mapped_are_found_in_one_reading() {
        let files: Vec<_> =
            (0..100).map(|_| memfd::create(PROCESS_FILE_MEMFD, 4096).unwrap()).collect();
        let inode = |fd| memfd::identity(fd).unwrap().1;
        let maps: Vec<_> = files[..60].iter().map(|fd| Mapping::new(fd, 4096).unwrap()).collect();
        let mut inodes: BTreeSet<u64> = files.iter().map(inode).collect();
        leave_unmapped("/proc/self/maps", &mut inodes).unwrap();
        assert_eq!(inodes, files[maps.len()..].iter().map(inode).collect());
    }

    #[test]
    fn a_list_without_an_end_says_nothing() {
        let own = std::fs::metadata("/proc/self/exe").unwrap().ino();
        let mut inodes = BTreeSet::from([own]);
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_MAPS_BYTES + 1).unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(leave_unmapped(path, &mut inodes).unwrap(), MAX_MAPS_BYTES);
        assert!(inodes.is_empty(), "it counts as mapped");
    }
}
