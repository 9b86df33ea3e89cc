//! Medians and quartiles: what a neighbour on the machine does to a few measurements does not move them.

use serde::Serialize;

/// One contestant's measurements, in nanoseconds an event.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The very first: into memory that nobody has touched.
    pub first: f64,
    /// Those of the rounds.
    pub measured: Vec<f64>,
}

/// A sample, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quartiles {
    /// A quarter is below.
    pub q1_ns: f64,
    /// Half is below.
    pub median_ns: f64,
    /// Three quarters are below.
    pub q3_ns: f64,
}

impl Sample {
    /// Quartiles of the rounds. Of no rounds they are not numbers.
    pub fn quartiles(&self) -> Quartiles {
        let mut sorted = self.measured.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |part| quantile(&sorted, part);
        Quartiles { q1_ns: at(0.25), median_ns: at(0.5), q3_ns: at(0.75) }
    }
}

/// The value below which a part of the sorted ones lies, straight lines between neighbours.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let rank = part * last as f64;
    let below = sorted[rank.floor() as usize];
    let above = sorted[rank.ceil() as usize];
    below + (above - below) * rank.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_the_measurements() {
        let sample = Sample { first: 9.0, measured: vec![4.0, 1.0, 3.0, 2.0] };
        let expected = Quartiles { q1_ns: 1.75, median_ns: 2.5, q3_ns: 3.25 };
        assert_eq!(sample.quartiles(), expected);
    }

    #[test]
    fn one_outlier_moves_nothing() {
        let sample = Sample { first: 0.0, measured: vec![1.0, 1.0, 1.0, 1.0, 500.0] };
        assert_eq!(sample.quartiles().q3_ns, 1.0);
    }
}
