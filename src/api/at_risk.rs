//! `GET /v1/at-risk?top=N`: the head of the newest scored list.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::Value;

use super::App;
use crate::failure::{Failure, Kind};
use crate::store::Store;

const DEFAULT_TOP: usize = 20;
/// The most rows a request may ask for, and all that is kept in memory.
const MAX_TOP: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    top: Option<usize>,
}

/// Serves the list's head, highest net value first.
pub(super) async fn at_risk(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Vec<Value>>, Failure> {
    let bad = |what: String| Failure::new(Kind::Usage, what);
    let Query(asked) = asked.map_err(|rejection| bad(rejection.body_text()))?;
    let top = asked.top.unwrap_or(DEFAULT_TOP);
    if !(1..=MAX_TOP).contains(&top) {
        return Err(bad(format!("top: {top} is not between 1 and {MAX_TOP}")));
    }
    let head = tokio::task::spawn_blocking(move || app.newest_list.head())
        .await
        .map_err(|error| Failure::new(Kind::Internal, error.to_string()))??;
    Ok(Json(head.iter().take(top).cloned().collect()))
}

/// The head of the store's scored list, read again when a newer list has taken the file's place.
pub(super) struct NewestList {
    store: Store,
    read: Mutex<Option<Read>>,
}

struct Read {
    written: SystemTime,
    head: Arc<Vec<Value>>,
}

impl NewestList {
    pub(super) fn of(store: Store) -> Self {
        Self { store, read: Mutex::new(None) }
    }

    fn head(&self) -> Result<Arc<Vec<Value>>, Failure> {
        let written = fs::metadata(self.store.scores_path()).and_then(|about| about.modified()).ok();
        // Whoever panicked while holding the lock left either the old list or the new one.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(read), Some(written)) = (read.as_ref(), written)
            && read.written == written
        {
            return Ok(read.head.clone());
        }
        let scores = self.store.load_scores()?;
        let head: Vec<Value> = scores.ranked(MAX_TOP).into_iter().map(|row| scores.to_json(row)).collect();
        let head = Arc::new(head);
        *read = written.map(|written| Read { written, head: head.clone() });
        Ok(head)
    }
}
