//! What lifetime values come from, in words.

use mainstay_models::language::Language;
use mainstay_models::lifetime::bg_nbd;
use mainstay_models::lifetime::gamma_gamma;
use mainstay_models::lifetime::returning::Share;
use mainstay_models::lifetime::{Amounts, Fitted, Lifetime, Returning, Season};

use crate::readable::grouped;
use crate::service::Assumptions;

/// What was fitted for lifetime values, and why nothing better; a line or two.
pub(super) fn to_text(fitted: &Fitted) -> String {
    let (purchases, amounts) = match fitted.lifetime {
        Lifetime::BgNbd { purchases, amounts, .. } => (purchases, amounts),
        Lifetime::Rate(_) => {
            let why = fitted.no_bg_nbd.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            return format!(
                "lifetime value: the plain formula{why}\n  it takes who is silent for a horizon to be lost: where customers come \
                 back later, values are far too low\n"
            );
        }
        Lifetime::Contractual(_) => {
            return "lifetime value: by the rate at which contracts are kept\n".to_owned();
        }
    };
    let bg_nbd::Parameters { r, alpha_days, a, b } = purchases.parameters();
    let purchases = format!("BG/NBD (r {r:.3}, alpha {alpha_days:.1} days, a {a:.3}, b {b:.3})");
    let amounts = match amounts {
        Amounts::GammaGamma(model) => {
            let gamma_gamma::Parameters { p, q, v } = model.parameters();
            let correlation = fitted.correlation.map(|correlation| {
                format!("; it takes repeat buyers' frequency and amount to be independent: their correlation is {correlation:.2}")
            });
            format!("Gamma-Gamma (p {p:.3}, q {q:.3}, v {v:.2}){}", correlation.unwrap_or_default())
        }
        Amounts::OwnMean => {
            let why = fitted.no_gamma_gamma.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!(
                "each customer's own mean amount, however few it is of; how well that mean is known is in no lifetime_value_relative_sd{why}"
            )
        }
    };
    let season = fitted.lifetime.season().map(season).unwrap_or_default();
    let returning = fitted.lifetime.returning().map_or_else(not_known, returning);
    format!("lifetime value: {purchases} and {amounts}{season}\n  {returning}\n")
}

/// How many leave and come back.
fn returning(known: &Returning) -> String {
    let before = ["1 purchase day before", "2 or 3", "4 to 9", "10 and more"];
    let classes = before.iter().zip(known.classes).map(|(days, share)| match share {
        Some(Share { share, sd }) => format!("{:.0} ± {:.1} % ({days})", 100.0 * share, 100.0 * sd),
        None => format!("too few to tell ({days})"),
    });
    let Returning { leavers, horizon_days, watched_days, .. } = known;
    format!(
        "leavers come back by themselves: {} who bought nothing for {horizon_days} days bought in the {watched_days} after, of what \
         comparable customers did who stayed, {}; it is taken off what keeping a customer is worth{}",
        grouped(&leavers.to_string()),
        classes.collect::<Vec<_>>().join(", "),
        if known.is_of_the_season() { "" } else { ", and is of another time of the year: the log is young" }
    )
}

fn not_known() -> String {
    "how many leavers come back by themselves is not known: the log is too short or too few left, and the value of keeping them is \
     reckoned as if nobody did"
        .to_owned()
}

/// When most and least is bought.
fn season(season: &Season) -> String {
    const TWELFTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let weights = season.weights();
    let told = |(weight, name): (&f64, &str)| format!("{weight:.2} times the average in {name}");
    let parts = || weights.iter().zip(TWELFTHS);
    let (least, most) =
        (parts().min_by(|a, b| a.0.total_cmp(b.0)), parts().max_by(|a, b| a.0.total_cmp(b.0)));
    match (least, most) {
        (Some(least), Some(most)) => {
            format!("; purchases go with the season, {} and {}", told(most), told(least))
        }
        _ => String::new(),
    }
}

/// What a scored list's lifetime values are, to be said behind "keeping a customer is worth … on average".
pub(super) fn basis(lifetime: &Lifetime, assumptions: Assumptions, language: Language) -> String {
    let if_left = match lifetime {
        Lifetime::BgNbd { returning: Some(_), .. } => less_if_left(language),
        Lifetime::BgNbd { .. } | Lifetime::Rate(_) => language.either(
            ", with nothing taken off for leavers who come back by themselves: how many do is not known",
            "，未扣除流失后自行回购的部分（其比例未知）",
        ),
        // Who leaves by a contract's end is lost.
        Lifetime::Contractual(_) => "",
    };
    basis_if_kept(lifetime, assumptions, language) + if_left
}

/// Said behind what lifetime values are where what leavers buy anyway is taken off.
pub(super) fn less_if_left(language: Language) -> &'static str {
    language.either(", less what they would buy even if they left", "，已扣除流失后仍会购买的部分")
}

/// The same of who stays, or is won back: nothing is taken off for who comes back.
pub(super) fn basis_if_kept(
    lifetime: &Lifetime,
    Assumptions { margin, discount }: Assumptions,
    language: Language,
) -> String {
    let (english, chinese) = match lifetime.years_kept(discount) {
        None => (
            "what they are expected to buy in five years, discounted".to_owned(),
            "未来五年预计购买额的折现".to_owned(),
        ),
        Some(years) => {
            (format!("what they buy in {years:.2} discounted years"), format!("{years:.2}个折现年内的购买额"))
        }
    };
    let margin = margin.get();
    language
        .either(format!("a margin of {margin} on {english}"), format!("按{chinese}乘以毛利率{margin}计算"))
}
