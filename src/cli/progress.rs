//! Progress on standard error: a bar a stage on a terminal, nothing elsewhere.

use super::log;
use crate::pipeline::{Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Instant;

/// Shows bars and keeps the time of each stage.
pub(super) struct Bars {
    visible: bool,
    current: Mutex<Current>,
}

struct Current {
    bar: ProgressBar,
    stage: Option<(Stage, Instant)>,
    seconds: Vec<(&'static str, f64)>,
}

impl Bars {
    pub(super) fn new(quiet: bool) -> Self {
        let visible = !quiet && !log::is_json() && std::io::stderr().is_terminal();
        let current = Current { bar: ProgressBar::hidden(), stage: None, seconds: Vec::new() };
        Self { visible, current: Mutex::new(current) }
    }

    /// Ends the last stage; returns the seconds of each.
    pub(super) fn finish(&self) -> Vec<(&'static str, f64)> {
        let Ok(mut current) = self.current.lock() else { return Vec::new() };
        current.end();
        current.seconds.clone()
    }
}

impl Current {
    fn end(&mut self) {
        self.bar.finish_and_clear();
        if let Some((stage, since)) = self.stage.take() {
            let seconds = since.elapsed().as_secs_f64();
            log::stage(stage.name(), seconds);
            match self.seconds.iter_mut().find(|(name, _)| *name == stage.name()) {
                Some((_, before)) => *before += seconds,
                None => self.seconds.push((stage.name(), seconds)),
            }
        }
    }
}

/// Whole steps a second.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let Ok(mut current) = self.current.lock() else { return };
        current.end();
        current.stage = Some((stage, Instant::now()));
        let amounts = match (stage, total) {
            (Stage::Read | Stage::Fingerprints | Stage::Join | Stage::Dump, Some(_)) => {
                "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}"
            }
            (Stage::Read | Stage::Fingerprints | Stage::Join, None) => "{spinner} {bytes} {bytes_per_sec}",
            (_, Some(_)) => "{bar:30} {human_pos}/{human_len} {rate} eta {eta}",
            (_, None) => "{spinner}",
        };
        let style = ProgressStyle::with_template(&format!("{:<12} {amounts}", stage.name()));
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        bar.set_draw_target(if self.visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        current.bar = match style {
            Ok(style) => bar.with_style(style.with_key("rate", rate)),
            Err(_) => bar,
        };
    }

    fn advance(&self, amount: u64) {
        if self.visible
            && let Ok(current) = self.current.lock()
        {
            current.bar.inc(amount);
        }
    }
}
