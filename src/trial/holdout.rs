//! Who is held out: by chance, and the same customers whenever the same trial asks.

use std::fmt;
use std::str::FromStr;

use mainstay_features::units::ParseUnitError;
use sha2::{Digest, Sha256};

/// A share above 0 and below 1, such as 0.1 or 10%.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// A share; `None` of none and of all.
    pub fn new(share: f64) -> Option<Self> {
        (share > 0.0 && share < 1.0).then_some(Self(share))
    }

    /// The share.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The same in percent, without what a tenth of one is off in binary.
    pub fn percent(self) -> f64 {
        (100.0 * self.0 * 1e9).round() / 1e9
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

impl FromStr for Share {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let share = match text.trim().strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| percent / 100.0),
            None => number(text),
        };
        let share = share.and_then(Self::new);
        share.ok_or_else(|| ParseUnitError::new(text, "a share between 0 and 1, such as 0.1 or 10%"))
    }
}

/// A trial's holdout.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdout {
    trial: String,
    share: Share,
}

impl Holdout {
    /// That of a trial of this name. Another name holds out others; a larger share holds out those of a smaller one too.
    pub fn new(trial: String, share: Share) -> Self {
        Self { trial, share }
    }

    /// The trial's name.
    pub fn trial(&self) -> &str {
        &self.trial
    }

    /// How many of all are held out.
    pub fn share(&self) -> Share {
        self.share
    }

    /// Whether a customer is held out: the first eight bytes of SHA-256 over the trial's name, a zero byte and the customer's
    /// identifier, as a number from 0 to 1, are below the share. Nothing else of the customer has a part in it.
    pub fn has(&self, customer_id: &str) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.trial.as_bytes());
        hash.update([0]);
        hash.update(customer_id.as_bytes());
        let first = hash.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (first as f64) < self.share.0 * 2_f64.powi(64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_out(trial: &str, share: &str) -> Vec<bool> {
        let holdout = Holdout::new(trial.to_owned(), share.parse().unwrap());
        (0..20_000).map(|number| holdout.has(&format!("c{number}"))).collect()
    }

    #[test]
    fn about_the_share_is_held_out_and_the_same_for_the_same_name() {
        let (tenth, fifth, others) =
            (held_out("spring", "0.1"), held_out("spring", "20%"), held_out("autumn", "0.1"));
        let count = |held: &[bool]| held.iter().filter(|held| **held).count();
        // Six standard errors of a tenth of 20,000.
        assert!((1745..=2255).contains(&count(&tenth)), "{}", count(&tenth));
        assert_eq!(tenth, held_out("spring", "10%"));
        assert!(tenth.iter().zip(&fifth).all(|(tenth, fifth)| !tenth || *fifth));
        let both: Vec<bool> = tenth.iter().zip(&others).map(|(one, other)| *one && *other).collect();
        // A hundredth is in both: 200, six standard errors 85.
        assert!((115..=285).contains(&count(&both)), "{}", count(&both));
    }

    #[test]
    fn the_hash_is_the_same_elsewhere() {
        // Python's hashlib: int.from_bytes(sha256(b"spring\0c1").digest()[:8], "big") / 2**64 = 0.910670.
        let holdout = |share: &str| Holdout::new("spring".to_owned(), share.parse().unwrap());
        assert!(!holdout("0.9106").has("c1"));
        assert!(holdout("0.9107").has("c1"));
    }

    #[test]
    fn shares_are_between_none_and_all() {
        for bad in ["0", "1", "100%", "-0.1", "nan", "a tenth", ""] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
        assert_eq!("12.5%".parse::<Share>().unwrap().to_string(), "12.5 %");
    }
}
