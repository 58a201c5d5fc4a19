//! `pairs.csv` and `articles.csv`, for spreadsheets, R and pandas.
//!
//! `pairs.csv` has the fields of [`pairs.jsonl`](super::pairs) without passages, and `core_jaccard`,
//! `core_containment_a`, `core_containment_b`, empty where there was no boilerplate.
//!
//! `articles.csv` has a row an article, in input order:
//!
//! | column | is |
//! |---|---|
//! | `id`, `source`, `record` | what results call it, and where it lies (`record` empty for a file that is one article) |
//! | `title`, `date`, `publisher`, `url` | its fields; the date as ISO 8601 in UTC, empty where it was not understood |
//! | `words` | how many |
//! | `cluster`, `representative` | the number of its cluster and the id of the representative; empty for an article of no cluster |
//! | `relation`, `jaccard` | to the representative; empty for the representative itself |
//! | `partners` | how many reported pairs it is in |
//! | `copied` | the share of its words that lie in a passage shared with another article (with `--against`: a reference article), 0..=1, boilerplate apart |
//! | `copied_with` | the id of the article that most of these are shared with; empty where there are none |
//!
//! What counts as such a passage: of reported pairs every run of five words, as for `coverage`, and of other pairs every
//! verbatim run of 13 words. With `--containment off` there are only the former, and in crowds only those with leaders are looked at.
//!
//! A cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) is
//! preceded by an apostrophe; so is one that has apostrophes before such a character already.

use super::catalogue::Catalogue;
use super::clusters::Clusters;
use super::{Copied, rows};
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::input::Iso;
use crate::score::ScoredPair;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

/// Writes `pairs.csv`.
///
/// # Errors
/// If it cannot be written.
pub fn write_pairs(mut out: impl Write + Send, catalogue: &Catalogue, pairs: &[ScoredPair]) -> Result<()> {
    let header = [
        "a",
        "b",
        "relation",
        "jaccard",
        "containment_a",
        "containment_b",
        "coverage_a",
        "coverage_b",
        "core_jaccard",
        "core_containment_a",
        "core_containment_b",
    ];
    write_rows(&mut out, &header, pairs.len(), |row, at| {
        let pair = &pairs[at];
        let overlap = &pair.overlap;
        row.text(&catalogue.id(pair.a))?;
        row.text(&catalogue.id(pair.b))?;
        row.text(pair.relation.name())?;
        row.fraction(Some(overlap.jaccard()))?;
        row.fraction(Some(overlap.containment_a()))?;
        row.fraction(Some(overlap.containment_b()))?;
        row.fraction(Some(overlap.coverage_a()))?;
        row.fraction(Some(overlap.coverage_b()))?;
        row.fraction(pair.core.map(|core| core.jaccard()))?;
        row.fraction(pair.core.map(|core| core.containment_a()))?;
        row.fraction(pair.core.map(|core| core.containment_b()))
    })
}

/// What `articles.csv` says of articles beside their fields.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// The clusters.
    pub clusters: &'a Clusters,
    /// The pairs.
    pub pairs: &'a [ScoredPair],
    /// For each article how much of it stands in others.
    pub copied: &'a [Option<Copied>],
}

/// Writes `articles.csv`.
///
/// # Errors
/// If it cannot be written.
pub fn write_articles(mut out: impl Write + Send, catalogue: &Catalogue, found: &Found<'_>) -> Result<()> {
    let Found { clusters, pairs, copied } = *found;
    let mut partners = vec![0u64; catalogue.cards.len()];
    for pair in pairs {
        partners[pair.a.index()] += 1;
        partners[pair.b.index()] += 1;
    }
    let header = [
        "id",
        "source",
        "record",
        "title",
        "date",
        "publisher",
        "url",
        "words",
        "cluster",
        "representative",
        "relation",
        "jaccard",
        "partners",
        "copied",
        "copied_with",
    ];
    write_rows(&mut out, &header, catalogue.cards.len(), |row, index| {
        let article = ArticleId(index as u32);
        let card = catalogue.cards.get(article);
        let place = clusters.place(article);
        let pair = place.and_then(|place| place.pair);
        row.text(&catalogue.id(article))?;
        row.text(&catalogue.source(article).name)?;
        row.own_if(catalogue.record(article))?;
        row.text(card.title.unwrap_or_default())?;
        row.own_if(card.date.map(Iso))?;
        row.text(card.publisher.unwrap_or_default())?;
        row.text(card.url.unwrap_or_default())?;
        row.own(catalogue.words[index])?;
        row.own_if(place.map(|place| place.cluster))?;
        row.text(&place.map(|place| catalogue.id(place.representative)).unwrap_or_default())?;
        row.text(pair.map_or("", |pair| pair.relation.name()))?;
        row.fraction(pair.map(|pair| pair.overlap.jaccard()))?;
        row.own(partners[index])?;
        row.fraction(Some(copied[index].map_or(0.0, |copied| copied.share)))?;
        row.text(&copied[index].map(|copied| catalogue.id(copied.most_with)).unwrap_or_default())
    })
}

/// Writes a table of so many rows, of which `fill` makes each.
fn write_rows(
    out: &mut (impl Write + Send),
    header: &[&str],
    count: usize,
    fill: impl Fn(&mut Cells<&mut Vec<u8>>, usize) -> Result<()> + Sync,
) -> Result<()> {
    Cells::new(&mut *out, header)?.finish()?;
    rows::write(out, count, |some| {
        let mut made = Vec::new();
        let mut row = Cells::of(&mut made);
        for at in some {
            fill(&mut row, at)?;
            row.end()?;
        }
        row.finish()?;
        Ok(made)
    })?;
    out.flush().map_err(|error| Error::output(&error))
}

/// A pair that a person is to judge.
pub struct Coded<'a> {
    /// The pair.
    pub pair: &'a ScoredPair,
    /// The texts of a and b.
    pub texts: (String, String),
}

/// Writes pairs for people to label: `a`, `b`, an empty `label`, `relation`, `jaccard`, `containment_a`, `containment_b`,
/// `text_a`, `text_b`. `evaluate --truth` reads the labels back.
///
/// # Errors
/// If it cannot be written.
pub fn write_coding<'a>(out: impl Write, catalogue: &Catalogue, pairs: impl Iterator<Item = Coded<'a>>) -> Result<()> {
    let header = ["a", "b", "label", "relation", "jaccard", "containment_a", "containment_b", "text_a", "text_b"];
    let mut row = Cells::new(out, &header)?;
    for Coded { pair, texts } in pairs {
        let overlap = &pair.overlap;
        row.text(&catalogue.id(pair.a))?;
        row.text(&catalogue.id(pair.b))?;
        row.text("")?;
        row.text(pair.relation.name())?;
        row.fraction(Some(overlap.jaccard()))?;
        row.fraction(Some(overlap.containment_a()))?;
        row.fraction(Some(overlap.containment_b()))?;
        row.text(&texts.0)?;
        row.text(&texts.1)?;
        row.end()?;
    }
    row.finish()
}

/// A table that is written cell by cell.
struct Cells<W: Write> {
    csv: csv::Writer<W>,
    /// Where values become text.
    digits: Vec<u8>,
}

impl<W: Write> Cells<W> {
    fn new(out: W, header: &[&str]) -> Result<Self> {
        let mut cells = Self::of(out);
        cells.csv.write_record(header).map_err(failed)?;
        Ok(cells)
    }

    /// Without a header.
    fn of(out: W) -> Self {
        Self { csv: csv::Writer::from_writer(out), digits: Vec::new() }
    }

    /// A text, as one that no spreadsheet takes for a formula.
    fn text(&mut self, text: &str) -> Result<()> {
        self.csv.write_field(cell(text).as_bytes()).map_err(failed)
    }

    /// A number or date of ours, as it is.
    fn own(&mut self, value: impl Display) -> Result<()> {
        self.own_if(Some(value))
    }

    /// The same, or an empty cell.
    fn own_if(&mut self, value: Option<impl Display>) -> Result<()> {
        self.digits.clear();
        if let Some(value) = value {
            // Writing to memory does not fail.
            let _ = write!(self.digits, "{value}");
        }
        self.csv.write_field(&self.digits).map_err(failed)
    }

    /// A fraction, with as many digits as reading it back to the same number takes; or an empty cell.
    fn fraction(&mut self, value: Option<f64>) -> Result<()> {
        self.digits.clear();
        if let Some(value) = value {
            // As JSON has it, but whole numbers as such, and none with an exponent.
            serde_json::to_writer(&mut self.digits, &value).map_err(|error| Error::output(&error.into()))?;
            if self.digits.ends_with(b".0") {
                self.digits.truncate(self.digits.len() - 2);
            } else if self.digits.contains(&b'e') {
                return self.own(value);
            }
        }
        self.csv.write_field(&self.digits).map_err(failed)
    }

    /// The end of a row.
    fn end(&mut self) -> Result<()> {
        self.csv.write_record(None::<&[u8]>).map_err(failed)
    }

    fn finish(mut self) -> Result<()> {
        self.csv.flush().map_err(|error| Error::output(&error))
    }
}

/// A cell that no spreadsheet takes for a formula.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) { format!("'{text}").into() } else { text.into() }
}

/// What a cell of ours holds.
#[cfg(feature = "cli")]
pub(super) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn failed(error: csv::Error) -> Error {
    Error::output(&std::io::Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: a fraction is written as any number, with as many digits as it takes.
        #[test]
        fn a_fraction_is_a_number(part: u32, whole in 1u32.., few in 0u32..3) {
            for value in [f64::from(part.min(whole)) / f64::from(whole), f64::from(few) / f64::from(whole), f64::from(few)] {
                let mut out = Vec::new();
                let mut row = Cells::new(&mut out, &["fraction"]).expect("in memory");
                row.fraction(Some(value)).and_then(|()| row.end()).and_then(|()| row.finish()).expect("in memory");
                prop_assert_eq!(String::from_utf8(out).expect("ASCII"), format!("fraction\n{value}\n"));
            }
        }
    }
}
