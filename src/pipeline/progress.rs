//! How a run tells its caller how far it is.

use serde::Serialize;

/// What a run is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Reading articles, finding their words, making sketches; counted in bytes of input.
    Read,
    /// Learning which words are nobody's own; not counted.
    Survey,
    /// Reading articles again, for their fingerprints; counted in bytes of input.
    Fingerprints,
    /// Reading articles again, twice, for the exhaustive join; counted in bytes of input.
    Join,
    /// Bringing like sketches together; counted in bands.
    Candidates,
    /// Comparing articles; counted in pairs.
    Score,
    /// Grouping; not counted.
    Cluster,
    /// Writing the input once more without what is removed; counted in bytes of input.
    Dump,
    /// Writing what is not written yet, and the page; not counted.
    Report,
}

impl Stage {
    /// The name that outputs use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Survey => "survey",
            Self::Fingerprints => "fingerprints",
            Self::Join => "join",
            Self::Candidates => "candidates",
            Self::Score => "score",
            Self::Cluster => "cluster",
            Self::Dump => "dump",
            Self::Report => "report",
        }
    }
}

/// Hears how far a run is. Calls come from many threads.
pub trait Progress: Sync {
    /// A stage begins; `total` is in the stage's own unit, where it is known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// So much more of the stage is done.
    fn advance(&self, amount: u64);
}

/// Does not listen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}
