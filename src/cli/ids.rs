//! Files of identifiers.

use std::path::Path;

use super::small;
use crate::failure::Failure;

/// The identifiers in a file, one a line; with quotation marks around them, as spreadsheets write them, or without.
pub(super) fn read_ids(path: &Path) -> Result<Vec<String>, Failure> {
    let text = small::read(path, small::IDS)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().map(identifier).filter(|id| !id.is_empty()).collect())
}

fn identifier(line: &str) -> String {
    let line = line.trim();
    match line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read_with_quotation_marks_and_without() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.csv");
        std::fs::write(&path, "\u{feff}\"7\"\r\n\n  c 8 \n\"a \"\"b\"\"\"\n\"\n").unwrap();
        assert_eq!(read_ids(&path).unwrap(), ["7", "c 8", "a \"b\"", "\""]);
    }
}
