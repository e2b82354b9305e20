//! The play: what serves with a customer of a tier who leaves for a cause, in words.

use super::{Cause, Tier};
use crate::language::Language;

/// Whether an offer is made unless the shop says otherwise: not to problem customers, and not where the cause is natural
/// or forced, which no offer changes.
pub const fn default_allowed(tier: Tier, cause: Cause) -> bool {
    !matches!(tier, Tier::Problem) && !matches!(cause, Cause::Natural | Cause::Forced)
}

/// The play for a cause.
pub const fn by_cause(cause: Cause, language: Language) -> &'static str {
    match (cause, language) {
        (Cause::Natural, Language::English) => "let go",
        (Cause::Natural, Language::Chinese) => "顺其自然，不再挽留",
        (Cause::NeedChanged, Language::English) => "offer another product or a pause",
        (Cause::NeedChanged, Language::Chinese) => "推荐其他产品，或允许暂停一段时间",
        (Cause::Price, Language::English) => {
            "show what it is worth, or make an offer up to the highest that pays"
        }
        (Cause::Price, Language::Chinese) => "讲清产品价值，或在不亏本的前提下给予优惠",
        (Cause::Disappointment, Language::English) => "apologise, fix it, compensate; only then contact",
        (Cause::Disappointment, Language::Chinese) => "先道歉、解决问题并补偿，然后再联系",
        (Cause::Forced, Language::English) => "do not win back",
        (Cause::Forced, Language::Chinese) => "不再召回",
        (Cause::Unknown, Language::English) => "ask what is wrong",
        (Cause::Unknown, Language::Chinese) => "先询问原因",
    }
}

/// The play for a tier.
pub const fn by_tier(tier: Tier, language: Language) -> &'static str {
    match (tier, language) {
        (Tier::Key, Language::English) => "spare no effort that pays",
        (Tier::Key, Language::Chinese) => "只要划算就全力挽留",
        (Tier::Ordinary, Language::English) => "try",
        (Tier::Ordinary, Language::Chinese) => "尝试挽留",
        (Tier::Small, Language::English) => "use only the cheap channel",
        (Tier::Small, Language::Chinese) => "只用低成本渠道",
        (Tier::Problem, Language::English) => "do nothing",
        (Tier::Problem, Language::Chinese) => "不采取行动",
    }
}

/// The play for both, in a line: how much effort, and then what; where there is nothing to be done, that alone.
pub fn play(tier: Tier, cause: Cause, language: Language) -> String {
    let (by_tier, by_cause) = (by_tier(tier, language), by_cause(cause, language));
    if tier == Tier::Problem {
        by_tier.to_owned()
    } else if !default_allowed(tier, cause) {
        by_cause.to_owned()
    } else {
        match language {
            Language::English => format!("{by_tier}: {by_cause}"),
            Language::Chinese => format!("{by_tier}：{by_cause}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ECONOMICS.md section 6, play by cause and play by tier.
    #[test]
    fn the_plays_are_those_of_section_6() {
        let said = |tier, cause| play(tier, cause, Language::English);
        assert_eq!(
            said(Tier::Key, Cause::Disappointment),
            "spare no effort that pays: apologise, fix it, compensate; only then contact"
        );
        assert_eq!(
            said(Tier::Small, Cause::NeedChanged),
            "use only the cheap channel: offer another product or a pause"
        );
        assert_eq!(said(Tier::Key, Cause::Natural), "let go");
        assert_eq!(said(Tier::Ordinary, Cause::Forced), "do not win back");
        assert_eq!(said(Tier::Problem, Cause::Price), "do nothing");
        assert_eq!(
            play(Tier::Ordinary, Cause::Price, Language::Chinese),
            "尝试挽留：讲清产品价值，或在不亏本的前提下给予优惠"
        );
    }

    #[test]
    fn no_offer_goes_to_problem_customers_and_to_whom_none_can_keep() {
        for tier in Tier::ALL {
            for cause in Cause::ALL {
                let is_excepted = tier == Tier::Problem || cause == Cause::Natural || cause == Cause::Forced;
                assert_eq!(default_allowed(tier, cause), !is_excepted, "{tier:?} {cause:?}");
            }
        }
    }
}
