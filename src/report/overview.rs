//! The numbers of a run on a terminal.

use super::audit::REJECTED;
use super::catalogue::BY_FIELD;
use super::removed::Account;
use super::summary::{BoilerplateFound, Summary};
use super::terminal::{align, count, escape, plural, relation_style, wrapped};
use crate::config::{BUCKET, Config, LONG_RUN};
use crate::error::{Error, Result};
use crate::input::shown;
use crate::score::Relation;
use console::{Style, truncate_str};
use std::io::Write;
use std::path::Path;

/// Writes the numbers of a run.
///
/// # Errors
/// If they cannot be written.
pub fn write_summary(out: &mut impl Write, summary: &Summary, width: usize) -> Result<()> {
    write_lines(out, lines(summary, width), width)
}

fn write_lines(out: &mut impl Write, lines: Vec<(&'static str, String)>, width: usize) -> Result<()> {
    for (name, text) in lines {
        // What has no name belongs to the line before, and is as wide as it is to be.
        if name.is_empty() {
            writeln!(out, "{:12}{}", "", truncate_str(&text, width.saturating_sub(12).max(20), "…"))
                .map_err(|error| Error::output(&error))?;
            continue;
        }
        let name = Style::new().bold().apply_to(align(name, 11, false));
        writeln!(out, "{name} {}", wrapped(&text, width.saturating_sub(12).max(20), 12))
            .map_err(|error| Error::output(&error))?;
    }
    Ok(())
}

/// Writes what became of the records of a dump, and where it is, if it was written, and whether some were rejected into a
/// place beside it.
///
/// # Errors
/// If it cannot be written.
pub fn write_account(
    out: &mut impl Write,
    account: &Account,
    summary: &Summary,
    written: Option<(&Path, bool)>,
    width: usize,
) -> Result<()> {
    let mut lines = vec![(
        "records",
        format!(
            "{} read: {} kept, {} removed, {} rejected",
            count(account.read),
            count(account.kept),
            count(account.removed),
            count(account.rejected)
        ),
    )];
    if account.removed > 0 {
        let by_relation: Vec<String> =
            account.by_relation.iter().map(|(name, number)| format!("{} {name}", count(*number))).collect();
        let text = format!(
            "{}; {} of their {} are in no run of five that the kept ones have",
            by_relation.join(", "),
            count(account.words_lost),
            plural(account.words_removed, "word")
        );
        lines.push(("removed", text));
        let by_rule: Vec<String> =
            account.by_rule.iter().map(|(rule, number)| format!("{} {}", rule.says(), count(*number))).collect();
        lines.push(("stays", by_rule.join(", ")));
    }
    lines.push(("found at", found_at(summary)));
    lines.extend(boilerplate(summary).map(|text| ("boilerplate", text)));
    if summary.crowds.overflow > 0 {
        let some = plural(summary.crowds.overflow, "article");
        lines.push((
            "crowds",
            format!("{some} not compared with all of a crowd, and may stay beside one that is alike"),
        ));
    }
    lines.extend(read(summary));
    if let Some((target, has_rejected)) = written {
        let target = escape(&shown(target));
        let mut written = target.clone();
        if account.removed > 0 {
            written += &format!("; {target}.removed.jsonl says why each article is gone");
        }
        if has_rejected {
            written += &format!("; {target}{REJECTED} holds what could not be read");
        }
        lines.push(("written", written));
    }
    write_lines(out, lines, width)
}

fn lines(summary: &Summary, width: usize) -> Vec<(&'static str, String)> {
    let Summary { counts, input, crowds, settings, .. } = summary;
    let settings = &settings.config;
    let mut lines = Vec::new();
    let mut articles = format!("{} from {}", plural(counts.articles, "article"), plural(input.sources, "source"));
    if counts.references > 0 {
        articles += &format!(", {} of them references", count(counts.references));
    }
    if counts.without_words > 0 {
        articles += &format!("; {} without words", count(counts.without_words));
    }
    lines.push(("articles", articles));
    lines.push(("pairs", count(counts.pairs)));
    let relations: Vec<(Relation, u64)> = Relation::ALL
        .into_iter()
        .map(|relation| (relation, summary.relations.get(relation.name()).copied().unwrap_or(0)))
        .filter(|&(_, number)| number > 0)
        .collect();
    lines.extend(bars(&relations, width).into_iter().map(|row| ("", row)));
    if counts.clusters > 0 {
        let text = format!(
            "{} with {} beside {}; the largest has {}",
            count(counts.clusters),
            plural(counts.duplicates, "article"),
            if counts.clusters == 1 { "its representative" } else { "their representatives" },
            plural(counts.largest_cluster, "article")
        );
        lines.push(("clusters", text));
    }
    lines.push(("found at", found_at(summary)));
    if let Some(recall) = &summary.measured_recall {
        let text = format!(
            "{:.4} measured: {} of {} at the threshold, for {}; 95 % interval {:.4} to {:.4}",
            recall.recall,
            count(recall.found),
            plural(recall.pairs, "pair"),
            plural(recall.articles, "article"),
            recall.interval[0],
            recall.interval[1]
        );
        lines.push(("recall", text));
    }
    if let Some(text) = contained(summary) {
        lines.push(("contained", text));
    }
    if let Some(text) = only(settings) {
        lines.push(("only", text));
    }
    lines.extend(boilerplate(summary).map(|text| ("boilerplate", text)));
    if crowds.articles > 0 {
        lines.push((
            "crowds",
            format!(
                "{} share words with more than {BUCKET} others, and were compared with some that stand for them; {} of \
                 followers not compared with each other, {} not compared with all (--list-all compares and lists all)",
                plural(crowds.articles, "article"),
                plural(crowds.unlisted_pairs, "pair"),
                plural(crowds.overflow, "article")
            ),
        ));
    }
    lines.extend(read(summary));
    if summary.long_runs > 0 {
        let text = format!(
            "{} not listed, but {LONG_RUN} words in a row the same; --passage {LONG_RUN} lists them",
            plural(summary.long_runs, "pair")
        );
        lines.push(("further", text));
    }
    lines
}

/// Most columns of a bar.
const BAR: u64 = 24;

/// A row for each relation: its name, how many pairs have it, and a bar as long as that.
fn bars(relations: &[(Relation, u64)], columns: usize) -> Vec<String> {
    let numbers: Vec<String> = relations.iter().map(|&(_, number)| count(number)).collect();
    let width = numbers.iter().map(String::len).max().unwrap_or(0);
    // Name, number and blanks stand before a bar.
    let longest = BAR.min(columns.saturating_sub(12 + 14 + 1 + width + 2) as u64).max(1);
    let most = relations.iter().map(|&(_, number)| number).max().unwrap_or(1);
    let row = |(&(relation, number), told): (&(Relation, u64), &String)| {
        let bar = "█".repeat((number * longest).div_ceil(most) as usize);
        let bar = relation_style(Some(relation)).apply_to(bar);
        format!("{} {}  {bar}", align(relation.name(), 14, false), align(told, width, true))
    };
    relations.iter().zip(&numbers).map(row).collect()
}

/// How the input was read.
fn read(summary: &Summary) -> Vec<(&'static str, String)> {
    let input = &summary.input;
    let mut lines = Vec::new();
    for chosen in &input.fields {
        let fields = &chosen.fields;
        let short = [
            ("id", &fields.id),
            ("title", &fields.title),
            ("date", &fields.date),
            ("publisher", &fields.publisher),
            ("url", &fields.url),
        ];
        let names: Vec<String> = short
            .iter()
            .filter(|(what, _)| *what != "id" || input.ids == BY_FIELD)
            .filter_map(|(what, name)| name.as_ref().map(|name| format!("{what} from {}", escape(name))))
            .collect();
        if !fields.text.is_empty() {
            let others = if names.is_empty() { String::new() } else { format!("; {}", names.join(", ")) };
            let whose =
                if input.fields.len() > 1 { format!(" ({})", plural(chosen.sources, "source")) } else { String::new() };
            lines.push(("fields", format!("text from {}{others}{whose}", escape(&fields.text.join(", ")))));
        }
    }
    if input.ids.contains(',') {
        lines.push(("ids", escape(&input.ids)));
    }
    let mut notes = Vec::new();
    notes.extend(
        input.encodings.iter().map(|(name, number)| format!("{} decoded from {name}", plural(*number, "article"))),
    );
    notes.extend(
        (input.invalid_utf8 > 0)
            .then(|| format!("{} with bytes that are no text", plural(input.invalid_utf8, "article"))),
    );
    notes.extend(
        (input.odd_dates > 0).then(|| format!("{} not understood (--date-format)", plural(input.odd_dates, "date"))),
    );
    notes.extend((input.bare_pages > 0).then(|| format!("{} without an article", plural(input.bare_pages, "page"))));
    notes.extend((input.repeated > 0).then(|| format!("{} reached twice, read once", plural(input.repeated, "file"))));
    notes.extend(
        input
            .passed_over
            .iter()
            .map(|(ending, number)| format!("{} passed over ({})", plural(*number, "file"), escape(ending))),
    );
    notes.extend(
        input
            .other_records
            .iter()
            .map(|(kind, number)| format!("{} passed over ({})", plural(*number, "record"), escape(kind))),
    );
    if !notes.is_empty() {
        lines.push(("notes", notes.join("; ")));
    }
    for (reason, number) in &summary.skipped {
        lines.push(("skipped", format!("{}: {}", count(*number), escape(reason))));
    }
    lines
}

/// Which likeness is found, and how surely.
fn found_at(summary: &Summary) -> String {
    let settings = &summary.settings.config;
    if settings.exhaustive {
        let Config { threshold, shingle, .. } = settings;
        let every = every_pair(summary);
        return format!("Jaccard {threshold} and above, {every} (exhaustive; shingles of {shingle} words)");
    }
    format!(
        "Jaccard {} and above; recall {:.4} at exactly {}, more above ({} bands of {} rows, shingles of {} words)",
        settings.threshold,
        summary.recall_at_threshold,
        settings.threshold,
        settings.bands.bands(),
        settings.bands.rows(),
        settings.shingle
    )
}

/// How much is nobody's own.
fn boilerplate(summary: &Summary) -> Option<String> {
    let BoilerplateFound { passages, shingles } = summary.boilerplate;
    let count = if passages == 1 { "counts" } else { "count" };
    (shingles > 0).then(|| format!("{}, which {count} for nobody", plural(passages, "passage")))
}

/// What is found for what two articles share.
fn contained(summary: &Summary) -> Option<String> {
    let (settings, every) = (&summary.settings.config, every_pair(summary));
    let of_containment = settings
        .containment
        .map(|bound| format!("containment {bound} and above with {} words in a row the same, {every}", settings.run()));
    let of_passage = settings.passage.map(|words| format!("{words} words in a row the same, {every}"));
    let found: Vec<String> = of_containment.into_iter().chain(of_passage).collect();
    (!found.is_empty()).then(|| found.join("; "))
}

/// Which pairs are found with certainty.
fn every_pair(summary: &Summary) -> &'static str {
    if summary.crowds.articles == 0 { "every pair" } else { "every pair, but in crowds" }
}

/// Which pairs are sought.
fn only(settings: &Config) -> Option<String> {
    let days = settings.within_days.map(|days| format!("pairs at most {days} days apart"));
    let across = settings.across_publishers.then(|| "pairs of different publishers".to_owned());
    let sought: Vec<String> = days.into_iter().chain(across).collect();
    (!sought.is_empty()).then(|| format!("{}, where that is known", sought.join(", ")))
}
