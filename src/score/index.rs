//! Where the shingles of an article stand, which of them are boilerplate, and which two articles share.
//!
//! The shingles stay in the order of the text; a table of places finds them by hash, and each place knows the next one of
//! the same shingle. So the shared shingles of two articles come in the order of one of them, and where a copy goes on
//! the next one is found without looking: they are told by the stretch. **Cost** O(n) expected for n words, whatever they are: the table is addressed
//! under a multiplier drawn anew for each process (Dietzfelbinger et al. 1997), which orders nothing.

use super::{Core, Prepared};
use crate::boilerplate::Boilerplate;
use crate::shingle::{CHUNK, Endings, shingles};
use std::ops::Range;
use std::sync::OnceLock;

/// No place.
const NONE: u32 = u32::MAX;

/// A place as a table has it: one of few bytes where an article has few shingles, so that most of a table may be free and
/// it lies in the cache all the same.
trait Place: Copy + PartialEq {
    /// None.
    const NONE: Self;
    fn of(place: usize) -> Self;
    fn get(self) -> usize;
}

impl Place for u16 {
    const NONE: Self = Self::MAX;
    #[inline(always)]
    fn of(place: usize) -> Self {
        place as Self
    }
    #[inline(always)]
    fn get(self) -> usize {
        usize::from(self)
    }
}

impl Place for u32 {
    const NONE: Self = NONE;
    #[inline(always)]
    fn of(place: usize) -> Self {
        place as Self
    }
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }
}

/// What is known of a place.
type Marks = u8;
/// The same shingle stands at an earlier place.
const AGAIN: Marks = 1;
/// It stands at a later place.
const REPEATED: Marks = 2;
/// It is boilerplate.
const BOILERPLATE: Marks = 4;

/// The shingles of an article, and the places of each.
#[derive(Clone, Debug, Default)]
pub(super) struct ShingleIndex {
    /// Of each place, in order.
    hashes: Vec<u64>,
    /// The next place of the same shingle.
    next: Vec<u32>,
    /// What is known of each place.
    marks: Vec<Marks>,
    /// First places by hash; a power of two of them, at least seven eighths of which are free. Of an article that has not
    /// few shingles, `large` holds them, three quarters free.
    small: Vec<u16>,
    large: Vec<u32>,
    /// What addresses them.
    multiplier: u64,
    /// The endings of the shingles, once they are asked for.
    endings: OnceLock<Endings>,
    distinct: u32,
    /// Words a shingle: w, or all of a shorter article.
    width: u32,
    /// How many distinct shingles are not boilerplate.
    own: u32,
    /// Which words lie in boilerplate; empty if none does.
    words_in_boilerplate: Vec<bool>,
}

impl ShingleIndex {
    /// Makes the index of these words, with the buffers that are here.
    pub(super) fn refill(&mut self, words: &[u64], w: usize) {
        self.hashes.clear();
        shingles(words, w, &mut self.hashes);
        let count = self.hashes.len();
        refill(&mut self.next, count, NONE);
        refill(&mut self.marks, count, 0);
        self.words_in_boilerplate.clear();
        self.width = w.min(words.len()) as u32;
        self.multiplier = multiplier();
        self.endings.take();
        self.small.clear();
        self.large.clear();
        let (mut small, mut large) = (std::mem::take(&mut self.small), std::mem::take(&mut self.large));
        self.distinct = if count < usize::from(u16::NONE) {
            self.enter(&mut small, (8 * count).next_power_of_two())
        } else {
            self.enter(&mut large, (4 * count).next_power_of_two())
        };
        (self.small, self.large) = (small, large);
        self.own = self.distinct;
    }

    /// Enters all shingles into a table of so many slots, and marks those that stand at several places. Returns how many
    /// are distinct.
    fn enter<P: Place>(&mut self, table: &mut Vec<P>, slots: usize) -> u32 {
        refill(table, slots, P::NONE);
        let Self { hashes, next, marks, multiplier, .. } = self;
        let (hashes, next, marks, table) = (&hashes[..], &mut next[..], &mut marks[..], &mut table[..]);
        let mut distinct = 0;
        // From the last place on, so that the first of each shingle is found in the table.
        for (place, &hash) in hashes.iter().enumerate().rev() {
            let slot = slot(table, hashes, hash, *multiplier);
            let later = std::mem::replace(&mut table[slot], P::of(place));
            if later == P::NONE {
                distinct += 1;
            } else {
                next[place] = later.get() as u32;
                marks[place] |= REPEATED;
                marks[later.get()] |= AGAIN;
            }
        }
        distinct
    }

    /// The first place of a shingle.
    fn find(&self, hash: u64) -> Option<u32> {
        if self.large.is_empty() {
            first_in(&self.small, &self.hashes, hash, self.multiplier)
        } else {
            first_in(&self.large, &self.hashes, hash, self.multiplier)
        }
    }

    /// By what most shingles of other articles are told apart. It is worth making where about as many will be asked for as it
    /// has: it lies in the cache where the table does not.
    fn endings(&self) -> &Endings {
        const EACH: usize = 16;
        const MOST: u32 = 30;
        self.endings.get_or_init(|| Endings::new(self.hashes.iter().copied(), EACH, MOST))
    }

    /// Marks what is boilerplate in an article of so many words.
    pub(super) fn mark(&mut self, boilerplate: &Boilerplate, words: usize) {
        let Self { hashes, marks, width, words_in_boilerplate: inside, .. } = self;
        let (mut own, mut marked) = (self.distinct, 0);
        boilerplate.each_in(hashes, |place| {
            own -= u32::from(marks[place] & AGAIN == 0);
            marks[place] |= BOILERPLATE;
            let end = place + *width as usize;
            if inside.is_empty() {
                inside.resize(words, false);
            }
            inside[place.max(marked)..end].fill(true);
            marked = end;
        });
        self.own = own;
    }

    /// The distinct shingles with their first places, in the order of the text.
    #[cfg(feature = "cli")]
    pub(super) fn distinct(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let places = (0..).zip(&self.hashes).zip(&self.marks);
        places.filter(|(_, marks)| **marks & AGAIN == 0).map(|((place, &hash), _)| (place, hash))
    }

    /// All of them, in the order of the text.
    pub(super) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// How many distinct ones there are.
    pub(super) fn len(&self) -> u32 {
        self.distinct
    }

    #[cfg(feature = "cli")]
    pub(super) fn contains(&self, hash: u64) -> bool {
        self.find(hash).is_some()
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }

    /// How many distinct shingles are not boilerplate.
    pub(super) fn own(&self) -> u32 {
        self.own
    }

    pub(super) fn has_boilerplate(&self) -> bool {
        !self.words_in_boilerplate.is_empty()
    }

    /// All places of the shingle that stands first at `place`.
    fn places(&self, place: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        let next = |&place: &u32| Some(self.next[place as usize]).filter(|&place| place != NONE);
        std::iter::successors(Some(place), next)
    }

    /// Which of an article's words lie in boilerplate; empty if none does.
    pub(super) fn words_in_boilerplate(&self) -> &[bool] {
        &self.words_in_boilerplate
    }
}

/// What addresses tables in this process.
fn multiplier() -> u64 {
    static MULTIPLIER: OnceLock<u64> = OnceLock::new();
    *MULTIPLIER.get_or_init(|| ahash::RandomState::new().hash_one(NONE) | 1)
}

/// The slot of a shingle in a table of places, or the free one where it would be.
#[inline(always)]
fn slot<P: Place>(table: &[P], hashes: &[u64], hash: u64, multiplier: u64) -> usize {
    let mask = table.len() - 1;
    let mut slot = (hash.wrapping_mul(multiplier) >> 32) as usize & mask;
    while table[slot] != P::NONE && hashes[table[slot].get()] != hash {
        slot = (slot + 1) & mask;
    }
    slot
}

/// The first place of a shingle in a table of places.
#[inline(always)]
fn first_in<P: Place>(table: &[P], hashes: &[u64], hash: u64, multiplier: u64) -> Option<u32> {
    let place = table[slot(table, hashes, hash, multiplier)];
    (place != P::NONE).then(|| place.get() as u32)
}

fn refill<I: Copy>(items: &mut Vec<I>, count: usize, with: I) {
    items.clear();
    items.resize(count, with);
}

/// Shingles in a row that two articles share, by their first places in both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The first of the places in a and in b.
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) len: u32,
    /// Whether they are somebody's own.
    pub(super) own: bool,
    /// Whether they stand nowhere else in the two.
    pub(super) alone: bool,
}

/// The shingles that two articles share, in the order of the one that has fewer.
pub(super) struct Common<'i> {
    a: &'i ShingleIndex,
    b: &'i ShingleIndex,
    pub(super) stretches: Vec<Stretch>,
}

impl<'i> Common<'i> {
    pub(super) fn new(a: &'i ShingleIndex, b: &'i ShingleIndex) -> Self {
        // None has so many.
        Self::unless_missing(a, b, u32::MAX).unwrap_or(Self { a, b, stretches: Vec::new() })
    }

    /// Those of two articles whose Jaccard is at least `threshold`; gives up as soon as it cannot be.
    pub(super) fn if_similar(a: &'i ShingleIndex, b: &'i ShingleIndex, threshold: f64) -> Option<Self> {
        // J ≥ t needs |∩| ≥ t (|A| + |B|) / (1 + t); one less, lest rounding decide. The comparison below does.
        let needed = threshold / (1.0 + threshold) * f64::from(a.len() + b.len());
        let spare = (f64::from(a.len().min(b.len())) - needed + 1.0).floor();
        let common = Self::unless_missing(a, b, if spare < 0.0 { return None } else { spare as u32 })?;
        let counts = Core { shared: common.len(), shingles_a: a.len(), shingles_b: b.len() };
        (counts.jaccard() >= threshold && counts.shared > 0).then_some(common)
    }

    /// Nothing, if the one that has fewer shingles has more than `spare` that the other has not.
    fn unless_missing(a: &'i ShingleIndex, b: &'i ShingleIndex, mut spare: u32) -> Option<Self> {
        if b.len() < a.len() {
            let mut swapped = Self::unless_missing(b, a, spare)?;
            swapped.stretches.iter_mut().for_each(|stretch| std::mem::swap(&mut stretch.a, &mut stretch.b));
            return Some(Self { a, b, ..swapped });
        }
        // As many as an edited copy has, so that it seldom grows.
        let mut stretches = Vec::with_capacity(32);
        let mut foreign = Foreign { a, b, from: 0, likely: 0, missed: 0 };
        let mut place = 0;
        while let Some((&hash, &marks)) = a.hashes.get(place).zip(a.marks.get(place)) {
            let found = if marks & AGAIN == 0 { b.find(hash) } else { None };
            let Some(in_b) = found else {
                let passed = foreign.pass(place + 1, spare);
                let first = a.marks[place..passed].iter().filter(|marks| **marks & AGAIN == 0);
                spare = spare.checked_sub(first.count() as u32)?;
                place = passed;
                continue;
            };
            let stretch = stretch(a, b, [place, in_b as usize]);
            place += stretch.len as usize;
            stretches.push(stretch);
        }
        Some(Self { a, b, stretches })
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        self.stretches.iter().map(|stretch| stretch.len).sum()
    }

    /// How many of them are not boilerplate.
    pub(super) fn own(&self) -> u32 {
        self.stretches.iter().filter(|stretch| stretch.own).map(|stretch| stretch.len).sum()
    }

    /// Whether it is plain to see that both share a run of so many words without boilerplate; if not, they may all the same.
    pub(super) fn plainly_share_run(&self, words: usize) -> bool {
        let Some(more) = words.checked_sub(self.a.width as usize) else { return false };
        let (mut in_a_row, mut end) = (0, None);
        self.stretches.iter().filter(|stretch| stretch.own).any(|&Stretch { a, b, len, .. }| {
            in_a_row = if end == Some((a, b)) { in_a_row + len } else { len };
            end = Some((a + len, b + len));
            in_a_row as usize > more
        })
    }

    /// All places in both of one of the shared shingles.
    pub(super) fn places(&self, [a, b]: [u32; 2]) -> [impl Iterator<Item = u32> + Clone + '_; 2] {
        [self.a.places(a), self.b.places(b)]
    }

    /// Where shared shingles start in a, and in b, wherever they stand, as stretches of words, ascending: of all shingles,
    /// or only of somebody's own.
    pub(super) fn starts(&self, only_own: bool) -> [Vec<Range<u32>>; 2] {
        let mut starts = [self.a, self.b].map(|index| Places::new(index.hashes.len(), self.stretches.len()));
        for stretch in self.stretches.iter().filter(|stretch| stretch.own || !only_own) {
            if stretch.alone {
                starts[0].add(stretch.a..stretch.a + stretch.len);
                starts[1].add(stretch.b..stretch.b + stretch.len);
                continue;
            }
            for both in stretch.each() {
                for (starts, places) in starts.iter_mut().zip(self.places(both)) {
                    places.for_each(|place| starts.add(place..place + 1));
                }
            }
        }
        starts.map(Places::into_stretches)
    }

    /// The words of a, and of b, that lie in shared shingles, likewise.
    pub(super) fn words(&self, only_own: bool) -> [Vec<Range<u32>>; 2] {
        let [in_a, in_b] = self.starts(only_own);
        let words = |mut starts: Vec<Range<u32>>, width: u32| {
            starts.iter_mut().for_each(|starts| starts.end += width - 1);
            joined(starts)
        };
        [words(in_a, self.a.width), words(in_b, self.b.width)]
    }
}

/// Passes over shingles of an article that another surely has not, many at once, where that is worth it.
struct Foreign<'i> {
    a: &'i ShingleIndex,
    b: &'i ShingleIndex,
    /// The place from which on it is known which may be in b, and a bit for each.
    from: usize,
    likely: u64,
    /// How many were looked for in vain so far.
    missed: usize,
}

impl Foreign<'_> {
    /// One was looked for in vain: gives the first place from this one on whose shingle may be in b. At first, and where the
    /// search ends after `spare` more of them before the endings of b pay, that is this one.
    #[inline(always)]
    fn pass(&mut self, place: usize, spare: u32) -> usize {
        const SOME: usize = 16;
        self.missed += 1;
        if self.missed < SOME { place } else { self.pass_many(place, spare) }
    }

    fn pass_many(&mut self, mut place: usize, spare: u32) -> usize {
        let rest = (self.a.hashes.len() - place).min(spare as usize);
        if self.b.endings.get().is_none() && rest < self.b.hashes.len() / 2 {
            return place;
        }
        while place < self.a.hashes.len() {
            if place - self.from >= CHUNK || self.likely == 0 {
                (self.from, self.likely) = (place, self.b.endings().among_first(&self.a.hashes[place..]));
            }
            match self.likely >> (place - self.from) {
                0 => place = self.from + CHUNK,
                likely => return place + likely.trailing_zeros() as usize,
            }
        }
        self.a.hashes.len()
    }
}

impl Stretch {
    /// The places of each of its shingles in both.
    pub(super) fn each(self) -> impl Iterator<Item = [u32; 2]> {
        (0..self.len).map(move |at| [self.a + at, self.b + at])
    }
}

/// Places of an article, in any order: a bit each, or stretches where these are few for an article of its length.
enum Places {
    Bits(Vec<u64>),
    Stretches(Vec<Range<u32>>),
}

impl Places {
    /// None yet of so many, to which about so many stretches will be added.
    fn new(count: usize, stretches: usize) -> Self {
        const MANY: usize = 64;
        let words = count.div_ceil(64);
        if stretches >= MANY && words <= 16 * stretches {
            Self::Bits(vec![0; words])
        } else {
            Self::Stretches(Vec::with_capacity(stretches))
        }
    }

    fn add(&mut self, stretch: Range<u32>) {
        match self {
            Self::Bits(bits) => by_word(&stretch).for_each(|(word, mask)| bits[word] |= mask),
            Self::Stretches(stretches) => stretches.push(stretch),
        }
    }

    /// As stretches that do not touch, ascending.
    fn into_stretches(self) -> Vec<Range<u32>> {
        match self {
            Self::Stretches(mut stretches) => {
                stretches.sort_unstable_by_key(|stretch| stretch.start);
                joined(stretches)
            }
            Self::Bits(bits) => {
                // The first place from here on that is there, or that is not.
                let next = |from: usize, is_there: bool| {
                    let word = |at: usize| if is_there { bits[at] } else { !bits[at] };
                    let first = from / 64;
                    let begun = (first < bits.len()).then(|| word(first) & u64::MAX << (from % 64));
                    let words = begun.into_iter().chain((first + 1..bits.len()).map(word));
                    let found = words.zip(first..).find(|(word, _)| *word != 0);
                    found.map(|(word, at)| 64 * at + word.trailing_zeros() as usize)
                };
                let stretch = |from: usize| {
                    let start = next(from, true)?;
                    Some(start..next(start, false).unwrap_or(64 * bits.len()))
                };
                let stretches = std::iter::successors(stretch(0), |before| stretch(before.end));
                stretches.map(|stretch| stretch.start as u32..stretch.end as u32).collect()
            }
        }
    }
}

/// The longest stretch that begins with the shingle that stands first at these places of both.
fn stretch(a: &ShingleIndex, b: &ShingleIndex, [in_a, in_b]: [usize; 2]) -> Stretch {
    // A place that is not the first of its shingle begins no stretch, and so ends it.
    let marks = a.marks[in_a] | b.marks[in_b];
    let both = a.hashes[in_a..].iter().zip(&a.marks[in_a..]).zip(b.hashes[in_b..].iter().zip(&b.marks[in_b..]));
    let len =
        both.take_while(|((one, of_one), (other, of_other))| one == other && **of_one | **of_other == marks).count();
    Stretch {
        a: in_a as u32,
        b: in_b as u32,
        len: len as u32,
        own: marks & BOILERPLATE == 0,
        alone: marks & REPEATED == 0,
    }
}

/// A stretch of bits, word by word of 64: the number of each, and which of its bits.
pub(crate) fn by_word(stretch: &Range<u32>) -> impl Iterator<Item = (usize, u64)> {
    let (mut from, end) = (stretch.start, stretch.end);
    std::iter::from_fn(move || {
        let (word, to) = (from / 64, end.min((from / 64 + 1) * 64));
        let bits = (from < to).then(|| u64::MAX >> (64 - (to - from)) << (from % 64))?;
        from = to;
        Some((word as usize, bits))
    })
}

/// Ranges in the order of their starts, those that touch as one.
pub(super) fn joined(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.dedup_by(|range, last| {
        let touches = range.start <= last.end;
        if touches {
            last.end = last.end.max(range.end);
        }
        touches
    });
    ranges
}

/// |S(A)∩S(B)| of two articles if their Jaccard is at least `threshold`; gives up as soon as it cannot be.
/// O(|S(A)| + |S(B)|).
#[must_use]
pub fn shared_if_similar(a: &Prepared, b: &Prepared, threshold: f64) -> Option<usize> {
    Common::if_similar(&a.shingles, &b.shingles, threshold).map(|common| common.len() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: places are the same stretches whichever way they are held.
        #[test]
        fn places_are_told_by_the_stretch(count in 1u32..300, some in proptest::collection::vec((0u32..300, 0u32..80), 0..20)) {
            let stretches: Vec<_> = some.iter().map(|&(start, len)| start.min(count)..(start + len).min(count)).filter(|some| !some.is_empty()).collect();
            let of = |mut places: Places| {
                stretches.iter().for_each(|stretch| places.add(stretch.clone()));
                places.into_stretches()
            };
            let there: Vec<u32> = (0..count).filter(|place| stretches.iter().any(|stretch| stretch.contains(place))).collect();
            let bits = of(Places::Bits(vec![0; count.div_ceil(64) as usize]));
            prop_assert_eq!(bits.iter().cloned().flatten().collect::<Vec<_>>(), there);
            prop_assert!(bits.windows(2).all(|two| two[0].end < two[1].start));
            prop_assert_eq!(of(Places::Stretches(Vec::new())), bits);
        }
    }
}
