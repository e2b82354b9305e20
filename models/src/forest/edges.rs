//! Which of a column's edges a value exceeds, without a branch.

/// At most 255 edges, ascending.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edges([f32; 256]);

impl Edges {
    /// The most there can be.
    pub(super) const MOST: usize = 255;

    /// The first [`Self::MOST`] of these, filled up to a power of two.
    pub(super) fn new(edges: &[f32]) -> Self {
        let mut all = [f32::INFINITY; 256];
        all.iter_mut().zip(edges).take(Self::MOST).for_each(|(place, &edge)| *place = edge);
        Self(all)
    }

    /// How many edges a value exceeds; NaN exceeds none.
    #[inline]
    pub(super) fn exceeded_by(&self, value: f32) -> u8 {
        let mut below = 0;
        for step in [128, 64, 32, 16, 8, 4, 2, 1] {
            below += usize::from(self.0[(below + step - 1) & 255] < value) * step;
        }
        below as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_lie_below() {
        for count in [0_u8, 1, 2, 100, 254, 255] {
            let list: Vec<f32> = (0..count).map(f32::from).collect();
            let edges = Edges::new(&list);
            for value in (0..600).map(|half| half as f32 / 2.0 - 10.0).chain([f32::INFINITY, -f32::INFINITY])
            {
                let expected = list.iter().filter(|&&edge| edge < value).count();
                assert_eq!(usize::from(edges.exceeded_by(value)), expected, "{count} edges, {value}");
            }
            assert_eq!(edges.exceeded_by(f32::NAN), 0);
        }
    }
}
