//! How much of each article stands in another, and how much of it is its own: noted pair by pair, by all threads at once.
//! No order of the pairs, and no pair that comes twice, changes what is noted of articles.

use super::copies::Copies;
use super::gather::Gathered;
use crate::article::ArticleId;
use crate::candidates::Pair;
use crate::report::Copied;
use crate::score::by_word;
use bytemuck::zeroed_slice_box;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Sets the bits of a stretch.
fn set(bits: &[AtomicU64], stretch: &Range<u32>) {
    for (word, mask) in by_word(stretch) {
        bits[word].fetch_or(mask, Relaxed);
    }
}

/// With whom an article shares most: how many words, and of those with as many the first, as one number, the largest of
/// which counts.
#[derive(Debug, Default)]
struct Most(AtomicU64);

impl Most {
    fn add(&self, words: u32, with: ArticleId) {
        self.0.fetch_max(u64::from(words) << u32::BITS | u64::from(!with.0), Relaxed);
    }

    /// How many words, and with whom; none if there are none.
    fn get(&self) -> (u32, Option<ArticleId>) {
        let most = self.0.load(Relaxed);
        let words = (most >> u32::BITS) as u32;
        (words, (words > 0).then_some(ArticleId(!(most as u32))))
    }
}

/// Gathers, pair by pair, the words that stand elsewhere too.
pub(crate) struct Tally<'g> {
    gathered: &'g Gathered,
    /// A bit a word.
    words: Box<[AtomicU64]>,
    /// Where those of each article begin, and one past the last.
    starts: Vec<usize>,
    most: Vec<Most>,
    /// The first reference among the copies of an article, where there are references.
    references: Option<Vec<Option<ArticleId>>>,
    /// How many of an article's words are not boilerplate, and one more; 0 of one that is in no pair. Where it is asked for.
    own_words: Option<Vec<AtomicU32>>,
    long_runs: AtomicU64,
}

impl<'g> Tally<'g> {
    /// Nothing was seen yet. `counts_own` says whether [`own_words`](Self::own_words) will be asked for.
    pub(crate) fn new(gathered: &'g Gathered, copies: &Copies, counts_own: bool) -> Self {
        let reference = |article: u32| gathered.is_reference(article).then_some(ArticleId(article));
        let references = ((gathered.references_from as usize) < gathered.len()).then(|| {
            let mut references: Vec<Option<ArticleId>> = (0..gathered.len() as u32).map(reference).collect();
            for group in &copies.groups {
                references[group[0] as usize] = group.iter().copied().filter_map(reference).min();
            }
            references
        });
        let mut end = 0;
        let ends = gathered.words.iter().map(|&words| {
            end += words.div_ceil(64) as usize;
            end
        });
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        Self {
            gathered,
            words: zeroed_slice_box(end),
            starts,
            most: std::iter::repeat_with(Most::default).take(gathered.len()).collect(),
            references,
            own_words: counts_own.then(|| std::iter::repeat_with(AtomicU32::default).take(gathered.len()).collect()),
            long_runs: AtomicU64::default(),
        }
    }

    /// Adds stretches of words that a and b of a pair share, boilerplate apart.
    pub(crate) fn add(&self, pair: Pair, copied: &[Vec<Range<u32>>; 2]) {
        self.add_side(pair.a(), pair.b(), &copied[0]);
        self.add_side(pair.b(), pair.a(), &copied[1]);
    }

    /// Counts a pair that is not reported though it shares a long run.
    pub(crate) fn add_long_run(&self) {
        self.long_runs.fetch_add(1, Relaxed);
    }

    /// Adds how many of an article's words are not boilerplate, which is counted where it is not known yet.
    pub(crate) fn add_own_words(&self, article: ArticleId, count: impl FnOnce() -> u32) {
        if let (Some(own_words), None) = (&self.own_words, self.own_words(article)) {
            own_words[article.index()].store(count() + 1, Relaxed);
        }
    }

    /// How many of an article's words are not boilerplate, if that was added.
    pub(crate) fn own_words(&self, article: ArticleId) -> Option<u32> {
        self.own_words.as_ref()?[article.index()].load(Relaxed).checked_sub(1)
    }

    /// How many pairs are not reported though they share a long run.
    pub(crate) fn long_runs(&self) -> u64 {
        self.long_runs.load(Relaxed)
    }

    fn add_side(&self, article: u32, other: u32, stretches: &[Range<u32>]) {
        let partner = match &self.references {
            None => Some(ArticleId(other)),
            Some(references) => references[other as usize],
        };
        let Some(partner) = partner.filter(|_| !stretches.is_empty() && !self.gathered.is_reference(article)) else {
            return;
        };
        let words = self.words_of(article);
        stretches.iter().for_each(|stretch| set(words, stretch));
        let count = stretches.iter().map(|stretch| stretch.end - stretch.start).sum();
        self.most[article as usize].add(count, partner);
    }

    fn words_of(&self, article: u32) -> &[AtomicU64] {
        &self.words[self.starts[article as usize]..self.starts[article as usize + 1]]
    }

    /// What each article shares; `None` where that is nothing. A copy shares what the one shares that stands for it.
    pub(crate) fn finish(&self, copies: &Copies) -> Vec<Option<Copied>> {
        for group in &copies.groups {
            let (most, Some(with)) = self.most[group[0] as usize].get() else { continue };
            for &copy in group[1..].iter().filter(|&&copy| !self.gathered.is_reference(copy)) {
                for (word, of_head) in self.words_of(copy).iter().zip(self.words_of(group[0])) {
                    word.fetch_or(of_head.load(Relaxed), Relaxed);
                }
                let (own, _) = self.most[copy as usize].get();
                if most > own && with.0 != copy {
                    self.most[copy as usize].add(most, with);
                }
            }
        }
        let share = |article: u32| {
            let (_, most_with) = self.most[article as usize].get();
            let most_with = most_with?;
            let copied: u32 = self.words_of(article).iter().map(|word| word.load(Relaxed).count_ones()).sum();
            let share = f64::from(copied) / f64::from(self.gathered.words[article as usize]);
            Some(Copied { share, most_with })
        };
        (0..self.gathered.len() as u32).into_par_iter().map(share).collect()
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
            let bits = [const { AtomicU64::new(0) }; 7];
            set(&bits, &(start..start + len));
            for bit in 0..448 {
                let is_set = bits[bit as usize / 64].load(Relaxed) >> (bit % 64) & 1 == 1;
                prop_assert_eq!(is_set, (start..start + len).contains(&bit));
            }
        }
    }
}
