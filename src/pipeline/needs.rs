//! How much memory and room for temporary files a run will need, as far as the size of its input tells.

use crate::config::Config;
use crate::input::{Estimate, InputOptions, Plan, Source};
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

/// The part of all memory that is at least for what can be put away, one in so many; as much is for what was unpacked.
const PART: u64 = 4;
/// Of memory that is left over, three such quarters are for what was unpacked: what will be needed is only told about.
const LEFT: u64 = 3;

/// What a run will need, about.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Articles in the input.
    pub articles: u64,
    /// Bytes that have to stay in memory.
    pub kept: u64,
    /// Bytes that can be put away in temporary files.
    pub shelved: u64,
    /// Bytes of packed sources, unpacked, which are kept in memory where they fit.
    pub unpacked: u64,
    /// How many times its size one of them has then.
    pub growth: f64,
    /// Bytes of texts that have to be drawn from something else, which are put away in any case.
    pub drawn: u64,
}

/// How much memory a run may take for what it can do without; as much as there is by default.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes of what is put away in temporary files beyond them; nothing is if there are none.
    pub(super) shelves: Option<u64>,
    /// Bytes of packed sources, unpacked, which are unpacked again beyond them.
    pub(super) unpacked: u64,
    growth: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { shelves: None, unpacked: u64::MAX, growth: 0.0 }
    }
}

impl Budget {
    /// Whether a packed source is so large that there is no room for it by far.
    pub(super) fn is_beyond(&self, source: &Source) -> bool {
        source.unpacked_bytes(self.growth) / 2 > self.unpacked
    }
}

impl Needs {
    /// Looks at the beginnings of some sources, and at the sizes of all.
    #[must_use]
    pub fn of(plan: &Plan, options: &InputOptions, config: &Config) -> Self {
        let mut words = Vec::new();
        let Estimate { articles, words, drawn, unpacked, growth } = Estimate::of(&plan.sources, options, |text| {
            words.clear();
            word_hashes(text, &mut words);
            words.len()
        });
        let band_keys = 4 * config.bands.bands() as u64 * articles;
        let fingerprints = if config.guaranteed_run().is_some() { words as f64 / WORDS } else { 0.0 };
        let entries = (fingerprints * ENTRY * (1.0 + SORTED)) as u64;
        Self { articles, kept: FIXED + articles * KEPT, shelved: band_keys + entries, unpacked, growth, drawn }
    }

    /// How so many bytes of memory are divided, of which at most `shelves` are for what can be put away.
    #[must_use]
    pub fn budget(&self, memory: u64, shelves: u64) -> Budget {
        let shelves = shelves.min(memory / PART);
        let left = memory.saturating_sub(self.kept + self.shelved.min(shelves));
        Budget { shelves: Some(shelves), unpacked: (memory / PART).max(left / PART * LEFT), growth: self.growth }
    }

    /// Bytes of memory, if so much of it may be taken.
    #[must_use]
    pub fn memory(&self, budget: &Budget) -> u64 {
        self.kept + self.shelved - self.put_away(budget) + self.unpacked.min(budget.unpacked)
    }

    /// Bytes of temporary files then.
    #[must_use]
    pub fn temporary(&self, budget: &Budget) -> u64 {
        self.drawn + self.put_away(budget)
    }

    /// Bytes of temporary files beside these, at most: of packed sources that are not kept in memory, the records that
    /// candidates need.
    #[must_use]
    pub fn extracted(&self, budget: &Budget) -> u64 {
        if self.unpacked > budget.unpacked { self.unpacked } else { 0 }
    }

    fn put_away(&self, budget: &Budget) -> u64 {
        budget.shelves.map_or(0, |shelves| self.shelved.saturating_sub(shelves))
    }
}
