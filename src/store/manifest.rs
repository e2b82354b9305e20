//! What a kept history is of: its segments, and the files whose rows are in them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use mainstay_features::id;
use mainstay_features::ingest::Table;
use serde::{Deserialize, Serialize};

use super::write_whole;
use crate::failure::{Failure, Kind};
use crate::marks;

/// From version 2 on it has a checksum, and of version 3 is one that tells currencies.
const VERSION: u32 = 3;
const WITHOUT_CURRENCIES: u32 = 2;

/// The manifest, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: u32,
    /// The next segment's number.
    pub(super) next: u64,
    pub(super) segments: Vec<String>,
    pub(super) files: Vec<KeptFile>,
    /// The currencies that purchase lines of the files are in, where a column tells.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) currencies: BTreeSet<String>,
    /// Of all else but what files were called.
    #[serde(default)]
    checksum: String,
}

/// What every version says of itself.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Manifest {
    /// Reads that of a history's folder; that of no history yet where there is none.
    ///
    /// # Errors
    /// When it is gone, damaged or of a newer version.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(MANIFEST);
        let broken = |what: String| Failure::new(Kind::BadStore, format!("{}: {what}", path.display()));
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let gone = "is gone, and the history's segments are there: put it back from a copy, or, where no ingest has ever \
                            ended, remove them";
                return if has_segments(folder) {
                    Err(broken(gone.to_owned()))
                } else if marks::is_left(folder) {
                    Err(Failure::new(
                        Kind::BadStore,
                        format!("{}: {}", folder.display(), marks::gone(folder)),
                    ))
                } else {
                    Ok(Self::default())
                };
            }
            Err(cause) => return Err(broken(format!("cannot be read: {cause}"))),
        };
        let no_manifest = |error: serde_json::Error| broken(format!("is no manifest: {error}; {FROM_COPY}"));
        // First, as a newer one has fields that this program does not know.
        let Versioned { version } = serde_json::from_slice(&text).map_err(no_manifest)?;
        if version > VERSION {
            return Err(broken(format!(
                "is of version {version}; this program reads up to {VERSION}: use a newer one"
            )));
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(no_manifest)?;
        if manifest.version > 1 && manifest.checksum != manifest.own_checksum() {
            return Err(broken(format!("is damaged, as its checksum is another; {FROM_COPY}")));
        }
        if manifest.segments.iter().any(|name| name.contains(['/', '\\'])) {
            return Err(broken("names a segment that is not in its folder".to_owned()));
        }
        Ok(manifest)
    }

    /// Writes it whole into the folder.
    ///
    /// # Errors
    /// When the folder cannot be written to: the one before is then still there.
    pub(super) fn write(&mut self, folder: &Path) -> Result<(), Failure> {
        self.version = if self.currencies.is_empty() { WITHOUT_CURRENCIES } else { VERSION };
        self.checksum = self.own_checksum();
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
        write_whole(&folder.join(MANIFEST), |out| out.write_all(&text))
    }

    fn own_checksum(&self) -> String {
        let Self { version, next, segments, files, currencies, checksum: _ } = self;
        let mut all = format!("{version} {next} {}\n", segments.len());
        let names = segments.iter().map(|name| format!("{name}\n"));
        let files =
            files.iter().map(|KeptFile { table, fingerprint, .. }| format!("{table} {fingerprint}\n"));
        let currencies = currencies.iter().map(|currency| format!("{currency}\n"));
        all.extend(names.chain(files).chain(currencies));
        format!("{:016x}", id::fingerprint(&all))
    }
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            version: WITHOUT_CURRENCIES,
            next: 1,
            segments: Vec::new(),
            files: Vec::new(),
            currencies: BTreeSet::new(),
            checksum: String::new(),
        }
    }
}

/// A file that is in the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFile {
    /// Which table it was read as.
    pub table: String,
    /// What it was called.
    pub name: String,
    /// The fingerprint of its bytes and of what its folders tell, in hexadecimal.
    pub fingerprint: String,
}

impl KeptFile {
    /// A file of a table with these bytes, whose folders tell this.
    pub fn new(table: Table, name: String, bytes: u128, told_by_folders: &str) -> Self {
        let mut fingerprint = format!("{bytes:032x}");
        if !told_by_folders.is_empty() {
            fingerprint += &format!("{:016x}", id::fingerprint(told_by_folders));
        }
        Self { table: table.to_string(), name, fingerprint }
    }

    /// What is the same of two files that say the same, whatever they are called: their table and their fingerprint.
    pub fn identity(&self) -> (String, String) {
        (self.table.clone(), self.fingerprint.clone())
    }
}

/// What it is called.
pub(super) const MANIFEST: &str = "manifest.json";

/// Whether a file of the folder is a segment.
pub(super) fn is_segment(file_name: &str) -> bool {
    file_name.starts_with("segment-")
}

fn has_segments(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| is_segment(&entry.file_name().to_string_lossy()))
}

/// What to do about a manifest that cannot be believed.
const FROM_COPY: &str = "put the history's folder back from a copy, or ingest anew into another --store";
