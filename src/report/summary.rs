//! `summary.json`: counts, the settings that decide results, what was skipped; and `run.json`: how the run went.
//!
//! `run.json` (command, threads, seconds per stage, memory, machine) and what the report shows of it are all that may differ
//! between equal runs.

use super::MeasuredRecall;
use super::catalogue::Catalogue;
use super::clusters::Clusters;
use crate::article::ArticleId;
use crate::config::Config;
use crate::input::{Fields, Location, Skipped};
use crate::score::{Relation, ScoredPair};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version of the result files' format.
pub const FORMAT: u32 = 1;

/// What a run found, in numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of the format of all result files.
    pub format: u32,
    /// Version of the program.
    pub version: &'static str,
    /// What there was and what was found.
    pub counts: Counts,
    /// How many pairs of each relation.
    pub relations: BTreeMap<&'static str, u64>,
    /// Probability that a pair at the threshold was found, from the S-curve.
    pub recall_at_threshold: f64,
    /// The recall that was measured, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_recall: Option<MeasuredRecall>,
    /// Crowds of near-identical articles, of which not all pairs are listed.
    pub crowds: Crowds,
    /// What counted for nobody.
    pub boilerplate: BoilerplateFound,
    /// Pairs that are not listed though they share a verbatim run of 25 words or more.
    pub long_runs: u64,
    /// What was read and how.
    pub input: Input,
    /// What was skipped: how many for each reason. `skipped.jsonl` has each.
    pub skipped: BTreeMap<String, u64>,
    /// The settings that decide results.
    pub settings: Settings,
}

/// The settings that decide results.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// What is found.
    #[serde(flatten)]
    pub config: Config,
    /// Most bytes of a record.
    pub max_record: u64,
    /// How many times its size a compressed source may be when it is unpacked.
    pub max_ratio: u64,
    /// How dates are written that no standard has.
    pub date_format: Option<String>,
    /// In folders, which files are read.
    pub include: Vec<String>,
}

/// Numbers of articles and pairs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// Articles that were read.
    pub articles: u64,
    /// Of these, references.
    pub references: u64,
    /// Of these, articles without a word, which are nobody's duplicates.
    pub without_words: u64,
    /// Of these, exact copies of another.
    pub copies: u64,
    /// Pairs that are listed.
    pub pairs: u64,
    /// Clusters of two or more.
    pub clusters: u64,
    /// Articles in clusters that are not the representative.
    pub duplicates: u64,
    /// Articles that are no references and that another one of their cluster can stand for: a reference, or else the
    /// representative.
    pub redundant: u64,
    /// Articles in the largest cluster.
    pub largest_cluster: u64,
}

/// How much boilerplate there was.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct BoilerplateFound {
    /// Passages; `boilerplate.jsonl` has each.
    pub passages: u64,
    /// Shingles in them.
    pub shingles: u64,
}

/// Numbers of crowds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Crowds {
    /// Articles in buckets too full to compare everyone with everyone.
    pub articles: u64,
    /// Pairs of articles that match one leader and were not compared, whether they are alike or not; `--list-all` does.
    pub unlisted_pairs: u64,
    /// Articles that matched no leader in some crowd and were not compared further there.
    pub overflow: u64,
}

/// What was read and how.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Input {
    /// Files and streams that hold articles.
    pub sources: u64,
    /// Unpacked bytes.
    pub bytes: u64,
    /// Where ids come from.
    pub ids: String,
    /// The fields that were chosen, and in how many sources.
    pub fields: Vec<ChosenFields>,
    /// Articles with bytes that are no text in their encoding, replaced by U+FFFD.
    pub invalid_utf8: u64,
    /// Articles in other encodings than UTF-8, decoded.
    pub encodings: BTreeMap<Cow<'static, str>, u64>,
    /// Articles with a date that was not understood.
    pub odd_dates: u64,
    /// Files in folders that were passed over for their names, by ending.
    pub passed_over: BTreeMap<String, u64>,
    /// Pages in which no article was found; they are articles without words.
    pub bare_pages: u64,
    /// Records that are no articles by their kind, and how many of each.
    pub other_records: BTreeMap<String, u64>,
    /// Files that were named twice and read once.
    pub repeated: u64,
}

/// Fields, and how many sources they were chosen for.
#[derive(Clone, Debug, Serialize)]
pub struct ChosenFields {
    /// The fields.
    #[serde(flatten)]
    pub fields: Fields,
    /// In how many sources.
    pub sources: u64,
}

/// The fields of the sources of a run, each set of them once.
#[must_use]
pub fn chosen_fields(catalogue: &Catalogue) -> Vec<ChosenFields> {
    let mut chosen: BTreeMap<&Fields, u64> = BTreeMap::new();
    for source in &catalogue.sources {
        if let Some(fields) = source.format.fields() {
            *chosen.entry(fields).or_default() += 1;
        }
    }
    chosen.into_iter().map(|(fields, sources)| ChosenFields { fields: fields.clone(), sources }).collect()
}

/// How many pairs of each relation, all relations named.
#[must_use]
pub fn relations(pairs: &[ScoredPair]) -> BTreeMap<&'static str, u64> {
    let count = |relation: Relation| pairs.iter().filter(|pair| pair.relation == relation).count() as u64;
    Relation::ALL.iter().map(|&relation| (relation.name(), count(relation))).collect()
}

/// How many skipped for each reason. What varies from record to record (after the first colon) is left out.
#[must_use]
pub fn skipped_by_reason(skipped: &[Skipped]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for skip in skipped {
        let reason = skip.reason.split(':').next().unwrap_or_default();
        *counts.entry(reason.to_owned()).or_default() += 1;
    }
    counts
}

impl Counts {
    /// Counts what a run found.
    #[must_use]
    pub fn new(catalogue: &Catalogue, pairs: &[ScoredPair], clusters: &Clusters, copies: u64) -> Self {
        let articles = catalogue.cards.len() as u64;
        let is_reference = |location: &&Location| catalogue.sources[location.source as usize].reference;
        let redundant = |(representative, pairs): (ArticleId, &[ScoredPair])| {
            let all = pairs.iter().map(|pair| pair.a).chain([representative]);
            // One of those that are all of the input stays.
            all.filter(|&article| !catalogue.source(article).reference).count().min(pairs.len())
        };
        Self {
            articles,
            references: catalogue.locations.iter().filter(is_reference).count() as u64,
            without_words: catalogue.words.iter().filter(|&&words| words == 0).count() as u64,
            copies,
            pairs: pairs.len() as u64,
            clusters: clusters.len() as u64,
            duplicates: (clusters.articles() - clusters.len()) as u64,
            redundant: clusters.each().map(redundant).sum::<usize>() as u64,
            largest_cluster: clusters.largest() as u64,
        }
    }
}

/// How a run went; for people and for benchmarks, never for results.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunInfo {
    /// The command, as it could be typed again.
    pub command: String,
    /// Worker threads.
    pub threads: usize,
    /// Seconds of each stage, in order.
    #[serde(serialize_with = "as_map")]
    pub seconds: Vec<(&'static str, f64)>,
    /// Seconds of the whole.
    pub total_seconds: f64,
    /// Candidate pairs that were scored.
    pub candidates: u64,
    /// Fingerprints that they have in common, altogether.
    pub matches: u64,
    /// Most bytes of memory in use, where the system tells.
    pub peak_memory: Option<u64>,
    /// Bytes of temporary files, apart from what had to be put in one before it could be read: standard input, archives and
    /// tables that are packed as a whole.
    pub temporary: u64,
    /// Operating system and processor family.
    pub machine: String,
}

impl RunInfo {
    /// Most bytes of memory that this process has used; Linux only.
    #[must_use]
    pub fn peak_memory_now() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kilobytes * 1024)
    }
}

fn as_map<S: serde::Serializer>(seconds: &[(&'static str, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(seconds.iter().copied())
}
