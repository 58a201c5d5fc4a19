//! Paths as a person gives them, to sources.

use super::archive::{self, Archive, What};
use super::look::{self, Known, Looked, RESULTS};
use super::stream::{self, Place, Spool};
use super::{Format, InputOptions, Origin, Packing, Plan, Skipped, Source};
use crate::error::{Error, Result};
use ahash::{AHashMap, AHashSet};
use encoding_rs::{Encoding, UTF_8};
use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, Walk, WalkBuilder};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use xxhash_rust::xxh3::xxh3_128;

pub(super) fn plan(paths: &[PathBuf], references: &[PathBuf], options: &InputOptions) -> Result<Plan> {
    let mut discovery = Discovery {
        options,
        several: paths.len() + references.len() > 1,
        seen: AHashSet::new(),
        include: None,
        plan: Plan::default(),
        reference: false,
        spool: Spool::default(),
    };
    // A malformed glob is a mistake in the command, not in the input.
    discovery.overrides(Path::new("."))?;
    for path in paths {
        discovery.add(path)?;
    }
    discovery.reference = true;
    for path in references {
        discovery.add(path)?;
    }
    let mut plan = discovery.plan;
    measure(&mut plan.sources);
    make_names_unique(&mut plan.sources);
    Ok(plan)
}

/// Asks for the sizes and times of files that were not asked for yet: many at once, as of small files there are many.
fn measure(sources: &mut [Source]) {
    const FEW: usize = 256;
    if sources.len() > FEW {
        let (some, others) = sources.split_at_mut(sources.len() / 2);
        rayon::join(|| measure(some), || measure(others));
        return;
    }
    for source in sources.iter_mut().filter(|source| source.origin.is_none()) {
        if let Place::Path(path) = &source.place {
            source.origin = origin(path, fs::metadata(path).ok());
            source.bytes = source.origin.as_ref().map_or(0, |origin| origin.bytes);
        }
    }
}

struct Discovery<'o> {
    options: &'o InputOptions,
    /// Whether there are several roots, so that names begin with theirs.
    several: bool,
    /// The real paths of all files so far, as [`file_key`] tells them.
    seen: AHashSet<u128>,
    include: Option<Override>,
    plan: Plan,
    reference: bool,
    /// What has to be unpacked before it can be read.
    spool: Spool,
}

/// A file or stream that was found.
struct Found {
    name: String,
    relative: PathBuf,
    place: Place,
    bytes: u64,
    /// The file that it is, or that it is in.
    origin: Option<Origin>,
    /// The archive that it is in, and which of its members it is.
    member: Option<(Arc<Archive>, usize)>,
}

/// A file that the system tells of.
fn origin(path: &Path, metadata: Option<fs::Metadata>) -> Option<Origin> {
    let metadata = metadata?;
    Some(Origin { path: path.to_owned(), bytes: metadata.len(), modified: metadata.modified().ok() })
}

/// What the files of a folder have in common.
#[derive(Default)]
struct Folder {
    path: PathBuf,
    /// A hash of where it really is.
    real: Option<u128>,
    /// Whether an earlier run put its results there.
    has_results: bool,
    /// What their names begin with.
    prefix: String,
    /// Where it is below what was named, beginning with the last part of that where several were.
    below: PathBuf,
}

impl Folder {
    fn of(path: &Path, (root, several): (&Path, bool)) -> Self {
        let below = path.strip_prefix(root).unwrap_or(path);
        let mut prefix = if several { shown(root).trim_end_matches('/').to_owned() + "/" } else { String::new() };
        if !below.as_os_str().is_empty() {
            show(below, &mut prefix);
            prefix.push('/');
        }
        Self {
            path: path.to_owned(),
            real: path.canonicalize().ok().map(|real| hash(real.as_os_str())),
            has_results: look::has_results(path, Path::is_file),
            prefix,
            below: if several { last_part(root).join(below) } else { below.to_owned() },
        }
    }

    /// What results call a file of it.
    fn name_of(&self, last: &OsStr) -> String {
        let mut name = String::with_capacity(self.prefix.len() + last.len());
        name += &self.prefix;
        show(Path::new(last), &mut name);
        name
    }

    /// Where a file of it is below what was named.
    fn relative(&self, last: &OsStr) -> PathBuf {
        let mut relative = PathBuf::with_capacity(self.below.as_os_str().len() + 1 + last.len());
        relative.push(&self.below);
        relative.push(last);
        relative
    }
}

fn hash(name: &OsStr) -> u128 {
    xxh3_128(name.as_encoded_bytes())
}

/// What tells files apart: a hash of the real path of one in a folder, which is given by its own hash.
fn file_key(folder: u128, name: &OsStr) -> u128 {
    folder ^ hash(name)
}

impl Discovery<'_> {
    fn skip(&mut self, path: &Path, reason: &(impl ToString + ?Sized)) {
        self.refuse(shown(path), &reason.to_string());
    }

    /// Whether a file was not met before; one that has no real path counts as new.
    fn is_new(&mut self, path: &Path) -> bool {
        let Ok(real) = path.canonicalize() else { return true };
        let name = real.file_name().unwrap_or(real.as_os_str());
        let folder = real.parent().map_or(0, |folder| hash(folder.as_os_str()));
        self.seen.insert(file_key(folder, name))
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        if path == Path::new("-") {
            self.add_stream("stdin".to_owned(), Path::new("stdin"), &mut std::io::stdin().lock());
            return Ok(());
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.add_folder(path),
            Ok(metadata) if metadata.is_file() => {
                self.add_named_file(path, self.several);
                Ok(())
            }
            Ok(_) => {
                match fs::File::open(path) {
                    Ok(mut pipe) => self.add_stream(shown(path), last_part(path).as_ref(), &mut pipe),
                    Err(error) => self.skip(path, &error),
                }
                Ok(())
            }
            Err(error) => self.add_glob(path, &error),
        }
    }

    fn add_glob(&mut self, path: &Path, missing: &std::io::Error) -> Result<()> {
        let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
        let Some(matches) = pattern.and_then(|pattern| glob::glob(pattern).ok()) else {
            return self.miss(path, missing.to_string());
        };
        let several = std::mem::replace(&mut self.several, true);
        let mut any = false;
        for found in matches {
            any = true;
            match found {
                Ok(found) if found.is_dir() => self.add_folder(&found)?,
                Ok(found) => self.add_named_file(&found, true),
                Err(error) => self.skip(error.path(), error.error()),
            }
        }
        self.several = several;
        if any { Ok(()) } else { self.miss(path, "no such file, and nothing matches it as a glob".to_owned()) }
    }

    /// What was named and is not there. Without references that were asked for, results would be of another question.
    fn miss(&mut self, path: &Path, reason: String) -> Result<()> {
        if self.reference {
            return Err(Error::input(reason).at(shown(path)));
        }
        self.skip(path, &reason);
        Ok(())
    }

    fn overrides(&self, root: &Path) -> Result<Option<Override>> {
        if self.options.include.is_empty() {
            return Ok(None);
        }
        let mut builder = OverrideBuilder::new(root);
        for glob in &self.options.include {
            builder.add(glob).map_err(|error| Error::setting(format!("--include {glob}: {error}")))?;
        }
        let include = builder.build().map_err(|error| Error::setting(format!("--include: {error}")))?;
        Ok(Some(include))
    }

    fn add_folder(&mut self, root: &Path) -> Result<()> {
        let mut walk = WalkBuilder::new(root);
        // What is kept out of a repository is data as often as not.
        walk.standard_filters(false).hidden(true);
        // Of one folder's entries the paths are ordered as the names are, and need not be taken apart.
        walk.follow_links(true).sort_by_file_path(|one, other| one.as_os_str().cmp(other.as_os_str()));
        // Not given to the walk, which would let it overrule what is hidden.
        self.include = self.overrides(root)?;
        if let Some(target) = self.options.leave_out.as_ref().and_then(|target| target.canonicalize().ok()) {
            if root.canonicalize().is_ok_and(|root| root == target) {
                return Ok(());
            }
            walk.filter_entry(move |entry| {
                let named_alike = entry.path().file_name() == target.file_name();
                !((named_alike || entry.path_is_symlink())
                    && entry.path().canonicalize().is_ok_and(|path| path == target))
            });
        }
        thread::scope(|scope| {
            let (sender, entries) = mpsc::sync_channel(AHEAD);
            let walk = &walk;
            // Another thread goes on while the entries before are looked at, if there can be one.
            match thread::Builder::new().spawn_scoped(scope, move || send_some(walk.build(), &sender)) {
                Ok(_) => self.add_entries(root, &mut entries.into_iter().flatten()),
                Err(_) => self.add_entries(root, &mut walk.build()),
            }
        });
        Ok(())
    }

    fn add_entries(&mut self, root: &Path, entries: &mut dyn Iterator<Item = Walked>) {
        // The one that the last file was in.
        let mut folder = Folder::default();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = path_of(&error).unwrap_or(root);
                    let named = path.parent().zip(path.file_name()).filter(|_| path != root);
                    let source = named.map_or_else(
                        || shown(path),
                        |(parent, last)| Folder::of(parent, (root, self.several)).name_of(last),
                    );
                    self.refuse(source, &describe(&error));
                    continue;
                }
            };
            let kind = entry.file_type();
            if kind.is_some_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            if self.include.as_ref().is_some_and(|include| include.matched(path, false).is_ignore()) {
                continue;
            }
            if let Some(parent) = path.parent().filter(|parent| parent.as_os_str() != folder.path.as_os_str()) {
                folder = Folder::of(parent, (root, self.several));
            }
            let last = entry.file_name();
            let name = folder.name_of(last);
            // Before it counts as read: who names it by itself wants it.
            if self.leaves_own((&name, path), || folder.has_results, &Path::is_file) {
                continue;
            }
            let known = self.known(path);
            let is_read = known.is_some() || self.include.is_some();
            let mut is_new = || match folder.real {
                Some(real) if !entry.path_is_symlink() => self.seen.insert(file_key(real, last)),
                _ => self.is_new(path),
            };
            if is_read && !is_new() {
                self.plan.repeated += 1;
                continue;
            }
            if !kind.is_some_and(|kind| kind.is_file()) {
                self.refuse(name, "not a regular file");
                continue;
            }
            // Of articles there may be many, which are not looked into here.
            let is_article = matches!(known, Some(Known::Text | Known::Page));
            let origin = if is_article { None } else { origin(path, entry.metadata().ok()) };
            let found = Found {
                name,
                relative: folder.relative(last),
                place: Place::Path(path.to_owned()),
                bytes: origin.as_ref().map_or(0, |origin| origin.bytes),
                origin,
                member: None,
            };
            self.add_found(found, (path, known), &Path::is_file);
        }
    }

    fn add_named_file(&mut self, path: &Path, whole_name: bool) {
        if !self.is_new(path) {
            self.plan.repeated += 1;
            return;
        }
        let origin = origin(path, fs::metadata(path).ok());
        let name = match path.file_name() {
            Some(name) if !whole_name => shown(Path::new(name)),
            _ => shown(path),
        };
        let (relative, place) = (last_part(path), Place::Path(path.to_owned()));
        let bytes = origin.as_ref().map_or(0, |origin| origin.bytes);
        self.sniff(Found { name, relative, place, bytes, origin, member: None }, self.known(path));
    }

    /// Standard input or a pipe: kept in a temporary file.
    fn add_stream(&mut self, name: String, relative: &Path, reader: &mut impl Read) {
        match stream::spool(reader) {
            Ok((place, bytes)) => {
                let found = Found { name, relative: relative.to_owned(), place, bytes, origin: None, member: None };
                self.sniff(found, self.options.format);
            }
            Err(error) => self.skip(Path::new(&name), &error),
        }
    }

    /// What a file is by its name, or because a person says so.
    fn known(&self, path: &Path) -> Option<Known> {
        let by_name = look::known_by_name(path);
        // An archive is one whatever is in it.
        self.options.format.filter(|_| by_name != Some(Known::Archive)).or(by_name)
    }

    /// Leaves a file in a folder or an archive that is of results or of an audit, as an earlier run wrote them; says whether it
    /// is. `is_there` says what else is there.
    fn leaves_own(
        &mut self,
        (name, path): (&str, &Path),
        has_results: impl FnOnce() -> bool,
        is_there: &dyn Fn(&Path) -> bool,
    ) -> bool {
        let is_result = || RESULTS.iter().any(|result| path.ends_with(result));
        if !self.is_chosen() && is_result() && has_results() {
            self.leave(name.to_owned(), "a result of an earlier run");
        } else if look::is_audit(path, is_there) {
            self.pass_over(path);
        } else {
            return false;
        }
        true
    }

    /// A file in a folder or an archive, and what it is taken for. `is_there` says what else is there.
    fn add_found(&mut self, found: Found, (path, known): (&Path, Option<Known>), is_there: &dyn Fn(&Path) -> bool) {
        let is_chosen = self.is_chosen();
        let is_page_of_record = || {
            let mut record = path.as_os_str().to_owned();
            record.push(".json");
            is_there(Path::new(&record))
        };
        match known {
            Some(_) if !is_chosen && look::is_description(path) => self.leave(found.name, "describes the data"),
            Some(Known::Page) if !is_chosen && is_page_of_record() => {
                self.leave(found.name, "the page of the record beside it");
            }
            Some(Known::Text) => self.push(found, Packing::Plain, Format::Text, UTF_8),
            Some(Known::Page) => self.push(found, Packing::Plain, Format::Page, UTF_8),
            Some(known) => self.sniff(found, Some(known)),
            None if self.include.is_some() => self.sniff(found, None),
            None => self.pass_over(path),
        }
    }

    /// Whether a person says which files are articles.
    fn is_chosen(&self) -> bool {
        self.include.is_some() || self.options.format.is_some()
    }

    /// A file in a folder or an archive that holds no articles by its name.
    fn pass_over(&mut self, path: &Path) {
        *self.plan.passed_over.entry(look::ending_of(path)).or_default() += 1;
    }

    /// A file that is not to be read, and no fault.
    fn leave(&mut self, source: String, reason: &str) {
        self.plan.left.push(Skipped { source, record: None, reason: reason.to_owned() });
        *self.plan.passed_over.entry(reason.to_owned()).or_default() += 1;
    }

    fn push(&mut self, found: Found, packing: Packing, format: Format, encoding: &'static Encoding) {
        let Found { name, relative, place, bytes, origin, member } = found;
        let reference = self.reference;
        self.plan.sources.push(Source {
            name,
            relative,
            place,
            packing,
            format,
            encoding,
            bytes,
            origin,
            reference,
            member,
        });
    }

    /// Looks into a file to see what it is.
    fn sniff(&mut self, found: Found, known: Option<Known>) {
        match look::look(&found.place, &found.name, known, (self.options, &self.spool)) {
            Ok(Looked::Source(packing, format, encoding)) => self.push(found, packing, format, encoding),
            Ok(Looked::Columns(place, packing, columns)) => {
                self.push(Found { place, ..found }, packing, Format::Columns(columns), UTF_8);
            }
            Ok(_) if found.member.is_some() => self.refuse(found.name, "an archive in an archive"),
            Ok(looked) => self.add_archive(found, &looked),
            Err(reason) => self.refuse(found.name, &reason),
        }
    }

    /// What cannot be read.
    fn refuse(&mut self, source: String, reason: &str) {
        self.plan.skipped.push(Skipped { source, record: None, reason: reason.to_owned() });
    }

    /// The members of an archive, like files of a folder.
    fn add_archive(&mut self, found: Found, looked: &Looked) {
        let Found { name, relative, place, origin, .. } = found;
        let (archive, error) = archive::open(looked, (name, relative, place), (self.options, &self.spool));
        if let Some(error) = error {
            self.refuse(archive.name.clone(), &error);
        }
        let archive = Arc::new(archive);
        let paths: AHashSet<&Path> = archive.entries.iter().map(|entry| &*entry.path).collect();
        for (number, entry) in archive.entries.iter().enumerate() {
            let name = archive.name_of(number);
            let member = match &entry.what {
                What::Folder => continue,
                What::Left(reason) => {
                    self.leave(name, reason);
                    continue;
                }
                What::Refused(reason) => {
                    self.refuse(name, reason);
                    continue;
                }
                What::File(member) => Arc::clone(member),
            };
            let is_excluded = |include: &Override| include.matched(entry.clean(), false).is_ignore();
            if entry.is_hidden() || self.include.as_ref().is_some_and(is_excluded) {
                continue;
            }
            let is_there = |path: &Path| paths.contains(path);
            let has_results = || entry.path.parent().is_some_and(|folder| look::has_results(folder, is_there));
            if self.leaves_own((&name, &entry.path), has_results, &is_there) {
                continue;
            }
            let found = Found {
                name,
                relative: archive.relative.join(entry.clean()),
                bytes: member.len,
                origin: origin.clone(),
                place: Place::Member(member),
                member: Some((Arc::clone(&archive), number)),
            };
            self.add_found(found, (&entry.path, self.known(&entry.path)), &is_there);
        }
    }
}

/// An entry of a folder, or why there is none.
type Walked = std::result::Result<DirEntry, ignore::Error>;

/// Entries that are sent at once, and how often before the first are taken.
const SOME: usize = 256;
const AHEAD: usize = 16;

/// Sends all entries, in their order, as long as somebody takes them.
fn send_some(mut entries: Walk, sender: &SyncSender<Vec<Walked>>) {
    loop {
        let some: Vec<Walked> = entries.by_ref().take(SOME).collect();
        if some.is_empty() || sender.send(some).is_err() {
            return;
        }
    }
}

/// The last part of a path, whatever it is written like.
fn last_part(path: &Path) -> PathBuf {
    let real = || path.canonicalize().ok()?.file_name().map(PathBuf::from);
    path.file_name().map(PathBuf::from).or_else(real).unwrap_or_else(|| "input".into())
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

fn describe(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => describe(err),
        ignore::Error::Loop { ancestor, .. } => format!("a link to a folder that it is in, {}", shown(ancestor)),
        ignore::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "a link to what is not there".to_owned()
        }
        ignore::Error::Io(error) => std::io::Error::from(error.kind()).to_string(),
        _ => error.to_string(),
    }
}

/// A path as text with `/` between folders; bytes that are no UTF-8 as `\xNN`.
pub(crate) fn shown(path: &Path) -> String {
    let mut name = String::new();
    show(path, &mut name);
    name
}

/// Adds it to a name.
fn show(path: &Path, name: &mut String) {
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        let valid = chunk.valid();
        if cfg!(windows) {
            *name += &valid.replace('\\', "/");
        } else {
            *name += valid;
        }
        chunk.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02X}")));
    }
}

/// Two names that are equal as text get numbers, and so does one that reads like a record of another.
fn make_names_unique(sources: &mut [Source]) {
    let is_record = |name: &str| name.rsplit_once(':').is_some_and(|(_, record)| record.parse::<u64>().is_ok());
    let mut known: AHashSet<&str> = AHashSet::with_capacity(sources.len());
    if sources.iter().all(|source| !is_record(&source.name) && known.insert(&source.name)) {
        return;
    }
    let mut names: AHashSet<String> = AHashSet::with_capacity(sources.len());
    // The number that a name gets next.
    let mut next: AHashMap<String, u64> = AHashMap::new();
    for source in sources {
        let first = source.name.clone();
        while is_record(&source.name) || !names.insert(source.name.clone()) {
            let number = next.entry(first.clone()).or_insert(2);
            source.name = format!("{first} ({number})");
            *number += 1;
        }
    }
}
