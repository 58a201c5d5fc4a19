//! Results to what a person or a program reads: JSON lines, CSV, a folder of both, a terminal, a page of HTML.
//!
//! **Takes** pairs as they are scored ([`Sink`]) and what is known of the articles. **Gives** files and text. Numbers are
//! fractions in files and percentages on a terminal, nowhere else. What comes from articles is escaped for where it goes.
//!
//! The fields of every file are written down where the file is written: [`pairs`], [`tables`], [`clusters`],
//! [`boilerplate`], [`summary`].

#[cfg(feature = "formats")]
pub(crate) mod aside;
#[cfg(feature = "formats")]
pub mod audit;
#[cfg(feature = "formats")]
pub mod boilerplate;
#[cfg(feature = "formats")]
pub mod catalogue;
#[cfg(feature = "formats")]
pub mod clusters;
#[cfg(feature = "cli")]
pub mod curve;
#[cfg(feature = "formats")]
pub(crate) mod dump;
#[cfg(feature = "cli")]
pub mod evaluate;
#[cfg(feature = "cli")]
pub mod explain;
#[cfg(feature = "cli")]
pub mod find;
#[cfg(feature = "formats")]
pub mod folder;
#[cfg(feature = "formats")]
mod gzip;
#[cfg(feature = "cli")]
pub mod html;
#[cfg(feature = "formats")]
mod notes;
#[cfg(feature = "cli")]
pub mod overview;
#[cfg(feature = "formats")]
pub mod pairs;
#[cfg(feature = "cli")]
pub mod passages;
#[cfg(feature = "formats")]
pub mod removed;
#[cfg(feature = "formats")]
mod repack;
#[cfg(feature = "formats")]
mod rows;
#[cfg(feature = "formats")]
mod share;
#[cfg(feature = "formats")]
mod sieve;
#[cfg(feature = "formats")]
pub mod summary;
#[cfg(feature = "formats")]
pub mod tables;
#[cfg(feature = "cli")]
pub mod terminal;

use crate::article::ArticleId;
use crate::error::Result;
use crate::score::{Comparison, ScoredPair, Side};
use serde::{Deserialize, Serialize};

/// How much of an article stands in others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copied {
    /// Words in passages shared with other articles, boilerplate apart, divided by all words, 0..=1.
    pub share: f64,
    /// The article that most of them are shared with; of several the first.
    pub most_with: ArticleId,
}

/// The recall of a run, measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRecall {
    /// Articles whose pairs were looked for exhaustively.
    pub articles: u64,
    /// Their pairs at the threshold or above.
    pub pairs: u64,
    /// How many of these the run found.
    pub found: u64,
    /// Found pairs divided by all, 0..=1.
    pub recall: f64,
    /// The 95 % confidence interval (Wilson 1927).
    pub interval: [f64; 2],
}

/// Makes of a reported pair what a [`Sink`] takes; by all threads, in any order.
pub trait Render: Send + Sync {
    /// What is made of a pair.
    type Rendered: Send;

    /// Whether the texts of exact copies are looked at. Where they are not, the words of one may be shown for both.
    fn reads_copies(&self) -> bool {
        true
    }

    /// Makes of a pair what will be kept of it.
    fn render(&self, pair: &ScoredPair, comparison: &Comparison, a: Side<'_>, b: Side<'_>) -> Self::Rendered;

    /// Bytes that it takes in memory until it is taken, beside its own size.
    fn bytes(rendered: &Self::Rendered) -> usize;
}

/// Takes the reported pairs of a run, in the order of a, then b.
pub trait Sink: Send {
    /// Makes of pairs what is taken, while those before them are.
    type Render: Render;

    /// What makes it.
    fn renderer(&self) -> Self::Render;

    /// Takes a pair.
    ///
    /// # Errors
    /// If it cannot be written.
    fn take(&mut self, pair: &ScoredPair, rendered: Rendered<Self>) -> Result<()>;
}

/// What a sink takes of a pair.
pub type Rendered<S> = <<S as Sink>::Render as Render>::Rendered;

/// Takes no note of pairs as they come.
#[cfg(feature = "formats")]
#[derive(Clone, Copy)]
pub(crate) struct Nowhere;

#[cfg(feature = "formats")]
impl Render for Nowhere {
    type Rendered = ();

    fn render(&self, _: &ScoredPair, _: &Comparison, _: Side<'_>, _: Side<'_>) {}

    fn bytes((): &()) -> usize {
        0
    }
}

#[cfg(feature = "formats")]
impl Sink for Nowhere {
    type Render = Self;

    fn renderer(&self) -> Self {
        *self
    }

    fn take(&mut self, _: &ScoredPair, (): ()) -> Result<()> {
        Ok(())
    }
}

impl<R: Render> Render for Option<R> {
    type Rendered = Option<R::Rendered>;

    fn reads_copies(&self) -> bool {
        self.as_ref().is_some_and(R::reads_copies)
    }

    fn render(&self, pair: &ScoredPair, comparison: &Comparison, a: Side<'_>, b: Side<'_>) -> Self::Rendered {
        self.as_ref().map(|render| render.render(pair, comparison, a, b))
    }

    fn bytes(rendered: &Self::Rendered) -> usize {
        rendered.as_ref().map_or(0, R::bytes)
    }
}

impl<S: Sink> Sink for Option<S> {
    type Render = Option<S::Render>;

    fn renderer(&self) -> Self::Render {
        self.as_ref().map(S::renderer)
    }

    fn take(&mut self, pair: &ScoredPair, rendered: Rendered<Self>) -> Result<()> {
        match (self, rendered) {
            (Some(sink), Some(rendered)) => sink.take(pair, rendered),
            _ => Ok(()),
        }
    }
}

impl<R: Render, Q: Render> Render for (R, Q) {
    type Rendered = (R::Rendered, Q::Rendered);

    fn reads_copies(&self) -> bool {
        self.0.reads_copies() || self.1.reads_copies()
    }

    fn render(&self, pair: &ScoredPair, comparison: &Comparison, a: Side<'_>, b: Side<'_>) -> Self::Rendered {
        (self.0.render(pair, comparison, a, b), self.1.render(pair, comparison, a, b))
    }

    fn bytes(rendered: &Self::Rendered) -> usize {
        R::bytes(&rendered.0) + Q::bytes(&rendered.1)
    }
}

impl<S: Sink, T: Sink> Sink for (S, T) {
    type Render = (S::Render, T::Render);

    fn renderer(&self) -> Self::Render {
        (self.0.renderer(), self.1.renderer())
    }

    fn take(&mut self, pair: &ScoredPair, rendered: Rendered<Self>) -> Result<()> {
        self.0.take(pair, rendered.0)?;
        self.1.take(pair, rendered.1)
    }
}

/// Writes a value as a line of JSON.
#[cfg(feature = "formats")]
fn write_line(out: &mut impl std::io::Write, value: &impl Serialize) -> Result<()> {
    use crate::error::Error;

    serde_json::to_writer(&mut *out, value).map_err(|error| Error::output(&error.into()))?;
    out.write_all(b"\n").map_err(|error| Error::output(&error))
}

/// Writes a value as JSON for people to read, and all that was written before it.
#[cfg(feature = "formats")]
fn write_json(out: &mut impl std::io::Write, value: &impl Serialize) -> Result<()> {
    use crate::error::Error;

    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| Error::output(&error.into()))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(|error| Error::output(&error))
}
