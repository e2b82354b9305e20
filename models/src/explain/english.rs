//! The reasons in English.

use super::wording::{Table, Wording, both};

const SILENT: &[&str] = &[
    "no order for {recency_days|less than a day|1 day|# days}; usual gap {gap_mean_days|less than 1|1|#}",
    "no order for {recency_days|less than a day|1 day|# days}",
];
const CAME: &[&str] = &[
    "last order {recency_days|today|1 day ago|# days ago}; usual gap {gap_mean_days|less than 1|1|#}",
    "last order {recency_days|today|1 day ago|# days ago}",
];
const GAP: &[&str] = &["usual gap between orders {gap_mean_days|less than a day|1 day|# days}"];
const ONE_DAY: &str = "ordered on one day only";

/// English.
pub(super) const ENGLISH: Table = Table {
    nothing_stands_out: "nothing stands out",
    wordings: &[
        Wording { leaving: SILENT, staying: CAME, ..both("recency_days", &[]) },
        both("frequency", &["ordered on {frequency|no day|1 day|# days} in all"]),
        both("monetary", &["spends {monetary} an order"]),
        both(
            "complaint_count",
            &[
                "{complaint_count|no complaint|1 complaint, made|# complaints, the last} \
                 {days_since_complaint|today|1 day ago|# days ago}",
                "{complaint_count|no complaint|1 complaint|# complaints} so far",
            ],
        ),
        both("tenure_days", &["customer {tenure_days|since today|for 1 day|for # days}"]),
        both("purchases_@d", &["{purchases_@d|no order|1 order|# orders} in the last @ days"]),
        both("money_@d", &["spent {money_@d|nothing|#|#} in the last @ days"]),
        both(
            "purchases_@d_change",
            &[
                "{purchases_@d|no order|1 order|# orders} in the last @ days, \
                 {purchases_@d-purchases_@d_change|none|1|#} in the @ before",
                "orders in the last @ days less those in the @ before: {purchases_@d_change}",
            ],
        ),
        both(
            "money_@d_change",
            &[
                "spent {money_@d|nothing|#|#} in the last @ days, \
                 {money_@d-money_@d_change|nothing|#|#} in the @ before",
                "spending in the last @ days less that in the @ before: {money_@d_change}",
            ],
        ),
        both("largest_amount", &["largest order {largest_amount}"]),
        both(
            "amount_spread",
            &[
                "orders of {monetary}, give or take {amount_spread|nothing|#|#}",
                "orders differ by {amount_spread|nothing|#|#}",
            ],
        ),
        both("net_monetary", &["spends {net_monetary} an order, returns taken off"]),
        Wording { missing: ONE_DAY, ..both("gap_mean_days", GAP) },
        Wording {
            missing: ONE_DAY,
            ..both(
                "gap_spread_days",
                &[
                    "gaps between orders of {gap_mean_days|less than a day|1 day|# days}, \
                     give or take {gap_spread_days|nothing|1|#}",
                    "gaps between orders differ by {gap_spread_days|less than a day|1 day|# days}",
                ],
            )
        },
        Wording {
            missing: ONE_DAY,
            ..both(
                "gap_longest_days",
                &["longest gap between orders {gap_longest_days|less than a day|1 day|# days}"],
            )
        },
        Wording {
            leaving: &[
                "no order for {recency_days|less than a day|1 day|# days}, \
                 {silence_ratio} times the usual gap of {gap_mean_days|less than 1|1|#}",
                "silent for {silence_ratio} times the usual gap between orders",
            ],
            staying: &[
                "last order {recency_days|today|1 day ago|# days ago}, \
                 {silence_ratio} times the usual gap of {gap_mean_days|less than 1|1|#}",
                "silent for {silence_ratio} times the usual gap between orders",
            ],
            missing: ONE_DAY,
            ..both("silence_ratio", &[])
        },
        both("return_count", &["{return_count|no return|1 return|# returns} so far"]),
        both("returned_money", &["returned {returned_money|nothing|#|#} so far"]),
        Wording {
            missing: "nothing paid so far",
            ..both("return_share", &["returned {return_share%} of what was bought"])
        },
        both("complaints_@d", &["{complaints_@d|no complaint|1 complaint|# complaints} in the last @ days"]),
        Wording {
            missing: "no complaint so far",
            ..both(
                "days_since_complaint",
                &["last complaint {days_since_complaint|today|1 day ago|# days ago}"],
            )
        },
        both(
            "complaints_per_purchase",
            &["{complaints_per_purchase|no complaint|1 complaint|# complaints} an order"],
        ),
        both("open_complaints", &["{open_complaints|no complaint|1 complaint|# complaints} not resolved"]),
        Wording {
            missing: "no complaint with a severity so far",
            ..both("complaint_severity_worst", &["gravest complaint of severity {complaint_severity_worst}"])
        },
        Wording {
            missing: "no complaint with a severity so far",
            ..both(
                "complaint_severity_mean",
                &["complaints of severity {complaint_severity_mean} on average"],
            )
        },
        // Who is told of has bought something: none at all says that their orders name none.
        both(
            "product_count",
            &[
                "{product_count|no product named in orders|1 product bought|# different products bought} so far",
            ],
        ),
        both(
            "products_per_purchase",
            &["{products_per_purchase|no product named|1 different product|# different products} an order"],
        ),
        both("discount_share", &["{discount_share%} taken off prices by discounts"]),
        both(
            "purchases_@d_year_ago",
            &["{purchases_@d_year_ago|no order|1 order|# orders} in the same @ days a year ago"],
        ),
        both("money_@d_year_ago", &["spent {money_@d_year_ago|nothing|#|#} in the same @ days a year ago"]),
        both(
            "purchases_next_@d_year_ago",
            &[
                "{purchases_next_@d_year_ago|no order|1 order|# orders} a year ago in the @ days that now come",
            ],
        ),
        both(
            "money_next_@d_year_ago",
            &["spent {money_next_@d_year_ago|nothing|#|#} a year ago in the @ days that now come"],
        ),
        both(
            "contacts_@d",
            &["{contacts_@d|not contacted|contacted once|contacted # times} in the last @ days"],
        ),
        Wording {
            missing: "never contacted",
            ..both("days_since_contact", &["last contacted {days_since_contact|today|1 day ago|# days ago}"])
        },
        Wording {
            missing: "no contract runs",
            ..both(
                "contract_age_days",
                &["the contract {contract_age_days|began today|began 1 day ago|began # days ago}"],
            )
        },
        Wording {
            missing: "no contract so far",
            ..both("contract_count", &["{contract_count|no contract|1 contract|# contracts} so far"])
        },
        Wording {
            missing: "no contract has ended so far",
            ..both(
                "contract_before_days",
                &["the contract before ran for {contract_before_days|less than a day|1 day|# days}"],
            )
        },
        both(
            "expected_purchases",
            &["{expected_purchases|no order|1 order|# orders} to be expected, going by the orders so far"],
        ),
    ],
};
