//! gzip, packed by all threads: piece by piece, each for itself.
//!
//! A gzip file is one stream of deflate (RFC 1952). A piece that ends with an empty stored block ends at a byte (RFC 1951,
//! 3.2.4), and the next can follow it. The bytes do not depend on how many threads there are.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a piece. What is alike in two pieces is packed twice: at this size it makes no file 1 % larger.
const PIECE: usize = 1 << 20;
/// Pieces for each thread that wait until they are packed together.
const PIECES: usize = 2;
/// Begins a file: deflate, no name, no time, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Files that are being written. Where there is one for each thread, all threads have something to do.
static FILES: AtomicUsize = AtomicUsize::new(0);

/// A file that is packed while it is written.
pub(super) struct Gzip {
    file: BufWriter<File>,
    waiting: Vec<u8>,
    /// Of all that was packed.
    seen: Crc,
}

impl Gzip {
    pub(super) fn new(mut file: BufWriter<File>) -> io::Result<Self> {
        file.write_all(&HEADER)?;
        FILES.fetch_add(1, Ordering::Relaxed);
        Ok(Self { file, waiting: Vec::new(), seen: Crc::new() })
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = pieces_at_once() * PIECE;
            let (some, others) = bytes.split_at(bytes.len().min(room.saturating_sub(self.waiting.len())));
            self.waiting.extend_from_slice(some);
            if self.waiting.len() >= room {
                self.pack_all()?;
            }
            bytes = others;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.pack_all()?;
        let end = DeflateEncoder::new(Vec::new(), Compression::default()).finish()?;
        self.file.write_all(&end)?;
        self.file.write_all(&self.seen.sum().to_le_bytes())?;
        self.file.write_all(&self.seen.amount().to_le_bytes())?;
        self.file.flush()
    }

    fn pack_all(&mut self) -> io::Result<()> {
        let pieces: Vec<&[u8]> = self.waiting.chunks(PIECE).collect();
        for (bytes, seen) in packed(&pieces)? {
            self.file.write_all(&bytes)?;
            self.seen.combine(&seen);
        }
        self.waiting.clear();
        Ok(())
    }
}

impl Drop for Gzip {
    fn drop(&mut self) {
        FILES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many pieces of a file are packed together. Whoever waits for others may begin another file meanwhile, and there wait
/// again: no deeper than there are threads.
fn pieces_at_once() -> usize {
    let threads = rayon::current_num_threads();
    if FILES.load(Ordering::Relaxed) < threads { PIECES * threads } else { 1 }
}

/// Pieces, packed, with their checksums.
fn packed(pieces: &[&[u8]]) -> io::Result<Vec<(Vec<u8>, Crc)>> {
    if let [piece] = pieces {
        return pack(piece).map(|packed| vec![packed]);
    }
    let (some, others) = pieces.split_at(pieces.len() / 2);
    let (some, others) = match some {
        [] => return Ok(Vec::new()),
        _ => rayon::join(|| packed(some), || packed(others)),
    };
    let mut all = some?;
    all.append(&mut others?);
    Ok(all)
}

/// A piece that ends at a byte and is not the last.
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

    /// The file that these parts make, by so many threads.
    fn written(parts: &[&[u8]], threads: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.gz");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut gzip = Gzip::new(BufWriter::new(File::create(&path)?))?;
            parts.iter().try_for_each(|part| gzip.write(part))?;
            gzip.finish()
        })
        .expect("a file");
        fs::read(&path).expect("it is there")
    }

    #[test]
    fn pieces_make_one_stream_whoever_packs_them() {
        let text: Vec<u8> =
            (0..PIECE as u32 / 3).flat_map(|number| format!("{number:x} words, ").into_bytes()).collect();
        assert!(text.len() > 3 * PIECE);
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, text.len()] {
            let whole = &text[..length];
            let one = written(&[whole], 1);
            // A reader of one stream, and no more.
            let mut decoder = flate2::bufread::GzDecoder::new(&one[..]);
            let mut unpacked = Vec::new();
            decoder.read_to_end(&mut unpacked).expect("gzip");
            assert!(unpacked == whole && decoder.into_inner().is_empty(), "{length}");
            let (some, others) = whole.split_at(length / 3);
            assert!(written(&[some, others], 3) == one, "{length}");
        }
    }
}
