//! Crowds: buckets too full to compare everyone with everyone.
//!
//! **Takes** crowds, members in the order of who stays, and a judge that scores pairs. **Gives** the pairs that passed,
//! all of them between a member and a leader.
//!
//! **How.** In rounds: the first member of a crowd is its leader and is compared with all the others; those that are like
//! it leave, and the first that is left leads the next round. A member that shares much with the leader without being
//! like it, as a page that embeds a story, is paired with it and stays. A crowd of at most [`BUCKET`] is compared in full.
//! Those left of a crowd that has become small are compared with those who left it, too, if that is not too much. After
//! [`LEADERS`] rounds, or [`FRUITLESS`] in a row in which nobody passed, those still there overflow: they are counted, and
//! have their other buckets. Who overflows in many bands is joined with others of the kind by rare shingles.
//!
//! Where nobody followed the last leader, the same is to be expected of the next few: they are compared with each member
//! while it is at hand. Of one who then leads no round it is kept only who is apart from it: with these nothing is left to be
//! found.
//!
//! An article can be in a crowd of every band. Crowds that have members in common are settled one after the other, the
//! largest first, so that two who follow one leader already are not compared once more.
//! **Cost** some `LEADERS` comparisons for each (bucket, member), never quadratic.

use super::Pair;
use super::lsh::{PairSet, all_pairs};
use crate::config::{BUCKET, FRUITLESS, LEADERS};
use ahash::{AHashMap, AHashSet};

/// What a judge says of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not sought: two references, or too far apart in time.
    NotSought,
    /// Not alike, and nothing else is known: their signatures hardly agree, or they were asked for their Jaccard alone.
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
    /// The leader that each follower was found to be like first.
    homes: AHashMap<u32, u32>,
    /// Pairs of a leader and one that is not like it.
    partners: Vec<Pair>,
    /// All that was said.
    judged: AHashMap<Pair, Verdict>,
    /// Members that were not compared with all others of some crowd, nor follow a leader there.
    pub(crate) overflow: AHashSet<u32>,
}

/// What crowds leave.
#[derive(Default)]
struct Left {
    /// Pairs that are still to be scored.
    open: PairSet,
    /// Members that overflow, and in how many crowds.
    overflow: AHashMap<u32, usize>,
}

/// A crowd on its way.
struct Crowd {
    members: Vec<u32>,
    /// How many crowds of these members there are.
    times: usize,
    /// Those who follow a leader of it.
    followers: Vec<u32>,
    /// How many of its last leaders were paired with nobody.
    fruitless: usize,
    /// Whether nobody followed the last one.
    scattered: bool,
}

impl Crowd {
    fn new(members: Vec<u32>, times: usize) -> Self {
        Self { members, times, followers: Vec::new(), fruitless: 0, scattered: false }
    }

    /// The pairs of the first so many members with all who come after them, member by member.
    fn pairs(&self, leaders: usize) -> impl Iterator<Item = Pair> + '_ {
        let with = move |(at, &member)| {
            let before: &[u32] = &self.members[..leaders.min(at)];
            before.iter().map(move |&leader| Pair::new(leader, member))
        };
        self.members.iter().enumerate().flat_map(with)
    }

    /// How many of so many rounds that are left will take place, as far as can be told.
    fn rounds(&self, left: usize) -> usize {
        if self.scattered { left.min(FRUITLESS - self.fruitless) } else { 1 }
    }

    /// Ends a crowd: those left are compared with each other and with those who follow a leader, if that is not too
    /// much; else they overflow.
    fn dissolve(&self, left: &mut Left) {
        let Self { members, times, followers, .. } = self;
        let is_small = members.len() <= BUCKET;
        let is_little = members.len() * followers.len() <= LEADERS * (members.len() + followers.len() + BUCKET);
        let mut pairs = Vec::new();
        if is_small {
            all_pairs(members, &mut pairs);
        }
        if is_small && is_little {
            let beside = |&member: &u32| followers.iter().map(move |&follower| Pair::new(member, follower));
            pairs.extend(members.iter().flat_map(beside));
        } else {
            members.iter().for_each(|&member| *left.overflow.entry(member).or_default() += times);
        }
        left.open.extend(&pairs);
    }
}

impl Crowds {
    /// Settles crowds, in addition to those that are settled already. `judge` says of each pair what it is. Returns who
    /// overflows, and in how many of these.
    pub(crate) fn settle(
        &mut self,
        mut crowds: Vec<Vec<u32>>,
        mut judge: impl FnMut(&[Pair]) -> Vec<Verdict>,
    ) -> AHashMap<u32, usize> {
        let mut left = Left::default();
        left.open.extend(&std::mem::take(&mut self.open));
        // A long story brings the same articles together by each of its fingerprints.
        crowds.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        let equal = crowds.chunk_by(|one, other| one == other);
        let crowds = equal.map(|same| Crowd::new(same[0].clone(), same.len())).collect();
        for wave in waves(crowds) {
            self.settle_apart(wave, &mut judge, &mut left);
        }
        for pairs in [&mut self.matched, &mut self.partners] {
            pairs.sort_unstable();
            pairs.dedup();
        }
        for leaders in self.leaders.values_mut() {
            leaders.sort_unstable();
            leaders.dedup();
        }
        // That their signatures hardly agree says nothing of what they share.
        let compared = |pair: &Pair| self.judged.get(pair).is_some_and(|&verdict| verdict != Verdict::Unlikely);
        self.open = left.open.into_sorted();
        self.open.retain(|pair| !compared(pair));
        self.overflow.extend(left.overflow.keys());
        left.overflow
    }

    /// Settles crowds no two of which have a member in common.
    fn settle_apart(
        &mut self,
        mut crowds: Vec<Crowd>,
        judge: &mut impl FnMut(&[Pair]) -> Vec<Verdict>,
        left: &mut Left,
    ) {
        // What was said of leaders of rounds to come.
        let mut ahead: AHashMap<Pair, Verdict> = AHashMap::new();
        for round in 0..LEADERS {
            if crowds.is_empty() {
                break;
            }
            let is_open = |pair: &Pair| !self.judged.contains_key(pair) && !self.share_a_leader(*pair);
            let is_new = |pair: &Pair| is_open(pair) && !ahead.contains_key(pair);
            let unsettled = crowds.iter().filter(|crowd| crowd.pairs(1).any(|pair| is_new(&pair)));
            let compared: Vec<Pair> =
                unsettled.flat_map(|crowd| crowd.pairs(crowd.rounds(LEADERS - round)).filter(is_new)).collect();
            let verdicts = judge(&compared);
            let of_round: Vec<Pair> = crowds.iter().flat_map(|crowd| crowd.pairs(1).filter(is_open)).collect();
            ahead.extend(compared.into_iter().zip(verdicts));
            self.judged.extend(of_round.into_iter().filter_map(|pair| ahead.remove_entry(&pair)));
            crowds.iter_mut().for_each(|crowd| self.follow(crowd));
            crowds.retain(|crowd| {
                let goes_on = crowd.members.len() > BUCKET && crowd.fruitless < FRUITLESS;
                if !goes_on {
                    crowd.dissolve(left);
                }
                goes_on
            });
        }
        crowds.iter().for_each(|crowd| crowd.dissolve(left));
        ahead.retain(|pair, verdict| *verdict == Verdict::Apart && !self.share_a_leader(*pair));
        self.judged.extend(ahead);
    }

    /// Takes out of a crowd its leader and who follows it.
    fn follow(&mut self, crowd: &mut Crowd) {
        let leader = crowd.members.remove(0);
        let (mut fruitful, mut sought) = (false, false);
        let before = crowd.followers.len();
        crowd.members.retain(|&member| {
            let pair = Pair::new(leader, member);
            let Some(&verdict) = self.judged.get(&pair) else {
                // Both follow one leader of another crowd.
                crowd.followers.push(member);
                fruitful = true;
                return false;
            };
            sought |= verdict != Verdict::NotSought;
            match verdict {
                Verdict::NotSought | Verdict::Unlikely | Verdict::Apart => return true,
                Verdict::Paired => self.partners.push(pair),
                Verdict::Alike => {
                    self.homes.entry(member).or_insert(leader);
                    self.leaders.entry(member).or_default().push(leader);
                    crowd.followers.push(member);
                }
            }
            self.matched.push(pair);
            fruitful = true;
            verdict == Verdict::Paired
        });
        crowd.scattered = crowd.followers.len() == before;
        // A leader that nobody is to be compared with says nothing of the crowd.
        crowd.fruitless = if fruitful { 0 } else { crowd.fruitless + usize::from(sought) };
    }

    /// Whether a pair needs no further look: it was compared already, or both follow one leader, so that their own likeness
    /// goes without saying.
    pub(crate) fn settles(&self, pair: Pair) -> bool {
        self.judged.get(&pair).is_some_and(|&verdict| verdict != Verdict::Unlikely) || self.share_a_leader(pair)
    }

    /// Whether both follow one leader, so that their own likeness goes without saying.
    pub(crate) fn share_a_leader(&self, pair: Pair) -> bool {
        let home = |member: u32| self.homes.get(&member);
        home(pair.a()).is_some_and(|leader| home(pair.b()) == Some(leader))
    }

    /// How many pairs there are beyond those in `listed` of two followers of one leader, or of a follower and one that its
    /// leader is paired with. Each follower counts with its first leader. Two references are no pair; where pairs are
    /// chosen by date or publisher, some that are counted are not sought.
    pub(crate) fn unlisted(&self, listed: impl Iterator<Item = Pair>, is_reference: impl Fn(u32) -> bool) -> u64 {
        let home = |member: u32| self.homes.get(&member).copied();
        let mut followers: AHashMap<u32, (u64, u64)> = AHashMap::new();
        for (&member, &leader) in &self.homes {
            let (all, references) = followers.entry(leader).or_default();
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

/// Crowds in such an order that no two of one list have a member in common, and of those that do the first comes first.
fn waves(crowds: Vec<Crowd>) -> Vec<Vec<Crowd>> {
    let mut waves: Vec<Vec<Crowd>> = Vec::new();
    let mut next: AHashMap<u32, usize> = AHashMap::new();
    for crowd in crowds {
        let wave = crowd.members.iter().filter_map(|member| next.get(member)).max().copied().unwrap_or(0);
        next.extend(crowd.members.iter().map(|&member| (member, wave + 1)));
        if wave == waves.len() {
            waves.push(Vec::new());
        }
        waves[wave].push(crowd);
    }
    waves
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
        settled.settle(crowds, judge);
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
    fn those_who_follow_one_leader_are_not_compared_once_more() {
        // Another band has put the same articles into two crowds.
        let crowds = vec![(0..100).collect(), (0..200).collect(), (100..200).collect()];
        let mut judged = 0;
        let settled = settle(crowds, |pairs| {
            judged += pairs.len();
            vec![Verdict::Alike; pairs.len()]
        });
        assert_eq!(judged, 199);
        assert_eq!(settled.matched.len(), 199);
        assert!(settled.open.is_empty() && settled.overflow.is_empty());
        assert_eq!(settled.unlisted(settled.matched.iter().copied(), |_| false), 199 * 198 / 2);
    }

    #[test]
    fn strangers_overflow_and_are_counted() {
        let settled = settle(vec![(0..1000).collect()], alike(1000));
        assert!(settled.matched.is_empty());
        assert_eq!(settled.overflow.len(), 1000 - FRUITLESS);
    }

    #[test]
    fn who_overflows_often_is_told() {
        let crowds = vec![(0..100).collect(), (0..100).collect(), (50..150).collect(), (90..190).collect()];
        let mut settled = Crowds::default();
        let overflow = settled.settle(crowds, |pairs| vec![Verdict::Apart; pairs.len()]);
        let mut often: Vec<u32> =
            overflow.iter().filter(|(_, times)| **times >= 3).map(|(&member, _)| member).collect();
        often.sort_unstable();
        assert_eq!(often, (54..100).collect::<Vec<u32>>(), "four led the third crowd");
    }

    #[test]
    fn what_signatures_say_ends_no_other_comparison() {
        let mut settled = Crowds::default();
        // The first crowd leaves ten, whose pairs are open; the second finds their signatures unlike.
        settled.settle(vec![(0..70).collect()], |pairs| pairs.iter().map(|pair| like(pair.b() < 60)).collect());
        let before = settled.open.clone();
        settled.settle(vec![(60..120).collect()], |pairs| vec![Verdict::Unlikely; pairs.len()]);
        assert!(before.iter().all(|pair| settled.open.contains(pair)));
    }

    #[test]
    fn those_left_meet_those_who_left() {
        // 0 leads all but 60 to 69; whether these are like one of its followers, nobody has said.
        let settled = settle(vec![(0..70).collect()], |pairs| pairs.iter().map(|pair| like(pair.b() < 60)).collect());
        assert!(settled.open.contains(&Pair::new(5, 65)));
    }

    #[test]
    fn who_is_not_sought_ends_no_crowd() {
        // The first ten are not to be compared with anybody but each other's likes from 100 on.
        let judge = |pairs: &[Pair]| {
            pairs.iter().map(|pair| if pair.a() < 10 { Verdict::NotSought } else { like(true) }).collect()
        };
        let settled = settle(vec![(0..200).collect()], judge);
        assert!(settled.overflow.len() <= 10 && settled.matched.len() == 189, "{}", settled.matched.len());
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
        assert_eq!(settled.open.len(), 10 * 9 / 2 + 10 * 59);
    }

    #[test]
    fn who_embeds_a_story_is_paired_with_its_leader_and_stays() {
        // 0 to 89 are one story, 90 to 99 embed it.
        let judge = |pairs: &[Pair]| {
            pairs.iter().map(|pair| if pair.b() < 90 { Verdict::Alike } else { Verdict::Paired }).collect()
        };
        let settled = settle(vec![(0..100).collect()], judge);
        assert_eq!((settled.matched.len(), settled.overflow.len()), (99, 0));
        assert_eq!(settled.open.len(), 10 * 9 / 2 + 10 * 89, "those that embed it are compared with all");
        let unlisted = settled.unlisted(settled.matched.iter().copied(), |_| false);
        assert_eq!(unlisted, 89 * 88 / 2 + 89 * 10);
        assert!(settled.settles(Pair::new(0, 95)) && !settled.settles(Pair::new(1, 95)));
    }

    #[test]
    fn where_nobody_follows_several_leaders_are_compared_at_once() {
        let mut asked = Vec::new();
        let settled = settle(vec![(0..1000).collect()], |pairs| {
            asked.push(pairs.len());
            vec![Verdict::Paired; pairs.len()]
        });
        asked.retain(|&count| count > 0);
        let pairs = |leaders: std::ops::Range<usize>| leaders.map(|leader| 999 - leader).sum::<usize>();
        assert_eq!(asked, [pairs(0..1), pairs(1..5), pairs(5..9), pairs(9..13), pairs(13..LEADERS)]);
        assert_eq!(settled.matched.len(), pairs(0..LEADERS));
    }

    #[test]
    fn a_leader_that_was_expected_in_vain_decides_no_pair() {
        // Nobody is like 0. 1 takes 2 to 9 with it, of which 2 would have had a follower of its own.
        let is_like = |pair: &Pair| (pair.a() == 1 && pair.b() < 10) || *pair == Pair::new(2, 500);
        let mut asked = Vec::new();
        let settled = settle(vec![(0..1000).collect()], |pairs| {
            asked.extend_from_slice(pairs);
            pairs.iter().map(|pair| like(is_like(pair))).collect()
        });
        assert!(asked.contains(&Pair::new(2, 500)));
        assert_eq!(settled.matched, (2..10).map(|member| Pair::new(1, member)).collect::<Vec<_>>());
        assert!(!settled.settles(Pair::new(2, 500)), "it is still to be found");
        assert!(settled.settles(Pair::new(2, 501)), "nothing is left to be found there");
        let count = asked.len();
        asked.sort_unstable();
        asked.dedup();
        assert_eq!(asked.len(), count, "no pair is compared twice");
    }
}
