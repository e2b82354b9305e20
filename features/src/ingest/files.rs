//! Which files a path stands for: a file, a folder, a pattern.

use std::path::{Path, PathBuf};

use super::{IngestError, Source};

/// What files in a folder are read, in capitals too; others are left alone.
const ENDINGS: [&str; 9] =
    [".parquet", ".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst", ".txt", ".txt.gz"];

/// What paths stand for.
#[derive(Debug, Default)]
pub struct Found {
    /// The files that are read.
    pub sources: Vec<Source>,
    /// Files in the folders that are not, as they are not called as data files are, or are pipes and the like.
    pub left_alone: Vec<PathBuf>,
}

/// The files that paths stand for, each once, in the order of the paths and by name within one: a folder stands for
/// the data files in it and in the folders in it (a Hive-partitioned table, say), and a path with `*`, `?` or `[` for
/// what it matches. `-` is standard input.
///
/// # Errors
/// When there is nothing, or a folder cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Found, IngestError> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut left_alone = Vec::new();
    for path in paths {
        let text = path.to_string_lossy();
        if path.is_dir() {
            let before = found.len();
            add_folder(path, &mut found, &mut left_alone)?;
            if found.len() == before {
                return Err(nothing(path, &format!("no data file in this folder ({})", ENDINGS.join(", "))));
            }
        } else if text.contains(['*', '?', '[']) && !path.exists() {
            let mut matches: Vec<PathBuf> = glob::glob(&text)
                .map_err(|error| nothing(path, &error.to_string()))?
                .collect::<Result<_, _>>()
                .map_err(|error| nothing(path, &error.to_string()))?;
            matches.retain(|path| path.is_file());
            if matches.is_empty() {
                return Err(nothing(path, "no file matches"));
            }
            found.append(&mut matches);
        } else {
            found.push(path.clone());
        }
    }
    // What a path leads to, not how it is written; what leads nowhere is found out when it is opened.
    let mut real: Vec<PathBuf> = Vec::new();
    for path in &found {
        let leads_to = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        if real.contains(&leads_to) {
            return Err(nothing(path, "given twice: every row of it would count twice"));
        }
        real.push(leads_to);
    }
    Ok(Found { sources: found.into_iter().map(Source::File).collect(), left_alone })
}

fn nothing(path: &Path, problem: &str) -> IngestError {
    IngestError::Malformed { file: path.display().to_string(), message: problem.to_owned() }
}

/// Adds the data files of a folder and of those in it, by name. What begins with a dot or an underscore is no data: a
/// temporary file, a mark of success.
fn add_folder(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    left_alone: &mut Vec<PathBuf>,
) -> Result<(), IngestError> {
    let unreadable = |cause| IngestError::Unreadable { file: folder.display().to_string(), cause };
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .map_err(unreadable)?;
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(['.', '_']) {
            continue;
        }
        let lower = name.to_lowercase();
        if path.is_dir() {
            add_folder(&path, found, left_alone)?;
        } else if path.is_file() && ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            found.push(path);
        } else {
            left_alone.push(path);
        }
    }
    Ok(())
}

/// The columns that the folders of a Hive-partitioned table stand for, `year=2024/month=05`: constant in the file. No
/// value (`__HIVE_DEFAULT_PARTITION__`) is an empty one.
pub(crate) fn partitions(path: &Path) -> Vec<(String, String)> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    folders
        .filter_map(|folder| {
            let (name, value) = folder.as_os_str().to_str()?.split_once('=')?;
            let value = if value == "__HIVE_DEFAULT_PARTITION__" { String::new() } else { unescaped(value) };
            Some((name.to_owned(), value))
        })
        .collect()
}

/// A folder's name with `%3A` and the like read.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| after.get(..2).and_then(|two| std::str::from_utf8(two).ok()))
            .flatten()
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf]) -> Result<Vec<String>, String> {
        let found = find(paths).map_err(|error| error.to_string())?;
        Ok(found.sources.iter().map(Source::name).collect())
    }

    #[test]
    fn folders_and_patterns_stand_for_the_files_in_them() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "m=1/b.csv",
            "m=1/a.parquet",
            "m=2/c.csv.gz",
            "_SUCCESS",
            "notes.md",
            ".x.csv",
            "m=1/_tmp.csv",
            "m=3/D.CSV",
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let at = |name: &str| folder.path().join(name);
        let shown = |names: &[&str]| Ok(names.iter().map(|name| at(name).display().to_string()).collect());
        assert_eq!(names(&[at("")]), shown(&["m=1/a.parquet", "m=1/b.csv", "m=2/c.csv.gz", "m=3/D.CSV"]));
        assert_eq!(find(&[at("")]).unwrap().left_alone, [at("notes.md")]);
        assert_eq!(names(&[at("m=*/*.csv")]), shown(&["m=1/_tmp.csv", "m=1/b.csv"]));
        assert!(names(&[at("*.json")]).unwrap_err().contains("no file matches"));
        assert!(names(&[at("m=1/b.csv"), at("m=1")]).unwrap_err().contains("given twice"));
        std::fs::create_dir(at("empty")).unwrap();
        assert!(names(&[at("empty")]).unwrap_err().contains("no data file"));
    }

    #[test]
    fn folders_of_a_partitioned_table_are_columns() {
        let path =
            Path::new("/data/shop/year=2024/city=S%C3%A3o%20Paulo/kind=__HIVE_DEFAULT_PARTITION__/x.parquet");
        let columns = [("year", "2024"), ("city", "São Paulo"), ("kind", "")];
        assert_eq!(partitions(path), columns.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
