//! Who is as good as gone, and how much of what actions are to earn rests on them.

use mainstay_models::language::Language;

use crate::scores::ScoreRow;

/// From this churn probability on hardly anybody stays by themselves.
const GONE: f64 = 0.9;
/// Such a share of what the actions earn is worth a word.
const WORTH_A_WORD: f64 = 0.25;

/// Of rows with an action that earns something, those of customers who are as good as gone.
#[derive(Default)]
pub(super) struct Gone {
    customers: usize,
    net_value: f64,
    /// What the actions of all earn.
    of_all: f64,
}

impl Gone {
    /// Counts one more row.
    pub(super) fn count(&mut self, row: &ScoreRow) {
        if row.net_value > 0.0 {
            self.of_all += row.net_value;
            if row.churn_probability >= GONE {
                self.customers += 1;
                self.net_value += row.net_value;
            }
        }
    }

    /// What to be careful of, where much rests on them.
    pub(super) fn sentence(&self, language: Language) -> Option<String> {
        let (customers, share) = (self.customers, self.net_value / self.of_all.max(f64::MIN_POSITIVE));
        let percent = 100.0 * share;
        (share >= WORTH_A_WORD).then(|| {
            language.either(
                format!(
                    "{customers} of those with an action are to leave with 90 % and more, and {percent:.0} % of what it comes to is theirs: \
                     that an offer keeps as many of them as of others is assumed here; a trial (mainstay plan --trial) would show it"
                ),
                format!(
                    "有建议行动的客户中，{customers}位的流失概率在90%以上，净收益的{percent:.0}%来自他们：这里假定优惠对他们与对其他客户同样\
                     有效；做一次随机试验（mainstay plan --trial）才能知道"
                ),
            )
        })
    }
}
