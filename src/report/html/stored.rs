//! A folder of results as what a page is made of, and back.
//!
//! `texts.jsonl`, a line an article whose text a page shows: `id` and `text`. The report is made anew from it and the other
//! files; of nothing else is anything read.

use super::{Entries, Entry, Group, Listed, Material, Member, Pairs, Shown, Whole, strongest};
use crate::article::{ArticleId, Timestamp};
use crate::boilerplate::{Boilerplate, KnownPassage};
use crate::config::{Config, SHINGLE};
use crate::error::{Error, Result};
use crate::input::{Skipped, timestamp};
use crate::report::boilerplate;
use crate::report::catalogue::Catalogue;
use crate::report::clusters::Clusters;
use crate::report::summary::FORMAT;
use crate::report::tables::{cell, plain};
use crate::report::terminal::escape;
use crate::report::write_line;
use crate::score::{Relation, ScoredPair};
use ahash::AHashMap;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

impl Entries for Catalogue {
    fn count(&self) -> usize {
        self.cards.len()
    }

    fn entry(&self, article: ArticleId) -> Entry<'_> {
        let card = self.cards.get(article);
        Entry {
            id: self.id_by(article, card.id),
            title: card.title,
            date: card.date,
            publisher: card.publisher,
            url: card.url,
            words: self.words[article.index()],
        }
    }

    fn date(&self, article: ArticleId) -> Option<Timestamp> {
        self.cards.date(article)
    }
}

/// The clusters of a run, as a page lists them.
#[must_use]
pub fn groups(clusters: &Clusters) -> Vec<Group> {
    let member = |pair: &ScoredPair| Member {
        article: pair.a,
        relation: pair.relation,
        jaccard: pair.overlap.jaccard(),
        containment: pair.overlap.containment_a(),
        coverage: pair.overlap.coverage_a(),
    };
    let group = |(representative, pairs): (ArticleId, &[ScoredPair])| Group {
        representative,
        members: pairs.iter().map(member).collect(),
    };
    clusters.each().map(group).collect()
}

/// Writes `texts.jsonl`.
///
/// # Errors
/// If it cannot be written.
pub fn write_texts(out: &mut impl Write, articles: &dyn Entries, texts: &BTreeMap<ArticleId, String>) -> Result<()> {
    for (article, text) in texts {
        let line = Text { id: articles.entry(*article).id, text: text.as_str().into() };
        write_line(out, &line)?;
    }
    out.flush().map_err(|error| Error::output(&error))
}

#[derive(Serialize, Deserialize)]
struct Text<'t> {
    id: Cow<'t, str>,
    text: Cow<'t, str>,
}

/// A row of `articles.csv`, as far as a page needs it.
#[derive(Deserialize)]
struct Article {
    id: String,
    title: String,
    date: String,
    publisher: String,
    url: String,
    words: u32,
    #[serde(skip)]
    when: Option<Timestamp>,
}

struct Articles(Vec<Article>);

impl Entries for Articles {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn entry(&self, article: ArticleId) -> Entry<'_> {
        let Article { id, title, publisher, url, words, when, .. } = &self.0[article.index()];
        Entry {
            id: plain(id).into(),
            title: some(title),
            date: *when,
            publisher: some(publisher),
            url: some(url),
            words: *words,
        }
    }
}

/// What a cell holds, if it holds anything.
fn some(cell: &str) -> Option<&str> {
    (!cell.is_empty()).then(|| plain(cell))
}

/// A row of `pairs.csv`.
#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    relation: Relation,
    jaccard: f64,
    containment_a: f64,
    containment_b: f64,
    coverage_a: f64,
    coverage_b: f64,
}

#[derive(Deserialize)]
struct Cluster {
    representative: String,
    members: Vec<ClusterMember>,
}

#[derive(Deserialize)]
struct ClusterMember {
    id: String,
    relation: Relation,
    jaccard: f64,
    containment: f64,
    coverage: f64,
}

#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    command: Option<String>,
    seconds: Seconds,
}

/// Names and seconds, in their order.
struct Seconds(Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Seconds;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object of seconds")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Seconds, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Seconds(all))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A folder of results.
pub struct Stored {
    heading: String,
    command: Option<String>,
    summary: Value,
    stages: Vec<(String, f64)>,
    articles: Articles,
    pairs: Pairs<'static>,
    groups: Vec<Group>,
    passages: Vec<KnownPassage>,
    skipped: Vec<Skipped>,
    shown: Shown,
    config: Config,
    known: Boilerplate,
}

impl Stored {
    /// Reads a folder that a scan wrote. Texts are those of `most` pairs, as far as they are there.
    ///
    /// # Errors
    /// If a file is missing or is not what a scan writes.
    pub fn read(folder: &Path, most: usize) -> Result<Self> {
        let path = folder.join("summary.json");
        if !path.is_file() {
            return Err(Error::input("is no folder that scan wrote with -o: it has no summary.json").at(folder));
        }
        let summary: Value = object(&path)?;
        let format = summary.pointer("/format").and_then(Value::as_u64);
        if format != Some(FORMAT.into()) {
            let message = format!("has another format than {FORMAT}; the version that wrote it makes its report");
            return Err(Error::input(message).at(path));
        }
        let Run { command, seconds } = object(&folder.join("run.json"))?;
        let path = folder.join("articles.csv");
        let mut articles: Vec<Article> = rows(&path)?;
        for article in &mut articles {
            article.when = timestamp(&article.date);
        }
        // Cells of tables are marked where a spreadsheet would take them for formulas; so ids are compared as cells.
        let numbers: AHashMap<&str, ArticleId> =
            articles.iter().zip(0..).map(|(article, number)| (article.id.as_str(), ArticleId(number))).collect();
        let number = |id: &str, file: &str| {
            let unknown = || Error::input(format!("names {id}, which is not in articles.csv")).at(folder.join(file));
            numbers.get(&*cell(id)).copied().ok_or_else(unknown)
        };
        let pairs: Result<Vec<Listed>> = rows::<Pair>(&folder.join("pairs.csv"))?
            .iter()
            .map(|pair| {
                let fractions =
                    [pair.jaccard, pair.containment_a, pair.containment_b, pair.coverage_a, pair.coverage_b];
                if !fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction)) {
                    let message = format!("a fraction of {} and {} is not from 0 to 1", pair.a, pair.b);
                    return Err(Error::input(message).at(folder.join("pairs.csv")));
                }
                Ok(Listed {
                    a: number(plain(&pair.a), "pairs.csv")?,
                    b: number(plain(&pair.b), "pairs.csv")?,
                    relation: Some(pair.relation),
                    jaccard: pair.jaccard,
                    containment: [pair.containment_a, pair.containment_b],
                    coverage: [pair.coverage_a, pair.coverage_b],
                })
            })
            .collect();
        let groups: Result<Vec<Group>> = lines::<Cluster>(&folder.join("clusters.jsonl"))?
            .iter()
            .map(|cluster| {
                let member = |member: &ClusterMember| {
                    let ClusterMember { ref id, relation, jaccard, containment, coverage } = *member;
                    Ok(Member { article: number(id, "clusters.jsonl")?, relation, jaccard, containment, coverage })
                };
                Ok(Group {
                    representative: number(&cluster.representative, "clusters.jsonl")?,
                    members: cluster.members.iter().map(member).collect::<Result<_>>()?,
                })
            })
            .collect();
        let mut texts = BTreeMap::new();
        for Text { id, text } in lines::<Text<'static>>(&folder.join("texts.jsonl"))? {
            texts.insert(number(&id, "texts.jsonl")?, text);
        }
        let pairs = Pairs::Listed(pairs?);
        let known = |articles: &[ArticleId]| {
            Ok(articles.iter().filter_map(|article| Some((*article, texts.get(article)?.to_string()))).collect())
        };
        let shown = Shown::of(&pairs, &strongest(&pairs, most), known)?;
        for (file, counted, found) in [
            ("articles.csv", "articles", articles.len()),
            ("pairs.csv", "pairs", pairs.len()),
            ("clusters.jsonl", "clusters", groups.as_ref().map_or(0, Vec::len)),
        ] {
            let told = summary.pointer(&format!("/counts/{counted}")).and_then(Value::as_u64);
            if groups.is_ok() && told != Some(found as u64) {
                let message = format!("has {found} {counted}, and summary.json says {}", told.unwrap_or_default());
                return Err(Error::input(message).at(folder.join(file)));
            }
        }
        let passages = boilerplate::read(&folder.join("boilerplate.jsonl"))?;
        let config = config_of(&summary);
        Ok(Self {
            heading: heading(folder),
            command,
            groups: groups?,
            skipped: lines(&folder.join("skipped.jsonl"))?,
            known: Boilerplate::of_passages(passages.clone(), config.shingle),
            articles: Articles(articles),
            stages: seconds.0,
            summary,
            pairs,
            passages,
            shown,
            config,
        })
    }

    /// Writes the page.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(self, out: &mut impl Write) -> Result<()> {
        let whole =
            Whole { summary: self.summary, stages: self.stages, boilerplate: &self.passages, skipped: &self.skipped };
        let material = Material {
            heading: self.heading,
            command: self.command,
            articles: &self.articles,
            pairs: self.pairs,
            groups: self.groups,
            shown: self.shown,
            config: &self.config,
            known: &self.known,
            whole: Some(whole),
        };
        super::write(out, &material)
    }
}

/// What the report of a folder is called.
#[must_use]
pub fn heading(folder: &Path) -> String {
    let name = folder.file_name().map_or_else(|| folder.as_os_str().to_owned(), std::ffi::OsStr::to_owned);
    escape(&name.to_string_lossy())
}

/// How the texts of a run are compared.
fn config_of(summary: &Value) -> Config {
    let setting = |name: &str| summary.pointer(&format!("/settings/{name}"));
    let mut config = Config::default();
    config.threshold = setting("threshold").and_then(Value::as_f64).unwrap_or(config.threshold);
    config.shingle = setting("shingle").and_then(Value::as_u64).map_or(SHINGLE, |words| words as usize);
    config.containment = setting("containment").and_then(Value::as_f64);
    config
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).map_err(|error| Error::input(error.to_string()).at(path))?;
    Ok(BufReader::with_capacity(1 << 18, file))
}

fn object<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_reader(open(path)?).map_err(|error| Error::input(error.to_string()).at(path))
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let read = |(line, number): (std::io::Result<String>, u64)| {
        let failed = |error: String| Error::input(error).at(path).record(number);
        let line = line.map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&line).map_err(|error| failed(error.to_string()))
    };
    open(path)?.lines().zip(1..).map(read).collect()
}

fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    reader.deserialize().map(|row| row.map_err(|error| Error::input(error.to_string()).at(path))).collect()
}
