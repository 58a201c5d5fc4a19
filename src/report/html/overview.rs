//! The overview: what a run found, in numbers, plots and tables that need no script.

use super::matrix::{Matrix, matrix};
use super::plots::{self, Bars};
use super::{Entries, Group, Material, Pairs, Whole};
use crate::article::{ArticleId, Timestamp};
use crate::candidates::bands::Bands;
use crate::config::RUN;
use crate::report::terminal::{count, escape, percent, plural};
use crate::score::Relation;
use serde_json::Value;
use std::fmt::Write;

/// Most bars of the timeline.
const MOST_BARS: i64 = 60;
/// Most passages of boilerplate, and most of what was skipped, that are listed.
const MOST_LINES: usize = 20;
/// Most bytes of a passage of boilerplate.
const MOST_OF_PASSAGE: usize = 400;

/// A number with its name and what it means.
pub(super) struct Card {
    pub(super) number: String,
    pub(super) name: &'static str,
    pub(super) note: String,
}

/// A relation, how many pairs have it, and what share of the most frequent one that is.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) number: String,
    pub(super) means: &'static str,
    /// Of 100.
    pub(super) bar: u64,
}

/// A plot with what it shows.
pub(super) struct Figure {
    pub(super) svg: String,
    pub(super) title: &'static str,
    pub(super) says: String,
}

pub(super) struct Overview {
    pub(super) cards: Vec<Card>,
    pub(super) relations: Vec<Row>,
    pub(super) figures: Vec<Figure>,
    pub(super) matrix: Option<Matrix>,
    /// Passages: the text, how many articles have it, whose they are.
    pub(super) boilerplate: Vec<[String; 3]>,
    pub(super) more_boilerplate: Option<String>,
    /// Reasons and how many were skipped for each.
    pub(super) skipped: Vec<[String; 2]>,
    /// Some of them: source, record, reason.
    pub(super) examples: Vec<[String; 3]>,
    pub(super) settings: Vec<[String; 2]>,
    pub(super) stages: Vec<[String; 2]>,
    pub(super) method: String,
    /// What the lists of this page leave out.
    pub(super) left_out: Vec<String>,
    pub(super) unlisted: Vec<String>,
}

impl Overview {
    pub(super) fn new(whole: &Whole<'_>, material: &Material<'_>) -> Self {
        let Whole { summary, stages, boilerplate, skipped } = whole;
        let bands = bands(summary);
        let figures = || {
            let timeline = timeline(material.articles, &material.pairs);
            let curve = bands.map(|bands| s_curve(bands, number(summary, "/settings/threshold"), summary));
            [overlaps(&material.pairs), sizes(&material.groups), timeline, curve].into_iter().flatten().collect()
        };
        let (figures, matrix) = rayon::join(figures, || matrix(material.articles, &material.pairs));
        let texts = boilerplate.iter().take(MOST_LINES).map(|passage| {
            let text = crate::report::pairs::cut(&passage.text, MOST_OF_PASSAGE);
            let more = if text.len() < passage.text.len() { "…" } else { "" };
            [
                format!("{}{more}", escape(text)),
                count(passage.articles),
                escape(passage.publisher.as_deref().unwrap_or("several")),
            ]
        });
        Self {
            cards: cards(summary),
            relations: relations(summary),
            figures,
            matrix,
            boilerplate: texts.collect(),
            more_boilerplate: boilerplate
                .len()
                .checked_sub(MOST_LINES)
                .filter(|&more| more > 0)
                .map(|more| format!("{} more in boilerplate.jsonl", count(more as u64))),
            skipped: entries(summary, "/skipped").map(|(reason, number)| [escape(reason), told(number)]).collect(),
            examples: skipped
                .iter()
                .take(MOST_LINES)
                .map(|skip| {
                    let record = skip.record.map_or(String::new(), |record| record.to_string());
                    [escape(&skip.source), record, escape(&skip.reason)]
                })
                .collect(),
            settings: entries(summary, "/settings")
                .map(|(name, value)| [name.replace('_', " "), told(value)])
                .collect(),
            stages: stages.iter().map(|(name, seconds)| [escape(name), format!("{seconds:.2}")]).collect(),
            method: method(summary, bands),
            left_out: Vec::new(),
            unlisted: unlisted(summary),
        }
    }
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

fn whole(value: &Value, path: &str) -> u64 {
    at(value, path).as_u64().unwrap_or_default()
}

fn number(value: &Value, path: &str) -> f64 {
    at(value, path).as_f64().unwrap_or_default()
}

fn entries<'v>(value: &'v Value, path: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    at(value, path).as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// A setting as a person reads it.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "off".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), count),
        Value::String(text) => escape(text),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::Object(all) => {
            all.iter().map(|(name, value)| format!("{} {name}", told(value))).collect::<Vec<_>>().join(" of ")
        }
    }
}

fn bands(summary: &Value) -> Option<Bands> {
    let of = |name: &str| whole(summary, &format!("/settings/bands/{name}")) as usize;
    Bands::new(of("bands"), of("rows")).ok().filter(|bands| bands.k() > 0)
}

fn cards(summary: &Value) -> Vec<Card> {
    let of = |name: &str| whole(summary, &format!("/counts/{name}"));
    let (articles, redundant, clusters) = (of("articles"), of("redundant"), of("clusters"));
    let references = of("references");
    let own = articles - references.min(articles);
    let share = if own == 0 { 0.0 } else { (redundant as f64 / own as f64).min(1.0) };
    let others = if references > 0 { "references or others" } else { "the ones" };
    let of_articles = if references > 0 { format!("{} of them references", count(references)) } else { String::new() };
    let bytes = indicatif::DecimalBytes(whole(summary, "/input/bytes"));
    let sources = whole(summary, "/input/sources");
    vec![
        Card { number: count(articles), name: "articles", note: of_articles },
        Card { number: count(sources), name: if sources == 1 { "source" } else { "sources" }, note: bytes.to_string() },
        Card {
            number: percent(share),
            name: "redundant",
            note: format!("{} beside {others} that stand for them", plural(redundant, "article")),
        },
        Card {
            number: count(of("pairs")),
            name: "pairs",
            note: format!("{} of exactly the words of another", plural(of("copies"), "article")),
        },
        Card {
            number: count(clusters),
            name: if clusters == 1 { "cluster" } else { "clusters" },
            note: format!("the largest has {}", plural(of("largest_cluster"), "article")),
        },
        Card {
            number: count(whole(summary, "/boilerplate/passages")),
            name: "boilerplate passages",
            note: "which count for nobody".to_owned(),
        },
    ]
}

/// What each relation means.
fn means(relation: Relation) -> &'static str {
    match relation {
        Relation::Identical => "the same words in the same order",
        Relation::NearDuplicate => "a Jaccard of at least 0.7, and of at least the threshold",
        Relation::Excerpt => "at least 0.8 of one is in the other",
        Relation::Variant => "a Jaccard of at least the threshold",
        Relation::PartialCopy => "a large part of one is in the other",
        Relation::SharedPassage => "they share a passage",
    }
}

fn relations(summary: &Value) -> Vec<Row> {
    let of = |relation: Relation| whole(summary, &format!("/relations/{}", relation.name()));
    let most = Relation::ALL.into_iter().map(of).max().unwrap_or(0).max(1);
    let row = |relation: Relation| Row {
        name: relation.name(),
        number: count(of(relation)),
        means: means(relation),
        bar: (of(relation) * 100).div_ceil(most),
    };
    Relation::ALL.into_iter().map(row).collect()
}

/// Pairs by the larger of their coverages.
fn overlaps(pairs: &Pairs<'_>) -> Option<Figure> {
    if pairs.is_empty() {
        return None;
    }
    let mut heights = [0u64; 20];
    for pair in pairs.iter() {
        heights[((pair.overlap() * 20.0) as usize).min(19)] += 1;
    }
    let names: Vec<String> = (0..20).map(|step| format!("{} %", step * 5)).collect();
    let most = (0..20).max_by_key(|&step| (heights[step], step)).unwrap_or(0);
    let svg =
        plots::bars(&Bars { names: &names, heights: &heights, front: None, below: "overlap from", beside: "pairs" });
    let says = format!(
        "{}; most often, in {} of them, the overlap is {} to {} %. The overlap is the share of words that stand in shared runs of five, in the \
         article of the two that has the larger share.",
        plural(pairs.len() as u64, "pair"),
        count(heights[most]),
        most * 5,
        most * 5 + 5
    );
    Some(Figure { svg, title: "How much pairs overlap", says })
}

/// Clusters by their number of articles.
fn sizes(groups: &[Group]) -> Option<Figure> {
    const FROM: [usize; 9] = [2, 3, 4, 5, 10, 20, 50, 100, 1000];
    if groups.is_empty() {
        return None;
    }
    let mut heights = [0u64; FROM.len()];
    for group in groups {
        let size = group.members.len() + 1;
        heights[FROM.iter().rposition(|&from| from <= size).unwrap_or(0)] += 1;
    }
    let last = heights.iter().rposition(|&height| height > 0).unwrap_or(0).max(3);
    let name = |at: usize| match FROM.get(at + 1) {
        Some(next) if next - FROM[at] == 1 => FROM[at].to_string(),
        Some(next) => format!("{}–{}", FROM[at], next - 1),
        None => format!("{}+", FROM[at]),
    };
    let names: Vec<String> = (0..=last).map(name).collect();
    let largest = groups.iter().map(|group| group.members.len() + 1).max().unwrap_or(0);
    let svg = plots::bars(&Bars {
        names: &names,
        heights: &heights[..=last],
        front: None,
        below: "articles in a cluster",
        beside: "clusters",
    });
    let says = format!(
        "{}; {} of them have two articles, the largest has {}.",
        plural(groups.len() as u64, "cluster"),
        count(heights[0]),
        count(largest as u64)
    );
    Some(Figure { svg, title: "How large clusters are", says })
}

/// Articles by date, and those of them that are in a pair.
fn timeline(articles: &dyn Entries, pairs: &Pairs<'_>) -> Option<Figure> {
    let mut is_paired = vec![false; articles.count()];
    pairs.iter().for_each(|pair| [pair.a, pair.b].iter().for_each(|article| is_paired[article.index()] = true));
    let all = (0..articles.count() as u32).map(ArticleId);
    let days: Vec<(i64, bool)> = all
        .filter_map(|article| Some((articles.date(article)?.0.div_euclid(Timestamp::DAY), is_paired[article.index()])))
        .collect();
    // A few dates of nonsense would leave no room for the others.
    let mut order: Vec<i64> = days.iter().map(|(day, _)| *day).collect();
    order.sort_unstable();
    let (least, most) = (*order.first()?, *order.last()?);
    let (first, last) = (order[order.len() / 200], order[order.len() - 1 - order.len() / 200]);
    let are_close = most - least <= 4 * (last - first) + 30;
    let (first, last) = if are_close { (least, most) } else { (first, last) };
    let width = ((last - first) / MOST_BARS + 1).max(1);
    let count_of = ((last - first) / width + 1) as usize;
    if count_of < 2 {
        return None;
    }
    let (mut heights, mut front, mut outside) = (vec![0u64; count_of], vec![0u64; count_of], 0u64);
    for (day, is_paired) in &days {
        if !(first..=last).contains(day) {
            outside += 1;
            continue;
        }
        let at = ((day - first) / width) as usize;
        heights[at] += 1;
        front[at] += u64::from(*is_paired);
    }
    let date = |day: i64| crate::input::iso(Timestamp(day * Timestamp::DAY)).chars().take(10).collect::<String>();
    let names: Vec<String> = (0..count_of as i64).map(|at| date(first + at * width)).collect();
    let beside = "articles";
    let svg = plots::bars(&Bars { names: &names, heights: &heights, front: Some(&front), below: "published", beside });
    let mut says = format!(
        "{} dated {} to {}, a bar for {}: all of them (light), and those in a reported pair (dark), {}.",
        plural(days.len() as u64 - outside, "article"),
        date(first),
        date(last),
        if width == 1 { "each day".to_owned() } else { format!("every {width} days") },
        count(front.iter().sum())
    );
    if outside > 0 {
        let _ = write!(says, " {} before or after these are not drawn.", plural(outside, "article"));
    }
    Some(Figure { svg, title: "When", says })
}

fn s_curve(bands: Bands, threshold: f64, summary: &Value) -> Figure {
    let says = if at(summary, "/settings/exhaustive") == &Value::Bool(true) {
        "This run found every pair at the threshold with certainty; the curve is that of its signatures, which it did not need."
            .to_owned()
    } else {
        format!(
            "The probability that a pair is found by its signature, {} bands of {} rows: {:.4} at the threshold, {threshold}, which the \
             line marks, and more above.",
            bands.bands(),
            bands.rows(),
            bands.found(threshold)
        )
    };
    Figure { svg: plots::curve(bands, threshold), title: "How surely pairs are found", says }
}

/// How results were made, for a paper.
fn method(summary: &Value, bands: Option<Bands>) -> String {
    let setting = |name: &str| told(at(summary, &format!("/settings/{name}")));
    let version = at(summary, "/version").as_str().unwrap_or_default();
    let is = |name: &str| at(summary, &format!("/settings/{name}")) == &Value::Bool(true);
    let mut text = format!(
        "Pairs were found with wirecopy {version}. Texts were normalised (NFKC, case folding) and cut into shingles of {} words (in \
         scripts without spaces, of characters). ",
        setting("shingle")
    );
    if is("exhaustive") {
        let _ = write!(
            text,
            "All pairs with a Jaccard of at least {} were found by an exhaustive join. ",
            setting("threshold")
        );
    } else if let Some(bands) = bands {
        let _ = write!(
            text,
            "Candidates for a Jaccard of at least {} were proposed by MinHash signatures of {} values in {} bands of {} rows, which \
             finds a pair at the threshold with probability {:.4}. ",
            setting("threshold"),
            bands.k(),
            bands.bands(),
            bands.rows(),
            number(summary, "/recall_at_threshold")
        );
    }
    if !at(summary, "/settings/containment").is_null() {
        let _ = write!(
            text,
            "Pairs of which one contains at least {} of the other and which share {} words in a row were found by winnowed fingerprints. ",
            setting("containment"),
            whole(summary, "/settings/shingle").max(RUN as u64)
        );
    }
    if !at(summary, "/settings/passage").is_null() {
        let _ = write!(text, "So were all pairs that share {} words in a row. ", setting("passage"));
    }
    text += "Every pair was then compared exactly: Jaccard and containment over the sets of shingles (Broder 1997), coverage as the share of \
             words in shared shingles. ";
    if is("count_boilerplate") {
        text += "Boilerplate was counted like other words.";
    } else {
        let passages = plural(whole(summary, "/boilerplate/passages"), "passage");
        let _ = write!(text, "{passages} of boilerplate counted for no pair.");
    }
    text
}

/// What the run did not list.
fn unlisted(summary: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let crowds = whole(summary, "/crowds/articles");
    if crowds > 0 {
        notes.push(format!(
            "{} share words with very many others, and were compared with some that stand for them: {} of followers not compared with \
             each other, {} not compared with all (--list-all compares and lists all).",
            plural(crowds, "article"),
            plural(whole(summary, "/crowds/unlisted_pairs"), "pair"),
            plural(whole(summary, "/crowds/overflow"), "article")
        ));
    }
    let empty = whole(summary, "/counts/without_words");
    if empty > 0 {
        notes.push(format!("{} without words, which are nobody's duplicates.", plural(empty, "article")));
    }
    let odd = whole(summary, "/input/odd_dates");
    if odd > 0 {
        notes.push(format!("{} not understood (--date-format).", plural(odd, "date")));
    }
    let runs = whole(summary, "/long_runs");
    if runs > 0 {
        notes.push(format!(
            "{} are not listed, but share 25 words in a row (--passage 25 lists them).",
            plural(runs, "further pair")
        ));
    }
    notes
}
