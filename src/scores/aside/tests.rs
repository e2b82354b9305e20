//! What is put aside, as a killed run leaves it, and as a damaged disk does.

use super::*;
use crate::scores::made_up::row;

const SCORING: Scoring = 7 << 70;

fn place(part: usize, begin: usize) -> Place {
    Place { part, begin, end: begin + 2, of: 4 }
}

/// Three of the four halves of two parts, each of two customers, of whom one is suppressed.
fn fill(aside: &mut Aside) {
    for (number, place) in [place(0, 2), place(1, 0), place(0, 0)].into_iter().enumerate() {
        let (mut records, mut put_aside) =
            (Records::default(), PutAside { suppressed: 1, ..PutAside::default() });
        let row = row(number, [3, 10 * number as u8, 5, 1, 20]);
        records.push(&row.customer_id, |bytes| record::write(&row, bytes));
        put_aside.lifetime_values.push(row.lifetime_value);
        aside.add(place, put_aside, &records).unwrap();
    }
}

/// Ids in order, and what is known of the pieces.
fn content(aside: &mut Aside) -> (Vec<String>, usize, Vec<f64>) {
    let records = aside.records(IdKind::Text).unwrap().merge().unwrap().take(100).unwrap();
    let ids = (0..records.len()).map(|number| records.get(number).0.to_owned()).collect();
    let values = aside.pieces().flat_map(|piece| piece.lifetime_values.clone()).collect();
    (ids, aside.pieces().map(|piece| piece.suppressed).sum(), values)
}

/// A file as a run leaves it that is killed.
fn left(folder: &Path) -> Vec<u8> {
    let path = folder.join("aside");
    let mut aside = Aside::named(&path, SCORING).unwrap();
    fill(&mut aside);
    fs::read(path).unwrap()
}

#[test]
fn a_run_goes_on_from_what_another_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = left(folder.path());
    let path = folder.path().join("aside");
    assert!(!path.exists(), "a run that comes to its end leaves nothing");
    fs::write(&path, &bytes).unwrap();
    let mut aside = Aside::named(&path, SCORING).unwrap();
    assert_eq!(aside.resumed(), 6);
    let done = aside.done();
    assert!(done.has_part(0) && !done.has_part(1) && !done.has_part(2));
    assert!(done.has(1, 0) && !done.has(1, 2));
    let ids = ["c0000", "c0001", "c0002"].map(str::to_owned).to_vec();
    assert_eq!(content(&mut aside), (ids, 3, vec![20.0, 0.0, 10.0]));

    fs::write(&path, &bytes).unwrap();
    let mut other = Aside::named(&path, SCORING + 1).unwrap();
    assert_eq!((other.resumed(), content(&mut other).0.len()), (0, 0), "of something else nothing is taken");
}

#[test]
fn what_is_not_whole_is_scored_again() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = left(folder.path());
    let path = folder.path().join("aside");
    let mut seen = BTreeSet::new();
    let mut resumed = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let mut aside = Aside::named(&path, SCORING).unwrap();
        seen.insert(aside.resumed());
        // It can be gone on from.
        fill(&mut aside);
        assert_eq!(content(&mut aside).0, ["c0000", "c0001", "c0002"]);
        aside.resumed()
    };
    for length in 0..bytes.len() {
        assert!(resumed(&bytes[..length]) < 6, "cut at {length}");
        let mut flipped = bytes.clone();
        flipped[length] ^= 0x11;
        assert!(resumed(&flipped) < 6, "flipped at {length}");
    }
    // As a file grows that a power cut leaves with nothing in it.
    assert_eq!(resumed(&vec![0; bytes.len()]), 0);
    assert_eq!(seen, BTreeSet::from([0, 2, 4]));
}

#[test]
fn nothing_is_written_to_a_file_that_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = left(folder.path());
    let (path, other) = (folder.path().join("aside"), folder.path().join("other"));
    type Link = fn(&Path, &Path) -> io::Result<()>;
    let links: [Link; 2] =
        [|other, path| std::os::unix::fs::symlink(other, path), |other, path| fs::hard_link(other, path)];
    for link in links {
        fs::write(&other, &bytes).unwrap();
        link(&other, &path).unwrap();
        let mut aside = Aside::named(&path, SCORING).unwrap();
        assert_eq!(aside.resumed(), 0);
        fill(&mut aside);
        drop(aside);
        assert!(fs::read(&other).unwrap() == bytes && !path.exists());
    }
    fs::create_dir(&path).unwrap();
    assert!(Aside::named(&path, SCORING).is_err());
}

#[test]
fn what_a_damaged_file_says_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aside");
    for lengths in [[1 << 40, 1 << 40], [u64::MAX, 1], [0, u64::MAX]] {
        let head: Vec<u8> = lengths.into_iter().chain([0]).flat_map(u64::to_le_bytes).collect();
        fs::write(&path, [&start(SCORING)[..], &head].concat()).unwrap();
        // Where it is long enough for what it says.
        File::options().write(true).open(&path).unwrap().set_len(1 << 42).unwrap();
        assert_eq!(Aside::named(&path, SCORING).unwrap().resumed(), 0);
    }
}
