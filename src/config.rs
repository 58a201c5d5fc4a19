//! The settings that decide results, each default written once with its reason.

use crate::candidates::bands::Bands;
use crate::error::{Error, Result};
use serde::Serialize;

/// Least Jaccard of a reported pair. At half their shingles in common, two articles are versions of one text; below,
/// stories told independently from one agency report begin to appear.
pub const THRESHOLD: f64 = 0.5;

/// Least Jaccard of a pair called near-duplicate: the bound at which most deduplication of corpora removes.
pub const NEAR_DUPLICATE: f64 = 0.7;

/// Least containment of a pair called excerpt.
pub const EXCERPT: f64 = 0.8;

/// Least containment of a pair called partial copy.
pub const PARTIAL_COPY: f64 = 0.5;

/// Words of the verbatim run that a pair reported for its containment shares. Of 2,548 real pairs with a containment of
/// at least 0.5 all but one had such a run, while stock phrases are shorter.
pub const RUN: usize = 13;

/// Articles with fewer words may have no such run; for them any shared shingle will do.
pub const SHORT: usize = 25;

/// Words of the verbatim run at which the summary counts a pair that is not reported. Nobody writes 25 words in a row as
/// another did by chance.
pub const LONG_RUN: usize = 25;

/// Least words of a passage that can be asked for: one more than a shingle's, or an index would hold every shingle.
pub const LEAST_PASSAGE: usize = 6;

/// Words of a verbatim run that makes an article an answer of `find`.
pub const FIND_PASSAGE: usize = 12;

/// Articles whose pairs `--measure-recall` looks for exhaustively.
pub const RECALL_SAMPLE: usize = 10_000;

/// Probability that a pair at the threshold is found.
pub const RECALL: f64 = 0.999;

/// Words a shingle. Five words rarely recur by chance, and an edited word spoils only five shingles.
pub const SHINGLE: usize = 5;

/// Most foreign words, on either side, between two shared runs of one passage. With it, all of 300 planted copies with 5 %
/// of their words edited are one passage each; with 15 % edited, a copy is 1.28 passages.
pub const PASSAGE_GAP: usize = 12;

/// Most articles in a bucket that are all compared with each other; a fuller bucket is a crowd, compared with leaders.
pub const BUCKET: usize = 50;

/// Most leaders of a crowd.
pub const LEADERS: usize = 16;

/// Leaders in a row that match nobody before a crowd is given up: it has come together by a footer or by chance, and
/// pairs in it that are alike share other, smaller buckets.
pub const FRUITLESS: usize = 4;

/// Least containment, in the one that stays, of an article that is removed.
pub const CONTAINED: f64 = 0.8;

/// What decides the results of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// Least Jaccard of a reported pair, above 0 and up to 1.
    pub threshold: f64,
    /// Probability that a pair at the threshold is found, above 0 and below 1.
    pub recall: f64,
    /// Words a shingle, from 1.
    pub shingle: usize,
    /// Bands and rows of the signature; chosen by `recall` unless set.
    pub bands: Bands,
    /// Least containment of a pair that is reported for it, above 0 and up to 1; `None` to look for none.
    pub containment: Option<f64>,
    /// Report every pair that shares a verbatim run of so many words.
    pub passage: Option<usize>,
    /// Count boilerplate like any other words, and learn none.
    pub count_boilerplate: bool,
    /// Find the pairs at the threshold with certainty, instead of by signatures.
    pub exhaustive: bool,
    /// Measure the recall by an exhaustive join of a sample against the whole.
    pub measure_recall: bool,
    /// Only pairs of which two copies are dated at most so many days apart, or one is not dated.
    pub within_days: Option<f64>,
    /// Only pairs of which two copies have different publishers, or one has none that is known.
    pub across_publishers: bool,
    /// Compare and list all pairs, among copies and in crowds too.
    pub list_all: bool,
}

impl Config {
    /// The default settings but for these; bands and rows are chosen by the recall unless given.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::ErrorKind::Setting) if the threshold or the recall is out of bounds, or no bands
    /// reach it.
    pub fn new(threshold: f64, recall: f64, bands: Option<Bands>) -> Result<Self> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::setting(format!("threshold is {threshold}; it must be above 0 and at most 1")));
        }
        if !(recall > 0.0 && recall < 1.0) {
            return Err(Error::setting(format!("recall is {recall}; it must be above 0 and below 1")));
        }
        let bands = bands.map_or_else(|| Bands::choose(threshold, recall), Ok)?;
        Ok(Self {
            threshold,
            recall,
            shingle: SHINGLE,
            bands,
            containment: Some(PARTIAL_COPY),
            passage: None,
            count_boilerplate: false,
            exhaustive: false,
            measure_recall: false,
            within_days: None,
            across_publishers: false,
            list_all: false,
        })
    }

    /// Checks the settings that [`new`](Self::new) does not take.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::ErrorKind::Setting), naming the setting and its bounds.
    pub fn checked(self) -> Result<Self> {
        let refuse = |message: String| Err(Error::setting(message));
        if !(1..=1000).contains(&self.shingle) {
            return refuse(format!("shingle is {} words; it must be 1 to 1000", self.shingle));
        }
        if let Some(containment) = self.containment
            && !(containment > 0.0 && containment <= 1.0)
        {
            return refuse(format!("containment is {containment}; it must be above 0 and at most 1, or off"));
        }
        if let Some(words) = self.passage {
            let least = LEAST_PASSAGE.max(self.shingle + 1);
            if !(least..=100_000).contains(&words) {
                return refuse(format!(
                    "passage is {words} words; with shingles of {} it must be {least} to 100000",
                    self.shingle
                ));
            }
        }
        if let Some(days) = self.within_days
            && !(days >= 0.0 && days.is_finite())
        {
            return refuse(format!("within is {days} days; it must be 0 or more"));
        }
        Ok(self)
    }

    /// Words of the verbatim run that a pair reported for its containment shares: 13, or a shingle's where that is more.
    #[must_use]
    pub fn run(&self) -> usize {
        RUN.max(self.shingle)
    }

    /// Words of the shortest verbatim run that two articles must not share unnoticed; `None` if there is no such.
    #[must_use]
    pub fn guaranteed_run(&self) -> Option<usize> {
        let of_containment = self.containment.map(|_| self.run());
        of_containment.into_iter().chain(self.passage).min()
    }
}

impl Default for Config {
    fn default() -> Self {
        let bands = Bands::choose(THRESHOLD, RECALL).expect("the defaults have bands, as a test shows");
        Self::new(THRESHOLD, RECALL, Some(bands)).expect("the defaults are valid, as a test shows")
    }
}
