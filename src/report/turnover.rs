//! The report of who stays and who leaves, over time and by segment.

mod tables;

pub(crate) use self::tables::{period_cells, period_titles, segment_cells, segment_titles};

use mainstay_features::calendar::{CalendarPeriod, Period};
use mainstay_features::history::Word;
use mainstay_features::label::Label;
use mainstay_features::units::Days;
use mainstay_models::language::Language;
use mainstay_models::segments::{Cell, Stage, Tier, Turnover};
use mainstay_models::turnover::PeriodTurnover;

use self::tables::{period_columns, segment_columns};
use super::html::{Page, Tone};
use crate::chart::{Axis, Colour, Figure, Panel, Series, Shape, Unit};
use crate::readable::percent;

/// Turnover over time.
#[derive(Clone, Debug)]
pub struct TurnoverReport {
    /// The language that people read it in.
    pub language: Language,
    /// Which periods are left out, in sentences.
    pub left_out: Vec<String>,
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
    /// Its values with their texts, in the order of tables; who has none comes last.
    values: Vec<(Option<Word>, Option<String>)>,
}

impl By {
    /// An attribute with all values it has in some periods, sorted by text, and who has none last.
    pub fn new<'a>(attribute: &str, periods: &[PeriodTurnover], text: impl Fn(Word) -> &'a str) -> Self {
        let mut values: Vec<(Option<Word>, Option<String>)> = Vec::new();
        for &value in periods.iter().flat_map(|period| period.by.keys()) {
            if values.iter().all(|(known, _)| *known != value) {
                values.push((value, value.map(|word| text(word).to_owned())));
            }
        }
        values.sort_by(|a, b| (a.0.is_none(), &a.1).cmp(&(b.0.is_none(), &b.1)));
        Self { attribute: attribute.to_owned(), values }
    }
}

/// What lost means, in both languages: a model's churn is another thing (docs/segments.md).
pub(crate) const LOST: [&str; 2] = [
    "Lost is who was a customer at the start and is none at the end; the absolute churn rate is their share of the customers, \
     the relative one of what all had bought. A model's churn is another thing: nothing bought within its horizon.",
    "流失：期初是客户、期末不是客户的人；绝对流失率是他们占客户数的比例，相对流失率是他们占全部客户此前购买金额的比例。\
     与模型的“流失”（预测期内没有购买）口径不同。",
];

/// One way to part customers: its name, and the turnover of each segment.
pub type Segmentation = (String, Vec<(String, Turnover)>);

impl TurnoverReport {
    /// All periods together.
    pub fn whole(&self) -> PeriodTurnover {
        self.periods.iter().fold(PeriodTurnover::default(), |all, (_, period)| all.and(period.clone()))
    }

    /// The turnover of a period, or of several together, by each of the segmentations, with their names in a language.
    pub fn segmentations(&self, of: &PeriodTurnover, language: Language) -> Vec<Segmentation> {
        let named = |names: &[&str], turnovers: &[Turnover]| {
            names.iter().zip(turnovers).map(|(name, turnover)| ((*name).to_owned(), *turnover)).collect()
        };
        let say = |english: &str, chinese: &str| language.either(english, chinese).to_owned();
        let mut all = vec![
            (say("tier", "客户等级"), named(&Tier::ALL.map(|tier| tier.words(language)), &of.tiers)),
            (say("value matrix", "价值矩阵"), named(&Cell::ALL.map(|cell| cell.words(language)), &of.cells)),
            (say("stage", "生命周期阶段"), named(&Stage::ALL.map(|stage| stage.words(language)), &of.stages)),
        ];
        if let Some(by) = &self.by {
            let turnover = |value| of.by.get(value).copied().unwrap_or_default();
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| say("not known", "未知"));
            let rows = by.values.iter().map(|(value, named)| (text(named), turnover(value)));
            all.push((by.attribute.clone(), rows.collect()));
        }
        all
    }

    /// What to remember, in a sentence.
    pub fn sentence(&self) -> String {
        let language = self.language;
        let total = self.whole().total;
        let Turnover { at_start, lost, .. } = total;
        let (Some(absolute), Some(relative)) = (total.absolute_churn_rate(), total.relative_churn_rate())
        else {
            return language.either(
                format!("{lost} of {at_start} customers were lost"),
                format!("{at_start}位客户中流失了{lost}位"),
            );
        };
        let (english, chinese) = if relative < 0.9 * absolute {
            ("those who were lost had bought less than others", "流失客户的人均消费低于其他客户")
        } else if relative > 1.1 * absolute {
            ("those who were lost had bought more than others", "流失客户的人均消费高于其他客户")
        } else {
            ("those who were lost had bought about as much as others", "流失客户的人均消费与其他客户相近")
        };
        let (customers, value) = (100.0 * absolute, 100.0 * relative);
        language.either(
            format!(
                "In a {} {customers:.1} % of the customers were lost, who had made {value:.1} % of the purchases' value: \
                 {english}",
                self.period
            ),
            format!(
                "平均每{}流失{customers:.1}%的客户，他们此前贡献了{value:.1}%的购买金额：{chinese}",
                self.period_words()
            ),
        )
    }

    /// What a customer is, in words.
    pub fn customer(&self) -> String {
        let lookback = self.lookback.get();
        match self.label {
            Label::NoPurchase => self
                .language
                .either(format!("who bought within {lookback} days"), format!("近{lookback}天内有购买的人")),
            Label::ContractEnd => self.language.either("whose contract runs", "合同有效的人").to_owned(),
        }
    }

    /// What time is divided into, in words.
    pub(crate) fn period_words(&self) -> &'static str {
        let chinese = match self.period {
            Period::Week => "周",
            Period::Month => "月",
            Period::Quarter => "季度",
            Period::Year => "年",
        };
        self.language.either(self.period.name(), chinese)
    }

    /// The HTML document.
    pub fn to_html(&self) -> String {
        let language = self.language;
        let say = |english, chinese| language.either(english, chinese);
        let mut page = Page::new(language, say("Who stays, and who is lost?", "谁留下，谁流失？"));
        page.verdict(Tone::Neutral, &format!("{}{}", self.sentence(), say(".", "。")), &[]);
        page.facts(&self.facts());
        page.paragraph(say(LOST[0], LOST[1]));
        self.left_out
            .iter()
            .for_each(|sentence| page.paragraph(&format!("{}{}", capitalised(sentence), say(".", "。"))));
        page.heading(say("Over time", "随时间的变化"));
        page.figure(&self.rates());
        let rows = self.periods.iter().map(|(period, of)| (false, period_cells(&period.name, of, language)));
        page.table(&period_columns(language), &rows.collect::<Vec<_>>());
        page.heading(say("By tier", "按客户等级"));
        page.figure(&self.by_tier());
        page.heading(say("By segment", "按客户分群"));
        page.paragraph(say(
            "All periods together. A customer is in the segments of the period's start.",
            "所有周期合计。客户所属的分群以周期开始时为准。",
        ));
        // What a shop's own attribute means nobody here knows.
        let meanings = MEANINGS.into_iter().map(Some).chain(std::iter::repeat(None));
        for ((name, rows), meaning) in self.segmentations(&self.whole(), language).iter().zip(meanings) {
            page.subheading(name);
            if let Some([english, chinese]) = meaning {
                page.paragraph(say(english, chinese));
            }
            let rows = rows.iter().map(|(segment, of)| (false, segment_cells(segment, of, language)));
            page.table(&segment_columns(language), &rows.collect::<Vec<_>>());
        }
        page.finish()
    }

    fn facts(&self) -> Vec<(String, String)> {
        let language = self.language;
        let name = |period: Option<&(CalendarPeriod, PeriodTurnover)>| {
            period.map_or(String::new(), |(period, _)| period.name.clone())
        };
        let (first, last) = (name(self.periods.first()), name(self.periods.last()));
        let count = self.periods.len();
        let periods = language
            .either(format!("{count} from {first} to {last}"), format!("{count}个，从{first}到{last}"));
        [
            (("Periods", "统计周期"), periods),
            (("Calendar", "日历时区"), self.zone.clone()),
            (("A customer is", "客户的定义"), self.customer()),
        ]
        .map(|((english, chinese), value)| (language.either(english, chinese).to_owned(), value))
        .into()
    }

    /// Retention, and both churn rates.
    fn rates(&self) -> Figure {
        let say = |english, chinese| self.language.either(english, chinese);
        let (absolute_name, relative_name) =
            (say("absolute churn rate", "绝对流失率"), say("relative churn rate", "相对流失率"));
        let retained =
            self.line(say("retention rate", "留存率"), Colour::Blue, |of| of.total.retention_rate());
        let absolute = self.line(absolute_name, Colour::Blue, |of| of.total.absolute_churn_rate());
        let relative = self.line(relative_name, Colour::Vermillion, |of| of.total.relative_churn_rate());
        Figure {
            title: self.language.either(
                format!("Who stays from the start of a {} to its end?", self.period),
                format!("每{}从开始到结束，谁留了下来？", self.period_words()),
            ),
            description: self.sentence(),
            panels: vec![
                self.panel(say("Retention rate", "留存率"), lowest(&retained), 1.0, vec![retained]),
                self.panel(
                    say(
                        "Churn rates: absolute by customers, relative by what they had bought",
                        "流失率：绝对按客户数，相对按客户此前的购买金额",
                    ),
                    0.0,
                    highest(&[&absolute, &relative]),
                    vec![absolute, relative],
                ),
            ],
        }
    }

    fn by_tier(&self) -> Figure {
        let language = self.language;
        let of = |tier: Tier, colour| {
            self.line(tier.words(language), colour, move |of| of.tiers[tier as usize].absolute_churn_rate())
        };
        let lines = [
            of(Tier::Key, Colour::Blue),
            of(Tier::Ordinary, Colour::Vermillion),
            of(Tier::Small, Colour::Grey),
        ];
        let whole = self.whole();
        let rate = |tier: Tier| {
            let rate = whole.tiers[tier as usize].absolute_churn_rate();
            rate.map_or(language.either("no customers", "没有客户").to_owned(), |rate| {
                percent(rate, language)
            })
        };
        let (key, ordinary, small) = (rate(Tier::Key), rate(Tier::Ordinary), rate(Tier::Small));
        let highest = highest(&lines.each_ref());
        Figure {
            title: language.either("Which tiers are lost?", "流失的是哪些等级的客户？").to_owned(),
            description: language.either(
                format!(
                    "Absolute churn rate of key customers {key}, of ordinary ones {ordinary}, of small ones {small}"
                ),
                format!("绝对流失率：关键客户{key}，普通客户{ordinary}，小客户{small}"),
            ),
            panels: vec![self.panel(
                language.either("Absolute churn rate of each tier", "各等级客户的绝对流失率"),
                0.0,
                highest,
                lines.into(),
            )],
        }
    }

    fn line(&self, name: &str, colour: Colour, rate: impl Fn(&PeriodTurnover) -> Option<f64>) -> Series {
        let points: Vec<(f64, f64)> =
            self.periods.iter().filter_map(|(period, of)| Some((period.month, rate(of)?))).collect();
        let shape = match (points.len(), colour) {
            (1, _) => Shape::Dots,
            // What the first is compared with is told from it without colours, too.
            (_, Colour::Blue) => Shape::Line,
            _ => Shape::Dashed,
        };
        Series { name: name.to_owned(), shape, colour, points }
    }

    fn panel(&self, title: &str, from: f64, to: f64, series: Vec<Series>) -> Panel {
        let month = |period: Option<&(CalendarPeriod, PeriodTurnover)>| {
            period.map_or(0.0, |(period, _)| period.month)
        };
        let (period, language) = (self.period_words(), self.language);
        let label = language.either(format!("{period} (at its start)"), format!("{period}（开始时）"));
        let x = Axis {
            label,
            from: month(self.periods.first()),
            to: month(self.periods.last()),
            unit: Unit::Month,
        };
        let y = Axis {
            label: language.either(
                format!("of what there was at the {period}'s start"),
                format!("占{period}初客户（金额）的比例"),
            ),
            from,
            to,
            unit: Unit::Percent(language.percent_sign()),
        };
        Panel { title: title.to_owned(), x, y, series, markers: Vec::new() }
    }
}

/// What the segments of the first segmentations are, in their order, for who has no documentation at hand (docs/segments.md).
const MEANINGS: [[&str; 2]; 3] = [
    [
        "Key are the fifth of the customers who had bought for most, ordinary the three tenths after them, small the rest; problem are those \
         who sent as much back as they bought, or whom the shop calls so.",
        "关键客户是此前购买金额最高的五分之一，普通客户是其后的十分之三，其余为小客户；问题客户是退货不少于购买的客户，或由商家认定。",
    ],
    [
        "Best bought more often and for larger amounts than on average, frequent more often for smaller ones, spenders less often for larger \
         ones, uncertain less often for smaller ones.",
        "优质型购买次数和单次金额都高于平均，经常型次数多而金额小，消费型次数少而金额大，不确定型两者都不高于平均。",
    ],
    [
        "New bought on one or two days, not long ago; building are young customers and those who spend more than before; declining have \
         been silent for two of their usual gaps, or spend less than before; silent bought nothing for a horizon and for four usual \
         gaps; stable are all others.",
        "考察期客户不久前在一两天内购买过；形成期客户时间尚短或消费在增加；退化期客户已沉默两个通常间隔或消费在减少；沉默期客户在一个预测期和四个\
         通常间隔内没有购买；其余为稳定期。",
    ],
];

/// A sentence with a capital at its beginning.
fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
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
