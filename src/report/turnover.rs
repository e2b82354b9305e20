//! The report of who stays and who leaves, over time and by segment.

use mainstay_features::calendar::{CalendarPeriod, Period};
use mainstay_features::history::Word;
use mainstay_features::label::Label;
use mainstay_features::units::Days;
use mainstay_models::segments::{Cell, Stage, Tier, Turnover};
use mainstay_models::turnover::PeriodTurnover;

use super::html::{Column, Page, Tone};
use crate::chart::{Axis, Colour, Figure, Panel, Series, Shape, Unit};

/// What customers without a value of an attribute are called.
const NOT_KNOWN: &str = "not known";

/// Turnover over time.
#[derive(Clone, Debug)]
pub struct TurnoverReport {
    /// What time is divided into.
    pub period: Period,
    /// The name of the zone on whose calendar.
    pub zone: String,
    /// A customer is who bought within this time, unless contracts say.
    pub lookback: Days,
    /// How long a silence is taken for churn, for the stages.
    pub horizon: Days,
    /// What leaving means.
    pub label: Label,
    /// The periods, in time order; at least one.
    pub periods: Vec<(CalendarPeriod, PeriodTurnover)>,
    /// The attribute that was asked for.
    pub by: Option<By>,
}

/// An attribute of customers, and what it is in these periods.
#[derive(Clone, Debug)]
pub struct By {
    /// Its name.
    pub attribute: String,
    /// Its values with their texts, in the order of tables.
    values: Vec<(Option<Word>, String)>,
}

impl By {
    /// An attribute with all values it has in some periods, sorted by text, and who has none last.
    pub fn new<'a>(attribute: &str, periods: &[PeriodTurnover], text: impl Fn(Word) -> &'a str) -> Self {
        let mut values: Vec<(Option<Word>, String)> = Vec::new();
        for &value in periods.iter().flat_map(|period| period.by.keys()) {
            if values.iter().all(|(known, _)| *known != value) {
                values.push((value, value.map_or(NOT_KNOWN, &text).to_owned()));
            }
        }
        values.sort_by(|a, b| (a.0.is_none(), &a.1).cmp(&(b.0.is_none(), &b.1)));
        Self { attribute: attribute.to_owned(), values }
    }
}

/// One way to part customers: its name, and the turnover of each segment.
pub type Segmentation = (String, Vec<(String, Turnover)>);

impl TurnoverReport {
    /// All periods together.
    pub fn whole(&self) -> PeriodTurnover {
        self.periods.iter().fold(PeriodTurnover::default(), |all, (_, period)| all.and(period.clone()))
    }

    /// The turnover of a period, or of several together, by each of the segmentations.
    pub fn segmentations(&self, of: &PeriodTurnover) -> Vec<Segmentation> {
        let named = |names: &[&str], turnovers: &[Turnover]| {
            names.iter().zip(turnovers).map(|(name, turnover)| ((*name).to_owned(), *turnover)).collect()
        };
        let mut all = vec![
            ("tier".to_owned(), named(&Tier::ALL.map(Tier::name), &of.tiers)),
            ("value matrix".to_owned(), named(&Cell::ALL.map(Cell::name), &of.cells)),
            ("stage".to_owned(), named(&Stage::ALL.map(Stage::name), &of.stages)),
        ];
        if let Some(by) = &self.by {
            let turnover = |value| of.by.get(value).copied().unwrap_or_default();
            let rows = by.values.iter().map(|(value, text)| (text.clone(), turnover(value)));
            all.push((by.attribute.clone(), rows.collect()));
        }
        all
    }

    /// What to remember, in a sentence.
    pub fn sentence(&self) -> String {
        let Turnover { at_start, lost, .. } = self.whole().total;
        let total = self.whole().total;
        let (Some(absolute), Some(relative)) = (total.absolute_churn_rate(), total.relative_churn_rate())
        else {
            return format!("{lost} of {at_start} customers were lost");
        };
        let comparison = if relative < 0.9 * absolute {
            "those who were lost had bought less than others"
        } else if relative > 1.1 * absolute {
            "those who were lost had bought more than others"
        } else {
            "those who were lost had bought about as much as others"
        };
        format!(
            "In a {} {:.1} % of the customers were lost, who had made {:.1} % of the purchases' value: {comparison}",
            self.period,
            100.0 * absolute,
            100.0 * relative
        )
    }

    /// What a customer is, in words.
    pub fn customer(&self) -> String {
        match self.label {
            Label::NoPurchase => format!("who bought within {} days", self.lookback.get()),
            Label::ContractEnd => "whose contract runs".to_owned(),
        }
    }

    /// The HTML document.
    pub fn to_html(&self) -> String {
        let mut page = Page::new("Who stays, and who is lost?");
        page.verdict(Tone::Neutral, &format!("{}.", self.sentence()), &[]);
        page.facts(&self.facts());
        page.heading("Over time");
        page.figure(&self.rates());
        let rows = self.periods.iter().map(|(period, of)| (false, period_cells(&period.name, of)));
        page.table(&PERIOD_COLUMNS, &rows.collect::<Vec<_>>());
        page.heading("By tier");
        page.figure(&self.by_tier());
        page.heading("By segment");
        page.paragraph(
            "All periods together. A customer is in the segments of the period's start; docs/segments.md says what they are.",
        );
        for (name, rows) in self.segmentations(&self.whole()) {
            page.heading(&name);
            let rows = rows.iter().map(|(segment, of)| (false, segment_cells(segment, of)));
            page.table(&SEGMENT_COLUMNS, &rows.collect::<Vec<_>>());
        }
        page.finish()
    }

    fn facts(&self) -> Vec<(String, String)> {
        let name = |period: Option<&(CalendarPeriod, PeriodTurnover)>| {
            period.map_or(String::new(), |(period, _)| period.name.clone())
        };
        let (first, last) = (name(self.periods.first()), name(self.periods.last()));
        [
            ("Periods", format!("{} from {first} to {last}", self.periods.len())),
            ("Calendar", self.zone.clone()),
            ("A customer is", self.customer()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Retention, and both churn rates.
    fn rates(&self) -> Figure {
        let retained = self.line("retention rate", Colour::Blue, |of| of.total.retention_rate());
        let absolute = self.line("absolute churn rate", Colour::Blue, |of| of.total.absolute_churn_rate());
        let relative =
            self.line("relative churn rate", Colour::Vermillion, |of| of.total.relative_churn_rate());
        Figure {
            title: format!("Who stays from the start of a {} to its end?", self.period),
            description: self.sentence(),
            panels: vec![
                self.panel("Retention rate", lowest(&retained), 1.0, vec![retained]),
                self.panel(
                    "Absolute churn rate: of the customers; relative churn rate: of what they had bought",
                    0.0,
                    highest(&[&absolute, &relative]),
                    vec![absolute, relative],
                ),
            ],
        }
    }

    fn by_tier(&self) -> Figure {
        let of = |tier: Tier, colour| {
            self.line(tier.name(), colour, move |of| of.tiers[tier as usize].absolute_churn_rate())
        };
        let lines = [
            of(Tier::Key, Colour::Blue),
            of(Tier::Ordinary, Colour::Vermillion),
            of(Tier::Small, Colour::Grey),
        ];
        let whole = self.whole();
        let rate = |tier: Tier| {
            let rate = whole.tiers[tier as usize].absolute_churn_rate();
            rate.map_or("no customers".to_owned(), |rate| format!("{:.1} %", 100.0 * rate))
        };
        let highest = highest(&lines.each_ref());
        Figure {
            title: "Which tiers are lost?".to_owned(),
            description: format!(
                "Absolute churn rate of key customers {}, of ordinary ones {}, of small ones {}",
                rate(Tier::Key),
                rate(Tier::Ordinary),
                rate(Tier::Small)
            ),
            panels: vec![self.panel("Absolute churn rate of each tier", 0.0, highest, lines.into())],
        }
    }

    fn line(&self, name: &str, colour: Colour, rate: impl Fn(&PeriodTurnover) -> Option<f64>) -> Series {
        let points: Vec<(f64, f64)> =
            self.periods.iter().filter_map(|(period, of)| Some((period.month, rate(of)?))).collect();
        let shape = match (points.len(), colour) {
            (1, _) => Shape::Dots,
            (_, Colour::Grey) => Shape::Dashed,
            _ => Shape::Line,
        };
        Series { name: name.to_owned(), shape, colour, points }
    }

    fn panel(&self, title: &str, from: f64, to: f64, series: Vec<Series>) -> Panel {
        let month = |period: Option<&(CalendarPeriod, PeriodTurnover)>| {
            period.map_or(0.0, |(period, _)| period.month)
        };
        let label = format!("{} (at its start)", self.period);
        let x = Axis {
            label,
            from: month(self.periods.first()),
            to: month(self.periods.last()),
            unit: Unit::Month,
        };
        let y = Axis {
            label: format!("of what there was at the {}'s start", self.period),
            from,
            to,
            unit: Unit::Percent,
        };
        Panel { title: title.to_owned(), x, y, series, markers: Vec::new() }
    }
}

/// A tenth below which nothing lies.
fn lowest(line: &Series) -> f64 {
    let least = line.points.iter().fold(1.0, |least: f64, point| least.min(point.1));
    ((10.0 * least).floor() / 10.0).min(0.9)
}

/// A twentieth above which nothing lies.
fn highest(lines: &[&Series]) -> f64 {
    let points = lines.iter().flat_map(|line| &line.points);
    let most = points.fold(0.0, |most: f64, point| most.max(point.1));
    ((20.0 * most).ceil() / 20.0).max(0.05)
}

const PERIOD_COLUMNS: [Column; 9] = [
    Column { title: "period", meaning: "" },
    Column { title: "at start", meaning: "" },
    Column { title: "new", meaning: "no customers at the start, customers at the end" },
    Column { title: "of them returned", meaning: "had bought before" },
    Column { title: "lost", meaning: "customers at the start and not at the end" },
    Column { title: "at end", meaning: "" },
    RETENTION,
    CHURN,
    CHURN_BY_VALUE,
];

const SEGMENT_COLUMNS: [Column; 6] = [
    Column { title: "segment", meaning: "" },
    Column { title: "at start", meaning: "customers at the start of each period, added up" },
    Column { title: "lost", meaning: "of them" },
    RETENTION,
    CHURN,
    CHURN_BY_VALUE,
];

const RETENTION: Column =
    Column { title: "retention rate", meaning: "(customers at the end − new) / customers at the start" };
const CHURN: Column = Column { title: "absolute churn rate", meaning: "lost / customers at the start" };
const CHURN_BY_VALUE: Column = Column {
    title: "relative churn rate",
    meaning: "what the lost had bought / what all customers at the start had bought",
};

/// The titles of [`period_cells`].
pub(crate) fn period_titles() -> [&'static str; 9] {
    PERIOD_COLUMNS.map(|column| column.title)
}

/// A period, or several together, as a row of a table.
pub(crate) fn period_cells(name: &str, of: &PeriodTurnover) -> Vec<String> {
    let Turnover { at_start, at_end, new, lost, .. } = of.total;
    let counts = [at_start, new, of.returned, lost, at_end].map(|count| count.to_string());
    std::iter::once(name.to_owned()).chain(counts).chain(rates(&of.total)).collect()
}

/// The titles of [`segment_cells`] but the first, which is the segmentation's name.
pub(crate) fn segment_titles() -> [&'static str; 5] {
    let [_, titles @ ..] = SEGMENT_COLUMNS.map(|column| column.title);
    titles
}

/// A segment as a row of a table.
pub(crate) fn segment_cells(name: &str, of: &Turnover) -> Vec<String> {
    let counts = [of.at_start, of.lost].map(|count| count.to_string());
    std::iter::once(name.to_owned()).chain(counts).chain(rates(of)).collect()
}

fn rates(of: &Turnover) -> [String; 3] {
    [of.retention_rate(), of.absolute_churn_rate(), of.relative_churn_rate()]
        .map(|rate| rate.map_or("–".to_owned(), |rate| format!("{:.1} %", 100.0 * rate)))
}
