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
use crate::candidates::run::SortedRun;
use crate::config::Config;
use crate::shingle::{Known, mix, shingles};
use crate::sketch::Winnower;
use crate::text::word_hashes;
use ahash::AHashSet;

/// Bytes of the longest record that is taken for that of a short article.
#[cfg(feature = "formats")]
pub(crate) const RECORD: u64 = 1024;
/// Bytes of the longest text that is.
const TEXT: usize = 768;
/// The part of the input that is sampled, one in so many.
const STEP: u64 = 128;
/// Bytes of input that the sample is to have, where that part is smaller.
const LEAST: u64 = 4 << 20;
/// Those that it has at most.
const MOST: u64 = 64 << 20;
/// The part of a small input that is sampled, one in so many.
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
        let sample = (bytes / STEP).clamp(LEAST, MOST);
        Self { step: (bytes / sample).max(LEAST_STEP) }
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
    pub(crate) fn new(glimpses: &[Glimpse]) -> Self {
        let shorts = || Known::new(glimpses.iter().flat_map(|glimpse| &glimpse.shorts).copied().collect());
        let common = || {
            // By their keys, which are the lower halves.
            let fingerprints = glimpses.iter().flat_map(|glimpse| &glimpse.fingerprints);
            let by_key = SortedRun::new(fingerprints.map(|&one| (key(one), (one >> u32::BITS) as u32)));
            let common = by_key.buckets().filter(|all| all.len() >= SEVERAL && all.iter().all(|one| *one == all[0]));
            Known::new(common.map(|all| all[0].rotate_left(u32::BITS)).collect())
        };
        let (shorts, common) = rayon::join(shorts, common);
        Self { shorts, common }
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
        let preview = Preview::new(&[glimpse]);
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
    fn of_a_small_input_a_larger_part_is_sampled() {
        let taken = |bytes: u64| (0..100_000).filter(|&number| Sampling::of(bytes).takes(number)).count();
        assert!((5_900..6_600).contains(&taken(0)), "{}", taken(0));
        assert!((1_800..2_200).contains(&taken(LEAST * 50)), "{}", taken(LEAST * 50));
        assert!((700..860).contains(&taken(LEAST * 1_000)), "{}", taken(LEAST * 1_000));
        assert!((80..120).contains(&taken(MOST * 1_000)), "{}", taken(MOST * 1_000));
    }
}
