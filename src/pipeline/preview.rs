//! A look ahead, before all articles are read: what the first reading is to watch for, so that fewer need a second one.
//!
//! **Short articles.** Of one every partner is sought that has half of its few shingles, wherever they stand, so all
//! articles are asked for them. Short articles have short records; where a record is long and its text short all the same,
//! what is not known here is looked up in a second reading.
//!
//! **Common fingerprints.** An index knows 32 bits of a fingerprint. One with those of boilerplate is boilerplate, or by
//! rare accident is not, and only all 64 bits tell. Whatever several articles of a sample carry is noted in full
//! wherever it occurs; articles whose boilerplate is all noted need not be read again.
//!
//! Neither decides any result. Of sources that can only be read from their beginning it is the beginning that is looked at.

use crate::candidates::passages::{is_short, key};
use crate::config::Config;
use crate::shingle::{Known, mix, shingles};
use crate::sketch::Winnower;
use crate::text::word_hashes;
use ahash::AHashSet;
use rayon::prelude::*;

/// Bytes of the longest record that is taken for that of a short article.
#[cfg(feature = "formats")]
pub(crate) const RECORD: u64 = 1024;
/// Bytes of the longest text that is.
const TEXT: usize = 768;
/// Bytes of input that the sample is to have, as long as that is a small part of it.
const SAMPLE: u64 = 16 << 20;
/// The part of the input that is sampled at most, one in so many.
const LEAST_STEP: u64 = 16;
/// Articles of the sample that make a fingerprint common.
const SEVERAL: usize = 3;

/// What to watch for.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// The shingles of short articles.
    pub(crate) shorts: Known,
    /// Fingerprints that several articles of the sample have, no two with one key.
    pub(crate) common: Known,
}

/// Which articles are sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling {
    step: u64,
}

impl Sampling {
    /// For an input of so many bytes.
    pub(crate) fn of(bytes: u64) -> Self {
        Self { step: (bytes / SAMPLE).max(LEAST_STEP) }
    }

    /// Whether to take an article, by a number that no other one has.
    pub(crate) fn takes(self, number: u64) -> bool {
        mix(number).is_multiple_of(self.step)
    }
}

/// What was seen of some articles.
#[derive(Debug, Default)]
pub(crate) struct Glimpse {
    shorts: AHashSet<u64>,
    /// Fingerprints of sampled articles, each once an article.
    fingerprints: Vec<u64>,
    words: Vec<u64>,
    shingles: Vec<u64>,
}

impl Glimpse {
    /// Adds an article that is short, or sampled: then `winnower` chooses its fingerprints.
    pub(crate) fn see(&mut self, text: &str, winnower: Option<Winnower>, config: &Config) {
        if text.len() > TEXT && winnower.is_none() {
            return;
        }
        let Self { shorts, fingerprints, words, shingles: of_text } = self;
        words.clear();
        of_text.clear();
        word_hashes(text, words);
        if words.len() < config.shingle {
            return;
        }
        shingles(words, config.shingle, of_text);
        if is_short(words.len() as u32) && config.containment.is_some() {
            shorts.extend(of_text.iter());
        }
        fingerprints.extend(winnower.iter().flat_map(|winnower| winnower.fingerprints(of_text)));
    }
}

impl Preview {
    /// Makes a preview of what was seen.
    pub(crate) fn new(glimpses: Vec<Glimpse>) -> Self {
        let (mut shorts, mut fingerprints) = (AHashSet::new(), Vec::new());
        for mut glimpse in glimpses {
            shorts.extend(glimpse.shorts);
            fingerprints.append(&mut glimpse.fingerprints);
        }
        // By their keys, which are the lower halves, and then by the upper ones.
        fingerprints.par_sort_unstable_by_key(|fingerprint| fingerprint.rotate_left(u32::BITS));
        let of_key = fingerprints.chunk_by(|&one, &other| key(one) == key(other));
        let common = of_key.filter(|all| all.len() >= SEVERAL && all.iter().all(|one| *one == all[0]));
        let common = common.map(|all| all[0]).collect();
        Self { shorts: Known::new(shorts), common: Known::new(common) }
    }

    /// Whether the shingles of all these short articles were known.
    pub(crate) fn covers(&self, short: &[(u32, Box<[u64]>)]) -> bool {
        short.iter().all(|(_, shingles)| shingles.iter().all(|&shingle| self.shorts.contains(shingle)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_three_of_the_sample_have_is_common() {
        let config = Config::default();
        let winnower = Winnower::new(config.shingle, config.run()).expect("valid");
        let words = |first: u32, count: u32| (first..first + count).map(|n| format!("word{n} ")).collect::<String>();
        let footer = words(900, 30);
        let mut glimpse = Glimpse::default();
        for article in 0..4 {
            let sampled = (article < 3).then_some(winnower);
            glimpse.see(&(words(article * 100, 60 + article) + &footer), sampled, &config);
        }
        glimpse.see(&words(500, 9), None, &config);
        let preview = Preview::new(vec![glimpse]);
        let shingles_of = |text: &str| {
            let (mut words, mut all) = (Vec::new(), Vec::new());
            word_hashes(text, &mut words);
            shingles(&words, config.shingle, &mut all);
            all
        };
        let of_footer = winnower.fingerprints(&shingles_of(&footer));
        assert!(!of_footer.is_empty() && of_footer.iter().all(|&fingerprint| preview.common.contains(fingerprint)));
        let of_story = winnower.fingerprints(&shingles_of(&words(0, 60)));
        assert!(!of_story.iter().any(|&fingerprint| preview.common.contains(fingerprint)));
        let short = shingles_of(&words(500, 9)).into_boxed_slice();
        assert!(preview.covers(&[(7, short)]));
        assert!(!preview.covers(&[(7, shingles_of(&words(501, 9)).into())]));
    }

    #[test]
    fn a_large_input_is_sampled_as_much_as_a_small_one() {
        let taken = |bytes: u64| (0..100_000).filter(|&number| Sampling::of(bytes).takes(number)).count();
        assert!((5_900..6_600).contains(&taken(0)), "{}", taken(0));
        assert!((900..1_100).contains(&taken(SAMPLE * 100)), "{}", taken(SAMPLE * 100));
    }
}
