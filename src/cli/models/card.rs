//! The model card: what a model was made of, how good it is, what it is for and what not; in Markdown.

use mainstay_features::label::Label;
use mainstay_features::registry::FAMILIES;
use mainstay_models::artifact::Artifact;
use mainstay_models::calibrate::Calibration;
use mainstay_models::gate::Gain;
use mainstay_models::inputs::EXPECTED_PURCHASES;
use mainstay_models::model::Kind;
use mainstay_models::season::ShiftKind;

use crate::cli::lifetime;

/// The card.
pub(super) fn of(artifact: &Artifact) -> String {
    [
        format!("# {}\n\n{}\n", artifact.name(), summary(artifact)),
        section("What it is for", &purpose(artifact)),
        section("What it is not for", &limits(artifact)),
        section("What it learnt from", &data(artifact)),
        section("What it sees", &features(artifact)),
        section("How good it is", &quality(artifact)),
        section("What keeping customers is worth by it", &lifetime::to_text(&artifact.training.lifetime)),
        section("How it answers", &answers(artifact)),
        section("To make it again", &again(artifact)),
    ]
    .concat()
}

fn section(title: &str, text: &str) -> String {
    format!("\n## {title}\n\n{text}")
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| format!("- {item}\n")).collect()
}

/// What leaving means, as the end of a sentence.
fn leaving(artifact: &Artifact) -> String {
    let days = artifact.settings.horizon.get();
    match artifact.training.label {
        Label::NoPurchase => format!("buys nothing in the {days} days after the day of scoring"),
        Label::ContractEnd => format!("has a contract that ends within {days} days after the day of scoring"),
    }
}

/// Who is scored.
fn population(artifact: &Artifact) -> String {
    match artifact.training.label {
        Label::NoPurchase => format!("bought in the last {} days", artifact.settings.lookback.get()),
        Label::ContractEnd => "has bought and whose contract runs".to_owned(),
    }
}

fn summary(artifact: &Artifact) -> String {
    format!(
        "The probability that a customer who {} {}. Verdict: **{}**.",
        population(artifact),
        leaving(artifact),
        artifact.training.judged()
    )
}

fn purpose(artifact: &Artifact) -> String {
    list(&[
        format!("Whom to contact first among the customers of this shop who {}", who(artifact)),
        "What an offer is expected to earn, together with a lifetime value and the offer's own save rate"
            .to_owned(),
        "Why a customer may leave, in terms of what they did".to_owned(),
    ])
}

/// Who is scored, of several.
fn who(artifact: &Artifact) -> String {
    match artifact.training.label {
        Label::NoPurchase => format!("bought in the last {} days", artifact.settings.lookback.get()),
        Label::ContractEnd => "have bought and whose contract runs".to_owned(),
    }
}

fn limits(artifact: &Artifact) -> String {
    let mut items = vec![
        match artifact.training.label {
            Label::NoPurchase => format!(
                "Customers who bought nothing in the last {} days: they have left already (win-back)",
                artifact.settings.lookback.get()
            ),
            Label::ContractEnd => "Customers without a running contract".to_owned(),
        },
        "Another shop, another horizon, or another meaning of leaving: train a model there".to_owned(),
        "Saying who can be kept: it tells who leaves if the shop goes on as it did, not whom an offer changes; that takes a trial with a control group".to_owned(),
        "Refusing a customer anything, or judging a person: it knows purchases and complaints, and nothing of their reasons".to_owned(),
        "Years ahead: look at mainstay drift before it is relied on, and train again when that says so".to_owned(),
    ];
    if !artifact.training.verdict.passes() {
        items.push("Finer distinctions than the rule makes: no model passed the gate here".to_owned());
    }
    list(&items)
}

fn data(artifact: &Artifact) -> String {
    let (first, last) = artifact.data_span;
    let mut text = format!(
        "Orders from {first} to {last}; nothing later, outcomes included. {} rows, a customer once a snapshot:\n\n\
         | snapshot | customers | left |\n|---|---:|---:|\n",
        artifact.training.rows()
    );
    for snapshot in &artifact.training.snapshots {
        let rate = snapshot.churn_rate().map_or("–".to_owned(), percent);
        text += &format!("| {} | {} | {rate} |\n", snapshot.cutoff, snapshot.rows);
    }
    text
}

fn features(artifact: &Artifact) -> String {
    let names = artifact.training.models.inputs.names();
    let mut items: Vec<String> = FAMILIES
        .iter()
        .filter_map(|family| {
            let own: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| family.features.iter().any(|feature| feature.name == *name))
                .collect();
            (!own.is_empty()).then(|| format!("{}: {}", family.name, own.join(", ")))
        })
        .collect();
    if names.contains(&EXPECTED_PURCHASES) {
        items.push(format!("{EXPECTED_PURCHASES}: what BG/NBD expects a customer to buy within the horizon"));
    }
    list(&items)
        + "\nNo age, sex, address or other attribute of a person; docs/features.md says what each means.\n"
}

fn quality(artifact: &Artifact) -> String {
    let verdict = &artifact.training.verdict;
    let mut text = format!("{}.\n\n", capital(artifact.training.judged()));
    if let Some(why) = verdict.refused_for() {
        text += &format!("The model of these tests was refused, as {why}: the rule serves.\n\n");
    }
    if artifact.training.origins.is_empty() {
        return text + "No test forward in time was possible on so short a history.\n";
    }
    text += "Tested forward in time: at each date chosen and fitted on what was known then, and compared with what \
             happened after.\n\n\
             | date | customers | left | model | ROC-AUC | log loss | the rule's | calibration error |\n\
             |---|---:|---:|---|---:|---:|---:|---:|\n";
    for origin in &artifact.training.origins {
        text += &format!(
            "| {} | {} | {} | {} | {} | {:.4} | {:.4} | {:.1} points |\n",
            origin.cutoff,
            origin.rows,
            percent(origin.churned as f64 / origin.rows.max(1) as f64),
            origin.kind,
            origin.model.auc.map_or("–".to_owned(), |auc| format!("{auc:.3}")),
            origin.model.log_loss,
            origin.rule.log_loss,
            100.0 * origin.model.ece,
        );
    }
    if verdict.origins < artifact.training.origins.len() {
        text += &format!(
            "\nJudged by the newest {}, which knew how the season went a year before, as the model that serves does.\n",
            verdict.origins
        );
    }
    let gain = |what: &str, gain: &Option<Gain>, digits: usize| {
        gain.map(|Gain { mean, low, high }| {
            format!("{what}: {mean:+.digits$} (95 % interval {low:+.digits$} to {high:+.digits$})")
        })
    };
    let gains: Vec<String> = [
        gain("Log loss gained on the rule \"recency and frequency\"", &verdict.over_rule, 4),
        gain("Log loss gained on days since the last order alone", &verdict.over_recency, 4),
        gain("Log loss gained on one probability for everybody", &verdict.over_base_rate, 4),
        gain("Profit a customer over acting on the rule", &verdict.profit_over_rule, 2),
        gain("Profit a customer over contacting everyone", &verdict.profit_over_everyone, 2),
        gain("Profit a customer over doing nothing", &verdict.profit_over_nothing, 2),
        gain("Log loss gained on the model then in service", &verdict.over_incumbent, 4),
    ]
    .into_iter()
    .flatten()
    .collect();
    let campaign = &verdict.campaign;
    text + "\n"
        + &list(&gains)
        + &format!(
            "\nProfits are of a campaign in which a kept customer is worth {}, an offer costs {} when it is taken and a \
             contact {}.\n",
            campaign.value, campaign.incentive, campaign.contact_cost
        )
}

fn answers(artifact: &Artifact) -> String {
    let training = &artifact.training;
    let (serving, shift) = training.serving();
    let model = match serving.kind {
        Kind::Logistic => "A logistic regression on all features",
        Kind::Forest => "A random forest",
        Kind::Average => "The mean of a logistic regression and a random forest, in log-odds",
        Kind::Rule => "The rule: a logistic regression on days since the last order and days with an order",
        Kind::Core => "A logistic regression on the five core features",
    };
    let calibration = match &serving.calibration {
        Calibration::None => "Its probabilities are taken as they are".to_owned(),
        Calibration::Beta { .. } => {
            "Its probabilities are mended by beta calibration on later customers".to_owned()
        }
        Calibration::Isotonic(_) => {
            "Its probabilities are mended by isotonic regression on later customers".to_owned()
        }
    };
    let season = match training.shift.kind {
        kind if kind != ShiftKind::None && shift != 0.0 => {
            format!("They are shifted by {shift:+.2} in log-odds for the {kind} expected now")
        }
        _ if !artifact.training.verdict.passes() => "The rule knows no season and no growth".to_owned(),
        _ => "They are not shifted for season or growth: that did not help in the tests".to_owned(),
    };
    let core = if training.core.verdict.passes() {
        "Asked with the five core features alone, a logistic regression on them answers, tested in the same way"
    } else {
        "Asked with the five core features alone, the rule answers: a model on them was no better in the tests"
    };
    list(&[model.to_owned(), calibration, season, core.to_owned()])
}

fn again(artifact: &Artifact) -> String {
    let settings = &artifact.settings;
    format!(
        "The same files, and the same bytes come out:\n\n    \
         mainstay train … --horizon {} --lookback {} --seed {} --as-of {}\n",
        settings.horizon, settings.lookback, settings.seed, artifact.data_span.1
    )
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
