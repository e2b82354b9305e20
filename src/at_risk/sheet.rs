//! An at-risk list as a spreadsheet (XLSX), for people.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use unicode_width::UnicodeWidthStr;

use super::{AtRisk, Column};
use crate::scores::{Cell, FieldKind};

/// The most rows a sheet has, its header among them.
const MOST_ROWS: usize = 1_048_576;

/// The most characters a column in Chinese is wide.
const MOST_WIDE: usize = 80;

/// The list as the bytes of an XLSX file. Texts are text cells, which a spreadsheet never takes for formulas, identifiers
/// too; numbers are numbers. `name` is the sheet's.
///
/// # Errors
/// When there are more rows than a sheet can have.
pub fn write_sheet(list: &AtRisk<'_>, columns: &[Column], name: &str) -> Result<Vec<u8>, XlsxError> {
    if list.rows.len() >= MOST_ROWS {
        return Err(XlsxError::RowColumnLimitError);
    }
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    let (header, text) = (Format::new().set_bold(), Format::new().set_quote_prefix());
    let number = |kind: FieldKind| match kind {
        FieldKind::Share | FieldKind::BreakEvenShare => Format::new().set_num_format("0.0%"),
        FieldKind::Number(decimals) => {
            Format::new().set_num_format(format!("#,##0.{}", "0".repeat(decimals.max(1))))
        }
        FieldKind::BreakEven => Format::new().set_num_format("#,##0.00"),
        _ => Format::new(),
    };
    let as_of = list.scores.as_of.to_string();
    let mut wide = Vec::new();
    for (place, column) in (0_u16..).zip(columns) {
        let heading = list.heading(column);
        sheet.write_string_with_format(0, place, &heading, &header)?;
        let mut widest = heading.width();
        let format = number(column.kind);
        for (line, row) in (1_u32..).zip(&list.rows) {
            match list.cell_for_people(column, row) {
                Cell::Id(id) => {
                    widest = widest.max(id.width());
                    sheet.write_string_with_format(line, place, id, &text)?
                }
                Cell::Text(said) => {
                    widest = widest.max(said.width());
                    sheet.write_string_with_format(line, place, &*said, &text)?
                }
                Cell::Number(amount) => sheet.write_number_with_format(line, place, amount, &format)?,
                Cell::Whole(whole) => sheet.write_number_with_format(line, place, whole as f64, &format)?,
                Cell::AsOf => {
                    widest = widest.max(as_of.width());
                    sheet.write_string(line, place, &as_of)?
                }
                Cell::Nothing => continue,
            };
        }
        if !heading.is_ascii() || widest > MOST_WIDE {
            wide.push((place, widest));
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofilter(0, 0, list.rows.len() as u32, (columns.len().max(1) - 1) as u16)?;
    sheet.autofit();
    // It takes Chinese characters to be as narrow as others.
    for (place, widest) in wide {
        sheet.set_column_width(place, (widest.min(MOST_WIDE) + 2) as f64)?;
    }
    workbook.save_to_buffer()
}
