//! Whether a pair is reported, and why.
//!
//! A pair is reported if it is identical, or the first of these holds; where one of the two has boilerplate, numbers are
//! those of the core.
//!
//! 1. The Jaccard is at least the threshold.
//! 2. The larger containment is at least its bound, and both share a verbatim run of 13 words without
//!    boilerplate, or one of the two has fewer than 25 words.
//!    A containment of 0.8 implies such a run from 25 words on, and one of 16 words from 46 on, where no four words of the
//!    copy repeat at a break: of 21 shingles four may be missing, an inserted word costs four of them and a changed one
//!    five, so that one break is left, and one side of it has 13 of the 25 words. It implies none where the copy comes in
//!    pieces: pieces of five words with foreign words between them have containment 1, and no run of six.
//! 3. A length of passages was asked for, and both share a verbatim run of so many words without
//!    boilerplate.

use super::runs::Runs;
use super::{Core, Matched};
use crate::candidates::passages::is_short;
use crate::config::{Config, LONG_RUN};

/// Why a pair is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// All their words are the same.
    Identical,
    /// They are alike as wholes.
    Jaccard,
    /// One is contained in the other.
    Containment,
    /// They share a long run.
    Passage,
}

/// What a comparison without passages tells of a pair.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weighed {
    pub(crate) reason: Option<Reason>,
    /// Of a pair without a reason: whether it shares a run that is long all the same.
    pub(crate) long_run: bool,
    /// Of a pair without a reason: the first words, in a and in b, of the runs that they share.
    pub(crate) runs: [Vec<u32>; 2],
}

impl Matched<'_> {
    /// Whether the pair is reported, and why.
    pub(crate) fn weigh(&self, config: &Config) -> Weighed {
        let because = |reason| Weighed { reason: Some(reason), ..Weighed::default() };
        if self.is_identical() {
            return because(Reason::Identical);
        }
        let Self { a, b, common, .. } = self;
        let decisive = self.decisive();
        if decisive.shared > 0 && decisive.jaccard() >= config.threshold {
            return because(Reason::Jaccard);
        }
        if !self.may_share_runs() {
            return Weighed::default();
        }
        let contained = config.containment.is_some_and(|bound| decisive.shared > 0 && decisive.containment() >= bound);
        if contained && is_short(a.hashes.len().min(b.hashes.len()) as u32) {
            return because(Reason::Containment);
        }
        if contained && common.plainly_share_run(config.run()) {
            return because(Reason::Containment);
        }
        let shared = Runs::new(a, b, common);
        let runs = shared.starts(config.run());
        if contained && !runs[0].is_empty() {
            return because(Reason::Containment);
        }
        if config.passage.is_some_and(|words| shared.any(words)) {
            return because(Reason::Passage);
        }
        let long_run = !runs[0].is_empty() && shared.any(LONG_RUN.max(config.run()));
        Weighed { reason: None, long_run, runs }
    }

    /// Whether the two share a verbatim run of so many words without boilerplate; an article shorter than a shingle shares
    /// only all of its words.
    #[cfg(feature = "cli")]
    pub(crate) fn share_run(&self, words: usize) -> bool {
        self.may_share_runs() && Runs::new(self.a, self.b, &self.common).any(words)
    }

    /// Words of the longest verbatim run that the two share without boilerplate.
    #[cfg(feature = "cli")]
    pub(crate) fn longest_run(&self) -> u32 {
        if !self.may_share_runs() {
            return 0;
        }
        let runs = Runs::new(self.a, self.b, &self.common);
        // Whoever shares a run shares all shorter ones, of a shingle at least.
        let (mut least, mut most) = (self.a.shingles.width() as usize, self.a.hashes.len().min(self.b.hashes.len()));
        if !runs.any(least) {
            return 0;
        }
        while least < most {
            let middle = least + (most - least).div_ceil(2);
            if runs.any(middle) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        least as u32
    }

    /// Whether they share anything, by shingles of the same width.
    fn may_share_runs(&self) -> bool {
        self.common.len() > 0 && self.a.shingles.width() == self.b.shingles.width()
    }
}

impl Core {
    /// The larger of the two containments: how much of the smaller is in the other.
    #[must_use]
    pub fn containment(&self) -> f64 {
        self.containment_a().max(self.containment_b())
    }
}
