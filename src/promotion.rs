//! Whether a trained model is put into service: the gate's verdict, and the model that serves already.

use std::fmt;

use mainstay_features::history::Histories;
use mainstay_features::label::Label;
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::artifact::Artifact;
use mainstay_models::inputs::FeatureList;
use mainstay_models::model::Kind;
use mainstay_models::training::{self, Settings};

use crate::failure::Failure;
use crate::store::{Change, Store};

/// What became of a trained model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It serves.
    Serves,
    /// It is kept beside the one in service, which it does not beat beyond chance.
    NotBetter,
    /// It is kept: no outcome is known yet that the one in service has not learnt from.
    TooEarly,
    /// It is kept: it is no better than the rule, and the one in service was when it was trained.
    NoBetterThanTheRule,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serves => "it serves",
            Self::NotBetter => "kept beside the model in service, which it does not beat beyond chance",
            Self::TooEarly => {
                "kept beside the model in service: no outcome is known yet which that one has not learnt from, \
                 so the two cannot be compared"
            }
            Self::NoBetterThanTheRule => "kept beside the model in service, being no better than the simple rule",
        })
    }
}

/// Trains on what was known at an instant, and puts the model into service if nothing better serves, or whatever serves
/// if `anyway`.
///
/// # Errors
/// When it cannot be trained or kept.
pub fn train(
    history: &Histories,
    settings: &Settings,
    known_until: Instant,
    store: &Store,
    anyway: bool,
    watch: &dyn Watch,
) -> Result<(Artifact, Outcome), Failure> {
    let label = Label::where_given(history.given());
    // A model that cannot be read is none to be compared with, and one for another question is no rival.
    let incumbent = store.load_model().ok().filter(|model| {
        let Settings { horizon, lookback, .. } = model.settings;
        (horizon, lookback, model.training.label) == (settings.horizon, settings.lookback, label)
    });
    let features = FeatureList::told_by(history.given());
    let ask = incumbent.as_ref().map(|model| {
        |snapshot: &mainstay_models::snapshots::Labelled| {
            let is_unseen = snapshot.cutoff >= model.data_span.1;
            is_unseen.then(|| model.training.probabilities_of_other(&features, snapshot.rows()))
        }
    });
    let ask = ask.as_ref().map(|ask| ask as &training::Incumbent<'_>);
    let (first, _) = history.summary().span.unwrap_or((known_until, known_until));
    let training = training::train(history, settings, known_until, ask, watch)?;
    let artifact = Artifact::new(*settings, (first, known_until), training);
    let outcome = match &incumbent {
        Some(incumbent) if !anyway => against(&artifact, incumbent),
        _ => Outcome::Serves,
    };
    match outcome {
        Outcome::Serves => store.serve_model(&artifact, Change::Train)?,
        _ => store.keep_model(&artifact)?,
    }
    Ok((artifact, outcome))
}

fn against(artifact: &Artifact, incumbent: &Artifact) -> Outcome {
    let rule_serves = incumbent.training.kind() == Kind::Rule;
    let verdict = &artifact.training.verdict;
    match &verdict.over_incumbent {
        _ if rule_serves || artifact.name() == incumbent.name() => Outcome::Serves,
        _ if !verdict.passes() => Outcome::NoBetterThanTheRule,
        Some(gain) if gain.is_sure() => Outcome::Serves,
        Some(_) => Outcome::NotBetter,
        None => Outcome::TooEarly,
    }
}
