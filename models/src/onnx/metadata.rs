//! What goes along with an exported model: what its columns are, and how the raw score becomes a probability.

use serde::Serialize;

use crate::artifact::Artifact;

/// Keys and values for an artefact's serving model. Numbers and lists are JSON.
pub fn metadata(artifact: &Artifact) -> Vec<(String, String)> {
    let training = &artifact.training;
    let (serving, shift) = training.serving();
    let inputs = &training.models.inputs;
    [
        ("model", artifact.name()),
        ("kind", serving.kind.to_string()),
        ("label", training.label.to_string()),
        ("horizon_days", artifact.settings.horizon.get().to_string()),
        ("lookback_days", artifact.settings.lookback.get().to_string()),
        ("trained_until", artifact.data_span.1.to_string()),
        ("features", json(&inputs.names())),
        ("no_value", "NaN".to_owned()),
        ("bg_nbd", json(&inputs.purchasing)),
        ("calibration", json(&serving.calibration)),
        ("season_shift_log_odds", json(&shift)),
        (
            "probability",
            "1 / (1 + exp(-(calibration(log_odds) + season_shift_log_odds))), see docs/model-format.md"
                .to_owned(),
        ),
        ("mainstay_version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// Numbers, names and lists of them always serialise.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
