//! The articles that a thread is comparing: read, prepared, and kept while their pairs follow each other.

use super::detect::Texts;
use super::gather::{Gathered, digest};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::config::Config;
use crate::score::{Prepared, Side};
use std::borrow::Cow;
use std::sync::Mutex;

/// Articles that lie on a desk at a time, unless they are long: as many as a core has in its cache.
pub(crate) const ARTICLES: usize = 128;
/// Words of articles on a desk beyond which the longest unused go.
const WORDS: usize = 1 << 20;

/// Bytes beyond which a buffer is not kept.
const LARGE: usize = 1 << 20;

/// Why an article was lost that is not as it was.
pub(crate) const CHANGED: &str = "changed while it was read";

/// An article with its text.
#[derive(Default)]
pub(crate) struct Loaded<'t> {
    text: Cow<'t, str>,
    pub(crate) prepared: Prepared,
}

impl Loaded<'_> {
    pub(crate) fn side(&self) -> Side<'_> {
        Side { text: &self.text, prepared: &self.prepared }
    }

    /// Whether its buffers are worth keeping.
    fn is_small(&self) -> bool {
        let text = if let Cow::Owned(text) = &self.text { text.capacity() } else { 0 };
        self.prepared.hashes().len() <= WORDS / ARTICLES && text <= LARGE
    }
}

/// What lies on a desk, in the order in which it was used.
#[derive(Default)]
struct Articles<'t> {
    numbers: Vec<u32>,
    #[expect(clippy::vec_box, reason = "it is moved about whenever one is used")]
    loaded: Vec<Box<Loaded<'t>>>,
    /// How many they have together.
    words: usize,
    /// Those that are gone, for their buffers, the one used last at the end: it still lies in the cache.
    #[expect(clippy::vec_box, reason = "they are used again")]
    spare: Vec<Box<Loaded<'t>>>,
    /// Another one, for what texts are made of.
    raw: Vec<u8>,
    /// One for digests.
    chosen: Vec<u64>,
}

/// Where articles come from, the desks that no thread is at, and what was lost.
pub(crate) struct Office<'a, T> {
    pub(crate) gathered: &'a Gathered,
    pub(crate) texts: &'a T,
    pub(crate) config: &'a Config,
    pub(crate) boilerplate: &'a Boilerplate,
    free: Mutex<Vec<Articles<'a>>>,
    lost: Mutex<Vec<(ArticleId, String)>>,
}

impl<'a, T: Texts> Office<'a, T> {
    pub(crate) fn new(gathered: &'a Gathered, texts: &'a T, config: &'a Config, boilerplate: &'a Boilerplate) -> Self {
        let (free, lost) = (Mutex::default(), Mutex::default());
        Self { gathered, texts, config, boilerplate, free, lost }
    }

    /// A desk for a thread.
    pub(crate) fn desk(&self) -> Desk<'_, 'a, T> {
        let articles = self.free.lock().ok().and_then(|mut free| free.pop()).unwrap_or_default();
        Desk { office: self, articles }
    }

    /// Takes note of an article that cannot be compared, and why.
    pub(crate) fn lose(&self, article: ArticleId, reason: String) {
        if let Ok(mut lost) = self.lost.lock() {
            lost.push((article, reason));
        }
    }

    /// The articles that could not be read again as they were, and why.
    pub(crate) fn into_lost(self) -> Vec<(ArticleId, String)> {
        let mut lost = self.lost.into_inner().unwrap_or_default();
        lost.sort();
        lost.dedup_by_key(|(article, _)| *article);
        lost
    }
}

/// A thread's articles, the one used last at the end.
pub(crate) struct Desk<'o, 'a, T> {
    office: &'o Office<'a, T>,
    articles: Articles<'a>,
}

impl<'a, T: Texts> Desk<'_, 'a, T> {
    /// Both articles of a pair, or nothing if one is lost.
    pub(crate) fn pair(&mut self, pair: Pair) -> Option<(&Loaded<'a>, &Loaded<'a>)> {
        self.fetch(pair.a())?;
        self.fetch(pair.b())?;
        let [.., a, b] = &self.articles.loaded[..] else { return None };
        Some((a, b))
    }

    /// One article, or nothing if it is lost.
    pub(crate) fn article(&mut self, article: u32) -> Option<&Loaded<'a>> {
        self.fetch(article)?;
        self.articles.loaded.last().map(|loaded| &**loaded)
    }

    /// Takes all articles away: what comes has nothing to do with them.
    pub(crate) fn clear(&mut self) {
        let Articles { numbers, loaded, words, spare, .. } = &mut self.articles;
        numbers.clear();
        *words = 0;
        spare.extend(loaded.drain(..).filter(|gone| gone.is_small()));
    }

    /// Puts an article at the end.
    fn fetch(&mut self, article: u32) -> Option<()> {
        if let Some(at) = self.articles.numbers.iter().rposition(|&number| number == article) {
            self.articles.numbers[at..].rotate_left(1);
            self.articles.loaded[at..].rotate_left(1);
            return Some(());
        }
        let loaded = self.load(article)?;
        self.articles.words += loaded.prepared.hashes().len();
        self.articles.numbers.push(article);
        self.articles.loaded.push(loaded);
        Some(())
    }

    fn load(&mut self, article: u32) -> Option<Box<Loaded<'a>>> {
        let Office { gathered, texts, config, boilerplate, .. } = self.office;
        let mut loaded = self.make_room(gathered.words[article as usize] as usize);
        let Loaded { text, prepared } = &mut *loaded;
        let buffer = if let Cow::Owned(text) = std::mem::take(text) { text } else { String::new() };
        self.articles.raw.truncate(LARGE);
        self.articles.raw.shrink_to(LARGE);
        *text = match texts.text_in(ArticleId(article), &mut self.articles.raw, buffer) {
            Ok(text) => text,
            Err(reason) => {
                self.office.lose(ArticleId(article), reason);
                return None;
            }
        };
        prepared.refill(text, config);
        prepared.mark(boilerplate);
        if digest(prepared.shingles(), config.shingle, &mut self.articles.chosen) != gathered.digests[article as usize]
        {
            self.office.lose(ArticleId(article), CHANGED.to_owned());
            return None;
        }
        Some(loaded)
    }

    /// Takes away what was not used for longest, where there is too much; the last stays. Gives one to be used again.
    fn make_room(&mut self, words: usize) -> Box<Loaded<'a>> {
        let Articles { numbers, loaded, words: held, spare, .. } = &mut self.articles;
        while loaded.len() > 1 && (*held + words > WORDS || loaded.len() >= ARTICLES) {
            numbers.remove(0);
            let gone = loaded.remove(0);
            *held -= gone.prepared.hashes().len();
            if gone.is_small() {
                spare.push(gone);
            }
        }
        spare.pop().unwrap_or_default()
    }
}

impl<T> Drop for Desk<'_, '_, T> {
    fn drop(&mut self) {
        if let Ok(mut free) = self.office.free.lock() {
            free.push(std::mem::take(&mut self.articles));
        }
    }
}
