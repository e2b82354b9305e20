//! `GET /v1/at-risk?top=N&language=zh`: the head of the newest scored list.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use mainstay_models::language::Language;
use serde::Deserialize;
use serde_json::Value;

use super::App;
use super::body::on_a_thread;
use super::newest::Newest;
use crate::at_risk::Order;
use crate::failure::{Failure, Kind};
use crate::scores::Scores;
use crate::store::Store;

const DEFAULT_TOP: usize = 20;
/// The most rows a request may ask for, and all that is kept in memory.
const MAX_TOP: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    top: Option<usize>,
    /// In which language people read it.
    #[serde(default)]
    language: Language,
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
    let rows = move || {
        let head = app.list.get()?;
        Ok(head.rows.iter().take(top).map(|row| head.to_json(row, asked.language)).collect())
    };
    on_a_thread(rows).await.map(Json)
}

/// The head of the store's scored list, highest net value first.
pub(super) fn newest_list(store: Store) -> Newest<Scores> {
    Newest::of(store.scores_path(), move || {
        let scores = store.load_scores()?;
        let rows = Order::NetValue.first(scores.rows.iter().collect(), MAX_TOP);
        Ok(Scores { rows: rows.into_iter().cloned().collect(), ..scores })
    })
}
