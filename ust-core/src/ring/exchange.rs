//! Exchange: steps K1 to K3, by which the reader takes a full sub-buffer.
//!
//! ```text
//!            table[place]           reader
//!   before   full memory, lap       zeroed spare
//!   K1       full memory, lap       zeroed spare     taking = which sub-buffer, which memory
//!   K2       zeroed spare, lap + 1  full memory      one CAS: the writers may enter
//!   K3       zeroed spare, lap + 1  full memory      release_seq += 1: waiting writers wake
//!   J        ...                    copied, written  consumed = its end
//!   clear    ...                    zeroed spare     taking = 0
//! ```
//!
//! Places and spares are always a permutation of the memories. A consumer that dies at any step leaves what its
//! successor needs. `taking` says which memory it had in hand, if the place's exchange parity differs from the one
//! noted there; if not, it died before K2. `consumed` says whether that memory was written.
//!
//! In overwrite mode a writer may recycle the sub-buffer at any time before K2; then K2 fails, and the
//! reader keeps its spare.
#![allow(unsafe_code)]

use super::{Corruption, Reader, RingMemory, orderings as order};
use crate::abi::Taking;
use crate::sync::{Ordering, compiler_fence};
use crate::testpoint::{Point, reach};

/// The result of trying to take the sub-buffer at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Its memory is the reader's alone, and the writers have room again.
    Taken,
    /// A record in it is not committed yet, or writers have not left it.
    NotYet,
    /// Writers have recycled it: see [`catch_up`](Reader::catch_up).
    Overwritten,
}

impl<M: RingMemory> Reader<M> {
    /// The spare memory, if there is one. Populate it before the first exchange: otherwise the writer that gets it may
    /// fault. Do not exchange while populating fails.
    pub fn spare(&self) -> Option<usize> {
        self.spare
    }

    /// Exchanges the sub-buffer at the cursor for the spare, if every frame of it is committed.
    ///
    /// A taken sub-buffer stays taken until [`give_back`](Self::give_back).
    ///
    /// # Errors
    /// The sub-buffer holds what no writer stores, or the table holds what this reader did not put there.
    pub fn take(&mut self) -> Result<Take, Corruption> {
        let Some(spare) = self.spare else { return Ok(Take::Taken) };
        let entry = self.untrusted_entry();
        if self.is_gone(entry) {
            return Ok(Take::Overwritten);
        }
        let full = self.check(entry)?;
        match self.is_complete(full) {
            Ok(true) => {}
            _ if self.is_gone(self.untrusted_entry()) => return Ok(Take::Overwritten),
            Ok(false) => return Ok(Take::NotYet),
            Err(corruption) => return Err(corruption),
        }
        // Count before K2: if K2 succeeds, nothing from this sub-buffer on had been overwritten when we counted.
        let missed = self.count_missed();

        // K1
        let control = self.ring.control();
        let taking = Taking {
            start: self.subbuf_start,
            memory: full,
            exchange_parity: entry.exchange_parity(),
        };
        control.taking.store(taking.to_word(), order::taking_store());
        // A successor must not find K2 done and K1 not. It looks after this process's death, so a compiler fence is
        // enough.
        compiler_fence(Ordering::Release);
        reach(Point::ExchangeAnnounced);

        // K2
        let place = self.geometry.place(self.subbuf_start);
        let word = entry.exchanged_for(spare).word();
        if !control.table[place].compare_exchange(entry.word(), word, order::exchange_cas()) {
            control.taking.store(0, order::taking_store());
            return if self.is_gone(self.untrusted_entry()) {
                Ok(Take::Overwritten)
            } else {
                Err(Corruption::Exchange { place })
            };
        }
        self.spare = None;
        self.taken = Some(full);
        self.missed.settle(missed);
        self.missed.secure();
        reach(Point::ExchangeSwapped);

        // K3
        control.release_seq.fetch_add(1, order::release_seq_add());
        reach(Point::ExchangeReleased);
        Ok(Take::Taken)
    }

    /// Tells a successor, after this reader's death, that everything before the cursor is in the trace file. Always
    /// call it before [`give_back`](Self::give_back).
    pub fn set_consumed(&self) {
        let consumed = &self.ring.control().consumed;
        // Store only a new value: a page that nobody writes to stays clean.
        if consumed.load(order::consumed_load()) != self.cursor() {
            consumed.store(self.cursor(), order::consumed_store());
        }
    }

    /// Clears the taken memory, which becomes the spare, and moves on to the next sub-buffer.
    ///
    /// Call it once everything up to the end of the sub-buffer has been handed out and is in the trace file: what is
    /// cleared is gone. Does nothing if no sub-buffer is taken, or if it has not been read to its end.
    pub fn give_back(&mut self) {
        if !self.is_at_end() {
            return;
        }
        let Some(taken) = self.taken.take() else { return };
        order::clear_fence();
        // SAFETY: the memory was checked when it was taken, and K2 removed it from the table after every record in it
        // was committed: no writer uses it.
        unsafe { self.ring.clear(taken) };
        self.spare = Some(taken);
        self.ring.control().taking.store(0, order::taking_store());
        reach(Point::ExchangeCleared);
        self.advance();
    }
}
