//! The short fields of many articles, one after the other in one piece of memory.

use super::Card;
use crate::article::{ArticleId, Timestamp};
use crate::saved::{Saved, load_all, save_all};
use std::io::{self, Read, Write};

/// A field that is not there.
const NONE: u32 = u32::MAX;

/// The short fields of articles, in input order: 40 bytes an article and those of the fields.
#[derive(Debug, Default)]
pub struct Cards {
    text: String,
    /// Where an article's fields begin, and how long each is: id, title, publisher, url.
    fields: Vec<(u64, [u32; 4])>,
    dates: Vec<Option<Timestamp>>,
}

impl Saved for Cards {
    fn save(&self, out: &mut dyn Write) -> io::Result<()> {
        self.text.save(out)?;
        let starts: Vec<u64> = self.fields.iter().map(|field| field.0).collect();
        let lengths: Vec<[u32; 4]> = self.fields.iter().map(|field| field.1).collect();
        save_all(&starts, out)?;
        save_all(&lengths, out)?;
        Timestamp::save_some(&self.dates, out)
    }

    fn load(from: &mut dyn Read) -> io::Result<Self> {
        let text = String::load(from)?;
        let starts = load_all::<u64>(from)?;
        let fields = starts.into_iter().zip(load_all::<[u32; 4]>(from)?).collect();
        Ok(Self { text, fields, dates: Timestamp::load_some(from)? })
    }
}

/// The short fields of an article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardView<'c> {
    /// The id field, where there is one.
    pub id: Option<&'c str>,
    /// The title.
    pub title: Option<&'c str>,
    /// Publisher field, or else the host of the url.
    pub publisher: Option<&'c str>,
    /// Where it was published.
    pub url: Option<&'c str>,
    /// When, if the date was there and understood.
    pub date: Option<Timestamp>,
}

impl Cards {
    /// How many articles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Adds the fields of the next article. One of 4 GiB is left out.
    pub(crate) fn push(&mut self, card: &Card<'_>) {
        let start = self.text.len() as u64;
        let lengths = [&card.id, &card.title, &card.publisher, &card.url].map(|field| {
            let Some(field) = field.as_deref() else { return NONE };
            let length = u32::try_from(field.len()).unwrap_or(NONE);
            self.text.push_str(if length == NONE { "" } else { field });
            length
        });
        self.fields.push((start, lengths));
        self.dates.push(card.date);
    }

    /// Adds those that come next.
    pub(crate) fn append(&mut self, mut next: Self) {
        let before = self.text.len() as u64;
        self.text.push_str(&next.text);
        self.fields.extend(next.fields.iter().map(|&(start, lengths)| (before + start, lengths)));
        self.dates.append(&mut next.dates);
    }

    /// The fields of an article.
    ///
    /// # Panics
    /// If there is no such article.
    #[must_use]
    pub fn get(&self, article: ArticleId) -> CardView<'_> {
        let (start, lengths) = self.fields[article.index()];
        let mut at = start as usize;
        let [id, title, publisher, url] = lengths.map(|length| {
            let range = at..at + if length == NONE { 0 } else { length as usize };
            at = range.end;
            (length != NONE).then(|| &self.text[range])
        });
        CardView { id, title, publisher, url, date: self.dates[article.index()] }
    }

    /// The id field of an article, where there is one.
    pub(crate) fn id(&self, article: ArticleId) -> Option<&str> {
        let (start, [length, ..]) = self.fields[article.index()];
        (length != NONE).then(|| &self.text[start as usize..][..length as usize])
    }

    /// When an article was published, if that is known.
    #[cfg(feature = "cli")]
    pub(crate) fn date(&self, article: ArticleId) -> Option<Timestamp> {
        self.dates[article.index()]
    }

    /// The fields of all articles.
    pub fn iter(&self) -> impl Iterator<Item = CardView<'_>> {
        (0..self.len() as u32).map(|article| self.get(ArticleId(article)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;

    proptest! {
        /// Law: what was added is there, whatever is missing, and in whatever parts it came.
        #[test]
        fn cards_come_back(all in proptest::collection::vec((proptest::option::of(".{0,9}"), proptest::option::of(".{0,9}"), any::<Option<i64>>()), 0..20), cut in any::<proptest::sample::Index>()) {
            let card = |(id, url, date): &(Option<String>, Option<String>, Option<i64>)| Card {
                id: id.clone().map(Cow::Owned),
                url: url.clone().map(Cow::Owned),
                date: date.map(Timestamp),
                ..Card::default()
            };
            let (first, second) = all.split_at(cut.index(all.len() + 1));
            let cards = |some: &[_]| {
                let mut cards = Cards::default();
                some.iter().for_each(|one| cards.push(&card(one)));
                cards
            };
            let mut joined = cards(first);
            joined.append(cards(second));
            let expected: Vec<CardView<'_>> = all
                .iter()
                .map(|(id, url, date)| CardView { id: id.as_deref(), url: url.as_deref(), date: date.map(Timestamp), ..CardView::default() })
                .collect();
            prop_assert_eq!(joined.iter().collect::<Vec<_>>(), expected);
        }
    }
}
