//! What the stages of a run gave, kept in a folder, so that one that was stopped need not do them again.
//!
//! Three times what there is is written as a whole: when all articles have been read, which of pages and responses takes
//! nearly all the time; when the candidates are there; and, for a deduplication, when it is known what goes. A run that
//! is asked to resume goes on from the last of these, if the files, their sizes and times, the settings and this version
//! are the same; else it begins again. When a run has ended, nothing is left in the folder.

use super::detect::{Candidates, Checkpoint, Outcome};
use super::gather::Gathered;
use super::index::Brought;
use super::preview::Preview;
use crate::article::{ArticleId, Timestamp};
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::candidates::lsh::BandKeys;
use crate::candidates::passages::{ArticleKeys, Postings};
use crate::candidates::shelf::Store;
use crate::cluster::stays::Rules;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{Cards, Drawn, Heard, InputOptions, Location, Plan, Source, TextPlace};
use crate::report::aside;
use crate::saved::{Saved, load_all, save_all};
use crate::shingle::Known;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use xxhash_rust::xxh3::Xxh3;

/// The files of the folder: what was read, the texts that were drawn, candidates, what was found, and the lock.
const READ: &str = "wirecopy.read";
const TEXTS: &str = "wirecopy.texts";
const CANDIDATES: &str = "wirecopy.candidates";
const FOUND: &str = "wirecopy.found";
const NEW: &str = "wirecopy.new";
const LOCK: &str = "wirecopy.lock";
const MAGIC: &[u8; 16] = b"wirecopy kept 1\n";

/// A folder for what a run can be resumed from. No two runs use it at once.
#[derive(Debug)]
pub struct WorkDir {
    folder: PathBuf,
    resume: bool,
    resumed: AtomicBool,
    _lock: File,
}

/// What the reading of all articles gave.
pub(super) struct WasRead {
    pub(super) gathered: Gathered,
    pub(super) cards: Cards,
    pub(super) locations: Vec<Location>,
    pub(super) heard: Heard,
    pub(super) drawn: Drawn,
}

impl WorkDir {
    /// Uses a folder, which is made if it is not there. With `resume`, what an earlier run left there is used.
    ///
    /// # Errors
    /// If another run uses it, or nothing can be written there.
    pub fn new(folder: &Path, resume: bool) -> Result<Self> {
        let failed = |error: io::Error| Error::output(&error).at(folder);
        fs::create_dir_all(folder).map_err(failed)?;
        let Some(lock) = aside::lock(folder, LOCK).map_err(failed)? else {
            return Err(Error::new(ErrorKind::Output, "another run uses this folder").at(folder));
        };
        Ok(Self { folder: folder.to_owned(), resume, resumed: AtomicBool::new(false), _lock: lock })
    }

    /// Where texts are kept that were drawn from something else. What an earlier run left is gone then.
    pub(super) fn texts(&self) -> Result<Drawn> {
        for name in [FOUND, CANDIDATES, READ] {
            match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.failed(&error)),
                _ => {}
            }
        }
        Drawn::at(&self.folder.join(TEXTS)).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::output(error).at(&self.folder)
    }

    /// What an earlier run left, if it read the same.
    pub(super) fn load(&self, plan: &Plan, identity: u128, store: &Arc<Store>) -> Option<WasRead> {
        let mut from = self.open(READ, identity)?;
        let (read, sum) = load(&mut from, store, Drawn::of(&self.folder.join(TEXTS)).ok()?).ok()?;
        let is_there = |location: &Location| {
            let has_text = match location.text {
                TextPlace::Drawn { at, len } => at + u64::from(len) <= read.drawn.bytes(),
                _ => true,
            };
            has_text && (location.source as usize) < plan.sources.len()
        };
        let drawn = read.locations.iter().filter_map(|location| match location.text {
            TextPlace::Drawn { at, len } => Some((at, len)),
            _ => None,
        });
        if !read.locations.iter().all(is_there) || !read.drawn.are_whole(drawn, sum) {
            return None;
        }
        self.resumed.store(true, Ordering::Relaxed);
        Some(read)
    }

    /// Keeps what was read.
    pub(super) fn save(&self, read: &WasRead, identity: u128) -> Result<()> {
        self.write(READ, identity, &|out| save(read, out))
    }

    /// A file of the folder that was written for this identity, behind its head.
    fn open(&self, name: &str, identity: u128) -> Option<BufReader<File>> {
        let path = self.folder.join(name);
        if !self.resume || !is_whole(&path, identity).unwrap_or(false) {
            return None;
        }
        let mut from = BufReader::with_capacity(1 << 20, File::open(&path).ok()?);
        from.read_exact(&mut [0; MAGIC.len() + 16]).ok()?;
        Some(from)
    }

    /// Writes a file of the folder as a whole.
    fn write(&self, name: &str, identity: u128, save: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let new = self.folder.join(NEW);
        let write = || {
            let mut out = Hashed { out: BufWriter::with_capacity(1 << 20, File::create(&new)?), hasher: Xxh3::new() };
            out.write_all(MAGIC)?;
            out.write_all(&identity.to_ne_bytes())?;
            save(&mut out)?;
            let digest = out.hasher.digest128();
            out.out.write_all(&digest.to_ne_bytes())?;
            out.out.flush()?;
            fs::rename(&new, self.folder.join(name))
        };
        write().map_err(|error| {
            // Half of it is of no use, and takes room that there may not be.
            let _ = fs::remove_file(&new);
            self.failed(&error)
        })
    }

    /// Whether a run that was to resume has begun again, as there was nothing of one that read the same.
    #[must_use]
    pub fn has_begun_again(&self) -> bool {
        self.resume && !self.resumed.load(Ordering::Relaxed)
    }

    /// Ends a run: what it kept is not needed any more.
    pub fn clear(&self) {
        for name in [FOUND, CANDIDATES, READ, TEXTS, NEW, LOCK] {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }
}

/// Whether such a plan can be read a second time.
pub(super) fn check(plan: &Plan) -> Result<()> {
    let is_stream = |source: &&Source| source.origin.is_none();
    match plan.sources.iter().find(is_stream) {
        Some(source) => {
            let message = format!("{} cannot be read a second time: --work-dir is for files", source.name);
            Err(Error::setting(message))
        }
        None => Ok(()),
    }
}

/// The form of what is kept, to be raised when that changes or comes to mean something else.
const FORM: u32 = 2;

/// A hash of all that decides what is read: this version and the form of what it keeps, the settings, and the files with their
/// sizes and times.
pub(super) fn identity(plan: &Plan, options: &InputOptions, config: &Config) -> u128 {
    // Where results go decides nothing that the list of files does not tell.
    let options = InputOptions { leave_out: None, ..options.clone() };
    let mut hasher = Xxh3::new();
    hasher.update(format!("{} {FORM} {config:?} {options:?}", env!("CARGO_PKG_VERSION")).as_bytes());
    for Source { name, packing, format, encoding, bytes, origin, reference, place, .. } in &plan.sources {
        let (encoding, within) = (encoding.name(), place.within());
        // A file may be changed and keep its size and time; that it was changed, the system knows.
        let state = origin.as_ref().and_then(|origin| state_of(&origin.path));
        let all =
            format!("{name:?} {packing:?} {format:?} {encoding} {bytes} {origin:?} {state:?} {within:?} {reference}\n");
        hasher.update(all.as_bytes());
    }
    hasher.digest128()
}

/// Which file it is, and when anything about it was changed.
#[cfg(unix)]
fn state_of(path: &Path) -> Option<[i64; 3]> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some([metadata.ino() as i64, metadata.ctime(), metadata.ctime_nsec()])
}

/// Nothing tells, but size and time.
#[cfg(not(unix))]
fn state_of(_: &Path) -> Option<[i64; 3]> {
    None
}

/// Whether a file is what `save` wrote for this identity, to its end.
fn is_whole(path: &Path, identity: u128) -> io::Result<bool> {
    let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
    let length = from.get_ref().metadata()?.len();
    let Some(body) = length.checked_sub(16) else { return Ok(false) };
    let mut hasher = Xxh3::new();
    let mut part = vec![0; 1 << 20];
    let mut whole = from.by_ref().take(body);
    let mut head = Vec::new();
    loop {
        let count = whole.read(&mut part)?;
        if count == 0 {
            break;
        }
        let missing = (MAGIC.len() + 16usize).saturating_sub(head.len()).min(count);
        head.extend_from_slice(&part[..missing]);
        hasher.update(&part[..count]);
    }
    let mut digest = [0; 16];
    from.read_exact(&mut digest)?;
    let is_same = head.starts_with(MAGIC) && head.get(MAGIC.len()..) == Some(&identity.to_ne_bytes()[..]);
    Ok(is_same && u128::from_ne_bytes(digest) == hasher.digest128())
}

/// Bytes that are hashed while they are written.
struct Hashed<W> {
    out: W,
    hasher: Xxh3,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn save(read: &WasRead, out: &mut dyn Write) -> io::Result<()> {
    let WasRead { gathered, cards, locations, heard, drawn } = read;
    // What else is gathered is made of cards and places.
    let Gathered { words, digests, dates, keys, traces, survey, looked_up, common, short, preview, .. } = gathered;
    save_all(words, out)?;
    save_all(digests, out)?;
    Timestamp::save_some(dates, out)?;
    keys.save(out)?;
    save_all(traces, out)?;
    save_all(&[survey.len() as u64], out)?;
    survey.iter().try_for_each(|postings| postings.save(out))?;
    looked_up.save(out)?;
    common.save(out)?;
    save_all(&[short.len() as u64], out)?;
    for (article, shingles) in short {
        save_all(&[*article], out)?;
        save_all(shingles, out)?;
    }
    preview.shorts.save(out)?;
    preview.common.save(out)?;
    cards.save(out)?;
    let places: Vec<[u64; 7]> = locations.iter().map(place).collect();
    save_all(&places, out)?;
    serde_json::to_string(&heard)?.save(out)?;
    save_all(&[drawn.sum()], out)
}

/// What was read, and what the hash of its texts was.
fn load(from: &mut dyn Read, store: &Arc<Store>, drawn: Drawn) -> io::Result<(WasRead, u64)> {
    let mut gathered = Gathered {
        words: load_all(from)?,
        digests: load_all(from)?,
        dates: Timestamp::load_some(from)?,
        keys: BandKeys::load(from, store)?,
        traces: load_all(from)?,
        store: Arc::clone(store),
        ..Gathered::default()
    };
    gathered.survey = (0..count(from)?).map(|_| Postings::load(from, store)).collect::<io::Result<_>>()?;
    gathered.looked_up = ArticleKeys::load(from)?;
    gathered.common = ArticleKeys::load(from)?;
    for _ in 0..count(from)? {
        let article = load_all::<u32>(from)?.first().copied().unwrap_or_default();
        gathered.short.push((article, load_all(from)?.into()));
    }
    gathered.preview = Preview { shorts: Known::load(from)?, common: Known::load(from)? };
    let cards = Cards::load(from)?;
    let locations = load_all::<[u64; 7]>(from)?.into_iter().map(location).collect();
    let heard = serde_json::from_str(&String::load(from)?)?;
    let sum = count(from)?;
    Ok((WasRead { gathered, cards, locations, heard, drawn }, sum))
}

fn place(location: &Location) -> [u64; 7] {
    let Location { source, offset, len, record, text } = *location;
    let [kind, at, length] = match text {
        TextPlace::Record => [0, 0, 0],
        TextPlace::Within { start, len } => [1, start.into(), len.into()],
        TextPlace::Drawn { at, len } => [2, at, len.into()],
    };
    [source.into(), offset, len, record, kind, at, length]
}

fn location([source, offset, len, record, kind, at, length]: [u64; 7]) -> Location {
    let text = match kind {
        1 => TextPlace::Within { start: at as u32, len: length as u32 },
        2 => TextPlace::Drawn { at, len: length as u32 },
        _ => TextPlace::Record,
    };
    Location { source: source as u32, offset, len, record, text }
}

/// What a run keeps of the stages that follow the reading.
pub(super) struct Later<'w> {
    work: &'w WorkDir,
    identity: u128,
}

impl<'w> Later<'w> {
    /// The stages after a reading of this identity; what is given decides more of them.
    pub(super) fn new(
        (work, read): &'w (Arc<WorkDir>, u128),
        boilerplate: Option<&Boilerplate>,
        rules: Option<&Rules>,
    ) -> Self {
        let mut hasher = Xxh3::new();
        let passages = boilerplate.map(Boilerplate::passages);
        hasher.update(format!("{read} {rules:?} {passages:?}").as_bytes());
        let mut shingles: Vec<u64> = boilerplate.into_iter().flat_map(Boilerplate::shingles).collect();
        shingles.sort_unstable();
        hasher.update(bytemuck::cast_slice(&shingles));
        Self { work, identity: hasher.digest128() }
    }

    /// What was found.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let mut from = self.work.open(FOUND, self.identity)?;
        let boilerplate = Boilerplate::load(&mut from).ok()?;
        // Behind it stands a hash.
        let outcome = Outcome::deserialize(&mut serde_json::Deserializer::from_reader(from)).ok()?;
        Some(Outcome { boilerplate, ..outcome })
    }

    /// Keeps what was found.
    pub(super) fn keep_outcome(&self, outcome: &Outcome) -> Result<()> {
        // What could not be read once may be there the next time.
        if !outcome.lost.is_empty() {
            return Ok(());
        }
        self.work.write(FOUND, self.identity, &|out| {
            outcome.boilerplate.save(out)?;
            Ok(serde_json::to_writer(out, outcome)?)
        })
    }
}

impl Checkpoint for Later<'_> {
    fn candidates(&self) -> Option<Candidates> {
        let mut from = self.work.open(CANDIDATES, self.identity)?;
        let mut load = || {
            let boilerplate = Boilerplate::load(&mut from)?;
            let alike = load_pairs(&mut from)?;
            let alike_crowds = load_crowds(&mut from)?;
            let pairs = load_pairs(&mut from)?;
            let crowds = load_crowds(&mut from)?;
            let matches = load_all::<u64>(&mut from)?.into_iter().sum();
            let lost = load_all(&mut from)?.into_iter().map(ArticleId).collect();
            let brought = Brought { pairs, crowds, matches, lost };
            Ok::<_, io::Error>(Candidates { boilerplate, alike, alike_crowds, brought })
        };
        load().ok()
    }

    fn keep(&self, candidates: &Candidates) -> Result<()> {
        let Candidates { boilerplate, alike, alike_crowds, brought } = candidates;
        if !brought.lost.is_empty() {
            return Ok(());
        }
        self.work.write(CANDIDATES, self.identity, &|out| {
            boilerplate.save(out)?;
            save_pairs(alike, out)?;
            save_crowds(alike_crowds, out)?;
            save_pairs(&brought.pairs, out)?;
            save_crowds(&brought.crowds, out)?;
            save_all(&[brought.matches], out)?;
            let lost: Vec<u32> = brought.lost.iter().map(|article| article.0).collect();
            save_all(&lost, out)
        })
    }
}

fn save_pairs(pairs: &[Pair], out: &mut dyn Write) -> io::Result<()> {
    let numbers: Vec<u64> = pairs.iter().map(|pair| pair.0).collect();
    save_all(&numbers, out)
}

fn load_pairs(from: &mut dyn Read) -> io::Result<Vec<Pair>> {
    Ok(load_all(from)?.into_iter().map(Pair).collect())
}

fn save_crowds(crowds: &[Vec<u32>], out: &mut dyn Write) -> io::Result<()> {
    save_all(&[crowds.len() as u64], out)?;
    crowds.iter().try_for_each(|crowd| save_all(crowd, out))
}

fn load_crowds(from: &mut dyn Read) -> io::Result<Vec<Vec<u32>>> {
    (0..count(from)?).map(|_| load_all(from)).collect()
}

/// How many there are of what follows.
fn count(from: &mut dyn Read) -> io::Result<u64> {
    Ok(load_all::<u64>(from)?.first().copied().unwrap_or_default())
}
