//! The advice as a chart: the gaps there are, and who comes back after how long.

use mainstay_features::horizon::{Advice, Window};
use mainstay_models::language::Language;

use super::text::sentence;
use crate::chart::{Axis, Colour, Figure, Marker, Panel, Series, Shape, Unit};
use crate::readable::{grouped, percent};

/// Widths of the gaps' bars, in days.
const BAR_DAYS: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];
/// At most so many bars, if there is a width for that.
const MOST_BARS: u32 = 80;

/// Gaps above, the share that comes back below, over the same days.
pub(super) fn figure(advice: &Advice, language: Language) -> Figure {
    let title = language.either("After how many silent days are customers gone?", "沉默多少天的客户算流失？");
    Figure {
        title: title.to_owned(),
        description: sentence(advice, language),
        panels: vec![gaps(advice, language), come_back(advice, language)],
    }
}

fn days(advice: &Advice, label: &str) -> Axis {
    Axis { label: label.to_owned(), from: 0.0, to: f64::from(advice.curve.limit()), unit: Unit::Number }
}

fn gaps(advice: &Advice, language: Language) -> Panel {
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
    let (count, say) = (grouped(&advice.gap_count.to_string()), |english: &str, chinese: &str| {
        language.either(english, chinese).to_owned()
    });
    Panel {
        title: language.either(format!("Gaps between purchases: {count}"), format!("购买间隔：{count}个")),
        x: days(
            advice,
            &language.either(
                format!("days to the next purchase ({bins} a bar)"),
                format!("距下次购买的天数（每根柱子{width}天）"),
            ),
        ),
        y: Axis {
            label: say("share of gaps", "间隔的比例"),
            from: 0.0,
            to: 1.05 * highest,
            unit: Unit::Percent(language.percent_sign()),
        },
        series: vec![Series {
            name: say("gaps", "间隔"), shape: Shape::Bars, colour: Colour::Blue, points
        }],
        markers: Vec::new(),
    }
}

fn come_back(advice: &Advice, language: Language) -> Panel {
    let say = |english: &str, chinese: &str| language.either(english, chinese).to_owned();
    let (curve, few) = (&advice.curve, advice.few.get());
    let line = |name: &str, shape, from: u32, to: u32| Series {
        name: name.to_owned(),
        shape,
        colour: Colour::Blue,
        points: (from..=to).filter_map(|day| Some((f64::from(day), curve.come_back_after(day)?))).collect(),
    };
    let reference = Series {
        name: language.either(format!("{:.0} %: few", 100.0 * few), format!("{:.0}%：很少", 100.0 * few)),
        shape: Shape::Dashed,
        colour: Colour::Grey,
        points: vec![(0.0, few), (f64::from(curve.limit()), few)],
    };
    let judged = curve.judged_until();
    let highest = curve.come_back_after(0).unwrap_or(1.0).max(few);
    Panel {
        title: say("Who comes back after so many silent days", "沉默这么多天之后，还有多少客户会回来"),
        x: days(advice, &say("silent days", "沉默天数")),
        y: Axis {
            label: say("share that ever buys again", "以后还会购买的比例"),
            from: 0.0,
            to: (1.1 * highest).min(1.0),
            unit: Unit::Percent(language.percent_sign()),
        },
        series: vec![
            reference,
            line(&say("well known", "已充分观察"), Shape::Line, 0, judged),
            line(&say("less well known", "观察时间不足"), Shape::Dashed, judged, curve.limit()),
        ],
        markers: markers(advice, language),
    }
}

/// The advised horizon first, then the others that can be judged.
fn markers(advice: &Advice, language: Language) -> Vec<Marker> {
    let marker = |days: u32, word: &str, colour| {
        let y = advice.curve.come_back_after(days)?;
        let label = format!("{word}{days}d: {}", percent(y, language));
        Some(Marker { x: f64::from(days), y, label, colour })
    };
    let advised = advice.advised.map(|days| days.get());
    let first = advised.and_then(|days| marker(days, language.either("use ", "建议"), Colour::Vermillion));
    let others = |window: &Window| {
        let days = window.horizon.get();
        let shown = window.come_back.is_some() && Some(days) != advised;
        if shown { marker(days, "", Colour::Blue) } else { None }
    };
    first.into_iter().chain(advice.windows.iter().filter_map(others)).collect()
}
