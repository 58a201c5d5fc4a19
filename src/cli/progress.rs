//! Progress on standard error: a bar a stage on a terminal that can draw one, elsewhere a line now and then.

use super::log;
use crate::pipeline::{Progress, Stage};
use crate::report::terminal::count;
use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Milliseconds between two lines, and least ones of a stage whose end has a line.
const EVERY: u64 = 10_000;

/// How long a stage takes before it has a bar.
const SEEN: Duration = Duration::from_millis(300);

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Bars,
    Lines,
    Not,
}

/// Shows progress and keeps the time of each stage.
pub(super) struct Bars {
    shown: Shown,
    current: Mutex<Current>,
    started: Instant,
    /// How much of the stage is done, and when that was told last, in milliseconds from the start.
    done: AtomicU64,
    told: AtomicU64,
}

struct Current {
    bar: ProgressBar,
    stage: Option<(Stage, Instant)>,
    total: Option<u64>,
    seconds: Vec<(&'static str, f64)>,
}

/// Whether a stage is counted in bytes.
fn is_in_bytes(stage: Stage) -> bool {
    matches!(stage, Stage::Read | Stage::Fingerprints | Stage::Join | Stage::Dump)
}

impl Bars {
    pub(super) fn new(quiet: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let shown = match (quiet || log::is_json(), std::io::stderr().is_terminal() && !is_dumb) {
            (true, _) => Shown::Not,
            (false, true) => Shown::Bars,
            (false, false) => Shown::Lines,
        };
        let current = Current { bar: ProgressBar::hidden(), stage: None, total: None, seconds: Vec::new() };
        let (done, told) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { shown, current: Mutex::new(current), started: Instant::now(), done, told }
    }

    /// The seconds of each stage that has ended.
    pub(super) fn seconds(&self) -> Vec<(&'static str, f64)> {
        self.current.lock().map_or(Vec::new(), |current| current.seconds.clone())
    }

    /// Ends the last stage; returns the seconds of each.
    pub(super) fn finish(&self) -> Vec<(&'static str, f64)> {
        let Ok(mut current) = self.current.lock() else { return Vec::new() };
        self.end(&mut current);
        current.seconds.clone()
    }

    fn end(&self, current: &mut Current) {
        current.bar.finish_and_clear();
        if let Some((stage, since)) = current.stage.take() {
            let seconds = since.elapsed().as_secs_f64();
            log::stage(stage.name(), seconds);
            if self.shown == Shown::Lines && since.elapsed().as_millis() >= u128::from(EVERY) {
                let done = amount(stage, self.done.load(Ordering::Relaxed));
                say(&format!("{}: done, {done}in {seconds:.0} s", stage.name()));
            }
            match current.seconds.iter_mut().find(|(name, _)| *name == stage.name()) {
                Some((_, before)) => *before += seconds,
                None => current.seconds.push((stage.name(), seconds)),
            }
        }
    }

    /// Says how far a stage is, if nobody has for a while.
    fn tell(&self, done: u64) {
        let now = self.started.elapsed().as_millis() as u64;
        let told = self.told.load(Ordering::Relaxed);
        let is_time = now >= told + EVERY;
        if !is_time || self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let Ok(current) = self.current.lock() else { return };
        let Some((stage, since)) = current.stage else { return };
        // What is told of a few milliseconds is not to be relied on.
        if since.elapsed().as_millis() < u128::from(EVERY / 4) {
            return;
        }
        let rate = done as f64 / since.elapsed().as_secs_f64().max(0.001);
        let so_far = amount(stage, done);
        let whole = current.total.filter(|&total| total > 0).map_or(String::new(), |total| {
            let left = total.saturating_sub(done) as f64 / rate.max(f64::MIN_POSITIVE);
            let share = done as f64 / total as f64 * 100.0;
            format!("of {}({share:.0} %), {left:.0} s left, ", amount(stage, total))
        });
        let rate = if rate < 1.0 { String::new() } else { format!("{}a second", amount(stage, rate as u64)) };
        say(format!("{}: {so_far}{whole}{rate}", stage.name()).trim_end_matches([' ', ',']));
    }
}

/// So much of what a stage is counted in, and a blank.
fn amount(stage: Stage, number: u64) -> String {
    match number {
        0 => String::new(),
        _ if is_in_bytes(stage) => format!("{} ", DecimalBytes(number)),
        _ => format!("{} ", count(number)),
    }
}

fn say(line: &str) {
    // Nothing can be said where nobody listens.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whole steps a second.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let Ok(mut current) = self.current.lock() else { return };
        self.end(&mut current);
        current.stage = Some((stage, Instant::now()));
        current.total = total;
        self.done.store(0, Ordering::Relaxed);
        if self.shown != Shown::Bars {
            return;
        }
        let amounts = match (is_in_bytes(stage), total) {
            (true, Some(_)) => "{wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} eta {eta}",
            (true, None) => "{spinner} {decimal_bytes} {decimal_bytes_per_sec}",
            (false, Some(_)) => "{wide_bar} {human_pos}/{human_len} {rate} eta {eta}",
            (false, None) => "{spinner}",
        };
        let style = ProgressStyle::with_template(&format!("{:<12} {amounts}", stage.name()));
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        bar.set_draw_target(ProgressDrawTarget::hidden());
        current.bar = match style {
            Ok(style) => bar.with_style(style.with_key("rate", rate)),
            Err(_) => bar,
        };
    }

    fn advance(&self, amount: u64) {
        match self.shown {
            Shown::Bars => {
                if let Ok(current) = self.current.lock() {
                    // What ends at once need not be seen.
                    let is_long = |(_, since): (Stage, Instant)| since.elapsed() >= SEEN;
                    if current.bar.is_hidden() && current.stage.is_some_and(is_long) {
                        current.bar.set_draw_target(ProgressDrawTarget::stderr());
                    }
                    current.bar.inc(amount);
                }
            }
            Shown::Lines => self.tell(self.done.fetch_add(amount, Ordering::Relaxed) + amount),
            Shown::Not => {}
        }
    }
}
