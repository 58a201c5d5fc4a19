//! Scored pairs to clusters: groups of articles around a representative that each of them was compared with.
//!
//! **Takes** articles in the order of who stays, and the pairs among them that reach the threshold. **Gives** for each
//! article its representative. Articles are taken in that order; each joins the first representative with a Jaccard at
//! the threshold or above, or becomes one. So nobody is in a cluster by a chain of likenesses: each member was verified
//! against the representative itself. Who comes first decides; nothing else does.
//! **Cost** linear in the pairs, plus for each member of a crowd at most [`LEADERS`] comparisons and a look at signatures
//! of `REPRESENTATIVES` (1,024) articles for each leader that it follows.
//!
//! [`stays`] says who stays of duplicates that are to be removed.

pub mod stays;

use crate::candidates::Pair;
use crate::config::LEADERS;
use ahash::AHashMap;
use std::cmp::Reverse;

/// Most representatives of those who follow one leader.
const REPRESENTATIVES: usize = 1024;

/// A pair as clustering needs it: both by their place in the order of who stays.
pub(crate) struct Link {
    pub(crate) earlier: u32,
    pub(crate) later: u32,
}

/// The representative of each place in the order; a representative is its own.
///
/// `links` are sorted by `later`. `followed` gives the leaders of a crowd's member, itself if it is one: all who have a
/// leader in common may be alike without having been compared. `verify` compares a member with a representative of such
/// a one, if it is among the [`LEADERS`] with which it has the most in common by `agreement`.
pub(crate) fn representatives(
    count: usize,
    links: &[Link],
    (followed, agreement): (impl Fn(u32) -> Vec<u32>, impl Fn(u32, u32) -> usize),
    mut verify: impl FnMut(Pair) -> bool,
) -> Vec<u32> {
    let mut representative: Vec<u32> = Vec::with_capacity(count);
    // Of each leader, who represents it and those who follow it.
    let mut around: AHashMap<u32, Vec<u32>> = AHashMap::new();
    let mut links = links.iter().peekable();
    for place in 0..count as u32 {
        let mut partners = Vec::new();
        while let Some(link) = links.next_if(|link| link.later == place) {
            partners.push(link.earlier);
        }
        let is_representative = |place: &u32| representative[*place as usize] == *place;
        let mut best = partners.iter().copied().filter(|partner| is_representative(partner)).min();
        let leaders = followed(place);
        let mut others: Vec<u32> = leaders
            .iter()
            .filter_map(|leader| around.get(leader))
            .flatten()
            .copied()
            .filter(|other| best.is_none_or(|best| *other < best) && !partners.contains(other))
            .collect();
        others.sort_unstable();
        others.dedup();
        if others.len() > LEADERS {
            others.sort_by_cached_key(|&other| Reverse(agreement(other, place)));
            others.truncate(LEADERS);
            others.sort_unstable();
        }
        for other in others {
            if verify(Pair::new(other, place)) {
                best = Some(other);
                break;
            }
        }
        let best = best.unwrap_or(place);
        representative.push(best);
        for leader in leaders {
            let known = around.entry(leader).or_default();
            if known.len() < REPRESENTATIVES && !known.contains(&best) {
                known.push(best);
            }
        }
    }
    representative
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(count: usize, pairs: &[(u32, u32)]) -> Vec<u32> {
        let mut links: Vec<Link> = pairs.iter().map(|&(earlier, later)| Link { earlier, later }).collect();
        links.sort_by_key(|link| link.later);
        representatives(count, &links, (|_| Vec::new(), |_, _| 0), |_| false)
    }

    #[test]
    fn a_chain_is_not_a_cluster() {
        assert_eq!(group(4, &[(0, 1), (1, 2), (2, 3)]), [0, 0, 2, 2]);
    }

    #[test]
    fn the_first_representative_wins() {
        assert_eq!(group(4, &[(0, 3), (1, 3), (2, 3)]), [0, 1, 2, 0]);
        assert_eq!(group(3, &[(0, 2), (1, 2), (0, 1)]), [0, 0, 0]);
    }

    #[test]
    fn a_follower_is_verified_against_its_leaders_representative() {
        let links = [Link { earlier: 0, later: 1 }, Link { earlier: 1, later: 2 }];
        let run = |passes| {
            let follows = |place| if place > 0 { vec![1] } else { Vec::new() };
            representatives(3, &links, (follows, |_, _| 0), |pair| {
                assert_eq!(pair, Pair::new(0, 2));
                passes
            })
        };
        assert_eq!(run(true), [0, 0, 0]);
        assert_eq!(run(false), [0, 0, 2]);
    }

    #[test]
    fn of_many_representatives_the_likest_are_tried() {
        // All follow the first; each fifth is a representative of its own, and like nobody but the four behind it.
        let follows = |place| if place > 0 { vec![0] } else { Vec::new() };
        let family = |place: u32| place / 5;
        let alike = |one, other| family(one) == family(other);
        let agreement = |one, other| usize::from(alike(one, other));
        let found = representatives(1000, &[], (follows, agreement), |pair| alike(pair.a(), pair.b()));
        assert!((0..1000).all(|place| found[place as usize] == if place < 5 { place.min(1) } else { place / 5 * 5 }));
    }
}
