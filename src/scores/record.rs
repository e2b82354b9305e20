//! Rows of a list as bytes, for this process to put aside and read again: everything but the decision, which the whole
//! list has a part in.

use std::io;

use mainstay_features::registry::CORE;
use mainstay_models::explain::Told;
use mainstay_models::lifetime::Expected;
use mainstay_models::segments::{Cause, Evidence, Stage, Tier};

use super::ScoreRow;

/// Writes what is known of a row before the decision.
pub(super) fn write(row: &ScoreRow, bytes: &mut Vec<u8>) {
    let place = |place: Option<usize>| place.unwrap_or_default() as u8;
    bytes.extend_from_slice(&[
        u8::from(row.tier == Tier::Problem),
        place(Stage::ALL.iter().position(|stage| *stage == row.stage)),
        place(Cause::ALL.iter().position(|cause| *cause == row.cause)),
        row.reasons.len() as u8,
    ]);
    let Expected { discounted_purchases, discounted_if_left, mean_amount } = row.expected;
    let numbers = [
        row.churn_probability,
        row.lifetime_value,
        row.lifetime_value_relative_sd,
        row.days_since_contact.unwrap_or(f64::NAN),
        discounted_purchases,
        discounted_if_left.unwrap_or(f64::NAN),
        mean_amount,
    ];
    numbers.iter().chain(&row.features).for_each(|&number| put(number, bytes));
    for told in &row.reasons {
        let (saying, numbers) = told.numbered();
        bytes.extend_from_slice(&saying.to_le_bytes());
        numbers.iter().for_each(|&number| put(number, bytes));
    }
    bytes.push(u8::from(row.evidence.is_some()));
    if let Some(evidence) = &row.evidence {
        let (which, numbers) = evidence.numbered();
        bytes.push(which);
        numbers.iter().for_each(|&number| put(number, bytes));
    }
    row.shown.iter().for_each(|text| put_text(text.as_deref(), bytes));
}

/// Reads what [`write`] wrote; the row's tier is problem or small, and nothing is decided.
pub(super) fn read(customer_id: &str, bytes: &[u8], shown: usize) -> io::Result<ScoreRow> {
    let mut rest = Rest(bytes);
    let [problem, stage, cause, reasons] = rest.some()?;
    let mut numbers = [0.0; 7];
    for number in &mut numbers {
        *number = rest.number()?;
    }
    let [
        churn_probability,
        lifetime_value,
        lifetime_value_relative_sd,
        contact,
        discounted_purchases,
        if_left,
        mean_amount,
    ] = numbers;
    let mut features = [0.0; CORE.len()];
    for value in &mut features {
        *value = rest.number()?;
    }
    let told = |rest: &mut Rest<'_>| {
        let saying = u16::from_le_bytes(rest.some()?);
        Told::of_numbered(saying, [rest.number()?, rest.number()?, rest.number()?]).ok_or_else(damaged)
    };
    let reasons = (0..reasons).map(|_| told(&mut rest)).collect::<io::Result<_>>()?;
    let evidence = match rest.some()? {
        [0] => None,
        _ => {
            let [which] = rest.some()?;
            let numbers = [rest.number()?, rest.number()?, rest.number()?, rest.number()?];
            Some(Evidence::of_numbered(which, numbers).ok_or_else(damaged)?)
        }
    };
    Ok(ScoreRow {
        customer_id: customer_id.into(),
        churn_probability,
        lifetime_value,
        lifetime_value_relative_sd,
        tier: if problem == 1 { Tier::Problem } else { Tier::Small },
        stage: *Stage::ALL.get(usize::from(stage)).ok_or_else(damaged)?,
        cause: *Cause::ALL.get(usize::from(cause)).ok_or_else(damaged)?,
        evidence,
        days_since_contact: Some(contact).filter(|days| !days.is_nan()),
        action: 0,
        incentive: 0.0,
        net_value: 0.0,
        pays: None,
        features,
        expected: Expected {
            discounted_purchases,
            discounted_if_left: (!if_left.is_nan()).then_some(if_left),
            mean_amount,
        },
        reasons,
        shown: (0..shown).map(|_| Ok(rest.text()?.map(Into::into))).collect::<io::Result<_>>()?,
    })
}

/// The lifetime value of a row that [`write`] wrote.
pub(super) fn lifetime_value(bytes: &[u8]) -> io::Result<f64> {
    let mut rest = Rest(bytes);
    let [_, _, _, _] = rest.some()?;
    let _churn_probability = rest.number()?;
    rest.number()
}

fn put(number: f64, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&number.to_bits().to_le_bytes());
}

/// A text after its length and one; 0 where there is none.
fn put_text(text: Option<&str>, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&text.map_or(0, |text| text.len() as u32 + 1).to_le_bytes());
    bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn some<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (some, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*some)
    }

    fn number(&mut self) -> io::Result<f64> {
        Ok(f64::from_bits(u64::from_le_bytes(self.some()?)))
    }

    fn text(&mut self) -> io::Result<Option<&'a str>> {
        let Some(length) = u32::from_le_bytes(self.some()?).checked_sub(1) else { return Ok(None) };
        let (text, rest) = self.0.split_at_checked(length as usize).ok_or_else(damaged)?;
        self.0 = rest;
        std::str::from_utf8(text).map(Some).map_err(io::Error::other)
    }
}

fn damaged() -> io::Error {
    io::Error::other("what was put aside is not what comes back")
}
