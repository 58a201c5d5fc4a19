//! The dump without its duplicates: each source written once more, packed as it was, without the records that go.
//!
//! | input | output |
//! |---|---|
//! | JSON that is not one object a line | the same, without the elements that go and what separated them |
//! | a file of lines or rows | a file of the same name: the kept records, names of columns and blank lines, their bytes untouched, in their order |
//! | gzip, zstd, bzip2, xz | packed the same way; the unpacked bytes are those of the kept records |
//! | UTF-16 | UTF-16 with the same byte order |
//! | WARC | its records without the responses that go; gzip has a member a record |
//! | Parquet, zip, tar | see `sieve` and `repack` |
//! | a text that stays | a copy |
//!
//! Records that are no articles go, as they are and unpacked, into a file of rejected ones.

use super::gzip::Gzip;
use super::removed::COLUMNS;
pub(crate) use super::repack::{Becomes, repack};
use super::share::Share;
pub(crate) use super::sieve::{Noting, sieve};
use crate::input::{End, Format, Location, Packing, Piece, Place, Source, each_piece};
use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What came of the records of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) kept: u64,
    pub(crate) removed: u64,
    pub(crate) rejected: u64,
    /// Whether nothing stayed of a source that is no list.
    pub(crate) is_empty: bool,
    /// Whether it could not be read to its end.
    pub(crate) is_broken: bool,
    /// What had to stay with all that is in it.
    pub(crate) stuck: Vec<Stuck>,
}

/// A part of a source that can be copied, and not written without what goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// Its articles that were to go, by their places in the source.
    pub(crate) articles: Vec<usize>,
    pub(crate) reason: String,
}

/// Says what becomes of an article, by its place in the source and its record.
pub(crate) type Fates<'f> = dyn Fn(usize, &[u8]) -> Fate + 'f;

/// The preset of xz that its own program takes.
const XZ_PRESET: u32 = 6;

/// Bytes of a source, up to which it is packed by one thread.
const SMALL: u64 = 1 << 20;

/// A file that is packed while it is written.
pub(super) enum Packed {
    Plain(BufWriter<File>),
    Gzip(Gzip),
    /// A member for each record, as WARC asks for.
    Members(BufWriter<File>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>, Share),
    Bzip2(BzEncoder<BufWriter<File>>),
    Xz(XzEncoder<BufWriter<File>>),
    /// UTF-16; little endian or not.
    Wide(BufWriter<File>, bool),
}

impl Packed {
    /// Begins a file that is packed like this, for a source of records if it is for one.
    pub(super) fn create(path: &Path, packing: Packing, source: Option<&Source>) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 18, create(path)?);
        let is_responses = source.is_some_and(|source| matches!(source.format, Format::Responses));
        Ok(match packing {
            Packing::Gzip if is_responses => Self::Members(file),
            Packing::Gzip => Self::Gzip(Gzip::new(file)?),
            Packing::Zstd => {
                let share = Share::new();
                let mut encoder = zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                if source.is_none_or(|source| source.bytes > SMALL) {
                    // Threads of its own, as many as this file has. What is written is the same by one as by several.
                    encoder.multithread(Share::of(1) as u32)?;
                }
                Self::Zstd(encoder, share)
            }
            Packing::Bzip2 => Self::Bzip2(BzEncoder::new(file, bzip2::Compression::default())),
            Packing::Xz => Self::Xz(XzEncoder::new(file, XZ_PRESET)),
            Packing::Plain => Self::Plain(file),
            Packing::Utf16 => {
                let mut mark = [0xff; 2];
                source.map_or(Ok(()), |source| source.raw()?.read_exact(&mut mark))?;
                file.write_all(&mark)?;
                Self::Wide(file, mark[0] == 0xff)
            }
        })
    }

    /// Writes whole lines.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(lines),
            Self::Gzip(gzip) => gzip.write(lines),
            Self::Members(_) if lines.is_empty() => Ok(()),
            Self::Members(file) => {
                let mut encoder = GzEncoder::new(file, flate2::Compression::default());
                encoder.write_all(lines)?;
                encoder.finish().map(|_| ())
            }
            Self::Zstd(encoder, _) => encoder.write_all(lines),
            Self::Bzip2(encoder) => encoder.write_all(lines),
            Self::Xz(encoder) => encoder.write_all(lines),
            Self::Wide(file, is_little) => {
                let units = String::from_utf8_lossy(lines);
                let bytes = |unit: u16| if *is_little { unit.to_le_bytes() } else { unit.to_be_bytes() };
                units.encode_utf16().try_for_each(|unit| file.write_all(&bytes(unit)))
            }
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) | Self::Members(mut file) | Self::Wide(mut file, _) => file.flush(),
            Self::Gzip(gzip) => gzip.finish(),
            Self::Zstd(encoder, _) => encoder.finish()?.flush(),
            Self::Bzip2(encoder) => encoder.finish()?.flush(),
            Self::Xz(encoder) => encoder.finish()?.flush(),
        }
    }
}

/// Records, with what stands between them.
struct Framed {
    out: Packed,
    /// What came since the last record, if it separates records that cannot do without.
    separator: Option<Vec<u8>>,
    /// What stood before records that went, and begins or ends an array.
    held: Vec<u8>,
    /// Whether there was a record, and one that stayed.
    any: bool,
    any_stayed: bool,
    /// Whether elements are those of an array.
    is_array: bool,
}

impl Framed {
    fn new(out: Packed, is_separated: bool) -> Self {
        Self {
            out,
            separator: is_separated.then(Vec::new),
            held: Vec::new(),
            any: false,
            any_stayed: false,
            is_array: false,
        }
    }

    fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.separator {
            Some(separator) => {
                self.is_array |= bytes.contains(&b'[');
                separator.extend_from_slice(bytes);
                Ok(())
            }
            None => self.out.write(bytes),
        }
    }

    /// Writes a record, or nothing of one that goes: then what stood before it goes too, unless it begins the file.
    fn record(&mut self, bytes: Option<&[u8]>) -> io::Result<()> {
        if let Some(separator) = &mut self.separator {
            // An array that begins or ends does so all the same.
            let is_needed = !self.any || separator.iter().any(|byte| matches!(byte, b'[' | b']'));
            if bytes.is_some() || is_needed {
                self.held.append(separator);
            }
            separator.clear();
        }
        if bytes.is_some() {
            self.write_held()?;
        }
        self.any = true;
        self.any_stayed |= bytes.is_some();
        bytes.map_or(Ok(()), |bytes| self.out.write(bytes))
    }

    /// Writes what stands before the next record that stays, or the end.
    fn write_held(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.out.write(&without_spare_commas(&held, self.any_stayed))
    }

    fn finish(mut self) -> io::Result<()> {
        self.held.extend(self.separator.take().into_iter().flatten());
        self.write_held()?;
        self.out.finish()
    }
}

/// What stands between two elements that stay, without the commas of those that went, and the blanks behind these.
fn without_spare_commas(between: &[u8], follows_element: bool) -> Vec<u8> {
    let mut kept = Vec::with_capacity(between.len());
    // Where nothing has stayed, no comma may begin.
    let mut last = if follows_element { b'{' } else { b'[' };
    let mut rest = between;
    while let [byte, after @ ..] = rest {
        if *byte == b',' {
            let next = after.trim_ascii_start();
            if matches!(last, b'[' | b',') || next.first() == Some(&b']') {
                rest = next;
                continue;
            }
        }
        if !byte.is_ascii_whitespace() {
            last = *byte;
        }
        kept.push(*byte);
        rest = after;
    }
    kept
}

/// What is written of a record.
pub(crate) enum Fate {
    /// Its bytes.
    Stays,
    /// These.
    Becomes(Vec<u8>),
    /// Nothing.
    Goes,
}

/// Writes a source of records, whose unpacked bytes these are, once more to `target`. `fate` says, of an article by its
/// place among `articles` and with its record, what becomes of it. What is no article goes to `rejected`.
pub(crate) fn rewrite(
    (source, bytes): (&Source, impl Read),
    articles: &[Location],
    [target, rejected]: &[PathBuf; 2],
    (max_record, annotate): (u64, bool),
    fate: &Fates<'_>,
) -> io::Result<Written> {
    let mut out =
        Framed::new(Packed::create(target, source.packing, Some(source))?, matches!(source.format, Format::Objects(_)));
    let mut others: Option<BufWriter<File>> = None;
    let mut written = Written::default();
    let mut has_head = false;
    let end = each_piece((source, bytes), articles, max_record, &mut |piece| match piece {
        Piece::Frame(bytes) => match &source.format {
            // The names of the columns come first, and there is more before a record.
            Format::Rows(table) if annotate && !std::mem::replace(&mut has_head, true) => {
                out.frame(&table.extended(bytes, &COLUMNS, &COLUMNS))
            }
            _ => out.frame(bytes),
        },
        Piece::Article(number, bytes) => {
            let fate = fate(number, bytes);
            *if matches!(fate, Fate::Goes) { &mut written.removed } else { &mut written.kept } += 1;
            match fate {
                Fate::Stays => out.record(Some(bytes)),
                Fate::Becomes(bytes) => out.record(Some(&bytes)),
                Fate::Goes => out.record(None),
            }
        }
        Piece::Other { bytes, begins } => {
            let is_first = others.is_none();
            let others = match &mut others {
                Some(others) => others,
                None => others.insert(BufWriter::new(create(rejected)?)),
            };
            if begins {
                written.rejected += 1;
                out.record(None)?;
                if out.separator.is_some() && !is_first {
                    others.write_all(b"\n")?;
                }
            }
            others.write_all(bytes)
        }
    })?;
    written.is_broken = end == End::Broken;
    written.is_empty = out.separator.is_some() && !out.any_stayed && !out.is_array;
    out.finish()?;
    others.map_or(Ok(()), |mut others| others.flush())?;
    Ok(written)
}

/// Writes what is left of a source that is one article, and packed as it is, when that is gone.
pub(crate) fn place_nothing(source: &Source, target: &Path) -> io::Result<()> {
    Packed::create(target, source.packing, None)?.finish()
}

/// Copies a source that is one article to `target`. A hard link would change with the source when that is written anew.
pub(crate) fn place(source: &Source, target: &Path) -> io::Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    match &source.place {
        Place::Path(path) => fs::copy(path, target).map(|_| ()),
        Place::Spool(_) | Place::Member(_) => {
            let mut out = create(target)?;
            io::copy(&mut source.raw()?, &mut out).map(|_| ())
        }
    }
}

/// A new file, with the folders that it is in.
pub(super) fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create_new(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_is_the_same_by_however_many_threads() {
        let text: Vec<u8> =
            (0u64..).flat_map(|number| format!("{:x} ", number * number).into_bytes()).take(20 << 20).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let by = |threads: usize| {
            let path = folder.path().join(threads.to_string());
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let write = || {
                let mut out = Packed::create(&path, Packing::Zstd, None)?;
                text.chunks(1 << 17).try_for_each(|part| out.write(part))?;
                out.finish()
            };
            pool.install(write).expect("a file");
            fs::read(&path).expect("it is there")
        };
        let one = by(1);
        assert!(zstd::decode_all(&one[..]).expect("zstd") == text);
        assert!(by(3) == one);
    }

    #[test]
    fn arrays_stay_arrays_whatever_goes() {
        let between = |text: &str, follows: bool| {
            String::from_utf8(without_spare_commas(text.as_bytes(), follows)).expect("UTF-8")
        };
        assert_eq!(between("],[", true), "],[");
        assert_eq!(between("[[,", false), "[[");
        assert_eq!(between("[[],[", false), "[[],[");
        assert_eq!(between("],]", true), "]]");
        assert_eq!(between(",[,", true), ",[");
        assert_eq!(between(", [], ", true), ", [], ");
        assert_eq!(between("[\n  ,\n  ", false), "[\n  ");
        assert_eq!(between(",\n", true), ",\n");
    }
}
