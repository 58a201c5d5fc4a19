//! What was read, kept in a folder, so that a run that was stopped need not read it again.
//!
//! When all articles have been read, which of pages and responses takes nearly all the time, what was made of them is
//! written as a whole. A run that is asked to resume goes on from there, if the files, their sizes and times, the settings
//! and this version are the same; else it begins again. When a run has ended, nothing is left in the folder.

use super::gather::Gathered;
use super::preview::Preview;
use crate::article::Timestamp;
use crate::candidates::lsh::BandKeys;
use crate::candidates::passages::{ArticleKeys, Postings};
use crate::candidates::shelf::Store;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{Cards, Drawn, Heard, InputOptions, Location, Plan, Source, TextPlace};
use crate::report::aside;
use crate::saved::{Saved, load_all, save_all};
use crate::shingle::Known;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use xxhash_rust::xxh3::Xxh3;

/// The files of the folder: what was read, the texts that were drawn, and the lock.
const READ: &str = "wirecopy.read";
const TEXTS: &str = "wirecopy.texts";
const NEW: &str = "wirecopy.new";
const LOCK: &str = "wirecopy.lock";
const MAGIC: &[u8; 16] = b"wirecopy read 1\n";

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
        match fs::remove_file(self.folder.join(READ)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.failed(&error)),
            _ => {}
        }
        Drawn::at(&self.folder.join(TEXTS)).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::output(error).at(&self.folder)
    }

    /// What an earlier run left, if it read the same.
    pub(super) fn load(&self, plan: &Plan, identity: u128, store: &Arc<Store>) -> Option<WasRead> {
        let path = self.folder.join(READ);
        if !self.resume || !is_whole(&path, identity).unwrap_or(false) {
            return None;
        }
        let file = File::open(&path).ok()?;
        let mut from = BufReader::with_capacity(1 << 20, file);
        let mut head = [0; MAGIC.len() + 16];
        from.read_exact(&mut head).ok()?;
        let read = load(&mut from, store, Drawn::of(&self.folder.join(TEXTS)).ok()?).ok()?;
        let is_there = |location: &Location| {
            let has_text = match location.text {
                TextPlace::Drawn { at, len } => at + u64::from(len) <= read.drawn.bytes(),
                _ => true,
            };
            has_text && (location.source as usize) < plan.sources.len()
        };
        if !read.locations.iter().all(is_there) {
            return None;
        }
        self.resumed.store(true, Ordering::Relaxed);
        Some(read)
    }

    /// Keeps what was read.
    pub(super) fn save(&self, read: &WasRead, identity: u128) -> Result<()> {
        let new = self.folder.join(NEW);
        let write = || {
            let mut out = Hashed { out: BufWriter::with_capacity(1 << 20, File::create(&new)?), hasher: Xxh3::new() };
            out.write_all(MAGIC)?;
            out.write_all(&identity.to_ne_bytes())?;
            save(read, &mut out)?;
            let digest = out.hasher.digest128();
            out.out.write_all(&digest.to_ne_bytes())?;
            out.out.flush()?;
            fs::rename(&new, self.folder.join(READ))
        };
        write().map_err(|error| self.failed(&error))
    }

    /// Whether a run that was to resume has begun again, as there was nothing of one that read the same.
    #[must_use]
    pub fn has_begun_again(&self) -> bool {
        self.resume && !self.resumed.load(Ordering::Relaxed)
    }

    /// Ends a run: what it kept is not needed any more.
    pub fn clear(self) {
        for name in [READ, TEXTS, NEW, LOCK] {
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

/// A hash of all that decides what is read: this version, the settings, and the files with their sizes and times.
pub(super) fn identity(plan: &Plan, options: &InputOptions, config: &Config) -> u128 {
    // Where results go decides nothing that the list of files does not tell.
    let options = InputOptions { leave_out: None, ..options.clone() };
    let mut hasher = Xxh3::new();
    hasher.update(format!("{} {config:?} {options:?}", env!("CARGO_PKG_VERSION")).as_bytes());
    for Source { name, packing, format, encoding, bytes, origin, reference, place, .. } in &plan.sources {
        let (encoding, within) = (encoding.name(), place.within());
        let all = format!("{name:?} {packing:?} {format:?} {encoding} {bytes} {origin:?} {within:?} {reference}\n");
        hasher.update(all.as_bytes());
    }
    hasher.digest128()
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
    let WasRead { gathered, cards, locations, heard, .. } = read;
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
    serde_json::to_string(&heard)?.save(out)
}

fn load(from: &mut dyn Read, store: &Arc<Store>, drawn: Drawn) -> io::Result<WasRead> {
    let count = |from: &mut dyn Read| Ok::<_, io::Error>(load_all::<u64>(from)?.first().copied().unwrap_or_default());
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
    Ok(WasRead { gathered, cards, locations, heard, drawn })
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
