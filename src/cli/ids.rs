//! Files of identifiers.

use std::collections::HashSet;
use std::path::Path;

use mainstay_features::ingest::Field;

use super::{output, small};
use crate::failure::Failure;
use crate::formula::restored;
use crate::store::Store;

/// The identifiers in a file, one a line, below a heading `customer_id` if it has one; with quotation marks around them, as
/// spreadsheets write them, or without.
pub(super) fn read_ids(path: &Path) -> Result<Vec<String>, Failure> {
    let text = small::read(path, small::IDS)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut ids: Vec<String> = text.lines().map(identifier).filter(|id| !id.is_empty()).collect();
    if ids.first().is_some_and(|first| first == Field::CustomerId.name()) {
        ids.remove(0);
    }
    Ok(ids)
}

fn identifier(line: &str) -> String {
    let line = line.trim();
    match line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => restored(&quoted.replace("\"\"", "\"")).to_owned(),
        None => restored(line).to_owned(),
    }
}

/// Those of some identifiers whom the kept history does not know, as they are to be shown; of no history nobody.
///
/// # Errors
/// When it cannot be read.
pub(super) fn strangers(store: &Store, ids: &[String]) -> Result<Vec<String>, Failure> {
    let kept = store.history()?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let known: HashSet<&str> = kept.known(ids.iter().map(String::as_str))?.into_iter().collect();
    Ok(ids.iter().filter(|id| !known.contains(id.as_str())).map(|id| format!("{id:?}")).collect())
}

/// Says who is nobody the kept history knows: another spelling is nobody's.
pub(super) fn note_strangers(strangers: Result<Vec<String>, Failure>) {
    match strangers {
        // They are kept all the same.
        Err(failure) => output::note(&format!("whether they are customers cannot be told: {failure}")),
        Ok(strangers) if strangers.is_empty() => {}
        Ok(strangers) => output::note(&format!(
            "WARNING: {} of them are no customers of the kept history: {}: are they written as in the files, with every \
             leading zero, and without a heading?",
            strangers.len(),
            output::first_few(&strangers)
        )),
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
