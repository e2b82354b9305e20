//! `mainstay winback`: whom to win back of those who have lapsed, apart from the at-risk list.

use clap::{Args as ClapArgs, ValueEnum};
use mainstay_features::label::Label;
use mainstay_features::units::Instant;
use mainstay_models::decision::{Catalogue, DO_NOTHING};
use mainstay_models::language::Language;
use mainstay_models::segments::{Cause, Tier};

use super::input::InputArgs;
use super::lifetime;
use super::output;
use super::progress::Progress;
use super::reading;
use super::settings::{MoneyArgs, StoreArgs};
use super::show::{ShowArgs, check_actions, check_attributes};
use crate::at_risk::{AtRisk, Band, Column, Filter, Order, Said, columns_named};
use crate::failure::{Failure, Kind};
use crate::scores::{ConsentColumns, ListBasis, ScoreRow, Scores};
use crate::service::Service;
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Who has lapsed by this instant [default: the last order's, or start of a contract]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    money: MoneyArgs,
    /// Only with an attempt that earns so much
    #[arg(long, value_name = "FROM..TO")]
    net_value: Option<Band>,
    /// Only these tiers: key, ordinary, small, problem
    #[arg(long, value_name = "TIERS", value_delimiter = ',')]
    tier: Vec<Tier>,
    /// Only these likely causes: natural, "need changed", price, disappointment, forced, unknown
    #[arg(long, value_name = "CAUSES", value_delimiter = ',')]
    cause: Vec<Cause>,
    /// Only with this value of an attribute that customers files give, as in region=north; may be given for several: of one
    /// attribute any, of different ones all
    #[arg(long, value_name = "NAME=VALUE")]
    attribute: Vec<Said>,
    /// Only with these actions: names of offers, or "do nothing"
    #[arg(long, value_name = "ACTIONS", value_delimiter = ',', conflicts_with = "everyone")]
    offer: Vec<String>,
    /// Show those too who are not worth trying
    #[arg(long)]
    everyone: bool,
    /// What comes first
    #[arg(long, value_enum, default_value_t = Sort::NetValue)]
    sort: Sort,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sort {
    NetValue,
    LifetimeValue,
    Customer,
}

/// What a table shows if not asked otherwise.
const OF_A_TABLE: [&str; 9] = [
    "customer_id",
    "recency_days",
    "frequency",
    "lifetime_value",
    "value_tier",
    "likely_cause",
    "action",
    "net_value",
    "pays_probability",
];

/// Columns of lists that say nothing of who has lapsed: how far along they are, what a model would say, and what was said
/// before.
const OF_WHO_MAY_LEAVE: [&str; 10] = [
    "why_nothing",
    "lifecycle_stage",
    "value_at_risk",
    "purchases_if_left",
    "change",
    "take_up",
    "driven_away",
    "incentive_to_loyal",
    "value_driven_away",
    "break_even_probability",
];

/// Columns of another name here.
const RENAMED: [(&str, &str); 4] = [
    ("save_rate", "win_back_rate"),
    ("break_even_save_rate", "break_even_win_back_rate"),
    ("value_saved", "value_won_back"),
    ("incentive_to_saved", "incentive_to_won_back"),
];

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let file = args.show.out.check(|language| language.either("win back", "流失客户召回名单"))?;
    let store = Store::at(&args.store.store);
    let service = Service::new(store.load_model()?, args.money.catalogue()?, args.money.assumptions());
    let offers = service.catalogue().for_winning_back();
    if offers.offers().is_empty() {
        return Err(Failure::new(
            Kind::BadInput,
            "no offer says how often it wins back who has left: give one a win_back_rate (docs/economics.md)",
        ));
    }
    store.prepare()?;
    let progress = Progress::new();
    let outputs: Vec<_> = args.show.out.path().into_iter().collect();
    let history = args.input.read(&store, &outputs, &progress)?;
    let as_of = reading::as_of(args.as_of, &history)?;
    let suppressed = store.load_suppressed()?;
    let lapsed = Scores::lapsed(&service, &offers, &history, as_of, &suppressed, &progress)?;
    check_actions(&args.offer, &lapsed)?;
    output::note(&summary(&lapsed, &offers, &service, args.show.out.language));
    note_other_money(&store, &service, args.show.out.language);
    if let Some(why) = ListBasis::of(&service).why_by_rule(args.show.out.language) {
        output::note(&args.show.out.language.either(
            format!("{why}: no matter here, as who has lapsed is given no churn probability"),
            format!("{why}（对本名单没有影响：已流失的客户不计算流失概率）"),
        ));
    }

    let filter = args.filter(&offers);
    check_attributes(&filter, &lapsed)?;
    let shown = (&filter, args.sort.order(), args.show.most());
    let list = AtRisk::of(&lapsed, &offers, None, args.show.out.language, shown);
    let all = columns(&list);
    let of_a_table = columns_named(&all, &OF_A_TABLE.map(str::to_owned))
        .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
    let said = all.iter().filter(|column| list.is_for_a_call(column)).cloned();
    let of_a_table = of_a_table.into_iter().chain(said).collect();
    args.show.show(file, &list, all, of_a_table)
}

impl Args {
    fn filter(&self, offers: &Catalogue) -> Filter {
        let worth_trying = || offers.offers().iter().map(|offer| offer.name().to_owned()).collect();
        Filter {
            net_value: self.net_value,
            tiers: self.tier.clone(),
            causes: self.cause.clone(),
            attributes: self.attribute.clone(),
            actions: if self.offer.is_empty() && !self.everyone {
                worth_trying()
            } else {
                self.offer.clone()
            },
            ..Filter::default()
        }
    }
}

impl Sort {
    fn order(self) -> Order {
        match self {
            Self::NetValue => Order::NetValue,
            Self::LifetimeValue => Order::LifetimeValue,
            Self::Customer => Order::Customer,
        }
    }
}

/// Says where the store's newest list rests on other money: the two would not be one campaign.
fn note_other_money(store: &Store, service: &Service, language: Language) {
    let newest = store.load_list_about().ok().flatten().and_then(|about| about.basis);
    let others = newest.map_or(Vec::new(), |newest| newest.differences(&ListBasis::of(service)));
    if !others.is_empty() {
        output::note(&language.either(
            format!(
                "the store's newest list was decided with {}: give winback the same, if both are to be one campaign",
                others.join(", ")
            ),
            "最新名单评分时的方案、毛利率或折现率与此不同：若两份名单属于同一次活动，请使用相同的设置".to_owned(),
        ));
    }
}

/// The columns of a list of who has left.
fn columns(list: &AtRisk<'_>) -> Vec<Column> {
    let mut columns = list.columns();
    columns.retain(|column| {
        !OF_WHO_MAY_LEAVE.contains(&column.name.as_str()) && !column.name.starts_with("reason")
    });
    for column in &mut columns {
        if let Some((_, name)) = RENAMED.iter().find(|(usual, _)| column.name == *usual) {
            column.name = (*name).to_owned();
        }
    }
    columns
}

/// Who has lapsed, who of them is worth trying, and why the others are not.
fn summary(lapsed: &Scores, offers: &Catalogue, service: &Service, language: Language) -> String {
    let artifact = service.artifact();
    let lookback = artifact.settings.lookback.get();
    let who = match artifact.training.label {
        Label::NoPurchase => {
            language.either(format!("without an order for {lookback} days"), format!("{lookback}天没有下单"))
        }
        Label::ContractEnd => language.either("whose contracts have ended", "合同已终止").to_owned(),
    };
    let consents = ConsentColumns::of(lapsed);
    let may_be_tried = |row: &&ScoreRow| {
        consents.circumstances(row, |circumstances| {
            offers.eligible(&row.stakes(), circumstances).next().is_some()
        })
    };
    let rows = &lapsed.rows;
    let barred = rows.len() - rows.iter().filter(may_be_tried).count();
    let Tally { customers, tried, net_value } = Tally::of(rows.iter());
    let (others, as_of) = (customers - tried - barred, lapsed.as_of);
    let with = lapsed.actions.iter().map(|action| action.name.as_str()).filter(|&name| name != DO_NOTHING);
    let of = |belongs: &dyn Fn(&ScoreRow) -> bool| Tally::of(rows.iter().filter(|row| belongs(row)));
    let by_action = told(with.map(|name| (name, of(&|row| lapsed.action_of(row) == name))), language);
    let by_tier = told(Tier::ALL.map(|tier| (tier.words(language), of(&|row| row.tier == tier))), language);
    let by_cause =
        told(Cause::ALL.map(|cause| (cause.words(language), of(&|row| row.cause == cause))), language);
    let mut lines = vec![
        language.either(
            format!(
                "{tried} of {customers} lapsed customers ({who}, as of {as_of}) are worth trying, together {net_value:.2}: \
                 {by_action}"
            ),
            format!(
                "截至{as_of}，{customers}位已流失客户（{who}）中有{tried}位值得尝试召回，预期净收益合计{net_value:.2}：{by_action}"
            ),
        ),
        language.either(
            format!(
                "of the others, {barred} may be made no offer (by tier, cause, consent or last contact), and {others} would not \
                 bring back what trying costs"
            ),
            format!("其余客户中，{barred}位不能触达（因等级、原因、同意或上次联系），{others}位赚不回尝试的成本"),
        ),
        language.either(format!("by tier: {by_tier}"), format!("按客户等级：{by_tier}")),
        language.either(format!("by likely cause: {by_cause}"), format!("按可能的流失原因：{by_cause}")),
    ];
    let suppressed = lapsed.suppressed;
    if suppressed > 0 {
        lines.push(language.either(
            format!("{suppressed} more object to marketing, and are left out"),
            format!("另有{suppressed}位拒绝营销，未列入"),
        ));
    }
    let worth = rows.iter().map(|row| row.lifetime_value).sum::<f64>() / rows.len().max(1) as f64;
    let basis =
        lifetime::basis_if_kept(&artifact.training.lifetime.lifetime, service.assumptions(), language);
    lines.push(language.either(
        format!("a customer won back is worth {worth:.2} on average, {basis}"),
        format!("召回一位客户平均价值{worth:.2}，{basis}"),
    ));
    lines.join("\n")
}

/// What some rows come to.
struct Tally {
    customers: usize,
    tried: usize,
    net_value: f64,
}

impl Tally {
    fn of<'a>(rows: impl Iterator<Item = &'a ScoreRow>) -> Self {
        let none = Self { customers: 0, tried: 0, net_value: 0.0 };
        rows.fold(none, |sum, row| Self {
            customers: sum.customers + 1,
            tried: sum.tried + usize::from(row.pays.is_some()),
            net_value: sum.net_value + row.net_value,
        })
    }
}

/// Parts of the rows by their names: how many of each are worth trying, and what that earns.
fn told<'a>(parts: impl IntoIterator<Item = (&'a str, Tally)>, language: Language) -> String {
    let told =
        parts.into_iter().filter_map(|(name, Tally { customers, tried, net_value })| match customers {
            0 => None,
            _ if customers == tried => Some(language.either(
                format!("{name} {tried} ({net_value:.2})"),
                format!("{name}：{tried}位全部（{net_value:.2}）"),
            )),
            _ => Some(language.either(
                format!("{name} {tried} of {customers} ({net_value:.2})"),
                format!("{name}：{customers}位中{tried}位（{net_value:.2}）"),
            )),
        });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return language.either("nobody", "无").to_owned();
    }
    told.join(language.either(", ", "，"))
}
