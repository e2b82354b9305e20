//! Rows in order of score, in groups: what measures and curves are made of.

/// The rows, lowest score first; ties in input order.
pub(super) fn ascending(scores: &[f64]) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..scores.len()).collect();
    rows.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    rows
}

/// The rows, highest score first; ties in input order.
pub(super) fn descending(scores: &[f64]) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..scores.len()).collect();
    rows.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    rows
}

/// Rows of equal score, lowest first; `ascending` are the rows in order of score.
pub(super) fn ties<'a>(
    scores: &'a [f64],
    ascending: &'a [usize],
) -> impl DoubleEndedIterator<Item = &'a [usize]> {
    ascending.chunk_by(|&a, &b| scores[a] == scores[b])
}

/// So many bins of equal count, the first ones a row longer where they do not divide evenly.
pub(super) fn bins(rows: &[usize], count: usize) -> impl Iterator<Item = &[usize]> {
    let (size, longer) = (rows.len() / count, rows.len() % count);
    let mut rest = rows;
    (0..count).map(move |bin| {
        let (own, others) = rest.split_at(size + usize::from(bin < longer));
        rest = others;
        own
    })
}

/// How many of some rows churned.
pub(super) fn churners_among(rows: &[usize], churned: &[bool]) -> f64 {
    rows.iter().filter(|&&row| churned[row]).count() as f64
}
