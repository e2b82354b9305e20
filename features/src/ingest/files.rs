//! Which files a path stands for: a file, a folder, a pattern.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

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
        } else if text.contains(WILDCARDS) && !path.exists() {
            found.append(&mut matches(path, &text)?);
        } else {
            found.push(path.clone());
        }
    }
    // What a path leads to, not how it is written; what leads nowhere is found out when it is opened.
    let mut real = BTreeSet::new();
    for path in &found {
        if !real.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())) {
            return Err(nothing(path, "given twice: every row of it would count twice"));
        }
    }
    Ok(Found { sources: found.into_iter().map(Source::File).collect(), left_alone })
}

/// The files that match a pattern. As in a folder, what begins with a dot or an underscore is no data, unless the pattern says
/// so itself.
fn matches(path: &Path, pattern: &str) -> Result<Vec<PathBuf>, IngestError> {
    let mut matches: Vec<PathBuf> = glob::glob(pattern)
        .map_err(|error| nothing(path, &error.to_string()))?
        .collect::<Result<_, _>>()
        .map_err(|error| nothing(path, &error.to_string()))?;
    let is_asked_for = |name: &str| {
        let is_like = |part: &str| part.contains(WILDCARDS) && part.chars().next() == name.chars().next();
        pattern.split('/').any(|part| part == name || is_like(part))
    };
    let is_data = |name: Component<'_>| {
        let name = name.as_os_str().to_string_lossy();
        !name.starts_with(MARKS) || is_asked_for(&name)
    };
    matches.retain(|path| path.components().all(is_data) && path.is_file());
    if matches.is_empty() {
        return Err(nothing(path, "no file matches (what begins with a dot or an underscore is no data)"));
    }
    let above: BTreeSet<&Path> = matches.iter().flat_map(|path| path.ancestors().skip(1)).collect();
    above.into_iter().try_for_each(refuse_tables_with_a_log)?;
    let folders: BTreeSet<&Path> = matches.iter().filter_map(|path| path.parent()).collect();
    for folder in folders {
        // No pattern matches such a name, and nobody would hear of it.
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name()).filter(|name| name.to_str().is_none());
        if let Some(name) = names.find(|name| is_called_as_data(&name.to_string_lossy())) {
            let why = "its name is not UTF-8, which no pattern matches: rename it, or give its folder";
            return Err(nothing(&folder.join(name), why));
        }
    }
    Ok(matches)
}

/// What makes a pattern of a path.
const WILDCARDS: [char; 3] = ['*', '?', '['];
/// Names that begin so are no data's.
const MARKS: [char; 2] = ['.', '_'];

/// Whether a file is called as data files are.
fn is_called_as_data(name: &str) -> bool {
    let name = name.to_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Refuses the folder of a table whose log says which of its files count: all of them together are no table.
fn refuse_tables_with_a_log(folder: &Path) -> Result<(), IngestError> {
    let has_metadata = || {
        let entries = std::fs::read_dir(folder.join("metadata")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().ends_with(".metadata.json"))
    };
    let kind = match () {
        () if folder.join("_delta_log").is_dir() => "Delta Lake",
        () if folder.join(".hoodie").is_dir() => "Hudi",
        () if has_metadata() => "Iceberg",
        () => return Ok(()),
    };
    let why = format!(
        "a table of {kind}, whose log says which of its files count; Mainstay reads no such log: write what the table holds now as \
         plain Parquet files into another folder, with what keeps the table or with DuckDB (docs/input.md)"
    );
    Err(nothing(folder, &why))
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
    refuse_tables_with_a_log(folder)?;
    let unreadable = |cause| IngestError::Unreadable { file: folder.display().to_string(), cause };
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .map_err(unreadable)?;
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(MARKS) {
            continue;
        }
        if path.is_dir() {
            add_folder(&path, found, left_alone)?;
        } else if path.is_file() && is_called_as_data(&name) {
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
        assert_eq!(names(&[at("m=*/*.csv")]), shown(&["m=1/b.csv"]));
        assert_eq!(names(&[at("m=*/_*.csv")]), shown(&["m=1/_tmp.csv"]));
        // A folder of such a name that is named makes no data of files of such names, nor does the way up.
        for name in [".inner/a.csv", ".inner/.b.csv", ".inner/_c.csv"] {
            std::fs::create_dir_all(at(".inner")).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        assert_eq!(names(&[at(".inner/*.csv")]), shown(&[".inner/a.csv"]));
        assert_eq!(names(&[at("m=1/../.inner/*.csv")]), shown(&["m=1/../.inner/a.csv"]));
        assert!(names(&[at("*/a.csv")]).unwrap_err().contains("no file matches"));
        assert_eq!(names(&[at("m=1/_tmp.csv")]), shown(&["m=1/_tmp.csv"]));
        assert!(names(&[at("*.json")]).unwrap_err().contains("no file matches"));
        assert!(names(&[at("m=1/b.csv"), at("m=1")]).unwrap_err().contains("given twice"));
        std::fs::create_dir(at("empty")).unwrap();
        assert!(names(&[at("empty")]).unwrap_err().contains("no data file"));
    }

    /// All files of such a table together are no table: what was taken out of it stays in its folder for a while.
    #[test]
    fn tables_with_a_log_of_their_own_are_refused() {
        for (kind, mark) in [
            ("Delta Lake", "_delta_log/0.json"),
            ("Iceberg", "metadata/v1.metadata.json"),
            ("Hudi", ".hoodie/x"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            for name in ["day=1/a.csv", mark] {
                std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
                std::fs::write(at(name), "").unwrap();
            }
            for path in ["", "day=*/*.csv"] {
                let why = names(&[at(path)]).unwrap_err();
                assert!(why.contains(&format!("a table of {kind}")), "{why}");
            }
            assert!(names(&[at("day=1/a.csv")]).is_ok(), "who names a file means it");
        }
    }

    #[test]
    fn a_file_that_no_pattern_can_match_is_told_of() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        for name in [&b"a.csv"[..], b"caf\xe9.csv"] {
            std::fs::write(folder.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        assert!(names(&[folder.path().join("*.csv")]).unwrap_err().contains("is not UTF-8"));
        assert_eq!(names(&[folder.path().to_owned()]).unwrap().len(), 2);
    }

    #[test]
    fn folders_of_a_partitioned_table_are_columns() {
        let path =
            Path::new("/data/shop/year=2024/city=S%C3%A3o%20Paulo/kind=__HIVE_DEFAULT_PARTITION__/x.parquet");
        let columns = [("year", "2024"), ("city", "São Paulo"), ("kind", "")];
        assert_eq!(partitions(path), columns.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
