//! Where the shingles of an article stand, which of them are boilerplate, and which two articles share.
//!
//! The shingles stay in the order of the text; a table of places finds them by hash, and each place knows the next one of
//! the same shingle. So the shared shingles of two articles come in the order of one of them, and where a copy goes on
//! the next one is found without looking. **Cost** O(n) expected for n words, whatever they are: the table is addressed
//! under a multiplier drawn anew for each process (Dietzfelbinger et al. 1997), which orders nothing.

use super::{Core, Prepared};
use crate::boilerplate::Boilerplate;
use crate::shingle::shingles;
use std::ops::Range;
use std::sync::OnceLock;

/// No place.
const NONE: u32 = u32::MAX;

/// The shingles of an article, and the places of each.
#[derive(Clone, Debug, Default)]
pub(super) struct ShingleIndex {
    /// Of each place, in order.
    hashes: Vec<u64>,
    /// The next place of the same shingle.
    next: Vec<u32>,
    /// Whether the same shingle stands at an earlier place.
    again: Vec<bool>,
    /// First places by hash; a power of two of them, at least half of which are free.
    table: Vec<u32>,
    distinct: u32,
    /// Words a shingle: w, or all of a shorter article.
    width: u32,
    /// Which places are boilerplate; empty if none is.
    boilerplate: Vec<bool>,
    /// How many distinct shingles are not.
    own: u32,
    /// Which words lie in boilerplate; empty if none does.
    words_in_boilerplate: Vec<bool>,
}

impl ShingleIndex {
    /// Makes the index of these words, with the buffers that are here.
    pub(super) fn refill(&mut self, words: &[u64], w: usize) {
        let Self { hashes, next, again, table, .. } = self;
        hashes.clear();
        shingles(words, w, hashes);
        let count = hashes.len();
        refill(next, count, NONE);
        refill(again, count, false);
        refill(table, (2 * count).next_power_of_two(), NONE);
        self.boilerplate.clear();
        self.words_in_boilerplate.clear();
        self.width = w.min(words.len()) as u32;
        self.distinct = 0;
        // From the last place on, so that the first of each shingle is found in the table.
        for place in (0..count as u32).rev() {
            let slot = self.slot(self.hashes[place as usize]);
            let later = std::mem::replace(&mut self.table[slot], place);
            if later == NONE {
                self.distinct += 1;
            } else {
                self.next[place as usize] = later;
                self.again[later as usize] = true;
            }
        }
        self.own = self.distinct;
    }

    /// The slot of a shingle, or the free one where it would be.
    fn slot(&self, hash: u64) -> usize {
        static MULTIPLIER: OnceLock<u64> = OnceLock::new();
        let multiplier = *MULTIPLIER.get_or_init(|| ahash::RandomState::new().hash_one(NONE) | 1);
        let mask = self.table.len() - 1;
        let mut slot = (hash.wrapping_mul(multiplier) >> 32) as usize & mask;
        while self.table[slot] != NONE && self.hashes[self.table[slot] as usize] != hash {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// The first place of a shingle.
    fn find(&self, hash: u64) -> Option<u32> {
        Some(self.table[self.slot(hash)]).filter(|&place| place != NONE)
    }

    /// Marks what is boilerplate in an article of so many words.
    pub(super) fn mark(&mut self, boilerplate: &Boilerplate, words: usize) {
        let Self { hashes, again, boilerplate: marks, .. } = self;
        let mut own = self.distinct;
        boilerplate.each_in(hashes, |place| {
            if marks.is_empty() {
                marks.resize(hashes.len(), false);
            }
            marks[place] = true;
            own -= u32::from(!again[place]);
        });
        self.own = own;
        if !marks.is_empty() {
            self.words_in_boilerplate = inside(marks, words, self.width);
        }
    }

    /// The distinct shingles with their first places, in the order of the text.
    pub(super) fn distinct(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        (0..).zip(&self.hashes).zip(&self.again).filter(|(_, again)| !**again).map(|((place, &hash), _)| (place, hash))
    }

    /// How many distinct ones there are.
    pub(super) fn len(&self) -> u32 {
        self.distinct
    }

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
        !self.boilerplate.is_empty()
    }

    /// All places of the shingle that stands first at `place`.
    fn places(&self, place: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        let next = |&place: &u32| Some(self.next[place as usize]).filter(|&place| place != NONE);
        std::iter::successors(Some(place), next)
    }

    fn is_boilerplate(&self, place: u32) -> bool {
        self.boilerplate.get(place as usize).is_some_and(|&mark| mark)
    }

    /// Which of an article's words lie in boilerplate; empty if none does.
    pub(super) fn words_in_boilerplate(&self) -> &[bool] {
        &self.words_in_boilerplate
    }
}

fn refill<I: Copy>(items: &mut Vec<I>, count: usize, with: I) {
    items.clear();
    items.resize(count, with);
}

/// A shingle that two articles share: its first places in both, and whether it is somebody's own.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) own: bool,
}

/// The shingles that two articles share, in the order of the one that has fewer.
pub(super) struct Common<'i> {
    a: &'i ShingleIndex,
    b: &'i ShingleIndex,
    pub(super) shared: Vec<Shared>,
    /// At least so many, none of them boilerplate, stand in a row in both.
    in_a_row: u32,
}

impl<'i> Common<'i> {
    pub(super) fn new(a: &'i ShingleIndex, b: &'i ShingleIndex) -> Self {
        if b.len() < a.len() {
            let Self { mut shared, in_a_row, .. } = Self::new(b, a);
            shared.iter_mut().for_each(|shared| std::mem::swap(&mut shared.a, &mut shared.b));
            return Self { a, b, shared, in_a_row };
        }
        let mut shared = Vec::with_capacity(a.len().min(b.len()) as usize);
        let (mut expected_a, mut expected) = (0, 0);
        let (mut row, mut in_a_row) = (0, 0);
        for (place, hash) in a.distinct() {
            let goes_on = b.hashes.get(expected) == Some(&hash) && !b.again[expected];
            let found = if goes_on { Some(expected as u32) } else { b.find(hash) };
            if let Some(in_b) = found {
                let own = !a.is_boilerplate(place);
                row = if own { row * u32::from(goes_on && place == expected_a) + 1 } else { 0 };
                in_a_row = row.max(in_a_row);
                shared.push(Shared { a: place, b: in_b, own });
                (expected_a, expected) = (place + 1, in_b as usize + 1);
            }
        }
        Self { a, b, shared, in_a_row }
    }

    pub(super) fn len(&self) -> u32 {
        self.shared.len() as u32
    }

    /// Whether it is plain to see that both share a run of so many words without boilerplate; if not, they may all the same.
    pub(super) fn plainly_share_run(&self, words: usize) -> bool {
        words >= self.a.width as usize && self.in_a_row as usize > words - self.a.width as usize
    }

    /// All places of a shared shingle in both.
    pub(super) fn places(&self, shared: Shared) -> [impl Iterator<Item = u32> + Clone + '_; 2] {
        [self.a.places(shared.a), self.b.places(shared.b)]
    }

    /// Whether a shared shingle, if it is `wanted`, starts at each of the words of a, and of b.
    pub(super) fn starts(&self, words: [usize; 2], wanted: impl Fn(Shared) -> bool) -> [Vec<bool>; 2] {
        let mut starts = words.map(|words| vec![false; words]);
        for &shared in self.shared.iter().filter(|shared| wanted(**shared)) {
            for (starts, places) in starts.iter_mut().zip(self.places(shared)) {
                places.for_each(|place| starts[place as usize] = true);
            }
        }
        starts
    }
}

/// Which of an article's words lie in shingles of `width` words, given where these start.
fn inside(starts: &[bool], words: usize, width: u32) -> Vec<bool> {
    let mut inside = vec![false; words];
    for stretch in stretches(starts, width) {
        inside[stretch.start as usize..stretch.end as usize].fill(true);
    }
    inside
}

/// The stretches of words that lie in shingles of `width` words, given where these start.
pub(super) fn stretches(starts: &[bool], width: u32) -> Vec<Range<u32>> {
    let mut stretches: Vec<Range<u32>> = Vec::new();
    for (start, _) in (0u32..).zip(starts).filter(|(_, starts)| **starts) {
        match stretches.last_mut() {
            Some(last) if start <= last.end => last.end = start + width,
            _ => stretches.push(start..start + width),
        }
    }
    stretches
}

/// |S(A)∩S(B)| of two articles if their Jaccard is at least `threshold`; gives up as soon as it cannot be.
/// O(|S(A)| + |S(B)|).
#[must_use]
pub fn shared_if_similar(a: &Prepared, b: &Prepared, threshold: f64) -> Option<usize> {
    let (a, b) = (&a.shingles, &b.shingles);
    let (fewer, more) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // J ≥ t needs |∩| ≥ t (|A| + |B|) / (1 + t); one less, lest rounding decide. The comparison below does.
    let needed = threshold / (1.0 + threshold) * f64::from(a.len() + b.len());
    let mut spare = (f64::from(fewer.len()) - needed + 1.0).floor() as i64;
    let mut shared = 0;
    for (_, hash) in fewer.distinct() {
        if spare < 0 {
            return None;
        }
        let found = more.contains(hash);
        shared += u32::from(found);
        spare -= i64::from(!found);
    }
    let counts = Core { shared, shingles_a: a.len(), shingles_b: b.len() };
    (counts.jaccard() >= threshold && shared > 0).then_some(shared as usize)
}
