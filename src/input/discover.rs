//! Paths as a person gives them, to sources.

use super::encoding;
use super::fields::{Fields, names_of};
use super::lines::{self, Blocks, Ends};
use super::objects::{self, ElementEnds};
use super::read::decode_line;
use super::stream::{self, Place};
use super::table::Table;
use super::{Format, InputOptions, Packing, Plan, Skipped, Source};
use crate::error::{Error, Result};
use ahash::AHashSet;
use encoding_rs::{Encoding, UTF_8};
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use xxhash_rust::xxh3::xxh3_128;

const TEXTS: [&str; 3] = ["txt", "md", "text"];
const LINES: [&str; 3] = ["jsonl", "ndjson", "json"];
const ROWS: [&str; 2] = ["csv", "tsv"];
/// Endings of known formats that hold articles but are not read.
const UNREAD: [&str; 10] = ["html", "htm", "parquet", "warc", "wet", "zip", "tar", "xml", "pdf", "arrow"];
/// Bytes looked at to see what a file is; more only if its first line is longer.
const HEAD: usize = 1 << 20;

pub(super) fn plan(paths: &[PathBuf], references: &[PathBuf], options: &InputOptions) -> Result<Plan> {
    let mut discovery = Discovery {
        options,
        several: paths.len() + references.len() > 1,
        seen: AHashSet::new(),
        include: None,
        plan: Plan::default(),
        reference: false,
    };
    // A malformed glob is a mistake in the command, not in the input.
    discovery.overrides(Path::new("."))?;
    for path in paths {
        discovery.add(path)?;
    }
    discovery.reference = true;
    for path in references {
        discovery.add(path)?;
    }
    let mut plan = discovery.plan;
    make_names_unique(&mut plan.sources);
    Ok(plan)
}

struct Discovery<'o> {
    options: &'o InputOptions,
    /// Whether there are several roots, so that names begin with theirs.
    several: bool,
    /// Hashes of the real paths of all files so far.
    seen: AHashSet<u128>,
    include: Option<Override>,
    plan: Plan,
    reference: bool,
}

/// How a source is packed, what it holds, and in what encoding.
type Looked = (Packing, Format, &'static Encoding);

/// A file or stream that was found.
struct Found {
    name: String,
    relative: PathBuf,
    place: Place,
    stat: Stat,
}

/// What the system says of a file.
struct Stat {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stat {
    fn of(metadata: Option<fs::Metadata>) -> Self {
        let bytes = metadata.as_ref().map_or(0, fs::Metadata::len);
        Self { bytes, modified: metadata.and_then(|metadata| metadata.modified().ok()) }
    }
}

impl Discovery<'_> {
    fn skip(&mut self, path: &Path, reason: &(impl ToString + ?Sized)) {
        self.plan.skipped.push(Skipped { source: shown(path), record: None, reason: reason.to_string() });
    }

    /// Whether a file of this real path was not met before.
    fn is_new(&mut self, real: &Path) -> bool {
        self.seen.insert(xxh3_128(real.as_os_str().as_encoded_bytes()))
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        if path == Path::new("-") {
            self.add_stream("stdin".to_owned(), Path::new("stdin"), &mut std::io::stdin().lock());
            return Ok(());
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.add_folder(path),
            Ok(metadata) if metadata.is_file() => {
                self.add_named_file(path, self.several);
                Ok(())
            }
            Ok(_) => {
                match fs::File::open(path) {
                    Ok(mut pipe) => self.add_stream(shown(path), last_part(path).as_ref(), &mut pipe),
                    Err(error) => self.skip(path, &error),
                }
                Ok(())
            }
            Err(error) => self.add_glob(path, &error),
        }
    }

    fn add_glob(&mut self, path: &Path, missing: &std::io::Error) -> Result<()> {
        let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
        let Some(matches) = pattern.and_then(|pattern| glob::glob(pattern).ok()) else {
            self.skip(path, missing);
            return Ok(());
        };
        let several = std::mem::replace(&mut self.several, true);
        let mut any = false;
        for found in matches {
            any = true;
            match found {
                Ok(found) if found.is_dir() => self.add_folder(&found)?,
                Ok(found) => self.add_named_file(&found, true),
                Err(error) => self.skip(error.path(), error.error()),
            }
        }
        self.several = several;
        if !any {
            self.skip(path, "no such file, and nothing matches it as a glob");
        }
        Ok(())
    }

    fn overrides(&self, root: &Path) -> Result<Option<Override>> {
        if self.options.include.is_empty() {
            return Ok(None);
        }
        let mut builder = OverrideBuilder::new(root);
        for glob in &self.options.include {
            builder.add(glob).map_err(|error| Error::setting(format!("--include {glob}: {error}")))?;
        }
        let include = builder.build().map_err(|error| Error::setting(format!("--include: {error}")))?;
        Ok(Some(include))
    }

    fn add_folder(&mut self, root: &Path) -> Result<()> {
        let mut walk = WalkBuilder::new(root);
        walk.follow_links(true).sort_by_file_name(Ord::cmp);
        // Not given to the walk, which would let it overrule what is hidden or ignored.
        self.include = self.overrides(root)?;
        if let Some(target) = self.options.leave_out.as_ref().and_then(|target| target.canonicalize().ok()) {
            if root.canonicalize().is_ok_and(|root| root == target) {
                return Ok(());
            }
            walk.filter_entry(move |entry| {
                let named_alike = entry.path().file_name() == target.file_name();
                !((named_alike || entry.path_is_symlink())
                    && entry.path().canonicalize().is_ok_and(|path| path == target))
            });
        }
        // The folder that the last file was in, and where that really is.
        let mut folder: (PathBuf, Option<PathBuf>) = (PathBuf::new(), None);
        for entry in walk.build() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.skip(path_of(&error).unwrap_or(root), &describe(&error));
                    continue;
                }
            };
            let kind = entry.file_type();
            if kind.is_some_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            if self.include.as_ref().is_some_and(|include| include.matched(path, false).is_ignore()) {
                continue;
            }
            let relative = path.strip_prefix(root).unwrap_or(path);
            if let Some(parent) = path.parent().filter(|parent| **parent != folder.0) {
                folder = (parent.to_owned(), parent.canonicalize().ok());
            }
            let real = match (&folder.1, path.file_name()) {
                (Some(parent), Some(name)) if !entry.path_is_symlink() => Some(parent.join(name)),
                _ => path.canonicalize().ok(),
            };
            let is_read = format_of(path).is_some() || self.include.is_some();
            if is_read && real.is_some_and(|real| !self.is_new(&real)) {
                self.plan.repeated += 1;
                continue;
            }
            if !kind.is_some_and(|kind| kind.is_file()) {
                self.skip(path, "not a regular file");
                continue;
            }
            let name = if self.several {
                format!("{}/{}", shown(root).trim_end_matches('/'), shown(relative))
            } else {
                shown(relative)
            };
            let below = if self.several { last_part(root).join(relative) } else { relative.to_owned() };
            let found = Found {
                name,
                relative: below,
                place: Place::Path(path.to_owned()),
                stat: Stat::of(entry.metadata().ok()),
            };
            match format_of(path) {
                Some(Known::Text) => self.push(found, Packing::Plain, Format::Text, UTF_8),
                Some(known) => self.sniff(found, Some(known)),
                None if self.include.is_some() => self.sniff(found, None),
                None => {
                    *self.plan.passed_over.entry(ending_of(path)).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    fn add_named_file(&mut self, path: &Path, whole_name: bool) {
        if path.canonicalize().is_ok_and(|path| !self.is_new(&path)) {
            self.plan.repeated += 1;
            return;
        }
        let stat = Stat::of(fs::metadata(path).ok());
        let name = match path.file_name() {
            Some(name) if !whole_name => shown(Path::new(name)),
            _ => shown(path),
        };
        let (relative, place) = (last_part(path), Place::Path(path.to_owned()));
        self.sniff(Found { name, relative, place, stat }, format_of(path));
    }

    /// Standard input or a pipe: kept in a temporary file.
    fn add_stream(&mut self, name: String, relative: &Path, reader: &mut impl Read) {
        match stream::spool(reader) {
            Ok((place, bytes)) => {
                let stat = Stat { bytes, modified: None };
                self.sniff(Found { name, relative: relative.to_owned(), place, stat }, None);
            }
            Err(error) => self.skip(Path::new(&name), &error),
        }
    }

    fn push(&mut self, found: Found, packing: Packing, format: Format, encoding: &'static Encoding) {
        let Found { name, relative, place, stat: Stat { bytes, modified } } = found;
        let reference = self.reference;
        self.plan.sources.push(Source { name, relative, place, packing, format, encoding, bytes, modified, reference });
    }

    /// Looks into a file to see what it is.
    fn sniff(&mut self, found: Found, known: Option<Known>) {
        match self.look(&found.place, &found.name, known) {
            Ok((packing, format, encoding)) => self.push(found, packing, format, encoding),
            Err(reason) => self.plan.skipped.push(Skipped { source: found.name, record: None, reason }),
        }
    }

    fn look(&self, place: &Place, name: &str, known: Option<Known>) -> std::result::Result<Looked, String> {
        let mut magic = Vec::new();
        let read = place.open_at(0).and_then(|raw| raw.take(4).read_to_end(&mut magic));
        read.map_err(|error| error.to_string())?;
        let packing = stream::packing(&magic);
        if known == Some(Known::Text) {
            return Ok((packing, Format::Text, UTF_8));
        }
        let ending = inner_ending(Path::new(name));
        if let Some(ending) = ending.as_ref().filter(|ending| UNREAD.contains(&ending.as_str())) {
            return Err(format!("{ending} is not read by this version"));
        }
        let head = head(place, packing, self.options.max_record);
        if known == Some(Known::Rows) {
            if head.trim_ascii().is_empty() {
                return Ok((packing, Format::Lines(Fields::default()), UTF_8));
            }
            let delimiter = ending.filter(|ending| ending == "tsv").map(|_| b'\t');
            let table = Table::of(&head, delimiter, &self.options.fields)?;
            let encoding = table.encoding();
            return Ok((packing, Format::Rows(table), encoding));
        }
        let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&head).trim_ascii_start();
        let looks_like_lines = known == Some(Known::Lines) || head.starts_with(b"{");
        let encoding = encoding::of(head);
        match head {
            // Nothing in it, and nothing wrong with that.
            [] => Ok((packing, Format::Lines(Fields::default()), UTF_8)),
            [b'[', ..] if looks_like_lines || head[1..].trim_ascii_start().starts_with(b"{") => self
                .fields(place, packing, usize::MAX, (true, encoding))
                .map(|fields| (packing, Format::Objects(fields), encoding)),
            // An object that does not end where its first line does.
            [b'{', ..] if looks_like_lines && begins_within(head) => self
                .fields(place, packing, usize::MAX, (true, encoding))
                .map(|fields| (packing, Format::Objects(fields), encoding)),
            // A text may be long; only what looks like lines is searched to its end.
            _ => match self.fields(place, packing, if looks_like_lines { usize::MAX } else { 1 }, (false, encoding)) {
                Ok(fields) => Ok((packing, Format::Lines(fields), encoding)),
                Err(reason) if looks_like_lines => Err(reason),
                Err(_) if head.contains(&0) => Err("neither text nor JSON lines".to_owned()),
                Err(_) => {
                    Ok(match Table::of(head, None, &self.options.fields).ok().filter(|table| table.is_regular(head)) {
                        Some(table) => (packing, Format::Rows(table), encoding),
                        None => (packing, Format::Text, UTF_8),
                    })
                }
            },
        }
    }

    /// Chooses the fields by the first record that has a text, in up to `most` blocks.
    fn fields(
        &self,
        place: &Place,
        packing: Packing,
        most: usize,
        (objects, encoding): (bool, &'static Encoding),
    ) -> std::result::Result<Fields, String> {
        let ends = objects.then(|| Ends::Elements(ElementEnds::default()));
        let blocks = Blocks::new(place, packing, ends, self.options.max_record);
        let (mut seen, mut any) = (None, false);
        for block in blocks.take(most) {
            let lines = lines::each(&block.bytes).take_while(|_| !objects);
            let elements = objects::each(&block.bytes).map(|range| &block.bytes[range]).take_while(|_| objects);
            for line in lines.chain(elements) {
                any = true;
                let line = decode_line(line, encoding).0;
                if !line.starts_with('{') {
                    continue;
                }
                let Ok(record) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
                if let Some(fields) = Fields::choose(&record, &self.options.fields) {
                    return Ok(fields);
                }
                seen.get_or_insert(record);
            }
        }
        Err(match seen {
            Some(record) if !self.options.fields.text.is_empty() => {
                format!("no field `{}`: {}", self.options.fields.text.join("`, `"), names_of(&record))
            }
            Some(record) => format!("no text field of a known name; set one with --text-field: {}", names_of(&record)),
            // An empty list is a list.
            None if objects && !any => return Ok(Fields::default()),
            None if objects => "none of its elements is a JSON object".to_owned(),
            None => "none of its lines is a JSON object".to_owned(),
        })
    }
}

/// Whether the first line is the beginning of an object that other lines end.
fn begins_within(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n');
    let first = serde_json::from_slice::<serde::de::IgnoredAny>(lines.next().unwrap_or_default());
    // A line that is cut off is followed by another record.
    let next = lines.map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    first.is_err_and(|error| error.is_eof()) && next.is_some_and(|next| !next.starts_with(b"{"))
}

/// The first `HEAD` unpacked bytes, or its whole first line if that is longer. What cannot be read is left out.
fn head(place: &Place, packing: Packing, max_record: u64) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(mut reader) = stream::unpacked(place, packing) {
        while !head.contains(&b'\n') && (head.len() as u64) < max_record.max(HEAD as u64) {
            if !matches!(reader.by_ref().take(HEAD as u64).read_to_end(&mut head), Ok(count) if count > 0) {
                break;
            }
        }
    }
    head
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Text,
    Lines,
    Rows,
}

/// The ending of a name, in lower case, without that of a compression.
fn inner_ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    if matches!(ending.as_str(), "gz" | "zst" | "zstd" | "bz2" | "xz") {
        inner_ending(Path::new(path.file_stem()?))
    } else {
        Some(ending)
    }
}

/// The ending of a name, with that of a compression: html, html.gz.
fn ending_of(path: &Path) -> String {
    let outer = path.extension().map(|ending| ending.to_string_lossy().into_owned());
    match (outer, inner_ending(path)) {
        (Some(outer), Some(inner)) if outer.to_ascii_lowercase() != inner => format!("{inner}.{outer}"),
        (Some(outer), _) => outer,
        (None, _) => "no ending".to_owned(),
    }
}

/// Endings of what a deduplication writes beside a dump (removed, skipped, summary); in folders they are passed over.
pub(crate) const AUDIT: [&str; 3] = [".removed.jsonl", ".skipped.jsonl", ".summary.json"];

fn format_of(path: &Path) -> Option<Known> {
    let name = path.as_os_str().as_encoded_bytes();
    if AUDIT.iter().any(|ending| name.ends_with(ending.as_bytes())) {
        return None;
    }
    let ending = inner_ending(path)?;
    if TEXTS.contains(&ending.as_str()) {
        Some(Known::Text)
    } else if ROWS.contains(&ending.as_str()) {
        Some(Known::Rows)
    } else {
        LINES.contains(&ending.as_str()).then_some(Known::Lines)
    }
}

/// The last part of a path, whatever it is written like.
fn last_part(path: &Path) -> PathBuf {
    let real = || path.canonicalize().ok()?.file_name().map(PathBuf::from);
    path.file_name().map(PathBuf::from).or_else(real).unwrap_or_else(|| "input".into())
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

fn describe(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => describe(err),
        ignore::Error::Loop { ancestor, .. } => format!("a link to a folder that it is in, {}", shown(ancestor)),
        ignore::Error::Io(error) => std::io::Error::from(error.kind()).to_string(),
        _ => error.to_string(),
    }
}

/// A path as text with `/` between folders; bytes that are no UTF-8 as `\xNN`.
pub(crate) fn shown(path: &Path) -> String {
    let mut name = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        name.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02X}")));
    }
    if cfg!(windows) { name.replace('\\', "/") } else { name }
}

/// Two names that are equal as text get numbers, and so does one that reads like a record of another.
fn make_names_unique(sources: &mut [Source]) {
    let is_record = |name: &str| name.rsplit_once(':').is_some_and(|(_, record)| record.parse::<u64>().is_ok());
    let mut names: AHashSet<String> = AHashSet::with_capacity(sources.len());
    for source in sources {
        let mut number = 2;
        let first = source.name.clone();
        while is_record(&source.name) || !names.insert(source.name.clone()) {
            source.name = format!("{first} ({number})");
            number += 1;
        }
    }
}
