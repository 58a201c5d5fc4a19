//! A pair with both texts: what the page's script needs to mark what they share.
//!
//! Offsets are in UTF-16 code units, as the script counts.

use crate::article::Span;
use crate::report::passages::edits;
use crate::score::{PassageSpans, Prepared, Side, compare};
use crate::{boilerplate::Boilerplate, config::Config};
use serde::Serialize;

/// Two texts compared.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct View {
    /// Passages in the order of a: start and end in a, start and end in b, equal words, those of them in boilerplate.
    passages: Vec<[u32; 6]>,
    /// Words within passages that the other side has not, in each text: starts and ends.
    edits: [Vec<[u32; 2]>; 2],
    /// Shared shingles, and those of a and of b.
    shingles: [u32; 3],
    /// Words of a and b in shared shingles.
    covered: [u32; 2],
    /// Shared shingles and those of a and of b, without boilerplate, where there was some.
    core: Option<[u32; 3]>,
}

impl View {
    pub(super) fn new(texts: [&str; 2], config: &Config, boilerplate: &Boilerplate) -> Self {
        let prepared = texts.map(|text| Prepared::new(text, config).marked(boilerplate));
        let [a, b] = [0, 1].map(|side| Side { text: texts[side], prepared: &prepared[side] });
        let comparison = compare(a.prepared, b.prepared, config);
        let spans = PassageSpans::all(&comparison, a, b);
        let edited = [(a, true), (b, false)].map(|(side, is_a)| {
            let all = comparison.passages.iter().flat_map(|passage| edits(side, passage, is_a));
            let mut all: Vec<Span> = all.collect();
            all.sort_unstable();
            Utf16(side.text).all(&all)
        });
        let places = [
            Utf16(a.text).all(&spans.iter().map(|passage| passage.a).collect::<Vec<_>>()),
            Utf16(b.text).all(&spans.iter().map(|passage| passage.b).collect::<Vec<_>>()),
        ];
        let passages = spans.iter().zip(places[0].iter().zip(&places[1]));
        let overlap = &comparison.overlap;
        Self {
            passages: passages
                .map(|(spans, (a, b))| [a[0], a[1], b[0], b[1], spans.words, spans.boilerplate])
                .collect(),
            edits: edited,
            shingles: [overlap.shared, overlap.shingles_a, overlap.shingles_b],
            covered: [overlap.covered_a, overlap.covered_b],
            core: comparison.core.map(|core| [core.shared, core.shingles_a, core.shingles_b]),
        }
    }
}

/// Byte offsets of a text as offsets of UTF-16.
struct Utf16<'t>(&'t str);

impl Utf16<'_> {
    /// The places of spans, in their order.
    fn all(&self, spans: &[Span]) -> Vec<[u32; 2]> {
        let mut order: Vec<usize> = spans.iter().flat_map(|span| [span.start as usize, span.end as usize]).collect();
        order.sort_unstable();
        order.dedup();
        let (mut units, mut at) = (0, 0);
        let mut known = Vec::with_capacity(order.len());
        for &offset in &order {
            units += self.0[at..offset].encode_utf16().count() as u32;
            at = offset;
            known.push(units);
        }
        let place = |offset: u32| order.binary_search(&(offset as usize)).map_or(0, |at| known[at]);
        spans.iter().map(|span| [place(span.start), place(span.end)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_utf_16() {
        let text = "aé😀b";
        let spans = [Span { start: 3, end: 7 }, Span { start: 0, end: 8 }, Span { start: 1, end: 3 }];
        assert_eq!(Utf16(text).all(&spans), [[2, 4], [0, 5], [1, 2]]);
    }

    #[test]
    fn an_edited_word_is_marked_on_both_sides() {
        let a = "one two three four five six seven eight nine ten eleven";
        let b = a.replace("six", "sixty");
        let view = View::new([a, &b], &Config::default(), &Boilerplate::default());
        assert_eq!(view.passages, [[0, 55, 0, 57, 10, 0]]);
        assert_eq!(view.edits, [vec![[24, 27]], vec![[24, 29]]]);
    }
}
