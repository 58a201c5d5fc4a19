//! Units of input, and the articles in them.

use super::ahead;
use super::columns::{self, Columns, Row};
use super::encoding;
use super::lines::{self, Block, Blocks, PIECE};
use super::look;
use super::objects;
use super::page::{self, Declared, Page};
use super::record::Lookup;
use super::stream::{self, Place};
use super::warc::{self, Response};
use super::{Card, Format, InputOptions, Limits, Location, Packing, Skipped, Source, TextPlace, record};
use crate::simd::string;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;

/// Small files that are read one after the other, at most: all of them are asked for together. Of the last files they are
/// fewer, so that all threads come to an end together.
const FILES: usize = 256;
const LAST_FILES: usize = 32;
/// Bytes of files beyond which a unit takes no more of them.
const FILES_BYTES: u64 = 4 << 20;

/// A part of the input that can be read by itself.
#[derive(Clone, Debug)]
pub enum Unit {
    /// Sources that are an article each.
    Texts(Range<usize>),
    /// The lines that begin in a stretch of a plain source.
    Lines {
        /// Index of the source.
        source: usize,
        /// The first byte and one past the last.
        bytes: Range<u64>,
    },
    /// Row groups of a source in columns.
    Columns {
        /// Index of the source.
        source: usize,
        /// Which of its row groups.
        groups: Range<usize>,
        /// How many of their rows at most.
        most: u64,
    },
    /// A source that can only be read from its beginning, block after block.
    Stream(usize),
}

/// Which fields of which articles are wanted.
#[derive(Clone, Copy)]
pub enum Wanted<'w> {
    /// All that are known, of all.
    All,
    /// The text of those that lie at such places.
    TextAt(&'w (dyn Fn(&Location) -> bool + Sync)),
}

impl Wanted<'_> {
    fn is(self, location: &Location) -> bool {
        match self {
            Self::All => true,
            Self::TextAt(wanted) => wanted(location),
        }
    }
}

/// An article that was just read.
pub struct ReadArticle<'t> {
    /// Its text.
    pub text: &'t str,
    /// Its short fields.
    pub card: Card<'t>,
    /// Where it lies. The record's number is counted from the beginning of its unit or block.
    pub location: Location,
}

/// What was heard while reading, articles apart.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Heard {
    /// Records that were skipped. Their numbers are counted from the beginning of their unit or block.
    pub skipped: Vec<Skipped>,
    /// Lines in the unit or block.
    pub lines: u64,
    /// Articles with bytes that are no text.
    pub replaced: u64,
    /// How many articles were in each encoding but UTF-8.
    pub encodings: BTreeMap<Cow<'static, str>, u64>,
    /// Records that are there and are no articles: how many of each kind.
    pub others: BTreeMap<String, u64>,
    /// Pages in which no article was found; they count as articles without words.
    pub bare: u64,
    /// Articles with a date that was not understood.
    pub odd_dates: u64,
    /// Bytes of input, unpacked.
    pub bytes: u64,
}

impl Heard {
    /// A record was in this encoding. Of plain ASCII nobody can tell, nor need to.
    fn count_record(&mut self, encoding: &'static Encoding, bytes: &[u8]) {
        if encoding != UTF_8 && !bytes.is_ascii() {
            self.count(encoding);
        }
    }

    /// An article was in this encoding.
    fn count(&mut self, encoding: &'static Encoding) {
        if encoding != UTF_8 {
            *self.encodings.entry(encoding.name().into()).or_default() += 1;
        }
    }

    /// A whole source, or the rest of it, cannot be read.
    fn skip(&mut self, source: &Source, reason: String) {
        self.skipped.push(Skipped { source: source.name.clone(), record: None, reason });
    }

    /// An article was drawn from a page.
    fn take(&mut self, page: Page, location: Location, f: &mut dyn FnMut(ReadArticle<'_>)) {
        self.replaced += u64::from(page.replaced);
        self.count(page.encoding);
        self.odd_dates += u64::from(page.odd_date);
        self.bare += u64::from(page.is_bare);
        f(ReadArticle { text: &page.text, card: page.card, location });
    }
}

/// Cuts sources into parts that can be read independently of each other, in order.
pub(crate) fn units(sources: &[Source]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = 0;
    while at < sources.len() {
        let source = &sources[at];
        match &source.format {
            Format::Text | Format::Page => {
                let (start, mut bytes) = (at, 0);
                let most = ((sources.len() - at) / 16).clamp(LAST_FILES, FILES);
                let belongs = |other: &Source| other.format.is_whole() && other.reference == source.reference;
                while at < sources.len() && at - start < most && belongs(&sources[at]) {
                    bytes += sources[at].bytes;
                    at += 1;
                    if bytes > FILES_BYTES {
                        break;
                    }
                }
                units.push(Unit::Texts(start..at));
                continue;
            }
            Format::Columns(columns) => {
                units.extend(columns.parts().into_iter().map(|groups| Unit::Columns {
                    source: at,
                    groups,
                    most: u64::MAX,
                }));
            }
            _ if source.is_stream() => units.push(Unit::Stream(at)),
            _ => {
                units.extend(stretches(source.bytes).map(|bytes| Unit::Lines { source: at, bytes }));
            }
        }
        at += 1;
    }
    units
}

/// A source of so many bytes in stretches: blocks, and towards its end smaller ones, so that all threads come to an end
/// together.
fn stretches(bytes: u64) -> impl Iterator<Item = Range<u64>> {
    const BLOCK: u64 = super::BLOCK as u64;
    let next = move |from: u64| {
        let size = ((bytes - from) / 16).clamp(BLOCK / 4, BLOCK);
        (from < bytes).then(|| from..bytes.min(from + size))
    };
    std::iter::successors(next(0), move |before| next(before.end))
}

impl Unit {
    /// Index of the (first) source.
    #[must_use]
    pub fn source(&self) -> usize {
        match self {
            Self::Texts(sources) => sources.start,
            Self::Lines { source, .. } | Self::Columns { source, .. } | Self::Stream(source) => *source,
        }
    }

    /// Reads the articles of a unit that is no stream, in order.
    pub fn read(
        &self,
        sources: &[Source],
        options: &InputOptions,
        wanted: Wanted<'_>,
        f: &mut dyn FnMut(ReadArticle<'_>),
    ) -> Heard {
        match self {
            Self::Texts(range) => read_texts(sources, range.clone(), options, wanted, f),
            Self::Lines { source, bytes } => {
                let mut heard = Heard::default();
                let of = (*source, &sources[*source]);
                lines::pieces(&of.1.place, bytes.clone(), (options.limits.record, PIECE), &mut |piece| {
                    read_piece(of, piece, options, wanted, (&mut heard, f));
                });
                heard
            }
            Self::Columns { source, groups, most } => {
                read_columns((*source, &sources[*source]), (groups.clone(), *most), options, wanted, f)
            }
            Self::Stream(_) => unreachable!("a stream is read by its blocks"),
        }
    }

    /// The same, or only what of it a look ahead is to see.
    #[must_use]
    pub fn head(&self) -> Self {
        const ROWS: u64 = 4096;
        match self {
            Self::Columns { source, groups, .. } => {
                let first = groups.start..groups.end.min(groups.start + 1);
                let most = if groups.start == 0 { ROWS } else { 0 };
                Self::Columns { source: *source, groups: first, most }
            }
            other => other.clone(),
        }
    }

    /// The blocks of a stream.
    #[must_use]
    pub fn blocks(&self, sources: &[Source], options: &InputOptions) -> Option<Blocks> {
        match self {
            Self::Stream(source) => Some(sources[*source].blocks(options.limits)),
            _ => None,
        }
    }
}

/// Reads the article that a record is, if it is one, or says why it is none.
type ReadRecord<'r> = dyn FnMut(&[u8], Location, &mut Heard) -> Result<(), String> + 'r;

/// Reads the articles of a block of lines or rows.
pub(crate) fn read_block(
    (index, source): (usize, &Source),
    block: &Block,
    options: &InputOptions,
    wanted: Wanted<'_>,
    f: &mut dyn FnMut(ReadArticle<'_>),
) -> Heard {
    let mut heard = Heard::default();
    read_piece((index, source), block, options, wanted, (&mut heard, f));
    heard
}

/// The same with what was heard in the pieces before.
fn read_piece(
    (index, source): (usize, &Source),
    block: &Block,
    options: &InputOptions,
    wanted: Wanted<'_>,
    (heard, f): (&mut Heard, &mut dyn FnMut(ReadArticle<'_>)),
) {
    heard.bytes += block.bytes.len() as u64;
    let mut record = |bytes: Range<usize>, read: &mut ReadRecord<'_>| {
        heard.lines += 1;
        let offset = block.offset + bytes.start as u64;
        let (len, record) = (bytes.len() as u64, heard.lines);
        let location = Location { source: index as u32, offset, len, record, text: TextPlace::Record };
        if !wanted.is(&location) {
            return;
        }
        let read = match len {
            len if len > options.limits.record => Err(too_long(len, options.limits.record)),
            _ => whole_record((source, block), bytes, |bytes| read(bytes, location, heard)),
        };
        if let Err(reason) = read {
            heard.skipped.push(Skipped { source: source.name.clone(), record: Some(location.record), reason });
        }
    };
    match &source.format {
        Format::Text | Format::Page | Format::Columns(_) => {}
        Format::Lines(fields) | Format::Objects(fields) => {
            let fields = match wanted {
                Wanted::All => Cow::Borrowed(&**fields),
                Wanted::TextAt(_) => Cow::Owned(fields.text_only()),
            };
            let lookup = &Lookup::new(&fields);
            let mut buffer = String::new();
            let mut read = |bytes| {
                record(bytes, &mut |line, place, heard| {
                    read_line(line, place, (source, lookup), options, heard, (&mut buffer, f))
                });
            };
            // Not by `Source::each`: this loop is the one that time goes to.
            if let Format::Objects(_) = &source.format {
                objects::each(&block.bytes, source.encoding).for_each(read);
            } else {
                lines::each(&block.bytes).for_each(&mut read);
            }
        }
        Format::Rows(table) => {
            for row in table.records(block.offset, &block.bytes) {
                record(row.bytes.clone(), &mut |bytes, location, heard| {
                    let (record, replaced, encoding) = table.parse(&row, options.date_format.as_deref())?;
                    heard.replaced += u64::from(replaced);
                    heard.count_record(encoding, bytes);
                    heard.odd_dates += u64::from(record.odd_date);
                    f(ReadArticle { text: &record.text, card: record.card, location });
                    Ok(())
                });
            }
        }
        Format::Responses => {
            for bytes in warc::each(&block.bytes) {
                record(bytes, &mut |bytes, location, heard| {
                    match warc::response(bytes, options.limits)? {
                        Response::Article(fetched) => {
                            let page = fetched.read(options.date_format.as_deref())?;
                            heard.take(page, location, f);
                        }
                        Response::Other(what) => *heard.others.entry(what).or_default() += 1,
                    }
                    Ok(())
                });
            }
        }
    }
    if block.is_open {
        heard.skip(
            source,
            "a quotation of the last row has no end: all that follows was taken for a part of it".to_owned(),
        );
    }
    if let Some(length) = block.too_long {
        heard.lines += 1;
        let reason = too_long(length, options.limits.record);
        heard.skipped.push(Skipped { source: source.name.clone(), record: Some(heard.lines), reason });
    }
    if let Some(error) = &block.error {
        heard.skip(source, format!("{error}; what came before was used"));
    }
}

/// Reads the rows of row groups. A row's place is its number, from 0.
fn read_columns(
    (index, source): (usize, &Source),
    (groups, most): (Range<usize>, u64),
    options: &InputOptions,
    wanted: Wanted<'_>,
    f: &mut dyn FnMut(ReadArticle<'_>),
) -> Heard {
    let Format::Columns(columns) = &source.format else { return Heard::default() };
    let first = columns.start(groups.start);
    let heard = RefCell::new(Heard { lines: columns.start(groups.end) - first, ..Heard::default() });
    let place = |row: u64| Location {
        source: index as u32,
        offset: row,
        len: 0,
        record: row - first + 1,
        text: TextPlace::Record,
    };
    let date_format = options.date_format.as_deref();
    let mut visit = |row, article: Result<columns::Row, String>| {
        let heard = &mut *heard.borrow_mut();
        let location = place(row);
        let article = article.and_then(|article| match article.text.len() as u64 {
            len if len > options.limits.record => Err(too_long(len, options.limits.record)),
            _ => Ok(article),
        });
        match article {
            Ok(Row { text, card, odd_date, replaced }) => {
                heard.replaced += u64::from(replaced);
                heard.odd_dates += u64::from(odd_date);
                heard.bytes += text.len() as u64;
                f(ReadArticle { text: &text, card, location: Location { len: text.len() as u64, ..location } });
            }
            Err(reason) => {
                heard.skipped.push(Skipped { source: source.name.clone(), record: Some(location.record), reason });
            }
        }
    };
    let mut broken = |group, row, reason: String| {
        let (from, to) = (row + 1, columns.start(group + 1));
        heard.borrow_mut().skip(source, format!("rows {from} to {to}, in row group {}: {reason}", group + 1));
    };
    columns.read(&source.place, (groups, most), (&|row| wanted.is(&place(row)), date_format), &mut visit, &mut broken);
    heard.into_inner()
}

/// Reads a record of a block, unless the rest of it could not be read. All but a row tell that themselves.
pub(super) fn whole_record<T>(
    (source, block): (&Source, &Block),
    record: Range<usize>,
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, String> {
    if !block.is_cut_at(record.end) {
        return read(&block.bytes[record]);
    }
    let is_row = matches!(source.format, Format::Rows(_));
    let whole = if is_row { None } else { read(&block.bytes[record]).ok() };
    whole.ok_or_else(|| "cut off".to_owned())
}

fn too_long(length: u64, max_record: u64) -> String {
    format!("longer than --max-record, {max_record} bytes: {length} bytes or more")
}

fn read_line(
    line: &[u8],
    location: Location,
    (source, lookup): (&Source, &Lookup<'_>),
    options: &InputOptions,
    heard: &mut Heard,
    (buffer, f): (&mut String, &mut dyn FnMut(ReadArticle<'_>)),
) -> Result<(), String> {
    let (decoded, replaced, encoding) = decode_line(line, source.encoding);
    if decoded.trim_ascii().is_empty() {
        return Ok(());
    }
    let record = record::parse_in(&decoded, lookup, options.date_format.as_deref(), buffer)?;
    heard.replaced += u64::from(replaced);
    heard.count_record(encoding, line);
    heard.odd_dates += u64::from(record.odd_date);
    let raw = record.raw.filter(|_| matches!(decoded, Cow::Borrowed(_)));
    let text = raw.and_then(|raw| place_in(line, raw)).unwrap_or_default();
    f(ReadArticle { text: &record.text, card: record.card, location: Location { text, ..location } });
    if let Cow::Owned(text) = record.text {
        *buffer = text;
    }
    Ok(())
}

/// Where a part of a line is in it.
fn place_in(line: &[u8], part: &str) -> Option<TextPlace> {
    let start = part.as_ptr().addr().checked_sub(line.as_ptr().addr())?;
    Some(TextPlace::Within { start: u32::try_from(start).ok()?, len: u32::try_from(part.len()).ok()? })
}

/// A line of a file of this encoding as text, without a byte order mark and its end, whether there was something in it that
/// is no text, and the encoding that it had.
pub(super) fn decode_line<'l>(line: &'l [u8], file: &'static Encoding) -> (Cow<'l, str>, bool, &'static Encoding) {
    let line = line.strip_prefix(encoding::MARK).unwrap_or(line).trim_ascii_end();
    // Nearly always so, and looked at once.
    if file == UTF_8
        && let Ok(text) = simdutf8::basic::from_utf8(line)
    {
        return (Cow::Borrowed(text), false, UTF_8);
    }
    let encoding = encoding::of_record([line], file);
    let (text, replaced) = encoding::decode(line, encoding);
    (text, replaced, encoding)
}

fn read_texts(
    sources: &[Source],
    range: Range<usize>,
    options: &InputOptions,
    wanted: Wanted<'_>,
    f: &mut dyn FnMut(ReadArticle<'_>),
) -> Heard {
    let mut heard = Heard::default();
    let of = |index: usize| {
        let source = &sources[index];
        (source, Location { source: index as u32, offset: 0, len: source.bytes, record: 0, text: TextPlace::Record })
    };
    let asked: Vec<_> = range.map(of).filter(|(_, location)| wanted.is(location)).collect();
    ahead::fetch(&asked, |(source, _)| source.place.shared().ok());
    for (source, location) in asked {
        match whole(source, options.limits) {
            Ok(whole) => {
                if let Some(error) = &whole.error {
                    heard.skip(source, format!("{error}; what came before was used"));
                }
                let bytes = whole.bytes.len() as u64;
                heard.bytes += bytes;
                let location = Location { len: bytes, ..location };
                match whole.read(&source.format, options) {
                    Ok(page) => heard.take(page, location, f),
                    Err(reason) => heard.skip(source, reason),
                }
            }
            Err(reason) => heard.skip(source, reason),
        }
    }
    heard
}

/// A source that is one article: its bytes, unpacked.
pub(super) struct Whole {
    bytes: Vec<u8>,
    packing: Packing,
    /// Why a compressed source could not be read to its end.
    error: Option<String>,
}

impl Whole {
    /// The article.
    fn read(self, format: &Format, options: &InputOptions) -> Result<Page, String> {
        look::readable(&self.bytes)?;
        // A picture or a program, whatever its name says, begins so.
        let head = &self.bytes[..self.bytes.len().min(1 << 12)];
        let is_binary = || memchr::memchr(0, head).is_some() && simdutf8::basic::from_utf8(&self.bytes).is_err();
        if self.packing != Packing::Utf16 && is_binary() {
            return Err("not text: zero bytes in it, and not UTF-8".to_owned());
        }
        match format {
            Format::Page => page::read(&self.bytes, &Declared::default(), options.date_format.as_deref()),
            _ => Ok(self.text()),
        }
    }

    fn text(self) -> Page {
        let encoding = match self.packing {
            Packing::Utf16 if self.bytes[0] == 0xff => UTF_16LE,
            Packing::Utf16 => UTF_16BE,
            _ => encoding::of(&self.bytes),
        };
        let (text, replaced) = if encoding == UTF_8 {
            match string(self.bytes) {
                Ok(text) => (text, false),
                Err(bytes) => (String::from_utf8_lossy(&bytes).into_owned(), true),
            }
        } else {
            let (text, replaced) = encoding::decode(&self.bytes, encoding);
            (text.into_owned(), replaced)
        };
        Page { text, encoding, replaced, card: Card::default(), odd_date: false, is_bare: false }
    }

    /// The article, or why it is not all there.
    pub(super) fn article(self, format: &Format, options: &InputOptions) -> Result<(String, Card<'static>), String> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => self.read(format, options).map(|page| (page.text, page.card)),
        }
    }
}

/// The text of a source that is one article.
pub(super) fn text(source: &Source, options: &InputOptions) -> Result<String, String> {
    whole(source, options.limits)?.read(&source.format, options).map(|page| page.text)
}

/// Reads a source that is one article, and unpacks it.
pub(super) fn whole(source: &Source, limits: Limits) -> Result<Whole, String> {
    let mut raw = source.place.open_at(0).map_err(|error| error.to_string())?;
    let limit = limits.record.saturating_add(1);
    // A file is asked for as much as it had; one that has more by now is said to have changed.
    let known = if matches!(source.place, Place::Path(_)) { source.bytes } else { 0 };
    let mut bytes = Vec::with_capacity(known.min(limit) as usize);
    let first = if known > 0 { known.min(limit) } else { limit };
    raw.by_ref().take(first).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let mut packing = stream::packing(&bytes);
    let mut error = None;
    if packing.is_compressed() {
        let mut unpacked = Vec::new();
        // The whole of a compressed file may be longer than the limit on what is in it.
        let packed = std::io::Cursor::new(bytes).chain(raw);
        let read = stream::decompressed(packed, packing, limits)
            .and_then(|reader| reader.take(limit).read_to_end(&mut unpacked));
        error = read.err().map(|error| stream::reason(&error, packing));
        bytes = unpacked;
        packing = stream::packing(&bytes);
    }
    if bytes.len() as u64 > limits.record {
        return Err(too_long(bytes.len() as u64, limits.record));
    }
    Ok(Whole { bytes, packing, error })
}

/// The text of a row of a table in columns, counted from 1.
pub(super) fn row(
    source: &Source,
    columns: &Columns,
    number: u64,
    options: &InputOptions,
) -> Result<(String, Card<'static>), String> {
    let Some(group) = columns.group_of(number - 1) else { return Err(format!("has {} records", columns.rows())) };
    let wanted = |location: &Location| location.offset == number - 1;
    let mut text = None;
    let mut take = |article: ReadArticle<'_>| text = Some((article.text.to_owned(), article.card.into_owned()));
    let heard = read_columns((0, source), (group..group + 1, u64::MAX), options, Wanted::TextAt(&wanted), &mut take);
    let skipped = heard.skipped.into_iter().next();
    text.ok_or_else(|| skipped.map_or_else(|| "is no article".to_owned(), |skip| skip.reason))
}

/// The text of a record; nothing if it is no article.
pub(super) fn text_of(source: &Source, record: &[u8], options: &InputOptions) -> Result<Option<String>, String> {
    match &source.format {
        Format::Text | Format::Page | Format::Columns(_) => Ok(None),
        Format::Lines(fields) | Format::Objects(fields) => {
            let line = decode_line(record, source.encoding).0;
            if line.trim_ascii().is_empty() {
                return Ok(None);
            }
            record::text(&line, fields).map(|text| Some(text.into_owned()))
        }
        Format::Rows(table) => table.text(record).map(Some),
        Format::Responses => Ok(match warc::response(record, options.limits)? {
            Response::Article(fetched) => Some(fetched.read(None)?.text),
            Response::Other(_) => None,
        }),
    }
}

/// The article that a record is, with its short fields; nothing if it is none.
pub(super) fn article_of(
    source: &Source,
    record: &[u8],
    options: &InputOptions,
) -> Result<Option<(String, Card<'static>)>, String> {
    let date_format = options.date_format.as_deref();
    let article = |record: record::Record<'_>| (record.text.into_owned(), record.card.into_owned());
    match &source.format {
        Format::Lines(fields) | Format::Objects(fields) => {
            let line = decode_line(record, source.encoding).0;
            if line.trim_ascii().is_empty() {
                return Ok(None);
            }
            record::parse(&line, fields, date_format).map(|record| Some(article(record)))
        }
        Format::Rows(table) => {
            let row = table.row(record).ok_or("an empty row")?;
            table.parse(&row, date_format).map(|(record, ..)| Some(article(record)))
        }
        Format::Responses => Ok(match warc::response(record, options.limits)? {
            Response::Article(fetched) => fetched.read(date_format).map(|page| Some((page.text, page.card)))?,
            Response::Other(_) => None,
        }),
        Format::Text | Format::Page | Format::Columns(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::BLOCK;
    use proptest::prelude::*;

    proptest! {
        /// Law: stretches follow each other, none is longer than a block, and the last ones are short.
        #[test]
        fn stretches_follow_each_other(bytes in 0..100 * BLOCK as u64) {
            let mut end = 0;
            for stretch in stretches(bytes) {
                prop_assert!(stretch.start == end && !stretch.is_empty());
                end = stretch.end;
                let most = if end == bytes { BLOCK / 4 } else { BLOCK };
                prop_assert!(end - stretch.start <= most as u64);
            }
            prop_assert_eq!(end, bytes);
        }
    }
}
