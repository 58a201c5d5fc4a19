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

use super::Copied;
use super::catalogue::Catalogue;
use super::clusters::Clusters;
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::input::iso;
use crate::score::ScoredPair;
use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::Write;

/// Writes `pairs.csv`.
///
/// # Errors
/// If it cannot be written.
pub fn write_pairs(out: impl Write, catalogue: &Catalogue, pairs: &[ScoredPair]) -> Result<()> {
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
    let mut table = Table::new(out, &header)?;
    for pair in pairs {
        let overlap = &pair.overlap;
        table.text(&catalogue.id(pair.a))?;
        table.text(&catalogue.id(pair.b))?;
        table.text(pair.relation.name())?;
        table.number(overlap.jaccard())?;
        table.number(overlap.containment_a())?;
        table.number(overlap.containment_b())?;
        table.number(overlap.coverage_a())?;
        table.number(overlap.coverage_b())?;
        table.number_if(pair.core.map(|core| core.jaccard()))?;
        table.number_if(pair.core.map(|core| core.containment_a()))?;
        table.number_if(pair.core.map(|core| core.containment_b()))?;
        table.end_row()?;
    }
    table.finish()
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
pub fn write_articles(out: impl Write, catalogue: &Catalogue, found: &Found<'_>) -> Result<()> {
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
    let mut table = Table::new(out, &header)?;
    for (index, card) in catalogue.cards.iter().enumerate() {
        let article = ArticleId(index as u32);
        let place = clusters.place(article);
        let pair = place.and_then(|place| place.pair);
        table.text(&catalogue.id_by(article, card.id))?;
        table.text(&catalogue.source(article).name)?;
        table.number_if(catalogue.record(article))?;
        table.text(card.title.unwrap_or_default())?;
        table.text(&card.date.map(iso).unwrap_or_default())?;
        table.text(card.publisher.unwrap_or_default())?;
        table.text(card.url.unwrap_or_default())?;
        table.number(catalogue.words[index])?;
        table.number_if(place.map(|place| place.cluster))?;
        table.text(&place.map(|place| catalogue.id(place.representative)).unwrap_or_default())?;
        table.text(pair.map_or("", |pair| pair.relation.name()))?;
        table.number_if(pair.map(|pair| pair.overlap.jaccard()))?;
        table.number(partners[index])?;
        table.number(copied[index].map_or(0.0, |copied| copied.share))?;
        table.text(&copied[index].map(|copied| catalogue.id(copied.most_with)).unwrap_or_default())?;
        table.end_row()?;
    }
    table.finish()
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
    let mut table = Table::new(out, &header)?;
    for Coded { pair, texts } in pairs {
        let overlap = &pair.overlap;
        table.text(&catalogue.id(pair.a))?;
        table.text(&catalogue.id(pair.b))?;
        table.text("")?;
        table.text(pair.relation.name())?;
        table.number(overlap.jaccard())?;
        table.number(overlap.containment_a())?;
        table.number(overlap.containment_b())?;
        table.text(&texts.0)?;
        table.text(&texts.1)?;
        table.end_row()?;
    }
    table.finish()
}

/// A table that is written cell by cell.
struct Table<W: Write> {
    table: csv::Writer<W>,
    /// Where numbers become text.
    digits: String,
}

impl<W: Write> Table<W> {
    fn new(out: W, header: &[&str]) -> Result<Self> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(header).map_err(failed)?;
        Ok(Self { table, digits: String::new() })
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.table.write_field(cell(text).as_bytes()).map_err(failed)
    }

    fn number(&mut self, number: impl Display) -> Result<()> {
        self.number_if(Some(number))
    }

    /// A number, or an empty cell.
    fn number_if(&mut self, number: Option<impl Display>) -> Result<()> {
        self.digits.clear();
        if let Some(number) = number {
            // Writing to a string does not fail.
            let _ = write!(self.digits, "{number}");
        }
        self.table.write_field(&self.digits).map_err(failed)
    }

    fn end_row(&mut self) -> Result<()> {
        self.table.write_record(None::<&[u8]>).map_err(failed)
    }

    fn finish(mut self) -> Result<()> {
        self.table.flush().map_err(|error| Error::output(&error))
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
