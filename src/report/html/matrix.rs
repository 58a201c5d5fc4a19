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
    let mut paired: Vec<u32> = pairs.iter().flat_map(|pair| [pair.a.0, pair.b.0]).collect();
    paired.sort_unstable();
    paired.dedup();
    // Publishers by number, in the order in which they are met.
    let mut numbers: AHashMap<&str, u32> = AHashMap::new();
    let mut number = |name| {
        let next = numbers.len() as u32;
        *numbers.entry(name).or_insert(next)
    };
    let known: Vec<(u32, Option<Timestamp>, Option<u32>)> = paired
        .into_iter()
        .map(|article| {
            let entry = articles.entry(ArticleId(article));
            (article, entry.date, entry.publisher.map(&mut number))
        })
        .collect();
    // Of each group of copies, its earliest; then the earliest of those that it is paired with.
    let mut earliest: AHashMap<u32, First> = AHashMap::new();
    for &(article, date, publisher) in &known {
        if let Some(when) = date {
            earliest.entry(head(&mut heads, article)).or_default().add((when, article, publisher));
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
    let mut cells: AHashMap<(u32, u32), u64> = AHashMap::new();
    let mut involved = vec![0u64; numbers.len()];
    let (mut counted, mut unknown) = (0u64, 0u64);
    for (article, date, publisher) in known {
        let group = head(&mut heads, article);
        let Some((when, who, from)) = first.get(&group).and_then(First::sure) else {
            unknown += 1;
            continue;
        };
        if who == article {
            continue;
        }
        match (from, publisher, date) {
            (Some(from), Some(to), Some(date)) if is_surely_before(when, date) => {
                *cells.entry((from, to)).or_default() += 1;
                involved[from as usize] += 1;
                involved[to as usize] += 1;
                counted += 1;
            }
            _ => unknown += 1,
        }
    }
    let mut names: Vec<(&str, u32)> =
        numbers.into_iter().filter(|&(_, number)| involved[number as usize] > 0).collect();
    let involved = |number: u32| involved[number as usize];
    names.sort_by(|one, other| involved(other.1).cmp(&involved(one.1)).then(one.0.cmp(other.0)));
    let left = names.len().saturating_sub(MOST_PUBLISHERS);
    names.truncate(MOST_PUBLISHERS);
    if names.is_empty() {
        return None;
    }
    let most = cells.values().copied().max().unwrap_or(1).max(1);
    let cell = |from: u32, to: u32| {
        let number = cells.get(&(from, to)).copied().unwrap_or(0);
        let heat = if number == 0 { 0 } else { 1 + (number * 4 / most) as u32 };
        Cell { number: if number == 0 { String::new() } else { count(number) }, heat }
    };
    let shown = |name: &str| escape(crate::report::pairs::cut(name, 80));
    // Whoever was never first has no row, and whoever was never later no column.
    let has = |from: u32, to: u32| cells.contains_key(&(from, to));
    let later: Vec<(&str, u32)> =
        names.iter().copied().filter(|&(_, to)| names.iter().any(|&(_, from)| has(from, to))).collect();
    let first = names.iter().filter(|&&(_, from)| later.iter().any(|&(_, to)| has(from, to)));
    let rows =
        first.map(|&(name, from)| (shown(name), later.iter().map(|&(_, to)| cell(from, to)).collect())).collect();
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
    Some(Matrix { names: later.iter().map(|(name, _)| shown(name)).collect(), rows, note })
}

/// An article with its date, and the number of its publisher.
type Dated = (Timestamp, u32, Option<u32>);

/// The earliest of some articles, and the earliest of another publisher.
#[derive(Clone, Copy, Default)]
struct First([Option<Dated>; 2]);

impl First {
    fn add(&mut self, one: Dated) {
        let [first, second] = &mut self.0;
        match *first {
            Some(known) if known <= one => {
                if known.2 != one.2 && second.is_none_or(|second| one < second) {
                    *second = Some(one);
                }
            }
            known => {
                // Of one publisher with the first one, the second is that of another all the same.
                *second = known.filter(|known| known.2 != one.2).or(*second);
                *first = Some(one);
            }
        }
    }

    /// The earliest, if it is surely that.
    fn sure(&self) -> Option<Dated> {
        let [first, second] = self.0;
        first.filter(|first| second.is_none_or(|second| is_surely_before(first.0, second.0)))
    }
}

/// Whether a moment is before another one, whatever the time of those may be that are dates alone.
fn is_surely_before(one: Timestamp, other: Timestamp) -> bool {
    one.latest() < other.0
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
