//! Shares of churners as whole numbers, so that what a walk adds up is exact, in whatever order it does.

/// So many of these are a share of one: as many as still leave room for the sum over the trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts(i32);

impl Parts {
    /// For a forest of so many trees: 2²³ parts for a hundred of them, which is a ten-millionth.
    pub(super) fn for_trees(trees: usize) -> Self {
        let bits = trees.next_power_of_two().trailing_zeros();
        Self(1 << 30_u32.saturating_sub(bits))
    }

    /// A share in parts, to the nearest.
    pub(super) fn of(self, share: f64) -> i32 {
        (share * f64::from(self.0)).round() as i32
    }

    /// The mean share over some trees, from the sum of theirs.
    pub(super) fn mean(self, sum: i64, trees: usize) -> f64 {
        sum as f64 / (f64::from(self.0) * trees as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_may_say_one() {
        for trees in [1_usize, 2, 100, 200, 300, 1 << 20] {
            let parts = Parts::for_trees(trees);
            let all = i64::from(parts.of(1.0)) * trees as i64;
            assert!(all <= 1 << 30, "{trees}: {all}");
            assert_eq!(parts.mean(all, trees), 1.0);
        }
        assert_eq!(Parts::for_trees(100).of(0.5), 1 << 22);
    }
}
