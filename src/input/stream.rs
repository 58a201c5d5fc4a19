//! Opening a source: raw bytes from any offset, or its unpacked bytes from the beginning.

use super::{Limits, Packing};
use crate::error::Error;
use crate::scratch::{Scratch, read_at, read_exact_at};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::GzDecoder;
use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Unpacked bytes that are no bomb, however few they come from.
pub(super) const HARMLESS: u64 = 16 << 20;

/// Where the bytes of a source are.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a file of that path.
    Path(PathBuf),
    /// In a temporary file without a name: standard input, a pipe, or what had to be unpacked.
    Spool(Arc<File>),
    /// In an archive.
    Member(Arc<Member>),
}

/// Where a member of an archive lies.
#[derive(Clone, Debug)]
pub struct Member {
    /// The archive.
    pub(super) archive: Place,
    /// Its first byte there, and how many there are.
    pub(super) offset: u64,
    pub(super) len: u64,
    /// How these are packed.
    pub(super) packing: MemberPacking,
    /// The checksum of what is in them, where the archive has one.
    pub(super) checksum: Option<u32>,
    /// How many times their number they may become.
    pub(super) ratio: u64,
}

/// How archives pack their members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberPacking {
    Stored,
    Deflate,
    Bzip2,
    Zstd,
    Xz,
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

    /// Whether its bytes can only be read from the first on, or are to be, as their checksum is known.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self, Self::Member(member) if member.packing != MemberPacking::Stored || member.checksum.is_some())
    }

    /// Where in an archive it is: the first byte, how many there are, and their checksum.
    pub(crate) fn within(&self) -> Option<(u64, u64, Option<u32>)> {
        match self {
            Self::Path(_) | Self::Spool(_) => None,
            Self::Member(member) => Some((member.offset, member.len, member.checksum)),
        }
    }

    /// Its bytes from `offset` on, which is 0 where they are packed.
    pub(super) fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Path(path) => {
                let mut file = File::open(path)?;
                if offset > 0 {
                    file.seek(SeekFrom::Start(offset))?;
                }
                Ok(Box::new(file))
            }
            Self::Spool(file) => Ok(Box::new(Window::new(offset..u64::MAX, Arc::clone(file)))),
            Self::Member(member) => member.open_at(offset),
        }
    }

    /// A handle that many threads can read from at once, of what is not packed.
    pub(crate) fn shared(&self) -> io::Result<Window> {
        let whole = |file: Arc<File>| Ok(Window::new(0..file.metadata()?.len(), file));
        match self {
            Self::Path(path) => whole(Arc::new(File::open(path)?)),
            Self::Spool(file) => whole(Arc::clone(file)),
            Self::Member(member) => {
                let archive = member.archive.shared()?;
                let start = archive.start + member.offset;
                Ok(Window::new(start..start + member.len, archive.file))
            }
        }
    }
}

impl Member {
    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let packed = self.archive.open_at(self.offset + offset)?.take(self.len.saturating_sub(offset));
        let count = Arc::new(AtomicU64::new(0));
        let packed = io::BufReader::with_capacity(1 << 15, Counted { bytes: packed, count: Arc::clone(&count) });
        let bytes: Box<dyn Read + Send> = match self.packing {
            MemberPacking::Stored => Box::new(packed),
            MemberPacking::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(packed)),
            MemberPacking::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
            MemberPacking::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
            MemberPacking::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(packed)),
        };
        let bytes = Bounded { bytes, unpacked: 0, packed: count, ratio: self.ratio };
        Ok(match self.checksum.filter(|_| offset == 0) {
            Some(expected) => Box::new(Checked { bytes, seen: flate2::Crc::new(), expected }),
            None => Box::new(bytes),
        })
    }
}

/// Bytes whose checksum is compared at their end.
struct Checked<R> {
    bytes: R,
    seen: flate2::Crc,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.seen.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.seen.sum() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is another"));
        }
        Ok(count)
    }
}

/// A stretch of a file, read without moving what others read.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(super) file: Arc<File>,
    pub(super) start: u64,
    /// Where it is read next.
    at: u64,
    pub(super) end: u64,
}

impl Window {
    /// Some bytes of a file.
    pub(super) fn new(Range { start, end }: Range<u64>, file: Arc<File>) -> Self {
        Self { file, start, at: start, end }
    }

    /// Exactly so many bytes, from `offset` on.
    pub(crate) fn read_exact_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.read_exact_into(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// As many as `bytes` has, from `offset` on.
    pub(super) fn read_exact_into(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let fits = |from: &u64| from.checked_add(bytes.len() as u64) <= Some(self.end);
        let from = self.start.checked_add(offset).filter(fits);
        read_exact_at(&self.file, bytes, from.ok_or(io::ErrorKind::UnexpectedEof)?)
    }

    /// Its bytes from `offset` on.
    pub(crate) fn from(&self, offset: u64) -> Self {
        Self { at: self.start + offset, ..self.clone() }
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> u64 {
        self.end - self.start
    }
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(buffer.len());
        let count = read_at(&self.file, &mut buffer[..most], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.filter(|at| *at >= self.start).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at - self.start)
    }
}

/// Copies all that `reader` has into a temporary file that has no name and goes when the run does.
pub(super) fn spool(reader: &mut impl Read) -> io::Result<(Place, u64)> {
    let mut file = tempfile::tempfile().map_err(|error| in_temporary(&error))?;
    let bytes = io::copy(reader, &mut file).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => in_temporary(&error),
        _ => error,
    })?;
    Ok((Place::Spool(Arc::new(file)), bytes))
}

/// The error of a temporary file, which says that it is one.
fn in_temporary(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), Error::temporary(error))
}

/// A temporary file for all that has to be unpacked before it can be read. One thread adds to it (a cell cannot be
/// shared), so that a source lies together.
#[derive(Default)]
pub(super) struct Spool(OnceCell<Scratch>);

impl Spool {
    /// Adds all that `reader` has, and says where it is now, and why that is not all.
    pub(super) fn add(&self, reader: &mut dyn Read) -> io::Result<(Place, Option<io::Error>)> {
        let scratch = self.0.get_or_init(Scratch::default);
        let offset = scratch.add(&[]).map_err(|error| in_temporary(&error))?;
        let mut part = vec![0; 1 << 18];
        let error = loop {
            match reader.read(&mut part) {
                Ok(0) => break None,
                Ok(count) => {
                    scratch.add(&part[..count]).map_err(|error| in_temporary(&error))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
        };
        let place = Place::Member(Arc::new(Member {
            archive: Place::Spool(Arc::clone(scratch.file()?)),
            offset,
            len: scratch.len() - offset,
            packing: MemberPacking::Stored,
            checksum: None,
            ratio: u64::MAX,
        }));
        Ok((place, error))
    }
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
pub(super) fn unpacked(place: &Place, packing: Packing, limits: Limits) -> io::Result<Box<dyn Read + Send>> {
    let bytes = decompressed(place.open_at(0)?, packing, limits)?;
    Ok(if packing == Packing::Plain {
        bytes
    } else {
        Box::new(DecodeReaderBytesBuilder::new().utf8_passthru(true).bom_sniffing(true).build(bytes))
    })
}

/// Decompresses; UTF-16 is left as it is.
pub(super) fn decompressed(
    raw: impl Read + Send + 'static,
    packing: Packing,
    limits: Limits,
) -> io::Result<Box<dyn Read + Send>> {
    let packed = Arc::new(AtomicU64::new(0));
    let raw = Counted { bytes: raw, count: Arc::clone(&packed) };
    let bytes: Box<dyn Read + Send> = match packing {
        Packing::Plain | Packing::Utf16 => return Ok(Box::new(raw)),
        Packing::Gzip => Box::new(Members::new(io::BufReader::with_capacity(1 << 17, raw))),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(raw)?),
        Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(raw)),
        Packing::Xz => Box::new(liblzma::read::XzDecoder::new_multi_decoder(raw)),
    };
    Ok(Box::new(Bounded { bytes, unpacked: 0, packed, ratio: limits.ratio }))
}

/// How many times its size the beginning of a source that is compressed has unpacked, if anything comes of it.
pub(super) fn growth(place: &Place, packing: Packing, limits: Limits) -> Option<f64> {
    const HEAD: u64 = 1 << 19;
    let mut head = Vec::new();
    place.open_at(0).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let size = head.len();
    let unpacked = Arc::new(AtomicU64::new(0));
    let bytes = decompressed(io::Cursor::new(head), packing, limits).ok()?;
    // Where the head ends, what is packed is cut off.
    let _ = io::copy(&mut Counted { bytes, count: Arc::clone(&unpacked) }, &mut io::sink());
    Some(unpacked.load(Ordering::Relaxed) as f64 / size as f64).filter(|growth| *growth > 0.0)
}

/// What the members of a gzip file hold, one after the other. Zeros behind a member are no part of anything: tapes and
/// blocks of storage are filled up with them.
struct Members<R> {
    /// The one that is being read, while there is one.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(packed: R) -> Self {
        Self { member: Some(GzDecoder::new(packed)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            if has_more(&mut rest)? {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Passes over zeros; says whether anything comes behind them.
fn has_more(bytes: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let zeros = match bytes.fill_buf() {
            Ok([0, rest @ ..]) => 1 + rest.iter().take_while(|&&byte| byte == 0).count(),
            Ok(some) => return Ok(!some.is_empty()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        bytes.consume(zeros);
    }
}

/// Bytes that are counted.
struct Counted<R> {
    bytes: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Unpacked bytes that must not be too many times those that they come from. That is seen after so many at a time, however
/// they are read, so that whoever reads them again gets as many.
struct Bounded<R> {
    bytes: R,
    unpacked: u64,
    packed: Arc<AtomicU64>,
    ratio: u64,
}

/// Bytes between two looks.
const LOOK: u64 = 1 << 20;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_time = self.unpacked.is_multiple_of(LOOK) && self.unpacked > HARMLESS;
        if is_time && self.unpacked / self.ratio.max(1) > self.packed.load(Ordering::Relaxed) {
            let ratio = self.ratio;
            let message = format!("it unpacks to more than {ratio} times its size (--max-ratio)");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let some = (buffer.len() as u64).min(LOOK - self.unpacked % LOOK) as usize;
        let count = self.bytes.read(&mut buffer[..some])?;
        self.unpacked += count as u64;
        Ok(count)
    }
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
