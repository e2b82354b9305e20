//! What people read instead of the names that scripts do: headings of columns, and words for tiers, stages, causes and
//! actions.

use mainstay_features::profile::CONSENT_PREFIX;
use mainstay_models::decision::DO_NOTHING;
use mainstay_models::language::Language;
use mainstay_models::segments::Cell as MatrixCell;

use super::{AtRisk, Column};
use crate::scores::{Cell, FieldKind, ScoreRow};

/// The headings in Chinese of all columns that are not from customers files, and of those that lists show of these.
const CHINESE: &[(&str, &str)] = &[
    ("customer_id", "客户编号"),
    ("as_of", "评分时点"),
    ("churn_probability", "流失概率"),
    ("lifetime_value", "客户终身价值"),
    ("action", "建议行动"),
    ("net_value", "预期净收益"),
    ("recency_days", "距上次下单天数"),
    ("frequency", "下单天数"),
    ("monetary", "平均每单金额"),
    ("complaint_count", "投诉次数"),
    ("tenure_days", "首购至今天数"),
    ("purchases_if_kept", "留住后预计下单次数"),
    ("purchases_if_left", "流失后仍会下单次数"),
    ("purchase_amount", "预计每单金额"),
    ("lifetime_value_relative_sd", "终身价值相对标准差"),
    ("value_tier", "客户等级"),
    ("lifecycle_stage", "生命周期阶段"),
    ("likely_cause", "可能的流失原因"),
    ("cause_evidence", "原因依据"),
    ("days_since_contact", "距上次联系天数"),
    ("contact_cost", "联系成本"),
    ("incentive", "优惠成本"),
    ("save_rate", "挽留成功率"),
    ("take_up", "留存客户用券率"),
    ("driven_away", "因打扰流失率"),
    ("value_saved", "挽留的价值"),
    ("incentive_to_saved", "给挽留客户的优惠"),
    ("incentive_to_loyal", "给忠诚客户的优惠"),
    ("value_driven_away", "因打扰流失的价值"),
    ("pays_probability", "回本概率"),
    ("reason_1", "主要因素一"),
    ("reason_2", "主要因素二"),
    ("reason_3", "主要因素三"),
    ("cause_evidence_code", "原因依据代码"),
    ("reason_codes", "主要因素代码"),
    ("value_at_risk", "预计流失价值"),
    ("change", "变化"),
    ("why_nothing", "未提供方案的原因"),
    ("play", "应对策略"),
    ("say", "话术"),
    ("rfm_score", "RFM加权得分"),
    ("value_matrix", "价值矩阵"),
    ("break_even_probability", "盈亏平衡流失概率"),
    ("break_even_save_rate", "盈亏平衡挽留成功率"),
    ("break_even_incentive", "盈亏平衡优惠成本"),
    ("break_even_lifetime_value", "盈亏平衡终身价值"),
    ("win_back_rate", "召回成功率"),
    ("value_won_back", "召回的价值"),
    ("incentive_to_won_back", "给召回客户的优惠"),
    ("break_even_win_back_rate", "盈亏平衡召回成功率"),
    ("name", "姓名"),
    ("phone", "电话"),
    ("account_owner", "客户经理"),
    ("contract_end", "合同终止日（当日起失效）"),
    ("churn_cause", "记录的流失原因"),
    ("problem", "问题客户"),
];

/// The columns that people have no use for: they read the sentences.
const CODES: [&str; 2] = ["cause_evidence_code", "reason_codes"];

/// Of some columns those that people read.
pub fn for_people(mut columns: Vec<Column>) -> Vec<Column> {
    columns.retain(|column| !CODES.contains(&column.name.as_str()));
    columns
}

/// What `do nothing` is called in Chinese.
const DO_NOTHING_IN_CHINESE: &str = "不采取行动";

/// The name of an action that people may call otherwise.
pub fn action_named(text: &str) -> &str {
    if text == DO_NOTHING_IN_CHINESE { DO_NOTHING } else { text }
}

impl AtRisk<'_> {
    /// What people call a column: its name, unless the language has a heading for it.
    pub fn heading(&self, column: &Column) -> String {
        let name = column.name.as_str();
        match (self.language, name.strip_prefix(CONSENT_PREFIX)) {
            (Language::English, _) => name.to_owned(),
            (Language::Chinese, Some(channel)) => format!("同意联系（{channel}）"),
            (Language::Chinese, None) => {
                let heading = CHINESE.iter().find(|(known, _)| *known == name);
                heading.map_or(name, |(_, heading)| heading).to_owned()
            }
        }
    }

    /// What a column holds for a row, with words in the language of people.
    pub fn cell_for_people<'a>(&'a self, column: &'a Column, row: &'a ScoreRow) -> Cell<'a> {
        let cell = self.cell(column, row);
        let language = self.language;
        let is_break_even = matches!(column.kind, FieldKind::BreakEven | FieldKind::BreakEvenShare);
        let words = match (column.name.as_str(), &cell) {
            ("value_tier", _) => row.tier.words(language),
            ("lifecycle_stage", _) => row.stage.words(language),
            ("likely_cause", _) => row.cause.words(language),
            (name, Cell::Text(text)) if language == Language::Chinese => match (name, &**text) {
                ("action", DO_NOTHING) => DO_NOTHING_IN_CHINESE,
                ("value_matrix", name) => name.parse().map_or("", |cell: MatrixCell| cell.words(language)),
                (_, "always") if is_break_even => "总是划算",
                (_, "never") if is_break_even => "从不划算",
                _ => return cell,
            },
            _ => return cell,
        };
        Cell::Text(words.into())
    }
}

#[cfg(test)]
mod tests {
    use mainstay_features::id::IdKind;
    use mainstay_features::units::Instant;
    use mainstay_models::decision::Catalogue;

    use super::*;
    use crate::at_risk::{Filter, Order};
    use crate::scores::Scores;

    #[test]
    fn every_column_has_a_heading_of_its_own_in_chinese_and_what_customers_files_say_keeps_its_name() {
        let shown = ["phone", "consent_sms", "shoe_size"].map(str::to_owned).to_vec();
        let (as_of, id_kind) = (Instant::MIN, IdKind::Text);
        let scores =
            Scores { as_of, id_kind, actions: vec![], shown, suppressed: 0, basis: None, rows: vec![] };
        let catalogue = Catalogue::built_in().unwrap();
        let shown = (&Filter::default(), Order::Customer, 0);
        let list = AtRisk::of(&scores, &catalogue, None, Language::Chinese, shown);
        let columns = list.columns();
        let headings: Vec<String> = columns.iter().map(|column| list.heading(column)).collect();
        for (place, (heading, column)) in headings.iter().zip(&columns).enumerate() {
            let is_chinese = heading.chars().any(|c| c > '\u{4e00}');
            assert_eq!(is_chinese, column.name != "shoe_size", "{}: {heading}", column.name);
            assert!(!headings[..place].contains(heading), "{heading} twice");
        }
        assert!(headings.contains(&"同意联系（sms）".to_owned()), "{headings:?}");
        let english = AtRisk { language: Language::English, ..list };
        assert!(columns.iter().all(|column| english.heading(column) == column.name));
    }
}
