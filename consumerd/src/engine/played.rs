//! A process file as tests write it.
#![cfg(test)]

use super::budget::Account;
use super::process_file::ProcessFile;
use rustix::fd::OwnedFd;
use ust_core::abi::{CLASS_LOG_OFFSET, ClassEntry, PROCESS_FILE_BYTES, ProcessHeader};
use ust_core::protocol::{ClassBody, bytes_of};
use ust_core::shm::{Mapping, memfd};
use ust_core::sync::{AtomicU32, Ordering};
use ust_core::wire::{Encoding, FieldType};

/// The process's side of its file.
#[derive(Debug)]
pub struct Player {
    pub map: Mapping,
    pub fd: OwnedFd,
}

impl Player {
    pub fn new() -> Self {
        Self::named(1, [b'p'; 16])
    }

    pub fn named(pid: u32, procname: [u8; 16]) -> Self {
        let fd = memfd::create(c"process", PROCESS_FILE_BYTES).unwrap();
        Self::of(fd, pid, procname)
    }

    /// Makes the file's content, in an empty file of the right size.
    pub fn of(fd: OwnedFd, pid: u32, procname: [u8; 16]) -> Self {
        let map = Mapping::new(&fd, PROCESS_FILE_BYTES).unwrap();
        map.initialise(0, ProcessHeader::new(pid, [1; 16], 0, procname)).unwrap();
        Self { map, fd }
    }

    /// The consumer's side of the file.
    pub fn process_file(&self) -> ProcessFile {
        ProcessFile::new(&self.fd, &Account::alone()).unwrap()
    }

    /// Adds a class without a number, with `field_count` texts, even if those are too many; returns where its entry is.
    pub fn add_class(&self, name: &str, field_count: usize) -> usize {
        let mut body = body(name, 14, vec![]).encode().unwrap();
        // The empty list of fields is its last byte.
        body.pop();
        let field = ("f", 3_u8, Encoding::Utf8);
        body.extend(bytes_of(&vec![field; field_count]));
        self.add(&body)
    }

    /// Adds a class of that name, level and fields.
    pub fn describe(&self, name: &str, level: u8, fields: Vec<(&str, FieldType)>) -> usize {
        self.add(&body(name, level, fields).encode().unwrap())
    }

    /// Adds an entry whose body is these bytes.
    pub fn add(&self, body: &[u8]) -> usize {
        let header = self.map.at::<ProcessHeader>(0).unwrap();
        let begin = header.log_bytes.load(Ordering::Relaxed) as usize;
        let at = CLASS_LOG_OFFSET + begin;
        let entry = ClassEntry { body_bytes: body.len() as u32, class_id: AtomicU32::new(0) };
        self.map.initialise(at, entry).unwrap();
        for (index, chunk) in body.chunks(4).enumerate() {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            let word = AtomicU32::new(u32::from_ne_bytes(word));
            self.map.initialise(at + size_of::<ClassEntry>() + 4 * index, word).unwrap();
        }
        let end = (begin + size_of::<ClassEntry>() + body.len()).next_multiple_of(4);
        header.log_bytes.store(end as u64, Ordering::Release);
        at
    }
}

/// A class of that name, level and fields.
pub fn body<'a>(name: &'a str, level: u8, fields: Vec<(&'a str, FieldType)>) -> ClassBody<'a> {
    let (provider, file, module_path) = ("test", "test.rs", "test");
    ClassBody { provider, name, level, file, line: 1, module_path, fields, docs: vec![] }
}

/// Gives a class its number.
pub fn number(file: &Mapping, at: usize, id: u32) {
    file.at::<ClassEntry>(at).unwrap().class_id.store(id.wrapping_add(1), Ordering::Release);
}
