//! The vocabulary that every room shares: an article, its number within a run, and a stretch of its text.

use serde::{Deserialize, Serialize};

/// A number of an article within one run: its place in input order, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ArticleId(pub u32);

impl ArticleId {
    /// The number as an index into per-article tables.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A stretch of an article's text: byte offsets `start..end` into its UTF-8.
///
/// Offsets are 32-bit, so a text may hold up to 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The stretch of `text` that the span names.
    ///
    /// # Panics
    /// If the span does not lie in `text` on character boundaries, as a span of another text may not.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }
}

impl Serialize for Span {
    /// As `[start, end]`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.start, self.end).serialize(serializer)
    }
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds of a day.
    pub(crate) const DAY: i64 = 86_400_000;

    /// The last moment that it may stand for. One at midnight is a date whose time nobody knows: it may be any of its day.
    pub(crate) fn latest(self) -> i64 {
        if self.0.rem_euclid(Self::DAY) == 0 { self.0.saturating_add(Self::DAY - 1) } else { self.0 }
    }

    /// How many milliseconds two are apart at least, whatever moments they stand for.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) fn apart(self, other: Self) -> u64 {
        let (earlier, later) = (self.min(other), self.max(other));
        later.0.max(earlier.latest()).abs_diff(earlier.latest())
    }
}

/// An article held in memory, as a program hands it to [`Detector::detect`](crate::Detector::detect).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Article {
    /// What results call the article; the caller's own choice.
    pub id: String,
    /// The text that is compared.
    pub text: String,
    /// When it was published; decides which of several copies is the representative.
    pub date: Option<Timestamp>,
    /// Who published it; tells furniture from stories, and a publisher's own versions from copies.
    pub publisher: Option<String>,
}

impl Article {
    /// An article without a date or publisher.
    ///
    /// ```
    /// let article = wirecopy::Article::new("a1", "The council met on Monday.");
    /// assert_eq!(article.id, "a1");
    /// ```
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), text: text.into(), date: None, publisher: None }
    }

    /// The same article with a publisher.
    #[must_use]
    pub fn published_by(mut self, publisher: impl Into<String>) -> Self {
        self.publisher = Some(publisher.into());
        self
    }

    /// The same article with a date.
    #[must_use]
    pub fn dated(mut self, date: Timestamp) -> Self {
        self.date = Some(date);
        self
    }
}

#[cfg(feature = "formats")]
impl Timestamp {
    /// Writes moments, some of which are not there.
    pub(crate) fn save_some(some: &[Option<Self>], out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let moments: Vec<[i64; 2]> = some.iter().map(|one| one.map_or([0, 0], |moment| [1, moment.0])).collect();
        crate::saved::save_all(&moments, out)
    }

    /// Moments that were written.
    pub(crate) fn load_some(from: &mut dyn std::io::Read) -> std::io::Result<Vec<Option<Self>>> {
        let moments = crate::saved::load_all::<[i64; 2]>(from)?;
        Ok(moments.into_iter().map(|[is_there, moment]| (is_there != 0).then_some(Self(moment))).collect())
    }
}
