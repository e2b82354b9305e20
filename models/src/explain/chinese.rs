//! The reasons in Chinese, as an account manager would say them: the same facts as in `english.rs`.

use super::wording::{Table, Wording, both};

const SILENT: &[&str] = &[
    "{recency_days|不到1天|已#天}未下单，平时{gap_mean_days|不到1天|约#天}下单一次",
    "{recency_days|不到1天|已#天}未下单",
];
const CAME: &[&str] = &[
    "最近一次下单{recency_days|就在今天|在#天前}，平时{gap_mean_days|不到1天|约#天}下单一次",
    "最近一次下单{recency_days|就在今天|在#天前}",
];
const ONE_DAY: &str = "仅在某一天下过单";

/// Chinese. Nouns have no plural, so that there is at most one form for none and one for more.
pub(super) const CHINESE: Table = Table {
    nothing_stands_out: "无突出因素",
    wordings: &[
        Wording { leaving: SILENT, staying: CAME, ..both("recency_days", &[]) },
        both("frequency", &["累计有{frequency}天下过单"]),
        both("monetary", &["平均每单消费{monetary}"]),
        both(
            "complaint_count",
            &[
                "{complaint_count|没有投诉，|投诉过1次，|投诉过#次，最近一次}{days_since_complaint|就在今天|在#天前}",
                "{complaint_count|至今没有投诉|至今投诉过#次}",
            ],
        ),
        both("tenure_days", &["{tenure_days|今天刚成为客户|成为客户已有#天}"]),
        both("purchases_@d", &["近@天{purchases_@d|没有下单|下单#次}"]),
        both("money_@d", &["近@天{money_@d|没有消费|消费#}"]),
        both(
            "purchases_@d_change",
            &[
                "近@天{purchases_@d|没有下单|下单#次}，此前@天{purchases_@d-purchases_@d_change|没有下单|下单#次}",
                "近@天下单次数较此前@天的变化：{purchases_@d_change}次",
            ],
        ),
        both(
            "money_@d_change",
            &[
                "近@天{money_@d|没有消费|消费#}，此前@天{money_@d-money_@d_change|没有消费|消费#}",
                "近@天消费较此前@天的变化：{money_@d_change}",
            ],
        ),
        both("largest_amount", &["最大一单消费{largest_amount}"]),
        both(
            "amount_spread",
            &[
                "平均每单消费{monetary}，{amount_spread|每单都一样|上下浮动约#}",
                "每单金额{amount_spread|都一样|上下浮动约#}",
            ],
        ),
        both("net_monetary", &["扣除退货后，平均每单消费{net_monetary}"]),
        Wording {
            missing: ONE_DAY, ..both("gap_mean_days", &["平时{gap_mean_days|不到1天|约#天}下单一次"])
        },
        Wording {
            missing: ONE_DAY,
            ..both(
                "gap_spread_days",
                &[
                    "平时{gap_mean_days|不到1天|约#天}下单一次，{gap_spread_days|间隔很固定|间隔上下浮动约#天}",
                    "下单间隔{gap_spread_days|很固定|上下浮动约#天}",
                ],
            )
        },
        Wording {
            missing: ONE_DAY,
            ..both("gap_longest_days", &["两次下单最长间隔{gap_longest_days|不到1天|#天}"])
        },
        Wording {
            leaving: &[
                "{recency_days|不到1天|已#天}未下单，是平时间隔（{gap_mean_days|不到1天|约#天}）的{silence_ratio}倍",
                "未下单的时间已是平时间隔的{silence_ratio}倍",
            ],
            staying: &[
                "最近一次下单{recency_days|就在今天|在#天前}，相当于平时间隔（{gap_mean_days|不到1天|约#天}）的{silence_ratio}倍",
                "未下单的时间是平时间隔的{silence_ratio}倍",
            ],
            missing: ONE_DAY,
            ..both("silence_ratio", &[])
        },
        both("return_count", &["{return_count|至今没有退过货|至今退过#次货}"]),
        both("returned_money", &["{returned_money|至今没有退过货|至今退货金额共#}"]),
        Wording {
            missing: "至今没有付过款", ..both("return_share", &["退货占购买金额的{return_share%}"])
        },
        both("complaints_@d", &["近@天{complaints_@d|没有投诉|投诉#次}"]),
        Wording {
            missing: "至今没有投诉",
            ..both("days_since_complaint", &["最近一次投诉{days_since_complaint|就在今天|在#天前}"])
        },
        both("complaints_per_purchase", &["{complaints_per_purchase|没有投诉|平均每单投诉#次}"]),
        both("open_complaints", &["{open_complaints|没有未解决的投诉|有#起投诉尚未解决}"]),
        Wording {
            missing: "至今没有标明严重程度的投诉",
            ..both("complaint_severity_worst", &["最严重的一次投诉，严重程度为{complaint_severity_worst}"])
        },
        Wording {
            missing: "至今没有标明严重程度的投诉",
            ..both("complaint_severity_mean", &["投诉的平均严重程度为{complaint_severity_mean}"])
        },
        both("product_count", &["至今{product_count|订单未注明商品|买过#种商品}"]),
        both("products_per_purchase", &["平均每单{products_per_purchase|未注明商品|买#种商品}"]),
        both("discount_share", &["优惠金额占原价的{discount_share%}"]),
        both("purchases_@d_year_ago", &["去年此时的前@天{purchases_@d_year_ago|没有下单|下单#次}"]),
        both("money_@d_year_ago", &["去年此时的前@天{money_@d_year_ago|没有消费|消费#}"]),
        both("purchases_next_@d_year_ago", &["去年此时的后@天{purchases_next_@d_year_ago|没有下单|下单#次}"]),
        both("money_next_@d_year_ago", &["去年此时的后@天{money_next_@d_year_ago|没有消费|消费#}"]),
        both("contacts_@d", &["近@天{contacts_@d|没有联系过客户|联系过客户#次}"]),
        Wording {
            missing: "从未联系过客户",
            ..both("days_since_contact", &["最近一次联系客户{days_since_contact|就在今天|在#天前}"])
        },
        Wording {
            missing: "没有生效中的合同",
            ..both("contract_age_days", &["现有合同{contract_age_days|今天生效|已生效#天}"])
        },
        Wording {
            missing: "至今没有签过合同",
            ..both("contract_count", &["至今{contract_count|没有签过合同|签过#份合同}"])
        },
        Wording {
            missing: "至今没有合同到期",
            ..both("contract_before_days", &["上一份合同{contract_before_days|不到1天|履行了#天}"])
        },
        both("expected_purchases", &["按以往的下单规律，近期预计{expected_purchases|不会下单|下单#次}"]),
    ],
};
