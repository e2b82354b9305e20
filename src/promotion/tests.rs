//! What takes a model's place while another is trained: the training's watcher does so when a stage of it begins.

use std::fs;
use std::sync::OnceLock;

use mainstay_features::history::HistoryBuilder;
use mainstay_features::units::Amount;
use mainstay_features::watch::Unwatched;

use super::*;
use crate::store::Served;

/// Does something once, while a training is under way.
struct Meanwhile<F>(F, OnceLock<()>);

impl<F: Fn() + Sync> Watch for Meanwhile<F> {
    fn begin(&self, _stage: &str, _total: Option<u64>) {
        self.1.get_or_init(&self.0);
    }

    fn advance(&self, _steps: u64) {}

    fn end(&self) {}
}

fn meanwhile<F: Fn() + Sync>(then: F) -> Meanwhile<F> {
    Meanwhile(then, OnceLock::new())
}

/// A year of 40 customers who buy every so many days, half of them only until its middle.
fn history() -> (Histories, Instant) {
    let mut builder = HistoryBuilder::default();
    let first: Instant = "2023-01-01".parse().unwrap();
    let day = |day: u32| Instant::from_micros(first.micros() + i64::from(day) * 86_400_000_000).unwrap();
    for customer in 0..40_u32 {
        let until = if customer % 2 == 0 { 180 } else { 365 };
        for at in (customer..until).step_by(5 + customer as usize) {
            let amount = Amount::new(f64::from(customer)).unwrap();
            builder.add_line(&format!("c{customer}"), &format!("o{at}"), day(at), amount);
        }
    }
    let history = Histories::fold(vec![builder]).unwrap();
    let last = history.summary().span.unwrap().1;
    (history, last)
}

fn settings(seed: u64) -> Settings {
    let (horizon, lookback) = ("30d".parse().unwrap(), "90d".parse().unwrap());
    Settings { horizon, lookback, seed, trainer: Default::default() }
}

/// A store, what to train on in it, and who trains.
struct Shop {
    store: Store,
    history: (Histories, Instant),
    _folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: Store::at(folder.path()), history: history(), _folder: folder }
    }

    /// Trains with a seed; the model's name, and what became of it.
    fn train(&self, seed: u64, anyway: bool, watch: &dyn Watch) -> (String, Outcome) {
        let (history, known_until) = &self.history;
        let trained = train(history, &settings(seed), *known_until, &self.store, anyway, watch).unwrap();
        (trained.0.name(), trained.1)
    }

    fn in_service(&self) -> String {
        self.store.load_model().unwrap().name()
    }
}

#[test]
fn a_model_takes_the_place_of_the_one_it_was_compared_with_and_of_no_other() {
    let shop = Shop::new();
    let (second, _) = shop.train(2, true, &Unwatched);
    let (first, _) = shop.train(1, true, &Unwatched);
    assert_ne!(first, second);
    let (third, outcome) = shop.train(
        3,
        false,
        &meanwhile(|| {
            let model = shop.store.model_named(&second).unwrap();
            shop.store.serve_model(&model.artifact, Change::Promote).unwrap();
        }),
    );
    assert_eq!((outcome, shop.in_service()), (Outcome::Overtaken, second.clone()));
    assert!(!shop.store.model_named(&third).unwrap().in_service, "it is kept, to be promoted");
    let history = shop.store.model_history().unwrap();
    assert_eq!(history.last().unwrap(), &Served { change: Change::Promote, model: second });

    // Trained again, it is compared with the one that serves now.
    assert_eq!(shop.train(3, false, &Unwatched), (third.clone(), Outcome::Serves));
    assert_eq!(shop.in_service(), third);
}

#[test]
fn of_two_trainings_at_once_the_second_to_end_keeps_its_model_beside_the_firsts() {
    for before in [None, Some(7)] {
        let shop = Shop::new();
        before.map(|seed| shop.train(seed, true, &Unwatched));
        let inner = OnceLock::new();
        let outer = shop.train(
            1,
            false,
            &meanwhile(|| {
                inner.set(shop.train(2, false, &Unwatched)).unwrap();
            }),
        );
        let (inner, first_to_end) = inner.get().unwrap();
        assert_eq!((*first_to_end, outer.1), (Outcome::Serves, Outcome::Overtaken));
        assert_eq!(&shop.in_service(), inner);
    }
}

#[test]
fn who_asks_for_it_to_serve_anyway_is_obeyed_and_what_serves_already_goes_on() {
    let shop = Shop::new();
    let twin = || meanwhile(|| assert_eq!(shop.train(1, false, &Unwatched).1, Outcome::Serves));
    let (first, outcome) = shop.train(1, false, &twin());
    assert_eq!((outcome, shop.in_service()), (Outcome::Serves, first));
    let other = meanwhile(|| assert_eq!(shop.train(2, true, &Unwatched).1, Outcome::Serves));
    let (third, outcome) = shop.train(3, true, &other);
    assert_eq!((outcome, shop.in_service()), (Outcome::Serves, third));
}

/// Of a model that a newer program wrote, say: going forward again it is wanted.
#[test]
fn a_model_in_service_that_cannot_be_read_is_kept_as_it_is() {
    let shop = Shop::new();
    fs::create_dir_all(shop.store.folder()).unwrap();
    fs::write(shop.store.model_path(), "of another version").unwrap();
    let (name, outcome) = shop.train(1, false, &Unwatched);
    assert_eq!((outcome, shop.in_service()), (Outcome::Serves, name));
    let kept = fs::read_dir(shop.store.folder().join("models")).unwrap().map(|entry| entry.unwrap().path());
    let unread: Vec<_> = kept.filter(|path| path.to_string_lossy().contains("unread-")).collect();
    assert_eq!(
        unread.iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>(),
        ["of another version"]
    );
    assert_eq!(shop.store.models().unwrap().1.len(), 1, "it is told of");
}
