//! Predictions and truth to numbers.
//!
//! | number | formula |
//! |---|---|
//! | precision | right positives / all predicted positive |
//! | recall | right positives / all true positives |
//! | F1 | 2 · precision · recall / (precision + recall) |
//! | ARI | the share of pairs of articles that two clusterings treat alike, adjusted for chance (Hubert, Arabie 1985) |
//! | B-cubed | precision and recall of the cluster of each article, averaged over articles (Bagga, Baldwin 1998) |
//!
//! A ratio with nothing below the line is 0, but that a prediction of nothing has precision 1: nothing in it is wrong.

use ahash::AHashMap;
use serde::Serialize;

/// How predictions compare with the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Confusion {
    /// Positives that were predicted.
    pub right: u64,
    /// Predictions that are not positive.
    pub wrong: u64,
    /// Positives that were not predicted.
    pub missed: u64,
}

fn ratio(part: u64, whole: u64, of_nothing: f64) -> f64 {
    if whole == 0 { of_nothing } else { part as f64 / whole as f64 }
}

fn harmonic(precision: f64, recall: f64) -> f64 {
    if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quality {
    /// How much of what was predicted is true.
    pub precision: f64,
    /// How much of what is true was predicted.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl Quality {
    fn new(precision: f64, recall: f64) -> Self {
        Self { precision, recall, f1: harmonic(precision, recall) }
    }
}

impl Confusion {
    /// Its ratios.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let precision = ratio(self.right, self.right + self.wrong, 1.0);
        Quality::new(precision, ratio(self.right, self.right + self.missed, 0.0))
    }
}

/// What predicting at a threshold gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Scores of at least this are predicted positive.
    pub threshold: f64,
    /// How good that is.
    pub quality: Quality,
}

/// What predicting by a score gives at each threshold that makes a difference, from the highest; `positives` is the number
/// of true ones, scored or not.
#[must_use]
pub fn curve(mut scores: Vec<(f64, bool)>, positives: u64) -> Vec<Point> {
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut so_far = Confusion { missed: positives, ..Confusion::default() };
    let mut points = Vec::new();
    for same in scores.chunk_by(|a, b| a.0 == b.0) {
        for &(_, positive) in same {
            so_far.right += u64::from(positive);
            so_far.wrong += u64::from(!positive);
        }
        so_far.missed = positives.saturating_sub(so_far.right);
        points.push(Point { threshold: same[0].0, quality: so_far.quality() });
    }
    points
}

/// The point of the highest F1, of equals the highest threshold; scores of 0 predict nothing.
#[must_use]
pub fn best(points: &[Point]) -> Option<Point> {
    let above = points.iter().filter(|point| point.threshold > 0.0);
    above.copied().reduce(|best, point| if point.quality.f1 > best.quality.f1 { point } else { best })
}

/// What predicting at exactly `threshold` gives.
#[must_use]
pub fn at(points: &[Point], threshold: f64) -> Quality {
    let last = points.iter().take_while(|point| point.threshold >= threshold).last();
    last.map_or(Quality { precision: 1.0, ..Quality::default() }, |point| point.quality)
}

/// How two clusterings of the same articles agree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The adjusted Rand index: 1 for equal clusterings, about 0 for unrelated ones.
    pub ari: f64,
    /// B-cubed.
    pub b_cubed: Quality,
}

/// Compares clusterings: for each article the cluster that was predicted and the true one.
#[must_use]
pub fn agreement(articles: &[(u64, u64)]) -> Agreement {
    let mut both: AHashMap<(u64, u64), u64> = AHashMap::new();
    let (mut predicted, mut real): (AHashMap<u64, u64>, AHashMap<u64, u64>) = Default::default();
    for &(one, other) in articles {
        *both.entry((one, other)).or_default() += 1;
        *predicted.entry(one).or_default() += 1;
        *real.entry(other).or_default() += 1;
    }
    // Sums of products of counts stay exact as integers, whatever the order.
    let pairs = |count: u64| u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
    let together: u128 = both.values().map(|&count| pairs(count)).sum();
    let in_predicted: u128 = predicted.values().map(|&count| pairs(count)).sum();
    let in_real: u128 = real.values().map(|&count| pairs(count)).sum();
    let all = pairs(articles.len() as u64) as f64;
    let expected = in_predicted as f64 * in_real as f64 / all.max(1.0);
    let most = f64::midpoint(in_predicted as f64, in_real as f64);
    let ari = if most - expected == 0.0 { 1.0 } else { (together as f64 - expected) / (most - expected) };
    let mut cells: Vec<(u64, u64, u64)> =
        both.iter().map(|(&(one, other), &count)| (count, predicted[&one], real[&other])).collect();
    cells.sort_unstable();
    let mean = |of: fn(&(u64, u64, u64)) -> u64| {
        let sum: f64 = cells.iter().map(|cell| (cell.0 * cell.0) as f64 / of(cell) as f64).sum();
        if articles.is_empty() { 0.0 } else { sum / articles.len() as f64 }
    };
    Agreement { ari, b_cubed: Quality::new(mean(|cell| cell.1), mean(|cell| cell.2)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_curve_by_hand() {
        let points = curve(vec![(0.9, true), (0.8, false), (0.8, true), (0.1, false), (0.0, true)], 4);
        let shown: Vec<(f64, f64, f64)> =
            points.iter().map(|point| (point.threshold, point.quality.precision, point.quality.recall)).collect();
        assert_eq!(shown, [(0.9, 1.0, 0.25), (0.8, 2.0 / 3.0, 0.5), (0.1, 0.5, 0.5), (0.0, 0.6, 0.75)]);
        assert_eq!(best(&points).expect("there are some").threshold, 0.8);
        assert_eq!(at(&points, 0.85).recall, 0.25);
        assert_eq!(at(&points, 0.95), Quality { precision: 1.0, recall: 0.0, f1: 0.0 });
    }

    #[test]
    fn agreement_by_hand() {
        let same = agreement(&[(1, 9), (1, 9), (2, 8)]);
        assert_eq!((same.ari, same.b_cubed.f1), (1.0, 1.0));
        let split = agreement(&[(1, 1), (2, 1), (3, 2), (3, 2)]);
        assert_eq!(split.b_cubed.precision, 1.0);
        assert_eq!(split.b_cubed.recall, (0.5 + 0.5 + 1.0 + 1.0) / 4.0);
        // Together 1, expected 1 · 2 / 6, most 1.5: (1 − 1/3) / (1.5 − 1/3).
        assert!((split.ari - 4.0 / 7.0).abs() < 1e-12);
    }

    proptest! {
        /// Law: B-cubed is what its definition says, article by article; swapping the sides swaps precision and recall.
        #[test]
        fn b_cubed_is_its_definition(articles in proptest::collection::vec((0u64..4, 0u64..4), 1..20)) {
            let agreement = agreement(&articles);
            let mean = |side: fn(&(u64, u64)) -> u64| {
                let of = |article: &(u64, u64)| {
                    let same: Vec<_> = articles.iter().filter(|other| side(other) == side(article)).collect();
                    same.iter().filter(|other| **other == article).count() as f64 / same.len() as f64
                };
                articles.iter().map(of).sum::<f64>() / articles.len() as f64
            };
            prop_assert!((agreement.b_cubed.precision - mean(|article| article.0)).abs() < 1e-12);
            prop_assert!((agreement.b_cubed.recall - mean(|article| article.1)).abs() < 1e-12);
            let swapped: Vec<(u64, u64)> = articles.iter().map(|&(one, other)| (other, one)).collect();
            prop_assert!((self::agreement(&swapped).ari - agreement.ari).abs() < 1e-12);
        }
    }
}
