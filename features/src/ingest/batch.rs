//! A batch of a Parquet file's rows, by column, on its way into a history.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringViewArray};

use super::arrays::{Amounts, Ids, Instants, Says};
use super::plain::PlainLines;
use super::rows::{RawRow, Rows};
use super::{Convention, Field, Problem};
use crate::history::Severity;
use crate::units::{Amount, ParseUnitError};

/// The columns of a batch, as what their fields are.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) customers: Option<Ids<'a>>,
    orders: Option<Ids<'a>>,
    instants: Option<Instants<'a>>,
    amounts: Option<Amounts<'a>>,
    cancels: Option<Ids<'a>>,
    products: Option<Ids<'a>>,
    discounts: Option<Amounts<'a>>,
    currencies: Option<Ids<'a>>,
    categories: Option<Ids<'a>>,
    severities: Option<Amounts<'a>>,
    severity_names: Option<(&'a StringViewArray, &'a Convention)>,
    resolved: Option<Instants<'a>>,
    statuses: Option<Ids<'a>>,
    channels: Option<Ids<'a>>,
    offers: Option<Ids<'a>>,
    valid_from: Option<Instants<'a>>,
    starts: Option<Instants<'a>>,
    ends: Option<Instants<'a>>,
    /// What the file says of customers, in the order of its columns.
    profile: Vec<Says<'a>>,
}

impl<'a> Batch<'a> {
    /// Takes a column for its field; what it should be where its type is none for that.
    pub(super) fn take(
        &mut self,
        field: Field,
        array: &'a dyn Array,
        convention: &'a Convention,
    ) -> Result<(), &'static str> {
        let (ids, numbers, anything) =
            ("integers or text", "numbers", "text, numbers, flags, dates or timestamps");
        let instants = || {
            Instants::of(array, convention).ok_or("timestamps, dates, text, or whole numbers with --ts-unit")
        };
        match field {
            Field::CustomerId => self.customers = Some(Ids::of(array).ok_or(ids)?),
            Field::OrderId => self.orders = Some(Ids::of(array).ok_or(ids)?),
            Field::Ts => self.instants = Some(instants()?),
            Field::Amount => self.amounts = Some(Amounts::of(array, convention).ok_or(numbers)?),
            Field::CancelsOrderId => self.cancels = Some(Ids::of(array).ok_or(ids)?),
            Field::ProductId => self.products = Some(Ids::of(array).ok_or(ids)?),
            Field::Discount => self.discounts = Some(Amounts::of(array, convention).ok_or(numbers)?),
            Field::Currency => self.currencies = Some(Ids::of(array).ok_or(ids)?),
            Field::Category => self.categories = Some(Ids::of(array).ok_or(ids)?),
            Field::Severity => match array.as_string_view_opt() {
                Some(names) => self.severity_names = Some((names, convention)),
                None => self.severities = Some(Amounts::of(array, convention).ok_or(numbers)?),
            },
            Field::ResolvedAt => self.resolved = Some(instants()?),
            Field::Status => self.statuses = Some(Ids::of(array).ok_or(ids)?),
            Field::Channel => self.channels = Some(Ids::of(array).ok_or(ids)?),
            Field::Offer => self.offers = Some(Ids::of(array).ok_or(ids)?),
            Field::ValidFrom => self.valid_from = Some(instants()?),
            Field::Start => self.starts = Some(instants()?),
            Field::End => self.ends = Some(instants()?),
            Field::Name | Field::Phone | Field::AccountOwner => {
                self.profile.push(Says::of(array, convention).ok_or(anything)?);
            }
            Field::Attribute => {
                self.profile.push(Says::of_attribute(array, convention).ok_or(anything)?);
            }
        }
        Ok(())
    }
}

impl Batch<'_> {
    /// The columns of purchase lines, where there are no others than the needed ones and the currency.
    pub(super) fn plain_lines(&self) -> Option<PlainLines<'_>> {
        let others = [&self.cancels, &self.products];
        if others.iter().any(|ids| ids.is_some()) || self.discounts.is_some() {
            return None;
        }
        Some(PlainLines {
            customers: self.customers.as_ref()?,
            orders: self.orders.as_ref()?,
            instants: self.instants.as_ref()?,
            amounts: self.amounts.as_ref()?,
            currencies: self.currencies.as_ref(),
        })
    }

    fn severity(&self, i: usize) -> Result<Option<Severity>, Problem> {
        if let Some((names, convention)) = self.severity_names {
            let text = (names.is_valid(i) && !names.value(i).is_empty()).then(|| names.value(i));
            return Ok(text.map(|text| convention.plain(text).parse()).transpose()?);
        }
        let Some(numbers) = &self.severities else { return Ok(None) };
        let number = numbers.get(i)?.map(Amount::get);
        let severity = |number: f64| {
            Severity::new(number).ok_or_else(|| {
                Problem::Unreadable(ParseUnitError::new(&number.to_string(), Severity::EXPECTED))
            })
        };
        number.map(severity).transpose()
    }
}

/// Memory to write the numbers of a row's identifiers to.
#[derive(Default)]
pub(super) struct Digits([itoa::Buffer; 9]);

/// Adds a row; on a problem, says in which field.
pub(super) fn add(
    rows: &mut Rows<'_>,
    batch: &Batch<'_>,
    i: usize,
    digits: &mut Digits,
) -> Result<(), (Field, Problem)> {
    let Digits([customer, order, cancels, product, currency, category, status, channel, offer]) = digits;
    let mut row = RawRow::EMPTY;
    row.customer = batch.customers.as_ref().and_then(|ids| Some(ids.get(i)?.text(customer)));
    if !rows.takes(row.customer) {
        return Ok(());
    }
    let needed = |field| move || (field, Problem::Missing(field));
    let wrong = |field| move |problem| (field, problem);
    if let Some(orders) = &batch.orders {
        row.order = Some(orders.get(i).ok_or_else(needed(Field::OrderId))?.text(order));
    }
    if let Some(instants) = &batch.instants {
        row.instant = instants.get(i).map_err(wrong(Field::Ts))?.ok_or_else(needed(Field::Ts))?;
    }
    if let Some(amounts) = &batch.amounts {
        row.amount = amounts.get(i).map_err(wrong(Field::Amount))?.ok_or_else(needed(Field::Amount))?;
    }
    row.cancels = batch.cancels.as_ref().and_then(|ids| Some(ids.get(i)?.text(cancels)));
    row.product = batch.products.as_ref().and_then(|ids| Some(ids.get(i)?.text(product)));
    row.currency = batch.currencies.as_ref().and_then(|ids| Some(ids.get(i)?.text(currency)));
    row.category = batch.categories.as_ref().and_then(|ids| Some(ids.get(i)?.text(category)));
    row.status = batch.statuses.as_ref().and_then(|ids| Some(ids.get(i)?.text(status)));
    row.channel = batch.channels.as_ref().and_then(|ids| Some(ids.get(i)?.text(channel)));
    row.offer = batch.offers.as_ref().and_then(|ids| Some(ids.get(i)?.text(offer)));
    if let Some(discounts) = &batch.discounts {
        row.discount = discounts.get(i).map_err(wrong(Field::Discount))?;
    }
    if let Some(resolved) = &batch.resolved {
        row.resolved_at = resolved.get(i).map_err(wrong(Field::ResolvedAt))?;
    }
    row.severity = batch.severity(i).map_err(wrong(Field::Severity))?;
    if let Some(starts) = &batch.starts {
        row.instant = starts.get(i).map_err(wrong(Field::Start))?.ok_or_else(needed(Field::Start))?;
    }
    if let Some(ends) = &batch.ends {
        row.end = ends.end(i).map_err(wrong(Field::End))?;
    }
    if let Some(valid_from) = &batch.valid_from {
        row.valid_from = valid_from.get(i).map_err(wrong(Field::ValidFrom))?;
    }
    let profile: Vec<Option<Cow<'_, str>>> = batch.profile.iter().map(|says| says.get(i)).collect();
    row.profile = &profile;
    rows.add(&row)
}
