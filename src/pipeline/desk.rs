//! The articles that a thread is comparing: read, prepared, and kept while their pairs follow each other.
//!
//! Which of them stay together on a desk is decided before (`stories.rs`); the others come by, one at a time.

use super::detect::Texts;
use super::gather::{Gathered, digest};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::config::Config;
use crate::score::{Prepared, Side};
use ahash::AHashMap;
use std::borrow::Cow;
use std::sync::Mutex;

/// Articles that stay on a desk together, at most, and how many words they have, at most, if there is more than one.
pub(crate) const ARTICLES: usize = 1024;
pub(crate) const WORDS: usize = 1 << 19;

/// Articles whose buffers are kept when they are gone, at most; how many words they have, and bytes of text.
const SPARE: usize = 128;
const FEW_WORDS: usize = 1 << 13;
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
        self.prepared.hashes().len() <= FEW_WORDS && text <= LARGE
    }
}

/// What lies on a desk.
#[derive(Default)]
struct Articles<'t> {
    /// Those that stay, and how many words they have.
    loaded: Vec<Loaded<'t>>,
    words: usize,
    /// Where each of them lies.
    places: AHashMap<u32, usize>,
    /// The last that is to stay with them.
    last: u32,
    /// One that came by, with its number.
    visitor: Option<(u32, Loaded<'t>)>,
    /// Those that are gone, for their buffers, the one used last at the end: it still lies in the cache.
    spare: Vec<Loaded<'t>>,
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

/// A thread's articles.
pub(crate) struct Desk<'o, 'a, T> {
    office: &'o Office<'a, T>,
    articles: Articles<'a>,
}

impl<'a, T: Texts> Desk<'_, 'a, T> {
    /// Both articles of a pair, or nothing if one is lost. The first stays, and the second if it is not behind those that do.
    pub(crate) fn pair(&mut self, pair: Pair) -> Option<(&Loaded<'a>, &Loaded<'a>)> {
        let a = self.stays(pair.a())?;
        let b = if pair.b() <= self.articles.last {
            let b = self.stays(pair.b())?;
            &self.articles.loaded[b]
        } else {
            self.visits(pair.b())?;
            let Articles { visitor: Some((_, visitor)), .. } = &self.articles else { return None };
            visitor
        };
        Some((&self.articles.loaded[a], b))
    }

    /// One article, which stays, or nothing if it is lost.
    pub(crate) fn article(&mut self, article: u32) -> Option<&Loaded<'a>> {
        let place = self.stays(article)?;
        self.articles.loaded.get(place)
    }

    /// Makes room for articles up to this one, which stay together: takes all others away. Where the same were there before,
    /// some are still, if those of several times are not too many.
    pub(crate) fn make_room(&mut self, until: u32) {
        let Articles { loaded, words, places, last, visitor, spare, .. } = &mut self.articles;
        let is_full = loaded.len() > 1 && (*words > WORDS || loaded.len() > ARTICLES);
        if *last == until && !is_full {
            return;
        }
        *last = until;
        places.clear();
        *words = 0;
        let gone = loaded.drain(..).chain(visitor.take().map(|(_, visitor)| visitor));
        spare.extend(gone.filter(Loaded::is_small));
        spare.drain(..spare.len().saturating_sub(SPARE));
    }

    /// Where an article lies that stays.
    fn stays(&mut self, article: u32) -> Option<usize> {
        if let Some(&place) = self.articles.places.get(&article) {
            return Some(place);
        }
        let loaded = self.load(article)?;
        let Articles { loaded: all, words, places, .. } = &mut self.articles;
        *words += loaded.prepared.hashes().len();
        places.insert(article, all.len());
        all.push(loaded);
        Some(all.len() - 1)
    }

    /// Takes the visitor away if it is not this article, which comes instead.
    fn visits(&mut self, article: u32) -> Option<()> {
        if self.articles.visitor.as_ref().is_none_or(|(number, _)| *number != article) {
            let gone = self.articles.visitor.take().map(|(_, gone)| gone).filter(Loaded::is_small);
            self.articles.spare.extend(gone);
            self.articles.visitor = Some((article, self.load(article)?));
        }
        Some(())
    }

    fn load(&mut self, article: u32) -> Option<Loaded<'a>> {
        let Office { gathered, texts, config, boilerplate, .. } = self.office;
        let mut loaded = self.articles.spare.pop().unwrap_or_default();
        let Loaded { text, prepared } = &mut loaded;
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
}

impl<T> Drop for Desk<'_, '_, T> {
    fn drop(&mut self) {
        if let Ok(mut free) = self.office.free.lock() {
            free.push(std::mem::take(&mut self.articles));
        }
    }
}
