//! Who has objected to marketing, as it is kept: nobody is to be forgotten unnoticed.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

use mainstay_features::id::fingerprint;
use serde::{Deserialize, Serialize};

use super::{Store, read_json, unreadable, write_json};
use crate::failure::{Failure, Kind};
use crate::suppressed::Suppressed;

/// Held while it changes. Once something stands in it there has been a list: where there is none, it has been lost.
const LOCK: &str = "suppressed.lock";
const KEPT: &[u8] = b"there is a list of who has objected\n";

/// The list, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    /// With the checksum of all of it.
    Sealed { customers: Vec<String>, checksum: String },
    /// As it was before 2026-12.
    Plain(Vec<String>),
}

impl Store {
    /// Who has objected to marketing, and who has been forgotten.
    ///
    /// # Errors
    /// When one of both cannot be read, was changed by anything but this program, or is gone.
    pub fn load_suppressed(&self) -> Result<Suppressed, Failure> {
        let path = self.suppressed_path();
        let customers = match read_json(&path)? {
            None if fs::metadata(self.folder().join(LOCK)).is_ok_and(|lock| lock.len() > 0) => {
                let gone = "is gone, and who has objected to marketing with it: put it back from a copy; or, where nobody has, \
                            remove suppressed.lock too";
                return Err(Failure::new(Kind::BadStore, format!("{}: {gone}", path.display())));
            }
            None => Vec::new(),
            Some(Written::Plain(customers)) => customers,
            Some(Written::Sealed { customers, checksum }) if checksum == checksum_of(&customers) => customers,
            Some(Written::Sealed { .. }) => {
                let changed =
                    "its checksum is another: put it back from a copy (mainstay suppress changes it)";
                return Err(unreadable(&path, changed));
            }
        };
        if !customers.is_empty() {
            // As versions of before 2026-11-29 did not. Where that cannot be written, as in a copy to read, it is not noted.
            let _ = self.mark_suppressed();
        }
        Ok(customers.iter().map(String::as_str).collect::<Suppressed>().and(self.load_forgotten()?))
    }

    /// Notes that there has been a list, where that is not noted yet.
    fn mark_suppressed(&self) -> io::Result<()> {
        let lock = OpenOptions::new().append(true).open(self.folder().join(LOCK))?;
        if lock.metadata()?.len() == 0 { lock.write_all_at(KEPT, 0) } else { Ok(()) }
    }

    /// The same for a server, which was started with a store: if its folder has gone, so have those who have objected.
    ///
    /// # Errors
    /// Likewise, or when the store's folder is gone.
    pub fn load_suppressed_again(&self) -> Result<Suppressed, Failure> {
        if self.folder().is_dir() {
            self.load_suppressed()
        } else {
            Err(unreadable(self.folder(), "the store's folder is gone: put it back"))
        }
    }

    /// Changes who has objected to marketing, while nobody else does: an objection is not lost among others.
    ///
    /// # Errors
    /// When the folder cannot be written to; what was kept before then still is.
    pub fn change_suppressed<T>(
        &self,
        change: impl FnOnce(&mut Suppressed) -> T,
    ) -> Result<(Suppressed, T), Failure> {
        let lock = self.lock(LOCK)?;
        let mut suppressed = self.load_suppressed()?;
        let outcome = change(&mut suppressed);
        let customers: Vec<String> = suppressed.ids().map(str::to_owned).collect();
        let checksum = checksum_of(&customers);
        write_json(&self.suppressed_path(), &Written::Sealed { customers, checksum })?;
        let noted = lock.file.write_all_at(KEPT, 0);
        noted.map_err(|cause| Failure::output(&self.folder().join(LOCK), cause))?;
        Ok((suppressed, outcome))
    }
}

fn checksum_of(customers: &[String]) -> String {
    // Identifiers have no line ends but by mischief, and then the count tells.
    format!("{:016x}", fingerprint(&format!("{}\n{}", customers.len(), customers.join("\n"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_has_objected_is_forgotten_unnoticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(&folder.path().join("store"));
        assert!(store.load_suppressed().unwrap().is_empty());
        store.change_suppressed(|kept| kept.add("c4224")).unwrap();
        let (kept, _) = store.change_suppressed(|kept| kept.add("c17")).unwrap();
        assert_eq!(store.load_suppressed().unwrap(), kept);

        let path = store.suppressed_path();
        let written = fs::read(&path).unwrap();
        for bit in 0..written.len() * 8 {
            let mut other = written.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &other).unwrap();
            match store.load_suppressed() {
                Ok(read) => assert_eq!(read, kept, "bit {bit} is of a space or a line's end"),
                Err(refused) => assert_eq!(refused.kind, Kind::BadStore),
            }
        }
        fs::remove_file(&path).unwrap();
        let refused = store.load_suppressed().unwrap_err();
        assert!(refused.message.contains("is gone"), "{refused}");
        assert!(store.change_suppressed(|kept| kept.add("c1")).is_err(), "it does not begin anew by itself");

        fs::write(&path, "[\"c4224\"]\n").unwrap();
        fs::write(folder.path().join("store").join(LOCK), "").unwrap();
        assert!(store.load_suppressed().unwrap().has("c4224"), "as it was written before");
        fs::remove_file(&path).unwrap();
        assert!(store.load_suppressed().is_err(), "it was there when it was last read");
    }
}
