//! Who has been forgotten: nothing of them may come back. What is kept of them is a keyed hash, which tells that an identifier is
//! theirs and not what it is.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::failure::Failure;
use crate::random::{hexadecimal, random_bytes};

const KEY_BYTES: usize = 32;
/// So much of a hash tells a customer from all others.
const MARK_BYTES: usize = 16;

/// The customers who have been forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    key: [u8; KEY_BYTES],
    marks: BTreeSet<[u8; MARK_BYTES]>,
}

impl Forgotten {
    /// Nobody yet, under a key of their own.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn nobody() -> Result<Self, Failure> {
        Ok(Self { key: random_bytes()?, marks: BTreeSet::new() })
    }

    /// From what [`Self::key`] and [`Self::marks`] gave; `None` where they are none.
    pub fn of(key: &str, marks: &[String]) -> Option<Self> {
        let marks = marks.iter().map(|mark| bytes(mark)).collect::<Option<_>>()?;
        Some(Self { key: bytes(key)?, marks })
    }

    /// The key, in hexadecimal.
    pub fn key(&self) -> String {
        hexadecimal(&self.key)
    }

    /// The marks, in hexadecimal, in order.
    pub fn marks(&self) -> Vec<String> {
        self.marks.iter().map(|mark| hexadecimal(mark)).collect()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether it is nobody.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether a customer has been forgotten, under this identifier or as it is written plainly: see [`plainly`].
    pub fn has(&self, customer_id: &str) -> bool {
        let is_marked = |id| self.marks.contains(&self.mark(id));
        !self.marks.is_empty() && (is_marked(customer_id) || plainly(customer_id).is_some_and(is_marked))
    }

    /// Adds a customer; whether they were not there before.
    pub fn add(&mut self, customer_id: &str) -> bool {
        let mark = self.mark(customer_id);
        self.marks.insert(mark)
    }

    /// HMAC-SHA256 (RFC 2104) of the identifier, shortened.
    fn mark(&self, customer_id: &str) -> [u8; MARK_BYTES] {
        // Any key's length will do.
        let mut mark = [0; MARK_BYTES];
        if let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            hmac.update(customer_id.as_bytes());
            mark.copy_from_slice(&hmac.finalize().into_bytes()[..MARK_BYTES]);
        }
        mark
    }
}

/// An identifier without what files put around one that is nobody else's: blanks, characters that do not show, and the `.0` of a
/// whole number in a column where one is missing; `None` where that is how it is written.
pub(crate) fn plainly(customer_id: &str) -> Option<&str> {
    let is_nothing = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}');
    let plain = customer_id.trim_matches(is_nothing);
    let whole = plain.strip_suffix(".0").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let plain = whole.filter(|digits| !digits.is_empty()).unwrap_or(plain);
    (plain != customer_id).then_some(plain)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_forgotten_is_known_again_and_told_to_nobody() {
        let mut forgotten = Forgotten::nobody().unwrap();
        assert!(!forgotten.has("c017") && forgotten.is_empty());
        assert!(forgotten.add("c017") && !forgotten.add("c017"));
        let again = Forgotten::of(&forgotten.key(), &forgotten.marks()).unwrap();
        assert_eq!((&again, again.len()), (&forgotten, 1));
        assert!(again.has("c017") && !again.has("c018") && !again.has(""));
        assert!(!format!("{:?}", forgotten.marks()).contains("c017"));
        let mut other = Forgotten::nobody().unwrap();
        other.add("c017");
        assert_ne!(other.marks(), forgotten.marks(), "each shop has a key of its own");
    }

    #[test]
    fn who_is_forgotten_is_known_however_a_file_writes_a_number_or_blanks() {
        let mut forgotten = Forgotten::nobody().unwrap();
        forgotten.add("40700012");
        forgotten.add("Ann 1");
        for id in ["40700012.0", " 40700012", "40700012\u{a0}", "\u{feff}40700012.0\u{200b}", "Ann 1 "] {
            assert!(forgotten.has(id), "{id:?}");
        }
        for id in ["040700012", "40700012.5", "40700012.00", "ann 1", "Ann1", "Ann 1.0", ".0"] {
            assert!(!forgotten.has(id), "{id:?}: may be another");
        }
    }

    #[test]
    fn marks_are_those_of_hmac_sha256() {
        // RFC 4231, test case 2 has the key "Jefe"; here a key of 32 bytes: python3 -c "import hmac;
        // print(hmac.new(bytes(range(32)), b'c017', 'sha256').hexdigest()[:32])"
        let key = (0..32_u8).map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut forgotten = Forgotten::of(&key, &[]).unwrap();
        forgotten.add("c017");
        assert_eq!(forgotten.marks(), ["377805e392f7ea9118d166166285ea9f"]);
    }

    #[test]
    fn what_is_no_key_or_mark_is_refused() {
        let key = Forgotten::nobody().unwrap().key();
        for (key, mark) in
            [("", "00"), (key.as_str(), "zz"), (&key[1..], ""), (&format!("é{}", &key[2..]), "")]
        {
            let marks = if mark.is_empty() { vec![] } else { vec![mark.to_owned()] };
            assert_eq!(Forgotten::of(key, &marks), None, "{key} {mark}");
        }
    }
}
