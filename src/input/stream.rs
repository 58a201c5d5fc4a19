//! Opening a source: raw bytes from any offset, or its unpacked bytes from the beginning.

use super::Packing;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the bytes of a source are.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a file of that path.
    Path(PathBuf),
    /// In a temporary file without a name: standard input, or a pipe.
    Spool(Arc<File>),
}

impl Place {
    /// Whether both are one file.
    #[cfg(feature = "cli")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(one), Self::Path(other)) => {
                one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
            }
            _ => false,
        }
    }

    /// The raw bytes from `offset` on.
    pub(super) fn open_at(&self, offset: u64) -> io::Result<Raw> {
        match self {
            Self::Path(path) => {
                let mut file = File::open(path)?;
                if offset > 0 {
                    file.seek(SeekFrom::Start(offset))?;
                }
                Ok(Raw::File(file))
            }
            Self::Spool(file) => Ok(Raw::Spool(Arc::clone(file), offset)),
        }
    }

    /// A handle that many threads can read from at once.
    pub(super) fn shared(&self) -> io::Result<Arc<File>> {
        match self {
            Self::Path(path) => Ok(Arc::new(File::open(path)?)),
            Self::Spool(file) => Ok(Arc::clone(file)),
        }
    }
}

/// An open source.
pub(super) enum Raw {
    File(File),
    Spool(Arc<File>, u64),
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Spool(file, at) => {
                let count = read_at(file, buffer, *at)?;
                *at += count as u64;
                Ok(count)
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Exactly the bytes `offset..offset + len` of a file.
pub(super) fn read_exact_at(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match read_at(file, &mut bytes[filled..], offset + filled as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Copies all that `reader` has into a temporary file that has no name and goes when the run does.
pub(super) fn spool(reader: &mut impl Read) -> io::Result<(Place, u64)> {
    let mut file = tempfile::tempfile()?;
    let bytes = io::copy(reader, &mut file)?;
    Ok((Place::Spool(Arc::new(file)), bytes))
}

/// How bytes that begin with `head` are packed.
pub(super) fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Packing::Bzip2,
        [0xfd, b'7', b'z', b'X', ..] => Packing::Xz,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Packing::Utf16,
        _ => Packing::Plain,
    }
}

/// The unpacked bytes of a source, as UTF-8 where it is UTF-16.
pub(super) fn unpacked(place: &Place, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    let raw = place.open_at(0)?;
    let bytes = decompressed(raw, packing)?;
    Ok(if packing == Packing::Plain {
        bytes
    } else {
        Box::new(DecodeReaderBytesBuilder::new().utf8_passthru(true).bom_sniffing(true).build(bytes))
    })
}

/// Decompresses; UTF-16 is left as it is.
pub(super) fn decompressed(raw: impl Read + Send + 'static, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    Ok(match packing {
        Packing::Plain | Packing::Utf16 => Box::new(raw),
        Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 17, raw))),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(raw)?),
        Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(raw)),
        Packing::Xz => Box::new(liblzma::read::XzDecoder::new_multi_decoder(raw)),
    })
}

/// What a read error means to a person.
pub(super) fn reason(error: &io::Error, packing: Packing) -> String {
    match error.kind() {
        _ if !packing.is_compressed() => error.to_string(),
        io::ErrorKind::UnexpectedEof => "the compressed stream is cut off".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            format!("the compressed stream is damaged: {error}")
        }
        _ => error.to_string(),
    }
}
