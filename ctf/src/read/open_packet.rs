//! The records of an open packet.

use std::ops::Range;
use std::sync::Arc;

use super::bits::Bits;
use super::classes::{Class, StreamClass};
use super::decode::{DecodeError, Decoder, Mark, Past};
use super::error::PacketError;
use super::event::{Event, Packet, Trace};
use super::plan::{Header, Plan, Source, Visitor};
use super::stream_file::StreamFile;
use super::whole::Whole;
use super::window::Window;
use crate::schema::{Role, Scope};

/// A packet whose records are being read. Positions are in bits from the packet's beginning.
#[derive(Debug)]
pub(crate) struct OpenPacket {
    pub(super) packet: Arc<Packet>,
    /// What is known of it if packets have checksums.
    pub(crate) whole: Option<Whole>,
    window: Window,
    /// Where the next record begins.
    at: u64,
    past: Past,
    /// The state behind the packet's own parts.
    mark: Mark,
    /// The payload of the last event.
    payload: Range<u64>,
}

/// What is known of a record before its values are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// Nanoseconds since 1970; 0 if the stream has no clock.
    pub(super) time_ns: i64,
    /// The same in cycles of its clock.
    pub(super) clock: u64,
    /// The number of its class.
    pub(super) class: usize,
    /// Where what follows the header begins.
    behind: u64,
}

/// The bytes in memory, and where the record in question begins in them, in bits.
struct Memory<'w> {
    window: &'w Window,
    at: usize,
}

impl Memory<'_> {
    fn bits(&self) -> Bits<'_> {
        Bits::new(self.window.bytes(), self.at, self.window.end(), self.window.base())
    }
}

impl OpenPacket {
    /// A packet whose records begin at bit `at`.
    pub(super) fn new(packet: Packet, window: Window, at: u64, past: Past) -> OpenPacket {
        let mark = past.mark();
        OpenPacket { packet: Arc::new(packet), whole: None, window, at, past, mark, payload: 0..0 }
    }

    /// The same packet, which is whole.
    pub(super) fn with_whole(self, whole: Whole) -> OpenPacket {
        OpenPacket { whole: Some(whole), ..self }
    }

    /// Whether there are no more records.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.window.content_bits()
    }

    /// Where in the file the next record begins.
    pub(super) fn offset_bytes(&self) -> u64 {
        self.packet.offset_bytes + self.at / 8
    }

    /// The clock of the last record whose head was read.
    pub(super) fn clock(&self) -> u64 {
        self.past.clock
    }

    /// Where in the packet its content ends, in bits.
    pub(super) fn content_bits(&self) -> u64 {
        self.window.content_bits()
    }

    /// The packet's bytes, as far as they are in memory.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.window.in_memory()
    }

    /// Reads with what is in memory, and again with more of it until that is enough.
    fn with_memory<T>(
        &mut self,
        file: &mut StreamFile,
        mut read: impl FnMut(Memory<'_>, &mut Past) -> Result<T, DecodeError>,
    ) -> Result<T, PacketError> {
        loop {
            let at =
                self.at.checked_sub(self.window.base()).and_then(|at| usize::try_from(at).ok());
            let before = self.past.mark();
            let outcome = match at.filter(|at| *at <= self.window.end()) {
                Some(at) => read(Memory { window: &self.window, at }, &mut self.past),
                None => Err(DecodeError::Short),
            };
            if !matches!(outcome, Err(DecodeError::Short)) {
                return Ok(outcome?);
            }
            self.past.back_to(before);
            let packet_at = self.packet.offset_bytes;
            let slid =
                self.window.slide(self.at, |from, into| file.read(packet_at + from, into))?;
            if !slid {
                return Err(DecodeError::Short.into());
            }
        }
    }

    /// Reads the header of the next record.
    #[inline]
    pub(super) fn head(
        &mut self,
        class: &StreamClass,
        file: &mut StreamFile,
    ) -> Result<Head, PacketError> {
        match self.planned_head(class) {
            Some(head) => Ok(head),
            None => self.general_head(class, file),
        }
    }

    /// The header of the next record, if it is a usual one and in memory.
    #[inline]
    pub(super) fn planned_head(&mut self, class: &StreamClass) -> Option<Head> {
        let Header::Planned(planned) = &class.header else { return None };
        let at = (self.at - self.window.base()) as usize;
        let said = planned.read(self.window.bytes(), at, self.past.clock).ok()??;
        if said.end > self.window.end() {
            return None;
        }
        let (number, time_ns) = (class.class(said.id).ok()?, class.ns(said.clock)?);
        self.past.clock = said.clock;
        let behind = self.window.base() + said.end as u64;
        Some(Head { time_ns, clock: said.clock, class: number, behind })
    }

    /// The same of any record.
    #[cold]
    fn general_head(
        &mut self,
        class: &StreamClass,
        file: &mut StreamFile,
    ) -> Result<Head, PacketError> {
        let stream_id = self.packet.stream_id;
        let mark = self.mark;
        self.with_memory(file, |memory, past| {
            let planned = match &class.header {
                Header::Planned(planned) => {
                    planned.read(memory.window.bytes(), memory.at, past.clock)?
                }
                Header::General => None,
            };
            let (id, end) = match planned {
                Some(said) if said.end > memory.window.end() => return Err(DecodeError::Short),
                Some(said) => {
                    past.clock = said.clock;
                    (said.id, said.end)
                }
                None => {
                    past.forget(mark);
                    let mut decoder = Decoder::new(memory.bits(), past);
                    decoder.part(Scope::EventHeader, class.header_type.as_ref())?;
                    (decoder.known().get(Role::EventClassId), decoder.bits.at())
                }
            };
            let number = class.class(id).map_err(|id| {
                DecodeError::Wrong(format!("the metadata has no event {id} of stream {stream_id}"))
            })?;
            let clock = past.clock;
            let time_ns = class
                .ns(clock)
                .ok_or_else(|| DecodeError::Wrong(format!("the clock {clock} is out of range")))?;
            Ok(Head { time_ns, clock, class: number, behind: memory.window.base() + end as u64 })
        })
    }

    /// Reads the values behind a record's header, and goes on to the next record.
    #[inline]
    pub(super) fn visit<N, V: Visitor<N>>(
        &mut self,
        head: &Head,
        plan: &Plan<N>,
        visitor: &mut V,
        file: &mut StreamFile,
    ) -> Result<(), PacketError> {
        let base = self.window.base();
        let source = Source { bytes: self.window.bytes(), end: self.window.end() };
        let behind = (head.behind - base) as usize;
        let end = match plan.run(&source, behind, &mut self.past.slots, visitor) {
            Ok(end) => base + end as u64,
            Err(_) => self.visit_with_memory(head, plan, visitor, file)?,
        };
        self.go_on(end)
    }

    #[cold]
    fn visit_with_memory<N, V: Visitor<N>>(
        &mut self,
        head: &Head,
        plan: &Plan<N>,
        visitor: &mut V,
        file: &mut StreamFile,
    ) -> Result<u64, PacketError> {
        self.with_memory(file, |memory, past| {
            let base = memory.window.base();
            let source = Source { bytes: memory.window.bytes(), end: memory.window.end() };
            let behind = (head.behind - base) as usize;
            Ok(base + plan.run(&source, behind, &mut past.slots, visitor)? as u64)
        })
    }

    /// Reads all of the next record, and goes on to the one behind it.
    pub(super) fn event(
        &mut self,
        head: &Head,
        stream: &StreamClass,
        class: &Class,
        trace: &Arc<Trace>,
        file: &mut StreamFile,
    ) -> Result<Event, PacketError> {
        let mark = self.mark;
        let (values, payload) = self.with_memory(file, |memory, past| {
            past.forget(mark);
            let mut decoder = Decoder::new(memory.bits(), past);
            // Lengths and tags may be in the header.
            decoder.part(Scope::EventHeader, stream.header_type.as_ref())?;
            let event = &class.event;
            let values = [
                decoder.part(Scope::StreamEventContext, class.stream_context.as_ref())?,
                decoder.part(Scope::EventContext, event.context.as_ref())?,
            ];
            let from = decoder.bits.in_packet();
            let fields = decoder.part(Scope::Fields, event.fields.as_ref())?;
            Ok(((values, fields), from..decoder.bits.in_packet()))
        })?;
        self.payload = payload;
        self.go_on(self.payload.end)?;
        let ([stream_context, context], fields) = values;
        Ok(Event {
            timestamp_ns: head.time_ns,
            clock: head.clock,
            trace: Arc::clone(trace),
            packet: Arc::clone(&self.packet),
            class: Arc::clone(&class.event),
            stream_context,
            context,
            fields,
        })
    }

    /// The bytes of the last event's payload, if these are whole bytes.
    pub(super) fn payload(&self) -> &[u8] {
        let at = |bit: u64| Some(bit.checked_sub(self.window.base())? as usize);
        let bytes = at(self.payload.start).zip(at(self.payload.end)).and_then(|(start, end)| {
            self.window.in_memory().get(start.div_ceil(8)..end.div_ceil(8))
        });
        bytes.unwrap_or_default()
    }

    fn go_on(&mut self, end: u64) -> Result<(), PacketError> {
        if end == self.at {
            let message = "a record of no bits: there would be no end of them".to_owned();
            return Err(DecodeError::Wrong(message).into());
        }
        self.at = end;
        Ok(())
    }
}
