//! An evaluation on a terminal.

use super::metrics::{Point, Quality};
use super::{Disagreement, Evaluation, plot};
use crate::report::terminal::{count, escape, plural, wrapped};
use console::{Style, truncate_str};
use std::io::{self, Write};

/// Writes an evaluation in `width` columns, with up to `most` pairs that were missed, and as many that are wrong.
///
/// # Errors
/// If it cannot be written.
pub fn write_text(out: &mut impl Write, evaluation: &Evaluation, most: usize, width: usize) -> io::Result<()> {
    for (name, text) in lines(evaluation) {
        let name = Style::new().bold().apply_to(format!("{name:<11}"));
        writeln!(out, "{name} {}", wrapped(&text, width.saturating_sub(12).max(20), 12))?;
    }
    let dim = Style::new().dim();
    let head = "number           set  precision  recall      F1     best  precision  recall      F1";
    writeln!(out, "\n{}", dim.apply_to(truncate_str(head, width, "…")))?;
    for measure in &evaluation.measures {
        let row = format!("{:<12}  {}  {}", measure.name, point(measure.set), point(measure.best));
        writeln!(out, "{}", truncate_str(row.trim_end(), width, "…"))?;
    }
    write_pairs(out, "missed", &evaluation.missed, most, width)?;
    write_pairs(out, "wrong", &evaluation.wrong, most, width)?;
    if evaluation.curve.len() > 1 {
        writeln!(
            out,
            "\nprecision by recall, for every threshold of the Jaccard\n{}",
            plot::text(&evaluation.curve, width)
        )?;
    }
    Ok(())
}

fn lines(evaluation: &Evaluation) -> Vec<(&'static str, String)> {
    let truth = &evaluation.truth;
    let labels: Vec<String> = truth.labels.iter().map(|label| escape(label)).collect();
    let mut pairs = plural(truth.positive, "positive pair");
    if !labels.is_empty() {
        pairs += &format!(" ({})", labels.join(", "));
    }
    pairs += &if truth.closed {
        ", all others of these articles negative".to_owned()
    } else {
        format!(", {} negative", count(truth.negative))
    };
    if truth.unknown > 0 {
        pairs += &format!("; {} name no two articles of the input", plural(truth.unknown, "row"));
    }
    let reported = &evaluation.reported;
    let Quality { precision, recall, f1 } = evaluation.quality;
    let mut lines = vec![
        ("truth", pairs),
        (
            "reported",
            format!(
                "{} right, {} wrong, {} missed",
                count(reported.right),
                count(reported.wrong),
                count(reported.missed)
            ),
        ),
        ("", format!("precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}")),
    ];
    let clusters = &evaluation.clusters;
    let Quality { precision, recall, f1 } = clusters.b_cubed;
    let text = format!("ARI {:.4}; B-cubed precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}", clusters.ari);
    lines.push(("clusters", text));
    if truth.unscored > 0 {
        let text = format!("{} that were missed are in no table and no curve", plural(truth.unscored, "pair"));
        lines.push(("unscored", text));
    }
    lines
}

fn point(point: Option<Point>) -> String {
    let Some(Point { threshold, quality }) = point else { return " ".repeat(7 + 2 + 9 + 2 + 6 + 2 + 6) };
    format!(
        "{:>7}  {:>9.4}  {:>6.4}  {:>6.4}",
        format!("{threshold:.4}"),
        quality.precision,
        quality.recall,
        quality.f1
    )
}

fn write_pairs(out: &mut impl Write, what: &str, pairs: &[Disagreement], most: usize, width: usize) -> io::Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let bold = Style::new().bold();
    writeln!(out, "\n{}", bold.apply_to(format!("{what}: {}", plural(pairs.len() as u64, "pair"))))?;
    for pair in pairs.iter().take(most) {
        let label = if pair.label.is_empty() { String::new() } else { format!("{}: ", escape(&pair.label)) };
        let row = format!("  {}  {}", escape(&pair.a), escape(&pair.b));
        writeln!(out, "{}", truncate_str(&row, width, "…"))?;
        writeln!(out, "{}", truncate_str(&format!("      {label}{}", pair.reason), width, "…"))?;
    }
    if pairs.len() > most {
        writeln!(out, "  … and {} more; --top N shows more, --format json all", count((pairs.len() - most) as u64))?;
    }
    Ok(())
}
