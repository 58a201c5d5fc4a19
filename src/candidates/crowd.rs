//! Crowds: buckets too full to compare everyone with everyone.
//!
//! **Takes** crowds, members in the order of who stays, and a judge that scores pairs. **Gives** the pairs that passed,
//! all of them between a member and a leader.
//!
//! **How.** In rounds: the first member of a crowd is its leader and is compared with all the others; those that match
//! leave, and the first that is left leads the next round. A crowd of at most [`BUCKET`] is compared in full. After
//! [`LEADERS`] rounds, or [`FRUITLESS`] in a row in which nobody matched, those still unmatched overflow: they are
//! counted, and have their other buckets.
//! **Cost** at most `LEADERS` comparisons for each (band, member), never quadratic.

use super::Pair;
use super::lsh::{PairSet, all_pairs};
use crate::config::{BUCKET, FRUITLESS, LEADERS};
use ahash::{AHashMap, AHashSet};

/// What became of the crowds.
#[derive(Debug, Default)]
pub(crate) struct Crowds {
    /// Pairs that passed, each of a leader and a follower.
    pub(crate) matched: Vec<Pair>,
    /// Pairs that are still to be scored: of what was left of crowds that had become small.
    pub(crate) open: Vec<Pair>,
    /// The leaders that each follower matched, ascending.
    pub(crate) leaders: AHashMap<u32, Vec<u32>>,
    /// Members that matched no leader of some crowd and were not compared further there.
    pub(crate) overflow: usize,
}

/// Settles all crowds. `judge` says of each pair whether it passes.
pub(crate) fn settle(crowds: Vec<Vec<u32>>, mut judge: impl FnMut(&[Pair]) -> Vec<bool>) -> Crowds {
    let mut settled = Crowds::default();
    let mut open = PairSet::default();
    let mut judged: AHashMap<Pair, bool> = AHashMap::new();
    let mut overflow: AHashSet<u32> = AHashSet::new();
    // Each crowd with the number of its last leaders that matched nobody.
    let mut crowds: Vec<(Vec<u32>, usize)> = crowds.into_iter().map(|crowd| (crowd, 0)).collect();
    for _ in 0..LEADERS {
        if crowds.is_empty() {
            break;
        }
        let mut round: Vec<Pair> = crowds
            .iter()
            .flat_map(|(crowd, _)| crowd[1..].iter().map(|&member| Pair::new(crowd[0], member)))
            .filter(|pair| !judged.contains_key(pair))
            .collect();
        round.sort_unstable();
        round.dedup();
        let verdicts = judge(&round);
        judged.extend(round.into_iter().zip(verdicts));
        for (crowd, fruitless) in &mut crowds {
            let (leader, before) = (crowd[0], crowd.len());
            let mut first = true;
            crowd.retain(|&member| {
                if std::mem::take(&mut first) {
                    return false;
                }
                let pair = Pair::new(leader, member);
                let matches = judged[&pair];
                if matches {
                    settled.matched.push(pair);
                    settled.leaders.entry(member).or_default().push(leader);
                }
                !matches
            });
            *fruitless = if crowd.len() + 1 == before { *fruitless + 1 } else { 0 };
        }
        crowds.retain(|(crowd, fruitless)| {
            if crowd.len() <= BUCKET {
                let mut pairs = Vec::new();
                all_pairs(crowd, &mut pairs);
                open.extend(&pairs);
            } else if *fruitless >= FRUITLESS {
                overflow.extend(crowd);
            }
            crowd.len() > BUCKET && *fruitless < FRUITLESS
        });
    }
    overflow.extend(crowds.iter().flat_map(|(crowd, _)| crowd));
    settled.overflow = overflow.len();
    settled.matched.sort_unstable();
    settled.matched.dedup();
    for leaders in settled.leaders.values_mut() {
        leaders.sort_unstable();
        leaders.dedup();
    }
    settled.open = open.into_sorted();
    settled.open.retain(|pair| !judged.contains_key(pair));
    settled
}

impl Crowds {
    /// Whether both follow one leader, so that their own likeness goes without saying.
    pub(crate) fn share_a_leader(&self, pair: Pair) -> bool {
        let (Some(a), Some(b)) = (self.leaders.get(&pair.a()), self.leaders.get(&pair.b())) else { return false };
        a.iter().any(|leader| b.binary_search(leader).is_ok())
    }

    /// How many pairs of followers of one leader there are beyond those in `listed`. Each follower counts with its first
    /// leader. Two references are no pair.
    pub(crate) fn unlisted(&self, listed: impl Iterator<Item = Pair>, is_reference: impl Fn(u32) -> bool) -> u64 {
        let home = |member: u32| self.leaders.get(&member).map(|leaders| leaders[0]);
        let mut followers: AHashMap<u32, (u64, u64)> = AHashMap::new();
        for (&member, leaders) in &self.leaders {
            let (all, references) = followers.entry(leaders[0]).or_default();
            *all += 1;
            *references += u64::from(is_reference(member));
        }
        let pairs = |count: u64| count * count.saturating_sub(1) / 2;
        let all: u64 = followers.values().map(|&(all, references)| pairs(all) - pairs(references)).sum();
        let listed = listed.filter(|pair| home(pair.a()).is_some_and(|leader| home(pair.b()) == Some(leader))).count();
        all - listed as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members are alike if they have the same remainder.
    fn alike(remainder: u32) -> impl FnMut(&[Pair]) -> Vec<bool> {
        move |pairs| pairs.iter().map(|pair| pair.a() % remainder == pair.b() % remainder).collect()
    }

    #[test]
    fn everyone_meets_a_leader_of_their_kind() {
        let settled = settle(vec![(0..1000).collect()], alike(3));
        assert_eq!(settled.matched.len(), 997);
        assert_eq!(settled.overflow, 0);
        assert!(settled.share_a_leader(Pair::new(4, 7)));
        assert!(!settled.share_a_leader(Pair::new(4, 8)));
        // 333 followers of 0 and 332 of each of 1 and 2, none of whose pairs is listed.
        let all = 333 * 332 / 2 + 2 * (332 * 331 / 2);
        assert_eq!(settled.unlisted(settled.matched.iter().copied(), |_| false), all);
        assert_eq!(settled.unlisted(settled.matched.iter().copied(), |_| true), 0);
    }

    #[test]
    fn strangers_overflow_and_are_counted() {
        let settled = settle(vec![(0..1000).collect()], alike(1000));
        assert!(settled.matched.is_empty());
        assert_eq!(settled.overflow, 1000 - FRUITLESS);
    }

    #[test]
    fn leaders_are_few_whatever_the_kinds() {
        // Sixteen leaders each take two followers; then the rest is left.
        let settled =
            settle(vec![(0..1000).collect()], |pairs| pairs.iter().map(|pair| pair.a() / 3 == pair.b() / 3).collect());
        assert_eq!(settled.matched.len(), 2 * LEADERS);
        assert_eq!(settled.overflow, 1000 - 3 * LEADERS);
    }

    #[test]
    fn what_is_left_of_a_small_crowd_stays_open() {
        let kinds = |pairs: &[Pair]| pairs.iter().map(|pair| pair.b() < 60).collect();
        let settled = settle(vec![(0..70).collect()], kinds);
        assert_eq!(settled.matched.len(), 59);
        assert_eq!(settled.open.len(), 10 * 9 / 2);
    }
}
