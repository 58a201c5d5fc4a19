//! What a file is: by its name where that tells, and by what it begins with.

#[cfg(feature = "cli")]
use super::Source;
use super::archive;
use super::columns::{self, Columns};
use super::fields::{Fields, names_of};
use super::lines::{self, BLOCK, Blocks, Ends};
use super::objects::{self, ElementEnds};
use super::read::decode_line;
use super::record;
use super::stream::{self, Place, Spool};
use super::table::Table;
use super::{Format, InputOptions, Limits, Packing, encoding};
use encoding_rs::{Encoding, UTF_8};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

const TEXTS: [&str; 3] = ["txt", "md", "text"];
const PAGES: [&str; 4] = ["html", "htm", "xhtml", "shtml"];
const LINES: [&str; 3] = ["jsonl", "ndjson", "json"];
const ROWS: [&str; 2] = ["csv", "tsv"];
const COLUMNS: [&str; 2] = ["parquet", "pq"];
const RESPONSES: [&str; 2] = ["warc", "wet"];
const ARCHIVES: [&str; 6] = ["zip", "tar", "tgz", "tbz2", "txz", "tzst"];
/// Endings of known formats that hold articles but are not read.
const UNREAD: [&str; 4] = ["xml", "pdf", "arrow", "arc"];
/// What files begin with that are packed, or written, in ways that are not read, and what these are called.
const UNREADABLE: [(&[u8], &str); 8] = [
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"LZIP\x01", "lzip"),
    (b"\x1f\x9d", "compress"),
    (b"%PDF-", "PDF"),
    (b"Obj\x01", "Avro"),
    (b"ARROW1\0\0", "Arrow"),
];
/// What begins the names of files that describe a data set, and whole names of such.
const ABOUT: [&str; 6] = ["readme", "license", "licence", "copying", "citation", "notice"];
const DESCRIPTIONS: [&str; 8] = [
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "dataset-metadata.json",
    "datapackage.json",
    "croissant.json",
    "manifest.json",
];
/// Bytes looked at to see what a file is; more only if its first line is longer.
const HEAD: usize = 1 << 20;
/// Bytes that tell how a file is packed.
const MAGIC: u64 = 8;
/// Where a header of tar says that it is one, and what it says.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// What a file is taken for by its name, or because a person says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// One article, the whole of it.
    Text,
    /// One article, a page of HTML.
    Page,
    /// JSON: an object a line, an array of objects, or objects of several lines.
    Json,
    /// A table whose cells are separated by what its first row has most of, tabs, commas or others.
    Csv,
    /// A table whose cells are separated by tabs.
    Tsv,
    /// A table in columns, Parquet.
    Parquet,
    /// WARC or WET.
    Warc,
    /// An archive of files.
    Archive,
}

/// What a file was found to be.
pub(super) enum Looked {
    /// How it is packed, what it holds, and in what encoding.
    Source(Packing, Format, &'static Encoding),
    /// A table in columns, where it is, unpacked, and how it was packed.
    Columns(Place, Packing, Arc<Columns>),
    /// An archive of zip.
    Zip,
    /// An archive of tar, packed like this.
    Tar(Packing),
}

/// Looks into a file.
pub(super) fn look(
    place: &Place,
    name: &str,
    known: Option<Known>,
    (options, spool): (&InputOptions, &Spool),
) -> Result<Looked, String> {
    let mut magic = Vec::new();
    let read = place.open_at(0).and_then(|raw| raw.take(MAGIC).read_to_end(&mut magic));
    read.map_err(|error| error.to_string())?;
    let packing = stream::packing(&magic);
    let source = |format, encoding| Ok(Looked::Source(packing, format, encoding));
    match known {
        Some(Known::Text) => return source(Format::Text, UTF_8),
        Some(Known::Page) => return source(Format::Page, UTF_8),
        _ => {}
    }
    let is_given = options.format.is_some();
    if magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06") {
        return Ok(Looked::Zip);
    }
    readable(&magic)?;
    let ending = inner_ending(Path::new(name)).filter(|_| !is_given);
    if let Some(ending) = ending.as_ref().filter(|ending| UNREAD.contains(&ending.as_str())) {
        return Err(format!("{ending} is not read by this version"));
    }
    if ending.as_deref() == Some("zip") {
        return Err("not an archive of zip".to_owned());
    }
    let head = head(place, packing, options.limits);
    // Older ones do not say that they are one.
    if known == Some(Known::Archive) || begins_as_tar(&head) {
        return Ok(Looked::Tar(packing));
    }
    let is_columns = head.starts_with(columns::BEGIN);
    if is_columns || known == Some(Known::Parquet) {
        if !is_columns {
            return Err("not a file of Parquet".to_owned());
        }
        return in_columns(place, packing, (options, spool));
    }
    let is_empty = head.trim_ascii().is_empty();
    match known {
        // Nothing in it, and nothing wrong with that.
        _ if is_empty && (known.is_some() || head.is_empty()) => {
            return source(Format::Lines(Box::default()), UTF_8);
        }
        Some(Known::Warc) => return source(Format::Responses, UTF_8),
        _ if super::warc::is_record(&head) => return source(Format::Responses, UTF_8),
        Some(Known::Csv | Known::Tsv) => {
            let delimiter = (known == Some(Known::Tsv)).then_some(b'\t');
            let table = Table::of(&head, delimiter, &options.fields)?;
            let encoding = table.encoding();
            return source(Format::Rows(Box::new(table)), encoding);
        }
        None if is_page(&head) => return source(Format::Page, UTF_8),
        _ => {}
    }
    let (format, encoding) = by_content(place, packing, &head, known, options)?;
    source(format, encoding)
}

/// Whether a header of tar begins these bytes: one that says so, and whose bytes add up to the sum that is in it.
fn begins_as_tar(head: &[u8]) -> bool {
    const SUM: Range<usize> = 148..156;
    let Some(header) = head.get(..512).filter(|header| header[TAR.0..].starts_with(TAR.1)) else { return false };
    let digits = header[SUM].trim_ascii().split(|byte| *byte == 0).next().unwrap_or_default();
    let told = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits.trim(), 8).ok());
    let sum = (0..).zip(header).map(|(at, &byte)| if SUM.contains(&at) { u32::from(b' ') } else { byte.into() }).sum();
    told == Some(sum)
}

/// Whether what begins so may be read.
pub(super) fn readable(head: &[u8]) -> Result<(), String> {
    match UNREADABLE.iter().find(|(begin, _)| head.starts_with(begin)) {
        Some((_, name)) => Err(format!("{name} is not read by this version")),
        None => Ok(()),
    }
}

/// A table in columns, which is unpacked if it is packed: it is read from its end on.
fn in_columns(place: &Place, packing: Packing, (options, spool): (&InputOptions, &Spool)) -> Result<Looked, String> {
    let unpacked = if packing == Packing::Plain && !place.is_packed() {
        place.clone()
    } else {
        let (unpacked, error) = archive::unpack(place, packing, (options, spool)).map_err(|error| error.to_string())?;
        error.map_or(Ok(unpacked), Err)?
    };
    let columns = Columns::of(&unpacked, &options.fields)?;
    Ok(Looked::Columns(unpacked, packing, Arc::new(columns)))
}

/// Whether a page begins like this, after white space and comments.
fn is_page(head: &[u8]) -> bool {
    let mut head = head.strip_prefix(encoding::MARK).unwrap_or(head).trim_ascii_start();
    while let Some(comment) = head.strip_prefix(b"<!--") {
        let Some(end) = memchr::memmem::find(comment, b"-->") else { return false };
        head = comment[end + 3..].trim_ascii_start();
    }
    let begins = |tag: &[u8]| head.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
    begins(b"<!doctype html") || begins(b"<html")
}

/// What is no table by its name: JSON, or else a table or text.
fn by_content(
    place: &Place,
    packing: Packing,
    head: &[u8],
    known: Option<Known>,
    options: &InputOptions,
) -> Result<(Format, &'static Encoding), String> {
    let head = head.strip_prefix(encoding::MARK).unwrap_or(head).trim_ascii_start();
    let looks_like_lines = known == Some(Known::Json) || head.starts_with(b"{");
    let encoding = encoding::of(head);
    let fields = |most, objects| choose_fields((place, packing), most, (objects, encoding), options).map(Box::new);
    match head {
        [] => Ok((Format::Lines(Box::default()), UTF_8)),
        [b'[', ..] if is_array(head) && (looks_like_lines || head[1..].trim_ascii_start().starts_with(b"{")) => {
            fields(usize::MAX, true).map(|fields| (Format::Objects(fields), encoding))
        }
        // An object that does not end where its first line does.
        [b'{', ..] if looks_like_lines && begins_within(head) => match fields(usize::MAX, true) {
            Ok(fields) => Ok((Format::Objects(fields), encoding)),
            // Its first line may be cut off.
            Err(reason) => {
                fields(usize::MAX, false).map(|fields| (Format::Lines(fields), encoding)).map_err(|_| reason)
            }
        },
        // A text may be long; only what looks like lines is searched to its end.
        _ => match fields(if looks_like_lines { usize::MAX } else { BLOCK / SOME }, false) {
            Ok(fields) => Ok((Format::Lines(fields), encoding)),
            Err(reason) if looks_like_lines => Err(reason),
            Err(_) if head.contains(&0) => Err("neither text nor JSON lines".to_owned()),
            Err(_) => Ok(match Table::of(head, None, &options.fields).ok().filter(|table| table.is_regular(head)) {
                Some(table) => (Format::Rows(Box::new(table)), encoding),
                None => (Format::Text, UTF_8),
            }),
        },
    }
}

/// Bytes that are looked at a time for a record with a text; most often the first one has some.
const SOME: usize = 1 << 16;

/// Chooses the fields by the first record that has a text, in up to `most` blocks of [`SOME`] bytes. Those that it has not
/// are chosen by the others of its block that have the same.
fn choose_fields(
    (place, packing): (&Place, Packing),
    most: usize,
    (objects, encoding): (bool, &'static Encoding),
    options: &InputOptions,
) -> Result<Fields, String> {
    let ends = objects.then(|| Ends::Elements(ElementEnds::of(encoding)));
    let blocks = Blocks::new(place, packing, ends, options.limits).of_size(SOME);
    let (mut seen, mut any, mut chosen) = (None, false, None::<Fields>);
    for block in blocks.take(most) {
        let lines = lines::each(&block.bytes).take_while(|_| !objects);
        let elements = objects::each(&block.bytes, encoding).take_while(|_| objects);
        for line in lines.chain(elements) {
            any = true;
            let line = decode_line(&block.bytes[line], encoding).0;
            if !line.trim_ascii_start().starts_with('{') {
                continue;
            }
            let record = record::value(&line);
            if !record.is_object() {
                continue;
            }
            match (Fields::choose(&record, &options.fields), chosen.take()) {
                (Some(fields), None) => chosen = Some(fields),
                (Some(fields), Some(first)) if fields.text == first.text => chosen = Some(first.or(fields)),
                (_, first) => chosen = first,
            }
            seen.get_or_insert(record);
        }
        if let Some(fields) = chosen {
            return Ok(fields);
        }
    }
    Err(match seen {
        Some(record) if !options.fields.text.is_empty() => {
            format!("no field `{}`: {}", options.fields.text.join("`, `"), names_of(&record))
        }
        Some(record) => {
            let within = record.as_object().into_iter().flatten().find(|(_, value)| {
                let first = value.get(0);
                first.is_some_and(|first| Fields::choose(first, &options.fields).is_some())
            });
            match within {
                Some((name, _)) => {
                    format!("its articles are in the array `{name}`; write that alone, or one of them a line")
                }
                None => format!("no text field of a known name; set one with --text-field: {}", names_of(&record)),
            }
        }
        // An empty list is a list.
        None if objects && !any => return Ok(Fields::default()),
        None if objects => "none of its elements is a JSON object".to_owned(),
        None => "none of its lines is a JSON object".to_owned(),
    })
}

/// The first line, and the next one that is not blank.
fn two_lines(head: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut lines = head.split(|&byte| byte == b'\n');
    (lines.next().unwrap_or_default(), lines.map(<[u8]>::trim_ascii).find(|line| !line.is_empty()))
}

/// Whether this, which begins with a bracket, is an array of elements, and not a line without any among records.
fn is_array(head: &[u8]) -> bool {
    let (first, next) = two_lines(head);
    let is_whole = serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
    let has_objects = first[1..].trim_ascii_start().starts_with(b"{");
    !(is_whole && !has_objects && next.is_some_and(|next| next.starts_with(b"{")))
}

/// Whether the first line is the beginning of an object that other lines end, or several objects.
fn begins_within(head: &[u8]) -> bool {
    let (first, next) = two_lines(head);
    let mut values = serde_json::Deserializer::from_slice(first).into_iter::<serde::de::IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => first[values.byte_offset()..].trim_ascii_start().starts_with(b"{"),
        // A line that is cut off is followed by another record.
        Some(Err(error)) => error.is_eof() && next.is_some_and(|next| !next.starts_with(b"{")),
        None => false,
    }
}

/// The first `HEAD` unpacked bytes, or more, up to the end of the first line with something in it. What cannot be read is
/// left out.
fn head(place: &Place, packing: Packing, limits: Limits) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(mut reader) = stream::unpacked(place, packing, limits) {
        let (mut searched, mut is_blank) = (0, true);
        while (head.len() as u64) < limits.record.max(HEAD as u64) {
            let is_more = matches!(reader.by_ref().take(HEAD as u64).read_to_end(&mut head), Ok(count) if count > 0);
            is_blank &= head[searched..].trim_ascii().is_empty();
            if !is_more || (!is_blank && memchr::memchr(b'\n', &head[searched..]).is_some()) {
                break;
            }
            searched = head.len();
        }
    }
    head
}

/// Whether the names of packed files end like this, in lower case.
fn is_of_packed(ending: &str) -> bool {
    matches!(ending, "gz" | "zst" | "zstd" | "bz2" | "xz")
}

/// What is written to a file of this name, if it is what a source has and the name says something else.
#[cfg(feature = "cli")]
pub(crate) fn belied(path: &Path, source: &Source) -> Option<&'static str> {
    let is_named_packed = path.extension().is_some_and(|ending| is_of_packed(&ending.to_string_lossy().to_lowercase()));
    let (known, what) = match &source.format {
        _ if source.member.is_some() => (Known::Archive, "an archive"),
        Format::Text => (Known::Text, "text"),
        Format::Page => (Known::Page, "HTML"),
        Format::Lines(_) | Format::Objects(_) => (Known::Json, "JSON"),
        Format::Rows(table) if table.has_tabs() => (Known::Tsv, "a table with tabs"),
        Format::Rows(_) => (Known::Csv, "a table without tabs"),
        Format::Responses => (Known::Warc, "WARC"),
        Format::Columns(_) => (Known::Parquet, "Parquet"),
    };
    match known_by_name(path) {
        // What stands between the cells of a CSV is found out.
        Some(named) if named != known && (named, known) != (Known::Csv, Known::Tsv) => Some(what),
        _ => (is_named_packed && source.packing == Packing::Plain && source.member.is_none()).then_some("not packed"),
    }
}

/// The ending of a name, in lower case, without that of a compression.
fn inner_ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    if is_of_packed(&ending) { inner_ending(Path::new(path.file_stem()?)) } else { Some(ending) }
}

/// The ending of a name, with that of a compression: html, html.gz.
pub(super) fn ending_of(path: &Path) -> String {
    let outer = path.extension().map(|ending| ending.to_string_lossy().into_owned());
    match (outer, inner_ending(path)) {
        (Some(outer), Some(inner)) if outer.to_ascii_lowercase() != inner => format!("{inner}.{outer}"),
        (Some(outer), _) => outer,
        (None, _) => "no ending".to_owned(),
    }
}

/// Endings of what a deduplication writes beside a dump; in folders and archives they are passed over.
pub(crate) const AUDIT: [&str; 5] =
    [".removed.jsonl", ".skipped.jsonl", ".summary.json", ".notes.jsonl", ".boilerplate.jsonl"];

/// All files of a folder of results.
pub(crate) const RESULTS: [&str; 10] = [
    "pairs.jsonl",
    "pairs.csv",
    "articles.csv",
    "clusters.jsonl",
    "boilerplate.jsonl",
    "skipped.jsonl",
    "summary.json",
    "run.json",
    "texts.jsonl",
    "report.html",
];

/// Whether a folder is one that an earlier run put its results into.
pub(super) fn has_results(folder: &Path, is_there: impl Fn(&Path) -> bool) -> bool {
    ["run.json", "summary.json", "articles.csv", "pairs.jsonl"].iter().all(|name| is_there(&folder.join(name)))
}

/// Whether a file is of those that a deduplication wrote beside a dump: by its name, as someone else's file may have, and
/// the summary beside it.
pub(super) fn is_audit(path: &Path, is_there: impl Fn(&Path) -> bool) -> bool {
    let parts = || {
        let dump = Path::new(path.file_stem()?);
        let ending = format!(".{}.{}", dump.extension()?.to_str()?, path.extension()?.to_str()?);
        let mut summary = dump.file_stem().filter(|_| AUDIT.contains(&&*ending))?.to_owned();
        summary.push(AUDIT[2]);
        Some(path.with_file_name(summary))
    };
    parts().is_some_and(|summary| is_there(&summary))
}

/// What a file is by its name.
pub(super) fn known_by_name(path: &Path) -> Option<Known> {
    let ending = inner_ending(path)?;
    let is_one_of = |endings: &[&str]| endings.contains(&ending.as_str());
    if is_one_of(&TEXTS) {
        Some(Known::Text)
    } else if is_one_of(&PAGES) {
        Some(Known::Page)
    } else if is_one_of(&LINES) {
        Some(Known::Json)
    } else if is_one_of(&ROWS) {
        Some(if ending == "tsv" { Known::Tsv } else { Known::Csv })
    } else if is_one_of(&COLUMNS) {
        Some(Known::Parquet)
    } else if is_one_of(&RESPONSES) {
        Some(Known::Warc)
    } else {
        is_one_of(&ARCHIVES).then_some(Known::Archive)
    }
}

/// Whether a file of this name describes a set of data, and holds no article.
pub(super) fn is_description(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let stem = name.split('.').next().unwrap_or_default();
    let is_one_of = |name: &str, known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    is_one_of(stem, &ABOUT) || is_one_of(name, &DESCRIPTIONS)
}
