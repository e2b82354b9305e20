//! Profit against budget: the curve, as a table and as a chart.

use mainstay_features::units::Money;
use mainstay_models::language::Language;
use mainstay_models::plan::{self, Choices, Point};

use super::Planned;
use crate::chart::{Axis, Colour, Figure, Marker, Panel, Series, Shape, Unit};
use crate::readable::grouped;

/// So many budgets the curve has, evenly from nothing to what would be spent without a budget.
const BUDGETS: u32 = 50;

/// What plans earn with more and more budget.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The plans, by budget; the budget that was asked for is one of them.
    pub points: Vec<Point>,
}

/// The curve of plans within the same capacities as a plan.
pub fn curve(choices: &Choices, planned: &Planned) -> Curve {
    let most = planned.without_budget.spend;
    let mut budgets: Vec<Money> =
        (0..=BUDGETS).map(|step| most * (f64::from(step) / f64::from(BUDGETS))).collect();
    budgets.extend(planned.limits.budget.filter(|budget| *budget < most));
    Curve { points: plan::curve(choices, &planned.limits.capacities, &budgets) }
}

impl Curve {
    /// The points as CSV.
    pub fn to_csv(&self) -> String {
        let line = |point: &Point| {
            let Point { budget, spend, net_value, customers, bound } = point;
            format!("{},{},{},{},{customers}\n", budget.get(), spend.get(), net_value.get(), bound.get())
        };
        let header = "budget,spend,net_value,bound,customers\n".to_owned();
        self.points.iter().map(line).fold(header, |text, line| text + &line)
    }

    /// The points as a chart, in a language.
    pub fn figure(&self, planned: &Planned, language: Language) -> Figure {
        let say = |english: &str, chinese: &str| language.either(english, chinese).to_owned();
        let (asked, reached) = (planned.plan.spend.get(), planned.plan.net_value.get());
        let most = |of: fn(&Point) -> Money| {
            let highest = self.points.iter().map(|point| of(point).get()).fold(0.0, f64::max);
            if highest > 0.0 { 1.12 * highest } else { 1.0 }
        };
        let customers = grouped(&planned.customers().to_string());
        let money = |amount: f64| grouped(&format!("{amount:.2}"));
        let marker = planned.limits.budget.map(|budget| Marker {
            // Beyond what would be spent without a budget there is no curve.
            x: budget.get().max(asked).min(planned.without_budget.spend.get().max(asked)),
            y: reached,
            label: language.either(
                format!("{customers} customers, {}", money(reached)),
                format!("{customers}位客户，{}", money(reached)),
            ),
            colour: Colour::Vermillion,
        });
        let axis = |label, to| Axis { label, from: 0.0, to, unit: Unit::Number };
        let (without_spends, without_earns) =
            (planned.without_budget.spend.get(), planned.without_budget.net_value.get());
        let line = Series {
            name: say("best plan", "最优计划"),
            shape: Shape::Line,
            colour: Colour::Blue,
            points: self.points.iter().map(|point| (point.budget.get(), point.net_value.get())).collect(),
        };
        Figure {
            title: say("What would more budget earn?", "增加预算能多赚多少？"),
            description: language.either(
                format!(
                    "The best plan found earns {} spending {} on {customers} customers; without a budget {} spending {}.",
                    money(reached),
                    money(asked),
                    money(without_earns),
                    money(without_spends),
                ),
                format!(
                    "找到的最优计划在{customers}位客户上花费{}，净收益{}；不限预算时花费{}，净收益{}。",
                    money(asked),
                    money(reached),
                    money(without_spends),
                    money(without_earns),
                ),
            ),
            panels: vec![Panel {
                title: say("Expected net value of the best plan, by budget", "最优计划的预期净收益与预算"),
                x: axis(say("budget for contacts and redeemed incentives", "预算：联系成本与被使用的优惠"), most(|point| point.budget)),
                y: axis(say("net value over doing nothing", "相对不采取行动的净收益"), most(|point| point.net_value)),
                series: vec![line],
                markers: marker.into_iter().collect(),
            }],
        }
    }
}
