//! Winnowing: a few shingles of an article, chosen so that no long shared run goes unnoticed.
//!
//! **Takes** the shingles of an article, in order. **Gives** its fingerprints: of every `window` shingles in a row the one
//! of least rank (Schleimer, Wilkerson, Aiken 2003).
//!
//! **The guarantee.** A verbatim run of T words has T − w + 1 shingles. With windows of that many, a run that two
//! articles share is a window in both, has its least shingle there, and so they share a fingerprint: with certainty, up to
//! collisions of hashes. It holds for any ranking that depends on the shingle alone. Ranked by hash, frequent shingles
//! become fingerprints of many articles that share a phrase and nothing else; so those that are known to be frequent rank
//! after all others, and windows with one that is nobody's own are passed over, or else those that are chosen and nobody's
//! own. Then every run of T words that is free of boilerplate leads to a fingerprint, and hot fingerprints come from windows
//! that are hot throughout.
//!
//! A fingerprint goes with a bit of each word around it ([`WordBits`]). A run of T words that holds the fingerprint has
//! T − w more words to its left and right; where fewer bits agree there is no such run, and the two need not be compared.
//!
//! **Cost** O(n) expected for n shingles; 2 / (window + 1) of them are chosen. **Does not promise** anything for runs
//! shorter than T. `BENCHMARKS.md` has what other choices gave.

use crate::error::{Error, Result};
use crate::shingle::Known;
use crate::simd::{Lanes, Work, widest};

/// The rank of a shingle that is nobody's own, less than any other: no window reaches over it.
pub(crate) const NEVER: u32 = 0;
const HOT: u32 = 1 << 30;

/// The rank of a shingle by its hash, above [`NEVER`]; a hot one comes after all that are not.
pub(crate) fn rank(shingle: u64, hot: bool) -> u32 {
    (shingle >> 34) as u32 + 1 + if hot { HOT } else { 0 }
}

/// Words on either side of a fingerprint whose bits go with it.
pub(crate) const AROUND: usize = 8;

/// One bit of each word of an article, eight a byte, and zeros around them.
#[derive(Debug, Default)]
struct WordBits(Vec<u8>);

impl WordBits {
    /// The bit that word 0 is at.
    const FIRST: usize = 64;
    /// Bits that can be told from one on.
    const AHEAD: usize = 57;

    /// Takes the bits of these words, in place of what it held.
    fn set(&mut self, words: &[u64]) {
        let Self(bits) = self;
        bits.clear();
        bits.extend([0; Self::FIRST / 8]);
        widest(BitsOf { words, bits });
        // As many as may be looked at behind the last word.
        bits.extend([0; 16]);
    }

    /// The bits from `bit` on, the first lowest.
    #[inline]
    fn from(&self, bit: usize) -> u64 {
        let some = self.0[bit / 8..].first_chunk().copied().unwrap_or_default();
        u64::from_le_bytes(some) >> (bit % 8)
    }

    /// The bits of the words around the shingle at `at`: of the 8 before it, the nearest highest, and above them of the 8
    /// behind it, the nearest lowest. Where there is no word the bit is 0.
    #[inline]
    fn context(&self, at: usize, shingle: usize) -> u16 {
        let around = self.from(Self::FIRST + at - AROUND);
        let behind = if 2 * AROUND + shingle <= Self::AHEAD {
            around >> (AROUND + shingle)
        } else {
            self.from(Self::FIRST + at + shingle)
        };
        u16::from_le_bytes([around as u8, behind as u8])
    }
}

/// Words whose bits are to be taken.
struct BitsOf<'w> {
    words: &'w [u64],
    bits: &'w mut Vec<u8>,
}

impl Work for BitsOf<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { words, bits } = self;
        let (chunks, rest) = words.as_chunks::<64>();
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        for chunk in chunks.iter().chain([&last]) {
            bits.extend(lanes.bit::<40>(chunk).to_le_bytes());
        }
    }
}

/// Whether two contexts of one shingle allow a run with so many more words.
pub(crate) fn may_run(one: u16, other: u16, more: usize) -> bool {
    let [before, behind] = (one ^ other).to_le_bytes();
    let agreeing = (before.leading_zeros() + behind.trailing_zeros()) as usize;
    agreeing >= more.min(AROUND)
}

/// A context with `noise` in place of the bits of words that are further away than so many before and behind.
fn bounded(context: u16, [before, behind]: [usize; 2], noise: u16) -> u16 {
    let (before, behind) = (before.min(AROUND), behind.min(AROUND));
    let kept = 0xff & 0xff00 >> before | ((1 << behind) - 1) << AROUND;
    context & kept | noise & !kept
}

/// Chooses fingerprints, for one length of shared runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Winnower {
    window: usize,
}

impl Winnower {
    /// One that notices every shared run of `run` words, by shingles of `shingle` words.
    ///
    /// # Errors
    /// If the run is shorter than a shingle, or a shingle has no words.
    pub fn new(shingle: usize, run: usize) -> Result<Self> {
        match run.checked_sub(shingle) {
            Some(more) if shingle > 0 => Ok(Self { window: more + 1 }),
            _ => Err(Error::setting(format!("no shingle of {shingle} words lies in a run of {run} words"))),
        }
    }

    /// How many shingles in a row have at least one fingerprint among them.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window
    }

    /// The fingerprints of an article, given its shingles in order: sorted, each once. An article with fewer shingles
    /// than a window has none, as it has no run of that length.
    ///
    /// ```
    /// use wirecopy::{shingle::shingles, sketch::Winnower, text::words};
    ///
    /// let fingerprints = |text: &str| -> Vec<u64> {
    ///     let hashes: Vec<u64> = words(text).iter().map(|word| word.hash).collect();
    ///     let mut five = Vec::new();
    ///     shingles(&hashes, 5, &mut five);
    ///     Winnower::new(5, 9).expect("a run is longer than a shingle").fingerprints(&five)
    /// };
    /// let a = fingerprints("a spokesman said that we may be at an all-time low in relations");
    /// let b = fingerprints("then he added: “We may be at an all time low in” and so on");
    /// assert!(a.iter().any(|fingerprint| b.contains(fingerprint)));
    /// ```
    #[must_use]
    pub fn fingerprints(&self, shingles: &[u64]) -> Vec<u64> {
        let mut slide = Slide::default();
        let chosen = self.choose(shingles.iter().map(|&shingle| rank(shingle, false)), &mut slide);
        let mut chosen: Vec<u64> = chosen.iter().map(|&at| shingles[at as usize]).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// Each place whose rank is the least of a window without a [`NEVER`], in order; of equals all.
    ///
    /// A place is one of these if the greatest of the least ranks of its windows is its own.
    fn choose(self, ranks: impl ExactSizeIterator<Item = u32>, slide: &mut Slide) -> &[u32] {
        widest(Least { ranks, window: self.window, slide });
        &slide.places
    }
}

/// The fingerprints of an article, each with its context.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    slide: Slide,
    bits: WordBits,
    fingerprints: Vec<u64>,
    contexts: Vec<u16>,
}

impl Chosen {
    /// Chooses those of an article in place of what it held, by the ranks of its shingles, of `w` words each.
    pub(crate) fn set(
        &mut self,
        winnower: Winnower,
        ranks: impl ExactSizeIterator<Item = u32>,
        (words, shingles, w): (&[u64], &[u64], usize),
    ) {
        let Self { slide, bits, fingerprints, contexts } = self;
        bits.set(words);
        let places = winnower.choose(ranks, slide);
        fingerprints.clear();
        fingerprints.extend(places.iter().map(|&at| shingles[at as usize]));
        contexts.clear();
        contexts.extend(places.iter().map(|&at| bits.context(at as usize, w)));
    }

    /// Takes from the contexts of the fingerprints around each that is `known`, wherever a run cannot go that does not
    /// hold it, all that could agree with others. Calls `found` with the place of each among the fingerprints, and with it.
    pub(crate) fn bound_by(&mut self, known: &Known, noise: u16, mut found: impl FnMut(usize, u64)) {
        let Self { slide, fingerprints, contexts, .. } = self;
        known.each_in(fingerprints, |chosen| {
            found(chosen, fingerprints[chosen]);
            bound_around(chosen, &slide.places, contexts, noise);
        });
    }

    /// Each with its context, in the order of the text.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u64, u16)> {
        self.fingerprints.iter().copied().zip(self.contexts.iter().copied())
    }
}

/// Bounds the contexts around one of these places.
fn bound_around(chosen: usize, places: &[u32], contexts: &mut [u16], noise: u16) {
    let at = places[chosen];
    let (before, behind) = contexts.split_at_mut(chosen);
    let near = |other: &u32| other.abs_diff(at) as usize <= AROUND;
    for (context, place) in before.iter_mut().zip(&places[..chosen]).rev().take_while(|(_, place)| near(place)) {
        *context = bounded(*context, [AROUND, (at - place - 1) as usize], noise);
    }
    for (context, place) in behind.iter_mut().zip(&places[chosen..]).skip(1).take_while(|(_, place)| near(place)) {
        *context = bounded(*context, [(place - at - 1) as usize, AROUND], noise);
    }
}

/// Leaves in `slide.places` the places that are chosen.
struct Least<'s, R> {
    ranks: R,
    window: usize,
    slide: &'s mut Slide,
}

impl<R: ExactSizeIterator<Item = u32>> Work for Least<'_, R> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { ranks, window, slide: Slide { ranks: padded, values, places } } = self;
        // Before the first and behind the last, where a window does not fit, lies what no window reaches over.
        let (before, count) = (window - 1, ranks.len());
        let whole = (before + count).next_multiple_of(CHUNK);
        padded.clear();
        padded.resize(before, NEVER);
        padded.extend(ranks);
        padded.resize(whole + before + CHUNK, NEVER);
        values.clone_from(padded);
        slide_over(values, whole, window, u32::min);
        slide_over(values, whole, window, u32::max);
        places.clear();
        let mut some = [0; CHUNK];
        for at in (0..count).step_by(CHUNK) {
            let (Some(of_windows), Some(own)) = (values[at..].first_chunk(), padded[at + before..].first_chunk())
            else {
                break;
            };
            let chosen = lanes.equal(of_windows, own) & !lanes.equal(own, &[NEVER; CHUNK]);
            let count = lanes.places(chosen, at as u32, &mut some);
            places.extend_from_slice(&some[..count]);
        }
    }
}

/// Values that are worked on at once.
const CHUNK: usize = 64;

/// Puts in place of each of the first `whole` values what `pick` picks of every `window` in a row. The reach of a value
/// grows threefold with each pass, up to the last, and no pass has a branch.
#[inline(always)]
fn slide_over(values: &mut [u32], whole: usize, window: usize, pick: impl Fn(u32, u32) -> u32) {
    let mut reach = 1;
    while reach < window {
        let last = (2 * reach).min(window - reach);
        let middle = reach.min(last);
        for start in (0..whole).step_by(CHUNK) {
            let Some(&next) = values[start + middle..].first_chunk::<CHUNK>() else { break };
            let Some(&last) = values[start + last..].first_chunk::<CHUNK>() else { break };
            let Some(chunk) = values[start..].first_chunk_mut::<CHUNK>() else { break };
            let ahead = next.into_iter().zip(last);
            chunk.iter_mut().zip(ahead).for_each(|(value, (next, last))| *value = pick(*value, pick(next, last)));
        }
        reach += last;
    }
}

/// Buffers of a sliding minimum and maximum, and what is chosen by them.
#[derive(Debug, Default)]
struct Slide {
    ranks: Vec<u32>,
    values: Vec<u32>,
    places: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::mix;
    use proptest::prelude::*;

    fn obvious(ranks: &[u32], window: usize) -> Vec<usize> {
        let starts = 0..(ranks.len() + 1).saturating_sub(window);
        let windows = starts.map(|at| at..at + window).filter(|window| !ranks[window.clone()].contains(&NEVER));
        let least = |window: std::ops::Range<usize>| {
            let least = ranks[window.clone()].iter().min();
            window.filter(move |&at| Some(&ranks[at]) == least)
        };
        windows.flat_map(least).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    proptest! {
        /// Law: what is chosen is the least of each window, by the obvious way.
        #[test]
        fn the_least_of_each_window(ranks in proptest::collection::vec(prop_oneof![1u32..6, 1u32..u32::MAX, Just(NEVER)], 0..200), window in 1usize..20) {
            let mut slide = Slide::default();
            let chosen = Winnower { window }.choose(ranks.iter().copied(), &mut slide);
            let chosen: Vec<usize> = chosen.iter().map(|&at| at as usize).collect();
            prop_assert_eq!(chosen, obvious(&ranks, window));
        }

        /// Law: hot ranks come after cold ones and before those that are never chosen.
        #[test]
        fn cold_before_hot_before_never(one: u64, other: u64) {
            prop_assert!(rank(one, false) > NEVER && rank(one, false) < rank(other, true));
        }
    }

    #[test]
    fn the_density_is_that_of_the_theory() {
        let ranks: Vec<u32> = (0..200_000).map(|n| rank(mix(n), false)).collect();
        for window in [2, 9, 21] {
            let count = Winnower { window }.choose(ranks.iter().copied(), &mut Slide::default()).len();
            let density = count as f64 / ranks.len() as f64;
            let expected = 2.0 / (window as f64 + 1.0);
            assert!((density - expected).abs() < 0.01, "window {window}: {density}");
        }
    }

    fn context(words: &[u64], at: usize, shingle: usize) -> u16 {
        let mut bits = WordBits::default();
        bits.set(words);
        bits.context(at, shingle)
    }

    fn obvious_context(words: &[u64], at: usize, shingle: usize) -> u16 {
        let bits = |bits: u16, (word, place): (&u64, usize)| bits | ((word >> 40 & 1) as u16) << place;
        let before = words[..at].iter().rev().zip((0..AROUND).rev()).fold(0, bits);
        let behind = words[at + shingle..].iter().take(AROUND).zip(AROUND..).fold(0, bits);
        before | behind
    }

    proptest! {
        /// Law: a context has a bit of each word around.
        #[test]
        fn a_context_is_the_bits_around(words in proptest::collection::vec(any::<u64>(), 5..200), at in any::<proptest::sample::Index>(), w in any::<proptest::sample::Index>()) {
            let w = 1 + w.index(words.len());
            let at = at.index(words.len() - w + 1);
            prop_assert_eq!(context(&words, at, w), obvious_context(&words, at, w));
        }
    }

    proptest! {
        /// Law: where two articles share a run of T words, the contexts of any shingle in it allow that.
        #[test]
        fn contexts_allow_every_run(
            run in proptest::collection::vec(any::<u64>(), 5..40),
            ends in proptest::collection::vec(proptest::collection::vec(any::<u64>(), 0..12), 4),
            at in any::<proptest::sample::Index>(),
        ) {
            let at = at.index(run.len() - 4);
            let one = [&ends[0][..], &run, &ends[1]].concat();
            let other = [&ends[2][..], &run, &ends[3]].concat();
            let contexts = (context(&one, ends[0].len() + at, 5), context(&other, ends[2].len() + at, 5));
            prop_assert!(may_run(contexts.0, contexts.1, run.len() - 5));
        }
    }

    #[test]
    fn contexts_that_differ_nearby_allow_no_run() {
        let word = |bit: u64| bit << 40;
        let shingle = [word(0); 5];
        let one = [&[word(1), word(0)][..], &shingle, &[word(1), word(1), word(0)]].concat();
        let other = [&[word(1), word(1)][..], &shingle, &[word(1), word(1), word(1)]].concat();
        let contexts = (context(&one, 2, 5), context(&other, 2, 5));
        assert!(may_run(contexts.0, contexts.1, 2) && !may_run(contexts.0, contexts.1, 3));
    }

    #[test]
    fn a_run_shorter_than_a_shingle_is_refused() {
        assert!(Winnower::new(5, 4).is_err() && Winnower::new(0, 4).is_err());
        assert_eq!(Winnower::new(5, 13).expect("valid").window(), 9);
    }
}
