use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn config() -> Config {
    Config::default()
}

fn prepared(text: &str) -> Prepared {
    Prepared::new(text, &config())
}

fn both(a: &str, b: &str) -> Comparison {
    compare(&prepared(a), &prepared(b), &config())
}

/// A text of invented words by their numbers.
fn text(words: &[u8]) -> String {
    words.iter().map(|word| format!("w{word} ")).collect()
}

/// Texts over few words, so that shingles are shared and repeat.
fn texts() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let words = || prop_oneof![proptest::collection::vec(0u8..3, 0..60), proptest::collection::vec(0u8..30, 0..80)];
    let with_copy = (words(), words(), words(), 0usize..80).prop_map(|(before, copied, after, at)| {
        let mut a = before;
        let at = at.min(a.len());
        a.splice(at..at, copied.iter().copied());
        (a, [copied, after].concat())
    });
    prop_oneof![(words(), words()), with_copy]
}

/// The numbers by their definitions: sets of runs of words.
fn obvious(a: &[u8], b: &[u8]) -> Overlap {
    let windows = |words: &[u8]| -> Vec<Vec<u8>> {
        if words.is_empty() { Vec::new() } else { words.windows(words.len().min(5)).map(<[u8]>::to_vec).collect() }
    };
    let (all_a, all_b) = (windows(a), windows(b));
    let set = |windows: &[Vec<u8>]| windows.iter().cloned().collect::<HashSet<_>>();
    let (set_a, set_b) = (set(&all_a), set(&all_b));
    let covered = |windows: &[Vec<u8>], other: &HashSet<Vec<u8>>| {
        let mut words = HashSet::new();
        for (at, window) in windows.iter().enumerate().filter(|(_, window)| other.contains(*window)) {
            words.extend(at..at + window.len());
        }
        words.len() as u32
    };
    Overlap {
        shared: set_a.intersection(&set_b).count() as u32,
        shingles_a: set_a.len() as u32,
        shingles_b: set_b.len() as u32,
        covered_a: covered(&all_a, &set_b),
        covered_b: covered(&all_b, &set_a),
        words_a: a.len() as u32,
        words_b: b.len() as u32,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Law 1: the counts are those of the definitions.
    #[test]
    fn counts_are_those_of_the_definitions((a, b) in texts()) {
        prop_assert_eq!(both(&text(&a), &text(&b)).overlap, obvious(&a, &b));
    }

    /// Law 2: 0 ≤ J ≤ min(ca, cb), and 1/J = 1/ca + 1/cb − 1.
    #[test]
    fn jaccard_and_containments_agree((a, b) in texts()) {
        let overlap = both(&text(&a), &text(&b)).overlap;
        let (j, ca, cb) = (overlap.jaccard(), overlap.containment_a(), overlap.containment_b());
        prop_assert!(0.0 <= j && j <= ca.min(cb) && ca.max(cb) <= 1.0);
        if j > 0.0 {
            prop_assert!((1.0 / j - (1.0 / ca + 1.0 / cb - 1.0)).abs() < 1e-9 / j);
        }
    }

    /// Law 3: swapping the articles swaps the numbers, and changes nothing else.
    #[test]
    fn swapping_swaps((a, b) in texts()) {
        let (forth, back) = (both(&text(&a), &text(&b)), both(&text(&b), &text(&a)));
        prop_assert_eq!(forth.overlap, back.overlap.swapped());
        prop_assert_eq!(forth.relation, back.relation);
    }

    /// Law 4: both sides of a run have the same words; runs of a passage follow each other; no word is in two passages;
    /// each passage has a run of five words, or all words of a shorter article.
    #[test]
    fn passages_are_shared_and_apart((a, b) in texts()) {
        let (a_text, b_text) = (text(&a), text(&b));
        let comparison = both(&a_text, &b_text);
        let (mut in_a, mut in_b) = (HashSet::new(), HashSet::new());
        for passage in &comparison.passages {
            let mut end = (0, 0);
            for run in &passage.runs {
                prop_assert!(run.a >= end.0 && run.b >= end.1 && run.len > 0);
                let (start_a, start_b, len) = (run.a as usize, run.b as usize, run.len as usize);
                prop_assert_eq!(&a[start_a..start_a + len], &b[start_b..start_b + len]);
                end = (run.a + run.len, run.b + run.len);
            }
            prop_assert!(passage.runs.iter().any(|run| run.len as usize >= 5.min(a.len()).min(b.len())));
            for word in passage.a() {
                prop_assert!(in_a.insert(word));
            }
            for word in passage.b() {
                prop_assert!(in_b.insert(word));
            }
        }
        prop_assert_eq!(comparison.overlap.shared > 0, !comparison.passages.is_empty());
    }

    /// Law 5: an article is identical to itself, as one passage.
    #[test]
    fn a_copy_is_one_passage(a in proptest::collection::vec(0u8..4, 1..200)) {
        let comparison = both(&text(&a), &text(&a));
        prop_assert_eq!(comparison.relation, Some(Relation::Identical));
        prop_assert_eq!(comparison.overlap.jaccard(), 1.0);
        prop_assert_eq!(comparison.overlap.coverage_a(), 1.0);
        prop_assert_eq!(comparison.passages.len(), 1);
        prop_assert_eq!(comparison.passages[0].words() as usize, a.len());
    }

    /// Law 6: verification gives up exactly on the pairs below the threshold.
    #[test]
    fn verification_is_exact((a, b) in texts(), threshold in 0.01f64..1.0) {
        let overlap = obvious(&a, &b);
        let expected = (overlap.shared > 0 && overlap.jaccard() >= threshold).then_some(overlap.shared as usize);
        prop_assert_eq!(shared_if_similar(&prepared(&text(&a)), &prepared(&text(&b)), threshold), expected);
    }
}

#[test]
fn articles_without_words_share_nothing() {
    for (a, b) in [("", ""), ("", "some words"), ("...", "?!")] {
        let comparison = both(a, b);
        assert_eq!((comparison.relation, comparison.overlap.jaccard()), (None, 0.0), "{a:?} {b:?}");
        assert!(comparison.passages.is_empty());
    }
}

#[test]
fn an_article_of_many_shingles_is_compared_like_one_of_few() {
    let text = |words: std::ops::Range<u32>| words.map(|word| format!("w{word} ")).collect::<String>();
    for words in [1_000, 65_538, 65_539, 70_000] {
        let overlap = both(&text(0..words), &(text(100..words) + &text(0..20))).overlap;
        assert_eq!((overlap.shingles_a, overlap.shared), (words - 4, words - 4 - 100 + 16), "of {words} words");
    }
}

#[test]
fn short_articles_are_one_shingle() {
    assert_eq!(both("Rain today.", "RAIN TODAY").relation, Some(Relation::Identical));
    assert_eq!(both("Rain today.", "Today rain").relation, None);
    assert_eq!(both("Rain today.", "Rain today and all of tomorrow morning").relation, None);
}

#[test]
fn paragraphs_that_moved_are_passages_of_their_own() {
    let paragraph = |first: u8| text(&(first..first + 20).collect::<Vec<_>>());
    let a = [paragraph(0), paragraph(30), paragraph(60)].concat();
    let b = [paragraph(60), paragraph(0), paragraph(30)].concat();
    let passages = both(&a, &b).passages;
    assert_eq!(passages.iter().map(Passage::words).collect::<Vec<_>>(), [40, 20]);
    assert_eq!((passages[0].a(), passages[0].b()), (0..40, 20..60));
    assert_eq!((passages[1].a(), passages[1].b()), (40..60, 0..20));
}

#[test]
fn edits_are_bridged_and_ends_extended() {
    let a = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen";
    let b = "one two three four five six SEVENTY eight nine ten eleven twelve thirteen NEW fourteen fifteen";
    let passages = both(a, b).passages;
    assert_eq!(passages.len(), 1);
    assert_eq!(passages[0].words(), 14);
    assert_eq!((passages[0].a(), passages[0].b()), (0..15, 0..16));
}

#[test]
fn of_repeated_stretches_first_goes_with_first() {
    let chorus: Vec<u8> = (100..112).collect();
    let part = |verse: u8| [vec![verse; 1], chorus.clone()].concat();
    let a = text(&[part(1), part(2), part(3)].concat());
    let b = text(&[part(7), part(8), part(9)].concat());
    let passages = both(&a, &b).passages;
    let places: Vec<_> = passages.iter().map(|passage| (passage.a().start, passage.b().start)).collect();
    assert_eq!(places, [(1, 1)], "one verse apart is a small gap");
    assert_eq!(passages[0].words(), 36);
    let far: Vec<u8> = (200..230).collect();
    let apart = |offset: u8| -> String {
        let filler = |n: u8| far.iter().map(|word| word.wrapping_mul(3).wrapping_add(offset + n)).collect::<Vec<_>>();
        text(&[filler(0), chorus.clone(), filler(1), chorus.clone()].concat())
    };
    let words: Vec<u32> = both(&apart(0), &apart(90)).passages.iter().map(Passage::words).collect();
    assert!(words.iter().filter(|&&count| count >= 12).count() == 2, "{words:?}");
}

#[test]
fn boilerplate_decides_through_the_core_alone() {
    let footer = "write to the editors at the old mill and subscribe to our morning letter today";
    let a = format!("frost took a third of the blossom in the valley this spring {footer}");
    let b = format!("council buys three electric buses for the upper villages after a year {footer}");
    let mut hashes = Vec::new();
    crate::text::word_hashes(footer, &mut hashes);
    let boilerplate = Boilerplate::new(&crate::shingle::ShingleSet::of_words(&hashes, 5));
    let marked = |text: &str| prepared(text).marked(&boilerplate);
    let comparison = compare(&marked(&a), &marked(&b), &config());
    let plain = both(&a, &b);
    assert_eq!(comparison.overlap, plain.overlap, "the numbers are over all words");
    let core = comparison.core.expect("both have the footer");
    assert_eq!((core.shared, core.jaccard()), (0, 0.0));
    assert_eq!(comparison.relation, Some(Relation::SharedPassage));
    assert_eq!(plain.core, None);
    assert_eq!(compare(&marked(&a), &marked(&a), &config()).relation, Some(Relation::Identical));
}

/// Hostile texts: each would take hours if repeats were enumerated.
#[test]
fn repeats_cost_no_quadratic_time() {
    let word = "news ".repeat(100_000);
    let shorter = "news ".repeat(70_000);
    let pair = "breaking news ".repeat(50_000);
    let blocks: String = (0..2_000).map(|block| format!("the same five words again here {} ", block % 7)).collect();
    for (a, b) in [(&word, &word), (&word, &shorter), (&word, &pair), (&pair, &blocks), (&blocks, &blocks)] {
        let comparison = both(a, b);
        assert_eq!(comparison.overlap.shared > 0, !comparison.passages.is_empty());
    }
    let passages = both(&word, &shorter).passages;
    assert_eq!(passages.iter().map(Passage::words).max(), Some(70_000));
}
