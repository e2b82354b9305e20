//! Offers as a file has them: what is read, and what is refused with which words.

use mainstay_features::units::Money;

use super::*;
use crate::decision::Eligibility;
use crate::language::Language;
use crate::segments::{Cause, Tier};

const CALL: &str = "[[offer]]\nname = \"call\"\nchannel = \"phone\"\ncontact_cost = 5\nincentive = 0\nsave_rate = 0.2\n\
    save_rate_sd = 0.05\nwin_back_rate = 0.1\nwin_back_rate_sd = 0.02\ntake_up = 0.5\ndriven_away = 0.1\ncapacity = 20\n\
    only_for = { tiers = [\"key\"], causes = [\"need changed\"], churn_probability = { from = 0.2 }, days_since_contact = 30, consent = true }\n\
    words = { en = \"We have {incentive} for you\", zh = \"送您{incentive}元\" }\n";

#[test]
fn the_built_in_catalogue_is_valid() {
    let catalogue = Catalogue::built_in().unwrap();
    assert_eq!(catalogue.offers().iter().map(Offer::name).collect::<Vec<_>>(), ["reminder", "voucher"]);
    for offer in catalogue.offers() {
        for language in Language::ALL {
            assert!(!offer.words().say(language, Money::ZERO).is_empty());
        }
    }
}

#[test]
fn everything_an_offer_says_is_read() {
    let catalogue = Catalogue::from_toml(CALL).unwrap();
    let call = catalogue.named("call").unwrap();
    assert_eq!((call.channel(), call.capacity()), (Some("phone"), Some(20)));
    assert_eq!((call.save_rate().mean(), call.save_rate().sd()), (0.2, 0.05));
    assert_eq!(call.win_back_rate().map(|rate| (rate.mean(), rate.sd())), Some((0.1, 0.02)));
    let eligibility = Eligibility {
        tiers: Some(vec![Tier::Key]),
        causes: vec![Cause::NeedChanged],
        churn_probability: (0.2, 1.0),
        days_since_contact: 30.0,
        requires_consent: true,
    };
    assert_eq!(call.eligibility(), &eligibility);
    let five = Money::new(5.0).unwrap();
    assert_eq!(call.words().say(Language::English, five), "We have 5.00 for you");
    assert_eq!(call.words().say(Language::Chinese, five), "送您5元");
}

#[test]
fn an_incentive_is_an_amount_or_a_share_of_the_next_order_with_a_cap() {
    let amount = |incentive: &str, next_order: f64| {
        let text = CALL.replace("incentive = 0\n", &format!("incentive = {incentive}\n"));
        let catalogue = Catalogue::from_toml(&text).unwrap();
        catalogue.offers()[0].terms(Money::new(next_order).unwrap()).incentive.get()
    };
    assert_eq!(amount("10", 50.0), 10.0);
    assert_eq!(amount("{ share_of_next_order = 0.1 }", 500.0), 50.0);
    assert_eq!(amount("{ share_of_next_order = 0.1, cap = 20 }", 50.0), 5.0);
    assert_eq!(amount("{ share_of_next_order = 0.1, cap = 20 }", 500.0), 20.0);
}

#[test]
fn impossible_catalogues_are_refused_with_the_reason() {
    let refused = |change: &str, to: &str| {
        assert!(CALL.contains(change), "{change}");
        Catalogue::from_toml(&CALL.replace(change, to)).unwrap_err().to_string()
    };
    for (change, to, message) in [
        ("save_rate = 0.2", "save_rate = 1.2", "save_rate: 1.2 is not a share between 0 and 1"),
        (
            "save_rate_sd = 0.05",
            "save_rate_sd = 0.5",
            "save_rate_sd: 0.5 is not a standard deviation of 0 or more and below 0.4000",
        ),
        ("save_rate = 0.2", "save_rate = 1", "save_rate_sd: 0.05 is not 0: a rate of 1 is known exactly"),
        ("win_back_rate = 0.1", "win_back_rate = -0.1", "win_back_rate: -0.1 is not a share between 0 and 1"),
        (
            "win_back_rate_sd = 0.02",
            "win_back_rate_sd = 0.4",
            "win_back_rate_sd: 0.4 is not a standard deviation of 0 or more and below 0.3000",
        ),
        (
            "win_back_rate_sd = 0.02\n",
            "",
            "win_back_rate_sd: missing: say how uncertain win_back_rate is, or 0 if you know it exactly",
        ),
        ("win_back_rate = 0.1\n", "", "win_back_rate: missing: give it, or leave win_back_rate_sd out too"),
        ("contact_cost = 5", "contact_cost = -5", "contact_cost: -5 is not an amount of 0 or more"),
        ("incentive = 0", "incentive = nan", "incentive: NaN is not an amount of 0 or more"),
        (
            "incentive = 0",
            "incentive = { share_of_next_order = 2 }",
            "incentive.share_of_next_order: 2 is not a share between 0 and 1",
        ),
        (
            "driven_away = 0.1",
            "driven_away = 0.6",
            "driven_away: 0.6 driven away and 0.5 taking the incentive are more than all loyal customers",
        ),
        ("capacity = 20", "capacity = 0", "capacity: 0: leave the offer out instead"),
        ("[\"key\"]", "[]", "only_for.tiers: empty: the offer would be for nobody"),
        (
            "from = 0.2",
            "from = 0.9, to = 0.5",
            "only_for.churn_probability: from 0.9 to 0.5 is no band between 0 and 1",
        ),
        (
            "days_since_contact = 30",
            "days_since_contact = -1",
            "only_for.days_since_contact: -1 is not between 0 and 36500 days",
        ),
        (
            "We have {incentive}",
            "We have {money}",
            "words.en: \"We have {money} for you\" is no sentence on one line with {incentive} as its only place",
        ),
    ] {
        assert_eq!(refused(change, to), format!("offer \"call\", {message}"));
    }
    assert_eq!(
        refused("\"call\"", "\"do nothing\""),
        "offer \"do nothing\", name: must say what the offer is; \"do nothing\" is always there"
    );
    assert!(refused("save_rate =", "saverate =").contains("saverate"));
    assert!(refused("[\"key\"]", "[\"gold\"]").contains("gold"));
    assert!(matches!(Catalogue::from_toml(&CALL.repeat(2)), Err(CatalogueError::Twice { .. })));
}

#[test]
fn an_empty_catalogue_leaves_doing_nothing() {
    assert!(Catalogue::from_toml("").unwrap().offers().is_empty());
}
