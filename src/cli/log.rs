//! What is said on standard error, for people or as JSON for programs.
//!
//! As JSON it is one object a line, with `time` (UTC) and `event`: `stage` (`stage`, `seconds`) when one has ended,
//! `skipped` (`source`, `record`, `reason`), `notice` and `error` (`message`), and `end` (`status`).

use crate::input::{Skipped, place_of};
use crate::report::terminal::escape;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_JSON: AtomicBool = AtomicBool::new(false);

/// From here on all is said as JSON.
pub(super) fn use_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// Whether all is said as JSON.
pub(super) fn is_json() -> bool {
    IS_JSON.load(Ordering::Relaxed)
}

/// Says something to programs, if it is they who listen.
fn event(name: &str, mut fields: Value) {
    fields["time"] = jiff::Timestamp::now().to_string().into();
    fields["event"] = name.into();
    // Nothing can be said where nobody listens.
    let _ = writeln!(std::io::stderr(), "{fields}");
}

/// A stage has ended.
pub(super) fn stage(name: &str, seconds: f64) {
    if is_json() {
        event("stage", json!({ "stage": name, "seconds": seconds }));
    }
}

/// How long each stage took, for people who asked.
pub(super) fn seconds(stages: &[(&str, f64)]) {
    if !is_json() {
        let mut err = std::io::stderr().lock();
        for (stage, seconds) in stages {
            let _ = writeln!(err, "{stage:<12} {seconds:8.3} s");
        }
    }
}

/// Something worth knowing.
pub(super) fn notice(message: &str) {
    if is_json() {
        event("notice", json!({ "message": message }));
    } else {
        let _ = writeln!(std::io::stderr(), "{message}");
    }
}

/// Why a run failed.
pub(super) fn error(message: &str) {
    if is_json() {
        event("error", json!({ "message": message }));
    } else {
        let _ = writeln!(std::io::stderr(), "wirecopy: {}", escape(message));
    }
}

/// How a run ended.
pub(super) fn end(status: i32) {
    if is_json() {
        event("end", json!({ "status": status }));
    }
}

/// Skipped records that are named when nobody asked for all.
const NAMED: usize = 5;

/// Names what was skipped: all, or the first few.
pub(super) fn skipped(skipped: &[Skipped], all: bool) {
    let named = if all || is_json() { skipped.len() } else { NAMED.min(skipped.len()) };
    for skip in &skipped[..named] {
        if is_json() {
            event("skipped", json!(skip));
            continue;
        }
        let place = place_of(&skip.source, skip.record);
        let _ = writeln!(std::io::stderr(), "skipped {}: {}", escape(&place), escape(&skip.reason));
    }
    if named < skipped.len() {
        let more = skipped.len() - named;
        let _ = writeln!(std::io::stderr(), "skipped {more} more; -v names each, and the list of them that -o writes");
    }
}
