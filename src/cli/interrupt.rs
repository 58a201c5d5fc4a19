//! What an interrupt does: it takes with it what is half made. What is whole is put in its place all the same.

use super::log;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const EXIT: i32 = 130;

/// What an interrupted run takes with it. Whoever holds it decides how the program ends.
static HALF_MADE: Mutex<Option<PathBuf>> = Mutex::new(None);
/// Whether the program keeps it.
static IS_WHOLE: AtomicBool = AtomicBool::new(false);

/// Handles interrupts from here on.
pub(super) fn handle() {
    // A second handler cannot be set; the first does all there is to do.
    let _ = ctrlc::set_handler(|| {
        let half_made = HALF_MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &*half_made {
            remove(path);
        }
        log::error("interrupted");
        log::end(EXIT);
        std::process::exit(EXIT);
    });
}

/// Removes a folder in which others may still be writing, until they notice.
fn remove(path: &Path) {
    const TIMES: usize = 100;
    const PAUSE: Duration = Duration::from_millis(20);
    for _ in 0..TIMES {
        let _ = std::fs::remove_dir_all(path);
        if path.symlink_metadata().is_err() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// An output is made in this folder.
pub(super) fn takes(path: &Path) {
    *HALF_MADE.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
}

/// All is made: from here on nothing ends the program but itself. If it was interrupted before, this does not return.
pub(super) fn comes_too_late() {
    if !IS_WHOLE.swap(true, Ordering::Relaxed) {
        std::mem::forget(HALF_MADE.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
