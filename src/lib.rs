//! Finds reprinted, rewritten and copied articles in news dumps, and says of every pair exactly how much overlaps, in
//! which direction, and which passages the two share.
//!
//! # In memory
//!
//! [`Detector`] does the whole job on articles that a program holds. It runs in the caller's rayon pool, prints nothing
//! and needs no feature of this crate.
//!
//! ```
//! use wirecopy::{Article, Detector, Relation};
//!
//! let wire = "The council voted on Monday to close the old harbour bridge for repairs until the end of March. \
//!     Drivers will be sent over the viaduct, a detour of nine kilometres, the board said.";
//! let articles = [
//!     Article::new("wire", wire),
//!     Article::new("gazette", wire.replace("the board said", "according to the board")),
//!     Article::new("weather", "Two nights of frost have cost the growers a third of this year's blossom."),
//! ];
//! let detection = Detector::builder().threshold(0.5).build()?.detect(&articles)?;
//!
//! let pair = &detection.pairs()[0];
//! assert_eq!((pair.a.index(), pair.b.index()), (0, 1));
//! assert_eq!(pair.relation, Relation::NearDuplicate);
//! assert_eq!(pair.overlap.shared, 26);
//! assert_eq!(pair.overlap.jaccard(), 26.0 / 33.0);
//!
//! // Passages are bytes of the two texts.
//! let passage = detection.passages(0)[0];
//! assert!(passage.a.of(&articles[0].text).ends_with("nine kilometres"));
//! # Ok::<(), wirecopy::Error>(())
//! ```
//!
//! # Each room by itself
//!
//! Every step is a pure function. Words of a text ([`text::words`]), their shingles ([`shingle::shingles`]), a signature
//! that estimates ([`sketch::MinHasher`]), and two texts compared exactly ([`score::compare`]):
//!
//! ```
//! use wirecopy::{Config, score};
//!
//! let config = Config::default();
//! let a = score::Prepared::new("We may be at an all-time low in relations, he said.", &config);
//! let b = score::Prepared::new("“We may be at an ‘all time low’ in terms of our relationship.”", &config);
//! let comparison = score::compare(&a, &b, &config);
//! assert_eq!(comparison.passages[0].words(), 9);
//! ```
//!
//! # A walk through the house
//!
//! How an article in a file becomes a line of `pairs.jsonl`, room by room:
//!
//! 1. `main.rs` calls `cli::run`; `cli/args/` holds what can be typed and what it means, `cli/scan.rs` the story of the command.
//! 2. [`input`] finds sources (`discover.rs`, `look.rs`, `archive.rs`), cuts them into units that can be read in parallel
//!    (`read.rs`, `lines.rs`), and takes text and fields out of a record (`record.rs`, `fields.rs`, `dates.rs`; `table.rs`,
//!    `columns.rs`, `warc.rs`, `page.rs` for what is not JSON).
//! 3. [`pipeline::scan`] reads all units in parallel (`pipeline/reading.rs`); `pipeline/gather.rs` makes of each text what
//!    is kept of it. For that, [`text`] finds its words, [`shingle`] hashes runs of five of them, [`sketch`] makes a
//!    signature, which `candidates/lsh.rs` cuts into band keys, and fingerprints by hash alone. A look at short records and a
//!    sample of others goes before (`pipeline/preview.rs`): it tells what to watch for, so that less is read twice. What grows
//!    with the input waits on shelves (`candidates/shelf.rs`), in memory or in a temporary file.
//! 4. `pipeline/detect.rs` tells the rest. `pipeline/copies.rs` collapses exact copies. From the fingerprints, sorted,
//!    `pipeline/learn.rs` learns which shingles are frequent, and which are [`boilerplate`].
//! 5. `pipeline/index.rs` reads those articles again for which that matters, and chooses fingerprints anew
//!    (`sketch/fingerprint.rs`), frequent ones last and none that is boilerplate; sorted (`candidates/run.rs`), all bring
//!    together who shares a long run (`candidates/passages.rs`, `candidates/met.rs`). The band keys, sorted band by band,
//!    bring together who is alike (`candidates/lsh.rs`); how many bands of how many rows, [`candidates::bands`] has
//!    chosen. Full lists are settled by leaders (`candidates/crowd.rs`). An exhaustive join (`candidates/exhaustive.rs`)
//!    can take the place of the bands.
//! 6. `pipeline/verify.rs` reads the texts of candidates (`input/reread.rs`), story by story (`pipeline/stories.rs`), keeps them on
//!    a desk (`pipeline/desk.rs`) for as long as they are needed, and asks [`score`] whether a pair is reported
//!    (`score/reason.rs`); if so, it is compared in full, passages by `score/passages.rs`.
//! 7. A [`report::Render`] makes of it what is kept, and a [`report::Sink`] takes that in order, while others are scored:
//!    `report/pairs.rs` makes and writes lines of JSON.
//! 8. [`cluster`] groups the pairs, and [`report`] writes the other files and the summary, their rows made by all threads
//!    (`report/rows.rs`); `report/html/` makes of all of it one page, whose texts, escaped, its own script shows
//!    (`report/html/*.js`).
//!
//! What all of this does many times over is done to many values at once, by instructions that are chosen once the program
//! runs (`simd.rs`). What is put into a temporary file goes through `scratch.rs`.
//!
//! # What it does not do
//!
//! It compares wording. A story told in other words, or translated, is another story to it. A copy in pieces that are all
//! shorter than 13 words in a row is found by its Jaccard only.
//!
//! # Features
//!
//! `formats` reads dumps and writes results; `cli` (the default) is the program, and includes `formats`. With
//! `default-features = false` the crate has neither, and no file access at all.

pub mod article;
pub mod boilerplate;
pub mod candidates;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod cluster;
pub mod config;
mod error;
#[cfg(feature = "formats")]
pub mod input;
pub mod pipeline;
pub mod report;
#[cfg(feature = "formats")]
mod saved;
pub mod score;
#[cfg(feature = "formats")]
mod scratch;
pub mod shingle;
mod simd;
pub mod sketch;
pub mod text;

pub use article::{Article, ArticleId, Span, Timestamp};
pub use candidates::bands::Bands;
pub use config::Config;
pub use error::{Error, ErrorKind, Result};
pub use pipeline::{Detection, Detector, DetectorBuilder};
pub use score::{PassageSpans, Relation, ScoredPair};

/// The README's Rust examples, compiled and run with the other documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
