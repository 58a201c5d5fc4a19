//! A page of one pair, or of one article with all that share passages with it.

use super::{Entries, Entry};
use crate::article::ArticleId;
use crate::input::Card;

/// An article that a page is about.
pub struct Named {
    /// What it is called.
    pub id: String,
    /// Its short fields.
    pub card: Card<'static>,
    /// How many words it has.
    pub words: u32,
}

/// A few articles, in the order of their numbers.
pub struct Few(pub Vec<Named>);

impl Entries for Few {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn entry(&self, article: ArticleId) -> Entry<'_> {
        let Named { id, card, words } = &self.0[article.index()];
        Entry {
            id: id.into(),
            title: card.title.as_deref(),
            date: card.date,
            publisher: card.publisher.as_deref(),
            url: card.url.as_deref(),
            words: *words,
        }
    }
}
