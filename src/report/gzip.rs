//! gzip, packed by all threads: piece by piece, each for itself.
//!
//! The file is one member, which is one stream of deflate (RFC 1952). A piece that ends with an empty stored block ends at a
//! byte (RFC 1951, 3.2.4), and the next can follow it. The bytes do not depend on threads. Of all files together
//! there wait two pieces a thread, and as much packed, or one of each file.

use super::rows::each;
use super::share::Share;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Bytes of a piece. What is alike in two pieces is packed twice: at this size it makes no file 1 % larger.
const PIECE: usize = 1 << 20;
/// Pieces a thread that wait until they are packed together.
const PIECES: usize = 2;
/// Begins a file: deflate, no name, no time, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Ends a stream: a block of nothing, the last one.
const END: [u8; 2] = [3, 0];

/// A file that is packed while it is written.
pub(super) struct Gzip {
    file: BufWriter<File>,
    waiting: Vec<u8>,
    /// Of all that was packed.
    seen: Crc,
    _share: Share,
}

impl Gzip {
    pub(super) fn new(mut file: BufWriter<File>) -> io::Result<Self> {
        file.write_all(&HEADER)?;
        Ok(Self { file, waiting: Vec::new(), seen: Crc::new(), _share: Share::new() })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= pieces_at_once() * PIECE {
            // Whole ones, so that each begins where it would however many are packed together.
            self.pack(self.waiting.len() / PIECE * PIECE)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.pack(self.waiting.len())?;
        self.file.write_all(&END)?;
        self.file.write_all(&self.seen.sum().to_le_bytes())?;
        self.file.write_all(&self.seen.amount().to_le_bytes())?;
        self.file.flush()
    }

    /// Packs the first so many bytes that wait.
    fn pack(&mut self, count: usize) -> io::Result<()> {
        let pieces: Vec<&[u8]> = self.waiting[..count].chunks(PIECE).collect();
        for some in pieces.chunks(pieces_at_once()) {
            for (bytes, seen) in each(some, &|piece| pack(piece))? {
                self.file.write_all(&bytes)?;
                self.seen.combine(&seen);
            }
        }
        self.waiting.drain(..count);
        Ok(())
    }
}

/// How many pieces of a file are packed together. Whoever waits for others may begin another file meanwhile, and there wait
/// again: no deeper than there are threads, as with more files each piece is packed by itself.
fn pieces_at_once() -> usize {
    Share::of(PIECES)
}

/// A piece packed, with its checksum: it ends at a byte and is not the last.
fn pack(piece: &[u8]) -> io::Result<(Vec<u8>, Crc)> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(piece.len() / 2), Compression::default());
    encoder.write_all(piece)?;
    encoder.flush()?;
    let mut seen = Crc::new();
    seen.update(piece);
    Ok((std::mem::take(encoder.get_mut()), seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;

    fn text(len: usize) -> Vec<u8> {
        (0..).flat_map(|number: u32| format!("{number:x} words, ").into_bytes()).take(len).collect()
    }

    /// The file that is written by so many threads.
    fn written(threads: usize, write: impl FnOnce(&mut Gzip) -> io::Result<()> + Send) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.gz");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let file = || {
            let mut gzip = Gzip::new(BufWriter::new(File::create(&path)?))?;
            write(&mut gzip)?;
            gzip.finish()
        };
        pool.install(file).expect("a file");
        fs::read(&path).expect("it is there")
    }

    #[test]
    fn pieces_make_one_stream_whoever_packs_them() {
        let text = text(9 * PIECE + 5);
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, text.len()] {
            let whole = &text[..length];
            let one = written(1, |gzip| gzip.write(whole));
            // A reader of one member, and no more.
            let mut decoder = flate2::bufread::GzDecoder::new(&one[..]);
            let mut unpacked = Vec::new();
            decoder.read_to_end(&mut unpacked).expect("gzip");
            assert!(unpacked == whole && decoder.into_inner().is_empty(), "{length}");
            let other = written(2, |gzip| whole.chunks(PIECE / 3).try_for_each(|part| gzip.write(part)));
            assert!(other == one, "{length}");
        }
    }

    #[test]
    fn files_that_begin_meanwhile_change_nothing() {
        let text = text(5 * PIECE);
        let (some, others) = text.split_at(PIECE * 5 / 2);
        let beside = tempfile::tempdir().expect("a folder");
        let another = written(2, |gzip| {
            gzip.write(some)?;
            let begun: Vec<Gzip> = (0..4)
                .map(|number| Gzip::new(BufWriter::new(File::create(beside.path().join(number.to_string()))?)))
                .collect::<io::Result<_>>()?;
            others.chunks(1000).try_for_each(|part| gzip.write(part))?;
            drop(begun);
            Ok(())
        });
        assert!(another == written(1, |gzip| gzip.write(&text)));
    }
}
