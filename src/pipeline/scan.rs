//! Files to results: reads and sketches in parallel, then detects.

use super::detect::{Outcome, Run, Texts};
use super::gather::{Gathered, Sketcher};
use super::progress::{Progress, Stage};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{self, Card, Heard, InputOptions, Library, Location, Plan, ReadArticle, Skipped, Unit};
use crate::report::Sink;
use crate::report::catalogue::Catalogue;
use crate::report::clusters::Clusters;
use crate::report::summary::{self, Counts, Crowds, Input, Settings, Summary};
use crate::score::ScoredPair;
use rayon::iter::ParallelBridge;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A run over files whose articles have been read once.
pub struct Scan {
    options: InputOptions,
    config: Config,
    gathered: Gathered,
    catalogue: Catalogue,
    skipped: Vec<Skipped>,
    heard: Heard,
    passed_over: BTreeMap<String, u64>,
    repeated: u64,
}

/// All that a run found.
pub struct Found {
    /// The reported pairs, sorted.
    pub pairs: Vec<ScoredPair>,
    /// The clusters.
    pub clusters: Clusters,
    /// What was skipped, sorted.
    pub skipped: Vec<Skipped>,
    /// The numbers.
    pub summary: Summary,
    /// How many pairs were scored.
    pub candidates: u64,
}

impl Scan {
    /// Reads all articles of `plan`, keeping of each its sketch and where it lies.
    ///
    /// # Errors
    /// If there are more articles than 32-bit numbers can count. What cannot be read is listed, and no error.
    pub fn read(plan: Plan, options: InputOptions, config: Config, progress: &dyn Progress) -> Result<Self> {
        let total: u64 = plan.sources.iter().map(|source| source.bytes).sum();
        let plain = plan.sources.iter().all(|source| source.packing == input::Packing::Plain);
        progress.begin(Stage::Read, plain.then_some(total));
        let units = plan.units();
        let reader = Reader { plan: &plan, options: &options, config: &config, progress };
        let read: Vec<Result<Part>> = units.par_iter().with_max_len(1).map(|unit| reader.unit(unit)).collect();

        let mut whole = Part::default();
        let mut references_from = None;
        let mut source = 0;
        for (unit, part) in units.iter().zip(read) {
            if unit.source() != source {
                // Records are numbered afresh in each source.
                whole.heard.lines = 0;
                source = unit.source();
            }
            if plan.sources[source].reference && references_from.is_none() {
                references_from = Some(whole.gathered.len() as u32);
            }
            whole.append(part?)?;
        }
        let Part { mut gathered, cards, locations, mut heard } = whole;
        gathered.references_from = references_from.unwrap_or(gathered.len() as u32);
        let mut skipped = plan.skipped;
        skipped.append(&mut heard.skipped);
        let catalogue = Catalogue::new(plan.sources, cards, locations, gathered.words.clone());
        let (passed_over, repeated) = (plan.passed_over, plan.repeated);
        Ok(Self { options, config, gathered, catalogue, skipped, heard, passed_over, repeated })
    }

    /// The articles that were read.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What could not be read.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Finds the pairs, handing each to `sink`, and the clusters.
    ///
    /// # Errors
    /// If the sink or a temporary file fails.
    pub fn detect<S: Sink>(&self, sink: &mut S, progress: &dyn Progress) -> Result<Found> {
        let library = Library::new(&self.catalogue.sources, &self.catalogue.locations, &self.options);
        let run = Run {
            gathered: &self.gathered,
            texts: OnDisk(library),
            config: &self.config,
            boilerplate: &Boilerplate::default(),
            sink,
            progress,
            lost: Mutex::default(),
        };
        let outcome = run.detect()?;
        let mut skipped = self.skipped.clone();
        skipped.extend(outcome.lost.iter().map(|(article, reason)| Skipped {
            source: self.catalogue.source(*article).name.clone(),
            record: self.catalogue.record(*article),
            reason: reason.clone(),
        }));
        skipped.sort();
        let belongs: Vec<(ArticleId, Option<ScoredPair>)> =
            outcome.membership.iter().map(|place| (place.representative, place.pair)).collect();
        let clusters = Clusters::new(&belongs);
        let summary = self.summary(&outcome, &clusters, &skipped);
        Ok(Found { pairs: outcome.pairs, clusters, skipped, summary, candidates: outcome.candidates })
    }

    fn summary(&self, outcome: &Outcome, clusters: &Clusters, skipped: &[Skipped]) -> Summary {
        let copies = outcome.standing.iter().zip(0..).filter(|(standing, article)| standing.0 != *article).count();
        Summary {
            format: summary::FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            counts: Counts::new(&self.catalogue, &outcome.pairs, clusters, copies as u64),
            relations: summary::relations(&outcome.pairs),
            recall_at_threshold: self.config.bands.found(self.config.threshold),
            crowds: Crowds {
                articles: outcome.crowded as u64,
                unlisted_pairs: outcome.unlisted,
                overflow: outcome.overflow as u64,
            },
            boilerplate: 0,
            input: Input {
                sources: self.catalogue.sources.len() as u64,
                bytes: self.heard.bytes,
                ids: self.catalogue.about_ids(),
                fields: summary::chosen_fields(&self.catalogue),
                invalid_utf8: self.heard.replaced,
                odd_dates: self.heard.odd_dates,
                passed_over: self.passed_over.clone(),
                repeated: self.repeated,
            },
            skipped: summary::skipped_by_reason(skipped),
            settings: Settings {
                config: self.config.clone(),
                max_record: self.options.max_record,
                date_format: self.options.date_format.clone(),
                include: self.options.include.clone(),
            },
        }
    }
}

/// What one unit, or one block of a stream, gave.
#[derive(Default)]
struct Part {
    gathered: Gathered,
    cards: Vec<Card>,
    locations: Vec<Location>,
    heard: Heard,
}

impl Part {
    /// Adds what comes next in input order, numbering its records on from here.
    fn append(&mut self, mut next: Self) -> Result<()> {
        let before = self.heard.lines;
        next.locations.iter_mut().filter(|location| location.record > 0).for_each(|location| location.record += before);
        next.heard.skipped.iter_mut().filter_map(|skip| skip.record.as_mut()).for_each(|record| *record += before);
        self.gathered.append(next.gathered)?;
        self.cards.append(&mut next.cards);
        self.locations.append(&mut next.locations);
        self.heard.skipped.append(&mut next.heard.skipped);
        self.heard.lines += next.heard.lines;
        self.heard.replaced += next.heard.replaced;
        self.heard.odd_dates += next.heard.odd_dates;
        self.heard.bytes += next.heard.bytes;
        Ok(())
    }
}

struct Reader<'a> {
    plan: &'a Plan,
    options: &'a InputOptions,
    config: &'a Config,
    progress: &'a dyn Progress,
}

impl Reader<'_> {
    fn unit(&self, unit: &Unit) -> Result<Part> {
        let sources = &self.plan.sources;
        let Some(blocks) = unit.blocks(sources, self.options) else {
            return self.part(|take| unit.read(sources, self.options, take));
        };
        // A stream is read by one thread at a time, its blocks worked on by all.
        let index = unit.source();
        let mut parts: Vec<(usize, Result<Part>)> = blocks
            .enumerate()
            .par_bridge()
            .map(|(number, block)| {
                let part = self.part(|take| input::read_block(index, &sources[index], &block, self.options, take));
                (number, part)
            })
            .collect();
        parts.sort_unstable_by_key(|&(number, _)| number);
        let mut whole = Part::default();
        parts.into_iter().try_for_each(|(_, part)| whole.append(part?))?;
        Ok(whole)
    }

    /// Sketches the articles that `read` gives.
    fn part(&self, read: impl FnOnce(&mut dyn FnMut(ReadArticle<'_>)) -> Heard) -> Result<Part> {
        let mut part = Part::default();
        let mut sketcher = Sketcher::new(self.config)?;
        let mut too_long = Vec::new();
        let heard = read(&mut |article| match sketcher.sketch(article.text, article.card.date, &mut part.gathered) {
            Ok(_) => {
                part.cards.push(article.card);
                part.locations.push(article.location);
            }
            Err(error) => too_long.push(Skipped {
                source: self.plan.sources[article.location.source as usize].name.clone(),
                record: (article.location.record > 0).then_some(article.location.record),
                reason: error.to_string(),
            }),
        });
        part.heard = heard;
        part.heard.skipped.append(&mut too_long);
        self.progress.advance(part.heard.bytes);
        Ok(part)
    }
}

struct OnDisk<'s>(Library<'s>);

impl Texts for OnDisk<'_> {
    fn prepare(&mut self, articles: &[ArticleId]) -> Result<()> {
        let extracts: Vec<_> =
            self.0.packed(articles).into_par_iter().map(|articles| self.0.extract(articles)).collect();
        for extract in extracts {
            self.0.install(extract.map_err(|error| Error::output(&error))?);
        }
        Ok(())
    }

    fn text(&self, article: ArticleId) -> std::result::Result<Cow<'_, str>, String> {
        self.0.text(article).map(Cow::Owned)
    }
}
