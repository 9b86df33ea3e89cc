//! A process's file, as the daemon sees it: who it is, and which event classes it has.
//!
//! Everything in it is the process's word. It is copied first and believed only as far as it parses: a log
//! that does not is read up to there, and records of classes that nobody has heard of end their stream.

use super::starved;
use crate::limits::{MAX_CLASS_BYTES, MAX_CLASSES};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::sync::Arc;
use ust_core::abi::{
    ABI_VERSION, CLASS_LOG_BYTES, CLASS_LOG_OFFSET, ClassEntry, PROCESS_FILE_BYTES, PROCESS_MAGIC,
    ProcessHeader, SlotLosses,
};
use ust_core::agent::protocol::ClassBody;
use ust_core::shm::{Mapping, memfd};
use ust_core::sync::Ordering;
use ust_core::wire::{FieldType, Scalar};

/// The mapped file and what has been read of it.
#[derive(Debug)]
pub struct ProcessFile {
    map: Arc<Mapping>,
    /// Inode of the memfd: what the process's `maps` shows as long as it has it.
    pub inode: u64,
    /// Identity of the process.
    pub uid: [u8; 16],
    /// Process id, in its own namespace.
    pub pid: u32,
    /// When the process file was made, in nanoseconds since the epoch.
    pub created_realtime_ns: u64,
    /// Name of the process.
    pub procname: String,
    /// Offset of the log up to which entries have been read.
    read_bytes: usize,
    entries: Vec<Entry>,
    /// Classes by the number that their records carry.
    numbered: BTreeMap<u32, usize>,
}

/// The losses that a process file counts.
#[derive(Debug)]
pub struct Losses(Arc<Mapping>);

impl Losses {
    /// Records that a channel lost for want of a stream.
    pub fn lost_no_stream(&self, channel_uid: u64) -> u64 {
        let counts = self.of(channel_uid).map(|slot| slot.no_stream.load(Ordering::Relaxed));
        counts.fold(0, u64::saturating_add)
    }

    /// Why the last of them were, if the process tells a reason that there is.
    pub fn reason(&self, channel_uid: u64) -> Option<Errno> {
        let reasons = self.of(channel_uid).map(|slot| slot.errno.load(Ordering::Relaxed));
        reasons.filter_map(starved::errno).last()
    }

    fn of(&self, channel_uid: u64) -> impl Iterator<Item = &SlotLosses> {
        let header = self.0.at::<ProcessHeader>(0);
        // Relaxed: counts, and an identity that is written before any of them.
        let is_of_channel =
            move |slot: &&SlotLosses| slot.channel_uid.load(Ordering::Relaxed) == channel_uid;
        header.into_iter().flat_map(|header| &header.losses).filter(is_of_channel)
    }

    /// Whether forked children may be counting in it, even when the process is dead.
    pub fn has_heirs(&self) -> bool {
        self.0
            .at::<ProcessHeader>(0)
            .is_some_and(|header| header.heirs.load(Ordering::Relaxed) != 0)
    }

    /// The channels, by identity, that it counts for.
    pub fn counted_channels(&self) -> impl Iterator<Item = u64> {
        let losses = self.0.at::<ProcessHeader>(0).map(|header| &header.losses);
        losses.into_iter().flatten().map(|slot| slot.channel_uid.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Entry {
    offset: usize,
    class: ctf::metadata::EventClass,
    is_numbered: bool,
}

impl ProcessFile {
    /// Checks and maps a file that a process sent.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn new(fd: &OwnedFd) -> Result<Self, &'static str> {
        let size = memfd::check(fd).map_err(|_| "the process file is not sealed")?;
        if size != PROCESS_FILE_BYTES {
            return Err("the process file has another size");
        }
        let (_, inode) = memfd::identity(fd).map_err(|_| "the process file cannot be looked at")?;
        let map = Mapping::new(fd, size).map_err(|_| "the process file cannot be mapped")?;
        let untrusted = map.copy_out(0, size_of::<ProcessHeader>()).unwrap_or_default();
        let field = |offset: usize, length: usize| &untrusted[offset..offset + length];
        let word = |offset| u32::from_ne_bytes(field(offset, 4).try_into().unwrap_or_default());
        let long = |offset| u64::from_ne_bytes(field(offset, 8).try_into().unwrap_or_default());
        if long(0) != PROCESS_MAGIC {
            return Err("the process file is none");
        }
        if word(8) != ABI_VERSION {
            return Err("the process was built with another version of ust-core");
        }
        let name = field(48, 16).split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(Self {
            inode,
            uid: field(16, 16).try_into().unwrap_or_default(),
            pid: word(12),
            created_realtime_ns: long(32),
            procname: String::from_utf8_lossy(name).into_owned(),
            read_bytes: 0,
            entries: Vec::new(),
            numbered: BTreeMap::new(),
            map: Arc::new(map),
        })
    }

    /// What it counts, to be looked at for as long as one likes.
    pub fn losses(&self) -> Losses {
        Losses(self.map.clone())
    }

    /// All classes read so far, whether recorded or not.
    pub fn classes(&self) -> impl Iterator<Item = &ctf::metadata::EventClass> {
        self.entries.iter().map(|entry| &entry.class)
    }

    /// The classes that have a number, by number.
    pub fn numbered(&self) -> impl Iterator<Item = &ctf::metadata::EventClass> {
        self.numbered.values().map(|index| &self.entries[*index].class)
    }

    /// Reads what has come since the last time: new entries, and numbers of old ones.
    pub fn refresh(&mut self) {
        let Some(header) = self.map.at::<ProcessHeader>(0) else { return };
        // Acquire: pairs with the process's release; entries below it are whole.
        let untrusted_bytes = header.log_bytes.load(Ordering::Acquire) as usize;
        let log_bytes = untrusted_bytes.min(CLASS_LOG_BYTES);
        while self.read_bytes + size_of::<ClassEntry>() <= log_bytes {
            let Some(entry_bytes) = self.read_entry(log_bytes) else { break };
            self.read_bytes += entry_bytes;
        }
        self.read_numbers();
    }

    /// Reads the entry at `read_bytes`; its length, or `None` if it makes no sense.
    fn read_entry(&mut self, log_bytes: usize) -> Option<usize> {
        let offset = CLASS_LOG_OFFSET + self.read_bytes;
        let head = self.map.copy_out(offset, size_of::<u32>())?;
        let body_bytes = u32::from_ne_bytes(head.try_into().ok()?) as usize;
        let entry_bytes = size_of::<ClassEntry>().checked_add(body_bytes)?.next_multiple_of(4);
        // What is beyond these bounds no program declares; it would cost more to look at than it is worth.
        if entry_bytes > log_bytes - self.read_bytes
            || body_bytes > MAX_CLASS_BYTES
            || self.entries.len() >= MAX_CLASSES
        {
            return None;
        }
        let body = self.map.copy_out(offset + size_of::<ClassEntry>(), body_bytes)?;
        let class = to_ctf(&postcard::from_bytes::<ClassBody>(&body).ok()?);
        self.entries.push(Entry { offset, class, is_numbered: false });
        Some(entry_bytes)
    }

    fn read_numbers(&mut self) {
        for (index, entry) in self.entries.iter_mut().enumerate().filter(|(_, e)| !e.is_numbered) {
            let Some(shared) = self.map.at::<ClassEntry>(entry.offset) else { continue };
            // Acquire: pairs with the process's release, for symmetry; the number is all there is.
            let untrusted_number = shared.class_id.load(Ordering::Acquire);
            let Some(id) = untrusted_number.checked_sub(1) else { continue };
            entry.is_numbered = true;
            // More classes than the log has room for: nobody numbers so.
            if id as usize > CLASS_LOG_BYTES / size_of::<ClassEntry>() {
                continue;
            }
            entry.class.id = id;
            // A number that another class has already is a lie.
            self.numbered.entry(id).or_insert(index);
        }
    }
}

/// The one stream class of our traces.
pub const STREAM_CLASS: u32 = 0;

fn to_ctf(body: &ClassBody<'_>) -> ctf::metadata::EventClass {
    let field = |(name, ty): &(&str, FieldType)| ctf::metadata::Field {
        name: (*name).into(),
        ty: field_type(*ty),
    };
    ctf::metadata::EventClass {
        id: 0,
        stream_id: STREAM_CLASS,
        name: format!("{}:{}", body.provider, body.name),
        loglevel: body.level.into(),
        fields: body.fields.iter().map(field).collect(),
    }
}

fn field_type(ty: FieldType) -> ctf::metadata::FieldType {
    use ctf::metadata::FieldType as Ctf;
    match ty {
        FieldType::Scalar(element) => match scalar(element) {
            ctf::metadata::Scalar::Integer(integer) => Ctf::Integer(integer),
            ctf::metadata::Scalar::Float(float) => Ctf::Float(float),
        },
        FieldType::String => Ctf::String,
        FieldType::Array { element, length } => Ctf::Array { elem: scalar(element), len: length },
        FieldType::Sequence { element } => Ctf::Sequence { elem: scalar(element) },
    }
}

fn scalar(scalar: Scalar) -> ctf::metadata::Scalar {
    use ctf::metadata::{Float, Integer, Width};
    match scalar {
        Scalar::Float { bits: 32 } => ctf::metadata::Scalar::Float(Float::F32),
        Scalar::Float { .. } => ctf::metadata::Scalar::Float(Float::F64),
        Scalar::Integer { bits, signed, hex } => {
            let width = match bits {
                8 => Width::W8,
                16 => Width::W16,
                32 => Width::W32,
                _ => Width::W64,
            };
            let integer = Integer::new(width, signed);
            ctf::metadata::Scalar::Integer(if hex { integer.hex() } else { integer })
        }
    }
}
