//! Charts as SVG: panels one above the other, each with lines or bars over one pair of axes. The same figure is the
//! same bytes everywhere: numbers have one decimal, and nothing depends on a font's measures.

mod labels;
mod panel;
mod scale;
mod svg;

pub(crate) use self::svg::escape;
use self::svg::{Anchor, Look, Svg};

/// Width of a figure, in pixels.
const WIDTH: f64 = 720.0;
/// Height of what stands above the first panel.
const HEAD: f64 = 44.0;

/// Panels under one title.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it shows, at most about 70 characters.
    pub title: String,
    /// The finding in words, for those who cannot see it.
    pub description: String,
    /// The panels, from the top.
    pub panels: Vec<Panel>,
}

/// Lines, bars and markers over one pair of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What it shows, at most about 80 characters.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the first at the back. Two or more are named in a legend.
    pub series: Vec<Series>,
    /// Points with a label, the most important first: a label that has no room is left out.
    pub markers: Vec<Marker>,
}

/// The range of an axis; what lies beyond it is drawn at its edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured, and its unit.
    pub label: String,
    /// The left or lower end.
    pub from: f64,
    /// The right or upper end, above `from`.
    pub to: f64,
    /// How numbers are written.
    pub unit: Unit,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As they are.
    Number,
    /// 0.25 as 25 and this sign.
    Percent(&'static str),
    /// Months from January of the year 0 on, 24000 as 2000-01.
    Month,
}

/// Points drawn alike. Points that are no numbers are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend, at most about 25 characters.
    pub name: String,
    /// How it is drawn.
    pub shape: Shape,
    /// In which colour.
    pub colour: Colour,
    /// The points, x ascending.
    pub points: Vec<(f64, f64)>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line through the points.
    Line,
    /// A dashed line through the points: what is uncertain, or compared with.
    Dashed,
    /// Bars from zero, each from its point's x to the next point's; the last point only ends the last bar.
    Bars,
    /// A dot at each point.
    Dots,
    /// An upright line from each point to the next one, of pairs with one x: how far a number is uncertain.
    Ranges,
}

/// Colours that colour-blind readers tell apart (Okabe and Ito 2008, Color Universal Design), dark enough on white.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The usual one.
    Blue,
    /// What stands out, or a second series.
    Vermillion,
    /// What is compared with.
    Grey,
}

impl Colour {
    const fn hex(self) -> &'static str {
        match self {
            Self::Blue => "#0072b2",
            Self::Vermillion => "#d55e00",
            Self::Grey => "#666666",
        }
    }

    /// Of text, which is thinner: every one with a contrast of at least 4.5 on white.
    const fn of_text(self) -> &'static str {
        match self {
            Self::Vermillion => "#a84a00",
            other => other.hex(),
        }
    }
}

/// A point with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Where, on the horizontal axis.
    pub x: f64,
    /// Where, on the vertical axis.
    pub y: f64,
    /// What it says, a few words.
    pub label: String,
    /// In which colour.
    pub colour: Colour,
}

impl Figure {
    /// The figure as an SVG document.
    pub fn to_svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEAD + panel::HEIGHT * self.panels.len() as f64);
        svg.describe(&self.title, &self.description);
        svg.text((panel::EDGE, 30.0), Anchor::Start, Look::Title, &self.title);
        for (number, panel) in self.panels.iter().enumerate() {
            panel::draw(panel, HEAD + panel::HEIGHT * number as f64, &mut svg);
        }
        svg.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(label: &str, to: f64, unit: Unit) -> Axis {
        Axis { label: label.to_owned(), from: 0.0, to, unit }
    }

    fn figure() -> Figure {
        let line = Series {
            name: "a < b & \"c\"".to_owned(),
            shape: Shape::Line,
            colour: Colour::Blue,
            points: vec![(0.0, 0.9), (50.0, f64::NAN), (100.0, 0.1)],
        };
        let bars = Series { shape: Shape::Bars, name: "bars\u{1b}".to_owned(), ..line.clone() };
        let dots = Series { shape: Shape::Dots, ..line.clone() };
        let ranges = Series { shape: Shape::Ranges, ..line.clone() };
        let marker = Marker { x: 50.0, y: 0.5, label: "half </text>".to_owned(), colour: Colour::Vermillion };
        let panel = Panel {
            title: "<script>alert(1)</script>".to_owned(),
            x: axis("days", 100.0, Unit::Number),
            y: axis("share", 1.0, Unit::Percent(" %")),
            series: vec![bars, line, dots, ranges],
            markers: vec![marker],
        };
        Figure {
            title: "Q&A".to_owned(),
            description: "it's > 0".to_owned(),
            panels: vec![panel.clone(), panel],
        }
    }

    /// The tags in order; fails unless each opened one is closed, text has no bare < or &, and attributes are quoted.
    fn tags(svg: &str) -> Vec<String> {
        let (mut open, mut seen) = (Vec::new(), Vec::new());
        for piece in svg.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').expect("a tag that ends");
            assert!(!text.contains('>'), "{text}");
            for entity in tag.split('&').skip(1).chain(text.split('&').skip(1)) {
                let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
                assert!(known.iter().any(|known| entity.starts_with(known)), "{entity}");
            }
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name.to_owned()));
            } else {
                seen.push(name.to_owned());
                if !tag.ends_with('/') {
                    open.push(name.to_owned());
                }
            }
        }
        assert_eq!(open, Vec::<String>::new());
        seen
    }

    #[test]
    fn the_document_is_well_formed_and_says_what_it_shows() {
        let svg = figure().to_svg();
        let seen = tags(&svg);
        assert_eq!(seen[..3], ["svg", "title", "desc"]);
        assert!(!seen.contains(&"script".to_owned()));
        assert!(svg.contains("<title>Q&amp;A</title>") && svg.contains("<desc>it&apos;s &gt; 0</desc>"));
        assert!(svg.contains(">half &lt;/text&gt;</text>") && svg.contains("a &lt; b &amp; &quot;c&quot;"));
        assert!(svg.contains("bars\u{fffd}") && !svg.contains('\u{1b}'), "no control characters in XML");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn nothing_to_show_is_still_a_chart() {
        let mut figure = figure();
        figure.panels[0].series.clear();
        figure.panels[0].markers.clear();
        figure.panels[1].x.to = 0.0;
        let svg = figure.to_svg();
        tags(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn the_same_figure_is_the_same_bytes() {
        assert_eq!(figure().to_svg(), figure().to_svg());
    }
}
