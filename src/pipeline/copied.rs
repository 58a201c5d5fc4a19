//! How much of each article stands in another.

use super::gather::Gathered;
use super::verify::Seen;
use crate::article::ArticleId;
use crate::report::Copied;
use std::ops::Range;

/// Sets the bits of a stretch.
fn set(bits: &mut [u64], stretch: &Range<u32>) {
    let mut from = stretch.start;
    while from < stretch.end {
        let to = stretch.end.min((from / 64 + 1) * 64);
        let run = u64::MAX >> (64 - (to - from));
        bits[from as usize / 64] |= run << (from % 64);
        from = to;
    }
}

/// Gathers, pair by pair, the words that stand elsewhere too.
pub(crate) struct Tally<'g> {
    gathered: &'g Gathered,
    /// A bit a word, for articles that share some.
    words: Vec<Option<Box<[u64]>>>,
    most: Vec<(u32, ArticleId)>,
    pub(crate) long_runs: u64,
}

impl<'g> Tally<'g> {
    pub(crate) fn new(gathered: &'g Gathered) -> Self {
        let none = (0, ArticleId(u32::MAX));
        Self { gathered, words: vec![None; gathered.len()], most: vec![none; gathered.len()], long_runs: 0 }
    }

    /// Adds what was seen of a pair.
    pub(crate) fn add(&mut self, seen: &Seen) {
        let Some(pair) = seen.pair else { return };
        self.long_runs += u64::from(seen.long_run);
        self.add_side(pair.a(), pair.b(), &seen.copied[0]);
        self.add_side(pair.b(), pair.a(), &seen.copied[1]);
    }

    fn add_side(&mut self, article: u32, other: u32, stretches: &[Range<u32>]) {
        let gathered = self.gathered;
        let has_references = (gathered.references_from as usize) < gathered.len();
        if stretches.is_empty() || (has_references && !gathered.is_reference(other)) {
            return;
        }
        let length = gathered.words[article as usize].div_ceil(64) as usize;
        let words = self.words[article as usize].get_or_insert_with(|| vec![0; length].into());
        let mut count = 0;
        for stretch in stretches {
            count += stretch.end - stretch.start;
            set(words, stretch);
        }
        let most = &mut self.most[article as usize];
        if count > most.0 || (count == most.0 && other < most.1.0) {
            *most = (count, ArticleId(other));
        }
    }

    /// What each article shares; `None` where that is nothing.
    pub(crate) fn finish(self) -> Vec<Option<Copied>> {
        let share = |article: usize| {
            let words = self.words[article].as_ref()?;
            let copied: u32 = words.iter().map(|word| word.count_ones()).sum();
            let share = f64::from(copied) / f64::from(self.gathered.words[article]);
            Some(Copied { share, most_with: self.most[article].1 })
        };
        (0..self.words.len()).map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: the bits of a stretch are set, and no others.
        #[test]
        fn a_stretch_is_its_bits(start in 0u32..200, len in 0u32..200) {
            let mut bits = [0u64; 7];
            set(&mut bits, &(start..start + len));
            for bit in 0..448 {
                let is_set = bits[bit as usize / 64] >> (bit % 64) & 1 == 1;
                prop_assert_eq!(is_set, (start..start + len).contains(&bit));
            }
        }
    }
}
