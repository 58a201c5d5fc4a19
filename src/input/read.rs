//! Units of input, and the articles in them.

use super::encoding;
use super::fields::Fields;
use super::lines::{self, BLOCK, Block, Blocks};
use super::objects;
use super::stream::{self, Place};
use super::{Card, Format, InputOptions, Location, Packing, Skipped, Source, record};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;

/// Small files that are read one after the other.
const FILES: usize = 64;
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
    pub card: Card,
    /// Where it lies. The record's number is counted from the beginning of its unit or block.
    pub location: Location,
}

/// What was heard while reading, articles apart.
#[derive(Debug, Default)]
pub struct Heard {
    /// Records that were skipped. Their numbers are counted from the beginning of their unit or block.
    pub skipped: Vec<Skipped>,
    /// Lines in the unit or block.
    pub lines: u64,
    /// Articles with bytes that are no text.
    pub replaced: u64,
    /// How many articles were in each encoding but UTF-8.
    pub encodings: BTreeMap<&'static str, u64>,
    /// Articles with a date that was not understood.
    pub odd_dates: u64,
    /// Bytes of input, unpacked.
    pub bytes: u64,
}

impl Heard {
    /// An article was in this encoding.
    fn count(&mut self, encoding: &'static Encoding) {
        if encoding != UTF_8 {
            *self.encodings.entry(encoding.name()).or_default() += 1;
        }
    }
}

/// Cuts sources into parts that can be read independently of each other, in order.
pub(crate) fn units(sources: &[Source]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = 0;
    while at < sources.len() {
        let source = &sources[at];
        match source.format {
            Format::Text => {
                let (start, mut bytes) = (at, 0);
                let belongs =
                    |other: &Source| matches!(other.format, Format::Text) && other.reference == source.reference;
                while at < sources.len() && at - start < FILES && belongs(&sources[at]) {
                    bytes += sources[at].bytes;
                    at += 1;
                    if bytes > FILES_BYTES {
                        break;
                    }
                }
                units.push(Unit::Texts(start..at));
                continue;
            }
            _ if source.is_stream() => units.push(Unit::Stream(at)),
            _ => {
                let cuts = (0..source.bytes).step_by(BLOCK);
                units.extend(
                    cuts.map(|from| Unit::Lines { source: at, bytes: from..(from + BLOCK as u64).min(source.bytes) }),
                );
            }
        }
        at += 1;
    }
    units
}

impl Unit {
    /// Index of the (first) source.
    #[must_use]
    pub fn source(&self) -> usize {
        match self {
            Self::Texts(sources) => sources.start,
            Self::Lines { source, .. } | Self::Stream(source) => *source,
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
                let block = lines::range(&sources[*source].place, bytes.start, bytes.end, options.max_record);
                read_block((*source, &sources[*source]), &block, options, wanted, f)
            }
            Self::Stream(_) => unreachable!("a stream is read by its blocks"),
        }
    }

    /// The blocks of a stream.
    #[must_use]
    pub fn blocks(&self, sources: &[Source], options: &InputOptions) -> Option<Blocks> {
        match self {
            Self::Stream(source) => Some(sources[*source].blocks(options.max_record)),
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
    let mut heard = Heard { bytes: block.bytes.len() as u64, ..Heard::default() };
    let mut record = |bytes: Range<usize>, read: &mut ReadRecord<'_>| {
        heard.lines += 1;
        let offset = block.offset + bytes.start as u64;
        let (len, record) = (bytes.len() as u64, heard.lines);
        let location = Location { source: index as u32, offset, len, record, text: None };
        if !wanted.is(&location) {
            return;
        }
        let read = match len {
            len if len > options.max_record => Err(too_long(len, options.max_record)),
            _ => read(&block.bytes[bytes], location, &mut heard),
        };
        if let Err(reason) = read {
            heard.skipped.push(Skipped { source: source.name.clone(), record: Some(location.record), reason });
        }
    };
    match &source.format {
        Format::Text => {}
        Format::Lines(fields) | Format::Objects(fields) => {
            let fields = &match wanted {
                Wanted::All => Cow::Borrowed(fields),
                Wanted::TextAt(_) => Cow::Owned(fields.text_only()),
            };
            let mut read = |bytes| {
                record(bytes, &mut |line, place, heard| read_line(line, place, (source, fields), options, heard, f));
            };
            if let Format::Objects(_) = &source.format {
                objects::each(&block.bytes).for_each(read);
            } else {
                let mut start = 0;
                for line in lines::each(&block.bytes) {
                    read(start..start + line.len());
                    start += line.len();
                }
            }
        }
        Format::Rows(table) => {
            for row in table.records(block.offset, &block.bytes) {
                record(row.bytes.clone(), &mut |_, location, heard| {
                    let (record, replaced) = table.parse(&row, options.date_format.as_deref())?;
                    heard.replaced += u64::from(replaced);
                    heard.count(source.encoding);
                    heard.odd_dates += u64::from(record.odd_date);
                    f(ReadArticle { text: &record.text, card: record.card, location });
                    Ok(())
                });
            }
        }
    }
    if let Some(length) = block.too_long {
        heard.lines += 1;
        let reason = too_long(length, options.max_record);
        heard.skipped.push(Skipped { source: source.name.clone(), record: Some(heard.lines), reason });
    }
    if let Some(error) = &block.error {
        let reason = format!("{error}; what came before was used");
        heard.skipped.push(Skipped { source: source.name.clone(), record: None, reason });
    }
    heard
}

fn too_long(length: u64, max_record: u64) -> String {
    format!("longer than --max-record, {max_record} bytes: {length} bytes or more")
}

fn read_line(
    line: &[u8],
    location: Location,
    (source, fields): (&Source, &Fields),
    options: &InputOptions,
    heard: &mut Heard,
    f: &mut dyn FnMut(ReadArticle<'_>),
) -> Result<(), String> {
    let (decoded, replaced) = decode_line(line, source.encoding);
    if decoded.trim_ascii().is_empty() {
        return Ok(());
    }
    let record = record::parse(&decoded, fields, options.date_format.as_deref())?;
    heard.replaced += u64::from(replaced);
    heard.count(source.encoding);
    heard.odd_dates += u64::from(record.odd_date);
    let text = record.raw.filter(|_| matches!(decoded, Cow::Borrowed(_))).and_then(|raw| place_in(line, raw));
    f(ReadArticle { text: &record.text, card: record.card, location: Location { text, ..location } });
    Ok(())
}

/// The first byte in `line` of a part of it, and its bytes.
fn place_in(line: &[u8], part: &str) -> Option<(u32, u32)> {
    let start = part.as_ptr().addr().checked_sub(line.as_ptr().addr())?;
    Some((u32::try_from(start).ok()?, u32::try_from(part.len()).ok()?))
}

/// A line as text, without a byte order mark and its end, and whether there was something in it that is no text.
pub(super) fn decode_line<'l>(line: &'l [u8], encoding: &'static Encoding) -> (Cow<'l, str>, bool) {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line).trim_ascii_end();
    encoding::decode(line, encoding)
}

fn read_texts(
    sources: &[Source],
    range: Range<usize>,
    options: &InputOptions,
    wanted: Wanted<'_>,
    f: &mut dyn FnMut(ReadArticle<'_>),
) -> Heard {
    let mut heard = Heard::default();
    for index in range {
        let source = &sources[index];
        let location = Location { source: index as u32, offset: 0, len: source.bytes, record: 0, text: None };
        if !wanted.is(&location) {
            continue;
        }
        let mut skip = |reason| heard.skipped.push(Skipped { source: source.name.clone(), record: None, reason });
        match whole_text(&source.place, options.max_record) {
            Ok(WholeText { text, replaced, encoding, error, bytes }) => {
                if let Some(error) = error {
                    skip(format!("{error}; what came before was used"));
                }
                heard.replaced += u64::from(replaced);
                heard.count(encoding);
                heard.bytes += bytes;
                let location = Location { len: bytes, ..location };
                f(ReadArticle { text: &text, card: Card::default(), location });
            }
            Err(reason) => skip(reason),
        }
    }
    heard
}

/// A source that is one article.
pub(super) struct WholeText {
    pub(super) text: String,
    /// Whether there were bytes that are no text.
    replaced: bool,
    /// What its bytes were.
    encoding: &'static Encoding,
    /// Why a compressed source could not be read to its end.
    error: Option<String>,
    bytes: u64,
}

impl WholeText {
    /// The text, or why it is not all there.
    pub(super) fn whole(self) -> Result<String, String> {
        self.error.map_or(Ok(self.text), Err)
    }
}

/// Reads a source that is one article, unpacked and decoded.
pub(super) fn whole_text(place: &Place, max_record: u64) -> Result<WholeText, String> {
    let mut raw = place.open_at(0).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let limit = max_record.saturating_add(1);
    raw.by_ref().take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let mut packing = stream::packing(&bytes);
    let mut error = None;
    if packing.is_compressed() {
        let mut unpacked = Vec::new();
        // The whole of a compressed file may be longer than the limit on what is in it.
        let packed = std::io::Cursor::new(bytes).chain(raw);
        let read =
            stream::decompressed(packed, packing).and_then(|reader| reader.take(limit).read_to_end(&mut unpacked));
        error = read.err().map(|error| stream::reason(&error, packing));
        bytes = unpacked;
        packing = stream::packing(&bytes);
    }
    if bytes.len() as u64 > max_record {
        return Err(too_long(bytes.len() as u64, max_record));
    }
    let length = bytes.len() as u64;
    let encoding = match packing {
        Packing::Utf16 if bytes[0] == 0xff => UTF_16LE,
        Packing::Utf16 => UTF_16BE,
        _ => encoding::of(&bytes),
    };
    let (text, replaced) = if encoding == UTF_8 {
        match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        }
    } else {
        let (text, replaced) = encoding::decode(&bytes, encoding);
        (text.into_owned(), replaced)
    };
    Ok(WholeText { text, replaced, encoding, error, bytes: length })
}
