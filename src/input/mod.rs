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
//! | gzip, zstd, bzip2, xz around any | found by content; several members are one stream |
//! | UTF-8, UTF-16 with a byte order mark, and what a browser detects | UTF-8 if it is that mostly; invalid bytes become U+FFFD and are counted |
//! | `-` | standard input, kept in a temporary file while the run needs it |
//!
//! In folders, files of these names are read and others counted by their ending; hidden and ignored ones are passed
//! over. A file named outright is looked into: one that begins with a JSON object is JSONL, another is a text.
//!
//! **One bad record** is listed with file, line and reason, and the run goes on. Of a compressed stream that breaks off,
//! what came before the break is used.
//!
//! **What is kept** of an article is where it lies and its short fields, never its text; [`Library`] reads a text again.

mod cards;
mod dates;
mod discover;
mod encoding;
mod fields;
mod kept;
mod lines;
mod objects;
mod pieces;
mod read;
mod record;
mod reread;
mod single;
mod stream;
mod table;
mod truth;

use crate::article::Timestamp;
pub use cards::{CardView, Cards};
pub(crate) use dates::iso;
pub(crate) use discover::{AUDIT, shown};
use encoding_rs::Encoding;
pub use fields::{FieldNames, Fields};
pub(crate) use kept::{Keeping, Kept};
pub(crate) use lines::BLOCK;
use lines::Ends;
pub use lines::{Block, Blocks};
use objects::ElementEnds;
pub(crate) use pieces::{End, Piece, each_piece};
pub use read::{Heard, ReadArticle, Unit, Wanted};
pub(crate) use read::{read_block, units};
pub use reread::Library;
use serde::Serialize;
pub use single::{One, read_one};
use std::path::PathBuf;
use std::time::SystemTime;
pub use stream::Place;
pub use table::Table;
pub use truth::{Truth, read_truth};

/// What to read and how.
#[derive(Clone, Debug)]
pub struct InputOptions {
    /// In folders, only files that match one of these globs (and then whatever their ending).
    pub include: Vec<String>,
    /// Names of fields that are set rather than found.
    pub fields: FieldNames,
    /// A `strptime` format of dates that no standard has.
    pub date_format: Option<String>,
    /// Most bytes of one record; a longer one is refused and listed.
    pub max_record: u64,
    /// A folder that is not looked into: where the results go.
    pub leave_out: Option<PathBuf>,
}

/// Most bytes of a record, by default.
pub const MAX_RECORD: u64 = 256 << 20;

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            fields: FieldNames::default(),
            date_format: None,
            max_record: MAX_RECORD,
            leave_out: None,
        }
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

/// What a source holds.
#[derive(Clone, Debug)]
pub enum Format {
    /// One article, the whole of it.
    Text,
    /// An article a line.
    Lines(Fields),
    /// An article an object of JSON, whatever lines it takes.
    Objects(Fields),
    /// An article a row of a table.
    Rows(Table),
}

impl Format {
    /// The fields of its records, if it has records.
    #[must_use]
    pub fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Text => None,
            Self::Lines(fields) | Self::Objects(fields) => Some(fields),
            Self::Rows(table) => Some(&table.fields),
        }
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
    /// When it was last changed, where the system tells.
    pub modified: Option<SystemTime>,
    /// Whether it was given as reference.
    pub reference: bool,
}

/// A record or file that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// The source, as results call it, or the path as given.
    pub source: String,
    /// The record within it, from 1; `None` for the whole.
    pub record: Option<u64>,
    /// The reason.
    pub reason: String,
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
    /// The first byte in the record and the bytes of the JSON string that is the text, without its quotes; nothing where
    /// the text is more than that, or less.
    pub text: Option<(u32, u32)>,
}

/// The short fields of an article.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// The id field, where there is one.
    pub id: Option<Box<str>>,
    /// The title.
    pub title: Option<Box<str>>,
    /// Publisher field, or else the host of the url.
    pub publisher: Option<Box<str>>,
    /// Where it was published.
    pub url: Option<Box<str>>,
    /// When, if the date was there and understood.
    pub date: Option<Timestamp>,
}

/// What a run will read.
#[derive(Debug, Default)]
pub struct Plan {
    /// The sources in input order, references last.
    pub sources: Vec<Source>,
    /// What could not be read already.
    pub skipped: Vec<Skipped>,
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

impl Source {
    /// Whether it holds many articles and can only be read from its beginning.
    pub(crate) fn is_stream(&self) -> bool {
        self.is_packed() || matches!(self.format, Format::Rows(_) | Format::Objects(_))
    }

    /// Whether it holds many articles, none of which can be read by itself.
    pub(crate) fn is_packed(&self) -> bool {
        !matches!(self.format, Format::Text) && self.packing != Packing::Plain
    }

    /// Its records from the first on, in blocks.
    fn blocks(&self, max_record: u64) -> Blocks {
        let ends = match &self.format {
            Format::Text | Format::Lines(_) => None,
            Format::Objects(_) => Some(Ends::Elements(ElementEnds::default())),
            Format::Rows(table) => Some(Ends::Rows(table.ends())),
        };
        Blocks::new(&self.place, self.packing, ends, max_record)
    }

    /// Its bytes, unpacked.
    pub(crate) fn unpacked(&self) -> std::io::Result<Box<dyn std::io::Read>> {
        Ok(stream::unpacked(&self.place, self.packing)?)
    }

    /// Its bytes as they are.
    pub(crate) fn raw(&self) -> std::io::Result<impl std::io::Read> {
        self.place.open_at(0)
    }

    /// Whether it is at this path, or below it.
    #[cfg(feature = "cli")]
    pub(crate) fn is_at(&self, path: &std::path::Path) -> bool {
        let Place::Path(own) = &self.place else { return false };
        own.canonicalize().is_ok_and(|own| path.canonicalize().is_ok_and(|path| own.starts_with(path)))
    }

    /// Whether it is not what it was when it was found: changed, or gone.
    pub(crate) fn is_changed(&self) -> bool {
        let Place::Path(path) = &self.place else { return false };
        std::fs::metadata(path).map_or(true, |now| now.len() != self.bytes || now.modified().ok() != self.modified)
    }

    /// How many bytes it has unpacked, about.
    fn unpacked_bytes(&self) -> u64 {
        const PACKED: u64 = 4;
        self.bytes * if self.packing == Packing::Plain { 1 } else { PACKED }
    }
}

/// About how much there is to read.
pub(crate) struct Estimate {
    /// Articles.
    pub(crate) articles: u64,
    /// Bytes, unpacked.
    pub(crate) bytes: u64,
    /// Of these, what is packed and can only be read from its beginning.
    pub(crate) in_streams: u64,
}

/// About how much these sources hold, by the size of the first records of some.
pub(crate) fn estimate(sources: &[Source], options: &InputOptions) -> Estimate {
    const SOURCES: usize = 8;
    const HEAD: u64 = 1 << 20;
    let of_lines = |source: &&Source| source.format.fields().is_some();
    let (mut lines_seen, mut bytes_seen) = (0, 0);
    for source in sources.iter().filter(of_lines).take(SOURCES) {
        let block = if source.is_stream() {
            source.blocks(options.max_record).next()
        } else {
            Some(lines::range(&source.place, 0, source.bytes.min(HEAD), options.max_record))
        };
        let bytes = block.map_or(Vec::new(), |block| block.bytes);
        bytes_seen += bytes.len() as u64;
        lines_seen += match &source.format {
            Format::Rows(table) => table.rows(&bytes).count(),
            Format::Objects(_) => objects::each(&bytes).count(),
            _ => lines::each(&bytes).count(),
        } as u64;
    }
    let in_lines: u64 = sources.iter().filter(of_lines).map(Source::unpacked_bytes).sum();
    let articles = (in_lines as f64 / bytes_seen.max(1) as f64 * lines_seen as f64) as u64;
    let texts = sources.iter().filter(|source| !of_lines(source)).count() as u64;
    let bytes = sources.iter().map(Source::unpacked_bytes).sum();
    Estimate { articles: articles + texts, bytes, in_streams: in_streams(sources) }
}

/// About how many bytes are in sources that can only be read from their beginning, unpacked.
pub(crate) fn in_streams(sources: &[Source]) -> u64 {
    sources.iter().filter(|source| source.is_stream()).map(Source::unpacked_bytes).sum()
}

/// The bytes of all sources together, if none of them is packed.
pub(crate) fn plain_bytes(sources: &[Source]) -> Option<u64> {
    let plain = sources.iter().all(|source| source.packing == Packing::Plain);
    plain.then(|| sources.iter().map(|source| source.bytes).sum())
}
