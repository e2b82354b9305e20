//! Where labels go: beside their point, over no other label, dot or line.

use unicode_width::UnicodeWidthStr;

use super::svg::Anchor;

/// Wider than letters of 13 pixels are in the fonts there are.
pub(super) const LETTER: f64 = 7.8;
const ASCENT: f64 = 11.0;
const DESCENT: f64 = 4.0;
/// What a dot needs around its middle.
const DOT: f64 = 6.0;

/// A rectangle on the page.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_within(&self, other: &Self) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    fn around((x, y): (f64, f64)) -> Self {
        Self { left: x - DOT, top: y - DOT, right: x + DOT, bottom: y + DOT }
    }
}

/// Finds room for the labels of one panel.
pub(super) struct Labels<'a> {
    within: Area,
    taken: Vec<Area>,
    lines: &'a [Vec<(f64, f64)>],
}

impl<'a> Labels<'a> {
    /// Room within a panel's area, beside these dots and lines.
    pub(super) fn new(within: Area, dots: &[(f64, f64)], lines: &'a [Vec<(f64, f64)>]) -> Self {
        Self { within, taken: dots.iter().copied().map(Area::around).collect(), lines }
    }

    /// Takes room for a label beside its dot: the baseline and anchor; `None` if there is none.
    pub(super) fn place(&mut self, (x, y): (f64, f64), label: &str) -> Option<((f64, f64), Anchor)> {
        let width = LETTER * label.width() as f64;
        for (side, lower) in [(9.0, -7.0), (9.0, 4.0), (-9.0, 17.0), (9.0, 17.0), (-9.0, -7.0), (-9.0, 4.0)] {
            let (start, baseline) = (x + side, y + lower);
            let (left, right, anchor) = if side > 0.0 {
                (start, start + width, Anchor::Start)
            } else {
                (start - width, start, Anchor::End)
            };
            let area = Area { left, top: baseline - ASCENT, right, bottom: baseline + DESCENT };
            if area.is_within(&self.within)
                && !self.taken.iter().any(|taken| taken.overlaps(&area))
                && !self.lines.iter().any(|line| crosses(line, &area))
            {
                self.taken.push(area);
                return Some(((start, baseline), anchor));
            }
        }
        None
    }
}

/// Whether a line through points runs through an area, looked at every few pixels.
fn crosses(line: &[(f64, f64)], area: &Area) -> bool {
    line.windows(2).any(|pair| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let steps = (((x1 - x0).abs() + (y1 - y0).abs()) / 3.0).ceil().max(1.0);
        (0..=steps as usize).any(|step| {
            let share = step as f64 / steps;
            let (x, y) = (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
            x > area.left && x < area.right && y > area.top && y < area.bottom
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Area = Area { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };

    #[test]
    fn labels_avoid_each_other_and_what_has_no_room_is_left_out() {
        let mut labels = Labels::new(PAGE, &[], &[]);
        let placed = (0..10).filter_map(|_| labels.place((200.0, 150.0), "one label")).count();
        assert!((2..10).contains(&placed), "{placed}");
        for (number, one) in labels.taken.iter().enumerate() {
            assert!(one.is_within(&PAGE) && !labels.taken[..number].iter().any(|other| other.overlaps(one)));
        }
    }

    #[test]
    fn labels_avoid_lines() {
        let falling = [vec![(0.0, 0.0), (400.0, 300.0)]];
        let mut labels = Labels::new(PAGE, &[(200.0, 150.0)], &falling);
        let ((x, y), _) = labels.place((200.0, 150.0), "label").unwrap();
        assert!(x > 200.0 && y < 150.0, "above a falling line on its right");
        let rising = [vec![(0.0, 300.0), (400.0, 0.0)]];
        let mut labels = Labels::new(PAGE, &[(200.0, 150.0)], &rising);
        let ((x, y), _) = labels.place((200.0, 150.0), "label").unwrap();
        assert!((x > 200.0) == (y > 150.0), "below a rising line on its right or above it on its left");
        assert!(labels.place((395.0, 5.0), &"x".repeat(60)).is_none());
    }
}
