//! Plots of the overview as SVG within the page. Their colours are the page's own: its style sheet replaces the few that
//! are used here.

use crate::candidates::bands::Bands;
use crate::report::terminal::count;
use plotters::coord::Shift;
use plotters::prelude::*;

/// Colours that the style sheet knows.
const INK: RGBColor = RGBColor(1, 1, 1);
const FAINT: RGBColor = RGBColor(2, 2, 2);
const MAIN: RGBColor = RGBColor(3, 3, 3);
const LIGHT: RGBColor = RGBColor(4, 4, 4);

const SIZE: (u32, u32) = (560, 240);

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Bars of one height or two, the second in front of the first.
pub(super) struct Bars<'b> {
    /// What stands below each.
    pub(super) names: &'b [String],
    pub(super) heights: &'b [u64],
    pub(super) front: Option<&'b [u64]>,
    pub(super) below: &'b str,
    pub(super) beside: &'b str,
}

/// Draws bars. Of a plot that cannot be drawn nothing is left.
pub(super) fn bars(bars: &Bars<'_>) -> String {
    svg(|root| {
        let most = bars.heights.iter().copied().max().unwrap_or(0).max(1);
        let all = bars.names.len().max(1);
        let mut chart = ChartBuilder::on(root)
            .margin(8)
            .margin_right(20)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(-0.5..all as f64 - 0.5, 0.0..most as f64 * 1.05)?;
        let name = |at: &f64| {
            let index = at.round();
            let name = bars.names.get(index as usize).filter(|_| (at - index).abs() < 1e-6 && index >= 0.0);
            name.cloned().unwrap_or_default()
        };
        // As many names as there is room for.
        let longest = bars.names.iter().map(String::len).max().unwrap_or(1).max(1);
        let labels = (60 / longest).clamp(2, all.max(2));
        let label = ("sans-serif", 13).into_font().color(&INK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .axis_style(INK)
            .bold_line_style(FAINT)
            .light_line_style(TRANSPARENT)
            .label_style(label.clone())
            .axis_desc_style(label)
            .x_labels(labels)
            .x_label_formatter(&name)
            .y_labels(5)
            .y_label_formatter(&|height| if height.fract() == 0.0 { count(*height as u64) } else { String::new() })
            .x_desc(bars.below)
            .y_desc(bars.beside)
            .draw()?;
        let series =
            [Some((bars.heights, if bars.front.is_some() { LIGHT } else { MAIN })), bars.front.map(|all| (all, MAIN))];
        for (heights, colour) in series.into_iter().flatten() {
            chart.draw_series(heights.iter().zip(0u32..).map(|(&height, at)| {
                let left = f64::from(at);
                Rectangle::new([(left - 0.42, 0.0), (left + 0.42, height as f64)], colour.filled())
            }))?;
        }
        Ok(())
    })
}

/// The probability of being found, by Jaccard, with the threshold marked.
pub(super) fn curve(bands: Bands, threshold: f64) -> String {
    svg(|root| {
        let mut chart = ChartBuilder::on(root)
            .margin(8)
            .margin_right(20)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        let label = ("sans-serif", 13).into_font().color(&INK);
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(FAINT)
            .light_line_style(TRANSPARENT)
            .label_style(label.clone())
            .axis_desc_style(label)
            .x_desc("Jaccard")
            .y_desc("found")
            .draw()?;
        let points = (0..=200).map(|step| f64::from(step) / 200.0);
        chart.draw_series(LineSeries::new(points.map(|at| (at, bands.found(at))), MAIN.stroke_width(2)))?;
        chart.draw_series(LineSeries::new([(threshold, 0.0), (threshold, 1.0)], INK.stroke_width(1)))?;
        chart.draw_series([Circle::new((threshold, bands.found(threshold)), 4, INK.filled())])?;
        Ok(())
    })
}

fn svg(draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Drawn) -> String {
    let mut drawn = String::new();
    let done = {
        let root = SVGBackend::with_string(&mut drawn, SIZE).into_drawing_area();
        draw(&root).and_then(|()| root.present().map_err(Into::into))
    };
    done.map(|()| drawn).unwrap_or_default()
}
