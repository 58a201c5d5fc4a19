//! What a deduplication removed and why: `OUT.removed.jsonl`, `OUT.summary.json`, and records with notes of it.
//!
//! `OUT.removed.jsonl`, a line for each article that is gone, in input order:
//!
//! | field | |
//! |---|---|
//! | `id`, `source`, `record` | it: its id, and where it was; `record` is null where the source was the article |
//! | `kept` | the one that stays: its `id`, `source` and `record` |
//! | `relation` | how the two are related |
//! | `jaccard`, `containment`, `coverage` | fractions over all words; the latter two say how much of it is in the kept one |
//! | `core` | `jaccard` and `containment` without boilerplate, where there was some; these decided |
//! | `words`, `words_lost` | how many words it had, and how many of them the kept one has not, in runs of five |
//! | `rule` | why that one stays: `reference`, `preferred`, `longer`, `earlier`, `later` or `first` |
//!
//! With `--annotate`, a record has one more field `wirecopy` at its end: `cluster` (a number, null outside all), `keep`, and
//! `nearest`, the duplicate with the highest Jaccard (`id`, `relation`, `jaccard`), or null. A row of a table has these in
//! five more columns, empty or null where there is nothing: `wirecopy_cluster`, `wirecopy_keep`, `wirecopy_nearest` (the
//! id), `wirecopy_relation` and `wirecopy_jaccard`. What an earlier run wrote there is replaced. Of articles whose records
//! have no fields (texts, pages, WARC), `OUT.notes.jsonl` has a line each: `id`, `source`, `record`, `cluster`, `keep` and
//! `nearest`.

use super::catalogue::Catalogue;
use super::clusters::Clusters;
use super::summary::Summary;
use super::write_line;
use crate::article::ArticleId;
use crate::cluster::stays::{Removed, Rule, Rules};
use crate::error::{Error, Result};
use crate::input::{Format, encode, encoding_of_record};
use crate::score::{Relation, ScoredPair};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

#[derive(Serialize)]
struct Line<'c> {
    #[serde(flatten)]
    removed: Named<'c>,
    kept: Named<'c>,
    relation: Relation,
    jaccard: f64,
    containment: f64,
    coverage: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    core: Option<CoreNumbers>,
    words: u32,
    words_lost: u32,
    rule: Rule,
}

#[derive(Serialize)]
struct Named<'c> {
    id: Cow<'c, str>,
    source: &'c str,
    record: Option<u64>,
}

#[derive(Serialize)]
struct CoreNumbers {
    jaccard: f64,
    containment: f64,
}

fn named(catalogue: &Catalogue, article: ArticleId) -> Named<'_> {
    let source = &catalogue.source(article).name;
    Named { id: catalogue.id(article), source, record: catalogue.record(article) }
}

/// How many words of an article that goes the one that stays has not.
fn words_lost(pair: &ScoredPair) -> u32 {
    pair.overlap.words_a - pair.overlap.covered_a
}

/// Writes `removed.jsonl`.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut impl Write, catalogue: &Catalogue, removed: &[Removed]) -> Result<()> {
    for Removed { pair, rule } in removed {
        let line = Line {
            removed: named(catalogue, pair.a),
            kept: named(catalogue, pair.b),
            relation: pair.relation,
            jaccard: pair.overlap.jaccard(),
            containment: pair.overlap.containment_a(),
            coverage: pair.overlap.coverage_a(),
            core: pair.core.map(|core| CoreNumbers { jaccard: core.jaccard(), containment: core.containment_a() }),
            words: pair.overlap.words_a,
            words_lost: words_lost(pair),
            rule: *rule,
        };
        write_line(out, &line)?;
    }
    out.flush().map_err(|error| Error::output(&error))
}

/// What became of the records of a dump. References are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Records in the input: kept, removed and rejected together.
    pub read: u64,
    /// Articles that stay.
    pub kept: u64,
    /// Articles that are gone, each a duplicate of one that stays.
    pub removed: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Of the removed, how many for each relation to the one that stays.
    pub by_relation: BTreeMap<&'static str, u64>,
    /// Of the removed, how many for each reason why the other stays.
    pub by_rule: BTreeMap<Rule, u64>,
    /// Words of the removed.
    pub words_removed: u64,
    /// Of these, words that the ones that stay have not, in runs of five.
    pub words_lost: u64,
}

impl Account {
    /// The account of an input of so many articles and rejected records.
    #[must_use]
    pub fn new(articles: u64, rejected: u64, removed: &[Removed]) -> Self {
        let gone = removed.len() as u64;
        let mut account =
            Self { read: articles + rejected, kept: articles - gone, removed: gone, rejected, ..Self::default() };
        for Removed { pair, rule } in removed {
            *account.by_relation.entry(pair.relation.name()).or_default() += 1;
            *account.by_rule.entry(*rule).or_default() += 1;
            account.words_removed += u64::from(pair.overlap.words_a);
            account.words_lost += u64::from(words_lost(pair));
        }
        account
    }
}

/// `summary.json` of a deduplication.
#[derive(Serialize)]
pub struct DedupSummary<'s> {
    /// What became of the records.
    pub account: &'s Account,
    /// What was removed and who stays.
    pub rules: &'s Rules,
    /// A hash of the dump as it was written: of a file's bytes, or of the names and sizes of a folder's files.
    pub output: String,
    /// What was found, and how.
    pub scan: &'s Summary,
}

/// What a record is told of its article.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note<'c> {
    pub(super) cluster: Option<u64>,
    pub(super) keep: bool,
    pub(super) nearest: Option<Nearest<'c>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nearest<'c> {
    pub(super) id: Cow<'c, str>,
    pub(super) relation: Relation,
    pub(super) jaccard: f64,
}

/// What is told of an article apart from its record.
#[derive(Serialize)]
struct Apart<'c> {
    #[serde(flatten)]
    article: Named<'c>,
    #[serde(flatten)]
    note: Note<'c>,
}

/// What stands before a note in a JSON record, and the name of the field in it.
const FIELD: &[u8] = b",\"wirecopy\":";
const NAME: &[u8] = b"\"wirecopy\"";

/// The columns that a note adds to a table.
pub(crate) const COLUMNS: [&str; 5] =
    ["wirecopy_cluster", "wirecopy_keep", "wirecopy_nearest", "wirecopy_relation", "wirecopy_jaccard"];

/// Writes into records what was found of their articles.
pub struct Notes<'c> {
    catalogue: &'c Catalogue,
    clusters: &'c Clusters,
    removed: &'c [Removed],
    /// For each article, seen from it, the pair with the highest Jaccard.
    nearest: Vec<Option<ScoredPair>>,
}

impl<'c> Notes<'c> {
    /// Prepares the notes of a run.
    #[must_use]
    pub fn new(catalogue: &'c Catalogue, clusters: &'c Clusters, pairs: &[ScoredPair], removed: &'c [Removed]) -> Self {
        let mut nearest: Vec<Option<ScoredPair>> = vec![None; catalogue.cards.len()];
        let both = pairs.iter().flat_map(|pair| [pair.seen_from(pair.a), pair.seen_from(pair.b)]);
        for pair in both.chain(removed.iter().map(|removed| removed.pair)) {
            let best = &mut nearest[pair.a.index()];
            if best.is_none_or(|best| best.overlap.jaccard() < pair.overlap.jaccard()) {
                *best = Some(pair);
            }
        }
        Self { catalogue, clusters, removed, nearest }
    }

    /// A record with the note at its end, if it is a JSON object or a row of a table.
    #[must_use]
    pub fn annotate(&self, article: ArticleId, record: &[u8]) -> Option<Vec<u8>> {
        let source = self.catalogue.source(article);
        if !Self::are_in(&source.format) {
            return None;
        }
        let note = self.note(article);
        if let Format::Rows(table) = &source.format {
            let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
            let nearest = note.nearest.as_ref();
            let cells = [
                number(note.cluster),
                note.keep.to_string(),
                nearest.map_or(String::new(), |nearest| nearest.id.to_string()),
                nearest.map_or(String::new(), |nearest| nearest.relation.name().to_owned()),
                nearest.map_or(String::new(), |nearest| nearest.jaccard.to_string()),
            ];
            return Some(table.extended(record, &COLUMNS, &cells));
        }
        let end = record.iter().rposition(|&byte| byte == b'}').unwrap_or(record.len());
        let note = serde_json::to_string(&note).unwrap_or_default();
        let escape = |ch: char| ch.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let note = encode(&note, encoding_of_record([record], source.encoding), escape);
        Some([without_note(&record[..end]), FIELD, &note, &record[end..]].concat())
    }

    /// Whether a record of this format takes a note.
    fn are_in(format: &Format) -> bool {
        matches!(format, Format::Lines(_) | Format::Objects(_) | Format::Rows(_) | Format::Columns(_))
    }

    /// The articles of the input proper whose records take no notes.
    fn apart(&self) -> impl Iterator<Item = ArticleId> {
        let all = (0..self.nearest.len() as u32).map(ArticleId);
        all.filter(|&article| {
            let source = self.catalogue.source(article);
            !source.reference && !Self::are_in(&source.format)
        })
    }

    pub(super) fn any_apart(&self) -> bool {
        self.apart().next().is_some()
    }

    /// Writes the notes of those a line each.
    pub(super) fn write_apart(&self, out: &mut impl Write) -> Result<()> {
        for article in self.apart() {
            let line = Apart { article: named(self.catalogue, article), note: self.note(article) };
            write_line(out, &line)?;
        }
        out.flush().map_err(|error| Error::output(&error))
    }

    /// What is noted of an article.
    pub(crate) fn note(&self, article: ArticleId) -> Note<'_> {
        let nearest = self.nearest[article.index()].map(|pair| Nearest {
            id: self.catalogue.id(pair.b),
            relation: pair.relation,
            jaccard: pair.overlap.jaccard(),
        });
        let keep = self.removed.binary_search_by_key(&article, |removed| removed.pair.a).is_err();
        Note { cluster: self.clusters.place(article).map(|place| place.cluster), keep, nearest }
    }
}

/// A JSON record up to its last brace, without the note that an earlier run wrote there, however it was laid out since.
fn without_note(record: &[u8]) -> &[u8] {
    let Some(at) = memchr::memmem::rfind(record, NAME) else { return record };
    let before = record[..at].trim_ascii_end();
    let Some(note) = record[at + NAME.len()..].trim_ascii_start().strip_prefix(b":") else { return record };
    // An id may be in another encoding, and is not looked at.
    let is_note = serde_json::from_str::<Note<'_>>(&String::from_utf8_lossy(note)).is_ok();
    before.strip_suffix(b",").filter(|_| is_note).map_or(record, <[u8]>::trim_ascii_end)
}
