//! One panel: axes, legend, series and markers.

use unicode_width::UnicodeWidthStr;

use super::labels::{Area, LETTER, Labels};
use super::scale::{Scale, ticks};
use super::svg::{Anchor, Look, Svg};
use super::{Axis, Panel, Series, Shape, WIDTH};

/// Height of a panel, in pixels.
pub(super) const HEIGHT: f64 = 372.0;
/// Where titles begin.
pub(super) const EDGE: f64 = 16.0;

const GRID: &str = "#e3e3e3";
const FRAME: &str = "#8c8c8c";
/// The least room for the labels of the vertical axis.
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 28.0;
const LEGEND: f64 = 24.0;
/// At most so many ticks up…
const MOST_UP: usize = 6;
/// …and across.
const MOST_ACROSS: usize = 12;

/// Draws a panel whose upper edge is at `top`.
pub(super) fn draw(panel: &Panel, top: f64, svg: &mut Svg) {
    svg.text((EDGE, top + 20.0), Anchor::Start, Look::Heading, &panel.title);
    let mut head = top + 20.0;
    if panel.series.len() > 1 {
        head += LEGEND;
        legend(&panel.series, head, svg);
    }
    svg.text((EDGE, head + LEGEND), Anchor::Start, Look::Plain, &panel.y.label);
    let left = LEFT.max(EDGE + LETTER * widest(&panel.y, MOST_UP) as f64);
    let plot = Area { left, top: head + LEGEND + 14.0, right: RIGHT, bottom: top + HEIGHT - 56.0 };
    let x = Scale::new(&panel.x, plot.left, plot.right);
    let y = Scale::new(&panel.y, plot.bottom, plot.top);
    axes(panel, &plot, (x, y), svg);

    let drawn: Vec<Vec<(f64, f64)>> = panel.series.iter().map(|series| pixels(series, x, y)).collect();
    let has_bars = panel.series.iter().any(|series| series.shape == Shape::Bars);
    let mut lines = Vec::new();
    for (series, points) in panel.series.iter().zip(drawn) {
        let colour = series.colour.hex();
        match series.shape {
            Shape::Line => svg.path(&points, colour),
            Shape::Dashed => svg.dashed(&points, colour, has_bars),
            Shape::Bars => bars(&points, plot.bottom, colour, svg),
            Shape::Dots => points.iter().for_each(|&point| svg.dot(point, 4.5, colour)),
            Shape::Ranges => points.chunks_exact(2).for_each(|pair| svg.path(pair, colour)),
        }
        if matches!(series.shape, Shape::Line | Shape::Dashed) {
            lines.push(points);
        }
    }
    markers(panel, plot, (x, y), &lines, svg);
}

/// The points of a series on the page.
fn pixels(series: &Series, x: Scale, y: Scale) -> Vec<(f64, f64)> {
    let numbers = series.points.iter().filter(|(at, value)| at.is_finite() && value.is_finite());
    numbers.map(|&(at, value)| (x.at(at), y.at(value))).collect()
}

fn legend(series: &[Series], baseline: f64, svg: &mut Svg) {
    // Columns of one width: how wide names are depends on the reader's font.
    let column = (RIGHT - EDGE) / series.len() as f64;
    for (number, series) in series.iter().enumerate() {
        let left = EDGE + column * number as f64;
        let (middle, colour) = (baseline - 4.5, series.colour.hex());
        match series.shape {
            Shape::Line => svg.path(&[(left, middle), (left + 28.0, middle)], colour),
            Shape::Dashed => svg.dashed(&[(left, middle), (left + 28.0, middle)], colour, false),
            Shape::Bars => svg.bar((left + 8.0, middle - 6.0), 12.0, 12.0, colour),
            Shape::Dots => svg.dot((left + 14.0, middle), 4.5, colour),
            Shape::Ranges => {
                svg.path(&[(left + 14.0, middle - 6.0), (left + 14.0, middle + 6.0)], colour);
            }
        }
        svg.text((left + 34.0, baseline), Anchor::Start, Look::Plain, &series.name);
    }
}

/// How many letters the longest label of an axis with so many ticks has.
fn widest(axis: &Axis, most: usize) -> usize {
    ticks(axis, most).iter().map(|(_, label)| label.width()).max().unwrap_or(0)
}

fn axes(panel: &Panel, plot: &Area, (x, y): (Scale, Scale), svg: &mut Svg) {
    for (value, label) in ticks(&panel.y, MOST_UP) {
        let at = y.at(value);
        svg.rule((plot.left, at), (plot.right, at), GRID);
        svg.text((plot.left - 8.0, at + 4.5), Anchor::End, Look::Plain, &label);
    }
    // So many labels side by side touch no other.
    let label = LETTER * (widest(&panel.x, MOST_ACROSS) + 2) as f64;
    let room = ((plot.right - plot.left) / label) as usize;
    for (value, label) in ticks(&panel.x, MOST_ACROSS.min(room.max(2))) {
        let at = x.at(value);
        svg.rule((at, plot.top), (at, plot.bottom), GRID);
        svg.text((at, plot.bottom + 19.0), Anchor::Middle, Look::Plain, &label);
    }
    svg.rule((plot.left, plot.bottom), (plot.right, plot.bottom), FRAME);
    let middle = (plot.left + plot.right) / 2.0;
    svg.text((middle, plot.bottom + 40.0), Anchor::Middle, Look::Plain, &panel.x.label);
}

/// Bars up to each point, as wide as it is to the next.
fn bars(points: &[(f64, f64)], bottom: f64, colour: &str, svg: &mut Svg) {
    for pair in points.windows(2) {
        let ((left, top), (right, _)) = (pair[0], pair[1]);
        // A thin gap tells neighbours apart, where there is room for one.
        let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
        if top < bottom && right > left {
            svg.bar((left, top), right - left - gap, bottom - top, colour);
        }
    }
}

fn markers(panel: &Panel, plot: Area, (x, y): (Scale, Scale), lines: &[Vec<(f64, f64)>], svg: &mut Svg) {
    let markers: Vec<_> =
        panel.markers.iter().filter(|marker| marker.x.is_finite() && marker.y.is_finite()).collect();
    let dots: Vec<(f64, f64)> = markers.iter().map(|marker| (x.at(marker.x), y.at(marker.y))).collect();
    let mut labels = Labels::new(plot, &dots, lines);
    for (marker, &dot) in markers.iter().zip(&dots) {
        let colour = marker.colour.hex();
        svg.dot(dot, 4.5, colour);
        if let Some((at, anchor)) = labels.place(dot, &marker.label) {
            svg.text(at, anchor, Look::Label(marker.colour.of_text()), &marker.label);
        }
    }
}
