//! wirecopy
pub mod article;
pub mod boilerplate;
pub mod candidates;
mod cluster;
pub mod config;
mod error;
pub mod pipeline;
pub mod score;
pub mod shingle;
pub mod sketch;
pub mod text;

pub use article::{Article, ArticleId, Span, Timestamp};
pub use candidates::bands::Bands;
pub use config::Config;
pub use error::{Error, ErrorKind, Result};
pub use pipeline::{Detection, Detector, DetectorBuilder, ScoredPair};
