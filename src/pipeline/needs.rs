//! How much memory and room for temporary files a run will need, as far as the size of its input tells.

use crate::config::Config;
use crate::input::{Estimate, InputOptions, Plan};
use crate::text::word_hashes;

/// Bytes of memory that do not depend on the input: the program, blocks that are being read, articles being compared.
const FIXED: u64 = 96 << 20;
/// Bytes of an article that stay in memory, measured.
const KEPT: u64 = 500;
/// Words of a fingerprint, by a window of nine.
const WORDS: f64 = 5.0;
/// Bytes of an entry of an index.
const ENTRY: f64 = 8.0;
/// Of all fingerprints, those that are sorted because several articles have them, at most.
const SORTED: f64 = 0.6;

/// What a run will need, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Articles in the input.
    pub articles: u64,
    /// Bytes that have to stay in memory.
    pub kept: u64,
    /// Bytes that can be put away in temporary files.
    pub shelved: u64,
    /// Bytes of packed sources, unpacked, which are kept in memory where they fit.
    pub unpacked: u64,
    /// Bytes of texts that have to be drawn from something else, which are put away in any case.
    pub drawn: u64,
}

impl Needs {
    /// Looks at the beginnings of some sources, and at the sizes of all.
    #[must_use]
    pub fn of(plan: &Plan, options: &InputOptions, config: &Config) -> Self {
        let mut words = Vec::new();
        let Estimate { articles, words, drawn, unpacked } = Estimate::of(&plan.sources, options, |text| {
            words.clear();
            word_hashes(text, &mut words);
            words.len()
        });
        let band_keys = 4 * config.bands.bands() as u64 * articles;
        let fingerprints = if config.guaranteed_run().is_some() { words as f64 / WORDS } else { 0.0 };
        let entries = (fingerprints * ENTRY * (1.0 + SORTED)) as u64;
        Self { articles, kept: FIXED + articles * KEPT, shelved: band_keys + entries, unpacked, drawn }
    }

    /// Bytes of memory, if there is so much.
    #[must_use]
    pub fn memory(&self, memory: Option<u64>) -> u64 {
        self.kept + self.shelved - self.put_away(memory) + self.unpacked.min(room(memory))
    }

    /// Bytes of temporary files, if there is so much memory.
    #[must_use]
    pub fn temporary(&self, memory: Option<u64>) -> u64 {
        self.drawn + self.put_away(memory)
    }

    /// Bytes of temporary files beside these, at most, if there is so much memory: of packed sources that are not kept
    /// there, the records that candidates need.
    #[must_use]
    pub fn extracted(&self, memory: Option<u64>) -> u64 {
        if self.unpacked > room(memory) { self.unpacked } else { 0 }
    }

    /// Bytes for which there is no room.
    fn put_away(&self, memory: Option<u64>) -> u64 {
        self.shelved.saturating_sub(room(memory))
    }
}

/// Bytes of so much memory that are for what can be put away, and as many for what was unpacked.
fn room(memory: Option<u64>) -> u64 {
    memory.map_or(u64::MAX, |memory| memory / super::scan::SHELVES)
}
