//! What is printed: results on standard output, everything else on standard error.

use std::io::{self, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::failure::{Failure, Kind};

/// Prints a result. Whoever reads may stop reading (`mainstay list | head`): that is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Kind::Output, format!("standard output cannot be written: {cause}")))
        }
        _ => Ok(()),
    }
}

/// Prints a result as JSON.
pub(super) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}

/// Says something that is no result.
pub(super) fn note(text: &str) {
    // With standard error gone there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// The first few of some, side by side, and a sign where there are more.
pub(super) fn first_few(all: &[String]) -> String {
    const FEW: usize = 5;
    let more = if all.len() > FEW { ", …" } else { "" };
    format!("{}{more}", all[..all.len().min(FEW)].join(", "))
}

/// The text with control characters but line ends spelled out: names from files must not command the terminal.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// A text as a line of its own.
pub(super) fn line(text: &str) -> String {
    visible(&text.replace('\n', "\\n")) + "\n"
}

/// Whether a cell is of words, and no number or instant.
fn has_words(cell: &str) -> bool {
    cell.as_bytes().windows(3).any(|three| three.iter().all(u8::is_ascii_alphabetic))
        || cell.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
}

/// A table for people: the first column and those of words left, numbers right, with room between. Chinese characters are two
/// wide.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| visible(&cell.replace('\n', "\\n"))).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.chain(header.get(column).map(|title| title.width())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let is_left = |column: usize| {
        column == 0 || rows.iter().any(|row| row.get(column).is_some_and(|cell| has_words(cell)))
    };
    let left: Vec<bool> = (0..header.len()).map(is_left).collect();
    let line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (i, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let gap = if i == 0 { "" } else { "  " };
            line += &if left[i] { format!("{gap}{cell}{padding}") } else { format!("{gap}{padding}{cell}") };
        }
        line.trim_end().to_owned() + "\n"
    };
    let mut text = line(header.to_vec());
    for row in &rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_and_commands_no_terminal() {
        let rows = [vec!["\u{1b}[31m\n".to_owned(), "1".to_owned()], vec!["b".to_owned(), "20".to_owned()]];
        assert_eq!(table(&["id", "n"], &rows), "id             n\n\\u{1b}[31m\\n   1\nb             20\n");
        let rows = [vec!["a".to_owned(), "没有投诉".to_owned()], vec!["bcde".to_owned(), "no".to_owned()]];
        assert_eq!(table(&["客户", "why"], &rows), "客户  why\na     没有投诉\nbcde  no\n");
    }
}
