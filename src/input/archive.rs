//! Archives: what is in them, and where.
//!
//! A member is read where it lies. An archive of tar that is compressed as a whole is unpacked into a temporary file first.
//! Members whose path leads out of the archive, links, devices and encrypted members are refused.

use super::discover::shown;
use super::look::Looked;
use super::stream::{self, Member, MemberPacking, Place, Spool, Window};
use super::{InputOptions, Packing};
use ahash::AHashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zip::{CompressionMethod, ZipArchive};

/// An archive that was looked into.
#[derive(Debug)]
pub(crate) struct Archive {
    /// What results call it.
    pub(crate) name: String,
    /// Its path below what was named.
    pub(crate) relative: PathBuf,
    /// Where its bytes are, unpacked.
    pub(crate) place: Place,
    /// How it is packed as a whole.
    pub(crate) packing: Packing,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its members, in order.
    pub(crate) entries: Vec<Entry>,
}

/// Formats of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Tar,
}

/// A member of an archive.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its path in the archive.
    pub(crate) path: PathBuf,
    /// Where it begins, what belongs to it before its own bytes included, and where the next one does; of tar.
    pub(crate) bytes: (u64, u64),
    /// Where its own header is; of tar.
    pub(crate) header: u64,
    pub(crate) what: What,
}

/// What a member is.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A folder, or what says something of other members: it stays.
    Folder,
    /// A file.
    File(Arc<Member>),
    /// What is not to be read, and why: it stays.
    Left(&'static str),
    /// What is not read, and why.
    Refused(String),
}

/// Looks into an archive. Where it cannot be read to its end, what came before is there, and the reason.
pub(super) fn open(
    looked: &Looked,
    (name, relative, place): (String, PathBuf, Place),
    (options, spool): (&InputOptions, &Spool),
) -> (Archive, Option<String>) {
    let (kind, packing) = match looked {
        Looked::Tar(packing) => (Kind::Tar, *packing),
        _ => (Kind::Zip, Packing::Plain),
    };
    let mut archive = Archive { name, relative, place, packing, kind, entries: Vec::new() };
    let mut broken = None;
    if packing != Packing::Plain {
        match unpack(&archive.place, packing, (options, spool)) {
            Ok((place, error)) => (archive.place, broken) = (place, error),
            Err(error) => return (archive, Some(error.to_string())),
        }
    }
    let ratio = options.limits.ratio;
    let read = match kind {
        Kind::Zip => members_of_zip(&archive.place, ratio, &mut archive.entries),
        Kind::Tar => members_of_tar(&archive.place, ratio, &mut archive.entries),
    };
    let error = broken.or_else(|| {
        read.err().map(|error| match error.kind() {
            io::ErrorKind::Unsupported => error.to_string(),
            _ => format!("the archive is damaged: {error}"),
        })
    });
    let used = if archive.entries.is_empty() { "" } else { "; what came before was used" };
    (archive, error.map(|error| error + used))
}

/// Unpacks a source, and says why not to its end.
pub(super) fn unpack(
    place: &Place,
    packing: Packing,
    (options, spool): (&InputOptions, &Spool),
) -> io::Result<(Place, Option<String>)> {
    let mut reader = stream::unpacked(place, packing, options.limits)?;
    let (place, error) = spool.add(&mut reader)?;
    Ok((place, error.map(|error| stream::reason(&error, packing))))
}

fn members_of_zip(place: &Place, ratio: u64, entries: &mut Vec<Entry>) -> io::Result<()> {
    let mut zip = ZipArchive::new(place.shared()?)?;
    if listed(&place.shared()?, zip.central_directory_start())? > zip.len() {
        return Err(refused("several of its members have one name; pack it anew under different names"));
    }
    for index in 0..zip.len() {
        let listed = zip.name_for_index(index).and_then(Result::ok).map(std::borrow::Cow::into_owned);
        let entry = match zip.by_index_raw(index) {
            Ok(file) => {
                let packing = match file.compression() {
                    CompressionMethod::Stored => Ok(MemberPacking::Stored),
                    CompressionMethod::Deflated => Ok(MemberPacking::Deflate),
                    CompressionMethod::Bzip2 => Ok(MemberPacking::Bzip2),
                    CompressionMethod::Zstd => Ok(MemberPacking::Zstd),
                    CompressionMethod::XZ => Ok(MemberPacking::Xz),
                    other => Err(format!("packed by {other}, which is not read")),
                };
                let path = PathBuf::from(String::from_utf8_lossy(file.name_raw()).into_owned());
                let what = if leads_out(file.name_raw()) {
                    What::Refused(LEADS_OUT.to_owned())
                } else if file.is_dir() {
                    What::Folder
                } else if file.is_symlink() {
                    What::Refused("a link".to_owned())
                } else if file.encrypted() {
                    What::Refused("encrypted".to_owned())
                } else {
                    match (packing, file.data_start()) {
                        (Ok(packing), Some(offset)) => What::File(Arc::new(Member {
                            archive: place.clone(),
                            offset,
                            len: file.compressed_size(),
                            packing,
                            checksum: Some(file.crc32()),
                            ratio,
                        })),
                        (Err(reason), _) => What::Refused(reason),
                        (_, None) => What::Refused("it is not where the archive says".to_owned()),
                    }
                };
                Entry { path, bytes: (0, 0), header: 0, what }
            }
            Err(error) => {
                let path = listed.unwrap_or_else(|| index.to_string()).into();
                Entry { path, bytes: (0, 0), header: 0, what: What::Refused(error.to_string()) }
            }
        };
        entries.push(entry);
    }
    if overlap(entries) {
        entries.clear();
        return Err(refused("its members lie over each other"));
    }
    Ok(())
}

/// Whether some bytes belong to several members, as in archives that unpack to any size.
fn overlap(entries: &[Entry]) -> bool {
    let bytes = |entry: &Entry| match &entry.what {
        What::File(member) => Some((member.offset, member.offset.saturating_add(member.len))),
        _ => None,
    };
    let mut all: Vec<(u64, u64)> = entries.iter().filter_map(bytes).filter(|(start, end)| start < end).collect();
    all.sort_unstable();
    all.windows(2).any(|two| two[1].0 < two[0].1)
}

/// How many members the directory of an archive lists, from here on.
fn listed(window: &Window, start: u64) -> io::Result<usize> {
    const FIXED: usize = 46;
    let (mut count, mut reader) = (0, io::BufReader::new(window.from(start)));
    loop {
        let mut entry = [0; FIXED];
        match reader.read_exact(&mut entry) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(count),
            read => read?,
        }
        if !entry.starts_with(b"PK\x01\x02") {
            return Ok(count);
        }
        count += 1;
        let length = |at: usize| i64::from(u16::from_le_bytes([entry[at], entry[at + 1]]));
        reader.seek_relative(length(28) + length(30) + length(32))?;
    }
}

fn members_of_tar(place: &Place, ratio: u64, entries: &mut Vec<Entry>) -> io::Result<()> {
    const BLOCK: u64 = 512;
    let window = place.shared()?;
    let length = window.len();
    let mut tar = tar::Archive::new(window);
    let mut start = 0;
    for entry in tar.entries_with_seek()? {
        let entry = entry.map_err(|error| match error.raw_os_error() {
            None if start == 0 => refused("not an archive of tar"),
            None => io::Error::new(io::ErrorKind::InvalidData, format!("no member begins at byte {start}")),
            Some(_) => error,
        })?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_sparse() {
            // Where its bytes end, and the next member begins, is not known.
            entries.clear();
            return Err(refused("it has sparse files in the old form of GNU; pack it anew with --format=pax"));
        }
        let (offset, len) = (entry.raw_file_position(), entry.size());
        let end = len.checked_next_multiple_of(BLOCK).and_then(|len| offset.checked_add(len)).unwrap_or(u64::MAX);
        if offset.checked_add(len).is_none_or(|end| end > length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bytes = entry.path_bytes().into_owned();
        let what = if leads_out(&bytes) {
            What::Refused(LEADS_OUT.to_owned())
        } else if kind.is_dir() || kind.is_pax_global_extensions() {
            What::Folder
        } else if kind.is_file() || kind.is_contiguous() {
            let packing = MemberPacking::Stored;
            What::File(Arc::new(Member { archive: place.clone(), offset, len, packing, checksum: None, ratio }))
        } else if kind.is_symlink() || kind.is_hard_link() {
            What::Refused("a link".to_owned())
        } else {
            What::Refused("not a regular file".to_owned())
        };
        let path = PathBuf::from(String::from_utf8_lossy(&bytes).into_owned());
        entries.push(Entry { path, bytes: (start, end), header: entry.raw_header_position(), what });
        start = end;
    }
    leave_superseded(entries);
    let mut rest = Vec::new();
    place.shared()?.from(start.min(length)).take(BEHIND).read_to_end(&mut rest)?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(refused("something stands behind its end, which is not read"));
    }
    Ok(())
}

/// Of several members of one path, the last is what is there once they are unpacked: archives of tar are updated so.
fn leave_superseded(entries: &mut [Entry]) {
    let mut later: AHashSet<PathBuf> = AHashSet::new();
    for entry in entries.iter_mut().rev() {
        if !later.insert(entry.clean().to_owned()) && matches!(entry.what, What::File(_)) {
            entry.what = What::Left("a later member of the archive takes its place");
        }
    }
}

/// What is no damage, and not read.
fn refused(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

/// Bytes behind the end of an archive of tar that are looked at.
const BEHIND: u64 = 1 << 16;
const LEADS_OUT: &str = "its path leads out of the archive";

/// Whether a path in an archive leads to somewhere that is not below it, on any system.
fn leads_out(path: &[u8]) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    let is_drive =
        matches!(path, [drive, b':', separator, ..] if drive.is_ascii_alphabetic() && is_separator(separator));
    is_drive || path.first().is_some_and(is_separator) || path.split(is_separator).any(|part| part == b"..")
}

impl Archive {
    /// What results call a member.
    pub(crate) fn name_of(&self, number: usize) -> String {
        format!("{}/{}", self.name, shown(self.entries[number].clean()))
    }
}

impl Entry {
    /// Whether it, or a folder that it is in, is hidden.
    pub(super) fn is_hidden(&self) -> bool {
        self.path.iter().any(|part| part.as_encoded_bytes().starts_with(b".") && part != ".")
    }

    /// Its path without a dot that it may begin with.
    pub(super) fn clean(&self) -> &Path {
        self.path.strip_prefix(".").unwrap_or(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_known() {
        for path in ["../x", "a/../../x", "/etc/passwd", "\\x", "C:\\x", "c:/x", "a\\..\\x"] {
            assert!(leads_out(path.as_bytes()), "{path}");
        }
        for path in ["x", "a/b..c/..d", "./x", "a:b/c", "10:30.txt"] {
            assert!(!leads_out(path.as_bytes()), "{path}");
        }
    }
}
