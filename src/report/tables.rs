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
use std::io::Write;

/// Writes `pairs.csv`.
///
/// # Errors
/// If it cannot be written.
pub fn write_pairs(out: impl Write, catalogue: &Catalogue, pairs: &[ScoredPair]) -> Result<()> {
    let mut table = csv::Writer::from_writer(out);
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
    table.write_record(header).map_err(failed)?;
    for pair in pairs {
        let overlap = &pair.overlap;
        let numbers = [
            overlap.jaccard(),
            overlap.containment_a(),
            overlap.containment_b(),
            overlap.coverage_a(),
            overlap.coverage_b(),
        ];
        let core = |number: fn(&crate::score::Core) -> f64| {
            pair.core.as_ref().map_or(String::new(), |core| number(core).to_string())
        };
        let cores = [
            core(crate::score::Core::jaccard),
            core(crate::score::Core::containment_a),
            core(crate::score::Core::containment_b),
        ];
        let (a, b) = (catalogue.id(pair.a), catalogue.id(pair.b));
        let words = [cell(&a), cell(&b), pair.relation.name().into()];
        let row = words.into_iter().chain(numbers.map(|number| number.to_string().into())).chain(cores.map(Cow::Owned));
        write_row(&mut table, row)?;
    }
    table.flush().map_err(|error| Error::output(&error))
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
    let mut table = csv::Writer::from_writer(out);
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
    table.write_record(header).map_err(failed)?;
    for (index, card) in catalogue.cards.iter().enumerate() {
        let article = ArticleId(index as u32);
        let id = catalogue.id(article);
        let place = clusters.place(article);
        let representative = place.map(|place| catalogue.id(place.representative));
        let pair = place.and_then(|place| place.pair);
        let copied = copied[index];
        let most_with = copied.map(|copied| catalogue.id(copied.most_with));
        let row = [
            cell(&id),
            cell(&catalogue.source(article).name),
            number(catalogue.record(article)),
            cell(card.title.unwrap_or_default()),
            card.date.map_or(Cow::Borrowed(""), |date| iso(date).into()),
            cell(card.publisher.unwrap_or_default()),
            cell(card.url.unwrap_or_default()),
            number(Some(u64::from(catalogue.words[index]))),
            number(place.map(|place| place.cluster)),
            representative.as_deref().map_or(Cow::Borrowed(""), cell),
            pair.map_or(Cow::Borrowed(""), |pair| pair.relation.name().into()),
            pair.map_or(Cow::Borrowed(""), |pair| pair.overlap.jaccard().to_string().into()),
            number(Some(partners[index])),
            copied.map_or(Cow::Borrowed("0"), |copied| copied.share.to_string().into()),
            most_with.as_deref().map_or(Cow::Borrowed(""), cell),
        ];
        write_row(&mut table, row.into_iter())?;
    }
    table.flush().map_err(|error| Error::output(&error))
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
    let mut table = csv::Writer::from_writer(out);
    let header = ["a", "b", "label", "relation", "jaccard", "containment_a", "containment_b", "text_a", "text_b"];
    table.write_record(header).map_err(failed)?;
    for Coded { pair, texts } in pairs {
        let overlap = &pair.overlap;
        let (a, b) = (catalogue.id(pair.a), catalogue.id(pair.b));
        let numbers = [overlap.jaccard(), overlap.containment_a(), overlap.containment_b()];
        let row = [cell(&a), cell(&b), Cow::Borrowed(""), pair.relation.name().into()]
            .into_iter()
            .chain(numbers.map(|number| number.to_string().into()))
            .chain([cell(&texts.0), cell(&texts.1)]);
        write_row(&mut table, row)?;
    }
    table.flush().map_err(|error| Error::output(&error))
}

fn number(value: Option<u64>) -> Cow<'static, str> {
    value.map_or(Cow::Borrowed(""), |value| value.to_string().into())
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

fn write_row<'a>(table: &mut csv::Writer<impl Write>, row: impl Iterator<Item = Cow<'a, str>>) -> Result<()> {
    for field in row {
        table.write_field(field.as_bytes()).map_err(failed)?;
    }
    table.write_record(None::<&[u8]>).map_err(failed)
}

fn failed(error: csv::Error) -> Error {
    Error::output(&std::io::Error::from(error))
}
