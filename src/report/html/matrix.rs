//! Who had first what whom published later.
//!
//! **Takes** articles with dates and publishers, and the pairs. **Gives** for each publisher how many articles of which other
//! one came later: each article counts once, for the publisher of the earliest article that it, or an exact copy of it, is
//! paired with. Of two articles of one day, one of which has no time, nobody is said to be first. O(n) for n pairs.

use super::{Entries, Pairs};
use crate::article::{ArticleId, Timestamp};
use crate::report::terminal::{count, escape, plural};
use crate::score::Relation;
use ahash::AHashMap;
use std::fmt::Write;

/// Most publishers that are shown.
const MOST_PUBLISHERS: usize = 15;

/// Who had first what whom published later.
pub(super) struct Matrix {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<(String, Vec<Cell>)>,
    pub(super) note: String,
}

pub(super) struct Cell {
    pub(super) number: String,
    /// How dark it is, from 0 to 5.
    pub(super) heat: u32,
}

/// For each article that is in a pair, who had it first: the earliest of all that it or an exact copy of it is paired with.
pub(super) fn matrix(articles: &dyn Entries, pairs: &Pairs<'_>) -> Option<Matrix> {
    let mut heads: Vec<u32> = (0..articles.count() as u32).collect();
    for pair in pairs.iter().filter(|pair| pair.relation == Some(Relation::Identical)) {
        let [a, b] = [pair.a, pair.b].map(|article| head(&mut heads, article.0));
        heads[a.max(b) as usize] = a.min(b);
    }
    // Of each group of copies, its earliest; then the earliest of those that it is paired with.
    let mut earliest: AHashMap<u32, First<'_>> = AHashMap::new();
    for article in pairs.iter().flat_map(|pair| [pair.a, pair.b]) {
        if let Some(when) = articles.date(article) {
            let publisher = articles.entry(article).publisher;
            earliest.entry(head(&mut heads, article.0)).or_default().add((when, article.0, publisher));
        }
    }
    let mut first = earliest.clone();
    for pair in pairs.iter() {
        let [a, b] = [pair.a, pair.b].map(|article| head(&mut heads, article.0));
        for (one, other) in [(a, b), (b, a)] {
            let known = first.entry(one).or_default();
            earliest.get(&other).into_iter().flat_map(|other| other.0).flatten().for_each(|other| known.add(other));
        }
    }
    let mut paired: Vec<u32> = pairs.iter().flat_map(|pair| [pair.a.0, pair.b.0]).collect();
    paired.sort_unstable();
    paired.dedup();
    let mut cells: AHashMap<(&str, &str), u64> = AHashMap::new();
    let mut involved: AHashMap<&str, u64> = AHashMap::new();
    let (mut counted, mut unknown) = (0u64, 0u64);
    for article in paired {
        let group = head(&mut heads, article);
        let Some((when, who, from)) = first.get(&group).and_then(First::sure) else {
            unknown += 1;
            continue;
        };
        if who == article {
            continue;
        }
        let entry = articles.entry(ArticleId(article));
        match (from, entry.publisher, entry.date) {
            (Some(from), Some(to), Some(date)) if is_surely_before(when, date) => {
                *cells.entry((from, to)).or_default() += 1;
                *involved.entry(from).or_default() += 1;
                *involved.entry(to).or_default() += 1;
                counted += 1;
            }
            _ => unknown += 1,
        }
    }
    let mut names: Vec<(&str, u64)> = involved.into_iter().collect();
    names.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    let left = names.len().saturating_sub(MOST_PUBLISHERS);
    names.truncate(MOST_PUBLISHERS);
    if names.is_empty() {
        return None;
    }
    let most = cells.values().copied().max().unwrap_or(1).max(1);
    let cell = |from: &str, to: &str| {
        let number = cells.get(&(from, to)).copied().unwrap_or(0);
        let heat = if number == 0 { 0 } else { 1 + (number * 4 / most) as u32 };
        Cell { number: if number == 0 { String::new() } else { count(number) }, heat }
    };
    let shown = |name: &str| escape(crate::report::pairs::cut(name, 80));
    // Whoever was never first has no row, and whoever was never later no column.
    let later: Vec<&str> = names
        .iter()
        .map(|(to, _)| *to)
        .filter(|to| names.iter().any(|(from, _)| cells.contains_key(&(*from, *to))))
        .collect();
    let first =
        names.iter().map(|(from, _)| *from).filter(|from| later.iter().any(|to| cells.contains_key(&(*from, *to))));
    let rows = first.map(|from| (shown(from), later.iter().map(|to| cell(from, to)).collect())).collect();
    let mut note = format!(
        "{} of which the same words, or much of them, stood in an earlier one; each counts once, for the publisher of the \
         earliest dated article that it, or an exact copy of it, is paired with.",
        plural(counted, "article")
    );
    if unknown > 0 {
        let _ = write!(
            note,
            " It is not known of {} who was first: a date or publisher is missing, or two are of one day and one of them has no \
             time.",
            plural(unknown, "article")
        );
    }
    if left > 0 {
        let _ = write!(note, " {} with fewer are not shown.", plural(left as u64, "publisher"));
    }
    Some(Matrix { names: later.iter().map(|name| shown(name)).collect(), rows, note })
}

/// An article with its date and publisher.
type Dated<'p> = (Timestamp, u32, Option<&'p str>);

/// The earliest of some articles, and the earliest of another publisher.
#[derive(Clone, Copy, Default)]
struct First<'p>([Option<Dated<'p>>; 2]);

impl<'p> First<'p> {
    fn add(&mut self, one: Dated<'p>) {
        let [first, second] = self.0;
        let mut all = [first, second, Some(one)];
        // What is not there comes last.
        all.sort_unstable_by_key(|one| (one.is_none(), *one));
        let other = all[1..].iter().copied().flatten().find(|other| Some(other.2) != all[0].map(|first| first.2));
        self.0 = [all[0], other];
    }

    /// The earliest, if it is surely that.
    fn sure(&self) -> Option<Dated<'p>> {
        let [first, second] = self.0;
        first.filter(|first| second.is_none_or(|second| is_surely_before(first.0, second.0)))
    }
}

/// Whether a moment is before another one. One at midnight is a date whose time nobody knows.
fn is_surely_before(one: Timestamp, other: Timestamp) -> bool {
    let is_date = |moment: Timestamp| moment.0.rem_euclid(Timestamp::DAY) == 0;
    if is_date(one) || is_date(other) {
        one.0.div_euclid(Timestamp::DAY) < other.0.div_euclid(Timestamp::DAY)
    } else {
        one < other
    }
}

/// The head of an article's group of copies.
fn head(heads: &mut [u32], article: u32) -> u32 {
    let mut at = article;
    while heads[at as usize] != at {
        heads[at as usize] = heads[heads[at as usize] as usize];
        at = heads[at as usize];
    }
    at
}
