//! Who is scored: what a request, or what is kept, says of a customer.

use mainstay_features::contacts::days_since_contact;
use mainstay_features::history::{self, History, HistoryBuilder};
use mainstay_features::profile::{CHURN_CAUSE, CONSENT_PREFIX, PROBLEM, shown, yes_or_no};
use mainstay_features::registry::CORE;
use mainstay_features::units::Instant;
use mainstay_models::language::Language;
use mainstay_models::model::Basis;
use mainstay_models::segments::Cause;

use super::request::{Features, Given, ScoreRequest};
use crate::events::{CustomerId, Told, bad_input, check_id, instant};
use crate::failure::{Failure, Kind};
use crate::service::Service;

/// A customer to score.
pub(super) struct Subject {
    pub(super) customer_id: Option<CustomerId>,
    pub(super) as_of: Option<Instant>,
    /// A value for each feature of the model.
    pub(super) row: Vec<f64>,
    /// Which of the model's features those are that are known.
    pub(super) basis: Basis,
    /// The features that nothing here can tell.
    pub(super) untold: Vec<&'static str>,
    /// Whole days since the shop last turned to the customer; `None` where it never did, or nothing tells.
    pub(super) days_since_contact: Option<f64>,
    /// What the customer has said to being contacted, by channel.
    pub(super) channels: Vec<String>,
    pub(super) answers: Vec<Option<bool>>,
    pub(super) churn_cause: Option<String>,
    pub(super) problem: bool,
    /// Whether the answer has what each column contributes, where the request says so.
    pub(super) explain: Option<bool>,
    pub(super) language: Language,
}

/// What is kept of customers.
pub(in crate::api) trait Kept {
    /// One customer's history, and which channels the shop asks its customers about; of nobody where none is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    fn customer(&self, customer: &str) -> Result<(History, &[String]), Failure>;
}

impl Subject {
    /// The customer of a request, who can be scored; `now` is the instant where a customer is asked for by name alone, and
    /// no other is given.
    pub(super) fn of(
        service: &Service,
        kept: &impl Kept,
        request: ScoreRequest<'_>,
        now: Instant,
    ) -> Result<Self, Failure> {
        let as_of = request.as_of.as_deref().map(|text| instant(|| "as_of".to_owned(), text)).transpose()?;
        let contacts = request.contacts.as_deref().unwrap_or_default();
        let tells_more = !request.complaints.is_empty() || !contacts.is_empty();
        let (channels, answers) =
            request.consents.0.into_iter().map(|(channel, answer)| (channel, Some(answer))).unzip();
        if let Some(CustomerId::Text(id)) = &request.customer_id {
            check_id(|| "customer_id".to_owned(), id)?;
        }
        if let Some(cause) = &request.churn_cause {
            check_cause(cause)?;
        }
        let mut subject = Self {
            customer_id: request.customer_id,
            as_of,
            row: Vec::new(),
            basis: Basis::AllFeatures,
            untold: Vec::new(),
            days_since_contact: None,
            channels,
            answers,
            churn_cause: request.churn_cause,
            problem: request.problem,
            explain: request.explain,
            language: request.language,
        };
        match (request.features, request.purchases, &subject.customer_id) {
            (Some(features), None, _) if !tells_more => subject.take_features(service, &features)?,
            (None, Some(purchases), id) => {
                let missing = |field: &str| bad_input(format!("{field}: missing beside purchases"));
                let id = id.as_ref().ok_or_else(|| missing("customer_id"))?;
                let as_of = as_of.ok_or_else(|| missing("as_of"))?;
                let mut builder = HistoryBuilder::default();
                // None at all tells that there was none, where nothing is told of them when they are left out.
                builder.saw(history::Given {
                    contacts: request.contacts.is_some(),
                    // Of no complaint there is no severity to tell.
                    severities: request.complaints.is_empty(),
                    ..history::Given::default()
                });
                let complaints = &request.complaints;
                // What is after the instant is not seen, and may be anything.
                let told = Told { at: "", purchases: &purchases, complaints, contacts, until: Instant::MAX };
                told.add_to(&mut builder, &id.to_text())?;
                told.check_new(&id.to_text())?;
                let history = History::fold(vec![builder]).map_err(|error| bad_input(error.to_string()))?;
                if history.is_empty() {
                    let nothing = "no purchases: there is nothing to lose yet";
                    return Err(Failure::new(Kind::TooLittleData, nothing));
                }
                subject.take_row(service, &history, as_of)?;
            }
            (None, None, Some(id)) if !tells_more => {
                let (history, channels) = kept.customer(&id.to_text())?;
                if history.is_empty() {
                    return Err(unknown(id));
                }
                service.check_label(history.given())?;
                let as_of = as_of.unwrap_or(now);
                subject.as_of = Some(as_of);
                subject.take_row(service, &history, as_of)?;
                service.check_contract(history.customer(0), as_of)?;
                subject.take_attributes(&history, channels, as_of);
            }
            _ => {
                let how = "body: give either purchases (and complaints) or features, and not both; or a customer_id alone, \
                           of a customer in the kept history";
                return Err(bad_input(how.to_owned()));
            }
        }
        service.check_row(&subject.row)?;
        Ok(subject)
    }

    fn take_features(&mut self, service: &Service, features: &Features<'_>) -> Result<(), Failure> {
        (self.row, self.basis) = row(service, features)?;
        if self.basis == Basis::AllFeatures {
            self.days_since_contact = service.days_since_contact(&self.row);
        } else {
            self.untold = service.features().names().skip(CORE.len()).collect();
        }
        Ok(())
    }

    fn take_row(&mut self, service: &Service, history: &History, as_of: Instant) -> Result<(), Failure> {
        let customer = history.customer(0);
        self.row = service.row_of(customer, history.given(), as_of)?;
        self.days_since_contact = days_since_contact(customer.contacts, as_of);
        self.untold = service.features().untold_by(history.given()).map(|feature| feature.name).collect();
        Ok(())
    }

    /// What customers files say, as a list has it; what the request says comes before it.
    fn take_attributes(&mut self, history: &History, channels: &[String], as_of: Instant) {
        let said = |name: &str| shown(history, history.customer(0), name, as_of);
        for channel in channels {
            if !self.channels.iter().any(|told| told.eq_ignore_ascii_case(channel)) {
                let answer = said(&format!("{CONSENT_PREFIX}{channel}"));
                self.answers.push(answer.and_then(yes_or_no));
                self.channels.push(channel.clone());
            }
        }
        self.churn_cause = self.churn_cause.take().or_else(|| said(CHURN_CAUSE).map(str::to_owned));
        self.problem |= said(PROBLEM).and_then(yes_or_no) == Some(true);
    }
}

/// What is said of a null of a feature that always has a value.
pub(in crate::api) const ALWAYS_GIVEN: &str = "null, and it always has a value";

/// That a cause of churn that a request records is one.
fn check_cause(cause: &str) -> Result<(), Failure> {
    if Cause::recorded(cause).is_some() || cause.parse() == Ok(Cause::Unknown) {
        return Ok(());
    }
    let causes = Cause::ALL.map(Cause::name).join(", ");
    Err(bad_input(format!("churn_cause: {cause:?} is no cause; there are: {causes}")))
}

fn unknown(id: &CustomerId) -> Failure {
    let id = id.to_text();
    Failure::new(
        Kind::UnknownCustomer,
        format!(
            "customer_id: {id:?} is not in the history this server keeps (mainstay ingest adds to it, and so does \
             POST /v1/events); give the customer's purchases. What the newest scored list said is at GET /v1/customers/{{id}}"
        ),
    )
}

/// The row of a `features` object: every feature of the model once, null where there is no value, and nothing else. (To
/// take what is not given for "no value" would be to guess: a customer without a usual gap is one who bought once.) Or the
/// core features alone, for which there is a model of its own.
fn row(service: &Service, features: &Features<'_>) -> Result<(Vec<f64>, Basis), Failure> {
    let bad = |name: &str, what: &str| bad_input(format!("features.{name}: {what}"));
    let known = service.features().features();
    let (mut row, mut is_given) = (vec![f64::NAN; known.len()], vec![false; known.len()]);
    for (place, (name, value)) in features.0.iter().enumerate() {
        // As they mostly come, in the model's order.
        let place = match known.get(place) {
            Some(feature) if feature.name == name => Some(place),
            _ => known.iter().position(|feature| feature.name == name),
        };
        let Some(place) = place else {
            let known: Vec<&str> = service.features().names().collect();
            return Err(bad(name, &format!("unknown; the model knows {}", known.join(", "))));
        };
        if std::mem::replace(&mut is_given[place], true) {
            return Err(bad(name, "given twice"));
        }
        match value {
            Given::Number(number) => row[place] = *number,
            Given::Null if known[place].missing.is_some() => {}
            Given::Null => return Err(bad(name, ALWAYS_GIVEN)),
            Given::Other => return Err(bad(name, "not a number")),
        }
    }
    let (core, others) = is_given.split_at(CORE.len());
    let is_core = !others.is_empty() && core.iter().all(|given| *given) && !others.contains(&true);
    if let Some(place) = is_given.iter().position(|given| !given).filter(|_| !is_core) {
        let how = "missing; give every feature of the model (mainstay features computes them), the five core features alone, \
                   or the purchases";
        return Err(bad(known[place].name, how));
    }
    Ok((row, if is_core { Basis::CoreFeatures } else { Basis::AllFeatures }))
}
