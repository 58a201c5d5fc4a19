//! An archive once more, without the members that go.
//!
//! Members that stay, and those that hold no articles, are what they were, byte for byte, in their order. A member that
//! holds many articles is written again and keeps its name, date and rights. What could not be read is put into another
//! archive of the same kind.

use super::dump::{Packed, create};
use crate::input::{Archive, Entry, Kind, What, Window};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What becomes of a member.
pub(crate) enum Becomes {
    /// It stays as it is.
    Same,
    /// It goes.
    Nothing,
    /// It goes among what could not be read.
    Rejected,
    /// It is these bytes, if they are there, and others are rejected, if they are there.
    Files([PathBuf; 2]),
}

/// Bytes of a block of tar, and of a record, which the whole is a multiple of.
const BLOCK: u64 = 512;
const RECORD: u64 = 20 * BLOCK;

/// Writes an archive once more to `target`. `becomes` says what becomes of a member, by its number. What could not be read
/// goes to `rejected`.
pub(crate) fn repack(
    archive: &Archive,
    [target, rejected]: &[PathBuf; 2],
    becomes: &mut dyn FnMut(usize) -> io::Result<Becomes>,
) -> io::Result<()> {
    let mut members = Members::open(archive)?;
    let mut kept = Repacked::create(target, archive)?;
    if let (Members::Zip(zip), Repacked::Zip(writer)) = (&members, &mut kept) {
        writer.set_raw_comment(zip.comment().into())?;
    }
    let mut others: Option<Repacked> = None;
    for (number, entry) in archive.entries.iter().enumerate() {
        let becomes = match entry.what {
            What::Folder | What::Left(_) => Becomes::Same,
            What::Refused(_) => Becomes::Rejected,
            What::File(_) => becomes(number)?,
        };
        match becomes {
            Becomes::Same => kept.copy(&mut members, number, entry)?,
            Becomes::Nothing => {}
            Becomes::Rejected => begun(&mut others, rejected, archive)?.copy(&mut members, number, entry)?,
            Becomes::Files([stays, refused]) => {
                if stays.exists() {
                    kept.put(&mut members, (number, entry), &stays)?;
                }
                if refused.exists() {
                    begun(&mut others, rejected, archive)?.put(&mut members, (number, entry), &refused)?;
                }
            }
        }
    }
    kept.finish()?;
    others.map_or(Ok(()), Repacked::finish)
}

/// The archive of what could not be read, which is begun when there is something.
fn begun<'r>(others: &'r mut Option<Repacked>, path: &Path, archive: &Archive) -> io::Result<&'r mut Repacked> {
    Ok(match others {
        Some(others) => others,
        None => others.insert(Repacked::create(path, archive)?),
    })
}

/// The members of an archive, to be copied.
enum Members {
    Zip(ZipArchive<Window>),
    Tar(Window),
}

impl Members {
    fn open(archive: &Archive) -> io::Result<Self> {
        let window = archive.place.shared()?;
        Ok(match archive.kind {
            Kind::Zip => Self::Zip(ZipArchive::new(window)?),
            Kind::Tar => Self::Tar(window),
        })
    }
}

/// An archive that is being written.
enum Repacked {
    Zip(Box<ZipWriter<BufWriter<File>>>),
    Tar(Box<Packed>, u64),
}

impl Repacked {
    fn create(path: &Path, archive: &Archive) -> io::Result<Self> {
        Ok(match archive.kind {
            Kind::Zip => Self::Zip(Box::new(ZipWriter::new(BufWriter::with_capacity(1 << 18, create(path)?)))),
            Kind::Tar => Self::Tar(Box::new(Packed::create(path, archive.packing, None)?), 0),
        })
    }

    /// Copies a member as it is.
    fn copy(&mut self, members: &mut Members, number: usize, entry: &Entry) -> io::Result<()> {
        match (self, members) {
            (Self::Zip(writer), Members::Zip(zip)) => match zip.by_index_raw(number) {
                Ok(member) => Ok(writer.raw_copy_file(member)?),
                // It was listed as what cannot be read.
                Err(_) if matches!(entry.what, What::Refused(_)) => Ok(()),
                Err(error) => Err(error.into()),
            },
            (Self::Tar(out, written), Members::Tar(window)) => {
                let (start, end) = entry.bytes;
                let end = end.min(window.len());
                *written += copy(&mut window.from(start).take(end - start), out)?;
                pad(out, written)
            }
            _ => Ok(()),
        }
    }

    /// Writes a member anew, with these bytes.
    fn put(&mut self, members: &mut Members, (number, entry): (usize, &Entry), bytes: &Path) -> io::Result<()> {
        let mut file = File::open(bytes)?;
        let length = file.metadata()?.len();
        match (self, members) {
            (Self::Zip(writer), Members::Zip(zip)) => {
                let member = zip.by_index_raw(number)?;
                let options = member.options().large_file(length >= u64::from(u32::MAX));
                let options = match member.compression() {
                    CompressionMethod::Stored | CompressionMethod::Bzip2 | CompressionMethod::Zstd => options,
                    _ => options.compression_method(CompressionMethod::Deflated),
                };
                writer.start_file(member.name()?, options)?;
                io::copy(&mut file, writer).map(|_| ())
            }
            (Self::Tar(out, written), Members::Tar(window)) => {
                let ahead = window.read_exact_at(entry.bytes.0, (entry.header - entry.bytes.0) as usize)?;
                if has_size(&ahead) {
                    return Err(io::Error::other("its size is in an extended header, which is not written"));
                }
                let mut header = tar::Header::new_old();
                header.as_mut_bytes().copy_from_slice(&window.read_exact_at(entry.header, BLOCK as usize)?);
                header.set_size(length);
                header.set_cksum();
                out.write(&ahead)?;
                out.write(header.as_bytes())?;
                *written += ahead.len() as u64 + BLOCK + copy(&mut file, out)?;
                pad(out, written)
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Zip(writer) => writer.finish()?.flush(),
            Self::Tar(mut out, mut written) => {
                let whole = (written + 2 * BLOCK).next_multiple_of(RECORD);
                while written < whole {
                    out.write(&[0; BLOCK as usize])?;
                    written += BLOCK;
                }
                out.finish()
            }
        }
    }
}

/// Whether headers before a member's own say how long it is.
fn has_size(ahead: &[u8]) -> bool {
    let mut headers = tar::Archive::new(ahead);
    let Ok(entries) = headers.entries() else { return true };
    entries.raw(true).flatten().filter(|entry| entry.header().entry_type().is_pax_local_extensions()).any(
        |mut entry| {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).is_err()
                || tar::PaxExtensions::new(&bytes).flatten().any(|extension| extension.key() == Ok("size"))
        },
    )
}

/// Copies all bytes, and says how many there were.
fn copy(from: &mut impl Read, out: &mut Packed) -> io::Result<u64> {
    let (mut part, mut whole) = (vec![0; 1 << 16], 0);
    loop {
        match from.read(&mut part) {
            Ok(0) => return Ok(whole),
            Ok(count) => {
                out.write(&part[..count])?;
                whole += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Fills up the last block.
fn pad(out: &mut Packed, written: &mut u64) -> io::Result<()> {
    let rest = written.next_multiple_of(BLOCK) - *written;
    *written += rest;
    out.write(&vec![0; rest as usize])
}
