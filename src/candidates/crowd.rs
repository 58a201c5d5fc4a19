//! Crowds: buckets too full to compare everyone with everyone.
//!
//! **Takes** crowds, members in the order of who stays, and a judge that scores pairs. **Gives** the pairs that passed,
//! all of them between a member and a leader.
//!
//! **How.** In rounds: the first member of a crowd is its leader and is compared with all the others; those that are like
//! it leave, and the first that is left leads the next round. A member that shares much with the leader without being
//! like it, as a page that embeds a story, is paired with it and stays. A crowd of at most [`BUCKET`] is compared in full.
//! After [`LEADERS`] rounds, or [`FRUITLESS`] in a row in which nobody passed, those still there overflow: they are
//! counted, and have their other buckets.
//! **Cost** at most `LEADERS` comparisons for each (bucket, member), never quadratic.

use super::Pair;
use super::lsh::{PairSet, all_pairs};
use crate::config::{BUCKET, FRUITLESS, LEADERS};
use ahash::{AHashMap, AHashSet};

/// What a judge says of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not compared, as their signatures hardly agree: they are not alike, and nothing else is known.
    #[default]
    Unlikely,
    /// No reason to report it.
    Apart,
    /// To be reported, though the two are not versions of one text.
    Paired,
    /// Alike: the one can stand for the other.
    Alike,
}

/// What became of the crowds.
#[derive(Debug, Default)]
pub(crate) struct Crowds {
    /// Pairs that passed, each of a leader and a follower or partner.
    pub(crate) matched: Vec<Pair>,
    /// Pairs that are still to be scored: of what was left of crowds that had become small.
    pub(crate) open: Vec<Pair>,
    /// The leaders that each follower is like, ascending.
    pub(crate) leaders: AHashMap<u32, Vec<u32>>,
    /// Pairs of a leader and one that is not like it.
    partners: Vec<Pair>,
    /// All that was said.
    judged: AHashMap<Pair, Verdict>,
    /// Members that were not compared with all others of some crowd, nor follow a leader there.
    pub(crate) overflow: AHashSet<u32>,
}

/// A crowd on its way.
struct Crowd {
    members: Vec<u32>,
    /// How many of its last leaders were paired with nobody.
    fruitless: usize,
}

impl Crowds {
    /// Settles crowds, in addition to those that are settled already. `judge` says of each pair what it is. If `thorough`,
    /// nobody is given up, whatever it takes.
    pub(crate) fn settle(
        &mut self,
        mut crowds: Vec<Vec<u32>>,
        thorough: bool,
        mut judge: impl FnMut(&[Pair]) -> Vec<Verdict>,
    ) {
        let (leaders, fruitless) = if thorough { (usize::MAX, usize::MAX) } else { (LEADERS, FRUITLESS) };
        let mut open = PairSet::default();
        open.extend(&std::mem::take(&mut self.open));
        // A long story brings the same articles together by each of its fingerprints.
        crowds.sort_unstable();
        crowds.dedup();
        let mut crowds: Vec<Crowd> = crowds.into_iter().map(|members| Crowd { members, fruitless: 0 }).collect();
        for _ in 0..leaders {
            if crowds.is_empty() {
                break;
            }
            let mut round: Vec<Pair> = crowds
                .iter()
                .flat_map(|crowd| crowd.members[1..].iter().map(|&member| Pair::new(crowd.members[0], member)))
                .filter(|pair| !self.judged.contains_key(pair))
                .collect();
            round.sort_unstable();
            round.dedup();
            let verdicts = judge(&round);
            self.judged.extend(round.into_iter().zip(verdicts));
            crowds.iter_mut().for_each(|crowd| self.follow(crowd));
            crowds.retain(|crowd| {
                let members = &crowd.members;
                if members.len() <= BUCKET {
                    let mut pairs = Vec::new();
                    all_pairs(members, &mut pairs);
                    open.extend(&pairs);
                } else if crowd.fruitless >= fruitless {
                    self.overflow.extend(members);
                }
                members.len() > BUCKET && crowd.fruitless < fruitless
            });
        }
        self.overflow.extend(crowds.iter().flat_map(|crowd| &crowd.members));
        for pairs in [&mut self.matched, &mut self.partners] {
            pairs.sort_unstable();
            pairs.dedup();
        }
        for leaders in self.leaders.values_mut() {
            leaders.sort_unstable();
            leaders.dedup();
        }
        self.open = open.into_sorted();
        self.open.retain(|pair| !self.judged.contains_key(pair));
    }

    /// Takes out of a crowd its leader and who follows it.
    fn follow(&mut self, crowd: &mut Crowd) {
        let leader = crowd.members.remove(0);
        let mut fruitful = false;
        crowd.members.retain(|&member| {
            let pair = Pair::new(leader, member);
            let verdict = self.judged[&pair];
            match verdict {
                Verdict::Unlikely | Verdict::Apart => return true,
                Verdict::Paired => self.partners.push(pair),
                Verdict::Alike => self.leaders.entry(member).or_default().push(leader),
            }
            self.matched.push(pair);
            fruitful = true;
            verdict == Verdict::Paired
        });
        crowd.fruitless = if fruitful { 0 } else { crowd.fruitless + 1 };
    }

    /// Whether a pair needs no further look: it was compared already, or both follow one leader, so that their own likeness
    /// goes without saying.
    pub(crate) fn settles(&self, pair: Pair) -> bool {
        self.judged.get(&pair).is_some_and(|&verdict| verdict != Verdict::Unlikely) || self.share_a_leader(pair)
    }

    /// Whether both follow one leader, so that their own likeness goes without saying.
    pub(crate) fn share_a_leader(&self, pair: Pair) -> bool {
        let (Some(a), Some(b)) = (self.leaders.get(&pair.a()), self.leaders.get(&pair.b())) else { return false };
        a.iter().any(|leader| b.binary_search(leader).is_ok())
    }

    /// How many pairs there are beyond those in `listed` of two followers of one leader, or of a follower and one that its
    /// leader is paired with. Each follower counts with its first leader. Two references are no pair.
    pub(crate) fn unlisted(&self, listed: impl Iterator<Item = Pair>, is_reference: impl Fn(u32) -> bool) -> u64 {
        let home = |member: u32| self.leaders.get(&member).map(|leaders| leaders[0]);
        let mut followers: AHashMap<u32, (u64, u64)> = AHashMap::new();
        for (&member, leaders) in &self.leaders {
            let (all, references) = followers.entry(leaders[0]).or_default();
            *all += 1;
            *references += u64::from(is_reference(member));
        }
        let pairs = |count: u64| count * count.saturating_sub(1) / 2;
        let among: u64 = followers.values().map(|&(all, references)| pairs(all) - pairs(references)).sum();
        let beside: u64 = self
            .partners
            .iter()
            .flat_map(|pair| [(pair.a(), pair.b()), (pair.b(), pair.a())])
            .filter(|&(leader, partner)| home(partner) != Some(leader))
            .filter_map(|(leader, partner)| Some((followers.get(&leader)?, is_reference(partner))))
            .map(|(&(all, references), reference)| if reference { all - references } else { all })
            .sum();
        let counted = |follower: u32, other: u32| {
            home(follower).is_some_and(|leader| {
                home(other) == Some(leader)
                    || (leader != other && self.partners.binary_search(&Pair::new(leader, other)).is_ok())
            })
        };
        let listed = listed.filter(|pair| counted(pair.a(), pair.b()) || counted(pair.b(), pair.a())).count() as u64;
        (among + beside).saturating_sub(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members are alike if they have the same remainder.
    fn alike(remainder: u32) -> impl FnMut(&[Pair]) -> Vec<Verdict> {
        move |pairs| pairs.iter().map(|pair| like(pair.a() % remainder == pair.b() % remainder)).collect()
    }

    fn like(alike: bool) -> Verdict {
        if alike { Verdict::Alike } else { Verdict::Apart }
    }

    fn settle(crowds: Vec<Vec<u32>>, judge: impl FnMut(&[Pair]) -> Vec<Verdict>) -> Crowds {
        let mut settled = Crowds::default();
        settled.settle(crowds, false, judge);
        settled
    }

    #[test]
    fn everyone_meets_a_leader_of_their_kind() {
        let settled = settle(vec![(0..1000).collect()], alike(3));
        assert_eq!(settled.matched.len(), 997);
        assert_eq!(settled.overflow.len(), 0);
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
        assert_eq!(settled.overflow.len(), 1000 - FRUITLESS);
    }

    #[test]
    fn a_thorough_run_gives_nobody_up() {
        let mut settled = Crowds::default();
        settled.settle(vec![(0..200).collect()], true, alike(200));
        assert!(settled.overflow.is_empty());
        assert_eq!(settled.open.len(), 50 * 49 / 2);
    }

    #[test]
    fn leaders_are_few_whatever_the_kinds() {
        // Sixteen leaders each take two followers; then the rest is left.
        let settled = settle(vec![(0..1000).collect()], |pairs| {
            pairs.iter().map(|pair| like(pair.a() / 3 == pair.b() / 3)).collect()
        });
        assert_eq!(settled.matched.len(), 2 * LEADERS);
        assert_eq!(settled.overflow.len(), 1000 - 3 * LEADERS);
    }

    #[test]
    fn what_is_left_of_a_small_crowd_stays_open() {
        let kinds = |pairs: &[Pair]| pairs.iter().map(|pair| like(pair.b() < 60)).collect();
        let settled = settle(vec![(0..70).collect()], kinds);
        assert_eq!(settled.matched.len(), 59);
        assert_eq!(settled.open.len(), 10 * 9 / 2);
    }

    #[test]
    fn who_embeds_a_story_is_paired_with_its_leader_and_stays() {
        // 0 to 89 are one story, 90 to 99 embed it.
        let judge = |pairs: &[Pair]| {
            pairs.iter().map(|pair| if pair.b() < 90 { Verdict::Alike } else { Verdict::Paired }).collect()
        };
        let settled = settle(vec![(0..100).collect()], judge);
        assert_eq!((settled.matched.len(), settled.overflow.len()), (99, 0));
        assert_eq!(settled.open.len(), 10 * 9 / 2, "those that embed it are compared with each other");
        let unlisted = settled.unlisted(settled.matched.iter().copied(), |_| false);
        assert_eq!(unlisted, 89 * 88 / 2 + 89 * 10);
        assert!(settled.settles(Pair::new(0, 95)) && !settled.settles(Pair::new(1, 95)));
    }
}
