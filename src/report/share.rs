//! Files that are packed at the same time share the threads: where there is one for each, all have something to do.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static FILES: AtomicUsize = AtomicUsize::new(0);

/// A file that is being packed.
#[derive(Debug)]
pub(super) struct Share(());

impl Share {
    pub(super) fn new() -> Self {
        FILES.fetch_add(1, Relaxed);
        Self(())
    }

    /// How many of so many for each thread a file has now; at least one.
    pub(super) fn of(each: usize) -> usize {
        (each * rayon::current_num_threads() / FILES.load(Relaxed).max(1)).max(1)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        FILES.fetch_sub(1, Relaxed);
    }
}
