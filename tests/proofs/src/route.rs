//! Routes: how a thread is led to a place by breakpoints, without being stopped where that would change its path.
//!
//! ```text
//!   x --- [ a --- x ] --- y --- [ b --- X ] ---        [ ]: an attempt, which a stop makes fail
//!                         |             '- a breakpoint at x, hit for the first time from y on
//!                         '- a breakpoint at y, which does no harm
//! ```

use std::collections::HashMap;

/// The most stops on the way to a place. Turns of long loops would need more.
const MAX_STOPS: usize = 6;

/// See the module page.
#[derive(Debug)]
pub struct Routes {
    /// Of each place: the number of stops, itself included, and the stop before it. `None` if no route is known.
    legs: Vec<Option<(usize, Option<usize>)>>,
}

impl Routes {
    /// For a path with these addresses, from the first of them. `may_stop` says where a stop does no harm.
    pub fn new(addresses: &[u64], may_stop: &[bool]) -> Self {
        let mut last = HashMap::new();
        let mut legs: Vec<Option<(usize, Option<usize>)>> = Vec::new();
        for (place, address) in addresses.iter().enumerate() {
            let leg = match last.insert(*address, place) {
                None => Some((1, None)),
                Some(visit_before) => (visit_before + 1..place)
                    .filter(|at| may_stop[*at])
                    .filter_map(|at| Some((legs[at]?.0 + 1, Some(at))))
                    .min()
                    .filter(|(stops, _)| *stops <= MAX_STOPS),
            };
            legs.push(leg);
        }
        Self { legs }
    }

    /// The stops on the way to a place, itself the last. `None` if no route is known.
    pub fn to(&self, place: usize) -> Option<Vec<usize>> {
        let mut stops = vec![place];
        let mut leg = self.legs[place]?;
        while let Some(before) = leg.1 {
            stops.push(before);
            leg = self.legs[before]?;
        }
        stops.reverse();
        Some(stops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_stops_where_no_attempt_is_and_passes_no_other_visit() {
        //                0  1  2  3  4  5  6  7  8
        let addresses = [10, 1, 2, 9, 11, 1, 2, 9, 9];
        let is_attempt = [false, true, true, true, false, true, true, true, false];
        let routes = Routes::new(&addresses, &is_attempt.map(|it| !it));
        assert_eq!(routes.to(3), Some(vec![3]));
        assert_eq!(routes.to(7), Some(vec![4, 7]));
        assert_eq!(routes.to(6), Some(vec![4, 6]));
        assert_eq!(routes.to(8), None, "the stop before it would be in an attempt");
    }
}
