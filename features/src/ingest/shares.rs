//! Which thread reads which rows of a Parquet file.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

/// Fewer rows are not worth another thread: what comes before them in their pages is unpacked for nothing.
const SLICE_ROWS: usize = 1 << 16;

/// Some rows of a row group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) group: usize,
    /// Which of the group's rows.
    pub(super) rows: Range<usize>,
    /// How many rows of the file come before.
    pub(super) rows_before: u64,
}

impl Slice {
    /// Row groups of so many rows.
    pub(super) fn whole_groups(counts: &[usize]) -> impl Iterator<Item = Self> {
        counts.iter().enumerate().scan(0_u64, |before, (group, &count)| {
            let rows_before = *before;
            *before = before.saturating_add(count as u64);
            Some(Self { group, rows: 0..count, rows_before })
        })
    }

    /// What the reader is to skip and to read of a group of so many rows; `None` for all of it.
    pub(super) fn selection(&self, group_rows: usize) -> Option<RowSelection> {
        let Range { start, end } = self.rows;
        (end - start < group_rows)
            .then(|| vec![RowSelector::skip(start), RowSelector::select(end - start)].into())
    }

    /// The rows before a place, which it then begins at.
    fn cut(&mut self, place: usize) -> Self {
        let before = Self { rows: self.rows.start..place, ..*self };
        self.rows_before = self.rows_before.saturating_add(before.rows.len() as u64);
        self.rows.start = place;
        before
    }
}

/// Row groups shared out among threads: each has rows that follow each other. What it reads is then in the file's order, which
/// in most files is that of time, and little is left to sort.
pub(super) struct Shares {
    slices: Vec<Vec<Slice>>,
    /// Which of each share's slices is the next.
    next: Vec<AtomicUsize>,
}

impl Shares {
    /// Shares of about as many rows each, at most one for every thread. There is at least one, and none is empty where there are
    /// several.
    pub(super) fn of(groups: Vec<Slice>, threads: usize) -> Self {
        let total = groups.iter().fold(0_usize, |all, group| all.saturating_add(group.rows.len()));
        let most = threads.min(total / SLICE_ROWS).max(1);
        let end_of = |share: usize| (total as u128 * (share as u128 + 1) / most as u128) as usize;
        let (mut slices, mut share, mut number, mut shared_out) = (Vec::new(), Vec::new(), 0, 0_usize);
        for mut group in groups {
            loop {
                let (rows, room) = (group.rows.len(), end_of(number).saturating_sub(shared_out));
                let beyond = rows.saturating_sub(room);
                let is_cut = room >= SLICE_ROWS && beyond >= SLICE_ROWS;
                if number + 1 == most || (beyond <= room && !is_cut) {
                    shared_out = shared_out.saturating_add(rows);
                    share.push(group);
                    break;
                }
                if is_cut {
                    shared_out = shared_out.saturating_add(room);
                    share.push(group.cut(group.rows.start + room));
                }
                // It, or what is left of it, is the next one's.
                number += 1;
                if !share.is_empty() {
                    slices.push(std::mem::take(&mut share));
                }
            }
        }
        if slices.is_empty() || !share.is_empty() {
            slices.push(share);
        }
        let next = slices.iter().map(|_| AtomicUsize::new(0)).collect();
        Self { slices, next }
    }

    /// How many there are.
    pub(super) fn number(&self) -> usize {
        self.slices.len()
    }

    /// The next slice for whom a share is: of that, or what others have not begun. Those of a share go away in the file's order.
    pub(super) fn next(&self, own: usize) -> Option<&Slice> {
        let next = |share: usize| self.slices[share].get(self.next[share].fetch_add(1, Ordering::Relaxed));
        (own..self.number()).chain(0..own).find_map(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(counts: &[usize], threads: usize) -> Vec<Vec<Slice>> {
        Shares::of(Slice::whole_groups(counts).collect(), threads).slices
    }

    fn rows(share: &[Slice]) -> usize {
        share.iter().map(|slice| slice.rows.len()).sum()
    }

    #[test]
    fn every_row_is_in_one_slice_and_every_thread_has_as_many() {
        let many = SLICE_ROWS * 10;
        for counts in [
            &[] as &[usize],
            &[5],
            &[many],
            &[0, 7, many],
            &[many; 5],
            &[many, many, 0, 3, many + 1],
            &[SLICE_ROWS - 9; 40],
        ] {
            for threads in [1, 2, 3, 16] {
                let shared = shares(counts, threads);
                let mut at = (0, 0);
                let mut before = 0;
                for slice in shared.iter().flatten() {
                    while at.0 < slice.group {
                        assert_eq!(at.1, counts[at.0], "{counts:?} {threads}");
                        at = (at.0 + 1, 0);
                    }
                    assert_eq!((at, before), ((slice.group, slice.rows.start), slice.rows_before));
                    at.1 = slice.rows.end;
                    before += slice.rows.len() as u64;
                }
                let total: usize = counts.iter().sum();
                assert_eq!(before, total as u64, "{counts:?} {threads}");
                assert!((1..=threads).contains(&shared.len()), "{counts:?} {threads}: {}", shared.len());
                let most = shared.iter().map(|share| rows(share)).max().unwrap_or(0);
                assert!(most <= total.div_ceil(threads) + 2 * SLICE_ROWS, "{counts:?} {threads}: {most}");
            }
        }
        assert_eq!(shares(&[many; 5], 2)[1][0].rows, many / 2..many);
        assert_eq!(shares(&[SLICE_ROWS], 2).len(), 1);
    }

    #[test]
    fn who_is_done_takes_what_others_have_not_begun() {
        let shares = Shares::of(Slice::whole_groups(&[SLICE_ROWS; 5]).collect(), 2);
        let groups: Vec<usize> = [1, 0, 1, 1, 1].iter().map(|&own| shares.next(own).unwrap().group).collect();
        assert_eq!(groups, [3, 0, 4, 1, 2]);
        assert!(shares.next(0).is_none() && shares.next(1).is_none());
    }
}
