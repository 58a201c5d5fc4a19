//! `wirecopy evaluate PATH... --truth FILE`: a run against what people say; `--sample` writes pairs for them to label.

use super::args::{Evaluate, OneFormat};
use super::progress::Bars;
use super::{Exit, check_input, log, needs, output_error, width, write_whole};
use crate::article::ArticleId;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{Plan, Truth, read_truth};
use crate::pipeline::scan::{Found, Scan};
use crate::report::evaluate::{Evaluation, Labelled, TruthCounts, plot, write_text};
use crate::report::pairs::JsonLines;
use crate::report::tables::{Coded, write_coding};
use crate::report::terminal::write_next;
use crate::score::ScoredPair;
use ahash::{AHashMap, AHashSet};
use std::collections::BTreeSet;
use std::io::{BufWriter, Stdout, Write};

/// Labels that count as positive unless others are named.
const POSITIVE: [&str; 7] = ["1", "true", "yes", "y", "same", "duplicate", "positive"];
/// Most missed pairs of clusters that are scored.
const MOST_SCORED: usize = 200_000;

pub(super) fn run(arguments: &Evaluate) -> Result<Exit> {
    // Every pair counts, those of copies and crowds too.
    let config = Config { list_all: true, ..arguments.search.config()? };
    let boilerplate = arguments.search.boilerplate()?;
    let options = arguments.input.options();
    let memory = arguments.room.prepare()?;
    let plan = Plan::new(&arguments.paths, &[], &options)?;
    check_input(&plan, arguments.common.verbose)?;
    let budget = needs::check(&plan, (&options, &config), memory, (&arguments.room, &arguments.common))?;
    let bars = Bars::new(arguments.common.quiet);
    let (scan, sketches) = Scan::read(plan, options, config.clone(), (budget, None), &bars)?;
    if scan.catalogue().cards.is_empty() {
        bars.finish();
        log::skipped(scan.skipped(), arguments.common.verbose);
        return Err(Error::input("nothing could be read"));
    }
    let found = scan.detect(sketches, boilerplate.as_ref(), &mut None::<JsonLines<'_, Stdout>>, &bars)?;
    bars.finish();
    log::skipped(&found.skipped, arguments.common.verbose);
    match (&arguments.truth, arguments.sample) {
        (Some(file), _) => {
            let ids = Ids::new(&scan);
            let truth = read_truth(file, |id| ids.0.contains_key(id))?;
            let evaluation = Judge { scan: &scan, found: &found, config: &config, ids }
                .evaluate(truth, &arguments.positive)
                .map_err(|error| if error.path().is_none() { error.at(file) } else { error })?;
            if let Some(path) = &arguments.svg {
                write_whole(path, arguments.force, |out| plot::write_svg(out, &evaluation.curve))?;
            }
            let mut out = BufWriter::new(std::io::stdout().lock());
            match arguments.format {
                OneFormat::Text => write_text(&mut out, &evaluation, arguments.top, width()).and_then(|()| {
                    write_next(&mut out, "`wirecopy explain ID ID PATH` says why a pair is found or missed", width())
                }),
                OneFormat::Json => {
                    serde_json::to_writer(&mut out, &evaluation).map_err(Into::into).and_then(|()| writeln!(out))
                }
            }
            .and_then(|()| out.flush())
            .map_err(output_error)?;
        }
        (None, Some(number)) => write_sample(&scan, &found, number)?,
        (None, None) => {
            return Err(Error::setting("name labels with --truth FILE, or write pairs to be labelled with --sample N"));
        }
    }
    Ok(arguments.input.exit(&found.skipped, found.summary.counts.articles))
}

/// Articles by their ids.
struct Ids(AHashMap<String, ArticleId>);

impl Ids {
    fn new(scan: &Scan) -> Self {
        let catalogue = scan.catalogue();
        let all = (0..catalogue.cards.len() as u32).map(ArticleId);
        Self(all.map(|article| (catalogue.id(article).into_owned(), article)).collect())
    }

    /// An article by its id, or by what a table of ours makes of one that a spreadsheet would take for a formula.
    fn find(&self, id: &str) -> Option<ArticleId> {
        self.0.get(id).or_else(|| self.0.get(id.strip_prefix('\'')?)).copied()
    }

    /// Two articles by their ids, in input order; `None` if one is unknown or both are the same.
    fn pair(&self, a: &str, b: &str) -> Option<(ArticleId, ArticleId)> {
        let (a, b) = (self.find(a)?, self.find(b)?);
        (a != b).then(|| (a.min(b), a.max(b)))
    }
}

type LabelledPairs = AHashMap<(ArticleId, ArticleId), (String, bool)>;

struct Judge<'a> {
    scan: &'a Scan,
    found: &'a Found,
    config: &'a Config,
    ids: Ids,
}

impl Judge<'_> {
    fn evaluate(&self, truth: Truth, positive: &[String]) -> Result<Evaluation> {
        match truth {
            Truth::Pairs(rows) => self.of_pairs(rows, positive),
            Truth::Clusters(rows) => self.of_clusters(rows),
        }
    }

    fn of_pairs(&self, rows: Vec<(String, String, Option<String>)>, positive: &[String]) -> Result<Evaluation> {
        let closed = rows.iter().all(|(_, _, label)| label.is_none());
        let rows: Vec<_> = rows.into_iter().filter(|(_, _, label)| label.as_deref() != Some("")).collect();
        let labels: BTreeSet<String> = rows.iter().filter_map(|(_, _, label)| label.clone()).collect();
        let counts = |label: &str| {
            if positive.is_empty() {
                POSITIVE.iter().any(|known| label.eq_ignore_ascii_case(known))
            } else {
                positive.iter().any(|named| named.eq_ignore_ascii_case(label))
            }
        };
        let positives: Vec<String> = labels.iter().filter(|label| counts(label)).cloned().collect();
        if rows.is_empty() {
            return Err(Error::input("has no row with a label"));
        }
        let known = || labels.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
        let is_there = |named: &&String| labels.iter().any(|label| label.eq_ignore_ascii_case(named));
        if let Some(named) = positive.iter().find(|named| !is_there(named)) {
            return Err(Error::input(format!("no row has the label {named} of --positive; there are: {}", known())));
        }
        if !closed && positives.is_empty() {
            let message = "none of its labels counts as positive; say which does with --positive";
            return Err(Error::input(format!("{message}: {}", known())));
        }
        let mut truth = TruthCounts { labels: positives, closed, ..TruthCounts::default() };
        let mut labelled = LabelledPairs::new();
        for (a, b, label) in rows {
            let Some(pair) = self.ids.pair(&a, &b) else {
                truth.unknown += 1;
                continue;
            };
            let is_positive = label.as_deref().is_none_or(counts);
            if let Some((other, was_positive)) = labelled.get(&pair)
                && *was_positive != is_positive
            {
                let label = label.unwrap_or_default();
                return Err(Error::input(format!("labels the pair {a}, {b} twice, as {other} and as {label}")));
            }
            labelled.insert(pair, (label.unwrap_or_default(), is_positive));
        }
        let articles: BTreeSet<ArticleId> = labelled.keys().flat_map(|&(a, b)| [a, b]).collect();
        if articles.is_empty() {
            return Err(Error::input("its rows name no articles of the input; ids are as in the results of scan"));
        }
        // The articles that positive pairs connect are one true cluster.
        let mut of: AHashMap<ArticleId, ArticleId> = articles.iter().map(|&article| (article, article)).collect();
        let mut links: Vec<(ArticleId, ArticleId)> =
            labelled.iter().filter(|(_, (_, positive))| *positive).map(|(&pair, _)| pair).collect();
        links.sort_unstable();
        for (a, b) in links {
            let (a, b) = (root(&mut of, a), root(&mut of, b));
            of.insert(a.max(b), a.min(b));
        }
        let clusters: Vec<(ArticleId, u64)> =
            articles.iter().map(|&article| (article, u64::from(root(&mut of, article).0))).collect();
        self.finish(truth, labelled, &clusters)
    }

    fn of_clusters(&self, rows: Vec<(String, String)>) -> Result<Evaluation> {
        let mut truth = TruthCounts { closed: true, ..TruthCounts::default() };
        let mut numbers: AHashMap<String, u64> = AHashMap::new();
        let mut clusters: Vec<(ArticleId, u64)> = Vec::new();
        for (id, cluster) in rows {
            let next = numbers.len() as u64;
            match self.ids.find(&id) {
                Some(article) => clusters.push((article, *numbers.entry(cluster).or_insert(next))),
                None => truth.unknown += 1,
            }
        }
        clusters.sort_unstable();
        clusters.dedup_by_key(|(article, _)| *article);
        if clusters.is_empty() {
            return Err(Error::input("its rows name no articles of the input; ids are as in the results of scan"));
        }
        let mut by_cluster = clusters.clone();
        by_cluster.sort_by_key(|&(_, cluster)| cluster);
        let of: AHashMap<ArticleId, u64> = clusters.iter().copied().collect();
        let mut labelled = LabelledPairs::new();
        let together = |pair: &&ScoredPair| of.get(&pair.a).is_some_and(|cluster| of.get(&pair.b) == Some(cluster));
        for pair in self.found.pairs.iter().filter(together) {
            labelled.insert((pair.a, pair.b), (String::new(), true));
        }
        // Of those that were missed, no more are looked at than are scored.
        let mut left = MOST_SCORED;
        let mut all = 0;
        for same in by_cluster.chunk_by(|a, b| a.1 == b.1) {
            all += same.len() as u64 * (same.len() as u64 - 1) / 2;
            let pairs = (0..same.len()).flat_map(|at| same[at + 1..].iter().map(move |&(b, _)| (same[at].0, b)));
            for pair in pairs {
                if left == 0 {
                    break;
                }
                labelled.entry(pair).or_insert_with(|| {
                    left -= 1;
                    (String::new(), true)
                });
            }
        }
        truth.unscored = all - labelled.len() as u64;
        self.finish(truth, labelled, &clusters)
    }

    /// Scores what is labelled, and what was reported beside it if that counts.
    fn finish(
        &self,
        mut truth: TruthCounts,
        mut labelled: LabelledPairs,
        clusters: &[(ArticleId, u64)],
    ) -> Result<Evaluation> {
        let named: AHashSet<ArticleId> = clusters.iter().map(|&(article, _)| article).collect();
        let reported: AHashSet<(ArticleId, ArticleId)> = self.found.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        if truth.closed {
            let of_named = reported.iter().filter(|(a, b)| named.contains(a) && named.contains(b));
            of_named.for_each(|&pair| _ = labelled.entry(pair).or_default());
        } else {
            truth.negative = labelled.values().filter(|(_, positive)| !positive).count() as u64;
        }
        truth.positive = labelled.values().filter(|(_, positive)| *positive).count() as u64 + truth.unscored;
        let mut pairs: Vec<((ArticleId, ArticleId), (String, bool))> = labelled.into_iter().collect();
        pairs.sort();
        let named: Vec<(ArticleId, ArticleId)> = pairs.iter().map(|(pair, _)| *pair).collect();
        let judged = self.scan.judge(&named, &self.found.boilerplate)?;
        let id = |article| self.scan.catalogue().id(article).into_owned();
        let labelled: Vec<Labelled> = pairs
            .into_iter()
            .zip(judged)
            .map(|((pair, (label, positive)), judged)| Labelled {
                pair,
                ids: (id(pair.0), id(pair.1)),
                label,
                positive,
                reported: reported.contains(&pair),
                judged,
            })
            .collect();
        let predicted = |article: ArticleId| {
            let place = self.found.clusters.place(article);
            u64::from(place.map_or(article, |place| place.representative).0)
        };
        let clusters: Vec<(u64, u64)> = clusters.iter().map(|&(article, real)| (predicted(article), real)).collect();
        Ok(Evaluation::new(truth, &labelled, &clusters, self.config))
    }
}

/// Who stands for the articles that one is connected with.
fn root(of: &mut AHashMap<ArticleId, ArticleId>, mut article: ArticleId) -> ArticleId {
    while of[&article] != article {
        let above = of[&of[&article]];
        of.insert(article, above);
        article = above;
    }
    article
}

/// Writes up to so many pairs of each relation to standard output, chosen by their ids alone.
fn write_sample(scan: &Scan, found: &Found, number: usize) -> Result<()> {
    let mut pairs: Vec<&ScoredPair> = found.pairs.iter().collect();
    let order = |pair: &ScoredPair| {
        let ids = (scan.catalogue().id(pair.a), scan.catalogue().id(pair.b));
        xxhash_rust::xxh3::xxh3_64(format!("{}\n{}", ids.0, ids.1).as_bytes())
    };
    pairs.sort_by_cached_key(|pair| (pair.relation, order(pair)));
    let sample: Vec<&ScoredPair> =
        pairs.chunk_by(|a, b| a.relation == b.relation).flat_map(|same| same.iter().take(number).copied()).collect();
    let named: Vec<(ArticleId, ArticleId)> = sample.iter().map(|pair| (pair.a, pair.b)).collect();
    let texts = scan.texts(&named)?;
    let coded = sample.into_iter().zip(texts).filter_map(|(pair, texts)| Some(Coded { pair, texts: texts? }));
    write_coding(BufWriter::new(std::io::stdout().lock()), scan.catalogue(), coded)
}
