//! How boilerplate is learnt.
//!
//! **Takes**, of each fingerprint that many articles carry, who they are; then the texts of a few of them. **Gives** the
//! passages around the fingerprints that are nobody's own words.
//!
//! **How it decides.** Exact copies count once. Of the carriers of a fingerprint, all of them or those of one site (a
//! publisher, or the folder that stands for one), a sample of [`SAMPLE`] is taken. The fingerprint is boilerplate if
//!
//! - the carriers are many: [`LEAST`] of all articles, or [`MANY_OF_SITE`] of one site that are a tenth of its articles,
//!   or [`LEAST_OF_SITE`] that are half of them;
//! - and otherwise have nothing to do with each other. Three quarters of the sample have a Jaccard of at most [`UNLIKE`]
//!   with all others before them, by their signatures. Or, where pages are mostly furniture, they are unlike once all is
//!   taken away that three quarters of them share, and long stretches of their own are left; that is tried within one
//!   site, and where no site is known and the Jaccard is at most [`HALF`], since reprints in many places look alike.
//!
//! So a footer in 50 unrelated articles is boilerplate, and a story reprinted 500 times is not: its carriers are alike.
//! The passage reaches as far, to both sides, as three quarters of the sample have it.
//!
//! **Known failures.** A background paragraph of an agency that 30 unrelated stories quote is taken for boilerplate, as is
//! a poem. Furniture in fewer than 30 articles, or 5 of a site, is not learnt; nor is a passage of fewer than 13 words;
//! nor, where no site is known, furniture that makes up most of one page in four that carry it,
//! as such pages look like reprints. Where no site is known, a story that 30 pages embed in as much text of their own is
//! taken for boilerplate. A name within a footer ("Reporting by …") cuts it in pieces that may be too short.

use crate::article::Span;
use crate::boilerplate::KnownPassage;
use crate::candidates::passages::key;
use crate::shingle::{Known, ShingleSet, shingles, sorted_by_hash};
use crate::text::words;
use ahash::{AHashMap, AHashSet};
use std::cmp::Reverse;
use std::ops::Range;

/// Articles that must carry a fingerprint, of all.
pub(crate) const LEAST: usize = 30;
/// Articles of one site that must carry it, if they are half of its articles.
pub(crate) const LEAST_OF_SITE: usize = 5;
/// Articles of one site that must carry it, if they are a tenth of its articles.
const MANY_OF_SITE: usize = 10;
/// Carriers that are looked at.
const SAMPLE: usize = 32;
/// Carriers whose texts are read.
const READ: usize = 16;
/// Most Jaccard of two articles that have nothing to do with each other.
const UNLIKE: f64 = 0.25;
/// Most Jaccard of two pages that may share furniture and nothing else, where no site is known.
const HALF: f64 = 0.5;
/// The same of what is left of two pages without their furniture.
const UNLIKE_WITHOUT: f64 = 0.1;
/// Shingles in a row of an article's own that such a page must have.
const OWN_STRETCH: usize = 20;

/// Three quarters, rounded up.
fn most_of(count: usize) -> usize {
    (3 * count).div_ceil(4)
}

/// What is known of all articles.
pub(crate) struct Background<'a> {
    /// The site of each article; 0 where none is known.
    pub(crate) sites: &'a [u32],
    /// How many articles each site has.
    pub(crate) site_sizes: &'a [u32],
    /// How many articles each stands for: itself and its copies.
    pub(crate) weights: &'a [u32],
    /// An order of articles that has nothing to do with that of the input.
    pub(crate) digests: &'a [u128],
    /// The Jaccard of two articles, estimated.
    pub(crate) likeness: &'a (dyn Fn(u32, u32) -> f64 + Sync),
}

/// A fingerprint that may be boilerplate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suspect {
    /// The carriers whose texts are to be read, in the order of their digests.
    pub(crate) sample: Vec<u32>,
    /// The site whose articles carry it, or 0.
    pub(crate) site: u32,
    /// Whether the carriers are known to be unlike.
    unlike: bool,
    /// Its key in the index.
    pub(crate) key: u32,
    /// How many articles carry it, copies included.
    pub(crate) articles: u64,
}

impl Background<'_> {
    /// For whom a fingerprint may be boilerplate: for all, or for some sites.
    pub(crate) fn suspects(&self, key: u32, carriers: &[u32]) -> Vec<Suspect> {
        let site_of = |article: u32| self.sites[article as usize];
        if carriers.len() < LEAST && !carriers.iter().any(|&carrier| self.is_frequent(site_of(carrier), carriers.len()))
        {
            return Vec::new();
        }
        let articles = carriers.iter().map(|&article| u64::from(self.weights[article as usize])).sum();
        let first = site_of(carriers[0]);
        let only_site = if carriers.iter().all(|&carrier| site_of(carrier) == first) { first } else { 0 };
        if carriers.len() >= LEAST
            && let Some(suspect) = self.of((key, articles), carriers, LEAST, only_site)
        {
            return vec![suspect];
        }
        let mut by_site = carriers.to_vec();
        by_site.sort_by_key(|&article| site_of(article));
        let site = |of: &[u32]| site_of(of[0]);
        let sites = by_site.chunk_by(|&a, &b| site_of(a) == site_of(b));
        let frequent = sites.filter(|of| self.is_frequent(site(of), of.len()));
        frequent.filter_map(|of| self.of((key, articles), of, LEAST_OF_SITE, site(of))).collect()
    }

    /// Whether a fingerprint that so many articles of a known site carry is frequent there.
    fn is_frequent(&self, site: u32, carriers: usize) -> bool {
        let size = self.site_sizes[site as usize] as usize;
        let half = carriers >= LEAST_OF_SITE && 2 * carriers >= size;
        site > 0 && (half || carriers >= MANY_OF_SITE && 10 * carriers >= size)
    }

    fn of(&self, (key, articles): (u32, u64), some: &[u32], least: usize, site: u32) -> Option<Suspect> {
        let mut sample = some.to_vec();
        let digest = |article: &u32| (self.digests[*article as usize], *article);
        if sample.len() > SAMPLE {
            sample.select_nth_unstable_by_key(SAMPLE, digest);
            sample.truncate(SAMPLE);
        }
        sample.sort_by_key(digest);
        let are_apart = |bound: f64| {
            let distinct = distinct(sample.len(), |one, other| (self.likeness)(sample[one], sample[other]) > bound);
            distinct >= most_of(sample.len()) && some.len() * distinct >= least * sample.len()
        };
        let unlike = are_apart(UNLIKE);
        let unknown = sample.iter().filter(|&&article| self.sites[article as usize] == 0).count();
        let worth_reading = site > 0 || (unknown >= most_of(sample.len()) && are_apart(HALF));
        sample.truncate(READ);
        (unlike || worth_reading).then_some(Suspect { sample, site, unlike, key, articles })
    }
}

/// How many of `count` are like none before them.
fn distinct(count: usize, alike: impl Fn(usize, usize) -> bool) -> usize {
    let mut first: Vec<usize> = Vec::new();
    for one in 0..count {
        if !first.iter().any(|&other| alike(one, other)) {
            first.push(one);
        }
    }
    first.len()
}

/// An article of a sample, as shingles.
pub(crate) struct Sampled {
    /// Where each word stands.
    spans: Vec<Span>,
    text: String,
    shingles: Vec<u64>,
    distinct: AHashSet<u64>,
    /// Where those of each key stand, in the order of the keys.
    places: Vec<(u32, u32)>,
}

impl Sampled {
    pub(crate) fn new(text: String, w: usize) -> Self {
        let words = words(&text);
        let hashes: Vec<u64> = words.iter().map(|word| word.hash).collect();
        let mut all = Vec::new();
        if hashes.len() >= w {
            shingles(&hashes, w, &mut all);
        }
        let mut places: Vec<(u32, u32)> = all.iter().map(|&shingle| key(shingle)).zip(0..).collect();
        places.sort_unstable();
        let spans = words.iter().map(|word| word.span).collect();
        Self { spans, text, distinct: all.iter().copied().collect(), places, shingles: all }
    }

    /// The text of shingles in a row.
    fn text_of(&self, stretch: &Range<usize>, w: usize) -> &str {
        let (first, last) = (self.spans[stretch.start], self.spans[stretch.end + w - 2]);
        &self.text[first.start as usize..last.end as usize]
    }

    /// Where shingles of these keys stand, ascending.
    fn places<'k>(&self, keys: impl Iterator<Item = &'k u32>) -> Vec<usize> {
        let of_key = |&key: &u32| {
            let from = self.places.partition_point(|&(other, _)| other < key);
            self.places[from..].iter().take_while(move |&&(other, _)| other == key).map(|&(_, place)| place as usize)
        };
        let mut places: Vec<usize> = keys.flat_map(of_key).collect();
        places.sort_unstable();
        places
    }
}

/// The passages of suspects that have one sample in common: each with the suspect that most articles carry. A passage has
/// at least `least` words; a shingle has `w`. O(m) for passages of m words in all, and where a suspect's carriers are not
/// known to be unlike, O(n log n) for n words of the sample.
pub(crate) fn passages<'s>(
    suspects: &'s [Suspect],
    sample: &[&Sampled],
    w: usize,
    least: usize,
) -> Vec<(String, &'s Suspect)> {
    let carriers = most_of(sample.len()).max(2);
    let in_doubt = suspects.iter().any(|suspect| !suspect.unlike);
    let mostly_furniture = in_doubt && without_furniture(sample, &common(sample, carriers));
    let judged = suspects.iter().filter(|suspect| suspect.unlike || mostly_furniture);
    let mut judged: AHashMap<u32, &Suspect> = judged.map(|suspect| (suspect.key, suspect)).collect();
    let is_common =
        |shingle: &u64| sample.iter().filter(|article| article.distinct.contains(shingle)).count() >= carriers;
    let mut found = Vec::new();
    for article in sample {
        let (shingles, mut end) = (&article.shingles, 0);
        for place in article.places(judged.keys()) {
            if place < end || !is_common(&shingles[place]) {
                continue;
            }
            let (before, behind) = (&shingles[end..place], &shingles[place..]);
            let start = end + before.iter().rposition(|shingle| !is_common(shingle)).map_or(0, |last| last + 1);
            end = place + behind.iter().position(|shingle| !is_common(shingle)).unwrap_or(behind.len());
            // Each leads to the first place where it is.
            let suspects = shingles[start..end].iter().filter_map(|&shingle| judged.remove(&key(shingle)));
            if let Some(suspect) = suspects.max_by_key(|suspect| (suspect.articles, Reverse(suspect.site)))
                && end - start + w > least
            {
                found.push((article.text_of(&(start..end), w).to_owned(), suspect));
            }
        }
    }
    found
}

/// The shingles that `least` articles of a sample have.
fn common(sample: &[&Sampled], least: usize) -> Known {
    let all: Vec<u64> = sample.iter().flat_map(|article| &article.distinct).copied().collect();
    let all = sorted_by_hash(all, |&hash| hash);
    let common = all.chunk_by(|one, other| one == other).filter(|same| same.len() >= least);
    Known::new(common.map(|same| same[0]).collect())
}

/// Whether most of a sample have long stretches of their own, beside what is common, which have nothing to do with each other.
fn without_furniture(sample: &[&Sampled], common: &Known) -> bool {
    let own_of = |article: &&Sampled| {
        let mut marks = vec![false; article.shingles.len()];
        common.each_in(&article.shingles, |place| marks[place] = true);
        let mut stretches = marks.chunk_by(|one, other| one == other);
        let has_stretch = stretches.any(|stretch| !stretch[0] && stretch.len() >= OWN_STRETCH);
        let own = article.shingles.iter().zip(marks).filter(|(_, is_common)| !is_common).map(|(&shingle, _)| shingle);
        has_stretch.then(|| own.collect())
    };
    let own: Vec<AHashSet<u64>> = sample.iter().filter_map(own_of).collect();
    let alike = |one: usize, other: usize| {
        let shared = own[one].intersection(&own[other]).count() as f64;
        shared > UNLIKE_WITHOUT * (own[one].len() + own[other].len()) as f64 / (1.0 + UNLIKE_WITHOUT)
    };
    !sample.is_empty() && distinct(own.len(), alike) >= most_of(sample.len())
}

/// Puts passages in order, those of the most articles first, and leaves out those that have no more than a word or four at
/// their ends beyond others before them.
pub(crate) fn listed(mut passages: Vec<KnownPassage>, w: usize) -> Vec<KnownPassage> {
    passages.sort_by(|a, b| {
        let order = |passage: &KnownPassage| (Reverse(passage.articles), Reverse(passage.text.len()));
        order(a).cmp(&order(b)).then_with(|| (&a.text, &a.publisher).cmp(&(&b.text, &b.publisher)))
    });
    let mut known: AHashSet<u64> = AHashSet::new();
    passages.retain(|passage| {
        let hashes: Vec<u64> = words(&passage.text).iter().map(|word| word.hash).collect();
        let shingles = ShingleSet::of_words(&hashes, w);
        let new = shingles.hashes().iter().filter(|shingle| !known.contains(shingle)).count();
        let is_new = new > 2 * (w - 1) || new == shingles.len();
        if is_new {
            known.extend(shingles.hashes());
        }
        is_new
    });
    passages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(first: u32, count: u32) -> String {
        (first..first + count).map(|n| format!("word{n} ")).collect()
    }

    #[test]
    fn a_passage_is_told_once_however_many_fingerprints_lie_in_it() {
        let (footer, stamp) = (words(0, 40), words(100, 20));
        let texts = (1..5).map(|article| {
            let own = words(1000 * article, 30);
            own.clone() + &footer + &own + &stamp
        });
        let sample: Vec<Sampled> = texts.map(|text| Sampled::new(text, 5)).collect();
        let sample: Vec<&Sampled> = sample.iter().collect();
        let keys = [30, 34, 38, 45, 103, 104, 105].map(|at| (at, key(sample[0].shingles[at as usize])));
        // Of those that equally many carry, the one of no site counts.
        let suspect = |(at, key): (u32, u32)| Suspect {
            sample: (0..4).collect(),
            site: at % 2,
            unlike: true,
            key,
            articles: u64::from(at.min(103)),
        };
        let suspects = keys.map(suspect);
        let found = passages(&suspects, &sample, 5, 13);
        let found: Vec<(&str, u64, u32)> =
            found.iter().map(|(text, suspect)| (text.as_str(), suspect.articles, suspect.site)).collect();
        assert_eq!(found, [(footer.trim(), 45, 1), (stamp.trim(), 103, 0)]);
        assert!(passages(&suspects[3..4], &sample, 5, 41).is_empty(), "shorter than what counts as a passage");
    }
}
