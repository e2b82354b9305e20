//! API keys: who may ask the API for what. Of a key only its hash is kept.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use mainstay_features::units::Instant;
use rusqlite::{OptionalExtension, Row, params};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{State, StateError};
use crate::failure::Failure;
use crate::marks;
use crate::random::{hexadecimal, random_bytes};

/// What keys begin with, so that whoever finds one knows what it is for.
pub const PREFIX: &str = "mainstay_";
/// 256 bits: nobody guesses them, so that a plain hash of them needs no salt and no stretching.
const SECRET_BYTES: usize = 32;
/// The bytes of what a key is called by.
const ID_BYTES: usize = 6;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To ask for scores and decisions.
    Score,
    /// To read lists, customers, models and measurements.
    Read,
    /// To read measurements, and nothing of customers.
    Metrics,
    /// To send purchases and complaints.
    Train,
    /// To choose which model is in service.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Score, Self::Read, Self::Metrics, Self::Train, Self::Admin];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Read => "read",
            Self::Metrics => "metrics",
            Self::Train => "train",
            Self::Admin => "admin",
        }
    }

    /// Whether who may do this may do that.
    pub fn covers(self, other: Self) -> bool {
        self == other || (self, other) == (Self::Read, Self::Metrics)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| format!("{name}: a scope is one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it is called by; it is no secret.
    pub id: String,
    /// Whose it is, in the shop's own words.
    pub name: String,
    /// What it is for.
    pub scopes: BTreeSet<Scope>,
    /// Since when it is there.
    pub created: Instant,
    /// From when on it opens nothing.
    pub expires: Option<Instant>,
    /// Since when it has been taken back.
    pub revoked: Option<Instant>,
    hash: [u8; 32],
}

impl Key {
    /// Whether this is the text of it. It takes as long for a wrong text as for the right one.
    pub fn is(&self, text: &str) -> bool {
        self.hash.ct_eq(&hash_of(text)).into()
    }

    /// Why it opens nothing any more, if so.
    pub fn ended(&self, now: Instant) -> Option<&'static str> {
        match (self.revoked, self.expires) {
            (Some(_), _) => Some("revoked"),
            (None, Some(expires)) if expires <= now => Some("expired"),
            _ => None,
        }
    }
}

/// A key's text. Nothing prints it by accident.
pub struct Secret(String);

impl Secret {
    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// What a text that looks like a key calls the key by.
pub fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    (id.len() == 2 * ID_BYTES && secret.len() == 2 * SECRET_BYTES).then_some(id)
}

impl State {
    /// Makes a key; its text is not kept.
    ///
    /// # Errors
    /// When the system has no random numbers, or the state cannot be written.
    pub fn create_key(
        &self,
        name: &str,
        scopes: BTreeSet<Scope>,
        created: Instant,
        expires: Option<Instant>,
    ) -> Result<(Key, Secret), Failure> {
        let id = hexadecimal(&random_bytes::<ID_BYTES>()?);
        let text = format!("{PREFIX}{id}_{}", hexadecimal(&random_bytes::<SECRET_BYTES>()?));
        let hash = hash_of(&text);
        let key = Key { id, name: name.to_owned(), scopes, created, expires, revoked: None, hash };
        let names: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
        let names = names.join(",");
        self.write(|writing| {
            writing.run(|transaction| {
                transaction.execute(
                    "INSERT INTO keys (id, name, hash, scopes, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![key.id, key.name, key.hash, names, created.micros(), expires.map(Instant::micros)],
                )
            })
        })
        .map_err(|error: StateError| Failure::from(error))?;
        // From now on it matters if the database is gone: whoever asked without a key would be answered.
        marks::leave(&self.path).map_err(|cause| Failure::output(&marks::path_of(&self.path), cause))?;
        Ok((key, Secret(text)))
    }

    /// Every key there is or was, the oldest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn keys(&self) -> Result<Vec<Key>, StateError> {
        self.read(|transaction| {
            let mut query = transaction.prepare(
                "SELECT id, name, hash, scopes, created, expires, revoked FROM keys ORDER BY created, id",
            )?;
            query.query_map([], from_row)?.collect()
        })
    }

    /// Takes a key back: since when it is, and whether that was so before; `None` where there is no such key.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn revoke_key(&self, id: &str, now: Instant) -> Result<Option<Revoked>, StateError> {
        self.write(|writing| {
            writing.run(|transaction| {
                let revoked: Option<Option<i64>> = transaction
                    .query_row("SELECT revoked FROM keys WHERE id = ?1", [id], |row| row.get(0))
                    .optional()?;
                match revoked {
                    None => Ok(None),
                    Some(Some(_)) => Ok(Some(Revoked::Before)),
                    Some(None) => {
                        transaction.execute(
                            "UPDATE keys SET revoked = ?2 WHERE id = ?1",
                            params![id, now.micros()],
                        )?;
                        Ok(Some(Revoked::Now))
                    }
                }
            })
        })
    }
}

/// When a key was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// By this call.
    Now,
    /// Earlier.
    Before,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Key> {
    // What no `Instant` can hold was not written here: such a key has ended.
    let instant = |micros: i64| Instant::from_micros(micros).unwrap_or(Instant::MIN);
    let scopes: String = row.get(3)?;
    Ok(Key {
        id: row.get(0)?,
        name: row.get(1)?,
        hash: row.get(2)?,
        // A scope that this program does not know opens nothing of it.
        scopes: scopes.split(',').filter_map(|name| name.parse().ok()).collect(),
        created: instant(row.get(4)?),
        expires: row.get::<_, Option<i64>>(5)?.map(instant),
        revoked: row.get::<_, Option<i64>>(6)?.map(instant),
    })
}

fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn of_a_key_only_its_hash_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.sqlite")).unwrap();
        let scopes = BTreeSet::from([Scope::Score, Scope::Admin]);
        let (created, expires) = (instant("2024-01-01"), instant("2024-03-01"));
        let (key, secret) = state.create_key("crm", scopes, created, Some(expires)).unwrap();
        let (other, _) = state.create_key("", BTreeSet::from([Scope::Read]), created, None).unwrap();
        let text = secret.reveal();
        assert_eq!(id_of(text), Some(key.id.as_str()));
        assert_eq!(text.len(), PREFIX.len() + 12 + 1 + 64, "256 bits in hexadecimal");
        assert!(key.is(text) && !other.is(text));
        assert!(!key.is(&text[..text.len() - 1]) && !key.is(&format!("{text}0")));

        let kept = state.keys().unwrap();
        assert!(kept.contains(&key) && kept.contains(&other));
        drop(state);
        let secret = text.rsplit('_').next().unwrap().as_bytes();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }

    #[test]
    fn a_key_ends_at_its_expiry_or_when_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.sqlite")).unwrap();
        let (created, expires) = (instant("2024-01-01"), instant("2024-03-01"));
        let scopes = BTreeSet::from([Scope::Score]);
        let (key, _) = state.create_key("crm", scopes, created, Some(expires)).unwrap();
        assert_eq!(key.ended(instant("2024-02-29T23:59:59Z")), None);
        assert_eq!(key.ended(expires), Some("expired"));
        assert_eq!(state.revoke_key("nobody's", created).unwrap(), None);
        assert_eq!(state.revoke_key(&key.id, created).unwrap(), Some(Revoked::Now));
        assert_eq!(state.revoke_key(&key.id, created).unwrap(), Some(Revoked::Before));
        assert_eq!(state.keys().unwrap()[0].ended(created), Some("revoked"));
    }

    #[test]
    fn what_is_no_key_has_no_id() {
        for text in
            ["", "mainstay_", "mainstay__", "Mainstay_0123456789ab_00", "mainstay_0123456789ab_", "é_é"]
        {
            assert_eq!(id_of(text), None, "{text}");
        }
    }
}
