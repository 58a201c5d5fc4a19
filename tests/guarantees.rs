//! What is promised with certainty: every shared run, every containment, every pair of an exhaustive join.

use crate::corpus::{Corpus, Origin};
use crate::oracle::{Texts, is_contained, jaccard, longest_run};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use wirecopy::{Article, Detection, Detector, DetectorBuilder};

type Pairs = BTreeSet<(u32, u32)>;

fn listed(detection: &Detection) -> Pairs {
    detection.pairs().iter().map(|pair| (pair.a.0, pair.b.0)).collect()
}

/// Only passages are a reason to report a pair.
fn by_passage(words: usize) -> DetectorBuilder {
    Detector::builder().threshold(1.0).containment(None).passage(Some(words)).list_all(true)
}

/// Pairs of articles (2i, 2i + 1) that share a run of exactly `words` words, and nothing else of two words.
fn planted(rng: &mut ChaCha8Rng, pairs: usize, words: usize) -> Vec<Article> {
    let mut next = 0;
    let mut fresh = |count: usize| -> Vec<String> {
        next += count;
        (next - count..next).map(|number| format!("w{number}")).collect()
    };
    let mut articles = Vec::new();
    for _ in 0..pairs {
        let run = fresh(words);
        for _ in 0..2 {
            let (before, after) = (rng.random_range(0..60), rng.random_range(0..60));
            // One word more on either side, so that the two always differ there.
            let all = [fresh(before + 1), run.clone(), fresh(after + 1)].concat();
            articles.push(Article::new("", all.join(" ")));
        }
    }
    articles
}

fn every_planted_run_is_found(cases: usize) {
    const PAIRS: usize = 50;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for case in 0..cases / PAIRS {
        let words = 6 + case % 55;
        let articles = planted(&mut rng, PAIRS, words);
        let found = |passage: usize| {
            let detection = by_passage(passage).build().expect("valid").detect(&articles).expect("it fits");
            listed(&detection)
        };
        let all: Pairs = (0..PAIRS as u32).map(|pair| (2 * pair, 2 * pair + 1)).collect();
        assert_eq!(found(words), all, "runs of {words} words");
        assert!(found(words + 1).is_empty(), "nothing shares more than {words} words");
    }
}

#[test]
fn every_run_of_the_length_asked_for_is_found_and_nothing_below() {
    every_planted_run_is_found(5_500);
}

#[test]
#[ignore = "the same a hundred thousand times"]
fn every_run_a_hundred_thousand_times() {
    every_planted_run_is_found(100_000);
}

/// Articles of few words that repeat and share much.
fn tangled(rng: &mut ChaCha8Rng, count: usize, vocabulary: usize) -> Vec<Article> {
    let words: Vec<String> = (0..vocabulary).map(|word| format!("w{word}")).collect();
    let text = |rng: &mut ChaCha8Rng| -> Vec<&str> {
        let length = rng.random_range(0..70);
        (0..length).filter_map(|_| words.choose(rng).map(String::as_str)).collect()
    };
    let mut articles: Vec<Vec<&str>> = Vec::new();
    for _ in 0..count {
        let mut own = text(rng);
        if let Some(other) = articles.choose(rng)
            && rng.random_bool(0.7)
            && !other.is_empty()
        {
            let start = rng.random_range(0..other.len());
            let end = rng.random_range(start..=other.len());
            let at = rng.random_range(0..=own.len());
            own.splice(at..at, other[start..end].to_vec());
        }
        articles.push(own);
    }
    articles.into_iter().map(|words| Article::new("", words.join(" "))).collect()
}

#[test]
fn tangled_articles_have_the_pairs_of_the_definitions() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for case in 0..150 {
        let articles = tangled(&mut rng, 30, [3, 8, 40, 500][case % 4]);
        let texts = Texts::new(&articles);
        let passage = 6 + case % 20;
        let detector = by_passage(passage).count_boilerplate(true).build().expect("valid");
        let expected = texts.pairs(|a, b| a == b || longest_run(a, b) >= passage);
        assert_eq!(listed(&detector.detect(&articles).expect("it fits")), expected, "runs of {passage} words");

        let bound = [0.3, 0.5, 0.8, 1.0][case % 4];
        let by_containment = Detector::builder().threshold(1.0).containment(Some(bound));
        let detector = by_containment.count_boilerplate(true).list_all(true).build().expect("valid");
        let expected = texts.pairs(|a, b| a == b || is_contained(a, b, bound) || jaccard(a, b) >= 1.0);
        assert_eq!(listed(&detector.detect(&articles).expect("it fits")), expected, "containment {bound}");

        let threshold = [0.2, 0.5, 0.7, 0.9][case % 4];
        let exhaustive = Detector::builder().threshold(threshold).containment(None).exhaustive(true);
        let detector = exhaustive.list_all(true).build().expect("valid");
        let expected = texts.pairs(|a, b| jaccard(a, b) >= threshold);
        assert_eq!(listed(&detector.detect(&articles).expect("it fits")), expected, "Jaccard {threshold}");
    }
}

fn generated(count: usize) -> (Vec<Article>, Vec<Origin>) {
    let corpus = Corpus::new(11);
    let made = (0..count).map(|index| corpus.article(index));
    made.map(|article| (Article::new(article.id, article.text).published_by(article.publisher), article.origin)).unzip()
}

/// Every truncation and embedding that the definition asks for, by brute force; and what the planted ones are.
fn truncations_and_embeddings(count: usize) {
    let (articles, origins) = generated(count);
    let texts = Texts::new(&articles);
    let detector = Detector::builder().list_all(true).count_boilerplate(true).build().expect("valid");
    let detection = detector.detect(&articles).expect("it fits");
    let found = listed(&detection);
    let expected = texts.sharing(|a, b| a == b || is_contained(a, b, 0.5));
    let missed: Vec<_> = expected.difference(&found).collect();
    assert!(missed.is_empty(), "{missed:?}");
    let others: Vec<_> = found.difference(&expected).filter(|pair| texts.jaccard_of(**pair) < 0.5).collect();
    assert!(others.is_empty(), "reported for no reason: {others:?}");

    // The same with boilerplate: whatever was planted is found, and nothing that shares a footer only is.
    let learnt = Detector::builder().list_all(true).build().expect("valid").detect(&articles).expect("it fits");
    let found_without = listed(&learnt);
    assert!(!learnt.boilerplate().is_empty(), "footers were learnt");
    let planted = origins.iter().zip(0u32..).filter_map(|(origin, article)| match *origin {
        Origin::Truncated { of } | Origin::Embedded { of } => Some((of as u32, article)),
        _ => None,
    });
    let planted: Vec<(u32, u32)> = planted.filter(|pair| expected.contains(pair)).collect();
    assert!(planted.len() > count / 20, "{} truncations and embeddings", planted.len());
    for pair in &planted {
        assert!(found_without.contains(pair), "{pair:?} was planted");
    }
    let related = |article: u32| match origins[article as usize] {
        Origin::Original => article as usize,
        Origin::Copy { of }
        | Origin::Light { of }
        | Origin::Heavy { of }
        | Origin::Truncated { of }
        | Origin::Embedded { of } => of,
    };
    let strangers: Vec<_> = found_without.iter().filter(|(a, b)| related(*a) != related(*b)).collect();
    assert!(strangers.is_empty(), "pairs of different stories: {strangers:?}");
    println!("{count} articles: {} contained, {} of them planted, all found", expected.len(), planted.len());
}

#[test]
fn truncations_and_embeddings_are_all_found() {
    truncations_and_embeddings(1_500);
}

#[test]
#[ignore = "the same on a larger corpus"]
fn truncations_and_embeddings_of_ten_thousand() {
    truncations_and_embeddings(10_000);
}

#[test]
fn an_exhaustive_join_is_brute_force() {
    let (articles, _) = generated(2_000);
    let texts = Texts::new(&articles);
    for threshold in [0.3, 0.5, 0.7, 0.9] {
        let exhaustive = Detector::builder().threshold(threshold).containment(None).exhaustive(true);
        let detection = exhaustive.list_all(true).build().expect("valid").detect(&articles).expect("it fits");
        let expected = texts.sharing(|a, b| jaccard(a, b) >= threshold);
        assert!(expected.len() > 100, "{threshold}: {}", expected.len());
        assert_eq!(listed(&detection), expected, "{threshold}");
    }
}

/// A crowd that shares one run, each with much of its own: whoever is not compared with all others is counted.
#[test]
fn what_a_crowd_leaves_out_is_counted() {
    let quotation = crate::util::story(1, 3);
    let text = |seed| format!("{} {quotation}", crate::util::story(seed, 6));
    let articles: Vec<Article> = (2..302).map(|seed| Article::new("", text(seed))).collect();
    let detector = |list_all| {
        let by_passage = Detector::builder().passage(Some(30)).count_boilerplate(true).list_all(list_all);
        by_passage.build().expect("valid").detect(&articles).expect("it fits")
    };
    let (bounded, all) = (detector(false), detector(true));
    assert_eq!(all.pairs().len(), 300 * 299 / 2);
    assert!(bounded.pairs().len() >= 299 && bounded.pairs().len() < 300 * 299 / 4, "{}", bounded.pairs().len());
    assert!(bounded.overflow() > 0);
}
