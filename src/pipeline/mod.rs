//! Articles to results: the one place that knows every room, and the only one with parallel loops over articles.
//!
//! `gather` turns texts into sketches, `detect` turns sketches into scored pairs and clusters, [`Detector`] does
//! both for articles in memory, and (with the feature `formats`) [`scan`] for files. All of it runs in the caller's
//! rayon pool; results do not depend on how many threads that has.

mod allowance;
mod batches;
mod copied;
mod copies;
#[cfg(feature = "formats")]
pub mod dedup;
mod desk;
pub(crate) mod detect;
mod detector;
mod exhaustive;
mod filter;
pub(crate) mod gather;
mod grouping;
mod index;
mod learn;
#[cfg(feature = "formats")]
pub mod needs;
mod preview;
pub(crate) mod progress;
#[cfg(feature = "formats")]
mod reading;
mod stories;
mod verify;

#[cfg(feature = "cli")]
pub mod find;
#[cfg(feature = "cli")]
mod judge;
#[cfg(feature = "formats")]
pub mod resume;
#[cfg(feature = "formats")]
pub mod scan;

pub use detector::{Detection, Detector, DetectorBuilder};
pub use progress::{Progress, Quiet, Stage};
