//! How well passages follow a copy that was planted at a known place.

use crate::corpus::{Planted, planted};
use std::ops::Range;
use wirecopy::score::{Prepared, compare};
use wirecopy::{Article, Config, Detector};

/// What was measured over many pairs.
struct Quality {
    /// Share of the copied bytes of b that lie in a passage.
    found: f64,
    /// Share of the passages' bytes of b that were copied.
    copied: f64,
    /// Passages that touch a copy, for each copy.
    pieces: f64,
}

/// Passages of a planted pair, as bytes of b.
fn passages(pair: &Planted) -> Vec<Range<usize>> {
    let articles = [Article::new("a", pair.a.as_str()), Article::new("b", pair.b.as_str())];
    let detector = Detector::builder().threshold(0.0001).bands(1, 1).build().expect("valid");
    let config = detector.config();
    let (a, b) = (Prepared::new(&articles[0].text, config), Prepared::new(&articles[1].text, config));
    let comparison = compare(&a, &b, config);
    let byte = |word: u32, end: bool| {
        let span = b.spans()[word as usize];
        (if end { span.end } else { span.start }) as usize
    };
    comparison.passages.iter().map(|passage| byte(passage.b().start, false)..byte(passage.b().end - 1, true)).collect()
}

fn measure(copies: usize, share: f64) -> Quality {
    const PAIRS: u64 = 300;
    let (mut planted_bytes, mut passage_bytes, mut both, mut pieces) = (0, 0, 0, 0);
    for seed in 0..PAIRS {
        let pair = planted(seed, copies, share);
        let passages = passages(&pair);
        passage_bytes += passages.iter().map(Range::len).sum::<usize>();
        for copy in &pair.in_b {
            planted_bytes += copy.len();
            for passage in &passages {
                let common = passage.end.min(copy.end).saturating_sub(passage.start.max(copy.start));
                both += common;
                pieces += usize::from(common > 0);
            }
        }
    }
    let quality = Quality {
        found: both as f64 / planted_bytes as f64,
        copied: both as f64 / passage_bytes as f64,
        pieces: pieces as f64 / (PAIRS as usize * copies) as f64,
    };
    println!(
        "{copies} copies, {:.0} % edited: found {:.4}, copied {:.4}, pieces {:.4}",
        share * 100.0,
        quality.found,
        quality.copied,
        quality.pieces
    );
    quality
}

#[test]
fn a_verbatim_copy_is_one_passage() {
    let quality = measure(1, 0.0);
    assert!(quality.found >= 0.99 && quality.copied >= 0.98 && (quality.pieces - 1.0).abs() < 1e-9);
}

#[test]
fn a_copy_with_5_percent_edited_is_one_passage_nearly_always() {
    let quality = measure(1, 0.05);
    assert!(quality.found >= 0.97 && quality.copied >= 0.95 && quality.pieces <= 1.05);
}

#[test]
fn a_copy_with_15_percent_edited_is_mostly_found() {
    let quality = measure(1, 0.15);
    assert!(quality.found >= 0.9 && quality.copied >= 0.95 && quality.pieces <= 1.5);
}

#[test]
fn two_copies_in_swapped_order_are_two_passages() {
    let quality = measure(2, 0.0);
    assert!(quality.found >= 0.99 && quality.copied >= 0.98 && (quality.pieces - 1.0).abs() < 1e-9);
    let quality = measure(2, 0.05);
    assert!(quality.found >= 0.97 && quality.copied >= 0.95 && quality.pieces <= 1.05);
}

#[test]
fn a_passage_of_a_pair_slices_both_texts() {
    let pair = planted(5, 1, 0.0);
    let config = Config::default();
    let articles =
        [Article::new("a", &*pair.a), Article::new("b", format!("{} {}", pair.a, &pair.b[pair.in_b[0].clone()]))];
    let detection = Detector::builder().build().expect("valid").detect(&articles).expect("it fits");
    assert_eq!(config, *Detector::builder().build().expect("valid").config());
    let passage = detection.passages(0).iter().max_by_key(|passage| passage.words).expect("there is one");
    assert_eq!(passage.a.of(&articles[0].text), passage.b.of(&articles[1].text));
}
