//! The keys in memory, so that no request waits for the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::HeaderMap;

use super::rate::Bucket;
use super::shown;
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::state::keys::{Key, Scope, id_of};
use crate::state::{State, StateError};

/// Every key there is or was, by id.
type Keys = BTreeMap<String, Arc<Asker>>;

/// Who asks: a key and how much it has asked, or without keys anybody.
pub(super) struct Asker {
    key: Option<Key>,
    bucket: Arc<Bucket>,
}

impl Asker {
    pub(super) fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// The id of the key.
    pub(super) fn id(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.id.as_str())
    }
}

/// The keys, as they are in the state.
pub(super) struct Ring {
    state: Arc<State>,
    /// The state's version that the keys were read at.
    version: Mutex<i64>,
    keys: RwLock<Arc<Keys>>,
    /// Set where the keys are no longer where they were: one that is revoked now would still open.
    lost: RwLock<Option<StateError>>,
    anybody: Arc<Asker>,
}

impl Ring {
    pub(super) fn new(state: Arc<State>) -> Result<Self, StateError> {
        let version = Mutex::new(state.version()?);
        let keys = RwLock::new(Arc::new(load(&state, &Keys::new())?));
        let anybody = Arc::new(Asker { key: None, bucket: Arc::default() });
        Ok(Self { state, version, keys, lost: RwLock::default(), anybody })
    }

    /// Reads the keys again if something in the state has changed.
    pub(super) fn refresh(&self) -> Result<(), StateError> {
        let refreshed = self.read_again();
        if matches!(refreshed, Ok(()) | Err(StateError::Replaced { .. })) {
            *self.lost.write().unwrap_or_else(PoisonError::into_inner) = refreshed.clone().err();
        }
        refreshed
    }

    /// That the keys are still those that others make and revoke.
    pub(super) fn check(&self) -> Result<(), StateError> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    fn read_again(&self) -> Result<(), StateError> {
        let mut known = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked before the keys are read: what changes in between is then seen the next time.
        let version = self.state.version()?;
        if version != *known {
            let keys = Arc::new(load(&self.state, &self.keys())?);
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
            *known = version;
        }
        Ok(())
    }

    /// Whether there never was a key. One that was revoked still closes the door: else revoking the last would open it.
    pub(super) fn is_empty(&self) -> bool {
        self.keys().is_empty()
    }

    pub(super) fn anybody(&self) -> Arc<Asker> {
        self.anybody.clone()
    }

    /// Whose key a request shows; it must be for `scope`.
    pub(super) fn asker(&self, headers: &HeaderMap, scope: Option<Scope>) -> Result<Arc<Asker>, Failure> {
        let refused = |what: String| Failure::new(Kind::NoKey, what);
        let text = shown(headers)?;
        let keys = self.keys();
        let asker = id_of(text).and_then(|id| keys.get(id));
        let (asker, key) = match asker.map(|asker| (asker, asker.key.as_ref())) {
            Some((asker, Some(key))) if key.is(text) => (asker, key),
            _ => {
                return Err(refused(
                    "there is no such key; mainstay keys list shows those there are".to_owned(),
                ));
            }
        };
        if let Some(ended) = key.ended(now()) {
            return Err(refused(format!(
                "the key {} is {ended}; make another with mainstay keys create",
                key.id
            )));
        }
        match scope {
            Some(scope) if !key.scopes.iter().any(|own| own.covers(scope)) => Err(Failure::new(
                Kind::WrongScope,
                format!(
                    "the key {} is not for {scope}; make one with mainstay keys create --scope {scope}",
                    key.id
                ),
            )),
            _ => Ok(asker.clone()),
        }
    }

    fn keys(&self) -> Arc<Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The keys of the state; one that was there before has still asked as much as it has.
fn load(state: &State, before: &Keys) -> Result<Keys, StateError> {
    let asker = |key: Key| {
        let bucket = before.get(&key.id).map(|before| before.bucket.clone()).unwrap_or_default();
        (key.id.clone(), Arc::new(Asker { key: Some(key), bucket }))
    };
    Ok(state.keys()?.into_iter().map(asker).collect())
}
