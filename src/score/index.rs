//! Where the shingles of an article stand, which of them are boilerplate, and which two articles share.

use super::Core;
use crate::boilerplate::Boilerplate;
use crate::shingle::{ShingleSet, shingles, sorted_by_hash};
use std::cmp::Ordering;

/// The distinct shingles of an article, and the places of each.
#[derive(Clone, Debug, Default)]
pub(super) struct ShingleIndex {
    set: ShingleSet,
    /// Where the places of each distinct shingle begin in `places`; one more at the end.
    starts: Vec<u32>,
    /// First words, ascending for each shingle.
    places: Vec<u32>,
    /// Words a shingle: w, or all of a shorter article.
    width: u32,
    /// Which of the distinct shingles are boilerplate; empty if none is.
    boilerplate: Vec<bool>,
    /// How many are not.
    own: u32,
    /// Which words lie in boilerplate; empty if none does.
    words_in_boilerplate: Vec<bool>,
}

impl ShingleIndex {
    pub(super) fn new(words: &[u64], w: usize) -> Self {
        let mut hashes = Vec::new();
        shingles(words, w, &mut hashes);
        let sorted = sorted_by_hash(hashes.into_iter().zip(0..).collect(), |&(hash, _): &(u64, u32)| hash);
        let (mut distinct, mut starts) = (Vec::with_capacity(sorted.len()), Vec::with_capacity(sorted.len() + 1));
        let mut places = Vec::with_capacity(sorted.len());
        for (hash, place) in sorted {
            if distinct.last() != Some(&hash) {
                distinct.push(hash);
                starts.push(places.len() as u32);
            }
            places.push(place);
        }
        starts.push(places.len() as u32);
        let (width, own) = (w.min(words.len()) as u32, distinct.len() as u32);
        Self {
            set: ShingleSet::from_sorted(distinct),
            starts,
            places,
            width,
            boilerplate: Vec::new(),
            own,
            words_in_boilerplate: Vec::new(),
        }
    }

    /// Marks what is boilerplate in an article of so many words.
    pub(super) fn mark(&mut self, boilerplate: &Boilerplate, words: usize) {
        let marks: Vec<bool> = self.set.hashes().iter().map(|&shingle| boilerplate.contains(shingle)).collect();
        let marked = marks.iter().filter(|&&mark| mark).count();
        self.own = (marks.len() - marked) as u32;
        if marked > 0 {
            let places = marks.iter().zip(0..).filter(|(mark, _)| **mark).flat_map(|(_, at)| self.places(at));
            self.words_in_boilerplate = inside(places, words, self.width);
            self.boilerplate = marks;
        }
    }

    pub(super) fn set(&self) -> &ShingleSet {
        &self.set
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

    fn places(&self, at: usize) -> &[u32] {
        &self.places[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn is_boilerplate(&self, at: usize) -> bool {
        self.boilerplate.get(at).is_some_and(|&mark| mark)
    }

    /// Which of an article's words lie in boilerplate; empty if none does.
    pub(super) fn words_in_boilerplate(&self) -> &[bool] {
        &self.words_in_boilerplate
    }
}

/// A shingle that two articles share: its places in both, and whether it is somebody's own.
#[derive(Clone, Copy)]
pub(super) struct Shared<'i> {
    pub(super) a: &'i [u32],
    pub(super) b: &'i [u32],
    pub(super) own: bool,
}

/// The shingles that two articles share.
pub(super) fn common<'i>(a: &'i ShingleIndex, b: &'i ShingleIndex) -> Vec<Shared<'i>> {
    let (in_a, in_b) = (a.set.hashes(), b.set.hashes());
    let (mut i, mut j) = (0, 0);
    let mut common = Vec::new();
    while i < in_a.len() && j < in_b.len() {
        let order = in_a[i].cmp(&in_b[j]);
        if order == Ordering::Equal {
            common.push(Shared { a: a.places(i), b: b.places(j), own: !a.is_boilerplate(i) });
        }
        i += usize::from(order != Ordering::Greater);
        j += usize::from(order != Ordering::Less);
    }
    common
}

/// Which of an article's words lie in shingles of `width` words that start at these places.
pub(super) fn inside<'a>(places: impl Iterator<Item = &'a u32>, words: usize, width: u32) -> Vec<bool> {
    let mut inside = vec![false; words];
    places.for_each(|&place| inside[place as usize] = true);
    let mut until = 0;
    for (word, inside) in (0u32..).zip(&mut inside) {
        if *inside {
            until = word + width;
        }
        *inside = word < until;
    }
    inside
}

/// |S(A)∩S(B)| of two shingle sets if their Jaccard is at least `threshold`; gives up as soon as it cannot be. O(|S(A)| + |S(B)|).
#[must_use]
pub fn shared_if_similar(a: &ShingleSet, b: &ShingleSet, threshold: f64) -> Option<usize> {
    let (a, b) = (a.hashes(), b.hashes());
    // J ≥ t needs |∩| ≥ t (|A| + |B|) / (1 + t); one less, lest rounding decide. The comparison below does.
    let needed = threshold / (1.0 + threshold) * (a.len() + b.len()) as f64;
    let spare = |len: usize| (len as f64 - needed + 1.0).floor();
    let (mut spare_a, mut spare_b) = (spare(a.len()) as i64, spare(b.len()) as i64);
    let counts = |shared| Core { shared, shingles_a: a.len() as u32, shingles_b: b.len() as u32 };
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while spare_a >= 0 && spare_b >= 0 && i < a.len() && j < b.len() {
        let order = a[i].cmp(&b[j]);
        i += usize::from(order != Ordering::Greater);
        j += usize::from(order != Ordering::Less);
        shared += u32::from(order == Ordering::Equal);
        spare_a -= i64::from(order == Ordering::Less);
        spare_b -= i64::from(order == Ordering::Greater);
    }
    (spare_a >= 0 && spare_b >= 0 && counts(shared).jaccard() >= threshold && shared > 0).then_some(shared as usize)
}
