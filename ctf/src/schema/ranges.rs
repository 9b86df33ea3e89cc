//! Sets of numbers that choose something: an option of a variant, or whether there is an optional field.

/// Ranges of numbers, none of which overlaps another, and what each chooses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges {
    /// First and last number, ascending, and what they choose.
    all: Vec<(i128, i128, usize)>,
}

impl Ranges {
    /// The ranges, each with what it chooses. Ranges of one choice may overlap.
    ///
    /// # Errors
    /// Two choices that have a number in common, and the number.
    pub fn new(
        ranges: impl IntoIterator<Item = (i128, i128, usize)>,
    ) -> Result<Ranges, (usize, usize, i128)> {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|(low, high, _)| low <= high).collect();
        sorted.sort_unstable();
        let mut all: Vec<(i128, i128, usize)> = Vec::with_capacity(sorted.len());
        for (low, high, choice) in sorted {
            match all.last_mut() {
                Some((_, last, before)) if low <= *last => {
                    if *before != choice {
                        return Err((*before, choice, low));
                    }
                    *last = high.max(*last);
                }
                _ => all.push((low, high, choice)),
            }
        }
        Ok(Ranges { all })
    }

    /// What a number chooses, if anything.
    pub fn chosen(&self, number: i128) -> Option<usize> {
        let behind = self.all.partition_point(|(low, ..)| *low <= number);
        let (_, high, choice) = self.all.get(behind.checked_sub(1)?)?;
        (number <= *high).then_some(*choice)
    }

    /// All of them, ascending: first number, last number, and what they choose.
    pub fn all(&self) -> &[(i128, i128, usize)] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn choices_do_not_share_numbers() {
        assert_eq!(Ranges::new([(0, 5, 0), (5, 9, 1)]), Err((0, 1, 5)));
        assert_eq!(Ranges::new([(0, 9, 1), (3, 3, 0)]), Err((1, 0, 3)));
        let ranges = Ranges::new([(0, 5, 0), (2, 9, 0), (10, 10, 1), (7, 3, 9)]).unwrap();
        assert_eq!(ranges.all(), [(0, 9, 0), (10, 10, 1)]);
    }

    proptest! {
        #[test]
        fn a_number_chooses_what_a_look_at_each_range_finds(
            ranges in prop::collection::vec((-20..20_i128, -20..20_i128, 0..3_usize), 0..8),
        ) {
            let Ok(found) = Ranges::new(ranges.clone()) else { return Ok(()) };
            for number in -22..22 {
                let expected = ranges.iter().find(|(low, high, _)| (*low..=*high).contains(&number));
                prop_assert_eq!(found.chosen(number), expected.map(|(.., choice)| *choice));
            }
        }
    }
}
