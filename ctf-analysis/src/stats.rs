//! Goes over records and counts.

use crate::classes::{Functions, Kind, Known, Pair};
use crate::fields::Values;
use crate::limits::{CLASSES_MAX, PAIRS_MAX};
use crate::losses::Losses;
use crate::nesting::Held;
use crate::owners::{Owners, Whose};
use crate::pairs::{Pairs, Place};
use crate::report::{OfClass, Report, Unmatched};
use crate::spans::{Ended, SpanId, Spans};
use ctf::printable::printable;
use ctf::read::{Packet, ReadError, Record, Records};
use std::collections::HashMap;
use std::sync::Arc;

/// The figures of everything that was read so far.
#[derive(Debug, Default)]
pub struct Stats {
    pairs: Vec<(Pair, Option<SpanId>)>,
    names: HashMap<String, u32>,
    /// By the numbers of names.
    counts: Vec<(String, u64)>,
    owners: Owners,
    spans: Spans,
    held: Held,
    open_pairs: Pairs,
    losses: Losses,
    /// The earliest and the latest event.
    time_ns: Option<(i64, i64)>,
    traces: u32,
    is_damaged: bool,
    /// What the others do not count.
    unmatched: Unmatched,
}

/// What is kept while the traces of one directory are read.
#[derive(Debug, Default)]
struct Reading {
    functions: Functions,
    /// By the numbers of classes.
    classes: Vec<Option<Known>>,
    /// By the numbers of streams.
    streams: Vec<Option<Stream>>,
    values: Values,
    /// The number of the first of its traces.
    first_trace: u32,
}

#[derive(Debug)]
struct Stream {
    packet: Arc<Packet>,
    trace: u32,
    tid: Option<i64>,
    /// The thread of its records, if they do not say themselves.
    thread: u32,
    /// Whether something was lost since the packet before ended.
    is_behind_loss: bool,
}

impl Stats {
    /// No figures yet. Of the pairs, the first [`PAIRS_MAX`] are looked for.
    pub fn new(pairs: Vec<Pair>) -> Stats {
        let mut spans = Spans::default();
        // A pair that is named twice is one.
        let mut pairs = pairs;
        let mut known: Vec<Pair> = Vec::new();
        pairs.retain(|pair| {
            let is_new = !known.contains(pair);
            known.extend(is_new.then(|| pair.clone()));
            is_new
        });
        let named = |pair: Pair| {
            let span = spans.id(&pair.name());
            (pair, span)
        };
        let pairs = pairs.into_iter().take(PAIRS_MAX).map(named).collect();
        Stats { pairs, spans, ..Stats::default() }
    }

    /// Reads all of it. An error costs what it is about; the rest is read.
    pub fn read(&mut self, mut records: Records, mut on_error: impl FnMut(&ReadError)) {
        let mut reading = Reading {
            functions: Functions::of(records.classes().iter().map(|class| &**class)),
            first_trace: self.traces,
            ..Reading::default()
        };
        self.traces += records.traces().len() as u32;
        // An address is a trace's own while the reader lives.
        let addresses = records.traces().iter().map(|trace| Arc::as_ptr(trace).addr());
        let traces: HashMap<usize, u32> = addresses.zip(0..).collect();
        loop {
            let counted = match records.next_record() {
                None => break,
                Some(record) => {
                    record.and_then(|record| self.record(record, &mut reading, &traces))
                }
            };
            if let Err(error) = counted {
                self.is_damaged = true;
                on_error(&error);
            }
            if records.has_gaps() {
                records.take_gaps().iter().for_each(|gap| self.losses.add(gap));
            }
        }
        records.take_gaps().iter().for_each(|gap| self.losses.add(gap));
        for thread in self.owners.all() {
            thread.nesting.end(&mut self.held);
        }
        self.unmatched.pairs_without_end += self.open_pairs.finish();
    }

    #[inline]
    fn record(
        &mut self,
        record: Record<'_>,
        reading: &mut Reading,
        traces: &HashMap<usize, u32>,
    ) -> Result<(), ReadError> {
        let (class, number) = (record.class_number(), record.stream_number());
        let is_same = |stream: &Stream| {
            record.packet().is_some_and(|packet| Arc::ptr_eq(packet, &stream.packet))
        };
        if !reading.streams.get(number).is_some_and(|stream| stream.as_ref().is_some_and(is_same)) {
            self.turn_packet(&record, reading, traces);
        }
        if !reading.classes.get(class).is_some_and(Option::is_some) {
            self.learn(&record, reading);
        }
        let Reading { classes, streams, values, .. } = reading;
        let (Some(Some(known)), Some(Some(stream))) = (classes.get(class), streams.get(number))
        else {
            return Ok(());
        };
        let (now_ns, has_time) = (record.time_ns(), record.has_time());
        let mut thread = stream.thread;
        if let Some(reads) = &known.reads {
            let trace = reads.say_owner.then(|| Arc::clone(record.trace()));
            match &reads.plan {
                Some(plan) => record.visit(plan, values)?,
                None => {
                    if let Some(event) = record.event() {
                        reads.wanted.read(&event?, values);
                    }
                }
            }
            if let Some(trace) = trace {
                let tid = values.thread.or(stream.tid);
                let whose = Whose { trace: stream.trace, vpid: values.vpid, thread: tid };
                thread = self.owners.thread(whose, &trace, &values.process_name);
            }
        }
        self.count(known, thread, (now_ns, has_time), values);
        Ok(())
    }

    #[inline]
    fn count(
        &mut self,
        known: &Known,
        thread: u32,
        (now_ns, has_time): (i64, bool),
        values: &Values,
    ) {
        self.counts[known.name as usize].1 += 1;
        if has_time {
            let (first_ns, last_ns) = self.time_ns.unwrap_or((now_ns, now_ns));
            self.time_ns = Some((first_ns.min(now_ns), last_ns.max(now_ns)));
        }
        self.owners.get_mut(thread).events += 1;
        if known.kind != Kind::Plain {
            self.span(known.kind, thread, now_ns, values);
        }
        if known.begins | known.ends != 0 {
            self.pair(known, thread, now_ns, values);
        }
    }

    fn span(&mut self, kind: Kind, thread: u32, now_ns: i64, values: &Values) {
        let of = self.owners.get_mut(thread);
        let has_thread = of.tid.is_some();
        let (span, ended) = match kind {
            Kind::Plain => return,
            Kind::Entry(_) | Kind::Exit(_) if !has_thread => {
                self.unmatched.without_thread += 1;
                return;
            }
            Kind::Entry(span) => return of.nesting.enter(span, now_ns, &mut self.held),
            Kind::Exit(span) => (span, of.nesting.exit(span, now_ns, &mut self.held)),
            Kind::Whole(span) => {
                let of_duration = |duration_ns| match has_thread {
                    true => of.nesting.whole(now_ns, duration_ns, &mut self.held),
                    false => Ended { duration_ns, self_ns: None, busy_ns: None },
                };
                (span, values.duration_ns.map(of_duration))
            }
            Kind::Future(span) => {
                let busy_ns = values.busy_ns;
                let of_duration = |duration_ns| Ended { duration_ns, self_ns: None, busy_ns };
                (span, values.duration_ns.map(of_duration))
            }
        };
        if let Some(ended) = ended {
            self.spans.add(span, now_ns, ended);
        }
    }

    fn pair(&mut self, known: &Known, thread: u32, now_ns: i64, values: &Values) {
        for (number, (pair, span)) in self.pairs.iter().enumerate() {
            let has = |pairs: u32| pairs >> number & 1 != 0;
            let (begins, ends) = (has(known.begins), has(known.ends));
            if !begins && !ends {
                continue;
            }
            let of = self.owners.get_mut(thread);
            let place = match &pair.key {
                Some(_) => values.keys[number].map(|key| Place::Process(of.process, key)),
                None => of.tid.map(|_| Place::Thread(thread)),
            };
            let Some(place) = place else {
                self.unmatched.pairs_without_key += 1;
                continue;
            };
            // The events of one class may be both: each ends what the one before began.
            let duration_ns = if ends { self.open_pairs.end(number, place, now_ns) } else { None };
            if begins {
                self.open_pairs.begin(number, place, now_ns);
            }
            if let (Some(duration_ns), Some(span)) = (duration_ns, span) {
                self.spans.add(*span, now_ns, Ended { duration_ns, self_ns: None, busy_ns: None });
            }
        }
    }

    /// The stream's first record of a packet.
    #[cold]
    fn turn_packet(
        &mut self,
        record: &Record<'_>,
        reading: &mut Reading,
        traces: &HashMap<usize, u32>,
    ) {
        let (number, trace) = (record.stream_number(), record.trace());
        let Some(packet) = record.packet() else { return };
        if reading.streams.len() <= number {
            reading.streams.resize_with(number + 1, || None);
        }
        let nth = traces.get(&Arc::as_ptr(trace).addr()).copied().unwrap_or(0);
        let of = reading.first_trace + nth;
        let tid = packet.context.as_ref().and_then(|context| context.get("vtid")?.as_integer());
        let tid = tid.and_then(|tid| i64::try_from(tid).ok());
        let before = reading.streams[number].as_ref();
        let is_behind_loss = before.is_some() && record.is_behind_gap();
        // The count is that of the packet's end, so its last events may be the lost ones.
        if is_behind_loss || before.is_some_and(|before| before.is_behind_loss) {
            let threads = self.owners.of_trace(of);
            let is_of = |of: Option<i64>| tid.is_none() || of == tid;
            for thread in threads.filter(|thread| is_of(thread.tid)) {
                thread.nesting.cut(&mut self.held);
            }
        }
        let whose = Whose { trace: of, vpid: None, thread: tid };
        let thread = self.owners.thread(whose, trace, b"");
        let packet = Arc::clone(packet);
        reading.streams[number] = Some(Stream { packet, trace: of, tid, thread, is_behind_loss });
    }

    /// The first record of a class.
    #[cold]
    fn learn(&mut self, record: &Record<'_>, reading: &mut Reading) {
        let (number, class) = (record.class_number(), record.class());
        let name = printable(&class.event.name).to_string();
        let is_full = self.counts.len() >= CLASSES_MAX && !self.names.contains_key(&name);
        let name = if is_full { "(others)".to_owned() } else { name };
        let counts = &mut self.counts;
        let name = *self.names.entry(name).or_insert_with_key(|name| {
            counts.push((name.clone(), 0));
            counts.len() as u32 - 1
        });
        let names = record.trace().metadata.names;
        let pairs: Vec<_> = self.pairs.iter().map(|(pair, _)| pair.clone()).collect();
        let known = Known::of(class, name, names, &reading.functions, &pairs, &mut self.spans);
        if reading.classes.len() <= number {
            reading.classes.resize_with(number + 1, || None);
        }
        reading.classes[number] = Some(known);
    }

    /// What is told of it.
    pub fn report(self) -> Report {
        let events = self.counts.iter().map(|(_, count)| count).sum();
        let duration_ns = self.time_ns.map_or(0, |(first, last)| last.abs_diff(first));
        let rate =
            |count: u64| (duration_ns > 0).then(|| count as f64 / (duration_ns as f64 / 1e9));
        let of_class = |(name, events)| OfClass { name, events, events_per_second: rate(events) };
        let mut classes: Vec<_> = self.counts.into_iter().map(of_class).collect();
        classes.retain(|class| class.events > 0);
        classes.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
        let (processes, threads) = self.owners.report();
        let of_entries = self.held.unmatched;
        let unmatched = Unmatched {
            entries: of_entries.entries,
            exits: of_entries.exits,
            entries_cut_by_losses: of_entries.cut_by_losses,
            beyond_limits: of_entries.too_deep + self.open_pairs.left_out,
            pairs_without_begin: self.open_pairs.ends_alone,
            names_beyond_limits: self.spans.names_left_out,
            losses_not_listed: self.losses.not_listed,
            ..self.unmatched
        };
        Report {
            events,
            first_ns: self.time_ns.map(|(first, _)| first),
            last_ns: self.time_ns.map(|(_, last)| last),
            duration_ns,
            events_per_second: rate(events),
            lost_events: self.losses.events,
            missing_packets: self.losses.packets,
            is_uncertain: self.is_damaged || !self.losses.is_nothing(),
            is_damaged: self.is_damaged,
            classes,
            processes,
            threads,
            losses_by_stream: self.losses.streams(),
            losses: self.losses.list(),
            spans: self.spans.report(),
            unmatched,
        }
    }
}
