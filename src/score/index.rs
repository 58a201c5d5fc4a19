//! Where the shingles of an article stand, which of them are boilerplate, and which two articles share.
//!
//! The shingles stay in the order of the text; a table of places finds them by hash, and each place knows the next one of
//! the same shingle. So the shared shingles of two articles come in the order of one of them, and where a copy goes on
//! the next one is found without looking: they are told by the stretch. **Cost** O(n) expected for n words, whatever they are: the table is addressed
//! under a multiplier drawn anew for each process (Dietzfelbinger et al. 1997), which orders nothing.

use super::{Core, Prepared};
use crate::boilerplate::Boilerplate;
use crate::shingle::shingles;
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
        let mut place = 0;
        while let Some((&hash, &marks)) = a.hashes.get(place).zip(a.marks.get(place)) {
            let found = if marks & AGAIN == 0 { b.find(hash) } else { None };
            let Some(in_b) = found else {
                spare = if marks & AGAIN == 0 { spare.checked_sub(1)? } else { spare };
                place += 1;
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
        let mut starts: [_; 2] = std::array::from_fn(|_| Vec::with_capacity(self.stretches.len()));
        for stretch in self.stretches.iter().filter(|stretch| stretch.own || !only_own) {
            if stretch.alone {
                starts[0].push(stretch.a..stretch.a + stretch.len);
                starts[1].push(stretch.b..stretch.b + stretch.len);
                continue;
            }
            for both in stretch.each() {
                for (starts, places) in starts.iter_mut().zip(self.places(both)) {
                    starts.extend(places.map(|place| place..place + 1));
                }
            }
        }
        starts.map(|mut starts| {
            starts.sort_unstable_by_key(|starts| starts.start);
            joined(starts)
        })
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

impl Stretch {
    /// The places of each of its shingles in both.
    pub(super) fn each(self) -> impl Iterator<Item = [u32; 2]> {
        (0..self.len).map(move |at| [self.a + at, self.b + at])
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
