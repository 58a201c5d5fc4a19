//! A hidden folder beside an output, in which it is made, and by which two runs are kept out of one output.
//!
//! What is made there is put in its place when all of it is whole. A run that is killed before that leaves the old, and one
//! that is killed while things are put in their places has said which: whoever makes the same output next finishes that
//! first. What else a killed run left is removed then.

use crate::error::{Error, ErrorKind, Result};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// The file by which a folder is locked, and the one that says that all is whole.
const LOCK: &str = "lock";
const WHOLE: &str = "whole";
/// Most bytes of a name that is part of another.
const NAME: usize = 160;

/// A folder in which an output is made. Dropped, it is gone with all that is in it.
#[derive(Debug)]
pub(super) struct Aside {
    folder: PathBuf,
    target: PathBuf,
    /// Held as long as the folder is this run's.
    _lock: File,
}

/// A part of an output: what it is called until it is in its place, and what its name adds to that of the output.
pub(super) type Part = (&'static str, &'static str);

impl Aside {
    /// Begins an output of these parts.
    ///
    /// # Errors
    /// If another run makes the same output, or nothing can be written beside it.
    pub(super) fn new(target: &Path, parts: &[Part]) -> Result<Self> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = target.file_name().unwrap_or(target.as_os_str());
        let name = match name.to_str() {
            Some(name) if name.len() <= NAME => name.to_owned(),
            _ => format!("{:016x}", xxh3_64(name.as_encoded_bytes())),
        };
        let folder = parent.join(format!(".wirecopy-{name}"));
        // The error's own text would name the folder that is written aside.
        let failed = |error: io::Error| Error::output(&error.kind().into()).at(target);
        fs::create_dir_all(parent).map_err(failed)?;
        let lock = lock(&folder).map_err(failed)?;
        let Some(lock) = lock else {
            return Err(Error::new(ErrorKind::Output, "another run is writing it").at(target));
        };
        let aside = Self { folder, target: target.to_owned(), _lock: lock };
        aside.recover(parts).map_err(failed)?;
        Ok(aside)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Puts all parts in their places; those that were not made, and are there from another run, go.
    pub(super) fn finish(self, parts: &[Part]) -> io::Result<()> {
        let made: Vec<&str> = parts
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| self.folder.join(name).symlink_metadata().is_ok())
            .collect();
        fs::write(self.folder.join("whole.new"), made.join("\n"))?;
        fs::rename(self.folder.join("whole.new"), self.folder.join(WHOLE))?;
        self.put_in_place(parts)
    }

    fn put_in_place(&self, parts: &[Part]) -> io::Result<()> {
        let made = fs::read_to_string(self.folder.join(WHOLE))?;
        for (name, ending) in parts {
            let (part, place) = (self.folder.join(name), beside(&self.target, ending));
            if part.symlink_metadata().is_ok() {
                put(&part, &place)?;
            } else if !made.lines().any(|made| made == *name) && place.symlink_metadata().is_ok() {
                fs::rename(&place, self.folder.join(format!("{name}.old")))?;
            }
        }
        Ok(())
    }

    /// Finishes what a killed run had made, and removes what it had not.
    fn recover(&self, parts: &[Part]) -> io::Result<()> {
        if self.folder.join(WHOLE).exists() {
            self.put_in_place(parts)?;
        }
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name == LOCK) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes a folder and locks it; nothing if another run has.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    loop {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let path = folder.join(LOCK);
        let file = match File::options().create(true).truncate(false).write(true).open(&path) {
            // Its owner has just removed the folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        match file.try_lock() {
            Ok(()) if is_same(&file, &path) => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Whether an open file is the one at a path.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().map(identity).ok() == fs::metadata(path).map(identity).ok()
}

/// Whether an open file is the one at a path. While it is open, it cannot be removed.
#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Puts a file or folder in its place, in one step where the system can. What was there is where it came from.
fn put(part: &Path, place: &Path) -> io::Result<()> {
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    if place.symlink_metadata().is_err() || !(is_folder(part) || is_folder(place)) {
        return fs::rename(part, place);
    }
    if exchange(part, place).is_ok() {
        return Ok(());
    }
    let old = part.with_extension("old");
    fs::rename(place, &old)?;
    fs::rename(part, place).inspect_err(|_| {
        // What was there comes back.
        let _ = fs::rename(&old, place);
    })
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A path with something added to its last part.
pub(super) fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 2] = [("audit", ".audit"), ("made", "")];

    fn read(path: PathBuf) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn two_runs_cannot_make_one_output() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("out");
        let first = Aside::new(&target, &PARTS).expect("nobody else does");
        let second = Aside::new(&target, &PARTS).expect_err("the first does");
        assert!(second.to_string().ends_with("another run is writing it"), "{second}");
        Aside::new(&folder.path().join("other"), &PARTS).expect("it is another output");
        drop(first);
        Aside::new(&target, &PARTS).expect("nobody does any more");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0);
    }

    #[test]
    fn what_a_killed_run_left_is_finished_or_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("out");
        let (hidden, audit) = (folder.path().join(".wirecopy-out"), folder.path().join("out.audit"));
        fs::write(&target, "old").expect("a file");
        fs::create_dir_all(hidden.join("made.parts")).expect("a folder");
        fs::write(hidden.join("made"), "half").expect("a file");
        drop(Aside::new(&target, &PARTS).expect("nobody makes it"));
        assert_eq!(read(target.clone()), "old");
        // One that had put the first of two parts in its place.
        fs::create_dir_all(&hidden).expect("a folder");
        fs::write(hidden.join("whole"), "audit\nmade").expect("a file");
        fs::write(hidden.join("made"), "new").expect("a file");
        fs::write(&audit, "new audit").expect("a file");
        drop(Aside::new(&target, &PARTS).expect("nobody makes it"));
        assert_eq!([read(target.clone()), read(audit.clone())], ["new", "new audit"]);
        // A part that is not made any more goes.
        let aside = Aside::new(&target, &PARTS).expect("nobody makes it");
        fs::create_dir(aside.path().join("made")).expect("a folder");
        aside.finish(&PARTS).expect("it can be renamed");
        assert!(target.is_dir() && !audit.exists() && !hidden.exists());
    }
}
