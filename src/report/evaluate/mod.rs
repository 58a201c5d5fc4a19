//! A run against what people say: how much of it is right, what was missed, what is wrong, and by how much.
//!
//! **Takes** labelled pairs or clusters, the pairs that a run reported, and the scores of the labelled ones. **Gives** an
//! [`Evaluation`], as text, as JSON, and its plot ([`plot`]).
//!
//! Of labelled pairs only those count, whatever else is reported. Where a file has no labels, or gives clusters, every
//! other pair of articles that it names is not a positive one.

pub mod metrics;
pub mod plot;
mod text;

use crate::article::ArticleId;
use crate::config::Config;
use crate::score::{Core, Overlap, Reason, Relation};
use metrics::{Agreement, Confusion, Point, Quality, agreement, at, best, curve};
use serde::Serialize;
pub use text::write_text;

/// The score of a pair, reported or not.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// How the two are related; `None` if they share nothing.
    pub relation: Option<Relation>,
    /// The counts behind every number.
    pub overlap: Overlap,
    /// Those that decide: without boilerplate, where there was some.
    pub sets: Core,
    /// Why it is reported, if it is found.
    pub reason: Option<Reason>,
}

/// A pair that someone labelled, or that was reported where someone said which pairs there are.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The two articles, a before b in the input.
    pub pair: (ArticleId, ArticleId),
    /// Their ids.
    pub ids: (String, String),
    /// The label, where there is one.
    pub label: String,
    /// Whether it is a positive one.
    pub positive: bool,
    /// Whether the run reported it.
    pub reported: bool,
    /// Its score, where it could be read.
    pub judged: Option<Judged>,
}

/// How good it is to predict by one number.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Measure {
    /// The number.
    pub name: &'static str,
    /// The threshold that is set, and what it gives.
    pub set: Option<Point>,
    /// The threshold that would give the highest F1.
    pub best: Option<Point>,
}

/// A pair on which run and label disagree.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// Its ids.
    pub a: String,
    /// The other.
    pub b: String,
    /// What the label says.
    pub label: String,
    /// How the two are related, by the scorer.
    pub relation: Option<Relation>,
    /// Its Jaccard.
    pub jaccard: f64,
    /// The larger containment.
    pub containment: f64,
    /// Why, in a sentence.
    pub reason: String,
}

/// What there was to compare with.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TruthCounts {
    /// Pairs that are positive.
    pub positive: u64,
    /// Pairs that are labelled, and not positive.
    pub negative: u64,
    /// Rows that name an article that is not in the input, or twice the same.
    pub unknown: u64,
    /// Labels that count as positive.
    pub labels: Vec<String>,
    /// Whether all other pairs count as negative.
    pub closed: bool,
    /// Positive pairs that were missed and not scored, as there are too many.
    pub unscored: u64,
}

/// A run, evaluated.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// What there was to compare with.
    pub truth: TruthCounts,
    /// What was reported, against it.
    pub reported: Confusion,
    /// Its ratios.
    pub quality: Quality,
    /// Each number alone.
    pub measures: Vec<Measure>,
    /// Clusters against clusters.
    pub clusters: Agreement,
    /// Positive pairs that were not reported, the least alike first.
    pub missed: Vec<Disagreement>,
    /// Reported pairs that are not positive, the most alike first.
    pub wrong: Vec<Disagreement>,
    /// Precision and recall of the Jaccard at every threshold, from the highest.
    pub curve: Vec<Point>,
}

impl Evaluation {
    /// Evaluates labelled pairs, and clusters: for each article the predicted and the true one.
    #[must_use]
    pub fn new(truth: TruthCounts, labelled: &[Labelled], clusters: &[(u64, u64)], config: &Config) -> Self {
        let mut reported = Confusion { missed: truth.unscored, ..Confusion::default() };
        for pair in labelled {
            match (pair.positive, pair.reported) {
                (true, true) => reported.right += 1,
                (true, false) => reported.missed += 1,
                (false, true) => reported.wrong += 1,
                (false, false) => {}
            }
        }
        let scores = |number: fn(&Judged) -> f64| {
            let scored = labelled.iter().map(|pair| (pair.judged.as_ref().map_or(0.0, number), pair.positive));
            curve(scored.collect(), truth.positive)
        };
        let measure = |name, threshold: Option<f64>, points: &[Point]| Measure {
            name,
            set: threshold.map(|threshold| Point { threshold, quality: at(points, threshold) }),
            best: best(points),
        };
        let jaccard = scores(|judged| judged.sets.jaccard());
        let measures = vec![
            measure("jaccard", Some(config.threshold), &jaccard),
            measure("containment", config.containment, &scores(|judged| judged.sets.containment())),
            measure("coverage", None, &scores(|judged| judged.overlap.coverage_a().max(judged.overlap.coverage_b()))),
        ];
        let mut evaluation = Self {
            quality: reported.quality(),
            truth,
            reported,
            measures,
            clusters: agreement(clusters),
            missed: disagreements(labelled.iter().filter(|pair| pair.positive && !pair.reported), config),
            wrong: disagreements(labelled.iter().filter(|pair| !pair.positive && pair.reported), config),
            curve: jaccard,
        };
        evaluation.wrong.reverse();
        evaluation
    }
}

/// Pairs with the reason of each, the least alike first.
fn disagreements<'l>(pairs: impl Iterator<Item = &'l Labelled>, config: &Config) -> Vec<Disagreement> {
    let mut all: Vec<Disagreement> = pairs
        .map(|pair| {
            let sets = pair.judged.map(|judged| judged.sets).unwrap_or_default();
            Disagreement {
                a: pair.ids.0.clone(),
                b: pair.ids.1.clone(),
                label: pair.label.clone(),
                relation: pair.judged.and_then(|judged| judged.relation),
                jaccard: sets.jaccard(),
                containment: sets.containment(),
                reason: pair.judged.map_or_else(|| "could not be read".to_owned(), |judged| reason(&judged, config)),
            }
        })
        .collect();
    all.sort_by(|a, b| a.jaccard.total_cmp(&b.jaccard).then_with(|| a.containment.total_cmp(&b.containment)));
    all
}

/// Why a pair is reported, or not, and by how much.
fn reason(judged: &Judged, config: &Config) -> String {
    let (jaccard, containment) = (judged.sets.jaccard(), judged.sets.containment());
    let above = |name: &str, value: f64, bound: f64| format!("{name} {value:.3}, {:.3} above {bound}", value - bound);
    match judged.reason {
        Some(Reason::Identical) => "the same words".to_owned(),
        Some(Reason::Jaccard) => above("Jaccard", jaccard, config.threshold),
        Some(Reason::Containment) => above("containment", containment, config.containment.unwrap_or_default()),
        Some(Reason::Passage) => format!("{} words in a row the same", config.passage.unwrap_or_default()),
        None if judged.overlap.shared == 0 => "no shingle in common".to_owned(),
        None => {
            let below = format!("Jaccard {jaccard:.3}, {:.3} below {}", config.threshold - jaccard, config.threshold);
            let contained = match config.containment {
                Some(bound) if containment >= bound => {
                    format!("; containment {containment:.3}, but no {} words in a row the same", config.run())
                }
                Some(bound) => format!("; containment {containment:.3}, {:.3} below {bound}", bound - containment),
                None => String::new(),
            };
            below + &contained
        }
    }
}
