//! The event classes that a process has, as the log in its process file describes them.
//!
//! ```text
//!   class log (the process's memory)              here
//!   | ClassEntry | body | ClassEntry | body | --> entries: offset, number     eight bytes for each class
//!                                                 by_number: entry
//! ```
//!
//! Everything in the log is the process's word, including its length. So no name and no field is kept: a body is parsed
//! each time that it is asked for, and is untrusted each time. The log is read as far as its entries make sense and the
//! budget of the process allows. A record of a class that is not described ends its stream.

use super::class_body::to_ctf;
use crate::engine::budget::Held;
use crate::engine::mapped::Mapped;
use crate::limits::{CLASSES, MAX_CLASS_BYTES, MAX_FUTILE_LOOKS, MAX_NAME_BYTES};
use ust_core::abi::{CLASS_LOG_OFFSET, ClassEntry, ProcessHeader};
use ust_core::protocol::ClassBody;
use ust_core::sync::{AtomicU32, Ordering};

/// What has been read of the log.
#[derive(Debug)]
pub struct ClassLog {
    /// The whole process file.
    map: Mapped,
    /// Offset of the log up to which entries have been read.
    read_bytes: usize,
    entries: Vec<Entry>,
    /// Index of the entry whose class has the number, or [`NO_ENTRY`].
    by_number: Vec<u32>,
    /// Index of the entry at which the search for a number continues.
    next_look: usize,
    /// Entries that were looked at for their numbers.
    #[cfg(test)]
    looked_at: usize,
    /// How often a class's number was looked for and not found.
    futile_looks: u32,
    /// Held from the process's budget for classes.
    held: Held,
}

/// Where a class is described.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Offset of its [`ClassEntry`] in the file.
    offset: u32,
    /// The number that the class had when it was last looked at, plus one.
    class_id: u32,
}

/// No class has the number.
const NO_ENTRY: u32 = u32::MAX;

/// What lists show of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassName {
    /// `provider:name`.
    pub name: String,
    /// As LTTng numbers them.
    pub level: u8,
}

impl ClassLog {
    /// The log of a mapped process file; nothing of it has been read.
    pub fn new(map: Mapped, held: Held) -> Self {
        Self {
            map,
            read_bytes: 0,
            entries: Vec::new(),
            by_number: Vec::new(),
            next_look: 0,
            #[cfg(test)]
            looked_at: 0,
            futile_looks: 0,
            held,
        }
    }

    /// Whether part of it is gone: then nothing in it can be used.
    pub fn is_damaged(&self) -> bool {
        self.map.has_faulted()
    }

    /// How many classes have been read so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Names of the classes read so far, whether recorded or not, as far as they parse.
    pub fn names(&self) -> impl Iterator<Item = ClassName> {
        self.entries.iter().filter_map(|entry| {
            let untrusted_body = self.body(*entry, MAX_NAME_BYTES)?;
            let (provider, name, level) = ClassBody::decode_name(&untrusted_body)?;
            Some(ClassName { name: format!("{provider}:{name}"), level })
        })
    }

    /// The whole descriptions of the classes read so far, recorded or not, encoded and untrusted.
    pub fn untrusted_bodies(&self) -> impl Iterator<Item = Vec<u8>> {
        self.entries.iter().filter_map(|entry| self.body(*entry, MAX_CLASS_BYTES))
    }

    /// The class whose records carry `id`, if the process has described it by now.
    pub fn class(&mut self, id: u32) -> Option<ctf::write::metadata::EventClass> {
        if self.entry_of(id).is_none() && self.futile_looks < MAX_FUTILE_LOOKS {
            self.refresh();
            self.find_number(id);
            // The process stores a class's number before it commits a record of that class, so one look is enough.
            self.futile_looks += u32::from(self.entry_of(id).is_none());
        }
        let untrusted_body = self.body(self.entry_of(id)?, MAX_CLASS_BYTES)?;
        Some(to_ctf(&ClassBody::decode(&untrusted_body)?, id))
    }

    fn entry_of(&self, id: u32) -> Option<Entry> {
        let index = *self.by_number.get(id as usize)?;
        self.entries.get(index as usize).copied()
    }

    /// The first bytes of a class's description.
    fn body(&self, entry: Entry, most_bytes: usize) -> Option<Vec<u8>> {
        let offset = entry.offset as usize;
        let body_bytes = self.word(offset)? as usize;
        let body_bytes = body_bytes.min(most_bytes).min(MAX_CLASS_BYTES);
        self.map.copy_out(offset + size_of::<ClassEntry>(), body_bytes)
    }

    /// Reads the entries that have come since the last call.
    pub fn refresh(&mut self) {
        let Some(header) = self.map.at::<ProcessHeader>(0) else { return };
        // Acquire: pairs with the process's release; entries below it are whole.
        let untrusted_bytes = header.log_bytes() as usize;
        let log_bytes = untrusted_bytes.min(self.map.len() - CLASS_LOG_OFFSET);
        while self.read_bytes + size_of::<ClassEntry>() <= log_bytes {
            let Some(entry_bytes) = self.read_entry(log_bytes) else { break };
            self.read_bytes += entry_bytes;
        }
    }

    /// Reads the entry at `read_bytes`; returns its length, or `None` if it makes no sense or the budget is used up.
    fn read_entry(&mut self, log_bytes: usize) -> Option<usize> {
        let offset = CLASS_LOG_OFFSET + self.read_bytes;
        let body_bytes = self.word(offset)? as usize;
        let entry_bytes = size_of::<ClassEntry>().checked_add(body_bytes)?.next_multiple_of(4);
        // No program declares a class beyond these bounds.
        if entry_bytes > log_bytes - self.read_bytes || body_bytes > MAX_CLASS_BYTES {
            return None;
        }
        self.held.grow(1).ok()?;
        // The process decides how many there are, so there may be too many.
        self.entries.try_reserve(1).ok()?;
        self.entries.push(Entry { offset: offset as u32, class_id: 0 });
        Some(entry_bytes)
    }

    /// Looks for the class of a number, and notes all numbers on the way. A process numbers its classes in the order of
    /// its log, each time that rules switch some of them on. So the search begins behind the class that was found last,
    /// and all searches after one such time pass through the log once. The search ends where it began.
    fn find_number(&mut self, id: u32) {
        for _ in 0..self.entries.len() {
            let index = self.next_look % self.entries.len();
            self.next_look = index + 1;
            self.read_number(index);
            if self.entry_of(id).is_some() {
                return;
            }
        }
    }

    /// Reads the number of an entry's class, if the class has got one since the last look.
    fn read_number(&mut self, index: usize) {
        #[cfg(test)]
        {
            self.looked_at += 1;
        }
        let Entry { offset, class_id: 0 } = self.entries[index] else { return };
        let Some(shared) = self.map.at::<ClassEntry>(offset as usize) else { return };
        let untrusted_class_id = shared.number();
        let Some(id) = untrusted_class_id.checked_sub(1) else { return };
        // Numbers are given from 0 on, so none is higher than the number of classes.
        let by_number = id as usize;
        if by_number as u64 >= CLASSES.of_process {
            return;
        }
        let missing = (by_number + 1).saturating_sub(self.by_number.len());
        if self.by_number.try_reserve(missing).is_err() {
            return;
        }
        self.entries[index].class_id = untrusted_class_id;
        self.by_number.resize(self.by_number.len().max(by_number + 1), NO_ENTRY);
        // A number that another class has already is false.
        if self.by_number[by_number] == NO_ENTRY {
            self.by_number[by_number] = index as u32;
        }
    }

    /// A word of the file, which the process may be writing.
    fn word(&self, offset: usize) -> Option<u32> {
        // Relaxed: ordered behind the load of `log_bytes`, if the process is an honest one.
        Some(self.map.at::<AtomicU32>(offset)?.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::played::{Player, number};
    use ust_core::wire::bounds::MAX_TYPES;

    #[test]
    fn classes_are_read_as_they_come_and_parsed_when_they_are_asked_for() {
        let player = Player::new();
        let first = player.add_class("first", 2);
        let mut log = player.process_file().log;
        assert_eq!(log.class(0), None, "it has no number yet");
        let second = player.add_class("second", 0);
        number(&player.map, second, 0);
        number(&player.map, first, 1);
        let class = log.class(1).unwrap();
        assert_eq!((class.name.as_str(), class.id, class.fields.len()), ("test:first", 1, 2));
        assert_eq!(log.class(0).unwrap().name, "test:second");
        assert_eq!(log.class(2), None);
        let names: Vec<_> = log.names().map(|class| class.name).collect();
        assert_eq!(names, ["test:first", "test:second"]);
    }

    #[test]
    fn a_class_with_more_fields_than_any_has_is_not_described() {
        let player = Player::new();
        for (id, fields) in [MAX_TYPES, MAX_TYPES + 1].into_iter().enumerate() {
            let at = player.add_class("large", fields);
            number(&player.map, at, id as u32);
        }
        let mut log = player.process_file().log;
        assert_eq!(log.class(0).map(|class| class.fields.len()), Some(MAX_TYPES));
        assert_eq!(log.class(1), None);
    }

    #[test]
    fn beyond_the_budget_no_class_is_read() {
        let player = Player::new();
        let most = CLASSES.of_process as usize;
        (0..most + 10).for_each(|_| _ = player.add_class("c", 0));
        let mut log = player.process_file().log;
        log.refresh();
        assert_eq!(log.len(), most);
    }

    #[test]
    fn classes_that_are_numbered_one_by_one_cost_one_way_through_the_log() {
        const COUNT: usize = 2000;
        let player = Player::new();
        let entries: Vec<_> = (0..COUNT).map(|_| player.add_class("c", 0)).collect();
        let mut log = player.process_file().log;
        for (id, at) in (0..).zip(entries.iter().skip(1).step_by(2)) {
            number(&player.map, *at, id);
            assert!(log.class(id).is_some());
        }
        assert_eq!(log.looked_at, COUNT);
        // Classes that are switched on later are before and between them.
        for (id, at) in (COUNT as u32 / 2..).zip(entries.iter().step_by(2)) {
            number(&player.map, *at, id);
            assert!(log.class(id).is_some());
        }
        assert_eq!(log.looked_at, 2 * COUNT - 1);
    }

    #[test]
    fn of_all_that_are_numbered_each_is_found_whichever_is_asked_for_first() {
        const COUNT: u32 = 2000;
        let player = Player::new();
        for place in 0..COUNT {
            let at = player.add_class(&format!("c{place}"), 0);
            number(&player.map, at, COUNT - 1 - place);
        }
        let mut log = player.process_file().log;
        for id in (0..COUNT).step_by(7).chain(0..COUNT) {
            let expected = format!("test:c{}", COUNT - 1 - id);
            assert_eq!(log.class(id).map(|class| class.name), Some(expected));
        }
        assert_eq!(log.looked_at, COUNT as usize);
    }

    #[test]
    fn who_says_again_and_again_that_a_class_is_there_is_not_looked_for_each_time() {
        let player = Player::new();
        let mut log = player.process_file().log;
        (0..1000).for_each(|id| assert_eq!(log.class(id), None));
        assert_eq!(log.futile_looks, MAX_FUTILE_LOOKS);
    }
}
