//! An at-risk list as a spreadsheet (XLSX).

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::{AtRisk, Column};
use crate::scores::{Cell, FieldKind};

/// The most rows a sheet has, its header among them.
const MOST_ROWS: usize = 1_048_576;

/// The list as the bytes of an XLSX file. Texts are text cells, which a spreadsheet never takes for formulas, identifiers
/// too; numbers are numbers.
///
/// # Errors
/// When there are more rows than a sheet can have.
pub fn write_sheet(list: &AtRisk<'_>, columns: &[Column]) -> Result<Vec<u8>, XlsxError> {
    if list.rows.len() >= MOST_ROWS {
        return Err(XlsxError::RowColumnLimitError);
    }
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("at risk")?;
    let (header, text) = (Format::new().set_bold(), Format::new().set_quote_prefix());
    let number = |kind: FieldKind| match kind {
        FieldKind::Share => Format::new().set_num_format("0.0%"),
        FieldKind::Number(decimals) => {
            Format::new().set_num_format(format!("0.{}", "0".repeat(decimals.max(1))))
        }
        _ => Format::new(),
    };
    for (place, column) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, place, &column.name, &header)?;
        let format = number(column.kind);
        for (line, row) in (1_u32..).zip(&list.rows) {
            match list.cell(column, row) {
                Cell::Id(id) => sheet.write_string_with_format(line, place, id, &text)?,
                Cell::Text(said) => sheet.write_string_with_format(line, place, &*said, &text)?,
                Cell::Number(amount) => sheet.write_number_with_format(line, place, amount, &format)?,
                Cell::Whole(whole) => sheet.write_number_with_format(line, place, whole as f64, &format)?,
                Cell::AsOf => sheet.write_string(line, place, list.scores.as_of.to_string())?,
                Cell::Nothing => continue,
            };
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofilter(0, 0, list.rows.len() as u32, (columns.len().max(1) - 1) as u16)?;
    sheet.autofit();
    workbook.save_to_buffer()
}
