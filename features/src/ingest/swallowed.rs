//! Rows that a quotation mark which is not closed has made part of a value.

/// Whether a value of a file with so many columns holds what seem to be rows of it: the lines between its first and last
/// have as many values as the header, and there are two such lines at least; or one line has, and of the quotation marks in the
/// value one has no other.
pub(super) fn has_rows(value: &[u8], delimiter: u8, columns: usize) -> bool {
    /// Of fewer columns a line of prose is easily taken for a row.
    const FEWEST_COLUMNS: usize = 3;
    if columns < FEWEST_COLUMNS || !value.contains(&b'\n') {
        return false;
    }
    let count = |bytes: &[u8], wanted: u8| bytes.iter().filter(|&&byte| byte == wanted).count();
    let is_row = |line: &&[u8]| count(line, delimiter) + 1 == columns;
    let lines: Vec<&[u8]> = value.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    let after_first = lines.get(1..).unwrap_or_default();
    let inner = after_first.split_last().map_or(&[] as &[&[u8]], |(_, inner)| inner);
    let rows = after_first.iter().filter(|line| is_row(line)).count();
    rows >= 2 && inner.iter().all(is_row) || count(value, b'"') % 2 == 1 && rows > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(value: &str) -> bool {
        has_rows(value.as_bytes(), b',', 4)
    }

    #[test]
    fn rows_in_a_value_are_told_from_prose() {
        assert!(has("Monitor 24\na,1,2024-01-01,5\nb,2,2024-01-02,7\nc,3,2024"));
        assert!(has("Monitor 24\na,1,2024-01-01,5\r\nb,2,2024-01-02,7\r\n"));
        assert!(has("Monitor 24\na,1,2024-01-01,Mouse\""), "the next one's mark has closed it");
        assert!(!has("Monitor 24"));
        assert!(!has("Dear all,\nit came late, was open, and wet, again\nand nobody called,\nAnn"));
        assert!(!has("she said \"no, no, no, never\"\nand, well, I, left\n"));
        assert!(!has_rows(b"a\nb,1\nb,2\nc", b',', 2));
    }
}
