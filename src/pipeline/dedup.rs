//! Files to the same files without their duplicates.

use super::desk::CHANGED;
use super::progress::{Progress, Stage};
use super::scan::{Found, Scan, Sketches};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::cluster::stays::{Removed, Rules};
use crate::error::{Error, ErrorKind, Result};
use crate::input::{Archive, Format, Location, Skipped, Source};
use crate::report::Nowhere;
use crate::report::dump::{self, Becomes, Fate, Written};
use crate::report::removed::{Account, COLUMNS, Notes};
use crate::report::summary::skipped_by_reason;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Where the records of a dump go.
#[derive(Clone, Copy)]
pub struct Target<'t> {
    /// The dump without its duplicates: a file if the input is one, else a folder.
    pub kept: &'t Path,
    /// Records that could not be read: likewise.
    pub rejected: &'t Path,
    /// Whether the input is one file.
    pub is_file: bool,
    /// Whether all articles stay, with notes of what was found.
    pub annotate: bool,
}

/// What was to go and stays, as it cannot be taken out of where it is.
#[derive(Debug)]
pub struct Spared {
    articles: Vec<ArticleId>,
    listed: Skipped,
}

impl Found {
    /// Leaves articles out of what is removed, and lists why.
    pub fn spare(&mut self, spared: Vec<Spared>) {
        let stay: AHashSet<ArticleId> = spared.iter().flat_map(|spared| spared.articles.iter().copied()).collect();
        self.removed.retain(|removed| !stay.contains(&removed.pair.a));
        self.skipped.extend(spared.into_iter().map(|spared| spared.listed));
        self.skipped.sort();
        self.summary.skipped = skipped_by_reason(&self.skipped);
    }
}

/// A source with its articles, and what else was in it.
struct Part<'s> {
    source: &'s Source,
    number: usize,
    /// The number of its first article.
    first: u32,
    articles: &'s [Location],
    /// Records that could not be read.
    skipped: u64,
}

impl Scan {
    /// Finds the articles that go by these rules.
    ///
    /// # Errors
    /// If a temporary file fails.
    pub fn find_removable(
        &self,
        sketches: Sketches,
        boilerplate: Option<&Boilerplate>,
        rules: &Rules,
        progress: &dyn Progress,
    ) -> Result<Found> {
        self.detect_and_remove(sketches, boilerplate, Some(rules), &mut Nowhere, progress)
    }

    /// The sources of the input proper, each with its articles.
    fn parts(&self) -> Vec<Part<'_>> {
        let catalogue = self.catalogue();
        // How often something of a source was skipped, and how many of its records.
        let mut skips: AHashMap<&str, [u64; 2]> = AHashMap::new();
        for skip in self.skipped() {
            let [all, records] = skips.entry(&skip.source).or_default();
            *all += 1;
            *records += u64::from(skip.record.is_some());
        }
        let mut first = 0;
        let mut parts = Vec::new();
        for (source, number) in catalogue.sources.iter().zip(0..) {
            let from = catalogue.locations[first..].partition_point(|location| location.source < number) + first;
            let to = catalogue.locations[from..].partition_point(|location| location.source == number) + from;
            first = to;
            if !source.reference {
                let articles = &catalogue.locations[from..to];
                let [all, records] = skips.get(&*source.name).copied().unwrap_or_default();
                let skipped = match &source.format {
                    // Of a row group that cannot be read, no row is listed by itself.
                    Format::Columns(columns) => columns.rows() - articles.len() as u64,
                    format if format.is_whole() => u64::from(articles.is_empty() && all > 0),
                    _ => records,
                };
                parts.push(Part { source, number: number as usize, first: from as u32, articles, skipped });
            }
        }
        parts
    }

    /// What becomes of the records, if these articles are removed.
    #[must_use]
    pub fn account(&self, removed: &[Removed]) -> Account {
        let parts = self.parts();
        let articles = parts.iter().map(|part| part.articles.len() as u64).sum();
        let rejected = parts.iter().map(|part| part.skipped).sum();
        Account::new(articles, rejected, removed)
    }

    /// What was found of each article.
    #[must_use]
    pub fn notes<'f>(&'f self, found: &'f Found) -> Notes<'f> {
        Notes::new(self.catalogue(), &found.clusters, &found.pairs, &found.removed)
    }

    /// Writes the input once more, without the articles that go. Gives those that could not be taken out.
    ///
    /// # Errors
    /// If it cannot be written, or the input is not what it was, or anything is missing from the account.
    pub fn write_without(&self, found: &Found, target: Target<'_>, progress: &dyn Progress) -> Result<Vec<Spared>> {
        let parts = self.parts();
        check_targets(&parts)?;
        // What is written would not be what was compared.
        if let Some(lost) = found.skipped.iter().find(|skip| skip.reason == CHANGED) {
            return Err(changed(&lost.source, CHANGED));
        }
        let is_taken =
            |part: &&Part<'_>| matches!(&part.source.format, Format::Rows(table) if table.has_some_of(&COLUMNS));
        if let Some(part) = parts.iter().find(is_taken).filter(|_| target.annotate) {
            let message = format!("{}: there are columns called wirecopy_... already", part.source.name);
            return Err(Error::setting(message));
        }
        progress.begin(Stage::Dump, Some(parts.iter().map(|part| part.source.bytes).sum()));
        let notes = target.annotate.then(|| self.notes(found));
        let goes = |article: ArticleId| {
            !target.annotate && found.removed.binary_search_by_key(&article, |removed| removed.pair.a).is_ok()
        };
        let keep = |part: &Part<'_>, at: usize, record: &[u8]| {
            let article = part.article(at);
            let noted = notes.as_ref().and_then(|notes| notes.annotate(article, record));
            if goes(article) { Fate::Goes } else { noted.map_or(Fate::Stays, Fate::Becomes) }
        };
        let rewrite = |part: &Part<'_>, paths: &[PathBuf; 2]| {
            let max_record = self.options().limits.record;
            if let Format::Columns(columns) = &part.source.format {
                let goes = |at: usize, _: &[u8]| if goes(part.article(at)) { Fate::Goes } else { Fate::Stays };
                let note = notes.as_ref().map(|notes| move |at: usize| notes.note(part.article(at)));
                let note = note.as_ref().map(|note| note as &dump::Noting<'_>);
                return dump::sieve((part.source, columns), part.articles, paths, &goes, note);
            }
            let bytes = self.unpacked(part.number, part.source)?;
            let keep = |at: usize, record: &[u8]| keep(part, at, record);
            let written =
                dump::rewrite((part.source, bytes), part.articles, paths, (max_record, target.annotate), &keep)?;
            // A file that was one article is gone with it.
            if written.is_empty && (!target.is_file || part.source.member.is_some()) {
                std::fs::remove_file(&paths[0])?;
            }
            Ok(written)
        };
        let unread: AHashSet<&str> = self.skipped().iter().map(|skip| skip.source.as_str()).collect();
        let spared = Mutex::new(Vec::new());
        let write = |parts: &&[Part<'_>]| {
            let [part, ..] = parts else { return Ok(()) };
            let done = |part: &Part<'_>, written: io::Result<Written>| {
                progress.advance(part.source.bytes);
                let written = written.map_err(|error| failed(&part.source.name, &error))?;
                part.check(&written, &goes)?;
                if let Ok(mut spared) = spared.lock() {
                    spared.extend(part.spared(written));
                }
                Ok(())
            };
            if let Some((archive, _)) = &part.source.member {
                return repack(
                    archive,
                    parts,
                    target,
                    &Ways { unread: &unread, goes: &goes, rewrite: &rewrite, done: &done },
                );
            }
            let relative = &part.source.relative;
            let paths = [path_in(target.kept, relative, target), rejected_in(target.rejected, relative, target)];
            let is_whole = part.source.format.is_whole();
            done(
                part,
                if is_whole { text(part, &paths, goes(ArticleId(part.first)), target) } else { rewrite(part, &paths) },
            )
        };
        let of_one_file = |one: &Part<'_>, other: &Part<'_>| match (&one.source.member, &other.source.member) {
            (Some((one, _)), Some((other, _))) => Arc::ptr_eq(one, other),
            _ => false,
        };
        let groups: Vec<&[Part<'_>]> = parts.chunk_by(of_one_file).collect();
        groups.par_iter().map(write).collect::<Result<()>>()?;
        let mut spared = spared.into_inner().unwrap_or_default();
        spared.sort_by(|one: &Spared, other| one.listed.cmp(&other.listed));
        Ok(spared)
    }
}

/// Decides and does what is to be done with the sources of an archive.
struct Ways<'w> {
    /// The names of those that could not be read.
    unread: &'w AHashSet<&'w str>,
    goes: &'w dyn Fn(ArticleId) -> bool,
    /// Writes a source of records once more.
    rewrite: &'w dyn Fn(&Part<'_>, &[PathBuf; 2]) -> io::Result<Written>,
    /// Checks what was written.
    done: &'w dyn Fn(&Part<'_>, io::Result<Written>) -> Result<()>,
}

/// Writes an archive once more, of which these are the sources.
fn repack(archive: &Archive, parts: &[Part<'_>], target: Target<'_>, ways: &Ways<'_>) -> Result<()> {
    let Ways { unread, goes, rewrite, done } = ways;
    let relative = &archive.relative;
    let paths = [path_in(target.kept, relative, target), rejected_in(target.rejected, relative, target)];
    let failed = |error: &io::Error| failed(&archive.name, error);
    // Beside the dump, and gone with all else that is not finished.
    let aside = target.kept.parent().unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix("members-").tempdir_in(aside).map_err(|error| failed(&error))?;
    let mut parts = parts.iter().peekable();
    let mut wrong = None;
    let repacked = dump::repack(archive, &paths, &mut |number| {
        let is_it = |part: &&Part<'_>| part.source.member.as_ref().is_some_and(|(_, member)| *member == number);
        let Some(part) = parts.next_if(is_it) else {
            let name = archive.name_of(number);
            return Ok(if unread.contains(&*name) { Becomes::Rejected } else { Becomes::Same });
        };
        let (becomes, written) = if !part.source.format.is_whole() {
            let files = ["kept", "rejected"].map(|name| aside.path().join(format!("{number}.{name}")));
            let written = rewrite(part, &files);
            (Becomes::Files(files), written)
        } else if part.articles.is_empty() {
            (Becomes::Rejected, Ok(Written { rejected: 1, ..Written::default() }))
        } else if goes(ArticleId(part.first)) {
            (Becomes::Nothing, Ok(Written { removed: 1, ..Written::default() }))
        } else {
            (Becomes::Same, Ok(Written { kept: 1, ..Written::default() }))
        };
        if let Err(error) = done(part, written) {
            wrong = Some(error);
            return Err(io::Error::other("stopped"));
        }
        Ok(becomes)
    });
    match (wrong, repacked) {
        (Some(error), _) => Err(error),
        (None, repacked) => repacked.map_err(|error| failed(&error)),
    }
}

impl Part<'_> {
    /// The article at a place.
    fn article(&self, place: usize) -> ArticleId {
        ArticleId(self.first + place as u32)
    }

    /// What could not be taken out of what was written.
    fn spared(&self, written: Written) -> impl Iterator<Item = Spared> {
        written.stuck.into_iter().map(move |stuck| Spared {
            articles: stuck.articles.into_iter().map(|place| self.article(place)).collect(),
            listed: Skipped { source: self.source.name.clone(), record: None, reason: stuck.reason },
        })
    }

    /// Whether everything is where it ought to be.
    fn check(&self, written: &Written, goes: &dyn Fn(ArticleId) -> bool) -> Result<()> {
        let all = (self.first..).take(self.articles.len()).map(ArticleId);
        let stuck = written.stuck.iter().map(|stuck| stuck.articles.len() as u64).sum::<u64>();
        let removed = all.filter(|&article| goes(article)).count() as u64 - stuck;
        let kept = self.articles.len() as u64 - removed;
        let broken = u64::from(written.is_broken);
        // What is rejected of a table may have several lines.
        let is_rejected = match self.source.format {
            Format::Rows(_) | Format::Responses => {
                (written.rejected > 0 || self.skipped == 0) && (written.rejected == 0 || self.skipped + broken > 0)
            }
            _ => (self.skipped..=self.skipped + broken).contains(&written.rejected),
        };
        let balances = (written.kept, written.removed) == (kept, removed) && is_rejected;
        let change = self.source.change().or((!balances).then_some(CHANGED));
        change.map_or(Ok(()), |change| Err(changed(&self.source.name, change)))
    }
}

/// The input is not what it was.
fn changed(source: &str, change: &str) -> Error {
    Error::new(ErrorKind::Input, format!("{source}: {change}; nothing was written"))
}

/// Puts a text where it belongs, or nowhere if it goes; of a dump that is one file, an empty one stays.
fn text(part: &Part<'_>, [kept, rejected]: &[PathBuf; 2], goes: bool, target: Target<'_>) -> io::Result<Written> {
    if target.is_file && (goes || part.articles.is_empty()) {
        dump::place_nothing(part.source, kept)?;
    }
    if part.articles.is_empty() {
        // Of what may not be read, nothing can be given back but its name; what is gone is noticed later.
        let is_readable = part.source.raw().and_then(|mut raw| io::Read::read(&mut raw, &mut [0])).is_ok();
        if is_readable {
            dump::place(part.source, rejected)?;
        }
        return Ok(Written { rejected: 1, ..Written::default() });
    }
    if goes {
        return Ok(Written { removed: 1, ..Written::default() });
    }
    dump::place(part.source, kept)?;
    Ok(Written { kept: 1, ..Written::default() })
}

/// Where a source goes.
fn path_in(path: &Path, relative: &Path, target: Target<'_>) -> PathBuf {
    if target.is_file { path.to_owned() } else { path.join(relative) }
}

/// Where its rejected records go: a file whose name nobody takes for that of a dump.
fn rejected_in(path: &Path, relative: &Path, target: Target<'_>) -> PathBuf {
    let mut name = path_in(path, relative, target).into_os_string();
    if !target.is_file {
        name.push(".rejected");
    }
    name.into()
}

/// Two sources must not go to one place.
fn check_targets(parts: &[Part<'_>]) -> Result<()> {
    let file = |part: &Part<'_>| part.source.member.as_ref().map(|(archive, _)| Arc::as_ptr(archive));
    let files = parts.chunk_by(|one, other| file(one).is_some() && file(one) == file(other));
    let mut relative: Vec<&Path> = files
        .map(|parts| match &parts[0].source.member {
            Some((archive, _)) => archive.relative.as_path(),
            None => parts[0].source.relative.as_path(),
        })
        .collect();
    relative.sort_unstable();
    relative.windows(2).find(|two| two[0] == two[1]).map_or(Ok(()), |twice| {
        let message =
            format!("two inputs would both become {}; deduplicate them from a folder above both", twice[0].display());
        Err(Error::setting(message))
    })
}

fn failed(name: &str, error: &io::Error) -> Error {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    // That is no fault of what is read.
    if matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem) {
        return Error::output(error);
    }
    Error::new(ErrorKind::Input, format!("{name}: {error}; nothing was written"))
}
