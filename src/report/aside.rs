//! A hidden folder beside an output, in which it is made, and by which two runs are kept out of one output.
//!
//! What is made there is put in its place when all of it is whole. A run that is killed before that leaves the old, and one
//! that is killed while things are put in their places has said which: whoever makes the same output next finishes that
//! first. What else a killed run left is removed then.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
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
    /// Whether what is in it is still needed.
    is_needed: bool,
    /// Held as long as the folder is this run's.
    _lock: File,
}

/// A part of an output: what it is called until it is in its place, and what its name adds to that of the output.
pub(super) type Part = (&'static str, &'static str);

/// What is to be put in its place.
#[derive(Debug, Serialize, Deserialize)]
struct Placing {
    /// What it is called until then, and what its name adds to that of the output.
    name: String,
    ending: String,
    /// Which file or folder it is; none if there is none, and what is there goes.
    made: Option<String>,
    /// Which one is there before.
    before: Option<String>,
}

impl Aside {
    /// Begins an output. What a killed run had made whole is in its place after this.
    ///
    /// # Errors
    /// If another run makes the same output, or nothing can be written beside it.
    pub(super) fn new(target: &Path) -> Result<Self> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = target.file_name().unwrap_or(target.as_os_str());
        let name = match name.to_str() {
            Some(name) if name.len() <= NAME => name.to_owned(),
            _ => format!("{:016x}", xxh3_64(name.as_encoded_bytes())),
        };
        let folder = parent.join(format!(".wirecopy-{name}"));
        let failed = |error: io::Error| Error::output(&error).at(target);
        fs::create_dir_all(parent).map_err(failed)?;
        let Some(lock) = lock(&folder, LOCK).map_err(failed)? else {
            return Err(Error::new(ErrorKind::Output, "another run is writing it").at(target));
        };
        let mut aside = Self { folder, target: target.to_owned(), is_needed: true, _lock: lock };
        aside.recover().map_err(failed)?;
        aside.is_needed = false;
        Ok(aside)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Puts all parts in their places; those that were not made, and are there from another run, go. If that fails, the
    /// next run that makes the same output goes on with it.
    pub(super) fn finish(mut self, parts: &[Part]) -> io::Result<()> {
        let placing = |(name, ending): &Part| Placing {
            name: (*name).to_owned(),
            ending: (*ending).to_owned(),
            made: identity(&self.folder.join(name)),
            before: identity(&beside(&self.target, ending)),
        };
        let all: Vec<Placing> = parts.iter().map(placing).collect();
        fs::write(self.folder.join("whole.new"), serde_json::to_vec(&all)?)?;
        fs::rename(self.folder.join("whole.new"), self.folder.join(WHOLE))?;
        self.is_needed = true;
        self.put_in_place(&all)?;
        fs::remove_file(self.folder.join(WHOLE))?;
        self.is_needed = false;
        Ok(())
    }

    fn put_in_place(&self, all: &[Placing]) -> io::Result<()> {
        for Placing { name, ending, made, before } in all {
            let (part, place) = (self.folder.join(name), beside(&self.target, ending));
            let now = identity(&place);
            // It is there, or somebody has taken it away.
            if now == *made || (made.is_some() && identity(&part) != *made) {
                continue;
            }
            if now.is_some() && now != *before {
                let message = format!(
                    "a run that was stopped left its result in {}, and something else came to {} since: move one of them",
                    self.folder.display(),
                    place.display()
                );
                return Err(io::Error::other(message));
            }
            if made.is_some() {
                put(&part, &place)?;
            } else {
                fs::rename(&place, self.folder.join(format!("{name}.old")))?;
            }
        }
        Ok(())
    }

    /// Finishes what a killed run had made, and removes what it had not.
    fn recover(&self) -> io::Result<()> {
        if let Ok(whole) = fs::read(self.folder.join(WHOLE)) {
            self.put_in_place(&serde_json::from_slice::<Vec<Placing>>(&whole)?)?;
            fs::remove_file(self.folder.join(WHOLE))?;
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
        if !self.is_needed {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Which file or folder is at a path, whatever it is called.
fn identity(path: &Path) -> Option<String> {
    let metadata = path.symlink_metadata().ok()?;
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt;
        format!("{}:{}", metadata.dev(), metadata.ino())
    };
    #[cfg(not(unix))]
    let identity = format!("{:?} {:?} {}", metadata.created().ok(), metadata.is_dir(), metadata.len());
    Some(identity)
}

/// Makes a folder and locks it by a file of this name in it; nothing if another run has.
pub(crate) fn lock(folder: &Path, name: &str) -> io::Result<Option<File>> {
    loop {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let path = folder.join(name);
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

/// A path with something added to its last part, behind which a slash may stand.
pub(super) fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.components().collect::<PathBuf>().into_os_string();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 2] = [("audit", ".audit"), ("made", "")];

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    /// A folder, an output in it, and the hidden folder of that.
    fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, hidden) = (folder.path().join("out"), folder.path().join(".wirecopy-out"));
        (folder, target, hidden)
    }

    /// A run that is killed when it has said what is whole, before anything is in its place.
    fn killed(target: &Path, hidden: &Path, parts: &[Part], make: impl Fn(&Path)) {
        let aside = Aside::new(target).expect("nobody makes it");
        make(aside.path());
        let kept = hidden.with_extension("kept");
        fs::rename(hidden, &kept).expect("it is there");
        let placing = parts.iter().map(|(name, ending)| Placing {
            name: (*name).to_owned(),
            ending: (*ending).to_owned(),
            made: identity(&kept.join(name)),
            before: identity(&beside(target, ending)),
        });
        let all: Vec<Placing> = placing.collect();
        fs::write(kept.join(WHOLE), serde_json::to_vec(&all).expect("JSON")).expect("a file");
        drop(aside);
        fs::rename(kept, hidden).expect("it can be");
    }

    #[test]
    fn two_runs_cannot_make_one_output() {
        let (folder, target, _) = places();
        let first = Aside::new(&target).expect("nobody else does");
        let second = Aside::new(&target).expect_err("the first does");
        assert!(second.to_string().ends_with("another run is writing it"), "{second}");
        Aside::new(&folder.path().join("other")).expect("it is another output");
        drop(first);
        Aside::new(&target).expect("nobody does any more");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0);
    }

    #[test]
    fn what_a_killed_run_had_not_made_whole_is_removed() {
        let (folder, target, hidden) = places();
        fs::write(&target, "old").expect("a file");
        fs::create_dir_all(hidden.join("made.parts")).expect("a folder");
        fs::write(hidden.join("made"), "half").expect("a file");
        drop(Aside::new(&target).expect("nobody makes it"));
        assert_eq!(read(&target), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
    }

    #[test]
    fn what_a_killed_run_had_made_whole_is_put_in_its_place_by_any_other() {
        let (folder, target, hidden) = places();
        let audit = folder.path().join("out.audit");
        fs::write(&target, "old").expect("a file");
        let make = |aside: &Path| {
            fs::write(aside.join("made"), "new").expect("a file");
            fs::write(aside.join("audit"), "new audit").expect("a file");
        };
        killed(&target, &hidden, &PARTS, make);
        drop(Aside::new(&target).expect("nobody makes it"));
        assert_eq!([read(&target), read(&audit)], ["new", "new audit"]);
        // One that was killed when the new folder had taken the place of the old one.
        fs::remove_file(&target).expect("it is there");
        fs::create_dir(&target).expect("a folder");
        fs::write(target.join("old"), "").expect("a file");
        killed(&target, &hidden, &PARTS, |aside| fs::create_dir(aside.join("made")).expect("a folder"));
        put(&hidden.join("made"), &target).expect("they change places");
        drop(Aside::new(&target).expect("nobody makes it"));
        assert!(target.is_dir() && !target.join("old").exists(), "the new one stays");
        assert!(!audit.exists() && !hidden.exists(), "a part that was not made any more goes");
    }

    #[test]
    fn what_came_since_is_not_replaced() {
        let (_folder, target, hidden) = places();
        killed(&target, &hidden, &PARTS, |aside| fs::write(aside.join("made"), "new").expect("a file"));
        fs::write(&target, "precious").expect("a file");
        let refused = Aside::new(&target).expect_err("something else is there");
        assert!(refused.to_string().contains("move one of them"), "{refused}");
        assert_eq!([read(&target), read(&hidden.join("made"))], ["precious", "new"]);
    }
}
