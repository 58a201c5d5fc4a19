//! Files to results: reads and sketches in parallel, then detects.

use super::copies::Copies;
use super::detect::{Checkpoint, Outcome, Run, Texts};
use super::gather::{Gathered, Names, Sketcher};
use super::needs::Budget;
use super::preview::{self, Glimpse, Preview, Sampling};
use super::progress::{Progress, Quiet, Stage};
use super::reading::{Made, ReadSome, Reader, Streams, follow};
use super::resume::{self, Later, WasRead, WorkDir};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::shelf::Store;
use crate::cluster::stays::{Removed, Rules};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{
    self, Cards, Drawn, Heard, InputOptions, Keeping, Kept, Library, Location, Plan, ReadArticle, Skipped, Source,
    Wanted,
};
use crate::report::catalogue::Catalogue;
use crate::report::clusters::Clusters;
use crate::report::summary::{self, BoilerplateFound, Counts, Crowds, Input, Settings, Summary};
use crate::report::{Copied, Sink};
use crate::score::ScoredPair;
use crate::sketch::Winnower;
use ahash::AHashSet;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A run over files whose articles have been read once.
pub struct Scan {
    options: InputOptions,
    config: Config,
    catalogue: Catalogue,
    kept: Kept,
    drawn: Drawn,
    skipped: Vec<Skipped>,
    left: Vec<Skipped>,
    heard: Heard,
    passed_over: BTreeMap<String, u64>,
    repeated: u64,
    /// Where stages are kept, and what was read.
    work: Option<(Arc<WorkDir>, u128)>,
}

/// What was made of each article of a [`Scan`], and which are copies.
pub struct Sketches(Gathered, Copies);

impl Sketches {
    /// Those of the publishers of which no article is.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn strangers<'n>(&self, publishers: &'n [String]) -> Vec<&'n str> {
        let there: AHashSet<&str> = self.0.publishers.all().collect();
        publishers.iter().map(String::as_str).filter(|name| !there.contains(name)).collect()
    }
}

/// All that a run found.
pub struct Found {
    /// The reported pairs, sorted.
    pub pairs: Vec<ScoredPair>,
    /// The clusters.
    pub clusters: Clusters,
    /// The articles that go, if any were to, ascending.
    pub removed: Vec<Removed>,
    /// For each article how much of it stands in others.
    pub copied: Vec<Option<Copied>>,
    /// For each article the one that stands for it in pairs: itself, unless it is a copy.
    pub standing: Vec<ArticleId>,
    /// What counted for nobody.
    pub boilerplate: Boilerplate,
    /// What was skipped, sorted.
    pub skipped: Vec<Skipped>,
    /// Files that were there and not to be read.
    pub left: Vec<Skipped>,
    /// The numbers.
    pub summary: Summary,
    /// How many pairs were scored.
    pub candidates: u64,
    /// How many fingerprints they have in common, altogether.
    pub matches: u64,
    /// Bytes that were put away in temporary files.
    pub temporary: u64,
}

impl Found {
    /// Everything that is there and was not read: what could not be, and what was not to be.
    #[must_use]
    pub fn listed(&self) -> Vec<Skipped> {
        self.skipped.iter().chain(&self.left).cloned().collect()
    }
}

impl Scan {
    /// Reads all articles of `plan`, keeping of each its sketch and where it lies. What can wait and is beyond its budget of
    /// memory is put away in a temporary file. With `work`, what stages give is kept there, or was.
    ///
    /// # Errors
    /// If there are more articles than 32-bit numbers can count, or a temporary file fails. What cannot be read is listed,
    /// and no error.
    pub fn read(
        plan: Plan,
        options: InputOptions,
        config: Config,
        (budget, work): (Budget, Option<Arc<WorkDir>>),
        progress: &dyn Progress,
    ) -> Result<(Self, Sketches)> {
        let store = &Arc::new(budget.shelves.map_or_else(Store::default, Store::bounded));
        progress.begin(Stage::Read, input::plain_bytes(&plan.sources));
        let mut kept = Kept::default();
        let work = work.map(|work| (work, resume::identity(&plan, &options, &config)));
        let read = match &work {
            None => read_all(&plan, (&options, &config), (&budget, store), (Drawn::default(), &mut kept), progress)?,
            Some((work, identity)) => {
                resume::check(&plan)?;
                if let Some(read) = work.load(&plan, *identity, store) {
                    read
                } else {
                    let drawn = work.texts()?;
                    let read = read_all(&plan, (&options, &config), (&budget, store), (drawn, &mut kept), progress)?;
                    work.save(&read, *identity)?;
                    read
                }
            }
        };
        let WasRead { mut gathered, cards, locations, mut heard, drawn } = read;
        let is_input = |location: &Location| !plan.sources[location.source as usize].reference;
        gathered.references_from = locations.partition_point(is_input) as u32;
        let mut skipped = plan.skipped;
        skipped.append(&mut heard.skipped);
        let (catalogue, copies) = rayon::join(
            || Catalogue::new(plan.sources, cards, locations, gathered.words.clone()),
            || Copies::new(&gathered),
        );
        let articles = || (0..).map(ArticleId).take(catalogue.cards.len());
        (gathered.publishers, gathered.sites) = rayon::join(
            || Names::new(articles().map(|article| catalogue.cards.get(article).publisher)),
            || Names::new(articles().map(|article| catalogue.site(article))),
        );
        let (left, passed_over, repeated) = (plan.left, plan.passed_over, plan.repeated);
        let scan = Self { options, config, catalogue, kept, drawn, skipped, left, heard, passed_over, repeated, work };
        Ok((scan, Sketches(gathered, copies)))
    }

    /// The articles that were read.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The fields that were set by a name and that no article has: which, and the name.
    #[cfg(feature = "cli")]
    pub fn unmet(&self) -> impl Iterator<Item = (&'static str, &str)> {
        type Has = fn(&input::CardView<'_>) -> bool;
        let names = &self.options.fields;
        let fields: [(_, _, Has); 5] = [
            ("id", &names.id, |card| card.id.is_some()),
            ("title", &names.title, |card| card.title.is_some()),
            ("date", &names.date, |card| card.date.is_some()),
            ("publisher", &names.publisher, |card| card.publisher.is_some()),
            ("url", &names.url, |card| card.url.is_some()),
        ];
        // A date that was not understood was there.
        let is_odd = |field| field == "date" && self.heard.odd_dates > 0;
        fields.into_iter().filter_map(move |(field, name, has)| {
            let name = name.as_deref()?;
            (!is_odd(field) && !self.catalogue.cards.iter().any(|card| has(&card))).then_some((field, name))
        })
    }

    /// What could not be read.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Finds the pairs, handing each to `sink`, and the clusters. `boilerplate` is what counts for nobody, if it is not to
    /// be learnt.
    ///
    /// # Errors
    /// If the sink or a temporary file fails.
    pub fn detect<S: Sink>(
        &self,
        sketches: Sketches,
        boilerplate: Option<&Boilerplate>,
        sink: &mut S,
        progress: &dyn Progress,
    ) -> Result<Found> {
        self.detect_and_remove(sketches, boilerplate, None, sink, progress)
    }

    /// Finds, too, which articles are to go by these rules.
    pub(super) fn detect_and_remove<S: Sink>(
        &self,
        sketches: Sketches,
        boilerplate: Option<&Boilerplate>,
        rules: Option<&Rules>,
        sink: &mut S,
        progress: &dyn Progress,
    ) -> Result<Found> {
        let Sketches(gathered, copies) = sketches;
        let store = Arc::clone(&gathered.store);
        let texts = self.on_disk();
        let later = self.work.as_ref().map(|read| Later::new(read, boilerplate, rules));
        let checkpoint = later.as_ref().map_or(&() as &dyn Checkpoint, |later| later);
        let run = Run { gathered, texts, config: &self.config, boilerplate, rules, sink, progress, checkpoint };
        // What a sink took is not kept.
        let later = later.as_ref().filter(|_| rules.is_some());
        let mut outcome = if let Some(outcome) = later.and_then(Later::outcome) {
            outcome
        } else {
            let outcome = run.detect(&copies)?;
            later.map_or(Ok(()), |later| later.keep_outcome(&outcome))?;
            outcome
        };
        let mut skipped = self.skipped.clone();
        skipped.extend(outcome.lost.iter().map(|(article, reason)| Skipped {
            source: self.catalogue.source(*article).name.clone(),
            record: self.catalogue.record(*article),
            reason: reason.clone(),
        }));
        skipped.extend(self.changed(&skipped));
        skipped.sort();
        // A file that goes is missed by each of its stretches.
        skipped.dedup();
        let clusters = Clusters::new(outcome.standing.len(), std::mem::take(&mut outcome.belonging));
        let summary = self.summary(&outcome, &clusters, &skipped);
        Ok(Found {
            pairs: outcome.pairs,
            clusters,
            removed: outcome.removed,
            copied: outcome.copied,
            standing: outcome.standing,
            boilerplate: outcome.boilerplate,
            skipped,
            left: self.left.clone(),
            summary,
            candidates: outcome.candidates,
            matches: outcome.matches,
            temporary: store.spilled() + self.drawn.bytes() + self.kept.extracted().bytes(),
        })
    }

    /// Sources that are not what they were when the run began, and of which nobody knows yet.
    fn changed(&self, known: &[Skipped]) -> Vec<Skipped> {
        let known: AHashSet<&str> = known.iter().map(|skip| skip.source.as_str()).collect();
        let changed = self.catalogue.sources.par_iter().filter_map(|source| {
            let reason = source.change()?;
            (!known.contains(&*source.name)).then(|| Skipped {
                source: source.name.clone(),
                record: None,
                reason: format!("{reason}; what was read first is counted"),
            })
        });
        changed.collect()
    }

    /// The unpacked bytes of a source, from memory if they were kept.
    pub(super) fn unpacked(&self, number: usize, source: &Source) -> std::io::Result<Box<dyn std::io::Read + '_>> {
        match self.kept.reader(number) {
            Some(reader) => Ok(Box::new(reader)),
            None => source.unpacked(self.options.limits),
        }
    }

    /// How the input is read.
    pub(super) fn options(&self) -> &InputOptions {
        &self.options
    }

    /// The settings.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The texts, to be read again.
    pub(super) fn on_disk(&self) -> OnDisk<'_> {
        let library =
            Library::new(&self.catalogue.sources, &self.catalogue.locations, &self.options, (&self.kept, &self.drawn));
        OnDisk { library, catalogue: &self.catalogue, options: &self.options }
    }

    fn summary(&self, outcome: &Outcome, clusters: &Clusters, skipped: &[Skipped]) -> Summary {
        let copies = outcome.standing.iter().zip(0..).filter(|(standing, article)| standing.0 != *article).count();
        Summary {
            format: summary::FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            counts: Counts::new(&self.catalogue, &outcome.pairs, clusters, copies as u64),
            relations: summary::relations(&outcome.pairs),
            recall_at_threshold: if self.config.exhaustive {
                1.0
            } else {
                self.config.bands.found(self.config.threshold)
            },
            measured_recall: outcome.recall,
            crowds: Crowds {
                articles: outcome.crowded as u64,
                unlisted_pairs: outcome.unlisted,
                overflow: outcome.overflow as u64,
            },
            boilerplate: BoilerplateFound {
                passages: outcome.boilerplate.passages().len() as u64,
                shingles: outcome.boilerplate.len() as u64,
            },
            long_runs: outcome.long_runs,
            input: Input {
                sources: self.catalogue.sources.len() as u64,
                bytes: self.heard.bytes,
                ids: self.catalogue.about_ids(),
                fields: summary::chosen_fields(&self.catalogue),
                invalid_utf8: self.heard.replaced,
                encodings: self.heard.encodings.clone(),
                odd_dates: self.heard.odd_dates,
                passed_over: self.passed_over.clone(),
                bare_pages: self.heard.bare,
                other_records: self.heard.others.clone(),
                repeated: self.repeated,
            },
            skipped: summary::skipped_by_reason(skipped),
            settings: Settings {
                config: self.config.clone(),
                max_record: self.options.limits.record,
                max_ratio: self.options.limits.ratio,
                date_format: self.options.date_format.clone(),
                include: self.options.include.clone(),
            },
        }
    }
}

/// Reads all articles, and keeps what is unpacked for it.
fn read_all(
    plan: &Plan,
    (options, config): (&InputOptions, &Config),
    (budget, store): (&Budget, &Arc<Store>),
    (drawn, kept): (Drawn, &mut Kept),
    progress: &dyn Progress,
) -> Result<WasRead> {
    let numbered = plan.sources.iter().enumerate().filter(|(_, source)| source.is_worth_keeping());
    let beyond = numbered.filter_map(|(number, source)| budget.is_beyond(source).then_some(number));
    let keeping = Keeping::new(budget.unpacked, beyond);
    let streams = Streams::Kept(&keeping);
    let reader = Reader { sources: &plan.sources, options, wanted: Wanted::All, streams, progress };
    let preview = preview(&plan.sources, options, config)?;
    let sketchers = Mutex::default();
    let first = FirstReading { sources: &plan.sources, config, preview: &preview, store, drawn: &drawn, sketchers };
    let Part { mut gathered, cards, locations, heard } = reader.all(&|read| first.part(read))?;
    drop(first);
    gathered.preview = preview;
    *kept = keeping.finish();
    Ok(WasRead { gathered, cards, locations, heard, drawn })
}

/// What one unit, or one block of a stream, gave.
#[derive(Default)]
struct Part {
    gathered: Gathered,
    cards: Cards,
    locations: Vec<Location>,
    heard: Heard,
}

impl Made for Part {
    fn join(&mut self, mut next: Self) -> Result<()> {
        let before = follow(&mut self.heard, next.heard);
        next.locations.iter_mut().filter(|location| location.record > 0).for_each(|location| location.record += before);
        self.gathered.append(next.gathered)?;
        self.cards.append(next.cards);
        self.locations.append(&mut next.locations);
        Ok(())
    }

    fn begin_source(&mut self) {
        self.heard.lines = 0;
    }
}

/// What the first reading is to watch for, where a look at short records and a sample of others can tell.
fn preview(sources: &[Source], options: &InputOptions, config: &Config) -> Result<Preview> {
    if config.guaranteed_run().is_none() {
        return Ok(Preview::default());
    }
    let with_order = sources.iter().filter(|source| !source.is_stream());
    let sampling = Sampling::of(with_order.map(|source| source.bytes).sum());
    let winnower = Winnower::new(config.shingle, config.run())?;
    let sampled = |location: &Location| {
        let number = location.offset ^ u64::from(location.source) << 40;
        sources[location.source as usize].is_stream() || sampling.takes(number)
    };
    let wanted = &|location: &Location| location.len <= preview::RECORD || sampled(location);
    let reader =
        Reader { sources, options, wanted: Wanted::TextAt(wanted), streams: Streams::heads(sources), progress: &Quiet };
    let glimpses: Vec<Glimpse> = reader.all(&|read| {
        let mut glimpse = Glimpse::default();
        read(&mut |article| glimpse.see(article.text, sampled(&article.location).then_some(winnower), config));
        Ok(vec![glimpse])
    })?;
    Ok(Preview::new(&glimpses))
}

struct FirstReading<'a> {
    sources: &'a [Source],
    config: &'a Config,
    preview: &'a Preview,
    store: &'a Arc<Store>,
    drawn: &'a Drawn,
    /// Those that nobody uses.
    sketchers: Mutex<Vec<Sketcher<'a>>>,
}

impl FirstReading<'_> {
    /// Sketches the articles that `read` gives.
    fn part(&self, read: Box<ReadSome<'_>>) -> Result<Part> {
        let mut part = Part::default();
        part.gathered.store = Arc::clone(self.store);
        let free = || self.sketchers.lock().ok()?.pop();
        let mut sketcher = free().map_or_else(|| Sketcher::new(self.config, self.preview), Ok)?;
        let (mut too_long, mut failed) = (Vec::new(), None);
        let heard = read(&mut |ReadArticle { text, card, mut location }| {
            let source = &self.sources[location.source as usize];
            match sketcher.sketch(text, card.date, &mut part.gathered) {
                Ok(_) => {
                    if source.format.is_drawn() {
                        match self.drawn.put(text) {
                            Ok(place) => location.text = place,
                            Err(error) => failed = Some(self.drawn.failed(&error)),
                        }
                    }
                    part.cards.push(&card);
                    part.locations.push(location);
                }
                Err(error) => too_long.push(Skipped {
                    source: source.name.clone(),
                    record: (location.record > 0).then_some(location.record),
                    reason: error.to_string(),
                }),
            }
        });
        failed.map_or(Ok(()), Err)?;
        sketcher.finish(&mut part.gathered)?;
        if let (true, Ok(mut free)) = (sketcher.is_small(), self.sketchers.lock()) {
            free.push(sketcher);
        }
        part.heard = heard;
        part.heard.skipped.append(&mut too_long);
        Ok(part)
    }
}

/// Articles that a thread reads again at a time.
const SOME: usize = 128;

/// Articles in files.
pub(super) struct OnDisk<'s> {
    library: Library<'s>,
    catalogue: &'s Catalogue,
    options: &'s InputOptions,
}

impl OnDisk<'_> {
    /// Reads articles again one by one, each where it lies.
    fn read_some<B: Default, P: Default + Send>(
        &self,
        progress: &dyn Progress,
        wanted: &(dyn Fn(ArticleId) -> bool + Sync),
        visit: &(dyn Fn(&mut B, &mut P, ArticleId, &str) + Sync),
    ) -> Vec<P> {
        let some = self.catalogue.locations.par_chunks(SOME).zip((0..u32::MAX).into_par_iter().step_by(SOME));
        let read = |buffers: &mut B, (locations, first): (&[Location], u32)| {
            let mut part = P::default();
            let wanted: Vec<_> = (first..).map(ArticleId).take(locations.len()).filter(|&one| wanted(one)).collect();
            self.library.fetch_ahead(&wanted);
            for article in wanted {
                // What cannot be read any more is said when a pair needs it.
                if let Ok(text) = self.library.text(article) {
                    visit(buffers, &mut part, article, &text);
                }
            }
            progress.advance(locations.iter().map(|location| location.len).sum());
            part
        };
        some.map_init(B::default, read).collect()
    }
}

impl Texts for OnDisk<'_> {
    fn prepare(&mut self, articles: impl FnOnce() -> Vec<ArticleId>) -> Result<()> {
        let library = &self.library;
        if library.is_all_at_hand() {
            return Ok(());
        }
        let articles = articles();
        let extracts: Vec<_> =
            library.packed(&articles).into_par_iter().map(|articles| library.extract(articles)).collect();
        for extract in extracts {
            self.library.install(extract.map_err(|error| Error::temporary(&error))?);
        }
        Ok(())
    }

    fn text_in(
        &self,
        article: ArticleId,
        raw: &mut Vec<u8>,
        text: String,
    ) -> std::result::Result<Cow<'_, str>, String> {
        self.library.text_in(article, raw, text).map(Cow::Owned)
    }

    fn fetch_ahead(&self, articles: impl FnOnce() -> Vec<ArticleId>) {
        self.library.fetch_ahead(&articles());
    }

    fn read_again<B: Default, P: Default + Send>(
        &self,
        (progress, stage): (&dyn Progress, Stage),
        wanted: &(dyn Fn(ArticleId) -> bool + Sync),
        visit: &(dyn Fn(&mut B, &mut P, ArticleId, &str) + Sync),
    ) -> Vec<P> {
        let sources = &self.catalogue.sources;
        progress.begin(stage, input::plain_bytes(sources));
        if self.library.is_all_at_hand() {
            return self.read_some(progress, wanted, visit);
        }
        let is_wanted = |location: &Location| self.library.find(location).is_some_and(wanted);
        let reader = Reader {
            sources,
            options: self.options,
            wanted: Wanted::TextAt(&is_wanted),
            streams: Streams::Whole,
            progress,
        };
        let part = |read: Box<ReadSome<'_>>| {
            let (mut buffers, mut part) = (B::default(), P::default());
            // Whatever is wrong with a record was heard in the first reading.
            read(&mut |article| {
                if let Some(number) = self.library.find(&article.location) {
                    visit(&mut buffers, &mut part, number, article.text);
                }
            });
            Ok(vec![part])
        };
        // The closure does not fail.
        reader.all(&part).unwrap_or_default()
    }
}
