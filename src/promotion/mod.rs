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
    /// It serves in place of one that answers another question, so that the two could not be compared.
    ServesInstead,
    /// It is kept beside the one in service, which it does not beat beyond chance.
    NotBetter,
    /// It is kept: no outcome is known yet that the one in service has not learnt from.
    TooEarly,
    /// It is kept: it is no better than the rule, and the one in service was when it was trained.
    NoBetterThanTheRule,
    /// It is kept: another came into service while it was trained, which it was not compared with.
    Overtaken,
}

impl Outcome {
    /// Whether the model serves.
    pub fn serves(self) -> bool {
        matches!(self, Self::Serves | Self::ServesInstead)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serves => "it serves",
            Self::ServesInstead => {
                "it serves, in place of a model for another horizon, lookback or meaning of leaving, with which it was not compared \
                 (mainstay models list shows that one, and models promote puts it back)"
            }
            Self::NotBetter => "kept beside the model in service, which it does not beat beyond chance",
            Self::TooEarly => {
                "kept beside the model in service: no outcome is known yet which that one has not learnt from, \
                 so the two cannot be compared"
            }
            Self::NoBetterThanTheRule => "kept beside the model in service, being no better than the simple rule",
            Self::Overtaken => {
                "kept beside the model in service, which came there while this one was trained: the two were not \
                 compared, as training again would"
            }
        })
    }
}

/// Trains on what was known at an instant, and puts the model into service if nothing better serves, or whatever serves
/// if `anyway`. It is compared with the model that is in service when the training begins, and takes no other's place.
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
    let in_service = store.load_model().ok();
    let replaces = in_service.as_ref().map(Artifact::name);
    let serves_another = in_service.is_some();
    let incumbent = in_service.filter(|model| {
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
        None if serves_another => Outcome::ServesInstead,
        _ => Outcome::Serves,
    };
    let outcome = match outcome {
        serves if serves.serves() && anyway => {
            store.serve_model(&artifact, Change::Train)?;
            serves
        }
        serves if serves.serves() => {
            let is_alone = store.serve_in_place_of(replaces.as_deref(), &artifact, Change::Train)?;
            if is_alone { serves } else { Outcome::Overtaken }
        }
        kept => kept,
    };
    if !outcome.serves() {
        store.keep_model(&artifact)?;
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

#[cfg(test)]
mod tests;
