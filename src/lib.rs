//! wirecopy
pub mod article;
pub mod boilerplate;
pub mod candidates;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod cluster;
pub mod config;
mod error;
#[cfg(feature = "formats")]
pub mod input;
pub mod pipeline;
pub mod report;
pub mod score;
pub mod shingle;
pub mod sketch;
pub mod text;

pub use article::{Article, ArticleId, Span, Timestamp};
pub use candidates::bands::Bands;
pub use config::Config;
pub use error::{Error, ErrorKind, Result};
pub use pipeline::{Detection, Detector, DetectorBuilder};
pub use score::{PassageSpans, Relation, ScoredPair};
