//! Words to w-shingles: a 64-bit hash of every run of w words.
//!
//! **Takes** the word hashes of an article. **Gives** the hashes of its shingles, in order, repeats included: n words
//! give n − w + 1 of them. An article shorter than w has one shingle, all its words; one without words has none.
//! The order of the words matters, and where one word ends: `ab c` and `a bc` share nothing.
//!
//! **How.** A polynomial of the w word hashes, modulo 2^64 with an odd base, rolled along one word at a time
//! (Karp and Rabin 1987) and then mixed. Word hashes are uniform, so two different runs collide with a probability of
//! about 2^-60. **Cost**: two multiplications a word, whatever w.

use crate::simd::{Lanes, Work, widest};
use ahash::AHashSet;

/// How shingles and whole articles differ in hash: runs of another length start from another seed.
const LENGTH_SEED: u64 = 0xa076_1d64_78bd_642f;
const BASE: u64 = 0x2d35_8dcc_aa6c_78a5;

/// The hashes of the w-shingles of `words`, appended to `shingles`.
///
/// # Panics
/// If `w` is 0.
///
/// ```
/// use wirecopy::{shingle::shingles, text::words};
///
/// let hashes = |text| words(text).iter().map(|word| word.hash).collect::<Vec<_>>();
/// let mut five = Vec::new();
/// shingles(&hashes("the council met on monday evening"), 5, &mut five);
/// assert_eq!(five.len(), 2);
///
/// let mut short = Vec::new();
/// shingles(&hashes("council met"), 5, &mut short);
/// assert_eq!(short.len(), 1);
/// ```
pub fn shingles(words: &[u64], w: usize, shingles: &mut Vec<u64>) {
    assert!(w > 0, "a shingle has at least one word");
    if words.is_empty() {
        return;
    }
    let w = w.min(words.len());
    let seed = (w as u64).wrapping_mul(LENGTH_SEED);
    widest(Make { words, w, seed, shingles });
}

/// Each shingle from the one before.
fn roll(words: &[u64], w: usize, seed: u64, shingles: &mut Vec<u64>) {
    let leaving = power(BASE, w);
    let (first, rest) = words.split_at(w);
    let mut polynomial = first.iter().fold(0u64, |sum, &word| sum.wrapping_mul(BASE).wrapping_add(word));
    shingles.reserve(rest.len() + 1);
    shingles.push(mix(polynomial ^ seed));
    shingles.extend(words.iter().zip(rest).map(|(&old, &new)| {
        polynomial = polynomial.wrapping_mul(BASE).wrapping_add(new.wrapping_sub(old.wrapping_mul(leaving)));
        mix(polynomial ^ seed)
    }));
}

/// Words a shingle up to which many shingles at once are faster made afresh than one after the other rolled.
const FEW_WORDS: usize = 8;
/// Shingles that are made at once.
const LANES: usize = 32;

/// Words whose shingles are to be made.
struct Make<'w> {
    words: &'w [u64],
    w: usize,
    seed: u64,
    shingles: &'w mut Vec<u64>,
}

impl Work for Make<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        if self.w <= FEW_WORDS && L::MULTIPLIES {
            self.afresh();
        } else {
            roll(self.words, self.w, self.seed, self.shingles);
        }
    }
}

impl Make<'_> {
    /// Each by itself, many at once.
    #[inline(always)]
    fn afresh(self) {
        let Self { words, w, seed, shingles } = self;
        let count = words.len() + 1 - w;
        shingles.reserve(count);
        let whole = count - count % LANES;
        for start in (0..whole).step_by(LANES) {
            let Some(&(mut polynomials)) = words[start..].first_chunk::<LANES>() else { break };
            for words in words[start + 1..].windows(LANES).take(w - 1) {
                polynomials
                    .iter_mut()
                    .zip(words)
                    .for_each(|(sum, &word)| *sum = sum.wrapping_mul(BASE).wrapping_add(word));
            }
            polynomials.iter_mut().for_each(|sum| *sum = mix(*sum ^ seed));
            shingles.extend_from_slice(&polynomials);
        }
        if whole < count {
            roll(&words[whole..], w, seed, shingles);
        }
    }
}

fn power(base: u64, exponent: usize) -> u64 {
    (0..exponent).fold(1u64, |product, _| product.wrapping_mul(base))
}

/// A bijection of 64 bits whose output bits all depend on all input bits (the finaliser of `SplitMix64`, Steele et al. 2014).
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// Sorts `items`, whose order agrees with that of their hashes.
///
/// Hashes are uniform, so one counting pass by their upper bits leaves a few in each bucket: O(n). Equal hashes crowd
/// into one bucket, which a comparison sort takes in O(n log n).
pub(crate) fn sorted_by_hash<T: Copy + Ord>(items: Vec<T>, hash: impl Fn(&T) -> u64) -> Vec<T> {
    const FEW: usize = 64;
    let Some(&first) = items.first() else { return items };
    let mut sorted = vec![first; items.len()];
    if items.len() < FEW {
        sorted.copy_from_slice(&items);
        sorted.sort_unstable();
        return sorted;
    }
    let bits = items.len().ilog2().min(16);
    let bucket = |item: &T| (hash(item) >> (64 - bits)) as usize;
    let mut starts = vec![0u32; 1 << bits];
    items.iter().for_each(|item| starts[bucket(item)] += 1);
    let mut next = 0;
    for start in &mut starts {
        next += std::mem::replace(start, next);
    }
    for &item in &items {
        let place = &mut starts[bucket(&item)];
        sorted[*place as usize] = item;
        *place += 1;
    }
    // Each start is now the end of its bucket.
    let mut start = 0;
    for end in starts {
        let bucket = &mut sorted[std::mem::replace(&mut start, end as usize)..end as usize];
        if bucket.len() > 1 {
            bucket.sort_unstable();
        }
    }
    sorted
}

/// The distinct shingles of an article, S(A): sorted hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShingleSet(Vec<u64>);

impl ShingleSet {
    /// The set of these hashes, which may repeat and stand in any order. O(n log n).
    #[must_use]
    pub fn new(hashes: Vec<u64>) -> Self {
        let mut hashes = sorted_by_hash(hashes, |&hash| hash);
        hashes.dedup();
        Self(hashes)
    }

    /// The set of the w-shingles of an article's words.
    ///
    /// # Panics
    /// If `w` is 0.
    #[must_use]
    pub fn of_words(words: &[u64], w: usize) -> Self {
        let mut hashes = Vec::new();
        shingles(words, w, &mut hashes);
        Self::new(hashes)
    }

    /// How many distinct shingles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, as in an article without words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hashes, ascending.
    #[must_use]
    pub fn hashes(&self) -> &[u64] {
        &self.0
    }
}

/// A bit for each ending that some shingles have, by which most others are told apart. (The beginnings of fingerprints are
/// alike: the least of a window is chosen.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Endings {
    /// A power of two of them, or none.
    bits: Vec<u64>,
}

/// Shingles that are looked up at once.
pub(crate) const CHUNK: usize = 64;

impl Endings {
    /// Those of shingles, among about so many that there are for each of them, at most two to the `most`.
    pub(crate) fn new(shingles: impl ExactSizeIterator<Item = u64>, each: usize, most: u32) -> Self {
        let bits = (each * shingles.len()).next_power_of_two().clamp(64, 1 << most);
        let mut endings = Self { bits: vec![0; if shingles.len() == 0 { 0 } else { bits / 64 }] };
        for shingle in shingles {
            let (word, bit) = endings.place(shingle);
            endings.bits[word] |= 1 << bit;
        }
        endings
    }

    /// The word, and the bit in it, of a shingle's ending. There have to be some.
    #[inline(always)]
    fn place(&self, shingle: u64) -> (usize, u64) {
        ((shingle >> 6) as usize & (self.bits.len() - 1), shingle & 63)
    }

    /// Whether one of them ends like this one.
    fn have(&self, shingle: u64) -> bool {
        let (word, bit) = self.place(shingle);
        self.bits[word] >> bit & 1 == 1
    }

    /// A bit for each of these that ends like one of them, that of the first the lowest.
    #[inline(always)]
    fn among(&self, chunk: &[u64; CHUNK]) -> u64 {
        chunk.iter().zip(0u32..).fold(0, |likely, (&shingle, place)| {
            let (word, bit) = self.place(shingle);
            likely | (self.bits[word] >> bit & 1) << place
        })
    }

    /// The same of the first of some, which may be fewer.
    pub(crate) fn among_first(&self, shingles: &[u64]) -> u64 {
        let Some(chunk) = shingles.first_chunk() else {
            return shingles
                .iter()
                .zip(0..)
                .fold(0, |likely, (&one, place)| likely | u64::from(self.have(one)) << place);
        };
        let mut likely = 0;
        widest(Among { endings: self, chunk, likely: &mut likely });
        likely
    }
}

/// Shingles of which it is asked.
struct Among<'e> {
    endings: &'e Endings,
    chunk: &'e [u64; CHUNK],
    likely: &'e mut u64,
}

impl Work for Among<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        *self.likely = self.endings.among(self.chunk);
    }
}

/// Shingles to be looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    shingles: AHashSet<u64>,
    endings: Endings,
}

/// Bits for the endings of each shingle; and of all, two to this, so that they stay in a core's first cache.
const ENDINGS: usize = 64;
const MOST: u32 = 17;

#[cfg(feature = "formats")]
impl crate::saved::Saved for Known {
    fn save(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let mut shingles: Vec<u64> = self.shingles.iter().copied().collect();
        shingles.sort_unstable();
        crate::saved::save_all(&shingles, out)
    }

    fn load(from: &mut dyn std::io::Read) -> std::io::Result<Self> {
        Ok(Self::new(crate::saved::load_all(from)?.into_iter().collect()))
    }
}

impl Known {
    pub(crate) fn new(shingles: AHashSet<u64>) -> Self {
        let endings = Endings::new(shingles.iter().copied(), ENDINGS, MOST);
        Self { shingles, endings }
    }

    pub(crate) fn contains(&self, shingle: u64) -> bool {
        !self.shingles.is_empty() && self.endings.have(shingle) && self.shingles.contains(&shingle)
    }

    /// Calls `found` with each place of `shingles` whose shingle is known, in order.
    pub(crate) fn each_in(&self, shingles: &[u64], found: impl FnMut(usize)) {
        if !self.shingles.is_empty() {
            widest(Find { known: self, shingles, found });
        }
    }

    /// The set, whose order may decide nothing.
    pub(crate) fn shingles(&self) -> &AHashSet<u64> {
        &self.shingles
    }
}

/// Shingles among which known ones are to be found.
struct Find<'k, F> {
    known: &'k Known,
    shingles: &'k [u64],
    found: F,
}

impl<F: FnMut(usize)> Work for Find<'_, F> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { known, shingles, mut found } = self;
        let (chunks, rest) = shingles.as_chunks::<CHUNK>();
        for (chunk, start) in chunks.iter().zip((0..).step_by(CHUNK)) {
            let mut likely = known.endings.among(chunk);
            while likely != 0 {
                let place = likely.trailing_zeros() as usize;
                if known.shingles.contains(&chunk[place]) {
                    found(start + place);
                }
                likely &= likely - 1;
            }
        }
        let start = shingles.len() - rest.len();
        rest.iter().zip(start..).filter(|(shingle, _)| known.contains(**shingle)).for_each(|(_, place)| found(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(words: &[u64], w: usize) -> Vec<u64> {
        let mut hashes = Vec::new();
        shingles(words, w, &mut hashes);
        hashes
    }

    #[test]
    fn counts_at_the_edges() {
        assert!(of(&[], 5).is_empty());
        for n in 1..=5 {
            assert_eq!(of(&vec![7; n], 5).len(), 1, "{n} words");
        }
        assert_eq!(of(&[1, 2, 3, 4, 5, 6], 5).len(), 2);
        assert_ne!(of(&[1, 2, 3], 5), of(&[1, 2, 3], 2)[..1], "shingles of other lengths differ");
        assert_ne!(of(&[7, 7], 5), of(&[7, 7, 7], 5));
    }

    proptest! {
        /// Law: a rolled hash is the hash of its words alone.
        #[test]
        fn rolling_is_hashing_afresh(words in proptest::collection::vec(any::<u64>(), 1..60), w in 1usize..9) {
            let rolled = of(&words, w);
            let afresh: Vec<u64> = words.windows(w.min(words.len())).flat_map(|run| of(run, w)).collect();
            prop_assert_eq!(rolled, afresh);
        }

        /// Law: shingles made at once are those made one after the other.
        #[test]
        fn many_at_once_are_the_same(words in proptest::collection::vec(any::<u64>(), 1..200), w in 1usize..9) {
            let w = w.min(words.len());
            let (mut rolled, mut afresh) = (Vec::new(), Vec::new());
            roll(&words, w, 7, &mut rolled);
            Make { words: &words, w, seed: 7, shingles: &mut afresh }.afresh();
            prop_assert_eq!(rolled, afresh);
        }

        /// Law: known shingles are found wherever they stand, and nothing else is.
        #[test]
        fn what_is_known_is_found(known in proptest::collection::hash_set(any::<u64>(), 0..3000), others in proptest::collection::vec(any::<u64>(), 0..300)) {
            let shingles: Vec<u64> = known.iter().copied().take(90).chain(others.iter().copied()).chain(known.iter().copied().skip(90).take(70)).collect();
            let expected: Vec<usize> = (0..shingles.len()).filter(|&at| known.contains(&shingles[at])).collect();
            let known = Known::new(known.into_iter().collect());
            let mut found = Vec::new();
            known.each_in(&shingles, |at| found.push(at));
            prop_assert_eq!(found, expected);
            prop_assert!(shingles.iter().all(|&shingle| known.contains(shingle) == known.shingles().contains(&shingle)));
            let likely = |at: usize| known.endings.have(shingles[at]);
            for from in (0..shingles.len()).filter(|_| !known.shingles().is_empty()) {
                let first = known.endings.among_first(&shingles[from..]);
                prop_assert!((from..shingles.len().min(from + 64)).all(|at| (first >> (at - from) & 1 == 1) == likely(at)));
            }
        }

        /// Law: order matters.
        #[test]
        fn swapped_words_are_another_shingle(mut words in proptest::collection::vec(any::<u64>(), 5), i in 0usize..5, j in 0usize..5) {
            let before = of(&words, 5);
            let differ = words[i] != words[j];
            words.swap(i, j);
            prop_assert_eq!(of(&words, 5) != before, differ);
        }
    }
}
