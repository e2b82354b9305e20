//! A model file is read back as it was written, and whatever else it may be is refused.

use super::*;
use crate::calibrate::Calibration;
use crate::dataset::{Dataset, Rows};
use crate::drift::Reference;
use crate::evaluate::profit::Campaign;
use crate::gate::{Gain, Grade, Verdict};
use crate::inputs::{FeatureList, Inputs};
use crate::lifetime::{Amounts, BgNbd, FitError, Fitted, Lifetime, Retention};
use crate::logistic::{Logistic, Scale, Term, Transform};
use crate::model::{Basis, Kind, Models, Serving};
use crate::season::ShiftKind;
use crate::training::{Core, SeasonShift};
use mainstay_features::history::Given;
use mainstay_features::label::Label;
use proptest::prelude::*;

fn artifact() -> Artifact {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    let root = Node { churned_share: 0.5, threshold: 30.5, above: 2, column: 0, missing_above: true };
    let transform = Transform { scale: Scale::Log, low: 0.0, high: 90.0, mean: 40.1, deviation: 12.3 };
    let term = Term { column: 10, transform, coefficient: 1.0 / 3.0, missing: 0.0 };
    let linear = Logistic { intercept: 0.1, terms: vec![term] };
    let features = FeatureList::told_by(Given::default());
    let purchasing: BgNbd = serde_json::from_str(r#"{"r":0.25,"alpha_days":30.0,"a":0.8,"b":2.5}"#).unwrap();
    let horizon = "90d".parse().unwrap();
    let inputs = Inputs { features, purchasing: Some(purchasing), horizon };
    let width = inputs.width();
    let names: Vec<String> = inputs.names().into_iter().map(str::to_owned).collect();
    let rows = Dataset::new(width, vec![1.5; width * 30], vec![true; 30]);
    let gain = Gain { mean: 0.02, low: 0.01, high: 0.03 };
    let verdict = Verdict {
        grade: Grade::ClearlyBetter,
        origins: 1,
        rows: 900,
        over_rule: Some(gain),
        over_recency: Some(gain),
        over_base_rate: Some(gain),
        profit_over_rule: Some(gain),
        profit_over_nothing: Some(gain),
        profit_over_everyone: Some(gain),
        over_incumbent: None,
        campaign: Campaign::default(),
    };
    Artifact::new(
        Settings { horizon, lookback: "365d".parse().unwrap(), seed: 7, trainer: Default::default() },
        (at("2023-01-01"), at("2024-06-30T12:00:00Z")),
        Training {
            label: Label::ContractEnd,
            complaints: true,
            models: Models {
                inputs,
                logistic: linear.clone(),
                forest: Forest::new(vec![root, Node::leaf(0.2), Node::leaf(0.9)], vec![3], width).unwrap(),
                rule: linear.clone(),
                core: linear,
            },
            chosen: Serving {
                kind: Kind::Forest,
                calibration: Calibration::Isotonic(vec![(-1.0, -0.9), (1.5, 1.25)]),
            },
            shift: SeasonShift { kind: ShiftKind::Level, log_odds: 0.125, ..SeasonShift::default() },
            core: Core {
                chosen: Serving { kind: Kind::Core, calibration: Calibration::None },
                shift: SeasonShift::default(),
                verdict: verdict.clone(),
                usual_contributions: vec![0.0; width],
            },
            verdict,
            origins: vec![],
            snapshots: vec![SnapshotSummary { cutoff: at("2024-04-01"), rows: 100, churned: 40 }],
            reference: Reference::new(&names, rows.rows(), &rows.churned),
            lifetime: Fitted {
                lifetime: Lifetime::BgNbd {
                    purchases: purchasing,
                    purchases_per_day: 1.0 + 1.0 / 7.0,
                    amounts: Amounts::OwnMean,
                    season: None,
                    returning: None,
                },
                no_bg_nbd: None,
                no_gamma_gamma: Some(FitError::DidNotConverge("after all".into())),
                correlation: Some(1.0 / 9.0),
            },
        },
    )
}

/// The file with a change in its body and a checksum that fits again.
fn reseal(change: impl FnOnce(&mut Vec<u8>)) -> Result<Artifact, ArtifactError> {
    let mut body = artifact().body();
    change(&mut body);
    let checksum = Sha256::digest(&body);
    Artifact::from_bytes(&[body.as_slice(), checksum.as_slice()].concat())
}

fn swap(body: &mut Vec<u8>, from: &str, to: &str) {
    assert_eq!(from.len(), to.len(), "the header's length is written before it");
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    body.splice(at..at + from.len(), to.bytes());
}

#[test]
fn what_is_written_is_read_back() {
    let artifact = artifact();
    let read = Artifact::from_bytes(&artifact.to_bytes()).unwrap();
    assert_eq!(read, artifact);
    assert_eq!(read.to_bytes(), artifact.to_bytes());
    assert!((artifact.churn_rate() - 0.4).abs() < 1e-12);
    assert!(artifact.name().starts_with("forest-"));
}

#[test]
fn any_flipped_bit_is_refused() {
    let file = artifact().to_bytes();
    for byte in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[byte] ^= 1 << bit;
            assert!(Artifact::from_bytes(&flipped).is_err(), "byte {byte}, bit {bit}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let file = artifact().to_bytes();
    for len in 0..file.len() {
        assert!(Artifact::from_bytes(&file[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn another_version_is_refused_with_its_number() {
    let of_version = |version: u32| reseal(|body| body[8..12].copy_from_slice(&version.to_le_bytes()));
    assert_eq!(of_version(9), Err(ArtifactError::Newer { version: 9 }));
    assert_eq!(of_version(2), Err(ArtifactError::Older { version: 2 }));
}

/// A model of before is the same file, and has the same name, when it is put into service again.
#[test]
fn a_model_of_the_version_before_is_written_as_it_was() {
    let mut training = artifact().training;
    for verdict in [&mut training.verdict, &mut training.core.verdict] {
        verdict.over_recency = None;
        verdict.over_base_rate = None;
    }
    let of_before = Artifact::new(artifact().settings, artifact().data_span, training).to_bytes();
    assert_eq!(of_before[8..12], 3_u32.to_le_bytes());
    let read = Artifact::from_bytes(&of_before).unwrap();
    assert!(read.to_bytes() == of_before && !String::from_utf8_lossy(&of_before).contains("over_recency"));
}

#[test]
fn hostile_content_under_a_fitting_checksum_is_refused() {
    assert!(matches!(
        reseal(|body| swap(body, "recency_days", "recency_dayz")),
        Err(ArtifactError::OtherFeatures { .. })
    ));
    for (from, to) in [
        ("\"column\":10", "\"column\":99"),
        ("\"seed\":7", "\"sead\":7"),
        ("\"deviation\":12.3", "\"deviation\":-2.3"),
        ("[1.5,1.25]", "[-2.,1.25]"),
        ("\"horizon_days\":90", "\"horizon_days\": 0"),
        ("\"rows\":100", "\"rows\":  3"),
        ("2024-04-01T", "2024-24-01T"),
        ("contract end", "contract and"),
    ] {
        assert!(reseal(|body| swap(body, from, to)).is_err(), "{from} to {to}");
    }
    assert!(reseal(|body| body.push(0)).is_err(), "more than a model");
    let huge = reseal(|body| body[12..20].copy_from_slice(&u64::MAX.to_le_bytes()));
    assert!(huge.is_err(), "an absurd length allocates nothing");
}

type Change = fn(&mut Training);

/// Numbers and lists that the reader takes as such and that would make an answer infinite, a walk endless or a place
/// none.
#[test]
fn what_no_training_writes_is_refused() {
    let changes: [(&str, Change); 24] = [
        ("a column twice", |t| t.models.logistic.terms.push(t.models.logistic.terms[0])),
        ("an infinite term", |t| {
            t.models.rule.terms[0].transform = Transform { mean: 1e300, ..t.models.rule.terms[0].transform };
        }),
        ("an infinite intercept, nearly", |t| t.models.rule.intercept = 1e300),
        ("infinite weights, nearly", |t| {
            let (of_churners, of_stayers) = (1e300, 1e300);
            t.chosen.calibration = Calibration::Beta { of_churners, of_stayers, level: 0.0 };
        }),
        ("an infinite slope", |t| {
            t.chosen.calibration = Calibration::Isotonic(vec![(-1.0, -1e308), (1.0, 1e308)]);
        }),
        ("an infinite shift, nearly", |t| t.shift.log_odds = -1e300),
        ("a column twice in the model on the core features", |t| {
            t.models.core.terms.push(t.models.core.terms[0]);
        }),
        ("another kind on the core features", |t| t.core.chosen.kind = Kind::Forest),
        ("an infinite shift there", |t| t.core.shift.log_odds = 1e300),
        ("no usual contributions there", |t| t.core.usual_contributions.clear()),
        ("rows that cannot be added up", |t| {
            t.snapshots[0].rows = usize::MAX;
            t.snapshots.push(t.snapshots[0]);
        }),
        ("a feature not compared", |t| drop(t.reference.features.pop())),
        ("a feature of another name", |t| t.reference.features[0].feature = "| a cell".into()),
        ("probabilities of another name", |t| t.reference.probabilities.feature = "<b>".into()),
        ("fewer bins than edges", |t| t.reference.features[1].counts.clear()),
        ("more bins than are made", |t| {
            t.reference.features[1].edges = (0..10).map(f64::from).collect();
            t.reference.features[1].counts = [vec![t.reference.rows], vec![0; 10]].concat();
        }),
        ("edges that fall", |t| {
            t.reference.features[1].edges = vec![2.0, 1.0];
            t.reference.features[1].counts = vec![t.reference.rows, 0, 0];
        }),
        ("more left than were there", |t| t.reference.churned = t.reference.rows + 1),
        ("no usual contributions", |t| t.reference.usual_contributions.clear()),
        ("an infinite usual contribution, nearly", |t| t.reference.usual_contributions[0] = 1e308),
        ("a horizon of no days", |t| {
            t.lifetime.lifetime = Lifetime::Rate(Retention {
                churn_rate: 0.0,
                churn_rate_sd: 0.0,
                horizon_days: 0,
                rate: None,
            });
        }),
        ("more leave than there are", |t| {
            t.lifetime.lifetime = Lifetime::Contractual(Retention {
                churn_rate: 2.0,
                churn_rate_sd: 0.0,
                horizon_days: 9,
                rate: None,
            });
        }),
        ("fewer purchases than days with one", |t| {
            if let Lifetime::BgNbd { purchases_per_day, .. } = &mut t.lifetime.lifetime {
                *purchases_per_day = -1.0;
            }
        }),
        ("a correlation above 1", |t| t.lifetime.correlation = Some(1.5)),
    ];
    for (what, change) in changes {
        let mut changed = artifact();
        change(&mut changed.training);
        let read = Artifact::from_bytes(&changed.to_bytes());
        assert!(matches!(read, Err(ArtifactError::Impossible { .. })), "{what}: {read:?}");
    }
}

proptest! {
    /// Any bytes of the body changed, under a checksum that fits: an error, or a model whose walks end.
    #[test]
    fn no_bytes_make_the_reader_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let read = reseal(|body| {
            for (place, byte) in &changes {
                let place = place.index(body.len());
                body[place] = *byte;
            }
        });
        if let Ok(artifact) = read {
            let models = &artifact.training.models;
            let width = models.inputs.features.width();
            let rows = [vec![0.0; width], vec![f32::MAX; width], vec![f32::NAN; width]].concat();
            let rows = models.inputs.complete(Rows::new(&rows, width));
            for basis in Basis::ALL {
                let (serving, shift) = artifact.training.serving_on(basis);
                let scores = serving.log_odds(models, Rows::new(&rows, models.inputs.width()));
                for z in scores {
                    prop_assert!((0.0..=1.0).contains(&crate::calibrate::probability(z + shift).get()));
                }
            }
        }
    }
}
