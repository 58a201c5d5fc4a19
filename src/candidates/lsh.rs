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
use crate::simd::{Lanes, Work, widest};
#[cfg(feature = "formats")]
use std::io::{self, Read, Write};
use std::sync::Arc;

/// The band keys of a signature, appended to `keys`; `columns` is a buffer.
pub(crate) fn band_keys(values: &[u64], bands: Bands, columns: &mut Vec<u64>, keys: &mut Vec<u32>) {
    debug_assert_eq!(values.len(), bands.k());
    widest(KeysOf { values, rows: bands.rows(), columns, keys });
}

/// A signature whose band keys are to be made: of each band a hash of its rows, value after value.
struct KeysOf<'v> {
    values: &'v [u64],
    rows: usize,
    /// The first rows of all bands, then the second ones, and so on.
    columns: &'v mut Vec<u64>,
    keys: &'v mut Vec<u32>,
}

impl Work for KeysOf<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        /// Bands whose keys are made at once.
        const SOME: usize = 16;
        let Self { values, rows, columns, keys } = self;
        let bands = values.len() / rows;
        let whole = bands.max(1).next_multiple_of(SOME);
        columns.resize(rows * whole, 0);
        for (row, column) in columns.chunks_exact_mut(whole).enumerate() {
            column.iter_mut().zip(values.iter().skip(row).step_by(rows)).for_each(|(to, &value)| *to = value);
        }
        for start in (0..bands).step_by(SOME) {
            let mut hashes = [0; SOME];
            for column in columns.chunks_exact(whole) {
                let Some(of_row) = column[start..].first_chunk::<SOME>() else { break };
                hashes.iter_mut().zip(of_row).for_each(|(hash, value)| *hash = mix(*hash ^ value));
            }
            keys.extend(hashes[..SOME.min(bands - start)].iter().map(|hash| (hash >> 32) as u32));
        }
    }
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
    widest(TracesOf { values, traces });
}

/// A signature whose traces are to be taken.
struct TracesOf<'v> {
    values: &'v [u64],
    traces: &'v mut Vec<u8>,
}

impl Work for TracesOf<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        self.traces.extend(self.values.iter().map(|&value| (mix(value) >> 56) as u8));
    }
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

    /// Those of some articles alone, which take the place of their numbers.
    pub(crate) fn of(&self, articles: &[u32]) -> Self {
        let row = |&article: &u32| &self.rows[article as usize * self.k..][..self.k];
        Self { rows: articles.iter().flat_map(row).copied().collect(), k: self.k }
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
    let mut together = Vec::new();
    for bucket in run.buckets() {
        together.clear();
        together.extend(bucket.iter().map(|&entry| entry as u32));
        if limit.is_some_and(|limit| together.len() > limit) {
            found.crowds.push(together.clone());
        } else {
            all_pairs(&together, &mut found.pairs);
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

/// Pairs gathered bit by bit, each kept once.
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
    use proptest::prelude::*;

    #[test]
    fn equal_signatures_meet_in_every_band() {
        let bands = Bands::new(20, 3).expect("valid");
        let signature = MinHasher::new(60).expect("valid").signature(&[3, 1, 4, 1, 5]).expect("not empty");
        let mut keys = Vec::new();
        band_keys(signature.values(), bands, &mut Vec::new(), &mut keys);
        band_keys(signature.values(), bands, &mut Vec::new(), &mut keys);
        let mut table = BandKeys::default();
        table.push(&keys, 20, &Arc::default()).expect("in memory");
        assert_eq!(table.column(7, 20).expect("in memory"), [keys[7], keys[27]]);
        for band in 0..20 {
            assert_eq!(buckets(&table.column(band, 20).expect("in memory"), &[0, 1], None).pairs, [Pair::new(0, 1)]);
        }
    }

    proptest! {
        /// Law: the key of a band is a hash of its rows alone, and a trace that of its value.
        #[test]
        fn keys_and_traces_are_those_of_each_band(values in proptest::collection::vec(any::<u64>(), 1..200), rows in 1usize..9) {
            let values = &values[..values.len() - values.len() % rows];
            let (mut keys, mut bytes) = (vec![9], vec![9]);
            widest(KeysOf { values, rows, columns: &mut vec![3; 40], keys: &mut keys });
            traces(values, &mut bytes);
            let key = |rows: &[u64]| (rows.iter().fold(0, |hash, &value| mix(hash ^ value)) >> 32) as u32;
            let expected: Vec<u32> = [9].into_iter().chain(values.chunks(rows).map(key)).collect();
            prop_assert_eq!(keys, expected);
            let expected: Vec<u8> = [9].into_iter().chain(values.iter().map(|&value| (mix(value) >> 56) as u8)).collect();
            prop_assert_eq!(bytes, expected);
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
