//! The advice as a chart: the gaps there are, and who comes back after how long.

use mainstay_features::horizon::{Advice, Window};
use mainstay_models::language::Language;

use super::text::sentence;
use crate::chart::{Axis, Colour, Figure, Marker, Panel, Series, Shape, Unit};

/// Widths of the gaps' bars, in days.
const BAR_DAYS: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];
/// At most so many bars, if there is a width for that.
const MOST_BARS: u32 = 80;

/// Gaps above, the share that comes back below, over the same days.
pub(super) fn figure(advice: &Advice) -> Figure {
    Figure {
        title: "After how many silent days are customers gone?".to_owned(),
        description: sentence(advice),
        panels: vec![gaps(advice), come_back(advice)],
    }
}

fn days(advice: &Advice, label: &str) -> Axis {
    Axis { label: label.to_owned(), from: 0.0, to: f64::from(advice.curve.limit()), unit: Unit::Number }
}

fn gaps(advice: &Advice) -> Panel {
    let limit = advice.curve.limit();
    let width = BAR_DAYS.into_iter().find(|width| limit.div_ceil(*width) <= MOST_BARS).unwrap_or(100);
    // Days 1 to width, then width + 1 to 2 · width, and so on: a gap is never of day 0.
    let bars = advice.gaps.get(1..).unwrap_or_default().chunks(width as usize);
    let mut points: Vec<(f64, f64)> = bars
        .enumerate()
        .map(|(bar, gaps)| {
            let share = gaps.iter().sum::<u64>() as f64 / advice.gap_count.max(1) as f64;
            (bar as f64 * f64::from(width), share)
        })
        .collect();
    let highest = points.iter().fold(0.0, |highest: f64, &(_, share)| highest.max(share));
    points.push((f64::from(limit), 0.0));
    let bins = if width == 1 { "1 day".to_owned() } else { format!("{width} days") };
    Panel {
        title: format!("Gaps between purchases: {}", advice.gap_count),
        x: days(advice, &format!("days to the next purchase ({bins} a bar)")),
        y: Axis {
            label: "share of gaps".to_owned(),
            from: 0.0,
            to: 1.05 * highest,
            unit: Unit::Percent(Language::English.percent_sign()),
        },
        series: vec![Series { name: "gaps".to_owned(), shape: Shape::Bars, colour: Colour::Blue, points }],
        markers: Vec::new(),
    }
}

fn come_back(advice: &Advice) -> Panel {
    let (curve, few) = (&advice.curve, advice.few.get());
    let line = |name: &str, shape, from: u32, to: u32| Series {
        name: name.to_owned(),
        shape,
        colour: Colour::Blue,
        points: (from..=to).filter_map(|day| Some((f64::from(day), curve.come_back_after(day)?))).collect(),
    };
    let reference = Series {
        name: format!("few: {:.0} %", 100.0 * few),
        shape: Shape::Dashed,
        colour: Colour::Grey,
        points: vec![(0.0, few), (f64::from(curve.limit()), few)],
    };
    let judged = curve.judged_until();
    let highest = curve.come_back_after(0).unwrap_or(1.0).max(few);
    Panel {
        title: "Who comes back after so many silent days".to_owned(),
        x: days(advice, "silent days"),
        y: Axis {
            label: "share that ever buys again".to_owned(),
            from: 0.0,
            to: (1.1 * highest).min(1.0),
            unit: Unit::Percent(Language::English.percent_sign()),
        },
        series: vec![
            reference,
            line("watched for as long again", Shape::Line, 0, judged),
            line("watched for less", Shape::Dashed, judged, curve.limit()),
        ],
        markers: markers(advice),
    }
}

/// The advised horizon first, then the others that can be judged.
fn markers(advice: &Advice) -> Vec<Marker> {
    let marker = |days: u32, word: &str, colour| {
        let y = advice.curve.come_back_after(days)?;
        let label = format!("{word}{days}d: {:.0} %", 100.0 * y);
        Some(Marker { x: f64::from(days), y, label, colour })
    };
    let advised = advice.advised.map(|days| days.get());
    let first = advised.and_then(|days| marker(days, "use ", Colour::Vermillion));
    let others = |window: &Window| {
        let days = window.horizon.get();
        let shown = window.come_back.is_some() && Some(days) != advised;
        if shown { marker(days, "", Colour::Blue) } else { None }
    };
    first.into_iter().chain(advice.windows.iter().filter_map(others)).collect()
}
