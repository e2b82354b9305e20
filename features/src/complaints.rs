//! Complaints: how often, how lately and how gravely the customer has complained.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::history::Complaint;
use crate::known::Known;

/// Complaints at or before the as-of instant.
pub const COMPLAINT_COUNT: Feature = Feature {
    name: "complaint_count",
    topic: Topic::Complaints,
    unit: Unit::Count,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 0.0,
    missing: None,
    meaning: "Complaints so far.",
    compute: |known| known.complaints().len() as f64,
};

/// Complaints in the last quarter.
pub const COMPLAINTS_90D: Feature = Feature {
    name: "complaints_90d",
    window: Window::Last(90),
    meaning: "Complaints in the window.",
    compute: |known| {
        let from = known.days_ago(90);
        known.complaints().rev().take_while(|complaint| complaint.instant > from).count() as f64
    },
    ..COMPLAINT_COUNT
};

/// Whole days since the last complaint.
pub const DAYS_SINCE_COMPLAINT: Feature = Feature {
    name: "days_since_complaint",
    unit: Unit::Days,
    missing: Some("without a complaint"),
    meaning: "Whole days since the last complaint.",
    compute: |known| match known.complaints().next_back() {
        Some(complaint) => known.as_of().days_since(complaint.instant) as f64,
        None => f64::NAN,
    },
    ..COMPLAINT_COUNT
};

/// Complaints for each purchase.
pub const COMPLAINTS_PER_PURCHASE: Feature = Feature {
    name: "complaints_per_purchase",
    unit: Unit::Ratio,
    meaning: "Complaints for each purchase.",
    compute: |known| known.complaints().len() as f64 / known.purchases().len() as f64,
    ..COMPLAINT_COUNT
};

/// Complaints not resolved at the as-of instant, whatever became of them later.
pub const OPEN_COMPLAINTS: Feature = Feature {
    name: "open_complaints",
    needs: Needs::Resolutions,
    meaning: "Complaints not yet resolved at the as-of instant (`resolved_at` later or empty).",
    compute: |known| known.complaints().filter(Complaint::is_open).count() as f64,
    ..COMPLAINT_COUNT
};

/// The gravest complaint.
pub const COMPLAINT_SEVERITY_WORST: Feature = Feature {
    name: "complaint_severity_worst",
    unit: Unit::Severity,
    needs: Needs::Severities,
    missing: Some("without a complaint that has a severity"),
    meaning: "Severity of the gravest complaint.",
    compute: |known| severities(known).fold(f64::NAN, f64::max),
    ..COMPLAINT_COUNT
};

/// How grave complaints are on average.
pub const COMPLAINT_SEVERITY_MEAN: Feature = Feature {
    name: "complaint_severity_mean",
    meaning: "Mean severity of the complaints that have one.",
    compute: |known| {
        let (count, sum) = severities(known).fold((0.0, 0.0), |(count, sum), one| (count + 1.0, sum + one));
        sum / count
    },
    ..COMPLAINT_SEVERITY_WORST
};

fn severities(known: &Known<'_>) -> impl Iterator<Item = f64> {
    known.complaints().filter_map(|complaint| complaint.severity).map(f64::from)
}
