//! Two articles on a terminal: the numbers, and the passages side by side, numbered, with the edits marked.

use super::terminal::{count, escape, percent, plural, relation_style, wrapped};
use crate::article::Span;
use crate::score::{Comparison, Passage, PassageSpans, Relation, Run, Side};
use console::{Style, measure_text_width};
use std::io::{self, Write};
use std::ops::Range;

/// Fewer columns than this, and the two sides stand below each other.
const NARROW: usize = 80;

/// Writes what two articles have in common.
///
/// # Errors
/// If it cannot be written.
pub fn write(
    out: &mut impl Write,
    names: (&str, &str),
    comparison: &Comparison,
    a: Side<'_>,
    b: Side<'_>,
    width: usize,
) -> io::Result<()> {
    let overlap = &comparison.overlap;
    let bold = Style::new().bold();
    let field = |name: &str| bold.apply_to(format!("{name:<12}")).to_string();
    writeln!(out, "{}{}, {}", field("A"), escape(names.0), plural(u64::from(overlap.words_a), "word"))?;
    writeln!(out, "{}{}, {}", field("B"), escape(names.1), plural(u64::from(overlap.words_b), "word"))?;
    let relation = comparison.relation.map_or("none: they share no passage", Relation::name);
    writeln!(
        out,
        "{}{}{}",
        field("relation"),
        relation_style(comparison.relation).apply_to(relation),
        direction(comparison)
    )?;
    let union = u64::from(overlap.shingles_a) + u64::from(overlap.shingles_b) - u64::from(overlap.shared);
    let in_each_other =
        |what: &str, a: f64, b: f64| format!("{} of A's {what} are in B, {} of B's in A", percent(a), percent(b));
    for (name, text) in [
        ("overlap", in_each_other("words", overlap.coverage_a(), overlap.coverage_b())),
        ("containment", in_each_other("shingles", overlap.containment_a(), overlap.containment_b())),
        (
            "Jaccard",
            format!(
                "{} ({} of {})",
                percent(overlap.jaccard()),
                count(u64::from(overlap.shared)),
                plural(union, "shingle")
            ),
        ),
    ] {
        writeln!(out, "{}{}", field(name), wrapped(&text, width.saturating_sub(12).max(20), 12))?;
    }
    if let Some(core) = comparison.core {
        let text = format!(
            "Jaccard {}, containment {} and {}, without boilerplate",
            percent(core.jaccard()),
            percent(core.containment_a()),
            percent(core.containment_b())
        );
        writeln!(out, "{}{}", field("core"), wrapped(&text, width.saturating_sub(12).max(20), 12))?;
    }
    let spans = PassageSpans::all(comparison, a, b);
    for ((passage, spans), number) in comparison.passages.iter().zip(spans).zip(1..) {
        writeln!(
            out,
            "\n{} {}{}, bytes {}–{} of A, {}–{} of B",
            passage_style(number).bold().apply_to(format!("[{number}]")),
            plural(u64::from(spans.words), "equal word"),
            match spans.boilerplate {
                0 => String::new(),
                all if all == spans.words => ", boilerplate".to_owned(),
                some => format!(" ({} of them boilerplate)", count(u64::from(some))),
            },
            spans.a.start,
            spans.a.end,
            spans.b.start,
            spans.b.end
        )?;
        let sides = (tokens(a, &passage.a(), passage, true), tokens(b, &passage.b(), passage, false));
        write_sides(out, &sides.0, &sides.1, number, width)?;
    }
    Ok(())
}

/// Which of the two is in the other.
fn direction(comparison: &Comparison) -> &'static str {
    if !matches!(comparison.relation, Some(Relation::Excerpt | Relation::PartialCopy)) {
        return "";
    }
    let overlap = &comparison.overlap;
    let sets = comparison.core.unwrap_or_else(|| overlap.sets());
    if sets.containment_a() >= sets.containment_b() { ": A is in B" } else { ": B is in A" }
}

fn passage_style(number: usize) -> Style {
    let styles = [Style::new().green(), Style::new().cyan(), Style::new().magenta(), Style::new().blue()];
    styles[(number - 1) % styles.len()].clone()
}

/// A stretch without white space: words that are not in the other article, or what stands between such.
struct Token {
    text: String,
    edited: bool,
    /// Whether white space stands before it.
    apart: bool,
}

/// The words of a passage that the other side has not, in their order.
pub(super) fn edits<'p>(side: Side<'p>, passage: &'p Passage, is_a: bool) -> impl Iterator<Item = Span> + 'p {
    let of_run = move |run: &Run| if is_a { run.a..run.a + run.len } else { run.b..run.b + run.len };
    let between = passage.runs.windows(2).flat_map(move |two| of_run(&two[0]).end..of_run(&two[1]).start);
    between.map(move |word| side.prepared.spans()[word as usize])
}

/// The passage's text on one side, cut at white space and around edited words.
fn tokens(side: Side<'_>, words: &Range<u32>, passage: &Passage, is_a: bool) -> Vec<Token> {
    let span = side.prepared.span(words);
    let edits = edits(side, passage, is_a);
    let mut tokens = Tokens::default();
    let mut at = span.start;
    for edit in edits {
        // Two words of one character have one span.
        let (start, end) = (edit.start.max(at), edit.end.max(at));
        tokens.add(Span { start: at, end: start }.of(side.text), false);
        tokens.add(Span { start, end }.of(side.text), true);
        at = end;
    }
    tokens.add(Span { start: at, end: span.end }.of(side.text), false);
    tokens.all
}

#[derive(Default)]
struct Tokens {
    all: Vec<Token>,
    /// Whether white space stands behind the last one.
    apart: bool,
}

impl Tokens {
    fn add(&mut self, text: &str, edited: bool) {
        for piece in text.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            if !word.is_empty() {
                self.all.push(Token { text: escape(word), edited, apart: self.apart });
                self.apart = false;
            }
            self.apart |= word.len() < piece.len();
        }
    }
}

fn write_sides(out: &mut impl Write, a: &[Token], b: &[Token], number: usize, width: usize) -> io::Result<()> {
    if width < NARROW {
        for (name, side) in [("A ", a), ("B ", b)] {
            for (line, at) in lines(side, width.saturating_sub(2).max(10), number).iter().zip(0..) {
                writeln!(out, "{}{line}", if at == 0 { name } else { "  " })?;
            }
        }
        return Ok(());
    }
    let column = (width - 3) / 2;
    let (a, b) = (lines(a, column, number), lines(b, column, number));
    for at in 0..a.len().max(b.len()) {
        let (left, right) = (a.get(at).map_or("", String::as_str), b.get(at).map_or("", String::as_str));
        let padding = " ".repeat(column.saturating_sub(measure_text_width(left)));
        writeln!(out, "{left}{padding} │ {right}")?;
    }
    Ok(())
}

/// Tokens in lines of up to `width` columns; an edited one is marked by style, or by brackets where there are no styles.
fn lines(tokens: &[Token], width: usize, number: usize) -> Vec<String> {
    let equal = passage_style(number);
    let edited = Style::new().yellow().underlined();
    let styled = console::colors_enabled();
    let mut lines = vec![String::new()];
    let mut column = 0;
    for token in tokens {
        let text = if token.edited && !styled { format!("[{}]", token.text) } else { token.text.clone() };
        let style = if token.edited { &edited } else { &equal };
        for (piece, first) in
            pieces(&text, width).into_iter().zip(std::iter::once(true).chain(std::iter::repeat(false)))
        {
            let length = measure_text_width(&piece);
            let blank = usize::from(first && token.apart && column > 0);
            if column + blank + length > width {
                lines.push(String::new());
                column = 0;
            } else if blank == 1 {
                append(&mut lines, " ");
                column += 1;
            }
            append(&mut lines, &style.apply_to(piece).to_string());
            column += length;
        }
    }
    lines
}

fn append(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// A text without blanks, cut where it is wider than a line, as Chinese is.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut column = 0;
    for ch in text.chars() {
        let length = measure_text_width(ch.encode_utf8(&mut [0; 4]));
        if column + length > width {
            pieces.push(String::new());
            column = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(ch);
        }
        column += length;
    }
    pieces
}
