//! Bands and rows: how a signature is cut up so that similar articles meet.
//!
//! A signature of k = b · r values is cut into b bands of r rows. Two articles are candidates if all rows of at least
//! one band agree, which happens with probability 1 − (1 − s^r)^b at Jaccard s: the S-curve (Leskovec, Rajaraman,
//! Ullman 2014, section 3.4). **More bands** find more pairs, the false ones too; **more rows** find fewer.

use crate::error::{Error, Result};
use crate::sketch::MinHasher;
use serde::Serialize;

/// A number of bands and of rows in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bands {
    bands: usize,
    rows: usize,
}

/// What [`Bands::choose`] weighs, per article, in nanoseconds as measured on ASCII news: sorting one band, making one
/// value of a signature, and comparing with one false candidate.
const BAND_COST: f64 = 12.0;
const VALUE_COST: f64 = 4.0;
const CANDIDATE_COST: f64 = 3000.0;
/// The articles that an article meets in the model, and their Jaccard with it: unrelated news of one language.
const ARTICLES: f64 = 100_000.0;
const BACKGROUND: f64 = 0.002;
/// Most bands that are chosen unasked; each costs 4 bytes an article.
const MOST_BANDS: usize = 1024;
const MOST_ROWS: usize = 32;

impl Bands {
    /// `bands` bands of `rows` rows.
    ///
    /// # Errors
    /// If one of them is 0 or the signature would be longer than [`MinHasher`] can make.
    pub fn new(bands: usize, rows: usize) -> Result<Self> {
        MinHasher::new(bands.saturating_mul(rows))?;
        Ok(Self { bands, rows })
    }

    /// The bands and rows of least cost that find a pair of Jaccard `threshold` with probability `recall`.
    ///
    /// # Errors
    /// If no choice of up to 1024 bands reaches it, as at thresholds near 0.
    ///
    /// ```
    /// let bands = wirecopy::Bands::choose(0.5, 0.999)?;
    /// assert_eq!((bands.bands(), bands.rows()), (52, 3));
    /// assert!(bands.found(0.5) >= 0.999);
    /// # Ok::<(), wirecopy::Error>(())
    /// ```
    pub fn choose(threshold: f64, recall: f64) -> Result<Self> {
        let choices = (1..=MOST_ROWS).filter_map(|rows| {
            let needed = ((1.0 - recall).ln() / (-threshold.powi(rows as i32)).ln_1p()).ceil().max(1.0);
            let choice = Self { bands: needed as usize, rows };
            (needed <= MOST_BANDS as f64).then_some(choice)
        });
        choices.min_by(|a, b| a.cost().total_cmp(&b.cost())).ok_or_else(|| {
            Error::setting(format!(
                "no signature of up to {MOST_BANDS} bands finds pairs of Jaccard {threshold} with probability {recall}; \
                 raise the threshold, lower the recall, or set bands and rows"
            ))
        })
    }

    fn cost(self) -> f64 {
        let false_candidates = ARTICLES * self.found(BACKGROUND);
        BAND_COST * self.bands as f64 + VALUE_COST * self.k() as f64 + CANDIDATE_COST * false_candidates
    }

    /// How many bands.
    #[must_use]
    pub fn bands(self) -> usize {
        self.bands
    }

    /// How many rows in each.
    #[must_use]
    pub fn rows(self) -> usize {
        self.rows
    }

    /// How many values a signature has: bands times rows.
    #[must_use]
    pub fn k(self) -> usize {
        self.bands * self.rows
    }

    /// In how many of the k values two articles must agree to become candidates, beside a whole band.
    ///
    /// The number is such that a pair at `threshold` falls short of it with a probability below 10^-6, by the binomial
    /// distribution of k values that agree with probability `threshold` each. It spares the comparison of pairs that met
    /// in one band and nowhere else.
    #[must_use]
    pub fn agreement(self, threshold: f64) -> usize {
        const SHORT: f64 = 1e-6;
        let k = self.k();
        let (mut total, mut log_choose) = (0.0, 0.0);
        for agreeing in 0..k {
            let (yes, no) = (agreeing as f64, (k - agreeing) as f64);
            let log_probability =
                log_choose + yes * threshold.ln() + no * (1.0 - threshold).max(f64::MIN_POSITIVE).ln();
            total += log_probability.exp();
            if total > SHORT {
                return agreeing;
            }
            log_choose += (no / (yes + 1.0)).ln();
        }
        k
    }

    /// The probability that a pair of Jaccard `jaccard` shares a band, which makes it a candidate. (That it must also
    /// reach [`agreement`](Self::agreement) takes less than 10^-6 from this at the threshold and above.)
    #[must_use]
    pub fn found(self, jaccard: f64) -> f64 {
        // 1 − (1 − s^r)^b, without losing small values to rounding.
        -(self.bands as f64 * (-jaccard.powi(self.rows as i32)).ln_1p()).exp_m1()
    }

    /// The probability that it does not: (1 − s^r)^b, exact where [`found`](Self::found) rounds to 1.
    #[must_use]
    pub fn missed(self, jaccard: f64) -> f64 {
        (1.0 - jaccard.powi(self.rows as i32)).powi(self.bands as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_is_the_cheapest_of_the_known_choices() {
        let bands = |rows: i32| (0.001f64.ln() / (1.0 - 0.5f64.powi(rows)).ln()).ceil() as usize;
        assert_eq!([bands(2), bands(3), bands(4)], [25, 52, 108]);
        assert_eq!(Bands::choose(0.5, 0.999).expect("valid"), Bands { bands: 52, rows: 3 });
        assert_eq!(Bands::choose(1.0, 0.999).expect("valid").bands(), 1);
        assert!(Bands::choose(0.001, 0.999).is_err());
    }

    #[test]
    fn the_agreement_is_far_below_what_the_threshold_gives() {
        let bands = Bands::choose(0.5, 0.999).expect("valid");
        // The mean is 78 with a standard deviation of 6.2.
        assert!((45..55).contains(&bands.agreement(0.5)));
        assert_eq!(Bands { bands: 1, rows: 1 }.agreement(0.5), 0);
        assert_eq!(Bands { bands: 4, rows: 5 }.agreement(1.0), 20);
    }

    proptest! {
        /// Law: what is chosen reaches the recall, and one band fewer would not.
        #[test]
        fn a_choice_reaches_its_recall(threshold in 0.1f64..0.99, recall in 0.5f64..0.9999) {
            let bands = Bands::choose(threshold, recall).expect("within reach");
            prop_assert!(bands.found(threshold) >= recall - 1e-12);
            if bands.bands() > 1 {
                let fewer = Bands { bands: bands.bands() - 1, ..bands };
                prop_assert!(fewer.found(threshold) < recall + 1e-12);
            }
        }

        /// Law: more bands find more, more rows find less, and so does a smaller Jaccard.
        #[test]
        fn each_pulls_its_way(bands in 1usize..200, rows in 1usize..12, jaccard in 0.01f64..0.99) {
            let found = Bands { bands, rows }.found(jaccard);
            let more_bands = Bands { bands: bands + 1, rows }.found(jaccard);
            let more_rows = Bands { bands, rows: rows + 1 }.found(jaccard);
            prop_assert!(more_bands >= found);
            prop_assert!(more_rows <= found);
            let less = Bands { bands, rows }.found(jaccard / 2.0);
            prop_assert!(less <= found);
        }
    }
}
