//! Columns of a table as covariates: numbers for a linear model.

use crate::failure::Failure;
use crate::table_file::TableFile;

/// So many texts of one column can be told apart.
const MOST_TEXTS: usize = 50;

/// Numbers x become sign(x)·ln(1 + |x|), as amounts and counts are skewed, with one more covariate where some are missing;
/// texts a covariate each, 1 where it is that text.
pub(super) fn of(table: &TableFile, columns: &[String]) -> Result<Vec<Vec<f64>>, Failure> {
    let mut covariates = Vec::new();
    for column in columns {
        covariates.extend(if table.is_numeric(column)? {
            numeric(&table.numbers_if_given(column)?)
        } else {
            indicators(table, column)?
        });
    }
    Ok(covariates)
}

fn numeric(values: &[Option<f64>]) -> Vec<Vec<f64>> {
    let squeezed = |x: f64| x.signum() * x.abs().ln_1p();
    let given: Vec<f64> = values.iter().flatten().map(|&x| squeezed(x)).collect();
    let mean = given.iter().sum::<f64>() / given.len().max(1) as f64;
    let mut covariates = vec![values.iter().map(|value| value.map_or(mean, squeezed)).collect()];
    if given.len() < values.len() {
        covariates.push(values.iter().map(|value| f64::from(u8::from(value.is_none()))).collect());
    }
    covariates
}

fn indicators(table: &TableFile, column: &str) -> Result<Vec<Vec<f64>>, Failure> {
    let values = table.texts_if_given(column)?;
    let mut texts: Vec<&Option<String>> = values.iter().collect();
    texts.sort_unstable();
    texts.dedup();
    if texts.len() > MOST_TEXTS {
        return Err(table.bad(format!(
            "column {column:?} has {} different texts; a covariate may have up to {MOST_TEXTS}: leave it out, or group them",
            texts.len()
        )));
    }
    let indicator =
        |text: &Option<String>| values.iter().map(|value| f64::from(u8::from(value == text))).collect();
    Ok(texts.into_iter().map(indicator).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_squeezed_and_gaps_are_told() {
        assert_eq!(numeric(&[Some(0.0), Some(-1.0)]), [[0.0, -std::f64::consts::LN_2]]);
        let gap = numeric(&[Some(1.0), None, Some(1.0)]);
        assert_eq!(gap[1], [0.0, 1.0, 0.0]);
        assert!((gap[0][1] - std::f64::consts::LN_2).abs() < 1e-15, "the mean of the others");
        assert_eq!(numeric(&[None]), [[0.0], [1.0]]);
    }
}
