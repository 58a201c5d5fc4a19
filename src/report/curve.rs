//! The S-curve of bands and rows on a terminal, as a table and as a plot.

use crate::candidates::bands::Bands;
use console::Style;
use std::io::{self, Write};
use textplots::{Chart, Plot, Shape};

/// Writes the curve; `threshold` is marked in the table.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut impl Write, bands: Bands, threshold: f64, width: usize) -> io::Result<()> {
    let found = bands.found(threshold);
    writeln!(
        out,
        "{} bands of {} rows, signatures of k = {} values, {} bytes of band keys an article",
        bands.bands(),
        bands.rows(),
        bands.k(),
        4 * bands.bands()
    )?;
    writeln!(out, "a pair of Jaccard {threshold} is found with probability {found:.6}\n")?;
    writeln!(out, "{}", Style::new().dim().apply_to("Jaccard   found       missed"))?;
    let steps = (1..=20).map(|step| f64::from(step) / 20.0);
    let mut rows: Vec<f64> = steps.filter(|step| (step - threshold).abs() > 1e-9).chain([threshold]).collect();
    rows.sort_by(f64::total_cmp);
    for jaccard in rows {
        let missed = bands.missed(jaccard);
        let missed = if missed < 0.001 { format!("{missed:.1e}") } else { format!("{missed:.4}") };
        let row = format!("{jaccard:<8}  {:<10.6}  {missed:<8}", bands.found(jaccard));
        let marked = (jaccard - threshold).abs() < 1e-9;
        if marked {
            writeln!(out, "{}", Style::new().bold().apply_to(format!("{row}  threshold")))?;
        } else {
            writeln!(out, "{}", row.trim_end())?;
        }
    }
    // A cell of the plot holds two dots across; the axis needs some columns at the right.
    let dots = (width.saturating_sub(16).clamp(20, 80) * 2) as u32;
    let curve = Shape::Continuous(Box::new(move |jaccard| bands.found(f64::from(jaccard)) as f32));
    let mut chart = Chart::new_with_y_range(dots, 48, 0.0, 1.0, 0.0, 1.0);
    let plot = chart.lineplot(&curve);
    plot.axis();
    plot.figures();
    writeln!(out, "\nprobability of being found, by Jaccard\n{plot}")
}
