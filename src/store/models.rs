//! The models of a store: `model.mainstay` is in service, `models/NAME.model` is every other that was kept, and
//! `models/history.json` tells which were in service one after the other.
//!
//! What is in service is what `model.mainstay` holds, whoever put it there: it changes in one rename, and the history is
//! written after it. Where the two do not agree, the file is right.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mainstay_models::artifact::Artifact;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Store, paths_in, unreadable, write_whole};
use crate::failure::{Failure, Kind};

const SUFFIX: &str = "model";
/// Held by whoever changes which model serves.
const LOCK: &str = "model.lock";

/// Why a model came into service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was trained.
    Train,
    /// It was promoted.
    Promote,
    /// The one after it was rolled back.
    Rollback,
}

/// A change of the model in service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Served {
    /// Why.
    pub change: Change,
    /// The model's name.
    pub model: String,
}

/// A model of the store.
#[derive(Debug)]
pub struct StoredModel {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is in service.
    pub in_service: bool,
    /// The model.
    pub artifact: Artifact,
}

/// What is told of a model in a list of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelTold {
    /// Its name.
    pub model: String,
    /// Whether it is in service.
    pub in_service: bool,
    /// What leaving means to it.
    pub label: String,
    /// How far it looks ahead.
    pub horizon_days: u32,
    /// Who has not bought in so many days has lapsed.
    pub lookback_days: u32,
    /// Until when it knew, as RFC 3339.
    #[schema(format = DateTime)]
    pub trained_until: String,
    /// How many customers the newest snapshot has that it learnt from.
    pub customers: usize,
    /// The share of them who left.
    #[schema(minimum = 0, maximum = 1)]
    pub churn_rate: f64,
    /// How it was judged.
    pub verdict: String,
}

impl StoredModel {
    /// What is told of it.
    pub fn told(&self) -> ModelTold {
        let artifact = &self.artifact;
        ModelTold {
            model: artifact.name(),
            in_service: self.in_service,
            label: artifact.training.label.to_string(),
            horizon_days: artifact.settings.horizon.get(),
            lookback_days: artifact.settings.lookback.get(),
            trained_until: artifact.data_span.1.to_string(),
            customers: artifact.training.snapshots.iter().map(|s| s.rows).find(|&rows| rows > 0).unwrap_or(0),
            churn_rate: artifact.churn_rate(),
            verdict: artifact.training.judged().to_owned(),
        }
    }
}

impl Store {
    /// Every model that can be read, oldest data first, each once; and what cannot be read.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn models(&self) -> Result<(Vec<StoredModel>, Vec<Failure>), Failure> {
        let (mut models, mut failures): (Vec<StoredModel>, _) = (Vec::new(), Vec::new());
        let serving = self.model_path();
        let mut paths = vec![serving.clone()];
        paths.extend(self.kept_models()?);
        for path in paths.into_iter().filter(|path| path.exists()) {
            match load(&path) {
                Ok(artifact) if models.iter().any(|model| model.artifact.name() == artifact.name()) => {}
                Ok(artifact) => {
                    models.push(StoredModel { in_service: path == serving, path, artifact });
                }
                Err(failure) => failures.push(failure),
            }
        }
        models.sort_by_cached_key(|model| (model.artifact.data_span.1, model.artifact.name()));
        Ok((models, failures))
    }

    /// The model of a name.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn model_named(&self, name: &str) -> Result<StoredModel, Failure> {
        // It is kept under its name, so that the others need not be read, and where it is damaged that is told.
        let path = self.model_path();
        if let Some(artifact) = load(&path).ok().filter(|artifact| artifact.name() == name) {
            return Ok(StoredModel { path, in_service: true, artifact });
        }
        if let Some(path) = self.kept_models()?.into_iter().find(|path| *path == self.kept_path(name)) {
            let artifact = load(&path)?;
            if artifact.name() == name {
                return Ok(StoredModel { path, in_service: false, artifact });
            }
        }
        let (models, _) = self.models()?;
        let names: Vec<String> = models.iter().map(|model| model.artifact.name()).collect();
        models.into_iter().find(|model| model.artifact.name() == name).ok_or_else(|| {
            let there_are = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Failure::new(Kind::NoModel, format!("no model {name}; there are: {there_are}"))
        })
    }

    /// The model of a name, or without one that in service.
    ///
    /// # Errors
    /// When there is none.
    pub fn load_model_named(&self, name: Option<&str>) -> Result<Artifact, Failure> {
        name.map_or_else(|| self.load_model(), |name| Ok(self.model_named(name)?.artifact))
    }

    /// Keeps a model without putting it into service.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_model(&self, artifact: &Artifact) -> Result<(), Failure> {
        let path = self.kept_path(&artifact.name());
        fs::create_dir_all(self.models_folder()).map_err(|cause| Failure::output(&path, cause))?;
        write_whole(&path, |out| out.write_all(&artifact.to_bytes()))
    }

    /// Puts a model into service; the one before is kept.
    ///
    /// # Errors
    /// When the store cannot be written to; the model before is then still in service.
    pub fn serve_model(&self, artifact: &Artifact, change: Change) -> Result<(), Failure> {
        let _lock = self.lock(LOCK)?;
        self.put_into_service(artifact, change)
    }

    /// Puts a model into service if the one that is there is still the one of this name, or none that can be read is
    /// and none is named; whether it serves.
    ///
    /// # Errors
    /// When the store cannot be written to; the model before is then still in service.
    pub fn serve_in_place_of(
        &self,
        name: Option<&str>,
        artifact: &Artifact,
        change: Change,
    ) -> Result<bool, Failure> {
        let _lock = self.lock(LOCK)?;
        let present = self.load_model().ok().map(|model| model.name());
        // What is there already has nobody's place to take.
        let is_free = present.as_deref() == name || present == Some(artifact.name());
        if is_free {
            self.put_into_service(artifact, change)?;
        }
        Ok(is_free)
    }

    /// Puts a model into service while nobody else does.
    fn put_into_service(&self, artifact: &Artifact, change: Change) -> Result<(), Failure> {
        let name = artifact.name();
        let before = load(&self.model_path()).ok();
        if before.is_none() {
            self.keep_unreadable()?;
        }
        let mut history = self.model_history()?;
        if let Some(before) = &before {
            if before.name() == name {
                return Ok(());
            }
            self.keep_model(before)?;
            // Somebody may have put it there by hand, and versions before this one noted no first.
            if history.last().is_none_or(|last| last.model != before.name()) {
                history.push(Served { change: Change::Promote, model: before.name() });
            }
        }
        self.create()?;
        write_whole(&self.model_path(), |out| out.write_all(&artifact.to_bytes()))?;
        history.push(Served { change, model: name });
        self.save_history(&history)
    }

    /// Keeps the bytes in service of which this program can make no model: a newer or an older one can, perhaps.
    fn keep_unreadable(&self) -> Result<(), Failure> {
        let path = self.model_path();
        let bytes = match fs::read(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read.map_err(|cause| unreadable(&path, cause))?,
        };
        let kept = self.kept_path(&format!("unread-{:016x}", xxhash_rust::xxh3::xxh3_64(&bytes)));
        fs::create_dir_all(self.models_folder()).map_err(|cause| Failure::output(&kept, cause))?;
        write_whole(&kept, |out| out.write_all(&bytes))
    }

    /// Puts the model that was in service before the present one back.
    ///
    /// # Errors
    /// When there was none, it is gone, or the store cannot be written to.
    pub fn roll_back(&self) -> Result<Artifact, Failure> {
        let _lock = self.lock(LOCK)?;
        let present = self.load_model()?.name();
        let before = before(&self.model_history()?, &present).ok_or_else(|| {
            Failure::new(Kind::NoModel, format!("no other model was in service before {present}"))
        })?;
        let model = self.model_named(&before)?;
        self.put_into_service(&model.artifact, Change::Rollback)?;
        Ok(model.artifact)
    }

    /// Which models were in service, oldest first; empty where nobody noted it.
    ///
    /// # Errors
    /// When what is there is no history.
    pub fn model_history(&self) -> Result<Vec<Served>, Failure> {
        let path = self.history_path();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(unreadable(&path, cause)),
        };
        serde_json::from_slice(&text).map_err(|error| unreadable(&path, error))
    }

    fn save_history(&self, history: &[Served]) -> Result<(), Failure> {
        let (path, folder) = (self.history_path(), self.models_folder());
        fs::create_dir_all(&folder).map_err(|cause| Failure::output(&folder, cause))?;
        let text = serde_json::to_vec_pretty(history)
            .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
        write_whole(&path, |out| out.write_all(&text))
    }

    /// Where a model is: in service, or kept.
    pub fn path_of_model(&self, artifact: &Artifact, in_service: bool) -> PathBuf {
        if in_service { self.model_path() } else { self.kept_path(&artifact.name()) }
    }

    fn models_folder(&self) -> PathBuf {
        self.folder.join("models")
    }

    fn kept_path(&self, name: &str) -> PathBuf {
        self.models_folder().join(format!("{name}.{SUFFIX}"))
    }

    fn history_path(&self) -> PathBuf {
        self.models_folder().join("history.json")
    }

    fn kept_models(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = paths_in(&self.models_folder())?;
        paths.retain(|path| path.extension().is_some_and(|end| end == SUFFIX));
        paths.sort();
        Ok(paths)
    }
}

/// The model that was in service before the present one: trained and promoted models lie on each other, and a rollback
/// takes the uppermost off.
fn before(history: &[Served], present: &str) -> Option<String> {
    let mut stack: Vec<&str> = Vec::new();
    for served in history {
        if served.change == Change::Rollback {
            stack.pop();
        }
        if stack.last() != Some(&served.model.as_str()) {
            stack.push(&served.model);
        }
    }
    while stack.last() == Some(&present) {
        stack.pop();
    }
    stack.last().map(|&name| name.to_owned())
}

fn load(path: &Path) -> Result<Artifact, Failure> {
    let bytes = fs::read(path).map_err(|cause| unreadable(path, cause))?;
    Artifact::from_bytes(&bytes).map_err(|error| Failure::model(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(changes: &[(Change, &str)]) -> Vec<Served> {
        changes.iter().map(|&(change, model)| Served { change, model: model.to_owned() }).collect()
    }

    #[test]
    fn rolling_back_twice_goes_back_twice() {
        use Change::{Promote, Rollback, Train};
        let mut served = history(&[(Train, "a"), (Train, "b"), (Promote, "c")]);
        assert_eq!(before(&served, "c").as_deref(), Some("b"));
        served.extend(history(&[(Rollback, "b")]));
        assert_eq!(before(&served, "b").as_deref(), Some("a"));
        served.extend(history(&[(Rollback, "a")]));
        assert_eq!(before(&served, "a"), None);
        served.extend(history(&[(Promote, "c")]));
        assert_eq!(before(&served, "c").as_deref(), Some("a"));
        // Put there by hand: the newest of the history was before it.
        assert_eq!(before(&served, "d").as_deref(), Some("c"));
    }
}
