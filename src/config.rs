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

/// What decides the results of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// Least Jaccard of a reported pair, above 0 and up to 1.
    pub threshold: f64,
    /// Probability that a pair at the threshold is found, above 0 and below 1.
    pub recall: f64,
    /// Words a shingle, from 1.
    pub shingle: usize,
    /// Bands and rows of the signature; chosen by `recall` unless set.
    pub bands: Bands,
    /// Compare and list all pairs, among copies and in crowds too.
    pub list_all: bool,
}

impl Config {
    /// Checks the settings and chooses bands and rows where `bands` does not fix them.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::ErrorKind::Setting), naming the setting and its bounds.
    pub fn new(threshold: f64, recall: f64, shingle: usize, bands: Option<Bands>, list_all: bool) -> Result<Self> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::setting(format!("threshold is {threshold}; it must be above 0 and at most 1")));
        }
        if !(recall > 0.0 && recall < 1.0) {
            return Err(Error::setting(format!("recall is {recall}; it must be above 0 and below 1")));
        }
        if !(1..=1000).contains(&shingle) {
            return Err(Error::setting(format!("shingle is {shingle} words; it must be 1 to 1000")));
        }
        let bands = match bands {
            Some(bands) => bands,
            None => Bands::choose(threshold, recall)?,
        };
        Ok(Self { threshold, recall, shingle, bands, list_all })
    }
}

impl Default for Config {
    fn default() -> Self {
        let bands = Bands::choose(THRESHOLD, RECALL).expect("the defaults have bands, as a test shows");
        Self { threshold: THRESHOLD, recall: RECALL, shingle: SHINGLE, bands, list_all: false }
    }
}
