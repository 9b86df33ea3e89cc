//! Exchange: steps K1 to K3, how a full sub-buffer changes hands.
//!
//! ```text
//!            table[place]        reader
//!   before   full memory         zeroed spare
//!   K1       full memory         zeroed spare     taking = its position + 1
//!   K2       zeroed spare        full memory      one CAS
//!   K3       zeroed spare        full memory      free_limit += S: the writers may enter
//!   J        ...                 copied, written
//!   clear    ...                 zeroed spare     taking = 0
//! ```
//!
//! The table and the spare are always a permutation of the memories. A daemon that dies at any step
//! leaves what its successor needs: the spare is the memory that is missing from the table, and `taking`
//! says whether that memory may still have to be written.
#![allow(unsafe_code)]

use super::{Corruption, Reader, RingMemory, orderings as order};
use crate::sync::{Ordering, compiler_fence};
use crate::testpoint::{Point, reach};

impl<M: RingMemory> Reader<M> {
    /// Makes sure that writers can write to the spare without a fault. Once, before the first exchange;
    /// `false` if the memory cannot be had: do not exchange then.
    pub fn prepare_spare(&self) -> bool {
        self.spare.is_none_or(|spare| self.ring.prepare(spare))
    }

    /// Exchanges the sub-buffer at the cursor for the spare: the writers have room again at once.
    ///
    /// Every frame of it must be committed (see [`is_complete`](Self::is_complete)). A second call before
    /// [`give_back`](Self::give_back) does nothing.
    ///
    /// # Errors
    /// The table does not hold what this reader put there: somebody else wrote it.
    pub fn take(&mut self) -> Result<(), Corruption> {
        let Some(spare) = self.spare else { return Ok(()) };
        let full = self.memory()?;
        let control = self.ring.control();
        let place = self.geometry.place(self.subbuf_start);
        let lap = self.geometry.lap(self.subbuf_start);

        // K1
        control.taking.store(self.subbuf_start + 1, order::taking_store());
        // A successor must not find K2 done and K1 not; it looks after this process's death.
        compiler_fence(Ordering::Release);
        reach(Point::ExchangeAnnounced);

        // K2
        let entry = |memory: usize, lap: u64| lap << 16 | memory as u64;
        if !control.table[place].compare_exchange(
            entry(full, lap),
            entry(spare, lap + 1),
            order::table_cas(),
        ) {
            return Err(Corruption::Exchange { place });
        }
        self.spare = None;
        self.taken = Some(full);
        reach(Point::ExchangeSwapped);

        // K3
        control.free_limit.add(self.geometry.subbuf_size_bytes() as u64, order::free_limit_add());
        control.release_seq.add(1, order::release_seq_add());
        reach(Point::ExchangeReleased);
        Ok(())
    }

    /// Clears the taken memory, which becomes the spare, and moves on to the next sub-buffer.
    ///
    /// Call it once everything up to the end of the sub-buffer has been handed out and stands in its
    /// file: what is cleared is gone. Does nothing if no sub-buffer is taken, or not all of it read.
    pub fn give_back(&mut self) {
        if !self.is_at_end() {
            return;
        }
        let Some(taken) = self.taken.take() else { return };
        // SAFETY: the memory was checked when it was taken, and K2 removed it from the table after every
        // record in it was committed: no writer uses it.
        unsafe { self.ring.clear(taken) };
        self.spare = Some(taken);
        self.ring.control().taking.store(0, order::taking_store());
        self.advance();
    }

    /// To the start of the next sub-buffer.
    pub(super) fn advance(&mut self) {
        self.subbuf_start += self.geometry.subbuf_size_bytes() as u64;
        self.offset = 0;
    }
}
