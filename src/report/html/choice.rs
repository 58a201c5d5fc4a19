//! Which pairs a page lists, and of which it holds both texts.
//!
//! **Takes** all pairs of a run. **Gives** the strongest of each relation in turn, so that thousands of exact copies hide
//! nothing, and as many texts of them as there is room for. Cost: O(n) for n pairs, and O(m log m) for the m that are
//! chosen of each relation.

use super::{Listed, MOST_LISTED, MOST_OF_ONE, MOST_TEXT};
use crate::article::ArticleId;
use crate::error::Result;
use crate::score::{Relation, ScoredPair};
use std::collections::BTreeMap;

/// The pairs of a run.
pub enum Pairs<'m> {
    /// As they were scored.
    Scored(&'m [ScoredPair]),
    /// As they were read, or made for the page.
    Listed(Vec<Listed>),
}

impl Pairs<'_> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Scored(pairs) => pairs.len(),
            Self::Listed(pairs) => pairs.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pair at a place.
    #[must_use]
    pub fn get(&self, at: u32) -> Listed {
        match self {
            Self::Scored(pairs) => (&pairs[at as usize]).into(),
            Self::Listed(pairs) => pairs[at as usize],
        }
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Listed> + '_ {
        (0..self.len() as u32).map(|at| self.get(at))
    }
}

/// Up to `most` pairs: the strongest of each relation in turn.
#[must_use]
pub fn strongest(pairs: &Pairs<'_>, most: usize) -> Vec<u32> {
    let mut queues: Vec<Vec<(Listed, u32)>> = vec![Vec::new(); Relation::ALL.len() + 1];
    let stronger = |(one, _): &(Listed, u32), (other, _): &(Listed, u32)| one.strength(other);
    let thin = |queue: &mut Vec<_>| {
        if most < queue.len() {
            queue.select_nth_unstable_by(most, stronger);
            queue.truncate(most);
        }
    };
    for (pair, at) in pairs.iter().zip(0..) {
        let place = pair.relation.and_then(|relation| Relation::ALL.iter().position(|&one| one == relation));
        let queue = &mut queues[place.unwrap_or(Relation::ALL.len())];
        queue.push((pair, at));
        // Whenever it has doubled, so that a pair costs as much however many there are.
        if queue.len() > most.saturating_mul(2) {
            thin(queue);
        }
    }
    for queue in &mut queues {
        thin(queue);
        queue.sort_unstable_by(stronger);
        // The strongest of each is taken from the end.
        queue.reverse();
    }
    let mut chosen = Vec::new();
    while chosen.len() < most && queues.iter().any(|queue| !queue.is_empty()) {
        let free = most - chosen.len();
        chosen.extend(queues.iter_mut().filter_map(Vec::pop).map(|(_, at)| at).take(free));
    }
    chosen
}

/// Pairs of which a page holds both texts.
#[derive(Default)]
pub struct Shown {
    /// Their places, those first that were chosen first.
    pub pairs: Vec<u32>,
    /// The texts.
    pub texts: BTreeMap<ArticleId, String>,
}

/// Pairs whose texts are asked for at once.
const AT_ONCE: usize = 64;

impl Shown {
    /// The pairs of `chosen`, in turn, whose texts can be read and fit. `read` gives those texts that it can.
    ///
    /// # Errors
    /// If `read` fails.
    pub fn of(
        pairs: &Pairs<'_>,
        chosen: &[u32],
        read: impl Fn(&[ArticleId]) -> Result<BTreeMap<ArticleId, String>>,
    ) -> Result<Self> {
        let mut shown = Self::default();
        let mut room = MOST_TEXT;
        // No more than are listed.
        for some in chosen[..chosen.len().min(MOST_LISTED)].chunks(AT_ONCE) {
            let of = |at: &u32| [pairs.get(*at).a, pairs.get(*at).b];
            let mut wanted: Vec<ArticleId> =
                some.iter().flat_map(of).filter(|article| !shown.texts.contains_key(article)).collect();
            wanted.sort_unstable();
            wanted.dedup();
            let mut found = read(&wanted)?;
            found.retain(|_, text| text.len() <= MOST_OF_ONE);
            for at in some {
                let both = of(at);
                let is_there = |article| shown.texts.contains_key(article) || found.contains_key(article);
                let more: usize = both.iter().filter_map(|article| found.get(article)).map(String::len).sum();
                if both.iter().all(is_there) && more <= room {
                    room -= more;
                    shown.texts.extend(both.iter().filter_map(|article| found.remove_entry(article)));
                    shown.pairs.push(*at);
                }
            }
        }
        Ok(shown)
    }
}
