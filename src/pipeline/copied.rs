//! How much of each article stands in another.

use super::copies::Copies;
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
    /// The first reference among the copies of an article, where there are references.
    references: Option<Vec<Option<ArticleId>>>,
    pub(crate) long_runs: u64,
}

impl<'g> Tally<'g> {
    pub(crate) fn new(gathered: &'g Gathered, copies: &Copies) -> Self {
        let none = (0, ArticleId(u32::MAX));
        let reference = |article: u32| gathered.is_reference(article).then_some(ArticleId(article));
        let references = ((gathered.references_from as usize) < gathered.len()).then(|| {
            let mut references: Vec<Option<ArticleId>> = (0..gathered.len() as u32).map(reference).collect();
            for group in &copies.groups {
                references[group[0] as usize] = group.iter().copied().filter_map(reference).min();
            }
            references
        });
        let words = vec![None; gathered.len()];
        Self { gathered, words, most: vec![none; gathered.len()], references, long_runs: 0 }
    }

    /// Adds what was seen of a pair.
    pub(crate) fn add(&mut self, seen: &Seen) {
        let Some(pair) = seen.pair else { return };
        self.long_runs += u64::from(seen.long_run);
        self.add_side(pair.a(), pair.b(), &seen.copied[0]);
        self.add_side(pair.b(), pair.a(), &seen.copied[1]);
    }

    fn add_side(&mut self, article: u32, other: u32, stretches: &[Range<u32>]) {
        let partner = match &self.references {
            None => Some(ArticleId(other)),
            Some(references) => references[other as usize],
        };
        let Some(partner) = partner.filter(|_| !stretches.is_empty() && !self.gathered.is_reference(article)) else {
            return;
        };
        let length = self.gathered.words[article as usize].div_ceil(64) as usize;
        let words = self.words[article as usize].get_or_insert_with(|| vec![0; length].into());
        let mut count = 0;
        for stretch in stretches {
            count += stretch.end - stretch.start;
            set(words, stretch);
        }
        let most = &mut self.most[article as usize];
        if count > most.0 || (count == most.0 && partner < most.1) {
            *most = (count, partner);
        }
    }

    /// What each article shares; `None` where that is nothing. A copy shares what the one shares that stands for it.
    pub(crate) fn finish(mut self, copies: &Copies) -> Vec<Option<Copied>> {
        for group in &copies.groups {
            for &copy in &group[1..] {
                let (head, copy) = (group[0] as usize, copy as usize);
                if let Some(of_head) = self.words[head].clone().filter(|_| !self.gathered.is_reference(copy as u32)) {
                    let words = self.words[copy].get_or_insert_with(|| vec![0; of_head.len()].into());
                    words.iter_mut().zip(&of_head).for_each(|(word, other)| *word |= other);
                    let of_head = self.most[head];
                    if of_head.0 > self.most[copy].0 && of_head.1.index() != copy {
                        self.most[copy] = of_head;
                    }
                }
            }
        }
        let share = |article: usize| {
            let words = self.words[article].as_ref()?;
            let copied: u32 = words.iter().map(|word| word.count_ones()).sum();
            let most_with = self.most[article].1;
            let share = f64::from(copied) / f64::from(self.gathered.words[article]);
            (most_with.0 != u32::MAX).then_some(Copied { share, most_with })
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
