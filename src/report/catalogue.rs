//! What results call each article, and what else is known of it without its text.

use crate::article::ArticleId;
use crate::candidates::run::SortedRun;
use crate::input::{Cards, Location, Source, place_of};
use ahash::AHashSet;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// What [`Catalogue::about_ids`] says of ids that are the articles' own.
pub(crate) const BY_FIELD: &str = "the id field";

/// All articles of a run.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The sources they came from.
    pub sources: Vec<Source>,
    /// Their short fields.
    pub cards: Cards,
    /// Where they lie.
    pub locations: Vec<Location>,
    /// How many words each has.
    pub words: Vec<u32>,
    ids: Ids,
}

/// Where ids come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Ids {
    /// From the id field: every record has one and no two are equal.
    Field,
    /// From where the article lies, because there is no id field.
    #[default]
    Place,
    /// From where the article lies, because so many records have no id.
    Missing(usize),
    /// From where the article lies, because this id occurs twice.
    Clash(String),
}

impl Catalogue {
    /// A catalogue of these articles; chooses where ids come from.
    #[must_use]
    pub fn new(sources: Vec<Source>, cards: Cards, locations: Vec<Location>, words: Vec<u32>) -> Self {
        let ids = choose(&cards);
        Self { sources, cards, locations, words, ids }
    }

    /// What results call an article; unique within the run.
    #[must_use]
    pub fn id(&self, article: ArticleId) -> Cow<'_, str> {
        self.id_by(article, self.cards.id(article))
    }

    /// The same given its id field.
    pub(super) fn id_by<'c>(&'c self, article: ArticleId, id: Option<&'c str>) -> Cow<'c, str> {
        match (&self.ids, id) {
            (Ids::Field, Some(id)) => Cow::Borrowed(id),
            _ => self.place(article),
        }
    }

    /// SOURCE, or SOURCE:RECORD where a source holds several.
    fn place(&self, article: ArticleId) -> Cow<'_, str> {
        place_of(&self.source(article).name, self.record(article))
    }

    /// The source of an article.
    #[must_use]
    pub fn source(&self, article: ArticleId) -> &Source {
        &self.sources[self.locations[article.index()].source as usize]
    }

    /// Whose furniture an article may carry: its publisher's, or that of the first folder that its file lies in.
    #[must_use]
    pub fn site(&self, article: ArticleId) -> Option<&str> {
        let source = self.source(article);
        let folder = || source.name.split_once('/').map(|(folder, _)| folder).filter(|_| source.format.is_whole());
        self.cards.get(article).publisher.or_else(folder)
    }

    /// The number of its record, where its source has several.
    #[must_use]
    pub fn record(&self, article: ArticleId) -> Option<u64> {
        (!self.source(article).format.is_whole()).then_some(self.locations[article.index()].record)
    }

    /// In a sentence, where ids come from and why.
    #[must_use]
    pub fn about_ids(&self) -> String {
        match &self.ids {
            Ids::Field => BY_FIELD.to_owned(),
            Ids::Place => "source and record".to_owned(),
            Ids::Missing(count) => {
                let have = if *count == 1 { "has" } else { "have" };
                format!("source and record, as {count} of {} articles {have} no id", self.cards.len())
            }
            Ids::Clash(id) => format!("source and record, as the id {id:?} occurs more than once"),
        }
    }
}

fn choose(cards: &Cards) -> Ids {
    let ids = || (0..cards.len() as u32).map(|article| cards.id(ArticleId(article)));
    let missing = ids().filter(Option::is_none).count();
    if missing == cards.len() {
        return Ids::Place;
    }
    if missing > 0 {
        return Ids::Missing(missing);
    }
    // Of ids by some bits of their hashes, in their order.
    let some_bits = |id: &str| xxh3_64(id.as_bytes()) as u32;
    let alike = SortedRun::new(ids().flatten().map(some_bits).zip(0..));
    let clash = alike.buckets().filter_map(|bucket| {
        let mut seen = AHashSet::new();
        let id = |entry: &u64| cards.id(ArticleId(*entry as u32));
        bucket.iter().find(|entry| !seen.insert(id(entry))).copied()
    });
    let first = clash.map(|entry| ArticleId(entry as u32)).min();
    first.and_then(|article| cards.id(article)).map_or(Ids::Field, |id| Ids::Clash(id.to_owned()))
}
