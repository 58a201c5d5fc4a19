//! Files that all threads read and write at once, each at its own place, and the temporary one that results wait in.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A file that is only added to: what was added stays where it is, and is read by its place. If no other is given, it is a
/// temporary one, made when there is something to add. That one has no name, where the system allows that, and goes when
/// the run does.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    file: OnceLock<Arc<File>>,
    end: AtomicU64,
}

impl Scratch {
    /// What a file has, or will.
    pub(crate) fn of(file: File) -> io::Result<Self> {
        let end = file.metadata()?.len().into();
        Ok(Self { file: Arc::new(file).into(), end })
    }

    /// Adds bytes. Returns where they begin.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub(crate) fn add(&self, bytes: &[u8]) -> io::Result<u64> {
        let file = if let Some(file) = self.file.get() {
            file
        } else {
            let made = Arc::new(tempfile::tempfile()?);
            self.file.get_or_init(|| made)
        };
        let at = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        write_all_at(file, bytes, at)?;
        Ok(at)
    }

    /// The file.
    ///
    /// # Errors
    /// If nothing was added.
    pub(crate) fn file(&self) -> io::Result<&Arc<File>> {
        self.file.get().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// How many bytes were added.
    pub(crate) fn len(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }
}

/// As many bytes of a file as `bytes` has, from `at` on.
pub(crate) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match read_at(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => (bytes, at) = (&mut bytes[count..], at + count as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match write_at(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => (bytes, at) = (&bytes[count..], at + count as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Some bytes of a file from `at` on; the place where others read it next is nobody's concern.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

/// Some bytes of a file from `at` on; the place where others read it next is nobody's concern.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_read_by_its_place() {
        let scratch = Scratch::default();
        assert!(scratch.file().is_err(), "there is no file without need");
        let places = [&b"one"[..], b"", b"three"].map(|part| scratch.add(part).expect("room for it"));
        assert_eq!((places, scratch.len()), ([0, 3, 3], 8));
        let file = scratch.file().expect("it was written");
        let read = |at, len| {
            let mut bytes = vec![0; len];
            read_exact_at(file, &mut bytes, at).map(|()| String::from_utf8(bytes).expect("what was written"))
        };
        assert_eq!(read(3, 5).expect("it is there"), "three");
        assert_eq!(read(4, 5).expect_err("it is not").kind(), io::ErrorKind::UnexpectedEof);
        let again = Scratch::of(file.try_clone().expect("another handle")).expect("it tells its size");
        assert_eq!(again.add(b"four").expect("room for it"), 8);
        assert_eq!(read(8, 4).expect("one file"), "four");
    }
}
