//! A batch of a Parquet file's rows, by column, on its way into a history.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringViewArray};

use super::arrays::{Amounts, Ids, Instants, Says};
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

/// The columns of purchase lines that have nothing else: the short way for the most rows there are. What is unusual about
/// a row is left to [`add`].
pub(super) struct PlainLines<'a> {
    customers: &'a Ids<'a>,
    orders: &'a Ids<'a>,
    instants: &'a Instants<'a>,
    amounts: &'a Amounts<'a>,
    currencies: Option<&'a Ids<'a>>,
}

impl PlainLines<'_> {
    /// Which rows differ from the one before in nothing but the amount: most lines of an order are so.
    pub(super) fn where_only_amounts_change(&self, rows: usize) -> Vec<bool> {
        let mut flags = vec![true; rows];
        self.instants.clear_changes(&mut flags);
        self.orders.clear_changes(&mut flags);
        self.customers.clear_changes(&mut flags);
        self.currencies.iter().for_each(|currencies| currencies.clear_changes(&mut flags));
        flags
    }

    /// Adds a row and those after it that differ in nothing but their amounts, as long as there is nothing unusual about
    /// them; returns the row after.
    pub(super) fn add(&self, rows: &mut Rows<'_>, i: usize, goes_on: &[bool], digits: &mut Digits) -> usize {
        let Digits([customer, order, currency, ..]) = digits;
        let (Some(customer), Some(order)) = (self.customers.get(i, customer), self.orders.get(i, order))
        else {
            return i;
        };
        let (Ok(Some(instant)), Some(mut total)) = (self.instants.get(i), self.amounts.plain(i)) else {
            return i;
        };
        let mut next = i + 1;
        while goes_on.get(next) == Some(&true)
            && let Some(more) = self.amounts.plain(next).and_then(|amount| total.checked_add(amount))
        {
            total = more;
            next += 1;
        }
        if !rows.add_plain_lines(customer, order, instant, total, next - i) {
            return i;
        }
        if let Some(currency) = self.currencies.and_then(|currencies| currencies.get(i, currency)) {
            rows.saw_currency(currency);
        }
        next
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
    row.customer = batch.customers.as_ref().and_then(|ids| ids.get(i, customer));
    if !rows.takes(row.customer) {
        return Ok(());
    }
    let needed = |field| move || (field, Problem::Missing(field));
    let wrong = |field| move |problem| (field, problem);
    if let Some(orders) = &batch.orders {
        row.order = Some(orders.get(i, order).ok_or_else(needed(Field::OrderId))?);
    }
    if let Some(instants) = &batch.instants {
        row.instant = instants.get(i).map_err(wrong(Field::Ts))?.ok_or_else(needed(Field::Ts))?;
    }
    if let Some(amounts) = &batch.amounts {
        row.amount = amounts.get(i).map_err(wrong(Field::Amount))?.ok_or_else(needed(Field::Amount))?;
    }
    row.cancels = batch.cancels.as_ref().and_then(|ids| ids.get(i, cancels));
    row.product = batch.products.as_ref().and_then(|ids| ids.get(i, product));
    row.currency = batch.currencies.as_ref().and_then(|ids| ids.get(i, currency));
    row.category = batch.categories.as_ref().and_then(|ids| ids.get(i, category));
    row.status = batch.statuses.as_ref().and_then(|ids| ids.get(i, status));
    row.channel = batch.channels.as_ref().and_then(|ids| ids.get(i, channel));
    row.offer = batch.offers.as_ref().and_then(|ids| ids.get(i, offer));
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
