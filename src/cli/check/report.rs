//! The report: what it tells, as text and as JSON, and what it finds.

use mainstay_features::check::{
    Alike, Cancellations, ContractReport, CustomerReport, DRAWN_OUT_DAYS, DayReport, Discounts, DrawnOut,
    OddDay, Oddity, Repeats, Returned, Statuses, WHOLESALE_TIMES,
};
use mainstay_features::history::{Given, Telling, Told};
use mainstay_features::ingest::Counts;
use mainstay_features::newcomers::OddWave;
use mainstay_features::units::{Days, Instant};
use serde_json::{Map, Value, json};

use super::contracts;
use super::rows::Rows;
use crate::cli::{newcomers, strangers};

/// Everything the report tells.
pub(super) struct Report {
    pub(super) rows: Rows,
    pub(super) negative: u64,
    pub(super) zero: u64,
    /// How many amounts have a point, if all of these have three digits after it.
    pub(super) seems_thousands: Option<u64>,
    pub(super) currencies: Vec<(String, u64)>,
    pub(super) repeats: Repeats,
    pub(super) cancellations: Cancellations,
    pub(super) discounts: Discounts,
    pub(super) statuses: Statuses,
    pub(super) orders: usize,
    pub(super) span: (Instant, Instant),
    pub(super) days: DayReport,
    pub(super) customers: CustomerReport,
    pub(super) contracts: Option<ContractReport>,
    /// Newcomers of whom more or fewer came back soon than of those before.
    pub(super) odd_newcomers: Vec<OddWave>,
    /// Complaints of customers without an order.
    pub(super) told: Told,
    /// Columns of customers files that are called as if they said whom the shop may turn to.
    pub(super) like_consents: Vec<String>,
    pub(super) horizons: Vec<(Days, usize)>,
    pub(super) as_of: Instant,
    pub(super) given: Given,
}

impl Report {
    /// How many days ago the last order was.
    fn days_old(&self) -> i64 {
        self.as_of.days_since(self.span.1)
    }

    /// What would mislead a model, or is missing for one; each in a sentence with what to do.
    fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let mut find = |found: bool, what: String| {
            if found {
                findings.push(what);
            }
        };
        let odd = |oddity| self.days.odd.iter().filter(move |day| day.oddity == oddity);
        let days = |oddity| listed(&odd(oddity).collect::<Vec<_>>());
        let count = |oddity| odd(oddity).count();
        let (missing, thin, full) = (count(Oddity::Missing), count(Oddity::Thin), count(Oddity::Full));
        // Where contracts say who has left, a day without lines looks like nothing, and bills come when months end.
        let churn =
            if self.contracts.is_none() { "A missing day looks like mass churn: send" } else { "Send" };
        find(
            missing > 0,
            format!(
                "{missing} days have no line where their weekday usually has: {}. {churn} them, or say why",
                days(Oddity::Missing)
            ),
        );
        find(
            thin > 0,
            format!(
                "{thin} days have less than a tenth of their weekday's usual lines: {}. Are they whole?",
                days(Oddity::Thin)
            ),
        );
        find(
            full > 0,
            format!(
                "{full} days have more than five times their weekday's usual lines: {}. Was something sent \
                     twice, or loaded at once?",
                days(Oddity::Full)
            ),
        );
        if let Some(begin) = self.days.thin_end().filter(|_| self.contracts.is_none()) {
            find(
                true,
                format!(
                    "the log is whole until {0}, and from then on it is not: train and score as of that day's beginning \
                     (--as-of {0})",
                    date(begin)
                ),
            );
        }
        if let Some(days) = self.days.alone_at_the_end {
            find(
                true,
                format!(
                    "the last day with lines comes {days} days after the one before it: is its date right? Everything \
                         would be told and scored as of that day"
                ),
            );
        }
        let old = self.days_old();
        find(old >= 2, format!("the last order is {old} days old at {}: scores will be as old", self.as_of));
        find(
            old < 0,
            format!("the last order is {} days in the future: is the clock right (--time-zone)?", -old),
        );
        let Repeats { lines, orders } = self.repeats;
        find(
            lines > 0,
            format!(
                "{lines} lines repeat another in everything that is read of them, and {orders} orders are \
                     there twice or more as a whole. They all count: if they were sent twice, --drop-duplicates leaves \
                     them out"
            ),
        );
        let Cancellations { lines, of_no_order } = self.cancellations;
        find(
            of_no_order > 0,
            format!(
                "{of_no_order} of {lines} lines that cancel an order name one that the same customer does not have: the order still counts as a \
                     purchase, and the line as a return of its own. Write it in cancels_order_id as in order_id, and under the \
                     customer who ordered"
            ),
        );
        let DrawnOut { orders, customers, named } = &self.customers.drawn_out;
        find(
            *orders > 0,
            format!(
                "{orders} orders of {customers} customers have lines more than {DRAWN_OUT_DAYS} days after their first ({}): all of an \
                     order is bought with its first line. Where the number is that of a frame, and goods are delivered again and \
                     again, name a column with the number of the delivery or the bill: --column order_id=…",
                named.join(", ")
            ),
        );
        let Discounts { given, negative, up_to_one } = self.discounts;
        find(
            2 * negative > given,
            format!(
                "{negative} of {given} discounts are below zero and count as none: a discount is what was taken off, above zero"
            ),
        );
        find(
            given > 0 && up_to_one == given,
            format!(
                "all {given} discounts are between 0 and 1: they are read as money that was taken off a line; if they are shares of \
                     the price, give the money"
            ),
        );
        let Returned { count, named } = &self.customers.returned;
        find(
            *count > 0,
            format!(
                "{count} customers brought back nine tenths and more of what they bought: {}. An order that was cancelled \
                     under a number of its own still counts as a purchase: name it in cancels_order_id, or --exclude them",
                named.join(", ")
            ),
        );
        let nameless = self.customers.nameless.iter();
        let nameless: Vec<String> = nameless.map(|(id, purchases)| format!("{id:?} ({purchases})")).collect();
        find(
            !nameless.is_empty(),
            format!(
                "customers are called {} (purchases of each): if that means that nobody is known, leave it empty, or --exclude them",
                nameless.join(", ")
            ),
        );
        let Alike { customers: alike, named } = &self.customers.alike;
        let named: Vec<String> = named.iter().map(|(one, other)| format!("{one:?} and {other:?}")).collect();
        find(
            *alike > 0,
            format!(
                "{alike} customers are called like another but for capitals, blanks, zeros in front or .0 behind: {}. Each counts \
                 as a customer: write them alike",
                named.join(", ")
            ),
        );
        if let Some(amounts) = self.seems_thousands {
            find(
                true,
                format!(
                    "all {amounts} amounts with a point have three digits after it, as 1.234: where these are thousands, say \
                     --decimal-comma"
                ),
            );
        }
        self.rows.findings().into_iter().for_each(|finding| find(true, finding));
        strangers::doubts(&self.told).into_iter().for_each(|doubt| find(true, doubt));
        for column in &self.like_consents {
            find(
                true,
                format!(
                    "customers files have a column {column:?}: if it says whom the shop may turn to, no decision reads it unless it is \
                     named for the channel, as in --column consent_sms={column}"
                ),
            );
        }
        let Statuses { closed_without_resolution, open_with_resolution } = self.statuses;
        let unresolved = self.given.complaints_unresolved;
        find(
            unresolved,
            "complaints come from a file without resolved_at: which of them are open is unknown, and open_complaints is left \
             out. Give resolved_at where there is one"
                .to_owned(),
        );
        find(
            closed_without_resolution > 0 && !unresolved,
            format!(
                "{closed_without_resolution} complaints are closed by their status but have no resolved_at. They \
                     count as open at every instant: give resolved_at"
            ),
        );
        find(
            open_with_resolution > 0,
            format!(
                "{open_with_resolution} complaints have a resolved_at though their status says they are open. \
                     They count as open until then, and no longer: which is right?"
            ),
        );
        let currencies: Vec<&str> = self.currencies.iter().map(|(name, _)| name.as_str()).collect();
        find(
            currencies.len() > 1,
            format!(
                "amounts are in {} currencies ({}): convert them, or take one at a time with --where",
                currencies.len(),
                currencies.join(", ")
            ),
        );
        let named: Vec<&str> = self.customers.wholesale.iter().take(5).map(|(id, _)| id.as_str()).collect();
        find(
            self.customers.wholesale_count > 0,
            format!(
                "{} accounts spend {WHOLESALE_TIMES} times what the median customer does or more ({}): if \
                     they are not customers as the others are (wholesale in a shop, staff, tests), leave them out with --exclude",
                self.customers.wholesale_count,
                named.join(", ")
            ),
        );
        let once = self.customers.with_one_purchase;
        find(
            once > 0.8,
            format!(
                "{:.0} % of the customers bought once: recency and frequency say little of them",
                100.0 * once
            ),
        );
        if let Some(odd) = newcomers::told(&self.odd_newcomers).filter(|_| self.contracts.is_none()) {
            find(
                true,
                format!(
                    "{odd}. Are they customers of another kind, by a campaign or by what is sold, those of before under other \
                     identifiers, or did everybody buy otherwise then? A model knows a new kind only a horizon after they came (docs/models.md, new kinds of customers)"
                ),
            );
        }
        find(
            self.horizons.is_empty(),
            format!(
                "the log, {} days, is too short to train and test on any horizon from 30 days up",
                self.span.1.days_since(self.span.0)
            ),
        );
        find(
            self.span.1.days_since(self.span.0) < 730,
            "less than two years: a season cannot be told from a trend".to_owned(),
        );
        find(
            self.customers.buyers < 1000,
            "fewer than 1,000 customers: measures of a model will be rough".to_owned(),
        );
        if let Some(contracts) = &self.contracts {
            contracts::findings(contracts).into_iter().for_each(|finding| find(true, finding));
        }
        find(!self.given.complaints, "no complaints (--complaints)".to_owned());
        find(!self.given.products, "no product_id: nothing can be told of variety".to_owned());
        findings
    }

    pub(super) fn to_text(&self) -> String {
        let Counts { purchase_lines, complaints, contacts, profiles, contracts, .. } = self.rows.counts;
        let (first, last) = self.span;
        let customers = &self.customers;
        let mut text = format!(
            "{purchase_lines} lines, {} orders, {} customers with a purchase, {complaints} complaints, \
                 {contacts} contacts, {profiles} rows about customers, {contracts} contracts\n\
             from {first} to {last}: {} days, {} of them with lines\n\
             {} lines below zero, {} of nothing; {} repeat another\n\
             {}{:.1} % of the customers bought once; the median customer spent {:.2} of {:.2} in all\n",
            self.orders,
            customers.buyers,
            self.days.span.1 - self.days.span.0 + 1,
            self.days.with_lines,
            self.negative,
            self.zero,
            self.repeats.lines,
            self.rows.left_out(),
            100.0 * customers.with_one_purchase,
            customers.median_money,
            customers.money,
        );
        text += &self.contracts.as_ref().map_or_else(String::new, contracts::told);
        let horizons: Vec<String> =
            self.horizons.iter().map(|(horizon, cutoffs)| format!("{horizon} ({cutoffs} cutoffs)")).collect();
        if !horizons.is_empty() {
            text += &format!("usable horizons: {}; mainstay horizon advises one\n", horizons.join(", "));
        }
        text += "\n";
        for finding in self.findings() {
            text += &format!("- {finding}\n");
        }
        text
    }

    pub(super) fn to_json(&self) -> Value {
        let odd = |day: &OddDay| {
            let oddity = match day.oddity {
                Oddity::Missing => "missing",
                Oddity::Thin => "thin",
                Oddity::Full => "full",
            };
            json!({"day": date(day.day), "oddity": oddity, "lines": day.lines, "usual_lines": day.usual_lines})
        };
        let wholesale = |(id, money): &(String, f64)| json!({"customer_id": id, "money": money});
        let horizon = |(horizon, cutoffs): &(Days, usize)| json!({"days": horizon.get(), "cutoffs": cutoffs});
        let of_orders = json!({
            "orders": self.orders,
            "customers": self.customers.buyers,
            "first_order": self.span.0.to_string(),
            "last_order": self.span.1.to_string(),
            "as_of": self.as_of.to_string(),
            "days_old": self.days_old(),
            "days_with_lines": self.days.with_lines,
            "days_before_the_last_without_lines": self.days.alone_at_the_end,
            "customers_called_like_another": self.customers.alike.customers,
            "cancelling_lines": self.cancellations.lines,
            "cancelling_lines_without_their_order": self.cancellations.of_no_order,
            "orders_drawn_out": self.customers.drawn_out.orders,
            "discounts": self.discounts.given,
            "discounts_below_zero": self.discounts.negative,
            "customers_who_returned_nearly_all": self.customers.returned.count,
            "odd_days": self.days.odd.iter().map(odd).collect::<Vec<_>>(),
            "lines_below_zero": self.negative,
            "lines_of_nothing": self.zero,
            "repeated_lines": self.repeats.lines,
            "repeated_orders": self.repeats.orders,
            "complaints_without_orders": self.told.by(Telling::Complaints).rows_without_order,
            "complaints_closed_without_resolved_at": self.statuses.closed_without_resolution,
            "complaints_open_with_resolved_at": self.statuses.open_with_resolution,
            "contracts_told": self.contracts.as_ref().map(contracts::to_json),
            "currencies": self.currencies.iter().map(|(name, lines)| json!({"currency": name, "lines": lines})).collect::<Vec<_>>(),
            "customers_with_one_purchase_share": self.customers.with_one_purchase,
            "median_customer_money": self.customers.median_money,
            "money": self.customers.money,
            "wholesale_accounts": self.customers.wholesale_count,
            "largest_wholesale": self.customers.wholesale.iter().map(wholesale).collect::<Vec<_>>(),
            "odd_newcomers": newcomers::to_json(&self.odd_newcomers),
            "usable_horizons": self.horizons.iter().map(horizon).collect::<Vec<_>>(),
            "findings": self.findings(),
        });
        Value::Object(self.rows.counted().into_iter().chain(members(of_orders)).collect())
    }
}

/// The members of an object.
fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The last few spans of days, the newest first.
fn listed(days: &[&OddDay]) -> String {
    const FEW: usize = 5;
    let spans: Vec<&[&OddDay]> = days.chunk_by(|a, b| a.day + 1 == b.day).collect();
    let told = spans.iter().rev().take(FEW).map(|span| match span {
        [first, .., last] => format!("{} to {}", date(first.day), date(last.day)),
        _ => span.iter().map(|day| date(day.day)).collect(),
    });
    let told: Vec<String> = told.collect();
    let more = if spans.len() > FEW { ", and before" } else { "" };
    told.join(", ") + more
}

/// A calendar day as a date.
pub(in crate::cli) fn date(day: i64) -> String {
    let instant = day.checked_mul(86_400_000_000).and_then(Instant::from_micros);
    instant.map_or(String::new(), |instant| instant.to_string().chars().take(10).collect())
}
