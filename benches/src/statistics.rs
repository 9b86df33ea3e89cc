//! Medians and quartiles: a few measurements that another program disturbs do not move them.

use serde::Serialize;

/// One contestant's measurements, in nanoseconds an event.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// The first of each sitting: into memory that has not been touched.
    pub first: Vec<f64>,
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
    /// Adds those of another sitting.
    pub fn extend(&mut self, other: Sample) {
        self.first.extend(other.first);
        self.measured.extend(other.measured);
    }

    /// The median of the first measurements.
    pub fn first_ns(&self) -> f64 {
        median(&self.first)
    }

    /// Quartiles of the rounds. Of no rounds they are not numbers.
    pub fn quartiles(&self) -> Quartiles {
        let at = |part| quantile(&self.measured, part);
        Quartiles { q1_ns: at(0.25), median_ns: at(0.5), q3_ns: at(0.75) }
    }
}

/// The middle one. Of no values it is not a number.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which a part of them lies, straight lines between neighbours.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
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
        let sample = Sample { first: vec![9.0], measured: vec![4.0, 1.0, 3.0, 2.0] };
        let expected = Quartiles { q1_ns: 1.75, median_ns: 2.5, q3_ns: 3.25 };
        assert_eq!(sample.quartiles(), expected);
    }

    #[test]
    fn one_outlier_moves_nothing() {
        let sample = Sample { first: vec![], measured: vec![1.0, 1.0, 1.0, 1.0, 500.0] };
        assert_eq!(sample.quartiles().q3_ns, 1.0);
    }
}
