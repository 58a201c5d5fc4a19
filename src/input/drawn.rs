//! Texts that were drawn from something else, kept so that they are drawn once: pages, responses, columns. So are records
//! that were unpacked.

use super::TextPlace;
use super::stream::Window;
use crate::error::Error;
use crate::scratch::Scratch;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Texts in a file: a temporary one, or one that was named.
#[derive(Default)]
pub(crate) struct Drawn {
    file: Scratch,
    /// Where it is, if it was named.
    path: Option<PathBuf>,
    /// Hashes of all texts, whatever their order.
    sum: AtomicU64,
}

impl Drawn {
    /// No texts yet, in a new file of this path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).read(true).write(true).open(path)?;
        Ok(Self { file: Scratch::of(file)?, path: Some(path.to_owned()), ..Self::default() })
    }

    /// Texts that are in a file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Scratch::of(File::open(path)?)?, ..Self::default() })
    }

    /// Keeps a text.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub(crate) fn put(&self, text: &str) -> io::Result<TextPlace> {
        let at = self.add(text.as_bytes())?;
        self.sum.fetch_xor(hash(at, text.as_bytes()), Ordering::Relaxed);
        Ok(TextPlace::Drawn { at, len: text.len() as u32 })
    }

    /// Writes bytes behind all others. Returns where they begin.
    pub(super) fn add(&self, bytes: &[u8]) -> io::Result<u64> {
        self.file.add(bytes)
    }

    /// Why a text could not be kept.
    pub(crate) fn failed(&self, error: &io::Error) -> Error {
        match &self.path {
            Some(path) => Error::output(error).at(path),
            None => Error::temporary(error),
        }
    }

    /// A text that was kept.
    pub(super) fn get(&self, at: u64, len: u32) -> io::Result<Vec<u8>> {
        self.window(at, len.into())?.read_exact_at(0, len as usize)
    }

    /// Where in the file so many bytes are.
    pub(super) fn window(&self, at: u64, len: u64) -> io::Result<Window> {
        Ok(Window::new(at..at + len, Arc::clone(self.file.file()?)))
    }

    /// A hash of all texts and their places.
    pub(crate) fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }

    /// Whether texts are what they were when they had this hash.
    pub(crate) fn are_whole(&self, places: impl Iterator<Item = (u64, u32)>, sum: u64) -> bool {
        let mut found = 0;
        for (at, len) in places {
            let Ok(text) = self.get(at, len) else { return false };
            found ^= hash(at, &text);
        }
        found == sum
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> u64 {
        self.file.len()
    }
}

fn hash(at: u64, text: &[u8]) -> u64 {
    xxh3_64_with_seed(text, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let drawn = Drawn::default();
        let places = ["one", "", "drei äöü"].map(|text| drawn.put(text).expect("a temporary file"));
        let texts = places.map(|place| match place {
            TextPlace::Drawn { at, len } => String::from_utf8(drawn.get(at, len).expect("it is there")).expect("UTF-8"),
            other => panic!("{other:?}"),
        });
        assert_eq!(texts, ["one", "", "drei äöü"]);
        assert_eq!(drawn.bytes(), 14);
        assert!(drawn.get(14, 1).is_err());
        let places = [(0, 3), (3, 0), (3, 11)];
        assert!(drawn.are_whole(places.into_iter(), drawn.sum()));
        assert!(!drawn.are_whole([(0, 3), (3, 10)].into_iter(), drawn.sum()));
    }
}
