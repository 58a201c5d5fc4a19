//! The outputs of a deduplication: written aside, and put in their places when all are whole.
//!
//! The audit comes first and the dump last, so that a dump never stands there without what was removed from it.

use super::aside::{Aside, Part, beside};
use super::catalogue::Catalogue;
use super::removed::{self, DedupSummary, Notes};
use super::{boilerplate, write_json, write_line};
use crate::boilerplate::KnownPassage;
use crate::cluster::stays::Removed;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{AUDIT, Skipped};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// What the name of each file of the audit adds to that of the dump.
const REMOVED: &str = AUDIT[0];
const SKIPPED: &str = AUDIT[1];
const SUMMARY: &str = AUDIT[2];
const NOTES: &str = AUDIT[3];
const BOILERPLATE: &str = AUDIT[4];
pub(super) const REJECTED: &str = ".rejected";
/// All of it, in the order in which it is put in its place.
const PARTS: [Part; 7] = [
    ("boilerplate", BOILERPLATE),
    ("removed", REMOVED),
    ("notes", NOTES),
    ("rejected", REJECTED),
    ("skipped", SKIPPED),
    ("summary", SUMMARY),
    ("kept", ""),
];

/// A dump and its audit in the making. Dropped before [`finish`](Self::finish), it leaves nothing behind.
pub struct Deduplicated {
    target: PathBuf,
    force: bool,
    aside: Aside,
}

impl Deduplicated {
    /// Begins a dump that will be `target`.
    ///
    /// # Errors
    /// If `target` or a file of its audit is there already and `force` is not set, or it was not written by a
    /// deduplication, or nothing can be written beside it.
    pub fn new(target: &Path, force: bool) -> Result<Self> {
        // What a killed run had made is in its place after this.
        let aside = Aside::new(target)?;
        let there = |path: &PathBuf| path.symlink_metadata().is_ok();
        let mut all = PARTS.map(|(_, ending)| beside(target, ending));
        // The dump is named before what is beside it.
        all.reverse();
        let too_long = |path: &&PathBuf| {
            path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::InvalidFilename)
        };
        if let Some(path) = all.iter().find(too_long) {
            return Err(Error::new(ErrorKind::Output, "is too long a name; choose a shorter one").at(path));
        }
        if let Some(path) = all.iter().find(|path| there(path)) {
            let message = if !force {
                "is there already; name another place, or replace it with --force"
            } else if summary_beside(target).is_none() {
                "has no summary of a deduplication beside it; only what one wrote is replaced"
            } else if there(&target.to_owned()) && !is_as_written(target) {
                "is not what a deduplication wrote there"
            } else {
                ""
            };
            if !message.is_empty() {
                return Err(Error::new(ErrorKind::Output, message).at(path));
            }
        }
        Ok(Self { target: target.to_owned(), force, aside })
    }

    /// The folder in which it is being written.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.aside.path()
    }

    /// Where the dump is written until it is whole.
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.aside.path().join("kept")
    }

    /// Where the rejected records are.
    #[must_use]
    pub fn rejected(&self) -> PathBuf {
        self.aside.path().join("rejected")
    }

    /// A hash of the dump, by which it is known that nobody changed it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn stamp(&self) -> Result<String> {
        stamp(&self.kept()).map_err(|error| Error::output(&error).at(&self.target))
    }

    /// Writes the audit.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(
        &self,
        catalogue: &Catalogue,
        removed: &[Removed],
        skipped: &[Skipped],
        summary: &DedupSummary<'_>,
    ) -> Result<()> {
        removed::write(&mut self.create("removed")?, catalogue, removed)?;
        if !skipped.is_empty() {
            let mut lines = self.create("skipped")?;
            skipped.iter().try_for_each(|skip| write_line(&mut lines, skip))?;
            lines.flush().map_err(|error| Error::output(&error))?;
        }
        write_json(&mut self.create("summary")?, summary)
    }

    fn create(&self, name: &str) -> Result<BufWriter<File>> {
        let file =
            File::create(self.aside.path().join(name)).map_err(|error| Error::output(&error).at(&self.target))?;
        Ok(BufWriter::with_capacity(1 << 18, file))
    }

    /// Writes what counts for nobody, if anything does.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_boilerplate(&self, passages: &[KnownPassage]) -> Result<()> {
        if passages.is_empty() { Ok(()) } else { boilerplate::write(self.create("boilerplate")?, passages) }
    }

    /// Writes what was found of articles whose records take no notes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_notes(&self, notes: &Notes<'_>) -> Result<()> {
        if notes.any_apart() { notes.write_apart(&mut self.create("notes")?) } else { Ok(()) }
    }

    /// Puts everything in its place.
    ///
    /// # Errors
    /// If it cannot be renamed, or something came there in the meantime that must not be replaced.
    pub fn finish(self) -> Result<()> {
        let there = |ending: &str| beside(&self.target, ending).symlink_metadata().is_ok();
        if let Some((_, ending)) = PARTS.iter().find(|(_, ending)| !self.force && there(ending)) {
            let message = "came to be while this run was going on";
            return Err(Error::new(ErrorKind::Output, message).at(beside(&self.target, ending)));
        }
        let Self { target, aside, .. } = self;
        aside.finish(&PARTS).map_err(|error| Error::output(&error).at(target))
    }
}

/// What the summary beside `target` says of what was written, if it is one of a deduplication.
fn summary_beside(target: &Path) -> Option<String> {
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(beside(target, SUMMARY)).ok()?).ok()?;
    let is_one = ["account", "rules"].iter().all(|part| summary.get(part).is_some());
    summary.get("output")?.as_str().filter(|_| is_one).map(str::to_owned)
}

/// Whether the dump at `target` is what the summary beside it says.
fn is_as_written(target: &Path) -> bool {
    summary_beside(target).zip(stamp(target).ok()).is_some_and(|(written, there)| written == there)
}

/// A hash of what a file holds, or of the names and sizes of all files of a folder.
fn stamp(path: &Path) -> io::Result<String> {
    let mut hasher = Xxh3::new();
    if path.is_dir() {
        let mut walk = ignore::WalkBuilder::new(path);
        for entry in walk.standard_filters(false).sort_by_file_name(Ord::cmp).build() {
            let entry = entry.map_err(io::Error::other)?;
            let relative = entry.path().strip_prefix(path).unwrap_or(path);
            let size = entry.metadata().ok().filter(fs::Metadata::is_file).map_or(0, |metadata| metadata.len());
            hasher.update(relative.as_os_str().as_encoded_bytes());
            hasher.update(&[0]);
            hasher.update(&size.to_le_bytes());
        }
    } else {
        let mut reader = BufReader::with_capacity(1 << 18, File::open(path)?);
        loop {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            hasher.update(bytes);
            let read = bytes.len();
            reader.consume(read);
        }
    }
    Ok(format!("{:032x}", hasher.digest128()))
}
