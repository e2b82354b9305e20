//! What complaints' statuses say against the instants they were resolved at.

use std::ops::AddAssign;

/// Statuses of complaints that are dealt with, and of those that are not.
const CLOSED: [&str; 5] = ["closed", "resolved", "done", "solved", "completed"];
const OPEN: [&str; 4] = ["open", "new", "pending", "in progress"];

/// Complaints of which status and resolution do not agree. A status has no instant, so that no feature may look at it:
/// only the resolution's instant closes a complaint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statuses {
    /// Closed by their status, but nobody knows since when.
    pub closed_without_resolution: u64,
    /// Resolved at some instant, but open by their status.
    pub open_with_resolution: u64,
}

impl Statuses {
    /// Notes the status of a complaint, in small or capital letters.
    pub fn add(&mut self, status: &str, is_resolved: bool) {
        let status = status.trim().replace(['_', '-'], " ");
        let is_one = |of: &[&str]| of.iter().any(|one| one.eq_ignore_ascii_case(&status));
        self.closed_without_resolution += u64::from(!is_resolved && is_one(&CLOSED));
        self.open_with_resolution += u64::from(is_resolved && is_one(&OPEN));
    }
}

impl AddAssign for Statuses {
    fn add_assign(&mut self, other: Self) {
        self.closed_without_resolution += other.closed_without_resolution;
        self.open_with_resolution += other.open_with_resolution;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_agree_counts() {
        let count = |status: &str, is_resolved| {
            let mut statuses = Statuses::default();
            statuses.add(status, is_resolved);
            (statuses.closed_without_resolution, statuses.open_with_resolution)
        };
        for closed in ["closed", "Resolved", " DONE ", "solved", "completed"] {
            assert_eq!((count(closed, false), count(closed, true)), ((1, 0), (0, 0)), "{closed}");
        }
        for open in ["open", "New", "PENDING", "in progress", "In_Progress"] {
            assert_eq!((count(open, true), count(open, false)), ((0, 1), (0, 0)), "{open}");
        }
        assert_eq!((count("escalated", false), count("", true)), ((0, 0), (0, 0)));
    }
}
