//! `pairs.jsonl`: a line a pair, sorted by a, then b, in input order.
//!
//! | field | is |
//! |---|---|
//! | `a`, `b` | ids; a comes before b in the input |
//! | `relation` | `identical`, `near-duplicate`, `excerpt`, `variant`, `partial-copy`, `shared-passage` |
//! | `jaccard`, `containment_a`, `containment_b`, `coverage_a`, `coverage_b` | fractions, 0..=1, exact |
//! | `core` | jaccard and containments without boilerplate; only where there was some |
//! | `passages` | what they share, in the order of a; left out with `--passages none`, and for identical pairs by default |
//! | `passages[].words` | equal words |
//! | `passages[].a`, `.b` | byte offsets `[start, end]` into the two texts as UTF-8 |
//! | `passages[].boilerplate` | how many of these are boilerplate; left out where none is |
//! | `passages[].text_a`, `.text_b` | the text there; `text_b` only where it differs; cut after 300 bytes by default |
//!
//! Fractions are written with as many digits as reading them back to the same number takes.

use super::catalogue::Catalogue;
use super::{Render, Sink};
use crate::error::{Error, ErrorKind, Result};
use crate::score::{Comparison, Core, PassageSpans, Relation, ScoredPair, Side};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// How much of the passages is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Spans and the whole texts.
    Full,
    /// Spans and at most 300 bytes of text each; nothing for identical pairs.
    #[default]
    Short,
    /// Spans only.
    Spans,
    /// No passages.
    None,
}

impl Detail {
    /// Whether passages of identical pairs are written.
    fn shows_copies(self) -> bool {
        matches!(self, Self::Full | Self::Spans)
    }
}

/// Most bytes of a passage's text in short form.
const SHORT: usize = 300;

#[derive(Serialize)]
struct Line<'a> {
    a: &'a str,
    b: &'a str,
    relation: Option<Relation>,
    jaccard: f64,
    containment_a: f64,
    containment_b: f64,
    coverage_a: f64,
    coverage_b: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    core: Option<CoreFractions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passages: Option<Vec<PassageLine<'a>>>,
}

#[derive(Serialize)]
struct CoreFractions {
    jaccard: f64,
    containment_a: f64,
    containment_b: f64,
}

impl From<Core> for CoreFractions {
    fn from(core: Core) -> Self {
        Self { jaccard: core.jaccard(), containment_a: core.containment_a(), containment_b: core.containment_b() }
    }
}

#[derive(Serialize)]
struct PassageLine<'a> {
    words: u32,
    a: crate::article::Span,
    b: crate::article::Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    boilerplate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_a: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_b: Option<&'a str>,
}

/// A pair as a line of JSON, without its line feed. A relation of `null` is that of two articles that share nothing.
#[must_use]
pub fn line(ids: (&str, &str), comparison: &Comparison, a: Side<'_>, b: Side<'_>, detail: Detail) -> Vec<u8> {
    let overlap = &comparison.overlap;
    let wanted = match comparison.relation {
        Some(Relation::Identical) => detail.shows_copies(),
        _ => detail != Detail::None,
    };
    let passages = wanted.then(|| {
        let spans = PassageSpans::all(comparison, a, b);
        spans.into_iter().map(|passage| passage_line(passage, a.text, b.text, detail)).collect()
    });
    let line = Line {
        a: ids.0,
        b: ids.1,
        relation: comparison.relation,
        jaccard: overlap.jaccard(),
        containment_a: overlap.containment_a(),
        containment_b: overlap.containment_b(),
        coverage_a: overlap.coverage_a(),
        coverage_b: overlap.coverage_b(),
        core: comparison.core.map(CoreFractions::from),
        passages,
    };
    serde_json::to_vec(&line).unwrap_or_default()
}

fn passage_line<'a>(passage: PassageSpans, a: &'a str, b: &'a str, detail: Detail) -> PassageLine<'a> {
    let (text_a, text_b) = (passage.a.of(a), passage.b.of(b));
    let shown = |text: &'a str| match detail {
        Detail::Full => Some(text),
        Detail::Short => Some(cut(text, SHORT)),
        Detail::Spans | Detail::None => None,
    };
    PassageLine {
        words: passage.words,
        a: passage.a,
        b: passage.b,
        boilerplate: Some(passage.boilerplate).filter(|&words| words > 0),
        text_a: shown(text_a),
        text_b: shown(text_b).filter(|_| text_a != text_b),
    }
}

/// At most `most` bytes of `text`, whole characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Writes pairs as lines of JSON.
pub struct JsonLines<'c, W> {
    lines: Lines<'c>,
    out: W,
    /// The file that it is, if it is one.
    place: Option<PathBuf>,
    /// Whether a reader that goes away is no reason to end.
    tolerant: bool,
    closed: bool,
}

impl<'c, W: Write> JsonLines<'c, W> {
    /// A writer to `out`, which should be buffered.
    pub fn new(catalogue: &'c Catalogue, detail: Detail, out: W) -> Self {
        Self { lines: Lines { catalogue, detail }, out, place: None, tolerant: false, closed: false }
    }

    /// The same, and errors name this file.
    #[must_use]
    pub fn at(self, place: PathBuf) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The same, but that a reader who goes away is not missed.
    #[must_use]
    pub fn tolerant(self) -> Self {
        Self { tolerant: true, ..self }
    }

    fn outcome(&mut self, written: std::io::Result<()>) -> Result<()> {
        match written.map_err(|error| Error::output(&error)) {
            Err(error) if self.tolerant && error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            outcome => outcome.map_err(|error| match &self.place {
                Some(place) => error.at(place),
                None => error,
            }),
        }
    }

    /// Hands back what it wrote to, flushed.
    ///
    /// # Errors
    /// If it cannot be flushed.
    pub fn finish(mut self) -> Result<W> {
        if !self.closed {
            let flushed = self.out.flush();
            self.outcome(flushed)?;
        }
        Ok(self.out)
    }
}

/// Makes of pairs lines of JSON.
#[derive(Clone, Copy)]
pub struct Lines<'c> {
    catalogue: &'c Catalogue,
    detail: Detail,
}

impl Render for Lines<'_> {
    type Rendered = Vec<u8>;

    fn reads_copies(&self) -> bool {
        self.detail.shows_copies()
    }

    fn render(&self, pair: &ScoredPair, comparison: &Comparison, a: Side<'_>, b: Side<'_>) -> Vec<u8> {
        let ids = (self.catalogue.id(pair.a), self.catalogue.id(pair.b));
        let mut line = line((&ids.0, &ids.1), comparison, a, b, self.detail);
        line.push(b'\n');
        line
    }

    fn bytes(line: &Vec<u8>) -> usize {
        line.capacity()
    }
}

impl<'c, W: Write + Send> Sink for JsonLines<'c, W> {
    type Render = Lines<'c>;

    fn renderer(&self) -> Lines<'c> {
        self.lines
    }

    fn take(&mut self, _: &ScoredPair, line: Vec<u8>) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.out.write_all(&line);
        self.outcome(written)
    }
}
