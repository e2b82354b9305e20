//! `GET /v1/at-risk`: the newest scored list, filtered and sorted as `mainstay list` does it, page by page.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use mainstay_models::decision::{Catalogue, DO_NOTHING};
use mainstay_models::language::Language;
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::App;
use super::body::{on_a_thread, parameters};
use super::contract::fails;
use crate::at_risk::{
    AtRisk, Cursor, Filter, Order, action_named, columns_named, columns_of_every_list, meaning, to_csv,
    to_json,
};
use crate::failure::{Failure, Kind};
use crate::schema::{BandText, CauseWord, LanguageWord, StageWord, TierWord, one_of};
use crate::scores::{FieldKind, Scores};

const DEFAULT_LIMIT: usize = 20;
/// The most rows of a page.
const MOST_ROWS: usize = 10_000;

/// Headers: what decided the list, and how that was judged. The rows have no place for it.
const MODEL: HeaderName = HeaderName::from_static("mainstay-model");
const VERDICT: HeaderName = HeaderName::from_static("mainstay-verdict");

/// What is asked for; lists have commas between their members.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A band of churn probabilities, both ends included, either of which may be left out.
    #[param(value_type = Option<BandText>, example = "0.3..0.8")]
    probability: Option<String>,
    /// A band of churn probability × lifetime value.
    #[param(value_type = Option<BandText>, example = "50..")]
    value_at_risk: Option<String>,
    /// A band of what the action earns.
    #[param(value_type = Option<BandText>, example = "..20")]
    net_value: Option<String>,
    /// Only these tiers.
    #[param(value_type = Option<Vec<TierWord>>, style = Form, explode = false, min_items = 1)]
    tier: Option<String>,
    /// Only these likely causes.
    #[param(value_type = Option<Vec<CauseWord>>, style = Form, explode = false, min_items = 1)]
    cause: Option<String>,
    /// Only these stages.
    #[param(value_type = Option<Vec<StageWord>>, style = Form, explode = false, min_items = 1)]
    stage: Option<String>,
    /// Only these actions: names of offers, or `do nothing`.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, min_items = 1)]
    offer: Option<String>,
    /// Only with these values of attributes that customers files give, as in `region=north,region=south,club=yes`: of one attribute
    /// any, of different ones all.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, min_items = 1, example = json!(["region=north"]))]
    attribute: Option<String>,
    /// Only with a reason that has this text, as it is told in the language.
    reason: Option<String>,
    /// What comes first: the highest of a number, or the customers in order.
    #[param(value_type = Option<OrderWord>)]
    sort: Option<String>,
    /// These columns, in this order, instead of all.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, min_items = 1)]
    columns: Option<String>,
    /// The most rows of the page; 20 if it is not given. `top` is another name for it.
    #[serde(alias = "top")]
    #[param(minimum = 1, maximum = 10_000, default = 20)]
    limit: Option<usize>,
    /// Where the page before ended, as its `Link` header says.
    #[param(pattern = "^[a-z_]+\\.[0-9a-f]{1,16}\\.[0-9a-f]{1,16}\\.([0-9a-f]{2})*$")]
    after: Option<String>,
    /// In which language people read it.
    #[serde(default)]
    #[param(value_type = LanguageWord)]
    language: Language,
}

/// What comes first in a list.
pub(super) struct OrderWord;

impl PartialSchema for OrderWord {
    fn schema() -> RefOr<Schema> {
        one_of(Order::ALL.map(Order::name)).into()
    }
}

impl ToSchema for OrderWord {}

/// A row of the list: its columns by their names.
struct Row;

impl PartialSchema for Row {
    fn schema() -> RefOr<Schema> {
        let row = columns_of_every_list().into_iter().fold(ObjectBuilder::new(), |row, (name, kind)| {
            let of: &[Type] = match kind {
                FieldKind::Id => &[Type::String, Type::Integer],
                FieldKind::AsOf => &[Type::String],
                FieldKind::Text => &[Type::String, Type::Null],
                FieldKind::Number(_) | FieldKind::Share => &[Type::Number, Type::Null],
                FieldKind::BreakEven | FieldKind::BreakEvenShare => &[Type::Number, Type::String, Type::Null],
                FieldKind::Whole => &[Type::Integer, Type::Null],
            };
            let cell = ObjectBuilder::new()
                .description(meaning(&name))
                .schema_type(SchemaType::from_iter(of.iter().cloned()));
            row.property(name, cell)
        });
        let attribute = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
        row.additional_properties(Some(Schema::from(attribute)))
            .description(Some("The columns that are asked for; others are attributes of customers files."))
            .into()
    }
}

impl ToSchema for Row {}

fails!(
    /// What the list cannot be served for.
    ListFails: Usage, NoScores, BadStore, Internal
);

/// The newest list, page by page
///
/// As `mainstay list --format json` prints it: the same columns, filters and orders. A page begins after the row that the one
/// before ended with, wherever that row would stand now, so that pages by customer show no row twice for a list that is scored meanwhile.
#[utoipa::path(
    get,
    path = "/v1/at-risk",
    tag = "customers",
    params(Asked),
    responses(
        (
            status = 200,
            description = "A page; CSV for who would rather have it (`Accept: text/csv`)",
            content(
                (Vec<Row> = "application/json"),
                (String = "text/csv; charset=utf-8; header=present"),
            ),
            headers(
                ("link" = String, description = "`<…>; rel=\"next\"`: the address of the next page, where there are more rows."),
                ("vary" = String, description = "`accept`."),
                ("mainstay-model" = String, description = "The model that decided the list."),
                ("mainstay-verdict" = String, description = "How it was judged: better than the simple rule, or why the rule decided instead."),
            )
        ),
        ListFails
    )
)]
pub(super) async fn at_risk(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let asked = parameters(asked)?;
    let as_csv = prefers_csv(&headers);
    on_a_thread(move || page(&app, &asked, &query.unwrap_or_default(), as_csv)).await
}

fn page(app: &App, asked: &Asked, query: &str, as_csv: bool) -> Result<Response, Failure> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(usage(format!("limit: {limit} is not between 1 and {MOST_ROWS}")));
    }
    let order = one::<Order>("sort", &asked.sort)?.unwrap_or_default();
    let after = one::<Cursor>("after", &asked.after)?;
    if after.as_ref().is_some_and(|after| after.order() != order) {
        return Err(usage(
            "after: is a place in a list sorted otherwise; begin anew, or sort as before".to_owned(),
        ));
    }
    let (listed, service, previous) = (app.list()?, app.service()?, app.previous.get()?);
    let scores = listed.scores();
    let filter = asked.filter(scores, service.catalogue())?;
    let language = asked.language;
    let rows = listed.rows().filter(|row| {
        let comes_after = after.as_ref().is_none_or(|after| after.is_before(row, scores.id_kind));
        comes_after && filter.passes(scores, row, language)
    });
    // One more than is shown tells whether there is another page.
    let mut rows = order.first(rows.collect(), limit + 1);
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| goes_on).map(|row| Cursor::behind(row, order));
    let mut list = AtRisk::with_rows(scores, service.catalogue(), (*previous).as_ref(), language, rows);
    list.measuring = listed.measuring();
    let all = list.columns();
    let named: Vec<String> = texts(&asked.columns).map(str::to_owned).collect();
    let columns = if named.is_empty() {
        all
    } else {
        columns_named(&all, &named).map_err(|error| usage(format!("columns: {error}")))?
    };
    let (content_type, body) = if as_csv {
        let csv = to_csv(&list, &columns).map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
        ("text/csv; charset=utf-8; header=present", csv)
    } else {
        ("application/json", to_json(&list, &columns).to_string().into_bytes())
    };
    let headers = [(header::CONTENT_TYPE, content_type), (header::VARY, "accept")];
    let mut response = (headers, body).into_response();
    if let Some(next) = next
        && let Ok(link) = HeaderValue::from_str(&link(query, &next))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    if let Some(basis) = &scores.basis {
        let told = [(MODEL, Some(&basis.model)), (VERDICT, basis.verdict.as_ref())];
        for (name, text) in told.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            // Read from a file, it may be what no header can hold.
            HeaderValue::from_str(text).map(|text| response.headers_mut().insert(name, text)).ok();
        }
    }
    Ok(response)
}

/// The next page: the same query, from there on.
fn link(query: &str, next: &Cursor) -> String {
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let next = format!("after={next}");
    let query: Vec<&str> = others.chain([next.as_str()]).collect();
    format!("</v1/at-risk?{}>; rel=\"next\"", query.join("&"))
}

impl Asked {
    fn filter(&self, scores: &Scores, catalogue: &Catalogue) -> Result<Filter, Failure> {
        let actions: Vec<String> = texts(&self.offer).map(|text| action_named(text).to_owned()).collect();
        let listed = scores.actions.iter().map(|action| action.name.as_str());
        let known: Vec<&str> = [DO_NOTHING]
            .into_iter()
            .chain(catalogue.offers().iter().map(|offer| offer.name()))
            .chain(listed)
            .collect();
        if let Some(unknown) = actions.iter().find(|asked| !known.contains(&asked.as_str())) {
            return Err(usage(format!("offer: {unknown:?} is no action; see GET /v1/offers")));
        }
        let filter = Filter {
            churn_probability: one("probability", &self.probability)?,
            value_at_risk: one("value_at_risk", &self.value_at_risk)?,
            net_value: one("net_value", &self.net_value)?,
            tiers: several("tier", &self.tier)?,
            causes: several("cause", &self.cause)?,
            stages: several("stage", &self.stage)?,
            actions,
            attributes: several("attribute", &self.attribute)?,
            reason: self.reason.clone(),
        };
        match filter.unknown_attribute(scores) {
            Some(name) => Err(usage(format!("attribute: {name:?} is none of this list's"))),
            None => Ok(filter),
        }
    }
}

fn usage(what: String) -> Failure {
    Failure::new(Kind::Usage, what)
}

/// The texts of a list that is given: at least one, which may be empty, and is then none that there is.
fn texts(list: &Option<String>) -> impl Iterator<Item = &str> {
    list.iter().flat_map(|list| list.split(',')).map(str::trim)
}

fn several<T: FromStr<Err: std::fmt::Display>>(name: &str, list: &Option<String>) -> Result<Vec<T>, Failure> {
    texts(list).map(|text| text.parse().map_err(|error: T::Err| usage(format!("{name}: {error}")))).collect()
}

fn one<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &Option<String>) -> Result<Option<T>, Failure> {
    text.as_deref().map(|text| text.parse().map_err(|error| usage(format!("{name}: {error}")))).transpose()
}

/// Whether whoever asks would rather have CSV than JSON.
fn prefers_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut csv, mut json) = (0.0, 0.0_f64);
    for range in accepted.flat_map(|accept| accept.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f64>().ok()).unwrap_or(1.0);
        match media.as_str() {
            "text/csv" | "text/*" => csv = quality.max(csv),
            "application/json" | "application/*" | "*/*" => json = quality.max(json),
            _ => {}
        }
    }
    csv > 0.0 && csv >= json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_for_whoever_prefers_it() {
        for (accept, csv) in [
            ("text/csv", true),
            ("text/csv, */*;q=0.1", true),
            ("application/json, text/csv;q=0.5", false),
            ("*/*", false),
            ("text/html", false),
            ("text/csv;q=0", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(prefers_csv(&headers), csv, "{accept}");
        }
        assert!(!prefers_csv(&HeaderMap::new()));
    }
}
