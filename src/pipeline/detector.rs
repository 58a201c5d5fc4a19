//! The library's front door: articles in memory to a [`Detection`].

use super::copies::Copies;
use super::detect::{Run, Texts};
use super::gather::{Gathered, Names, Sketcher};
use super::preview::{Glimpse, Preview, Sampling};
use super::progress::{Progress, Quiet, Stage};
use crate::article::{Article, ArticleId};
use crate::boilerplate::Boilerplate;
use crate::candidates::bands::Bands;
use crate::config::{Config, RECALL, THRESHOLD};
use crate::error::Result;
use crate::report::{Copied, Render, Sink};
use crate::score::{Comparison, PassageSpans, ScoredPair, Side};
use crate::sketch::Winnower;
use rayon::prelude::*;
use std::borrow::Cow;

/// Finds duplicates among articles in memory.
///
/// ```
/// use wirecopy::{Article, Detector};
///
/// let wire = "The council voted on Monday to close the old harbour bridge for repairs until the end of March.";
/// let reprint = wire.replace("March", "April");
/// let articles = [Article::new("wire", wire), Article::new("reprint", reprint), Article::new("other", "Rain is expected.")];
/// let detection = Detector::builder().threshold(0.7).build()?.detect(&articles)?;
/// assert_eq!(detection.pairs().len(), 1);
/// assert_eq!(detection.pairs()[0].overlap.jaccard(), 13.0 / 15.0);
/// # Ok::<(), wirecopy::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Detector {
    config: Config,
    boilerplate: Option<Boilerplate>,
}

/// Settings of a [`Detector`]; see [`Config`] for what each means.
#[derive(Clone, Debug)]
pub struct DetectorBuilder {
    threshold: f64,
    recall: f64,
    bands: Option<(usize, usize)>,
    /// The other settings; its bands are not looked at.
    others: Config,
    boilerplate: Option<Boilerplate>,
}

impl DetectorBuilder {
    /// Least Jaccard of a reported pair.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Probability that a pair at the threshold is found.
    #[must_use]
    pub fn recall(mut self, recall: f64) -> Self {
        self.recall = recall;
        self
    }

    /// Words a shingle.
    #[must_use]
    pub fn shingle(mut self, words: usize) -> Self {
        self.others.shingle = words;
        self
    }

    /// Bands and rows, instead of those that the recall asks for.
    #[must_use]
    pub fn bands(mut self, bands: usize, rows: usize) -> Self {
        self.bands = Some((bands, rows));
        self
    }

    /// Compare and list all pairs, among copies and in crowds too; may be quadratic.
    #[must_use]
    pub fn list_all(mut self, list_all: bool) -> Self {
        self.others.list_all = list_all;
        self
    }

    /// Least containment of a pair that is reported for it, or `None` to look for none.
    #[must_use]
    pub fn containment(mut self, containment: Option<f64>) -> Self {
        self.others.containment = containment;
        self
    }

    /// Report every pair that shares a verbatim run of so many words.
    #[must_use]
    pub fn passage(mut self, words: Option<usize>) -> Self {
        self.others.passage = words;
        self
    }

    /// Find the pairs at the threshold with certainty.
    #[must_use]
    pub fn exhaustive(mut self, exhaustive: bool) -> Self {
        self.others.exhaustive = exhaustive;
        self
    }

    /// Only pairs published at most so many days apart; a missing date, or time of day, hides nothing.
    #[must_use]
    pub fn within_days(mut self, days: Option<f64>) -> Self {
        self.others.within_days = days;
        self
    }

    /// Only pairs of different publishers; a missing publisher hides nothing.
    #[must_use]
    pub fn across_publishers(mut self, across: bool) -> Self {
        self.others.across_publishers = across;
        self
    }

    /// Count boilerplate like any other words.
    #[must_use]
    pub fn count_boilerplate(mut self, count: bool) -> Self {
        self.others.count_boilerplate = count;
        self
    }

    /// What is nobody's own words, instead of learning it.
    #[must_use]
    pub fn boilerplate(mut self, boilerplate: Boilerplate) -> Self {
        self.boilerplate = Some(boilerplate);
        self
    }

    /// The detector with these settings.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::ErrorKind::Setting) if one of them makes no sense.
    pub fn build(self) -> Result<Detector> {
        let bands = self.bands.map(|(bands, rows)| Bands::new(bands, rows)).transpose()?;
        let Config { bands, .. } = Config::new(self.threshold, self.recall, bands)?;
        let config = Config { threshold: self.threshold, recall: self.recall, bands, ..self.others };
        Ok(Detector { config: config.checked()?, boilerplate: self.boilerplate })
    }
}

impl Detector {
    /// A detector to be set up, with the defaults of [`Config`].
    #[must_use]
    pub fn builder() -> DetectorBuilder {
        DetectorBuilder {
            threshold: THRESHOLD,
            recall: RECALL,
            bands: None,
            others: Config::default(),
            boilerplate: None,
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Finds the pairs and clusters among `articles`, in the caller's rayon pool.
    ///
    /// # Errors
    /// If there are more than 2^32 − 2 articles, or a text is longer than 4 GiB.
    pub fn detect(&self, articles: &[Article]) -> Result<Detection> {
        self.detect_with(articles, &Quiet)
    }

    /// The same, with someone to hear how far it is.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub fn detect_with(&self, articles: &[Article], progress: &dyn Progress) -> Result<Detection> {
        progress.begin(Stage::Read, Some(bytes(articles)));
        let preview = self.preview(articles)?;
        let parts: Vec<Result<Gathered>> = articles
            .par_chunks(CHUNK)
            .map(|chunk| {
                let (mut sketcher, mut part) = (Sketcher::new(&self.config, &preview)?, Gathered::default());
                for article in chunk {
                    sketcher.sketch(&article.text, article.date, &mut part)?;
                    progress.advance(article.text.len() as u64);
                }
                sketcher.finish(&mut part)?;
                Ok(part)
            })
            .collect();
        let mut gathered = Gathered::default();
        for part in parts {
            gathered.append(part?)?;
        }
        gathered.references_from = gathered.len() as u32;
        gathered.preview = preview;
        let publishers = || Names::new(articles.iter().map(|article| article.publisher.as_deref()));
        (gathered.publishers, gathered.sites) = (publishers(), publishers());
        let mut passages = Collected::default();
        let copies = Copies::new(&gathered);
        let run = Run {
            gathered,
            texts: InMemory(articles),
            config: &self.config,
            rules: None,
            boilerplate: self.boilerplate.as_ref(),
            sink: &mut passages,
            progress,
            checkpoint: &(),
        };
        let outcome = run.detect(&copies)?;
        Ok(Detection {
            pairs: outcome.pairs,
            passages: passages.0,
            belonging: outcome.belonging,
            articles: articles.len(),
            copied: outcome.copied,
            boilerplate: outcome.boilerplate,
            long_runs: outcome.long_runs,
            unlisted: outcome.unlisted,
            overflow: outcome.overflow as u64,
        })
    }
}

impl Detector {
    /// What the first reading is to watch for.
    fn preview(&self, articles: &[Article]) -> Result<Preview> {
        if self.config.guaranteed_run().is_none() {
            return Ok(Preview::default());
        }
        let sampling = Sampling::of(bytes(articles));
        let winnower = Winnower::new(self.config.shingle, self.config.run())?;
        let of_chunk = |(chunk, articles): (usize, &[Article])| {
            let mut glimpse = Glimpse::default();
            for (article, number) in articles.iter().zip(CHUNK as u64 * chunk as u64..) {
                glimpse.see(&article.text, sampling.takes(number).then_some(winnower), &self.config);
            }
            glimpse
        };
        let glimpses: Vec<Glimpse> = articles.par_chunks(CHUNK).enumerate().map(of_chunk).collect();
        Ok(Preview::new(&glimpses))
    }
}

/// Articles that a thread takes at a time.
const CHUNK: usize = 256;

/// Bytes of the texts of all articles.
fn bytes(articles: &[Article]) -> u64 {
    articles.iter().map(|article| article.text.len() as u64).sum()
}

struct InMemory<'a>(&'a [Article]);

impl Texts for InMemory<'_> {
    fn prepare(&mut self, _: impl FnOnce() -> Vec<ArticleId>) -> Result<()> {
        Ok(())
    }

    fn text_in(&self, article: ArticleId, _: &mut Vec<u8>, _: String) -> std::result::Result<Cow<'_, str>, String> {
        Ok(Cow::Borrowed(&self.0[article.index()].text))
    }

    fn read_again<B: Default, P: Default + Send>(
        &self,
        (progress, stage): (&dyn Progress, Stage),
        wanted: &(dyn Fn(ArticleId) -> bool + Sync),
        visit: &(dyn Fn(&mut B, &mut P, ArticleId, &str) + Sync),
    ) -> Vec<P> {
        progress.begin(stage, Some(bytes(self.0)));
        let chunks = self.0.par_chunks(CHUNK).enumerate();
        chunks
            .map_init(B::default, |buffers, (chunk, articles)| {
                let mut part = P::default();
                for (article, number) in articles.iter().zip((CHUNK * chunk) as u32..) {
                    if wanted(ArticleId(number)) {
                        visit(buffers, &mut part, ArticleId(number), &article.text);
                    }
                    progress.advance(article.text.len() as u64);
                }
                part
            })
            .collect()
    }
}

#[derive(Default)]
struct Collected(Vec<Vec<PassageSpans>>);

/// Makes of pairs the places of their passages.
struct Spans;

impl Render for Spans {
    type Rendered = Vec<PassageSpans>;

    fn render(&self, _: &ScoredPair, comparison: &Comparison, a: Side<'_>, b: Side<'_>) -> Vec<PassageSpans> {
        PassageSpans::all(comparison, a, b)
    }

    fn bytes(passages: &Vec<PassageSpans>) -> usize {
        passages.capacity() * size_of::<PassageSpans>()
    }
}

impl Sink for Collected {
    type Render = Spans;

    fn renderer(&self) -> Spans {
        Spans
    }

    fn take(&mut self, _: &ScoredPair, passages: Vec<PassageSpans>) -> Result<()> {
        self.0.push(passages);
        Ok(())
    }
}

/// What was found among articles in memory.
#[derive(Clone, Debug)]
pub struct Detection {
    pairs: Vec<ScoredPair>,
    passages: Vec<Vec<PassageSpans>>,
    belonging: Vec<ScoredPair>,
    articles: usize,
    copied: Vec<Option<Copied>>,
    boilerplate: Boilerplate,
    long_runs: u64,
    unlisted: u64,
    overflow: u64,
}

impl Detection {
    /// The reported pairs, sorted by a, then b. Of exact copies, each is listed once, with the one that stands for it.
    #[must_use]
    pub fn pairs(&self) -> &[ScoredPair] {
        &self.pairs
    }

    /// The passages of the pair at `index` of [`pairs`](Self::pairs), in the order of a.
    ///
    /// # Panics
    /// If there is no such pair.
    #[must_use]
    pub fn passages(&self, index: usize) -> &[PassageSpans] {
        &self.passages[index]
    }

    /// The representative of an article: itself, unless it is a duplicate of an earlier one.
    ///
    /// # Panics
    /// If there is no such article.
    #[must_use]
    pub fn representative(&self, article: ArticleId) -> ArticleId {
        self.relation_to_representative(article).map_or(article, |pair| pair.b)
    }

    /// How an article (as a) relates to its representative (as b); `None` for a representative.
    ///
    /// # Panics
    /// If there is no such article.
    #[must_use]
    pub fn relation_to_representative(&self, article: ArticleId) -> Option<&ScoredPair> {
        assert!(article.index() < self.articles, "there are {} articles", self.articles);
        self.belonging.binary_search_by_key(&article, |pair| pair.a).ok().map(|at| &self.belonging[at])
    }

    /// How much of an article stands in others, boilerplate apart; `None` if nothing does.
    ///
    /// # Panics
    /// If there is no such article.
    #[must_use]
    pub fn copied(&self, article: ArticleId) -> Option<Copied> {
        self.copied[article.index()]
    }

    /// What counted for nobody: given, or learnt from the articles.
    #[must_use]
    pub fn boilerplate(&self) -> &Boilerplate {
        &self.boilerplate
    }

    /// How many pairs are not reported though they share a verbatim run of 25 words or more.
    #[must_use]
    pub fn long_runs(&self) -> u64 {
        self.long_runs
    }

    /// How many articles were not compared with all others that they share a frequent shingle with, nor follow a leader.
    #[must_use]
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// How many pairs of crowds of near-identical articles were left unlisted.
    #[must_use]
    pub fn unlisted(&self) -> u64 {
        self.unlisted
    }
}
