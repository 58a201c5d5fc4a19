//! The survey: which shingles are frequent, and which of them are boilerplate.

use super::batches::batches;
use super::copies::Copies;
use super::detect::{Texts, ascending};
use super::gather::Gathered;
use crate::article::ArticleId;
use crate::boilerplate::learn::{Background, LEAST_OF_SITE, Sampled, Suspect, listed, passages};
use crate::boilerplate::{Boilerplate, KnownPassage};
use crate::candidates::lsh::Traces;
use crate::candidates::passages::{Layout, PARTS, Postings, lists};
use crate::candidates::run::ShelvedRun;
use crate::config::Config;
use crate::error::Result;
use rayon::prelude::*;

/// Articles that must carry a shingle for it to count as hot: half of what is still compared in full.
const HOT: usize = 25;

/// What the survey tells.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Keys of shingles that many articles carry.
    pub(crate) hot: Vec<u32>,
    pub(crate) suspects: Vec<Suspect>,
    /// The fingerprints that two or more articles have, part by part, if they are those that are asked for. One that a single
    /// article has by hash alone can be left out: whoever shares a run with it has that fingerprint by hash, too.
    pub(crate) shared: Vec<ShelvedRun>,
}

/// Sorts what was gathered.
pub(crate) fn survey(gathered: &mut Gathered, traces: &Traces, copies: &Copies, config: &Config) -> Result<Survey> {
    let layout = Layout::new(gathered.len());
    let postings = std::mem::take(&mut gathered.survey);
    let (sizes, weights) = (gathered.sites.sizes(), copies.weights());
    let k = config.bands.k();
    let likeness = |a: u32, b: u32| {
        // One in 256 of the others agrees by chance.
        let agreeing = traces.agreement(a, b) as f64 / k as f64;
        (agreeing * 256.0 - 1.0) / 255.0
    };
    let background = Background {
        sites: &gathered.sites.numbers,
        site_sizes: &sizes,
        weights: &weights,
        digests: &gathered.digests,
        likeness: &likeness,
    };
    // A length of passages that was asked for is noticed by windows of its own.
    let is_asked_for = config.guaranteed_run() == Some(config.run());
    let of_part = |part| {
        let run = Postings::sorted(&postings, part, layout, true, |article| copies.stands(article))?;
        let mut survey = Survey::default();
        for (key, carriers) in lists(layout, part, &run, LEAST_OF_SITE) {
            if carriers.len() >= HOT {
                survey.hot.push(key);
            }
            if !config.count_boilerplate {
                survey.suspects.extend(background.suspects(key, &carriers));
            }
        }
        if is_asked_for {
            survey.shared.push(run.repeated().put(&gathered.store)?);
        }
        Ok(survey)
    };
    let parts: Result<Vec<Survey>> = (0..PARTS).into_par_iter().with_max_len(1).map(of_part).collect();
    let mut survey = Survey::default();
    for mut part in parts? {
        survey.shared.append(&mut part.shared);
        survey.hot.append(&mut part.hot);
        survey.suspects.append(&mut part.suspects);
    }
    survey.suspects.par_sort_unstable();
    Ok(survey)
}

/// Reads texts of carriers, and makes of what they share the boilerplate.
pub(crate) fn learn<T: Texts>(
    suspects: &[Suspect],
    gathered: &Gathered,
    texts: &mut T,
    config: &Config,
) -> Result<Boilerplate> {
    if suspects.is_empty() {
        return Ok(Boilerplate::default());
    }
    texts.prepare(|| carriers(suspects.iter()))?;
    let texts = &*texts;
    let w = config.shingle;
    let known = |(text, suspect): (String, &Suspect)| KnownPassage {
        text,
        articles: suspect.articles,
        publisher: gathered.sites.name(suspect.site).map(str::to_owned),
    };
    let mut found: Vec<KnownPassage> = Vec::new();
    let groups: Vec<&[Suspect]> = suspects.chunk_by(|one, other| one.sample == other.sample).collect();
    let of_sample = |group: &&[Suspect]| group[0].sample.clone();
    let words = |article: u32| gathered.words[article as usize] as usize;
    for batch in batches(&groups, gathered.len(), WORDS_AT_A_TIME, of_sample, words) {
        let needed = carriers(batch.iter().copied().flatten());
        // What cannot be read any more is said when a pair needs it.
        let read = |article: &ArticleId| texts.text(*article).ok().map(|text| Sampled::new(text.into_owned(), w));
        let sampled: Vec<Option<Sampled>> = needed.par_iter().map(read).collect();
        let of = |article: u32| sampled[needed.binary_search(&ArticleId(article)).ok()?].as_ref();
        found.par_extend(batch.par_iter().flat_map_iter(|group| {
            let sample: Vec<&Sampled> = group[0].sample.iter().filter_map(|&article| of(article)).collect();
            passages(group, &sample, w, config.run()).into_iter().map(known)
        }));
    }
    Ok(Boilerplate::of_passages(listed(found, w), w))
}

/// The carriers whose texts are needed, ascending.
fn carriers<'s>(suspects: impl Iterator<Item = &'s Suspect>) -> Vec<ArticleId> {
    ascending(suspects.flat_map(|suspect| suspect.sample.iter().copied().map(ArticleId)))
}

/// Words of articles that are held at a time, each some 60 bytes.
const WORDS_AT_A_TIME: usize = 4 << 20;
