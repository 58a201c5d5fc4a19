//! Who shares passages with an article, on a terminal or as one object of JSON.
//!
//! The object has `article` (as named), `words` (how many it has), `run` (words in a row that an answer shares), `read`
//! (articles that were looked through) and `answers`, those who share most first:
//!
//! | field | is |
//! |---|---|
//! | `id`, `source`, `record` | what it is called, and where it lies |
//! | `title`, `date`, `publisher`, `url` | its fields; null where there is none |
//! | `relation`, `jaccard`, `containment_a`, `containment_b`, `coverage_a`, `coverage_b` | as in `pairs.jsonl`, by shingles of five words, or of as many as the article has if these are fewer; a is the article that was asked about |
//! | `words` | equal words in the passages, boilerplate apart |
//! | `passages` | those of at least `run` equal words, as in `pairs.jsonl`, with whole texts |

use super::terminal::{count, escape, percent, plural, relation_style, wrapped};
use crate::input::{Card, Skipped, iso, place_of};
use crate::score::{Comparison, PassageSpans, Side, direction};
use console::{Style, truncate_str};
use serde_json::json;
use std::io::{self, Write};

/// An article that shares passages with the one that was asked about.
pub struct Answer {
    /// What it is called: its id field, or source and record.
    pub id: String,
    /// Its source.
    pub source: String,
    /// Its record, where the source has several.
    pub record: Option<u64>,
    /// Its short fields.
    pub card: Card<'static>,
    /// The two compared: a is the article that was asked about.
    pub comparison: Comparison,
    /// The passages that are long enough, in the order of a, with their text in this article.
    pub passages: Vec<(PassageSpans, String)>,
    /// Equal words in them, boilerplate apart.
    pub words: u64,
    /// Its whole text, if it was to be kept.
    pub text: Option<String>,
}

/// All answers of a search.
pub struct Answers {
    /// Those who share most first; of equals, in input order.
    pub answers: Vec<Answer>,
    /// Articles that were read.
    pub articles: u64,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
}

/// What was asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The article, as it was named.
    pub name: &'a str,
    /// Its text and words.
    pub article: Side<'a>,
    /// Words in a row that an answer shares.
    pub run: usize,
}

/// Writes the answers as one object, and a line feed.
///
/// # Errors
/// If they cannot be written.
pub fn write_json(out: &mut impl Write, question: Question<'_>, found: &Answers) -> io::Result<()> {
    let passage = |(spans, text_b): &(PassageSpans, String)| {
        json!({"words": spans.words, "boilerplate": spans.boilerplate, "a": spans.a, "b": spans.b,
            "text_a": spans.a.of(question.article.text), "text_b": text_b})
    };
    let answer = |answer: &Answer| {
        let (overlap, card) = (&answer.comparison.overlap, &answer.card);
        json!({"id": answer.id, "source": answer.source, "record": answer.record, "title": card.title,
            "date": card.date.map(iso), "publisher": card.publisher, "url": card.url,
            "relation": answer.comparison.relation, "words": answer.words, "jaccard": overlap.jaccard(),
            "containment_a": overlap.containment_a(), "containment_b": overlap.containment_b(),
            "coverage_a": overlap.coverage_a(), "coverage_b": overlap.coverage_b(),
            "passages": answer.passages.iter().map(passage).collect::<Vec<_>>()})
    };
    let object = json!({"article": question.name, "words": question.article.prepared.spans().len(), "run": question.run,
        "read": found.articles, "answers": found.answers.iter().map(answer).collect::<Vec<_>>()});
    serde_json::to_writer(&mut *out, &object)?;
    out.write_all(b"\n")
}

/// Writes up to `most` answers in `width` columns.
///
/// # Errors
/// If they cannot be written.
pub fn write_text(
    out: &mut impl Write,
    question: Question<'_>,
    found: &Answers,
    most: usize,
    width: usize,
) -> io::Result<()> {
    let words = question.article.prepared.spans().len() as u64;
    let head = format!(
        "{} of {} share {} in a row with {}, {}",
        count(found.answers.len() as u64),
        plural(found.articles, "article"),
        plural(question.run as u64, "word"),
        escape(question.name),
        plural(words, "word")
    );
    writeln!(out, "{}", wrapped(&head, width, 0))?;
    let fits = |text: String| truncate_str(&text, width, "…").into_owned();
    for answer in found.answers.iter().take(most) {
        let overlap = &answer.comparison.overlap;
        let sets = answer.comparison.core.unwrap_or_else(|| overlap.sets());
        let relation =
            answer.comparison.relation.map(|relation| format!("{}{}", relation.name(), direction(relation, sets)));
        let style = relation_style(answer.comparison.relation).bold();
        let numbers = format!(
            "  {} of its words here, {} of theirs  {}",
            percent(overlap.coverage_a()),
            percent(overlap.coverage_b()),
            relation.unwrap_or_default()
        );
        writeln!(out, "\n{}", fits(format!("{}{numbers}", style.apply_to(plural(answer.words, "word")))))?;
        let card = &answer.card;
        // Ids may be those of several files.
        let place = place_of(&answer.source, answer.record);
        let known = [
            Some(escape(&answer.id)),
            Some(escape(&place)).filter(|_| place != answer.id),
            card.date.map(iso),
            card.publisher.as_deref().map(escape),
            card.title.as_deref().map(escape),
        ];
        writeln!(out, "{}", fits(format!("  {}", known.into_iter().flatten().collect::<Vec<_>>().join("  "))))?;
        if let Some(url) = &card.url {
            writeln!(out, "{}", fits(format!("  {}", escape(url))))?;
        }
        for (spans, text) in &answer.passages {
            let place = format!("[{}–{}]", spans.a.start, spans.a.end);
            let known = if spans.boilerplate == spans.words { ", boilerplate" } else { "" };
            let line = format!("    {} {place}{known}: {}", plural(u64::from(spans.words), "word"), escape(text));
            writeln!(out, "{}", Style::new().dim().apply_to(fits(line)))?;
        }
    }
    let more = found.answers.len().saturating_sub(most) as u64;
    if more > 0 {
        writeln!(out, "\n… and {}; --top N shows more, --format json all", plural(more, "other article"))?;
    }
    Ok(())
}
