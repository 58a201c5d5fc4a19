//! Paths to articles: what is in files, folders, globs and standard input.
//!
//! **Takes** paths as a person gives them. **Gives** units of work ([`Unit`]) that can be read in parallel, each a
//! stretch of a big file or a handful of small ones, and from each unit the articles in order with where they lie.
//!
//! | what | is |
//! |---|---|
//! | `.txt`, `.md`, `.text` | one article |
//! | `.jsonl`, `.ndjson`, `.json` (one object a line) | an article a line |
//! | `.json`: an array of objects, or objects of several lines | an article an object |
//! | `.csv`, `.tsv` with the names of the columns in the first row | an article a row |
//! | `.html`, `.htm`, `.xhtml`, `.shtml` | one article, drawn from the page |
//! | `.parquet`, `.pq` | an article a row |
//! | `.warc`, `.wet` | an article a response, resource or conversion that is HTML or plain text |
//! | `.zip`, `.tar`, `.tgz`, `.tbz2`, `.txz`, `.tzst` | their members, as if they lay in a folder |
//! | gzip, zstd, bzip2, xz around any | found by content; several members are one stream |
//! | UTF-8, UTF-16 with a byte order mark, and what a browser detects | UTF-8 if it is that mostly; invalid bytes become U+FFFD and are counted |
//! | `-` | standard input, kept in a temporary file while the run needs it |
//!
//! In folders, files of these names are read and others counted by their ending; hidden and ignored ones are passed
//! over. A file named outright is looked into: one that begins with a JSON object is JSONL, another is a text. Files that
//! describe a set of data, and pages beside the record that was made of them, are left alone and listed.
//!
//! **One bad record** is listed with file, line and reason, and the run goes on. Of a compressed stream that breaks off,
//! what came before the break is used.
//!
//! **What is kept** of an article is where it lies and its short fields, never its text; [`Library`] reads a text again.
//! Texts that had to be drawn from something else (pages, responses, columns) wait in a temporary file.

mod ahead;
mod archive;
mod cards;
mod columns;
mod dates;
mod discover;
mod drawn;
mod encoding;
mod estimate;
mod fields;
mod flat;
mod kept;
mod lines;
mod look;
mod nesting;
mod objects;
mod page;
mod pieces;
mod read;
mod record;
mod reread;
mod single;
mod stream;
mod table;
mod truth;
mod warc;

use crate::article::Timestamp;
pub(crate) use archive::{Archive, Entry, Kind, What};
pub use cards::{CardView, Cards};
pub use columns::Columns;
#[cfg(feature = "cli")]
pub(crate) use columns::is_careful;
pub(crate) use columns::{careful, open as open_columns};
pub(crate) use dates::Iso;
#[cfg(feature = "cli")]
pub(crate) use dates::check_format as check_date_format;
#[cfg(feature = "cli")]
pub(crate) use dates::iso;
#[cfg(feature = "cli")]
pub(crate) use dates::timestamp;
pub(crate) use discover::shown;
pub(crate) use drawn::Drawn;
pub(crate) use encoding::{encode, of_record as encoding_of_record};
use encoding_rs::Encoding;
pub(crate) use estimate::{Estimate, in_streams, plain_bytes};
pub use fields::{FieldNames, Fields};
pub(crate) use kept::{Keeping, Kept};
use lines::Ends;
pub(crate) use lines::{BLOCK, Spare};
pub use lines::{Block, Blocks};
pub use look::Known;
#[cfg(feature = "cli")]
pub(crate) use look::belied;
pub(crate) use look::{AUDIT, RESULTS};
use objects::ElementEnds;
pub(crate) use pieces::{End, Piece, each_piece};
pub use read::{Heard, ReadArticle, Unit, Wanted};
pub(crate) use read::{read_block, units};
pub use reread::Library;
use serde::{Deserialize, Serialize};
pub use single::{One, read_one};
use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
pub use stream::Place;
pub(crate) use stream::Window;
pub use table::Table;
pub use truth::{Truth, read_truth};
use warc::RecordEnds;

/// What to read and how.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    /// In folders, only files that match one of these globs (and then whatever their ending).
    pub include: Vec<String>,
    /// Names of fields that are set rather than found.
    pub fields: FieldNames,
    /// A `strptime` format of dates that no standard has.
    pub date_format: Option<String>,
    /// How much is too much.
    pub limits: Limits,
    /// What files hold, if it is not to be found out; archives apart. In folders, all files are read then.
    pub format: Option<Known>,
    /// A folder that is not looked into: where the results go.
    pub leave_out: Option<PathBuf>,
}

/// How much is too much, so that no input takes all memory or all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of one record; a longer one is refused and listed.
    pub record: u64,
    /// How many times its size a compressed source may be when it is unpacked; beyond that no more of it is read.
    pub ratio: u64,
}

/// Most bytes of a record, by default.
pub const MAX_RECORD: u64 = 256 << 20;
/// Most times its size that a compressed source may be unpacked, by default: a little less than gzip can do.
pub const MAX_RATIO: u64 = 1000;

impl Default for Limits {
    fn default() -> Self {
        Self { record: MAX_RECORD, ratio: MAX_RATIO }
    }
}

/// How the bytes of a source are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// As they are; any part can be read by itself.
    Plain,
    /// gzip, of one or more members.
    Gzip,
    /// zstd, of one or more frames.
    Zstd,
    /// bzip2, of one or more streams.
    Bzip2,
    /// xz, of one or more streams.
    Xz,
    /// UTF-16 with a byte order mark, transcoded.
    Utf16,
}

impl Packing {
    /// Whether it makes bytes fewer.
    pub(crate) fn is_compressed(self) -> bool {
        !matches!(self, Self::Plain | Self::Utf16)
    }
}

/// What a source holds. There may be a million sources, so what few of them have is elsewhere.
#[derive(Clone, Debug)]
pub enum Format {
    /// One article, the whole of it.
    Text,
    /// One article, a page of HTML.
    Page,
    /// An article a line.
    Lines(Box<Fields>),
    /// An article an object of JSON, whatever lines it takes.
    Objects(Box<Fields>),
    /// An article a row of a table.
    Rows(Box<Table>),
    /// Responses and other records of WARC, some of which are articles.
    Responses,
    /// An article a row of a table in columns.
    Columns(Arc<Columns>),
}

impl Format {
    /// The fields of its records, if it has records.
    #[must_use]
    pub fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Text | Self::Page | Self::Responses => None,
            Self::Lines(fields) | Self::Objects(fields) => Some(fields),
            Self::Rows(table) => Some(&table.fields),
            Self::Columns(columns) => Some(&columns.fields),
        }
    }

    /// Whether it is one article, the whole of it.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Text | Self::Page)
    }

    /// Whether texts are not there as such, and dear to come by.
    pub(crate) fn is_drawn(&self) -> bool {
        matches!(self, Self::Page | Self::Responses | Self::Columns(_))
    }

    /// Bytes before its first record.
    pub(crate) fn header(&self) -> u64 {
        if let Self::Rows(table) = self { table.header } else { 0 }
    }
}

/// A file or stream that holds articles.
#[derive(Clone, Debug)]
pub struct Source {
    /// What results call it: unique within a run, with `/` between folders.
    pub name: String,
    /// Its path below what was named, beginning with the last part of that where several were: where it goes in a folder
    /// of outputs.
    pub relative: PathBuf,
    /// Where its bytes are.
    pub place: Place,
    /// How it is packed.
    pub packing: Packing,
    /// What it holds.
    pub format: Format,
    /// What its bytes mean, once unpacked; of a text, which is looked at when it is read, UTF-8.
    pub encoding: &'static Encoding,
    /// Bytes on disk.
    pub bytes: u64,
    /// The file that it is, or that it is in; nothing for standard input and pipes.
    pub(crate) origin: Option<Origin>,
    /// Whether it was given as reference.
    pub reference: bool,
    /// The archive that it is in, and which of its members it is.
    pub(crate) member: Option<(Arc<Archive>, usize)>,
}

/// A file, as it was when it was found.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// A record or file that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skipped {
    /// The source, as results call it, or the path as given.
    pub source: String,
    /// The record within it, from 1; `None` for the whole.
    pub record: Option<u64>,
    /// The reason.
    pub reason: String,
}

/// What results call a place: SOURCE, or SOURCE:RECORD.
pub(crate) fn place_of(source: &str, record: Option<u64>) -> Cow<'_, str> {
    record.map_or(Cow::Borrowed(source), |record| Cow::Owned(format!("{source}:{record}")))
}

/// Where an article's text lies.
#[derive(Clone, Copy, Debug)]
pub struct Location {
    /// Index of the source.
    pub source: u32,
    /// The first byte of the record in the unpacked source.
    pub offset: u64,
    /// Bytes of the record.
    pub len: u64,
    /// The record's number in the source, from 1; 0 where the source is the article.
    pub record: u64,
    /// Where its text is.
    pub text: TextPlace,
}

/// Where the text of an article is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextPlace {
    /// In the record, to be found by parsing it.
    #[default]
    Record,
    /// In the record, a JSON string without its quotes.
    Within {
        /// Its first byte in the record.
        start: u32,
        /// Its bytes.
        len: u32,
    },
    /// Among the texts that are kept because they had to be drawn from something else.
    Drawn {
        /// Its first byte there.
        at: u64,
        /// Its bytes.
        len: u32,
    },
}

/// The short fields of an article, as they stand in its record where they can.
#[derive(Clone, Debug, Default)]
pub struct Card<'r> {
    /// The id field, where there is one.
    pub id: Option<Cow<'r, str>>,
    /// The title.
    pub title: Option<Cow<'r, str>>,
    /// Publisher field, or else the host of the url.
    pub publisher: Option<Cow<'r, str>>,
    /// Where it was published.
    pub url: Option<Cow<'r, str>>,
    /// When, if the date was there and understood.
    pub date: Option<Timestamp>,
}

impl Card<'_> {
    /// The same without the record.
    #[must_use]
    pub fn into_owned(self) -> Card<'static> {
        let owned = |field: Option<Cow<'_, str>>| field.map(|field| Cow::Owned(field.into_owned()));
        Card {
            id: owned(self.id),
            title: owned(self.title),
            publisher: owned(self.publisher),
            url: owned(self.url),
            date: self.date,
        }
    }
}

/// What a run will read.
#[derive(Debug, Default)]
pub struct Plan {
    /// The sources in input order, references last.
    pub sources: Vec<Source>,
    /// What could not be read already.
    pub skipped: Vec<Skipped>,
    /// Files that are there and not to be read, each with the reason, which is no fault.
    pub left: Vec<Skipped>,
    /// Files in folders that hold no articles by their name: how many of each ending.
    pub passed_over: std::collections::BTreeMap<String, u64>,
    /// Files that were named more than once, read once.
    pub repeated: u64,
}

impl Plan {
    /// Finds what there is to read under `paths` and `references`.
    ///
    /// # Errors
    /// If a glob of [`InputOptions::include`] is malformed. What cannot be read is listed in `skipped`.
    pub fn new(paths: &[PathBuf], references: &[PathBuf], options: &InputOptions) -> crate::Result<Self> {
        discover::plan(paths, references, options)
    }
}

impl Plan {
    /// Whether the input proper is one file, an archive perhaps.
    #[must_use]
    pub fn is_one_file(&self) -> bool {
        let mut archives = self.sources.iter().filter(|source| !source.reference).map(|source| &source.member);
        let first = archives.next();
        archives.all(|member| match (first, member) {
            (Some(Some((first, _))), Some((other, _))) => Arc::ptr_eq(first, other),
            _ => false,
        })
    }
}

impl Source {
    /// Whether it holds many articles and is read from its beginning, or in large parts.
    pub(crate) fn is_stream(&self) -> bool {
        self.is_packed()
            || matches!(self.format, Format::Rows(_) | Format::Objects(_) | Format::Responses | Format::Columns(_))
    }

    /// Whether it holds many articles, none of which can be read by itself.
    pub(crate) fn is_packed(&self) -> bool {
        // What is in columns was unpacked when it was found.
        let is_read_anywhere = self.format.is_whole() || matches!(self.format, Format::Columns(_));
        !is_read_anywhere && (self.packing != Packing::Plain || self.place.is_packed())
    }

    /// Where the records are in a block of them.
    fn each<'b>(&self, offset: u64, bytes: &'b [u8]) -> Box<dyn Iterator<Item = Range<usize>> + 'b> {
        match &self.format {
            Format::Text | Format::Page | Format::Lines(_) | Format::Columns(_) => Box::new(lines::each(bytes)),
            Format::Objects(_) => Box::new(objects::each(bytes, self.encoding)),
            Format::Rows(table) => Box::new(table.records(offset, bytes).map(|row| row.bytes)),
            Format::Responses => Box::new(warc::each(bytes)),
        }
    }

    /// Its records from the first on, in blocks.
    fn blocks(&self, limits: Limits) -> Blocks {
        let ends = match &self.format {
            Format::Text | Format::Page | Format::Lines(_) | Format::Columns(_) => None,
            Format::Responses => Some(Ends::Responses(RecordEnds::default())),
            Format::Objects(_) => Some(Ends::Elements(ElementEnds::of(self.encoding))),
            Format::Rows(table) => Some(Ends::Rows(table.ends())),
        };
        Blocks::new(&self.place, self.packing, ends, limits)
    }

    /// Its bytes, unpacked.
    pub(crate) fn unpacked(&self, limits: Limits) -> std::io::Result<Box<dyn std::io::Read>> {
        Ok(stream::unpacked(&self.place, self.packing, limits)?)
    }

    /// Its bytes as they are.
    pub(crate) fn raw(&self) -> std::io::Result<impl std::io::Read> {
        self.place.open_at(0)
    }

    /// Whether it is at this real path, or below it.
    #[cfg(feature = "cli")]
    pub(crate) fn is_at(&self, real: &std::path::Path) -> bool {
        let own = self.origin.as_ref().and_then(|Origin { path, .. }| path.canonicalize().ok());
        own.is_some_and(|own| own.starts_with(real))
    }

    /// What happened to it since it was found, if anything did.
    pub(crate) fn change(&self) -> Option<&'static str> {
        let Origin { path, bytes, modified } = self.origin.as_ref()?;
        match std::fs::metadata(path) {
            Err(_) => Some("gone before the run had ended"),
            Ok(now) if now.len() != *bytes || now.modified().ok() != *modified => Some("changed while it was read"),
            Ok(_) => None,
        }
    }

    /// Whether it is worth keeping unpacked while a run goes on.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.is_packed() && !self.format.is_drawn()
    }
}
