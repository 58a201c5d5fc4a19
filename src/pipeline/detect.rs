//! Sketches to results: copies collapse, boilerplate is learnt, bands and fingerprints propose, crowds are settled, pairs
//! are scored, clusters formed.

use super::copied::Tally;
use super::copies::Copies;
use super::desk::{CHANGED, Office};
use super::exhaustive::Join;
use super::filter::Filter;
use super::gather::Gathered;
use super::grouping::{Followers, Grouping};
use super::index::{Brought, Indexer, Marks};
use super::learn::{self, Survey};
use super::progress::{Progress, Stage};
use super::verify::{Origin, Verifier, Work};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::candidates::crowd::Crowds;
use crate::candidates::lsh::{self, Traces};
use crate::candidates::run::ShelvedRun;
use crate::cluster::stays::{Removed, Rules};
use crate::config::Config;
use crate::error::Result;
use crate::report::{Copied, MeasuredRecall, Sink};
use crate::score::ScoredPair;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Reverse;

/// Gives back the texts that were gathered.
pub(crate) trait Texts: Sync {
    /// Announces which articles may be asked for, ascending, so that a source that has only one order can be read once.
    /// They are not asked for where every article can be read by itself.
    fn prepare(&mut self, articles: impl FnOnce() -> Vec<ArticleId>) -> Result<()>;

    /// The text of an article, or why there is none any more.
    fn text(&self, article: ArticleId) -> std::result::Result<Cow<'_, str>, String> {
        self.text_in(article, &mut Vec::new(), String::new())
    }

    /// The same with buffers: for the bytes that it is made of, and for the text.
    fn text_in(&self, article: ArticleId, raw: &mut Vec<u8>, text: String)
    -> std::result::Result<Cow<'_, str>, String>;

    /// Says that the texts of some articles, ascending, are asked for soon.
    fn fetch_ahead(&self, _articles: impl FnOnce() -> Vec<ArticleId>) {}

    /// Reads the articles that are `wanted` again, in parallel. Gives what `visit` made of each stretch of them, in input
    /// order; its buffers are not kept.
    fn read_again<B: Default, P: Default + Send>(
        &self,
        progress: (&dyn Progress, Stage),
        wanted: &(dyn Fn(ArticleId) -> bool + Sync),
        visit: &(dyn Fn(&mut B, &mut P, ArticleId, &str) + Sync),
    ) -> Vec<P>;
}

/// These articles, ascending, each once.
pub(super) fn ascending(articles: impl Iterator<Item = ArticleId>) -> Vec<ArticleId> {
    let mut articles: Vec<ArticleId> = articles.collect();
    articles.par_sort_unstable();
    articles.dedup();
    articles
}

/// All that a run found, pairs apart, which went to the sink.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(not(feature = "formats"), allow(dead_code, reason = "only the summary of a scan tells all of it"))]
pub(crate) struct Outcome {
    pub(crate) pairs: Vec<ScoredPair>,
    /// For each article the one that stands for it: itself, unless it is a copy.
    pub(crate) standing: Vec<ArticleId>,
    /// Each article that is not its own representative (as a) and that (as b), ascending.
    pub(crate) belonging: Vec<ScoredPair>,
    /// Articles that the rules remove, ascending.
    pub(crate) removed: Vec<Removed>,
    /// For each article how much of it stands in others.
    pub(crate) copied: Vec<Option<Copied>>,
    /// What counts for nobody.
    #[serde(skip)]
    pub(crate) boilerplate: Boilerplate,
    /// Pairs that are not reported, but share a long run.
    pub(crate) long_runs: u64,
    /// The recall, if it was measured.
    pub(crate) recall: Option<MeasuredRecall>,
    /// Pairs of a crowd's members that were not listed.
    pub(crate) unlisted: u64,
    /// Members of crowds that matched no leader there.
    pub(crate) overflow: usize,
    /// Articles in crowds.
    pub(crate) crowded: usize,
    /// Articles whose text was not there any more, or not the same, with the reason.
    pub(crate) lost: Vec<(ArticleId, String)>,
    pub(crate) candidates: u64,
    /// Fingerprints that candidates have in common, altogether.
    pub(crate) matches: u64,
}

pub(crate) struct Run<'a, T, S> {
    pub(crate) gathered: Gathered,
    pub(crate) texts: T,
    pub(crate) config: &'a Config,
    /// What counts for nobody, if it is not to be learnt.
    pub(crate) boilerplate: Option<&'a Boilerplate>,
    /// What is to be removed, if anything is.
    pub(crate) rules: Option<&'a Rules>,
    pub(crate) sink: &'a mut S,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) checkpoint: &'a dyn Checkpoint,
}

/// What came together.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// What counts for nobody.
    pub(crate) boilerplate: Boilerplate,
    /// By their signatures, sorted.
    pub(crate) alike: Vec<Pair>,
    pub(crate) alike_crowds: Vec<Vec<u32>>,
    /// By what they share.
    pub(crate) brought: Brought,
}

/// Where candidates are kept, so that a run that was stopped need not look for them again.
pub(crate) trait Checkpoint: Sync {
    /// Those that are there.
    fn candidates(&self) -> Option<Candidates>;

    /// Keeps them.
    fn keep(&self, candidates: &Candidates) -> Result<()>;
}

/// Nothing is kept.
impl Checkpoint for () {
    fn candidates(&self) -> Option<Candidates> {
        None
    }

    fn keep(&self, _: &Candidates) -> Result<()> {
        Ok(())
    }
}

impl<T: Texts, S: Sink> Run<'_, T, S> {
    pub(crate) fn detect(mut self, copies: &Copies) -> Result<Outcome> {
        let traces = Traces::new(std::mem::take(&mut self.gathered.traces), self.config.bands.k());
        let candidates = if let Some(candidates) = self.checkpoint.candidates() {
            // Of what they were made, nothing is needed any more.
            self.gathered.survey.clear();
            (self.gathered.looked_up, self.gathered.common) = Default::default();
            candidates
        } else {
            let candidates = self.candidates(&traces, copies)?;
            self.checkpoint.keep(&candidates)?;
            candidates
        };
        let boilerplate = &candidates.boilerplate;
        let filter = &Filter::new(&self.gathered, self.config, copies);
        let of_sample = || self.join(copies, boilerplate)?.of_sample(&self.gathered, copies, self.config);
        let sample = self.config.measure_recall.then(of_sample).transpose()?;
        let sampled = sample.as_ref().map_or(&[][..], |sample| &sample.pairs);
        self.texts.prepare(|| needed(self.gathered.len(), &candidates, sampled, copies))?;

        let office = Office::new(&self.gathered, &self.texts, self.config, boilerplate);
        candidates.brought.lost.iter().for_each(|&article| office.lose(article, CHANGED.to_owned()));
        let tally = Tally::new(&self.gathered, copies, self.rules.is_some());
        let verifier = Verifier { office, filter, copies, tally: &tally, progress: self.progress };
        let crowd_members = candidates.alike_crowds.iter().chain(&candidates.brought.crowds).flatten();
        let crowded = crowd_members.collect::<ahash::AHashSet<_>>().len();
        let (work, crowds, matches) = {
            let mut crowds = Crowds::default();
            let parts = |crowds: Vec<Vec<u32>>| crowds.into_iter().flat_map(|crowd| filter.parts(crowd)).collect();
            crowds.settle(parts(candidates.brought.crowds), |pairs| verifier.judge(Origin::Shared, pairs));
            let likely = |pairs: &[Pair]| verifier.judge_likely(&traces, pairs);
            let overflow = crowds.settle(parts(candidates.alike_crowds), likely);
            let mut alike = candidates.alike;
            alike.extend(self.rarely_alike(&overflow, &traces, boilerplate)?);
            let proposed = Proposed { alike, shared: candidates.brought.pairs };
            (proposed.work(&crowds, copies, filter, self.config), crowds, candidates.brought.matches)
        };

        let followers = Followers::new(&crowds, &traces);
        drop(traces);
        self.progress.begin(Stage::Score, Some(work.len() as u64));
        let (found, ((belonging, removed), copied)) = verifier.score(&work, self.sink, |found| {
            self.progress.begin(Stage::Cluster, None);
            let grouping = Grouping { verifier: &verifier, copies, found, crowds: &crowds, followers: &followers };
            let removed = || self.rules.map_or(Vec::new(), |rules| grouping.removed(rules));
            // The first is mostly one thread's work, the other that of all, and so of those that come to help.
            rayon::join(|| (grouping.clusters(), removed()), || tally.finish(copies))
        })?;
        // What is compared for the sake of the recall does not count.
        let long_runs = tally.long_runs();
        let unlisted = crowds.unlisted(found.iter().map(key), |article| self.gathered.is_reference(article));
        let recall = sample.map(|sample| {
            let listed = |pair: Pair| found.binary_search_by_key(&pair, key).is_ok() || crowds.share_a_leader(pair);
            sample.recall(&verifier, listed)
        });
        let lost = verifier.office.into_lost();
        Ok(Outcome {
            pairs: found,
            standing: copies.standing.clone(),
            belonging,
            removed,
            long_runs,
            copied,
            boilerplate: candidates.boilerplate,
            recall,
            unlisted,
            overflow: crowds.overflow.len(),
            crowded,
            lost,
            candidates: work.len() as u64,
            matches,
        })
    }

    /// What is worth comparing.
    fn candidates(&mut self, traces: &Traces, copies: &Copies) -> Result<Candidates> {
        let (survey, boilerplate) = self.learn(traces, copies)?;
        let filter = &Filter::new(&self.gathered, self.config, copies);
        let marks = Marks::new(&survey.hot, &boilerplate, &self.gathered, self.config);
        let mut brought = self.bring(copies, &marks, survey.shared)?;
        let (alike, mut alike_crowds) = if self.config.exhaustive {
            (self.join(copies, &boilerplate)?.candidates(self.config)?, Vec::new())
        } else {
            self.alike(traces, copies, filter)?
        };
        brought.pairs.retain(|&pair| filter.admits(pair));
        let has_input = |crowd: &Vec<u32>| crowd.iter().any(|&member| !self.gathered.is_reference(member));
        alike_crowds.retain(has_input);
        brought.crowds.retain(has_input);
        Ok(Candidates { boilerplate, alike, alike_crowds, brought })
    }

    /// Of those who overflow in many bands, the pairs that share a shingle which few have. Who does in a few has all others.
    fn rarely_alike(
        &self,
        overflow: &AHashMap<u32, usize>,
        traces: &Traces,
        boilerplate: &Boilerplate,
    ) -> Result<Vec<Pair>> {
        /// One in so many of all bands is many.
        const MANY: usize = 8;
        let Self { texts, gathered, config, .. } = self;
        let many = overflow.iter().filter(|&(_, &times)| MANY * times >= config.bands.bands());
        let mut members: Vec<u32> = many.map(|(&member, _)| member).collect();
        if members.is_empty() {
            return Ok(Vec::new());
        }
        members.sort_unstable();
        let agreement = config.bands.agreement(config.threshold);
        let join = Join::among(&members, (texts, gathered), boilerplate, config)?;
        join.by_rare(config, |pair| traces.agree(pair, agreement))
    }

    /// Every article with every other.
    fn join(&self, copies: &Copies, boilerplate: &Boilerplate) -> Result<Join> {
        Join::new(&self.texts, &self.gathered, copies, boilerplate, self.config, self.progress)
    }

    /// Which shingles are frequent, and which are nobody's own.
    fn learn(&mut self, traces: &Traces, copies: &Copies) -> Result<(Survey, Boilerplate)> {
        if self.config.guaranteed_run().is_none() {
            return Ok((Survey::default(), self.boilerplate.cloned().unwrap_or_default()));
        }
        self.progress.begin(Stage::Survey, None);
        let mut survey = learn::survey(&mut self.gathered, traces, copies, self.config)?;
        let suspects = std::mem::take(&mut survey.suspects);
        let boilerplate = match self.boilerplate {
            _ if self.config.count_boilerplate => Boilerplate::default(),
            Some(given) => given.clone(),
            None => learn::learn(&suspects, &self.gathered, &mut self.texts, self.config)?,
        };
        Ok((survey, boilerplate))
    }

    /// What shares fingerprints.
    fn bring(&self, copies: &Copies, marks: &Marks<'_>, shared: Vec<ShelvedRun>) -> Result<Brought> {
        let Self { texts, gathered, config, progress, .. } = self;
        Indexer { texts, gathered, copies, config, marks, progress: *progress }.bring(shared)
    }

    /// What the bands bring together: pairs, sorted, and crowds.
    fn alike(&self, traces: &Traces, copies: &Copies, filter: &Filter<'_>) -> Result<(Vec<Pair>, Vec<Vec<u32>>)> {
        let Self { gathered, config, progress, .. } = self;
        let bands = config.bands.bands();
        progress.begin(Stage::Candidates, Some(bands as u64));
        let agreement = config.bands.agreement(config.threshold);
        let (mut pairs, mut crowds) = (AHashSet::new(), Vec::new());
        let at_once: Vec<usize> = (0..bands).collect();
        let limit = lsh::limit(config.list_all);
        for some in at_once.chunks(rayon::current_num_threads()) {
            let found: Result<Vec<lsh::Buckets>> = some
                .par_iter()
                .map(|&band| {
                    let mut found = lsh::buckets(&gathered.keys.column(band, bands)?, &copies.members, limit);
                    let is_new = |pair: &Pair| !pairs.contains(pair);
                    found.pairs.retain(|pair| is_new(pair) && traces.agree(*pair, agreement) && filter.admits(*pair));
                    progress.advance(1);
                    Ok(found)
                })
                .collect();
            for buckets in found? {
                pairs.extend(buckets.pairs);
                crowds.extend(buckets.crowds);
            }
        }
        let mut pairs: Vec<Pair> = pairs.into_iter().collect();
        pairs.par_sort_unstable();
        Ok((pairs, crowds))
    }
}

/// Of so many articles those whose texts will be asked for.
fn needed(articles: usize, candidates: &Candidates, others: &[Pair], copies: &Copies) -> Vec<ArticleId> {
    let mut needed = vec![false; articles];
    candidates.alike.iter().chain(&candidates.brought.pairs).chain(others).for_each(|pair| {
        needed[pair.a() as usize] = true;
        needed[pair.b() as usize] = true;
    });
    let lists = candidates.alike_crowds.iter().chain(&candidates.brought.crowds).chain(&copies.groups);
    lists.flatten().for_each(|&article| needed[article as usize] = true);
    (0..).map(ArticleId).zip(needed).filter_map(|(article, needed)| needed.then_some(article)).collect()
}

/// Pairs that were brought together.
struct Proposed {
    alike: Vec<Pair>,
    shared: Vec<Pair>,
}

impl Proposed {
    /// All that is to be scored, sorted, each pair once.
    fn work(self, crowds: &Crowds, copies: &Copies, filter: &Filter<'_>, config: &Config) -> Vec<Work> {
        let all = |pairs: Vec<Pair>, origin| pairs.into_par_iter().map(move |pair| Work { pair, origin });
        let open = all(self.alike, Origin::Alike)
            .chain(all(self.shared, Origin::Shared))
            .filter(|work| !crowds.settles(work.pair))
            .chain(all(crowds.open.clone(), Origin::Shared));
        let known = all(crowds.matched.clone(), Origin::Known);
        let mut work: Vec<Work> = open.chain(known).filter(|work| filter.admits(work.pair)).collect();
        if config.list_all {
            work = among_copies(&work, copies);
            work.retain(|work| filter.admits_these(work.pair));
        }
        for group in &copies.groups {
            let heads = if config.list_all { group.len() } else { 1 };
            for (index, &one) in group[..heads].iter().enumerate() {
                let pairs = group[index + 1..].iter().map(|&other| (other, Pair::new(one, other)));
                let admitted = pairs.filter(|&(copy, pair)| {
                    if config.list_all { filter.admits_these(pair) } else { filter.admits_copy(pair, one, copy) }
                });
                work.extend(admitted.map(|(_, pair)| Work { pair, origin: Origin::Known }));
            }
        }
        // Of one pair the entry that says most comes first, and is the one to keep.
        work.par_sort_unstable_by_key(|work| (work.pair, Reverse(work.origin)));
        work.dedup_by_key(|work| work.pair);
        work
    }
}

/// Every pair for all copies of its two sides.
fn among_copies(work: &[Work], copies: &Copies) -> Vec<Work> {
    let mut group_of = vec![None; copies.standing.len()];
    for group in &copies.groups {
        group_of[group[0] as usize] = Some(group);
    }
    let copies = |article: u32| group_of[article as usize].cloned().unwrap_or_else(|| vec![article]);
    work.iter()
        .flat_map(|work| {
            let (a, b) = (copies(work.pair.a()), copies(work.pair.b()));
            a.into_iter().flat_map(move |a| {
                b.clone().into_iter().map(move |b| Work { pair: Pair::new(a, b), origin: work.origin })
            })
        })
        .collect()
}

pub(crate) fn key(pair: &ScoredPair) -> Pair {
    Pair::new(pair.a.0, pair.b.0)
}
