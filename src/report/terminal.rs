//! What a person sees of a run: the strongest pairs with the longest passage of each; and how texts and numbers are shown.

use super::catalogue::Catalogue;
use super::pairs::cut;
use super::{Render, Sink};
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::score::{Comparison, PassageSpans, Relation, ScoredPair, Side};
use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Columns that are used where nobody says how many there are.
pub const WIDTH: usize = 100;
/// Fewer columns than this, and the two ids of a pair stand below each other.
const NARROW: usize = 84;
/// Bytes of a passage that are kept for showing.
const SNIPPET: usize = 400;

/// Text from outside, made harmless for a terminal: white space becomes a blank, control and bidi characters visible.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if !safe.ends_with(' ') {
                    safe.push(' ');
                }
            }
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                safe.extend(ch.escape_unicode());
            }
            _ if ch.is_control() => safe.extend(ch.escape_unicode()),
            _ => safe.push(ch),
        }
    }
    safe
}

/// A fraction as a percentage with one decimal. Only 1 is 100 %, and only 0 is 0 %.
#[must_use]
pub fn percent(fraction: f64) -> String {
    let tenths = (fraction * 1000.0).round();
    match tenths as u32 {
        0 if fraction > 0.0 => "<0.1 %".to_owned(),
        1000 if fraction < 1.0 => ">99.9 %".to_owned(),
        _ => format!("{:.1} %", tenths / 10.0),
    }
}

/// A number with its thousands apart.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Writes what one may do next, quietly.
///
/// # Errors
/// If it cannot be written.
pub fn write_next(out: &mut impl Write, text: &str, width: usize) -> io::Result<()> {
    let next = wrapped(&format!("next: {text}"), width, 6);
    writeln!(out, "\n{}", Style::new().dim().apply_to(next))
}

/// The style of a relation: the same everywhere.
#[must_use]
pub fn relation_style(relation: Option<Relation>) -> Style {
    match relation {
        Some(Relation::Identical) => Style::new().red(),
        Some(Relation::NearDuplicate) => Style::new().yellow(),
        Some(Relation::Excerpt | Relation::PartialCopy) => Style::new().magenta(),
        Some(Relation::Variant | Relation::SharedPassage) => Style::new().cyan(),
        None => Style::new().dim(),
    }
}

/// A pair that is kept for showing.
#[derive(Clone, Debug)]
struct Shown {
    pair: ScoredPair,
    snippet: Option<(u32, String)>,
}

impl Shown {
    /// Greater for stronger; of equals, the first.
    fn strength(&self) -> (u64, u64, Reverse<(ArticleId, ArticleId)>) {
        // Fractions of 0..=1 sort like their bits.
        let coverage = self.pair.overlap.coverage_a().max(self.pair.overlap.coverage_b());
        (self.pair.overlap.jaccard().to_bits(), coverage.to_bits(), Reverse((self.pair.a, self.pair.b)))
    }
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.strength() == other.strength()
    }
}

impl Eq for Shown {}

impl PartialOrd for Shown {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Shown {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.strength().cmp(&other.strength())
    }
}

/// Keeps the strongest pairs, whichever thread scores them when.
#[derive(Debug)]
pub struct Strongest {
    most: usize,
    kept: Mutex<BinaryHeap<Reverse<Shown>>>,
    /// The bits of the least Jaccard of those that are kept; 0 while there is room for more.
    least: AtomicU64,
}

impl Strongest {
    /// Keeps up to `most`.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, kept: Mutex::default(), least: AtomicU64::new(0) }
    }

    /// Writes them, strongest first, in `width` columns, and how many of `all` pairs are not among them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(self, out: &mut impl Write, catalogue: &Catalogue, all: u64, width: usize) -> Result<()> {
        let kept = self.kept.into_inner().unwrap_or_default();
        let unseen = all - kept.len() as u64;
        let pairs: Vec<Shown> = kept.into_sorted_vec().into_iter().map(|Reverse(shown)| shown).collect();
        write_pairs(out, catalogue, &pairs, width, unseen).map_err(|error| Error::output(&error))
    }

    /// Whether a pair is one of the strongest yet.
    fn has_room_for(&self, shown: &Shown) -> bool {
        let is_stronger = |kept: &BinaryHeap<Reverse<Shown>>| kept.peek().is_some_and(|Reverse(least)| shown > least);
        // Most pairs are told by one number.
        shown.pair.overlap.jaccard().to_bits() >= self.least.load(Relaxed)
            && self.kept.lock().is_ok_and(|kept| kept.len() < self.most || is_stronger(&kept))
    }

    fn keep(&self, shown: Shown) {
        let Ok(mut kept) = self.kept.lock() else { return };
        kept.push(Reverse(shown));
        if kept.len() > self.most {
            kept.pop();
        }
        if let Some(Reverse(least)) = kept.peek().filter(|_| kept.len() == self.most) {
            self.least.store(least.pair.overlap.jaccard().to_bits(), Relaxed);
        }
    }
}

impl Render for &Strongest {
    type Rendered = ();

    fn render(&self, pair: &ScoredPair, comparison: &Comparison, a: Side<'_>, b: Side<'_>) {
        let mut shown = Shown { pair: *pair, snippet: None };
        if self.has_room_for(&shown) {
            // Of the longest the first.
            let longest = PassageSpans::all(comparison, a, b).into_iter().rev().max_by_key(|passage| passage.words);
            shown.snippet = longest.map(|passage| (passage.words, escape(cut(passage.a.of(a.text), SNIPPET))));
            self.keep(shown);
        }
    }

    fn bytes((): &()) -> usize {
        0
    }
}

impl<'s> Sink for &'s Strongest {
    type Render = &'s Strongest;

    fn renderer(&self) -> &'s Strongest {
        self
    }

    fn take(&mut self, _: &ScoredPair, (): ()) -> Result<()> {
        Ok(())
    }
}

const HEADS: [&str; 4] = ["of A in B", "of B in A", "Jaccard", "relation"];
const WIDTHS: [usize; 4] = [9, 9, 8, 17];

fn write_pairs(
    out: &mut impl Write,
    catalogue: &Catalogue,
    pairs: &[Shown],
    width: usize,
    unseen: u64,
) -> io::Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let indent = WIDTHS.iter().sum::<usize>() + 2 * WIDTHS.len();
    let stacked = width < NARROW;
    let longest_id = pairs.iter().map(|shown| measure_text_width(&catalogue.id(shown.pair.a))).max().unwrap_or(0);
    let id_width = if stacked { width.saturating_sub(4) } else { longest_id.clamp(1, (width - indent - 2) / 2) };
    let head: Vec<String> =
        HEADS.iter().zip(WIDTHS).map(|(head, width)| align(head, width, head != &"relation")).collect();
    let ids = if stacked { String::new() } else { format!("  {}  B", align("A", id_width, false)) };
    let head = format!("{}{ids}", head.join("  "));
    writeln!(out, "{}", Style::new().dim().apply_to(truncate_str(head.trim_end(), width, "…")))?;
    for Shown { pair, snippet } in pairs {
        let overlap = &pair.overlap;
        let numbers = [overlap.coverage_a(), overlap.coverage_b(), overlap.jaccard()].map(percent);
        let cells: Vec<String> = numbers.iter().zip(WIDTHS).map(|(number, width)| align(number, width, true)).collect();
        let named = format!("{}{}", pair.relation.name(), pair.direction());
        let relation = relation_style(Some(pair.relation)).apply_to(align(&named, WIDTHS[3], false));
        let (a, b) = (escape(&catalogue.id(pair.a)), escape(&catalogue.id(pair.b)));
        let row = format!("{}  {relation}", cells.join("  "));
        if stacked {
            writeln!(out, "{}", truncate_str(row.trim_end(), width, "…"))?;
            writeln!(out, "  A {}", ending(&a, id_width))?;
            writeln!(out, "  B {}", ending(&b, id_width))?;
        } else {
            let rest = width - indent - id_width - 2;
            let a = pad_str(&ending(&a, id_width), id_width, Alignment::Left, None).into_owned();
            writeln!(out, "{row}  {a}  {}", ending(&b, rest))?;
        }
        if let Some(core) = pair.core.as_ref().filter(|_| pair.relation != Relation::Identical) {
            let containment = percent(core.containment());
            let text =
                format!("    without boilerplate: Jaccard {}, containment {containment}", percent(core.jaccard()));
            writeln!(out, "{}", Style::new().dim().apply_to(truncate_str(&text, width, "…")))?;
        }
        if let Some((words, text)) = snippet {
            let text = format!("    {}: {text}", plural(u64::from(*words), "word"));
            writeln!(out, "{}", Style::new().dim().apply_to(truncate_str(&text, width, "…")))?;
        }
    }
    if unseen > 0 {
        let more = format!("… and {}; --top N shows more, -o DIR writes all", plural(unseen, "other pair"));
        writeln!(out, "{}", truncate_str(&more, width, "…"))?;
    }
    Ok(())
}

/// The end of an id, in up to `width` columns: what tells two apart is mostly there.
fn ending(id: &str, width: usize) -> String {
    if measure_text_width(id) <= width {
        return id.to_owned();
    }
    let mut kept = 1;
    let fits = |ch: &char| {
        kept += measure_text_width(ch.encode_utf8(&mut [0; 4]));
        kept <= width
    };
    let end: Vec<char> = id.chars().rev().take_while(fits).collect();
    std::iter::once('…').chain(end.into_iter().rev()).collect()
}

pub(super) fn align(text: &str, width: usize, right: bool) -> String {
    let alignment = if right { Alignment::Right } else { Alignment::Left };
    pad_str(text, width, alignment, None).into_owned()
}

/// A number and its noun.
#[must_use]
pub fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// Breaks `text` at blanks, so that each line has up to `width` columns, and indents all but the first.
pub(super) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut result = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = measure_text_width(word);
        if column > 0 && column + 1 + length > width {
            result.push('\n');
            result.push_str(&" ".repeat(indent));
            column = 0;
        } else if column > 0 {
            result.push(' ');
            column += 1;
        }
        result.push_str(word);
        column += length;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_never_claim_too_much() {
        assert_eq!(percent(1.0), "100.0 %");
        assert_eq!(percent(0.9999), ">99.9 %");
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.0001), "<0.1 %");
        assert_eq!(percent(0.8125), "81.3 %");
    }

    #[test]
    fn hostile_text_is_shown_and_does_nothing() {
        assert_eq!(escape("a\u{1b}[31mb\n\n\tc\u{202e}d\u{7}"), "a\\u{1b}[31mb c\\u{202e}d\\u{7}");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
