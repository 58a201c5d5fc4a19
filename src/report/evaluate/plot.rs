//! Precision by recall, as dots on a terminal and as SVG.

use super::metrics::Point;
use crate::error::{Error, ErrorKind, Result};
use plotters::prelude::*;
use std::io::Write;
use textplots::{Chart, Plot, Shape};

/// The corners of a curve, by recall.
fn corners(points: &[Point]) -> Vec<(f64, f64)> {
    points.iter().map(|point| (point.quality.recall, point.quality.precision)).collect()
}

/// The curve in `width` columns.
#[must_use]
pub fn text(points: &[Point], width: usize) -> String {
    let dots = (width.saturating_sub(16).clamp(20, 80) * 2) as u32;
    let line: Vec<(f32, f32)> = corners(points).iter().map(|&(x, y)| (x as f32, y as f32)).collect();
    let shape = Shape::Lines(&line);
    let mut chart = Chart::new_with_y_range(dots, 48, 0.0, 1.0, 0.0, 1.0);
    let plot = chart.lineplot(&shape);
    plot.axis();
    plot.figures();
    plot.to_string()
}

/// Writes the curve as SVG.
///
/// # Errors
/// If it cannot be written.
pub fn write_svg(out: &mut impl Write, points: &[Point]) -> Result<()> {
    let mut drawn = String::new();
    draw(&mut drawn, points)
        .map_err(|error| Error::new(ErrorKind::Output, format!("the plot cannot be drawn: {error}")))?;
    out.write_all(drawn.as_bytes()).and_then(|()| out.flush()).map_err(|error| Error::output(&error))
}

fn draw(into: &mut String, points: &[Point]) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(into, (640, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("precision by recall", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    chart.configure_mesh().x_desc("recall").y_desc("precision").draw()?;
    chart.draw_series(LineSeries::new(corners(points), BLUE.stroke_width(2)))?;
    root.present()?;
    Ok(())
}
