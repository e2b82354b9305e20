//! Reports as pages, of a back-test and of who stays: each one HTML file for whoever has to decide, that needs no server,
//! network or script to be read.

mod backtest;
mod curves;
mod html;
mod turnover;

use mainstay_models::evaluate::Metrics;
use mainstay_models::language::Language;

pub use self::curves::{Line, Tenth};
pub use self::html::Tone;
pub use self::turnover::{By, Segmentation, TurnoverReport};
pub(crate) use self::turnover::{LOST, period_cells, period_titles, segment_cells, segment_titles};

use self::html::{Column, Page};
use crate::proceeds::Sum;

/// What the report of a back-test shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The language that all of it is in.
    pub language: Language,
    /// How the verdict is meant.
    pub tone: Tone,
    /// The verdict, a sentence.
    pub verdict: String,
    /// What it rests on, a sentence each.
    pub grounds: Vec<String>,
    /// What was tested: names and values.
    pub facts: Vec<(String, String)>,
    /// Models and baselines, in the order of the table.
    pub rows: Vec<Measured>,
    /// Of the one in use, its tenths by probability, lowest first.
    pub reliability: Vec<Tenth>,
    /// Shares of leavers by shares contacted: of the one in use, then of what it is compared with.
    pub gain: Vec<Line>,
    /// Of the one in use, the lift of each tenth, the most likely to leave first.
    pub lift: Vec<f64>,
    /// Money per customer of the population by shares contacted, like `gain`.
    pub profit: Vec<Line>,
    /// What the campaign of the profits costs and earns, a sentence.
    pub campaign: String,
    /// What was said and what came, of all, by tier and by stage.
    pub proceeds: Vec<(String, Sum)>,
    /// What is to be thought of that, a sentence each.
    pub remarks: Vec<String>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The name.
    pub name: String,
    /// Whether it is the one in use.
    pub is_used: bool,
    /// How good its probabilities are; `None` for what gives none, such as doing nothing.
    pub metrics: Option<Metrics>,
    /// What acting on it earns, in money per customer of the population.
    pub profit: Option<f64>,
}

fn columns_of_proceeds(language: Language) -> [Column; 9] {
    language.either(
        [
            Column { title: "who", meaning: "all, by value tier, and by stage" },
            Column { title: "customers", meaning: "" },
            Column { title: "expected to leave", meaning: "the sum of their probabilities" },
            Column { title: "left", meaning: "" },
            Column {
                title: "expected to spend",
                meaning: "within the horizon, by the model that lifetime values come from; – where that says nothing of who has left",
            },
            Column { title: "spent", meaning: "on purchases; what was brought back is not taken off" },
            Column { title: "actions", meaning: "for how many an offer was to pay" },
            Column { title: "net value said", meaning: "what these offers were expected to earn, as a scored list says it" },
            Column {
                title: "by who left",
                meaning: "the same with who left and who stayed in place of the probabilities; values and save rates are as assumed",
            },
        ],
        [
            Column { title: "客户", meaning: "全部、按价值等级、按阶段" },
            Column { title: "客户数", meaning: "" },
            Column { title: "预计流失", meaning: "各客户流失概率之和" },
            Column { title: "实际流失", meaning: "" },
            Column { title: "预计消费", meaning: "观察期内，按计算客户价值所用的模型；–表示该模型不判断客户是否已流失" },
            Column { title: "实际消费", meaning: "购买金额，未扣除退货" },
            Column { title: "行动数", meaning: "值得提供方案的客户数" },
            Column { title: "预计净收益", meaning: "评分名单上这些方案的预期收益" },
            Column {
                title: "按实际流失计算",
                meaning: "用实际流失与否代替概率重新计算；客户价值和成功率仍为假设",
            },
        ],
    )
}

fn columns(language: Language) -> [Column; 7] {
    language.either(
        [
            Column { title: "model or rule", meaning: "" },
            Column {
                title: "ranking (ROC-AUC)",
                meaning: "of a leaver and a stayer, how often the leaver was given the higher risk; 0.5 is guessing, 1 is perfect",
            },
            Column {
                title: "log loss",
                meaning: "how far the probabilities were from what happened; lower is better, and confident mistakes cost most",
            },
            Column {
                title: "calibration error",
                meaning: "by how many points, on average over tenths, the probability said differs from the share who left; lower is better",
            },
            Column {
                title: "Brier",
                meaning: "mean squared distance between probability and outcome; lower is better",
            },
            Column {
                title: "lift at 10 %",
                meaning: "in the tenth most likely to leave, how many times as many left as on average; higher is better",
            },
            Column {
                title: "earns per customer",
                meaning: "what contacting whom it pays to contact would have earned, in money per customer of the population; higher is better",
            },
        ],
        [
            Column { title: "模型或规则", meaning: "" },
            Column {
                title: "排序能力（ROC-AUC）",
                meaning: "任取一位流失客户和一位留下的客户，流失者得到更高风险的比例；0.5相当于随机猜测，1为完美",
            },
            Column { title: "对数损失", meaning: "概率与实际结果的差距；越低越好，越自信的错误代价越大" },
            Column {
                title: "校准误差",
                meaning: "按概率分为十组，预测概率与实际流失率平均相差多少个百分点；越低越好",
            },
            Column { title: "Brier分数", meaning: "概率与结果之差的平方的平均值；越低越好" },
            Column {
                title: "前10%提升度",
                meaning: "最可能流失的十分之一客户，其流失率是平均流失率的多少倍；越高越好",
            },
            Column {
                title: "每位客户收益",
                meaning: "只联系值得联系的客户，按全部客户平均每位能赚多少；越高越好",
            },
        ],
    )
}

impl Report {
    /// The HTML document.
    pub fn to_html(&self) -> String {
        let language = self.language;
        let say = |english, chinese| language.either(english, chinese);
        let mut page = Page::new(language, say("Can these churn scores be trusted?", "这些流失评分可信吗？"));
        page.verdict(self.tone, &self.verdict, &self.grounds);
        page.heading(say("What was tested", "检验内容"));
        page.facts(&self.facts);
        page.heading(say("Models and simple rules, side by side", "模型与简单规则的对比"));
        page.paragraph(say(
            "All were given the same customers, and nothing later than the test date. The marked one was selected before the outcome was looked at.",
            "所有模型和规则面对同一批客户，都不知道检验日期之后的任何事。标出的一行是在看到结果之前选定的。",
        ));
        let rows = self.rows.iter().map(|row| (row.is_used, row.cells(language)));
        page.table(&columns(language), &rows.collect::<Vec<_>>());
        page.heading(say("Are the probabilities right? (calibration)", "预测概率准不准（校准）"));
        page.paragraph(say(
            "Customers in ten groups by the probability they were given. Dots on the dashed line are right; above it more left than was said, below it fewer. Where the upright line crosses the dashed one, the difference is within chance.",
            "按预测概率把客户分为十组。点落在虚线上，说明预测与实际一致；在虚线上方，实际流失比预测的多，在下方则更少。竖线与虚线相交，说明差别在偶然范围之内。",
        ));
        page.figure(&curves::reliability(&self.reliability, language));
        page.heading(say("Reach", "覆盖多少流失客户"));
        page.paragraph(say(
            "If you contact customers from the top of the list down, this is how many of those who leave you reach.",
            "从名单顶部依次往下联系，能覆盖到多少流失客户。",
        ));
        page.figure(&curves::gain(&self.gain, language));
        page.heading(say("Ranking", "排序"));
        page.paragraph(say(
            "Bars should fall from left to right; the first should be well above the dashed line.",
            "柱子应从左到右递减，第一根应明显高于虚线。",
        ));
        page.figure(&curves::lift(&self.lift, language));
        page.heading(say("Money", "收益"));
        page.paragraph(&self.campaign);
        page.figure(&curves::profit(&self.profit, language));
        page.heading(say("What was said and what came", "预计与实际"));
        page.paragraph(say(
            "What was said of the customers of the test date, and what came: who left, what they spent, and what the offers would have earned by who left. Where the two are far apart, so are the probabilities and net values of such customers in a scored list.",
            "对检验日期各类客户的预计与实际对照：流失了多少人、消费了多少、按实际流失情况方案能赚多少。两者若相差很大，评分名单上这类客户的概率和净收益也同样不可靠。",
        ));
        let rows = self.proceeds.iter().enumerate().map(|(place, (who, sum))| {
            let mut cells = vec![who.clone()];
            cells.extend(sum.cells());
            (place == 0, cells)
        });
        page.table(&columns_of_proceeds(language), &rows.collect::<Vec<_>>());
        for remark in &self.remarks {
            page.paragraph(&sentence(remark));
        }
        page.finish()
    }
}

/// A remark as a sentence of a page.
fn sentence(remark: &str) -> String {
    let mut rest = remark.chars();
    let first: String = rest.next().map_or(String::new(), |first| first.to_uppercase().collect());
    let stop = if remark.is_ascii() { "." } else { "。" };
    first + rest.as_str() + stop
}

impl Measured {
    fn cells(&self, language: Language) -> Vec<String> {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
        };
        let metrics = self.metrics.as_ref();
        let points = |m: &Metrics| format!("{:.1}{}", 100.0 * m.ece, language.either(" points", "个百分点"));
        vec![
            format!(
                "{}{}",
                self.name,
                if self.is_used { language.either(" (selected)", "（本次选用）") } else { "" }
            ),
            number(metrics.and_then(|m| m.auc), 3),
            number(metrics.map(|m| m.log_loss), 4),
            metrics.map_or("–".to_owned(), points),
            number(metrics.map(|m| m.brier), 4),
            number(metrics.and_then(|m| m.lift_at_10), 2),
            number(self.profit, 2),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn report() -> Report {
        let metrics = Metrics {
            auc: Some(0.772),
            pr_auc: Some(0.9),
            log_loss: 0.4567,
            brier: 0.15,
            ece: 0.012,
            lift_at_10: Some(1.31),
        };
        let line = |name: &str, bend: f64| Line {
            name: name.to_owned(),
            points: (0..=100).map(|i| f64::from(i) / 100.0).map(|x| (x, x.powf(bend))).collect(),
        };
        let money = |name: &str, scale: f64| Line {
            name: name.to_owned(),
            points: (0..=100)
                .map(|i| f64::from(i) / 100.0)
                .map(|x| (x, scale * (x.sqrt() - 1.15 * x)))
                .collect(),
        };
        let row = |name: &str, is_used, metrics| Measured {
            name: name.to_owned(),
            is_used,
            metrics,
            profit: Some(2.5),
        };
        Report {
            language: Language::English,
            tone: Tone::Good,
            verdict: "Clearly better than the simple rule".to_owned(),
            grounds: vec!["Over 3 test dates the model would have earned 0.52 more per customer than the rule \"days since the last order\".".to_owned()],
            facts: vec![("Test date".to_owned(), "1998-04-01".to_owned()), ("Customers".to_owned(), "6046".to_owned())],
            rows: vec![
                row("average", true, Some(metrics)),
                row("days since the last order", false, Some(metrics)),
                row("do nothing <b>", false, None),
            ],
            reliability: (0..10).map(|i| 0.1 + 0.08 * f64::from(i)).map(|p| Tenth { predicted: p, observed: p + 0.02, interval: (p - 0.01, p + 0.05) }).collect(),
            gain: vec![line("average", 0.4), line("days since the last order", 0.55)],
            lift: (0..10).map(|i| 2.6 - 0.25 * f64::from(i)).collect(),
            profit: vec![money("average", 10.0), money("days since the last order", 8.0)],
            campaign: "A contact costs 1.00 and an incentive 10.00; three in ten who would leave are kept, each worth 200.00.".to_owned(),
            proceeds: vec![("all".to_owned(), Sum { customers: 9, expected_leavers: 4.4, leavers: 5, actions: 7, said: 123.4, came: 99.0, ..Sum::default() })],
            remarks: vec!["72 % of what was said came".to_owned(), "more left".to_owned()],
        }
    }

    #[test]
    fn the_page_says_the_verdict_and_shows_every_curve() {
        let html = report().to_html();
        assert!(html.contains("Clearly better than the simple rule"));
        assert_eq!(html.matches("<svg").count(), 4);
        assert!(html.contains("average (selected)") && html.contains("do nothing &lt;b&gt;"));
        assert!(html.contains("reaches 53 % of those who leave"), "the gain at a fifth");
        assert!(html.contains("<td>123.40</td><td>99.00</td>"));
        assert!(html.contains("72 % of what was said came.") && html.contains("More left."));
        assert!(!html.contains("NaN") && !html.contains("<script"));
    }
}
