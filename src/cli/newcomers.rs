//! Newcomers who are of another kind than those before them, in words.

use mainstay_features::newcomers::{OddWave, SOON_DAYS};
use serde_json::{Value, json};

use super::check::date;

/// Waves that follow each other and are odd in the same way, as one.
fn joined(waves: &[OddWave]) -> Vec<OddWave> {
    let is_more = |wave: &OddWave| wave.back_soon > wave.usual;
    let spans = waves.chunk_by(|a, b| a.days.1 + 1 == b.days.0 && is_more(a) == is_more(b));
    let one = |span: &[OddWave]| {
        let newcomers: u64 = span.iter().map(|wave| wave.newcomers).sum();
        let mean = |of: &dyn Fn(&OddWave) -> f64| {
            span.iter().map(|wave| wave.newcomers as f64 * of(wave)).sum::<f64>() / newcomers as f64
        };
        let days = (span.first()?.days.0, span.last()?.days.1);
        Some(OddWave {
            days,
            newcomers,
            back_soon: mean(&|wave| wave.back_soon),
            usual: mean(&|wave| wave.usual),
        })
    };
    spans.filter_map(one).collect()
}

/// Whose first purchase was when, and how many came back soon and of those before; `None` without waves.
pub(super) fn told(waves: &[OddWave]) -> Option<String> {
    let one = |OddWave { days: (from, to), newcomers, back_soon, usual }: OddWave| {
        format!(
            "of {newcomers} customers whose first purchase was from {} to {}, {:.0} % bought again on another day within {SOON_DAYS} days, where \
             {:.0} % of those before them did",
            date(from),
            date(to),
            100.0 * back_soon,
            100.0 * usual
        )
    };
    let told: Vec<String> = joined(waves).into_iter().map(one).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// As JSON.
pub(super) fn to_json(waves: &[OddWave]) -> Value {
    let one = |wave: OddWave| {
        json!({
            "from": date(wave.days.0),
            "to": date(wave.days.1),
            "newcomers": wave.newcomers,
            "bought_again_soon_share": wave.back_soon,
            "usual_share": wave.usual,
        })
    };
    joined(waves).into_iter().map(one).collect()
}
