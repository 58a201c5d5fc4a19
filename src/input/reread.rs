//! Reading an article's text again, when a pair needs it.

use super::ahead;
use super::kept::Kept;
use super::read;
use super::stream::Window;
use super::{Drawn, InputOptions, Location, Source, TextPlace, record};
use crate::article::ArticleId;
use crate::simd::string;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Most sources that are kept open.
const OPEN: usize = 256;

/// Finds an article's text again by where it lies.
///
/// A file is read at that place. A compressed one that was not kept unpacked is read through again, and the records that
/// are needed kept in a temporary file. Texts that had to be drawn from something else are kept as they are.
pub struct Library<'s> {
    sources: &'s [Source],
    locations: &'s [Location],
    options: &'s InputOptions,
    kept: &'s Kept,
    drawn: &'s Drawn,
    /// Of every source, where they are not too many.
    open: Vec<OnceLock<Option<Window>>>,
    extracts: BTreeMap<usize, Arc<Extract>>,
}

/// Where records of a packed source are, unpacked.
pub struct Extract {
    source: usize,
    /// (article, offset, length), by article.
    records: Vec<(ArticleId, u64, u64)>,
}

impl<'s> Library<'s> {
    /// A library over articles whose places are known, and over what was kept of their sources and texts.
    #[must_use]
    pub(crate) fn new(
        sources: &'s [Source],
        locations: &'s [Location],
        options: &'s InputOptions,
        (kept, drawn): (&'s Kept, &'s Drawn),
    ) -> Self {
        let few = if sources.len() <= OPEN { sources.len() } else { 0 };
        let open = (0..few).map(|_| OnceLock::new()).collect();
        let extracts = kept.extracts().clone();
        Self { sources, locations, options, kept, drawn, open, extracts }
    }

    /// Whether any article of a source can be read by itself.
    fn is_at_hand(&self, source: usize) -> bool {
        let of = &self.sources[source];
        !of.is_packed() || of.format.is_drawn() || self.kept.has(source)
    }

    /// Whether any article can.
    pub(crate) fn is_all_at_hand(&self) -> bool {
        (0..self.sources.len()).all(|source| self.is_at_hand(source))
    }

    /// The sources of `articles` (ascending) that have to be read through, each with those of its articles: those of which
    /// not all was extracted before.
    #[must_use]
    pub fn packed<'a>(&self, articles: &'a [ArticleId]) -> Vec<&'a [ArticleId]> {
        let source_of = |article: &ArticleId| self.locations[article.index()].source as usize;
        articles
            .chunk_by(|one, other| source_of(one) == source_of(other))
            .filter(|chunk| !self.is_at_hand(source_of(&chunk[0])))
            .filter(|chunk| !self.extracts.get(&source_of(&chunk[0])).is_some_and(|extract| extract.has(chunk)))
            .collect()
    }

    /// Reads one packed source again and keeps the records of `articles`, which are all in it, ascending. Those that are
    /// not there any more are left out.
    ///
    /// # Errors
    /// If the temporary file cannot be written.
    pub fn extract(&self, articles: &[ArticleId]) -> std::io::Result<Extract> {
        let source = self.locations[articles[0].index()].source as usize;
        let mut records = Vec::with_capacity(articles.len());
        let mut wanted = articles.iter().peekable();
        let mut some = Vec::new();
        for block in self.sources[source].blocks(self.options.limits) {
            let (end, first) = (block.offset + block.bytes.len() as u64, records.len());
            some.clear();
            while let Some(&article) = wanted.next_if(|article| self.locations[article.index()].offset < end) {
                let Location { offset, len, .. } = self.locations[article.index()];
                let start = offset.saturating_sub(block.offset) as usize;
                if let Some(bytes) = block.bytes.get(start..start + len as usize) {
                    records.push((article, some.len() as u64, len));
                    some.extend_from_slice(bytes);
                }
            }
            if !some.is_empty() {
                let at = self.kept.extracted().add(&some)?;
                records[first..].iter_mut().for_each(|(_, offset, _)| *offset += at);
            }
        }
        Ok(Extract { source, records })
    }

    /// Puts what was extracted where [`text`](Self::text) finds it, and the libraries that come after this one.
    pub fn install(&mut self, extract: Extract) {
        let extract = Arc::new(extract);
        self.kept.extracts().insert(extract.source, Arc::clone(&extract));
        self.extracts.insert(extract.source, extract);
    }

    /// The article that lies at a place, if it did when its number was given.
    pub(crate) fn find(&self, place: &Location) -> Option<ArticleId> {
        let order = |location: &Location| (location.source, location.offset);
        let at = self.locations.binary_search_by_key(&order(place), order).ok()?;
        Some(ArticleId(at as u32))
    }

    /// The text of an article.
    ///
    /// # Errors
    /// The reason, if it cannot be read any more.
    pub fn text(&self, article: ArticleId) -> Result<String, String> {
        self.text_in(article, &mut Vec::new(), String::new())
    }

    /// The same with buffers: for the bytes that it is made of, and for the text.
    pub(crate) fn text_in(&self, article: ArticleId, raw: &mut Vec<u8>, mut text: String) -> Result<String, String> {
        let location = self.locations[article.index()];
        let index = location.source as usize;
        let source = &self.sources[index];
        match location.text {
            TextPlace::Drawn { at, len } => {
                let text = self.drawn.get(at, len).map_err(|error| error.to_string())?;
                return string(text).map_err(|_| gone());
            }
            TextPlace::Within { start, len } if self.is_at_hand(index) => {
                let inner = self.bytes(index, location.offset + u64::from(start), len as usize, raw)?;
                let inner = simdutf8::basic::from_utf8(inner).map_err(|_| gone())?;
                record::decode(inner, &mut text).map_err(|_| gone())?;
                return Ok(text);
            }
            _ if source.format.is_whole() => return read::text(source, self.options),
            _ => {}
        }
        let record = match self.extracts.get(&index) {
            Some(extract) => self.extracted(extract, article, raw),
            None if self.is_at_hand(index) => self.bytes(index, location.offset, location.len as usize, raw),
            None => Err(gone()),
        }?;
        read::text_of(source, record, self.options).ok().flatten().ok_or_else(gone)
    }

    /// Bytes of a source, which may be read into a buffer.
    fn bytes<'b>(&'b self, index: usize, offset: u64, len: usize, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], String> {
        if self.sources[index].is_packed() {
            return self.kept.get(index, offset, len).ok_or_else(gone);
        }
        let buffer = first_of(buffer, len);
        self.opened(index)?.read_exact_into(offset, buffer).map_err(|_| gone())?;
        Ok(buffer)
    }

    /// The record of an article that was extracted, read into a buffer.
    fn extracted<'b>(
        &self,
        extract: &Extract,
        article: ArticleId,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], String> {
        let (at, len) = extract.place(article).ok_or_else(gone)?;
        let buffer = first_of(buffer, len as usize);
        let window = self.kept.extracted().window(at, len);
        window.and_then(|window| window.read_exact_into(0, buffer)).map_err(|error| error.to_string())?;
        Ok(buffer)
    }

    /// A source that is not packed.
    fn opened(&self, index: usize) -> Result<Cow<'_, Window>, String> {
        let open = || self.sources[index].place.shared().map_err(|error| error.to_string());
        let Some(window) = self.open.get(index) else { return open().map(Cow::Owned) };
        window.get_or_init(|| open().ok()).as_ref().map(Cow::Borrowed).ok_or_else(gone)
    }

    /// Asks early for the texts of articles that are read soon, and in about this order.
    pub(crate) fn fetch_ahead(&self, articles: &[ArticleId]) {
        ahead::fetch(articles, |&article| self.window(article));
    }

    /// What of a file is read for the text of an article; nothing if there is no such file.
    fn window(&self, article: ArticleId) -> Option<Window> {
        let Location { source, offset, len, text, .. } = self.locations[article.index()];
        let index = source as usize;
        if let TextPlace::Drawn { at, len } = text {
            return self.drawn.window(at, len.into()).ok();
        }
        if let Some(extract) = self.extracts.get(&index) {
            let (at, len) = extract.place(article)?;
            return self.kept.extracted().window(at, len).ok();
        }
        let source = &self.sources[index];
        if source.is_packed() {
            return None;
        }
        let whole = self.opened(index).ok()?.into_owned();
        let start = whole.start + offset;
        Some(if source.format.is_whole() { whole } else { Window::new(start..start + len, whole.file) })
    }
}

impl Extract {
    /// Whether the records of all these articles are here.
    fn has(&self, articles: &[ArticleId]) -> bool {
        articles.iter().all(|&article| self.place(article).is_some())
    }

    /// Where an article's record is: its first byte, and how many there are.
    fn place(&self, article: ArticleId) -> Option<(u64, u64)> {
        let at = self.records.binary_search_by_key(&article, |&(article, ..)| article).ok()?;
        let (_, offset, len) = self.records[at];
        Some((offset, len))
    }
}

/// So many bytes of a buffer, to be written over.
fn first_of(buffer: &mut Vec<u8>, len: usize) -> &mut [u8] {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    &mut buffer[..len]
}

fn gone() -> String {
    "changed while it was read".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Plan, ReadArticle, Wanted, read_block, units};
    use std::fs;
    use std::io::Write;

    #[test]
    fn what_is_asked_for_early_is_what_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lines: String = (0..5).map(|n| format!("{{\"text\": \"line {n}\"}}\n")).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(lines.as_bytes()).expect("in memory");
        let files: [(&str, &[u8]); 4] = [
            ("a.txt", b"a whole file"),
            ("b.jsonl", lines.as_bytes()),
            ("c.jsonl.gz", &packed.finish().expect("in memory")),
            ("d.html", b"<html><body><p>a page</p></body></html>"),
        ];
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("a temporary file");
        }
        let options = InputOptions::default();
        let plan = Plan::new(&[folder.path().to_owned()], &[], &options).expect("valid");
        let (drawn, kept, mut locations) = (Drawn::default(), Kept::default(), Vec::new());
        let mut note = |article: ReadArticle<'_>| {
            let mut location = article.location;
            if plan.sources[location.source as usize].format.is_drawn() {
                location.text = drawn.put(article.text).expect("a temporary file");
            }
            locations.push(location);
        };
        for unit in units(&plan.sources) {
            let Some(blocks) = unit.blocks(&plan.sources, &options) else {
                unit.read(&plan.sources, &options, Wanted::All, &mut note);
                continue;
            };
            let source = (unit.source(), &plan.sources[unit.source()]);
            blocks.for_each(|block| _ = read_block(source, &block, &options, Wanted::All, &mut note));
        }
        let articles: Vec<ArticleId> = (0..locations.len() as u32).map(ArticleId).collect();
        assert_eq!(articles.len(), 12);
        let mut library = Library::new(&plan.sources, &locations, &options, (&kept, &drawn));
        for packed in library.packed(&articles) {
            let extract = library.extract(packed).expect("a temporary file");
            library.install(extract);
        }
        library.fetch_ahead(&articles);
        for &article in &articles {
            let window = library.window(article).expect("all are in files");
            let bytes = window.read_exact_at(0, window.len() as usize).expect("they are there");
            let text = library.text(article).expect("it is there");
            let record = if text.starts_with("line") { format!("{{\"text\": \"{text}\"}}") } else { text };
            assert_eq!(String::from_utf8_lossy(&bytes).trim_end(), record);
        }
        let later = Library::new(&plan.sources, &locations, &options, (&kept, &drawn));
        assert!(later.packed(&articles).is_empty(), "no source is read through twice for the same records");
        assert!(articles.iter().all(|&article| later.text(article) == library.text(article)));
        fs::remove_file(folder.path().join("a.txt")).expect("it is there");
        library.fetch_ahead(&articles);
        assert!(library.text(articles[0]).is_err(), "only advice, which nobody hears of");
    }
}
