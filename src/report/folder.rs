//! The output folder: written aside under another name, and renamed when it is whole.

use super::aside::{Aside, Part};
use super::catalogue::Catalogue;
use super::clusters::Clusters;
#[cfg(feature = "cli")]
use super::html::{self, Material};
use super::pairs::{Detail, JsonLines};
use super::summary::{RunInfo, Summary};
use super::tables::{self, Found};
use super::{Copied, boilerplate, write_json, write_line};
use crate::boilerplate::KnownPassage;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{RESULTS, Skipped, shown};
use crate::score::ScoredPair;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What the folder is called until it is in its place.
const MADE: &str = "made";
const PARTS: [Part; 1] = [(MADE, "")];

/// An output folder in the making. Dropped before [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    force: bool,
    aside: Aside,
}

/// All that goes into the folder but the pairs, which are written while they are scored, and how the run went.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    /// The articles.
    pub catalogue: &'a Catalogue,
    /// The pairs.
    pub pairs: &'a [ScoredPair],
    /// The clusters.
    pub clusters: &'a Clusters,
    /// For each article how much of it stands in others.
    pub copied: &'a [Option<Copied>],
    /// What counted for nobody.
    pub boilerplate: &'a [KnownPassage],
    /// What was skipped, or left as it was not to be read.
    pub skipped: &'a [Skipped],
    /// The numbers.
    pub summary: &'a Summary,
}

impl Staging {
    /// Begins a folder that will be `target`.
    ///
    /// # Errors
    /// If `target` is there already and `force` is not set, or nothing can be written beside it.
    pub fn new(target: &Path, force: bool) -> Result<Self> {
        // What a killed run had made is in its place after this.
        let aside = Aside::new(target)?;
        if target.symlink_metadata().is_ok() {
            if !force {
                let message = "is there already; name another folder, or replace it with --force";
                return Err(Error::new(ErrorKind::Output, message).at(target));
            }
            check_replaceable(target)?;
        }
        fs::create_dir(aside.path().join(MADE)).map_err(|error| Error::output(&error).at(target))?;
        Ok(Self { target: target.to_owned(), force, aside })
    }

    /// Where it will be.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Where it is being written.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.aside.path()
    }

    fn create(&self, name: &str) -> Result<BufWriter<File>> {
        let path = self.aside.path().join(MADE).join(name);
        let file = File::create(&path).map_err(|error| Error::output(&error).at(self.target.join(name)))?;
        Ok(BufWriter::with_capacity(1 << 18, file))
    }

    /// The writer of `pairs.jsonl`.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn pairs<'c>(&self, catalogue: &'c Catalogue, detail: Detail) -> Result<JsonLines<'c, BufWriter<File>>> {
        let lines = JsonLines::new(catalogue, detail, self.create("pairs.jsonl")?);
        Ok(lines.at(self.target.join("pairs.jsonl")))
    }

    /// Writes all other files but `run.json`, at once as far as there are threads.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub fn write(&self, results: Results<'_>) -> Result<()> {
        let Results { catalogue, pairs, clusters, copied, boilerplate: known, skipped, summary } = results;
        let articles =
            || tables::write_articles(self.create("articles.csv")?, catalogue, &Found { clusters, pairs, copied });
        let of_pairs = || tables::write_pairs(self.create("pairs.csv")?, catalogue, pairs);
        let others = || {
            clusters.write(self.create("clusters.jsonl")?, catalogue)?;
            boilerplate::write(self.create("boilerplate.jsonl")?, known)?;
            let mut lines = self.create("skipped.jsonl")?;
            for skip in skipped {
                write_line(&mut lines, skip)?;
            }
            lines.flush().map_err(|error| Error::output(&error))?;
            write_json(&mut self.create("summary.json")?, summary)
        };
        let (articles, (pairs, others)) = rayon::join(articles, || rayon::join(of_pairs, others));
        articles.and(pairs).and(others).map_err(|error| self.in_target(error))
    }

    /// Writes `run.json`, which tells how long all the others took.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_run(&self, run: &RunInfo) -> Result<()> {
        let written = self.create("run.json").and_then(|mut out| write_json(&mut out, run));
        written.map_err(|error| self.in_target(error))
    }

    /// Writes `report.html`, and `texts.jsonl`, which it is made of beside all others.
    ///
    /// # Errors
    /// If one of them cannot be written.
    #[cfg(feature = "cli")]
    pub fn write_report(&self, material: &Material<'_>) -> Result<()> {
        let texts =
            || html::stored::write_texts(&mut self.create("texts.jsonl")?, material.articles, &material.shown.texts);
        let page = || html::write(&mut self.create("report.html")?, material);
        let (page, texts) = rayon::join(page, texts);
        texts.and(page).map_err(|error| self.in_target(error))
    }

    fn in_target(&self, error: Error) -> Error {
        if error.path().is_none() { error.at(&self.target) } else { error }
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// If it cannot be renamed, or a folder that came there in the meantime must not be replaced.
    pub fn finish(self) -> Result<()> {
        // Renaming onto an empty folder would succeed on some systems; whoever made it did not expect that.
        if self.target.symlink_metadata().is_ok() && !self.force {
            return Err(Error::new(ErrorKind::Output, "came to be while this run was going on").at(&self.target));
        }
        self.aside.finish(&PARTS).map_err(|error| Error::output(&error).at(self.target))
    }
}

/// Only a folder that holds nothing but results may be replaced.
fn check_replaceable(target: &Path) -> Result<()> {
    let refuse = |reason: String| Err(Error::new(ErrorKind::Output, reason).at(target));
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) => return refuse(error.to_string()),
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !RESULTS.iter().any(|file| name == *file) {
            return refuse(format!(
                "holds {}, which is no result; only a folder of results is replaced",
                shown(Path::new(&name))
            ));
        }
    }
    Ok(())
}
