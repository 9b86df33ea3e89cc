//! What each of many asked for: in all, what of it is live, and what of it was live at the peak.
//!
//! ```text
//!   live   1 2 3 2 1 | 2 3 4 3 ...      each peak makes all earlier ones forgotten
//!              ^             ^
//! ```
//!
//! Nobody knows that a peak was the last one, and there may be one with each allocation. So a peak is only a number, and what was
//! live then is kept when it changes for the first time after it.

/// Bytes and blocks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Bytes.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
}

/// What one asked for.
#[derive(Debug, Default, Clone, Copy)]
pub struct Amounts {
    /// All that it was given.
    pub total: Amount,
    /// Of that, what has not been freed.
    pub live: Amount,
    /// What had not been freed at the last peak.
    pub at_peak: Amount,
    /// The peak of which the last line tells.
    peak: u64,
}

/// See the module page.
#[derive(Debug, Default)]
pub struct AllAmounts {
    all: Vec<Amounts>,
    peak: u64,
}

impl Amount {
    /// So much more.
    pub fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.blocks = self.blocks.saturating_add(other.blocks);
    }

    fn remove(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_sub(other.bytes);
        self.blocks = self.blocks.saturating_sub(other.blocks);
    }
}

impl Amounts {
    /// Before what is live changes.
    fn keep(&mut self, peak: u64) {
        if self.peak != peak {
            self.at_peak = self.live;
            self.peak = peak;
        }
    }
}

impl AllAmounts {
    /// The one of this number was given a block.
    pub fn given(&mut self, number: u32, bytes: u64) {
        if self.all.len() <= number as usize {
            self.all.resize(number as usize + 1, Amounts::default());
        }
        let amounts = &mut self.all[number as usize];
        amounts.keep(self.peak);
        amounts.total.add(Amount { bytes, blocks: 1 });
        amounts.live.add(Amount { bytes, blocks: 1 });
    }

    /// A block that the one of this number was given was freed.
    pub fn freed(&mut self, number: u32, bytes: u64) {
        let amounts = &mut self.all[number as usize];
        amounts.keep(self.peak);
        amounts.live.remove(Amount { bytes, blocks: 1 });
    }

    /// There is more live now than ever before.
    pub fn is_peak(&mut self) {
        self.peak += 1;
    }

    /// All, with their numbers.
    pub fn all(&self) -> impl Iterator<Item = (u32, Amounts)> {
        (0..).zip(&self.all).map(|(number, amounts)| {
            let mut amounts = *amounts;
            amounts.keep(self.peak);
            (number, amounts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_live_at_the_last_peak_is_kept() {
        let mut amounts = AllAmounts::default();
        let mut live = 0;
        let mut peak = 0;
        let mut change = |amounts: &mut AllAmounts, number, bytes: i64| {
            live += bytes;
            match u64::try_from(bytes) {
                Ok(bytes) => amounts.given(number, bytes),
                Err(_) => amounts.freed(number, bytes.unsigned_abs()),
            }
            if live > peak {
                peak = live;
                amounts.is_peak();
            }
        };
        for (number, bytes) in
            [(0, 100), (1, 50), (0, -100), (2, 30), (1, 90), (0, 40), (1, -50), (2, -30), (0, 10)]
        {
            change(&mut amounts, number, bytes);
        }
        let at_peak: Vec<_> = amounts.all().map(|(_, it)| it.at_peak.bytes).collect();
        assert_eq!(at_peak, [40, 140, 30], "when 210 bytes were live");
        let live: Vec<_> = amounts.all().map(|(_, it)| it.live.bytes).collect();
        assert_eq!(live, [50, 90, 0]);
        let total: Vec<_> = amounts.all().map(|(_, it)| it.total.blocks).collect();
        assert_eq!(total, [3, 2, 1]);
    }
}
