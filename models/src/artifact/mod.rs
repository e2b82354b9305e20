//! The model file: both models, what they were trained on and how they did. docs/model-format.md describes the bytes.

mod bytes;
mod header;

use mainstay_features::units::Instant;
use sha2::{Digest, Sha256};

use self::header::Header;
use crate::forest::{Forest, Node};
use crate::training::{Settings, SnapshotSummary, Training};

/// The newest format version that this build writes and reads…
pub const VERSION: u32 = 7;
/// …the newest of models that did not know who comes back by themselves…
const WITHOUT_RETURNING: u32 = 6;
/// …the newest of models that were not judged against one probability for everybody…
const WITHOUT_BASE_RATE: u32 = 5;
/// …the newest without a season in its lifetime values…
const WITHOUT_SEASON: u32 = 4;
/// …and the oldest: of models that were judged before the rule knew how often customers bought.
const OLDEST: u32 = 3;
const MAGIC: &[u8; 8] = b"MAINSTAY";
const CHECKSUM_BYTES: usize = 32;

/// A trained model, ready to be kept or used.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    id: String,
    /// What the model was trained for.
    pub settings: Settings,
    /// The first and the last order the training looked at; every label ends at or before the last.
    pub data_span: (Instant, Instant),
    /// What was trained, and what speaks for it. The snapshots are never empty.
    pub training: Training,
}

impl Artifact {
    /// Puts a training's outcome together with what it was trained on.
    pub fn new(settings: Settings, data_span: (Instant, Instant), training: Training) -> Self {
        let mut artifact = Self { id: String::new(), settings, data_span, training };
        artifact.id = id_of(&artifact.body());
        artifact
    }

    /// The model's name: the kind that serves and the start of its checksum.
    pub fn name(&self) -> String {
        format!("{}-{}", self.training.kind(), self.id)
    }

    /// The churn rate at the newest snapshot with customers.
    pub fn churn_rate(&self) -> f64 {
        // A training without any customer fails, so the 1 ("nobody stays") is never met.
        self.training.snapshots.iter().find_map(SnapshotSummary::churn_rate).unwrap_or(1.0)
    }

    /// The file: everything, then the checksum over it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.body();
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not a model file, is newer than this build, is damaged, or was trained on other features.
    pub fn from_bytes(file: &[u8]) -> Result<Self, ArtifactError> {
        let rest = file.strip_prefix(MAGIC).ok_or(ArtifactError::NotAModel)?;
        let version =
            rest.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).ok_or(ArtifactError::Damaged)?;
        if version > VERSION {
            return Err(ArtifactError::Newer { version });
        }
        if version < OLDEST {
            return Err(ArtifactError::Older { version });
        }
        let body_len = file.len().checked_sub(CHECKSUM_BYTES).ok_or(ArtifactError::Damaged)?;
        let (body, checksum) = file.split_at(body_len);
        if Sha256::digest(body).as_slice() != checksum {
            return Err(ArtifactError::Damaged);
        }
        Self::from_body(body)
    }

    /// The oldest version that has all that is in it: what was read is written again as it was, under its name.
    fn version(&self) -> u32 {
        let Training { verdict, core, lifetime, .. } = &self.training;
        let verdicts = [verdict, &core.verdict];
        if lifetime.lifetime.returning().is_some() {
            VERSION
        } else if verdicts.iter().any(|verdict| verdict.over_base_rate.is_some()) {
            WITHOUT_RETURNING
        } else if lifetime.lifetime.season().is_some() {
            WITHOUT_BASE_RATE
        } else if verdicts.iter().any(|verdict| verdict.over_recency.is_some()) {
            WITHOUT_SEASON
        } else {
            OLDEST
        }
    }

    fn body(&self) -> Vec<u8> {
        let header = Header::of(self);
        // A header of numbers and names always serialises.
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let nodes = self.training.models.forest.nodes();
        let mut body = Vec::with_capacity(64 + header.len() + nodes.len() * 18);
        body.extend_from_slice(MAGIC);
        body.extend_from_slice(&self.version().to_le_bytes());
        bytes::put_block(&mut body, &header);
        bytes::put_array(&mut body, self.training.models.forest.ends(), |&end| end.to_le_bytes());
        bytes::put_array(&mut body, nodes, |node| node.churned_share.to_le_bytes());
        bytes::put_array(&mut body, nodes, |node| node.threshold.to_le_bytes());
        bytes::put_array(&mut body, nodes, |node| node.above.to_le_bytes());
        bytes::put_array(&mut body, nodes, |node| column_and_missing(node).to_le_bytes());
        body
    }

    fn from_body(body: &[u8]) -> Result<Self, ArtifactError> {
        let bad = |what: &str| ArtifactError::Impossible { what: what.to_owned() };
        let mut rest = &body[(MAGIC.len() + 4).min(body.len())..];
        let header = bytes::take_block(&mut rest).ok_or_else(|| bad("the header is cut short"))?;
        let header: Header = serde_json::from_slice(header).map_err(|error| bad(&error.to_string()))?;
        let width = header.width();
        let forest = read_forest(&mut rest, width).ok_or_else(|| bad("the forest is cut short"))?;
        let forest = forest.map_err(|error| bad(&error.to_string()))?;
        if !rest.is_empty() {
            return Err(bad("there is more than a model in it"));
        }
        header.artifact(forest, id_of(body))
    }
}

/// Set in a node's column where rows without a value go above.
const MISSING_ABOVE: u16 = 1 << 15;

fn column_and_missing(node: &Node) -> u16 {
    if node.missing_above { node.column | MISSING_ABOVE } else { node.column }
}

fn read_forest(rest: &mut &[u8], width: usize) -> Option<Result<Forest, crate::forest::BadForest>> {
    let ends = bytes::take_array(rest, u32::from_le_bytes)?;
    let shares = bytes::take_array(rest, f64::from_le_bytes)?;
    let thresholds = bytes::take_array(rest, f32::from_le_bytes)?;
    let above = bytes::take_array(rest, u32::from_le_bytes)?;
    let columns = bytes::take_array(rest, u16::from_le_bytes)?;
    if thresholds.len() != shares.len() || above.len() != shares.len() || columns.len() != shares.len() {
        return None;
    }
    let nodes = (0..shares.len())
        .map(|i| Node {
            churned_share: shares[i],
            threshold: thresholds[i],
            above: above[i],
            column: columns[i] & !MISSING_ABOVE,
            missing_above: columns[i] & MISSING_ABOVE != 0,
        })
        .collect();
    Some(Forest::new(nodes, ends, width))
}

/// The first twelve hexadecimal digits of the checksum.
fn id_of(body: &[u8]) -> String {
    Sha256::digest(body)[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// It does not begin like one.
    #[error("is not a Mainstay model file")]
    NotAModel,
    /// A later version wrote it.
    #[error("has format version {version}, and this build reads up to {VERSION}; use a newer mainstay")]
    Newer {
        /// Its version.
        version: u32,
    },
    /// An earlier version wrote it, of models that saw less.
    #[error("has format version {version}, and this build reads {OLDEST} to {VERSION}; train again")]
    Older {
        /// Its version.
        version: u32,
    },
    /// Its checksum does not fit its content.
    #[error("is damaged: its checksum does not fit; train again or restore a copy")]
    Damaged,
    /// The checksum fits but the content is no model.
    #[error("is not a possible model: {what}")]
    Impossible {
        /// What is wrong.
        what: String,
    },
    /// The features are not those of this build.
    #[error("was trained on the features {theirs}, and this build does not compute all of them; train again")]
    OtherFeatures {
        /// Its features.
        theirs: String,
    },
}

#[cfg(test)]
mod tests;
