//! Who a customer is to the shop: how much worth, how far along, why likely to leave, and what serves then.

mod cause;
mod churn;
mod evidence;
pub mod play;
mod rfm;
mod signs;
mod stage;
mod tier;
mod value_matrix;
pub mod warning;
mod windows;

pub use cause::{Cause, LikelyCause};
pub use churn::Turnover;
pub use evidence::{Evidence, UnknownEvidence};
pub use rfm::{MOST_POINTS, PointCuts, RfmError, RfmPoints, RfmRules, RfmScale, RfmWeights};
pub use signs::{Signs, SignsReader, SignsSource};
pub use stage::Stage;
pub use tier::{Tier, TierCuts, is_loss_making, is_problem};
pub use value_matrix::{Cell, ValueMatrix};
pub use warning::Warning;
pub use windows::{LEAST_GAPS, Windows};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_name_is_read_back_and_the_same_in_json() {
        fn agrees<T>(all: &[T], name: fn(T) -> &'static str)
        where
            T: Copy + PartialEq + std::fmt::Debug + std::str::FromStr<Err = crate::UnknownName>,
            T: serde::Serialize + serde::de::DeserializeOwned,
        {
            for &one in all {
                assert_eq!(name(one).parse(), Ok(one));
                assert_eq!(serde_json::to_value(one).unwrap(), name(one));
                assert_eq!(serde_json::from_value::<T>(name(one).into()).unwrap(), one);
            }
        }
        agrees(&Tier::ALL, Tier::name);
        agrees(&Stage::ALL, Stage::name);
        agrees(&Cause::ALL, Cause::name);
        agrees(&Cell::ALL, Cell::name);
        agrees(&Language::ALL, Language::name);
    }

    #[test]
    fn every_name_has_a_word_of_its_own_in_chinese() {
        fn differ<T: Copy>(all: &[T], words: fn(T, Language) -> &'static str) {
            let told: Vec<&str> = all.iter().map(|&one| words(one, Language::Chinese)).collect();
            for (place, word) in told.iter().enumerate() {
                assert!(!word.is_ascii() && !told[..place].contains(word), "{word}");
            }
        }
        differ(&Tier::ALL, Tier::words);
        differ(&Stage::ALL, Stage::words);
        differ(&Cause::ALL, Cause::words);
    }

    #[test]
    fn another_name_is_answered_with_those_there_are() {
        let error = "vip".parse::<Tier>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`vip` is no tier; there are: key or 关键客户, ordinary or 普通客户, small or 小客户, problem or 问题客户"
        );
    }
}
