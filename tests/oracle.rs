//! The whole pipeline against brute force over the definitions: strings, sets of runs of words, every pair.

use crate::corpus::Corpus;
use std::collections::{BTreeSet, HashMap, HashSet};
use wirecopy::score::Overlap;
use wirecopy::{Article, Detection, Detector};

/// The words of generated text, which is ASCII: no library code.
fn words(text: &str) -> Vec<String> {
    text.split(|ch: char| !ch.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// The words of many articles.
pub struct Texts(Vec<Vec<String>>);

impl Texts {
    pub fn new(articles: &[Article]) -> Self {
        Self(articles.iter().map(|article| words(&article.text)).collect())
    }

    /// All pairs of articles with words that pass.
    pub fn pairs(&self, passes: impl Fn(&[String], &[String]) -> bool) -> BTreeSet<(u32, u32)> {
        let all = self.0.iter().zip(0u32..).filter(|(words, _)| !words.is_empty());
        let after = |a: u32| self.0.iter().zip(0u32..).skip(a as usize + 1).filter(|(words, _)| !words.is_empty());
        all.flat_map(|(one, a)| after(a).map(move |(other, b)| (one, other, a, b)))
            .filter(|(one, other, _, _)| passes(one, other))
            .map(|(_, _, a, b)| (a, b))
            .collect()
    }

    /// The same, looking only at pairs that share a shingle, or all their words.
    pub fn sharing(&self, passes: impl Fn(&[String], &[String]) -> bool) -> BTreeSet<(u32, u32)> {
        let mut carriers: HashMap<&[String], Vec<u32>> = HashMap::new();
        for (words, article) in self.0.iter().zip(0..) {
            shingles(words).into_iter().for_each(|shingle| carriers.entry(shingle).or_default().push(article));
        }
        let mut sharing = BTreeSet::new();
        for list in carriers.values() {
            for (at, &a) in list.iter().enumerate() {
                sharing.extend(list[at + 1..].iter().map(|&b| (a.min(b), a.max(b))));
            }
        }
        sharing.retain(|&(a, b)| passes(&self.0[a as usize], &self.0[b as usize]));
        sharing
    }

    pub fn jaccard_of(&self, (a, b): (u32, u32)) -> f64 {
        jaccard(&self.0[a as usize], &self.0[b as usize])
    }
}

pub fn jaccard(a: &[String], b: &[String]) -> f64 {
    let (a, b) = (shingles(a), shingles(b));
    let shared = a.intersection(&b).count();
    if shared == 0 { 0.0 } else { shared as f64 / (a.len() + b.len() - shared) as f64 }
}

/// Whether the larger containment reaches a bound, and the two share a run of 13 words, or one is shorter than 25.
pub fn is_contained(a: &[String], b: &[String], bound: f64) -> bool {
    let (in_a, in_b) = (shingles(a), shingles(b));
    let shared = in_a.intersection(&in_b).count();
    let enough = shared > 0 && shared as f64 / in_a.len().min(in_b.len()) as f64 >= bound;
    enough && (a.len().min(b.len()) < 25 || longest_run(a, b) >= 13)
}

/// Words of the longest verbatim run of two articles.
pub fn longest_run(a: &[String], b: &[String]) -> usize {
    let (mut before, mut longest) = (vec![0; b.len() + 1], 0);
    for word in a {
        let mut here = vec![0; b.len() + 1];
        for at in (0..b.len()).filter(|&at| b[at] == *word) {
            here[at + 1] = before[at] + 1;
            longest = longest.max(here[at + 1]);
        }
        before = here;
    }
    longest
}

type Shingles<'w> = HashSet<&'w [String]>;

fn shingles(words: &[String]) -> Shingles<'_> {
    if words.is_empty() { HashSet::new() } else { words.windows(words.len().min(5)).collect() }
}

fn covered(words: &[String], other: &Shingles<'_>) -> u32 {
    let width = words.len().min(5);
    let mut inside = vec![false; words.len()];
    for (at, window) in words.windows(width).enumerate() {
        if other.contains(window) {
            inside[at..at + width].fill(true);
        }
    }
    inside.into_iter().filter(|&inside| inside).count() as u32
}

/// Every pair with a Jaccard of at least `threshold`, and its counts.
fn brute_force(articles: &[Article], threshold: f64) -> HashMap<(u32, u32), Overlap> {
    let words: Vec<Vec<String>> = articles.iter().map(|article| words(&article.text)).collect();
    let sets: Vec<Shingles<'_>> = words.iter().map(|words| shingles(words)).collect();
    // Pairs that share nothing need no look; all others are counted in full.
    let mut carriers: HashMap<&[String], Vec<u32>> = HashMap::new();
    for (article, set) in sets.iter().enumerate() {
        set.iter().for_each(|shingle| carriers.entry(shingle).or_default().push(article as u32));
    }
    let mut shared: HashMap<(u32, u32), u32> = HashMap::new();
    for carriers in carriers.values_mut() {
        carriers.sort_unstable();
        for (at, &a) in carriers.iter().enumerate() {
            carriers[at + 1..].iter().for_each(|&b| *shared.entry((a, b)).or_default() += 1);
        }
    }
    let overlap = |(a, b): (u32, u32), shared: u32| {
        let (in_a, in_b) = (a as usize, b as usize);
        Overlap {
            shared,
            shingles_a: sets[in_a].len() as u32,
            shingles_b: sets[in_b].len() as u32,
            covered_a: covered(&words[in_a], &sets[in_b]),
            covered_b: covered(&words[in_b], &sets[in_a]),
            words_a: words[in_a].len() as u32,
            words_b: words[in_b].len() as u32,
        }
    };
    let reaches = |&((a, b), shared): &((u32, u32), u32)| {
        let union = sets[a as usize].len() + sets[b as usize].len() - shared as usize;
        f64::from(shared) / union as f64 >= threshold
    };
    shared.into_iter().filter(reaches).map(|(pair, shared)| (pair, overlap(pair, shared))).collect()
}

fn corpus(count: usize) -> Vec<Article> {
    let corpus = Corpus::new(11);
    (0..count).map(|index| corpus.article(index)).map(|article| Article::new(article.id, article.text)).collect()
}

fn pairs(detection: &Detection) -> HashMap<(u32, u32), Overlap> {
    detection.pairs().iter().map(|pair| ((pair.a.0, pair.b.0), pair.overlap)).collect()
}

/// Compares the pairs of a corpus with brute force, and returns how many there are and how many were missed.
fn check(count: usize, threshold: f64) -> (usize, usize) {
    let articles = corpus(count);
    let detector = Detector::builder().threshold(threshold).containment(None).list_all(true).build().expect("valid");
    let detection = detector.detect(&articles).expect("it fits");
    assert!(detection.pairs().is_sorted_by_key(|pair| (pair.a, pair.b)));
    let (found, expected) = (pairs(&detection), brute_force(&articles, threshold));
    let wrong: Vec<_> = found.iter().filter(|(pair, overlap)| expected.get(pair) != Some(overlap)).collect();
    assert!(wrong.is_empty(), "threshold {threshold}: {wrong:?}");
    let missed: Vec<_> = expected.iter().filter(|(pair, _)| !found.contains_key(pair)).collect();
    println!("{count} articles, threshold {threshold}: {} pairs, missed {missed:?}", expected.len());
    (expected.len(), missed.len())
}

#[test]
fn every_pair_and_every_number_is_that_of_brute_force() {
    for threshold in [0.5, 0.7] {
        let (pairs, missed) = check(2_000, threshold);
        assert!(pairs > 200, "the corpus has duplicates");
        // The recall allows one miss in a thousand at the threshold, and most pairs lie far above it.
        assert!(missed * 1000 <= pairs);
    }
}

#[test]
#[ignore = "the same on a larger corpus, which takes a minute without optimisation"]
fn every_pair_of_ten_thousand() {
    let (pairs, missed) = check(10_000, 0.5);
    assert!(pairs > 2_000 && missed * 1000 <= pairs);
}

#[test]
fn without_bounds_the_clusters_are_the_same() {
    let articles = corpus(2_000);
    let clusters = |list_all| {
        let detection =
            Detector::builder().list_all(list_all).build().expect("valid").detect(&articles).expect("it fits");
        let ids = 0..articles.len() as u32;
        (ids.map(|id| detection.representative(wirecopy::ArticleId(id))).collect::<Vec<_>>(), detection.unlisted())
    };
    let ((bounded, unlisted), (all, _)) = (clusters(false), clusters(true));
    assert_eq!(unlisted, 0, "no crowd was bounded");
    assert_eq!(bounded, all);
}

#[test]
fn clusters_are_those_of_the_definition() {
    let articles = corpus(2_000);
    let detector = Detector::builder().containment(None).build().expect("valid");
    let detection = detector.detect(&articles).expect("it fits");
    let alike = brute_force(&articles, 0.5);
    let mut representatives: Vec<u32> = Vec::new();
    for article in 0..articles.len() as u32 {
        let first = representatives.iter().copied().find(|&other| alike.contains_key(&(other, article)));
        if first.is_none() {
            representatives.push(article);
        }
        assert_eq!(detection.representative(wirecopy::ArticleId(article)).0, first.unwrap_or(article));
    }
}

#[test]
fn boilerplate_is_no_reason_to_report_a_pair() {
    use wirecopy::boilerplate::Boilerplate;
    use wirecopy::shingle::ShingleSet;
    let footer = crate::util::story(9, 6);
    let mut words = Vec::new();
    wirecopy::text::word_hashes(&footer, &mut words);
    let own = |seed| format!("{} {footer}", crate::util::story(seed, 2));
    let articles = [own(1), own(2), own(1), footer.clone(), format!("{footer} and")].map(|text| Article::new("", text));
    let pairs = |boilerplate| {
        let detector = Detector::builder().containment(None).boilerplate(boilerplate).build().expect("valid");
        let detection = detector.detect(&articles).expect("it fits");
        detection.pairs().iter().map(|pair| (pair.a.0, pair.b.0)).collect::<Vec<_>>()
    };
    assert!(pairs(Boilerplate::default()).len() > 3);
    assert_eq!(pairs(Boilerplate::new(&ShingleSet::of_words(&words, 5))), [(0, 2)]);
}

#[test]
fn dates_decide_who_represents() {
    let text = crate::util::story(1, 20);
    let dated = |id: &str, day: i64| Article::new(id, text.as_str()).dated(wirecopy::Timestamp(day));
    let articles = [Article::new("undated", text.as_str()), dated("late", 9), dated("early", 3), dated("middle", 5)];
    let detection = Detector::builder().build().expect("valid").detect(&articles).expect("it fits");
    let listed: Vec<(u32, u32)> = detection.pairs().iter().map(|pair| (pair.a.0, pair.b.0)).collect();
    assert_eq!(listed, [(0, 2), (1, 2), (2, 3)], "each copy once, with the earliest");
    assert_eq!(detection.representative(wirecopy::ArticleId(0)).0, 2);
}
