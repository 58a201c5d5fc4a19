//! Candidate pairs by banding: articles whose signatures agree in all rows of a band share a bucket.
//!
//! **Takes** a table of band keys, one of each band for each article. **Gives** the pairs of all buckets of up to
//! [`BUCKET`](crate::config::BUCKET) articles, and fuller buckets as crowds, for [`crowd`](super::crowd). Of the pairs
//! only those are worth comparing whose signatures agree as a whole, too, in [`Bands::agreement`] values at least.
//! **How.** A band at a time, (key, article) is sorted; equal keys lie together. Keys are 32 bits of hash, so a few
//! pairs meet by accident and fail the scoring. **Cost** O(n) a band, 8 bytes an article while a band is sorted.

use super::Pair;
use super::bands::Bands;
use super::run::SortedRun;
use super::shelf::{Shelf, Store};
use crate::config::BUCKET;
use crate::error::Result;
#[cfg(feature = "formats")]
use crate::saved::{load_all, save_all};
use crate::shingle::mix;
#[cfg(feature = "formats")]
use std::io::{self, Read, Write};
use std::sync::Arc;

/// The band keys of a signature, appended to `keys`.
pub(crate) fn band_keys(values: &[u64], bands: Bands, keys: &mut Vec<u32>) {
    debug_assert_eq!(values.len(), bands.k());
    keys.extend(values.chunks_exact(bands.rows()).map(|rows| {
        let hash = rows.iter().fold(0, |hash: u64, &value| mix(hash ^ value));
        (hash >> 32) as u32
    }));
}

/// Band keys of many articles, a stretch of them after the other; in each, those of a band lie together.
#[derive(Debug, Default)]
pub(crate) struct BandKeys {
    stretches: Vec<Shelf<u32>>,
}

impl BandKeys {
    /// Adds a stretch of articles, given a row of `bands` keys for each.
    pub(crate) fn push(&mut self, rows: &[u32], bands: usize, store: &Arc<Store>) -> Result<()> {
        let mut columns = Vec::with_capacity(rows.len());
        (0..bands).for_each(|band| columns.extend(rows.iter().skip(band).step_by(bands)));
        self.stretches.push(store.put(columns)?);
        Ok(())
    }

    pub(crate) fn append(&mut self, mut next: Self) {
        self.stretches.append(&mut next.stretches);
    }

    /// The keys of one of `bands` bands, of all articles.
    pub(crate) fn column(&self, band: usize, bands: usize) -> Result<Vec<u32>> {
        let mut column = Vec::with_capacity(self.stretches.iter().map(Shelf::len).sum::<usize>() / bands);
        for keys in &self.stretches {
            let articles = keys.len() / bands;
            column.extend_from_slice(&keys.get(band * articles..(band + 1) * articles)?);
        }
        Ok(column)
    }
}

#[cfg(feature = "formats")]
impl BandKeys {
    /// Writes all keys.
    pub(crate) fn save(&self, out: &mut dyn Write) -> io::Result<()> {
        save_all(&[self.stretches.len() as u64], out)?;
        self.stretches.iter().try_for_each(|keys| save_all(&keys.get(0..keys.len()).map_err(io::Error::other)?, out))
    }

    /// Keys that were written.
    pub(crate) fn load(from: &mut dyn Read, store: &Arc<Store>) -> io::Result<Self> {
        let stretches = load_all::<u64>(from)?.first().copied().unwrap_or_default();
        let load = |_| store.put(load_all(from)?).map_err(io::Error::other);
        Ok(Self { stretches: (0..stretches).map(load).collect::<io::Result<_>>()? })
    }
}

/// One byte of each value of a signature, appended to `traces`.
pub(crate) fn traces(values: &[u64], traces: &mut Vec<u8>) {
    traces.extend(values.iter().map(|&value| (mix(value) >> 56) as u8));
}

/// A byte of each value of the signatures of articles, a row an article.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    rows: Vec<u8>,
    k: usize,
}

impl Traces {
    /// Of signatures of `k` values.
    pub(crate) fn new(rows: Vec<u8>, k: usize) -> Self {
        Self { rows, k }
    }

    /// In how many values the signatures of two articles agree.
    pub(crate) fn agreement(&self, a: u32, b: u32) -> usize {
        let of = |article: u32| &self.rows[article as usize * self.k..][..self.k];
        agreeing(of(a), of(b))
    }

    /// Whether the signatures of a pair agree in at least so many values.
    pub(crate) fn agree(&self, pair: Pair, least: usize) -> bool {
        self.agreement(pair.a(), pair.b()) >= least
    }
}

/// In how many values two articles agree, by one byte of each: the true number, and one in 256 of the others by chance.
fn agreeing(a: &[u8], b: &[u8]) -> usize {
    // Sums of up to 255 bytes fit in a byte, which keeps the loop to whole vectors.
    let equal = |(a, b): (&[u8], &[u8])| usize::from(a.iter().zip(b).map(|(a, b)| u8::from(a == b)).sum::<u8>());
    a.chunks(255).zip(b.chunks(255)).map(equal).sum()
}

/// What one band brings together.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    /// Pairs of members of buckets, given as members were.
    pub(crate) pairs: Vec<Pair>,
    /// Buckets too full for pairs, members in the order in which they were given.
    pub(crate) crowds: Vec<Vec<u32>>,
}

/// The buckets of a band. `keys` holds its key for each member number; `members` are those that take part.
pub(crate) fn buckets(keys: &[u32], members: &[u32], limit: Option<usize>) -> Buckets {
    let run = SortedRun::new(members.iter().map(|&member| (keys[member as usize], member)));
    let mut found = Buckets::default();
    for bucket in run.buckets() {
        let bucket: Vec<u32> = bucket.iter().map(|&entry| entry as u32).collect();
        if limit.is_some_and(|limit| bucket.len() > limit) {
            found.crowds.push(bucket);
        } else {
            all_pairs(&bucket, &mut found.pairs);
        }
    }
    found
}

/// The usual limit of a bucket, or none.
pub(crate) fn limit(list_all: bool) -> Option<usize> {
    (!list_all).then_some(BUCKET)
}

/// Appends every pair of the members of one bucket.
pub(crate) fn all_pairs(bucket: &[u32], pairs: &mut Vec<Pair>) {
    for (index, &one) in bucket.iter().enumerate() {
        pairs.extend(bucket[index + 1..].iter().map(|&other| Pair::new(one, other)));
    }
}

/// Pairs gathered from many bands, each kept once.
///
/// Sorted and thinned out whenever it has doubled, so that it never holds many more than there are.
#[derive(Debug, Default)]
pub(crate) struct PairSet {
    pairs: Vec<Pair>,
    thinned: usize,
}

impl PairSet {
    pub(crate) fn extend(&mut self, pairs: &[Pair]) {
        self.pairs.extend_from_slice(pairs);
        if self.pairs.len() > 2 * self.thinned + (1 << 20) {
            self.thin();
        }
    }

    fn thin(&mut self) {
        // What is added is sorted, mostly; this sort makes use of that.
        self.pairs.sort();
        self.pairs.dedup();
        self.thinned = self.pairs.len();
    }

    /// The pairs, sorted.
    pub(crate) fn into_sorted(mut self) -> Vec<Pair> {
        self.thin();
        self.pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::MinHasher;

    #[test]
    fn equal_signatures_meet_in_every_band() {
        let bands = Bands::new(20, 3).expect("valid");
        let signature = MinHasher::new(60).expect("valid").signature(&[3, 1, 4, 1, 5]).expect("not empty");
        let mut keys = Vec::new();
        band_keys(signature.values(), bands, &mut keys);
        band_keys(signature.values(), bands, &mut keys);
        let mut table = BandKeys::default();
        table.push(&keys, 20, &Arc::default()).expect("in memory");
        assert_eq!(table.column(7, 20).expect("in memory"), [keys[7], keys[27]]);
        for band in 0..20 {
            assert_eq!(buckets(&table.column(band, 20).expect("in memory"), &[0, 1], None).pairs, [Pair::new(0, 1)]);
        }
    }

    #[test]
    fn a_full_bucket_is_a_crowd_unless_there_is_no_limit() {
        let keys = vec![7; 60];
        let members: Vec<u32> = (0..60).rev().collect();
        let bounded = buckets(&keys, &members, limit(false));
        assert!(bounded.pairs.is_empty());
        assert_eq!(bounded.crowds, std::slice::from_ref(&members));
        let unbounded = buckets(&keys, &members, limit(true));
        assert_eq!(unbounded.pairs.len(), 60 * 59 / 2);
    }
}
