//! One stream, record by record.
//!
//! ```text
//!   packets --> open packet --peek--> class, time --.--visit--> values to a visitor, by a plan
//!                                                    '--event--> all values, by the general decoder
//! ```
//!
//! A record that does not decode ends its packet: the next packet begins at a known place.

use std::path::PathBuf;
use std::sync::Arc;

use super::classes::{Classes, StreamClass};
use super::error::PacketError;
use super::error::ReadError;
use super::event::{Event, Packet, Trace};
use super::gap::{Before, Gap};
use super::merged::{Part, next_of_all};
use super::open_packet::{Head, OpenPacket};
use super::packets::Packets;
use super::plan::{Plan, Visitor};
use super::stream_file::Share;
use crate::dir::Tree;

/// The position in one stream.
#[derive(Debug)]
pub(crate) struct StreamReader {
    /// The file of the open packet.
    file: Part,
    /// The stream's other files.
    others: Vec<Part>,
    open: Option<OpenPacket>,
    /// The stream class of the open packet.
    class: Option<Arc<StreamClass>>,
    /// The next record, if its values are not read yet.
    head: Option<Head>,
    /// Whether there was a gap since the last record.
    is_behind_gap: bool,
    before: Before,
}

impl StreamReader {
    pub(crate) fn new(
        tree: Arc<Tree>,
        trace: Arc<Trace>,
        classes: Arc<Classes>,
        path: PathBuf,
        share: Share,
    ) -> StreamReader {
        StreamReader::of(Part::new(Packets::new(tree, trace, path, share), classes), Vec::new())
    }

    /// The stream in this file, and in others.
    pub(super) fn of(file: Part, others: Vec<Part>) -> StreamReader {
        let (open, class, head) = (None, None, None);
        let before = Before::default();
        StreamReader { file, others, open, class, head, is_behind_gap: false, before }
    }

    pub(super) fn trace(&self) -> &Arc<Trace> {
        self.file.packets.trace()
    }

    /// Whether something is missing between the last record and the next one, which `peek` has found.
    pub(super) fn is_behind_gap(&self) -> bool {
        self.is_behind_gap
    }

    /// Whether the open packet's records have times.
    pub(super) fn has_clock(&self) -> bool {
        self.class.as_ref().is_some_and(|class| class.has_clock())
    }

    /// The packet of the next record, or of the last one.
    pub(super) fn packet(&self) -> Option<&Arc<Packet>> {
        self.open.as_ref().map(|open| &open.packet)
    }

    /// The next record, or an error; after an error there may be more. It stays the next one until its values are read.
    #[inline]
    pub(super) fn peek(&mut self, gaps: &mut Vec<Gap>) -> Option<Result<Head, ReadError>> {
        loop {
            if let Some(head) = self.head {
                return Some(Ok(head));
            }
            if let (Some(open), Some(class)) = (&mut self.open, &self.class)
                && !open.is_at_end()
            {
                match open.head(class, self.file.packets.file()) {
                    Ok(head) => self.head = Some(head),
                    Err(error) => return Some(Err(self.give_up(error))),
                }
            } else {
                match self.next_packet()? {
                    Ok(open) => {
                        let gap = self.before.gap_to(&open.packet, self.file.packets.trace());
                        self.is_behind_gap |= gap.is_some();
                        gaps.extend(gap);
                        self.enter(open);
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
        }
    }

    /// The next record if it is in the open packet, and a usual one; the last one has been read.
    #[inline]
    pub(super) fn peek_in_packet(&mut self) -> Option<Head> {
        let (open, class) = (self.open.as_mut()?, self.class.as_ref()?);
        if open.is_at_end() {
            return None;
        }
        self.head = open.planned_head(class);
        self.head
    }

    fn enter(&mut self, open: OpenPacket) {
        // A packet is opened only if its stream class is known.
        self.class = self.file.classes.stream(open.packet.stream_id).cloned();
        self.open = Some(open);
    }

    /// Reads the values of the record that `peek` has found.
    #[inline]
    pub(super) fn visit<N, V: Visitor<N>>(
        &mut self,
        plan: &Plan<N>,
        visitor: &mut V,
    ) -> Result<(), ReadError> {
        let (Some(head), Some(open)) = (self.head.take(), &mut self.open) else { return Ok(()) };
        self.is_behind_gap = false;
        let outcome = open.visit(&head, plan, visitor, self.file.packets.file());
        outcome.map_err(|error| self.give_up(error))
    }

    /// All of the record that `peek` has found; `None` if it has found none.
    pub(super) fn event(&mut self) -> Option<Result<Event, ReadError>> {
        let (head, open) = (self.head.take()?, self.open.as_mut()?);
        self.is_behind_gap = false;
        let (stream, class) = (self.class.as_ref()?, self.file.classes.class(head.class));
        let trace = Arc::clone(self.file.packets.trace());
        let event = open.event(&head, stream, class, &trace, self.file.packets.file());
        Some(event.map_err(|error| self.give_up(error)))
    }

    /// Passes over the record that `peek` has found, if its values were not read.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let Some(head) = self.head else { return Ok(()) };
        let classes = Arc::clone(&self.file.classes);
        match classes.class(head.class).skip() {
            Some(plan) => self.visit(plan, &mut Nothing),
            None => self.event().map_or(Ok(()), |event| event.map(|_| ())),
        }
    }

    /// The bytes of the last event's payload, if these are whole bytes.
    pub(super) fn payload(&self) -> &[u8] {
        self.open.as_ref().map_or(&[], OpenPacket::payload)
    }

    /// The next packet, or an error; after an error there may be more.
    pub(crate) fn next_packet(&mut self) -> Option<Result<OpenPacket, ReadError>> {
        if let Some(open) = self.open.take() {
            self.file.clock = open.clock();
        }
        if self.others.is_empty() {
            return self.file.take();
        }
        next_of_all(&mut self.file, &mut self.others)
    }

    /// Reads all records of a packet, and returns how many there are and the packet again.
    pub(crate) fn check(&mut self, open: OpenPacket) -> Result<(OpenPacket, u64), ReadError> {
        self.enter(open);
        let mut records = 0;
        while let (Some(open), Some(class)) = (&mut self.open, &self.class)
            && !open.is_at_end()
        {
            match open.head(class, self.file.packets.file()) {
                Ok(head) => self.head = Some(head),
                Err(error) => return Err(self.give_up(error)),
            }
            self.event().transpose()?;
            records += 1;
        }
        match self.open.take() {
            Some(open) => {
                self.file.clock = open.clock();
                Ok((open, records))
            }
            // A packet that is given up is an error above.
            None => unreachable!("a packet is open"),
        }
    }

    /// Nothing more can be read from the packet.
    fn give_up(&mut self, error: PacketError) -> ReadError {
        let open = self.open.take();
        if let Some(open) = &open {
            self.file.clock = open.clock();
        }
        self.head = None;
        self.file.packets.error(open.map_or(0, |open| open.offset_bytes()), error)
    }
}

/// Takes no values.
pub(super) struct Nothing;

impl Visitor<()> for Nothing {
    fn begin(&mut self) {}
    fn unsigned(&mut self, (): &(), _: u64) {}
    fn signed(&mut self, (): &(), _: i64) {}
    fn float(&mut self, (): &(), _: f64) {}
    fn text(&mut self, (): &(), _: &[u8]) {}
    fn blob(&mut self, (): &(), _: &[u8]) {}
    fn absent(&mut self, (): &()) {}
    fn open(&mut self, (): &()) {}
    fn element(&mut self, _: u64) {}
    fn close(&mut self, (): &()) {}
}
