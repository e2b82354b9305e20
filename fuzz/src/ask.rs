//! Asks a model all that the commands ask one.

use mainstay_features::units::{Instant, Money, Probability};
use mainstay_models::artifact::Artifact;
use mainstay_models::calibrate::probability;
use mainstay_models::dataset::Rows;
use mainstay_models::decision::{Catalogue, Circumstances, Consents, Stakes, Worth};
use mainstay_models::drift::{ChurnShift, Honesty};
use mainstay_models::explain::Explainer;
use mainstay_models::inputs::core_of;
use mainstay_models::lifetime::value::spending;
use mainstay_models::lifetime::{Margin, Purchases, Spread, YearlyDiscount};
use mainstay_models::model::Kind;
use mainstay_models::onnx;
use mainstay_models::segments::{LikelyCause, SignsReader, Stage};

const KINDS: [Kind; 5] = [Kind::Rule, Kind::Core, Kind::Logistic, Kind::Forest, Kind::Average];

/// Customers: each the value of a feature, by its place.
const CUSTOMERS: [fn(usize) -> f32; 6] = [
    |_| 0.0,
    |_| f32::MAX,
    |_| -f32::MAX,
    |_| f32::NAN,
    |place| [30.0, 4.0, 25.5, 1.0, 200.0][place % 5],
    |place| if place < 5 { 40.0 } else { f32::NAN },
];

/// Everything a model that was read can be asked: answers are numbers, and the file is written as it was read.
pub fn ask(artifact: &Artifact) {
    let file = artifact.to_bytes();
    let again = Artifact::from_bytes(&file).map(|again| again.to_bytes());
    assert_eq!(again.as_ref(), Ok(&file), "what is written is read, and written the same");
    let rate = artifact.churn_rate();
    assert!((0.0..=1.0).contains(&rate), "the churn rate is {rate}");
    assert!(artifact.training.rows() > 0 && !artifact.name().is_empty());

    let width = artifact.training.models.inputs.features.width();
    let customers: Vec<f32> = CUSTOMERS.iter().flat_map(|value| (0..width).map(value)).collect();
    let said = artifact.training.probabilities(Rows::new(&customers, width));
    assert_eq!(said.len(), CUSTOMERS.len(), "everyone gets an answer");
    assert!(said.iter().all(|p| (0.0..=1.0).contains(p)), "probabilities: {said:?}");
    for (customer, &p) in Rows::new(&customers, width).iter().zip(&said) {
        worth(artifact, customer, p);
    }
    let columns = artifact.training.models.inputs.complete(Rows::new(&customers, width));
    explain(artifact, &columns);
    compare(artifact, &columns, &said);
    for kind in KINDS {
        assert!(!onnx::export(&artifact.training.models, kind, &onnx::metadata(artifact)).is_empty());
    }
}

/// What keeping a customer is worth, and what to do about them.
fn worth(artifact: &Artifact, customer: &[f32], p: f64) {
    let row: Vec<f64> = customer.iter().map(|&value| f64::from(value)).collect();
    let lifetime = &artifact.training.lifetime.lifetime;
    let of_no_day = lifetime.expected(&core_of(&row), None, YearlyDiscount::DEFAULT);
    assert!(!of_no_day.discounted_purchases.is_infinite(), "{of_no_day:?}");
    let expected = lifetime.expected(&core_of(&row), Some(Instant::MAX), YearlyDiscount::DEFAULT);
    let purchases = expected.discounted_purchases;
    assert!(!purchases.is_infinite(), "{purchases} purchases");
    assert!(row[0].is_nan() || row[0] < 0.0 || purchases >= 0.0, "{purchases} purchases");
    let value = expected.value(Margin::DEFAULT);
    let core = core_of(&row);
    let spread = Spread::new(lifetime, YearlyDiscount::DEFAULT);
    let relative_sd = spread.relative_sd(&Purchases::of(&core), &spending(&core));
    let signs = SignsReader::new(&artifact.training.models.inputs.features).read(&row);
    let likely = LikelyCause::of(&signs, None);
    let stakes = Stakes {
        churn_probability: Probability::nearest(p),
        worth: Worth { lifetime_value: value, relative_sd },
        next_order: Money::new(expected.mean_amount).unwrap_or_default(),
    };
    let circumstances = Circumstances {
        tier: None,
        cause: likely.cause,
        days_since_contact: None,
        consents: Consents::default(),
        objects: false,
    };
    Stage::of(&signs, artifact.settings.horizon);
    if let Ok(catalogue) = Catalogue::built_in() {
        let choice = catalogue.decide(&stakes, &circumstances);
        assert!(
            choice.is_none_or(|choice| choice.net_value > Money::ZERO && (0.0..=1.0).contains(&choice.pays))
        );
    }
}

/// Why each customer scores so, whichever kind of model serves.
fn explain(artifact: &Artifact, columns: &[f32]) {
    let training = &artifact.training;
    let inputs = &training.models.inputs;
    let names: Vec<String> = inputs.names().into_iter().map(str::to_owned).collect();
    let explainer = Explainer::new(&names);
    let calibration = &training.chosen.calibration;
    for row in Rows::new(columns, inputs.width()).iter() {
        let values: Vec<f64> = row.iter().map(|&value| f64::from(value)).collect();
        for kind in KINDS {
            let (base, mut contributions) = training.models.contributions(kind, row);
            let usual = &training.reference.usual_contributions;
            assert_eq!((contributions.len(), usual.len()), (names.len(), names.len()), "one a column");
            let raw = base + contributions.iter().sum::<f64>();
            assert!(raw.is_finite() && calibration.apply(raw).is_finite(), "{kind}: {raw}");
            assert!((0.0..=1.0).contains(&probability(calibration.apply(raw)).get()));
            contributions.iter_mut().zip(usual).for_each(|(own, usual)| *own -= usual);
            assert!(contributions.iter().all(|own| own.is_finite()), "{kind}: {contributions:?}");
            if kind == training.kind() {
                explainer.leaving(&values, &contributions).for_each(drop);
                explainer.staying(&values, &contributions).for_each(drop);
                for (place, &own) in contributions.iter().enumerate() {
                    explainer.told(place, &values, own);
                }
            }
        }
    }
}

/// Whether these customers are others than the model was trained on.
fn compare(artifact: &Artifact, columns: &[f32], said: &[f64]) {
    let training = &artifact.training;
    let reference = &training.reference;
    let now = reference.tally(Rows::new(columns, training.models.inputs.width()), said);
    for shift in reference.compare(&now).iter().chain([&reference.compare_probabilities(&now)]) {
        assert!(shift.psi.is_finite() && !shift.chance.threshold.is_nan(), "{shift:?}");
        shift.verdict();
    }
    ChurnShift::of((reference.churned, reference.rows), (1, 3));
    Honesty::of(said, &vec![true; said.len()]);
}
