//! Scored pairs to groups: the clusters of a run, and the articles that are to be removed, each with the one it belongs to.

use super::copies::Copies;
use super::detect::{Texts, key};
use super::verify::Verifier;
use crate::article::ArticleId;
use crate::candidates::Pair;
use crate::candidates::crowd::Crowds;
use crate::candidates::lsh::Traces;
use crate::cluster::stays::{Claim, Known, Removed, Rules};
use crate::cluster::{self, Link};
use crate::score::ScoredPair;
use ahash::AHashSet;
use rayon::prelude::*;

/// What groups are made of.
pub(crate) struct Grouping<'g, 'a, T> {
    pub(crate) verifier: &'g Verifier<'a, T>,
    pub(crate) copies: &'g Copies,
    /// The reported pairs, sorted.
    pub(crate) found: &'g [ScoredPair],
    pub(crate) crowds: &'g Crowds,
    pub(crate) followers: &'g Followers,
}

/// How like each other those in crowds are that follow a leader or are one, by their signatures.
pub(crate) struct Followers {
    /// Ascending.
    articles: Vec<u32>,
    traces: Traces,
}

impl Followers {
    pub(crate) fn new(crowds: &Crowds, traces: &Traces) -> Self {
        let mut articles: Vec<u32> =
            crowds.leaders.iter().flat_map(|(&one, of)| of.iter().copied().chain([one])).collect();
        articles.sort_unstable();
        articles.dedup();
        Self { traces: traces.of(&articles), articles }
    }

    fn agreement(&self, a: u32, b: u32) -> usize {
        let row = |article| self.articles.binary_search(&article).ok().map(|row| row as u32);
        row(a).zip(row(b)).map_or(0, |(a, b)| self.traces.agreement(a, b))
    }
}

/// An order in which articles become representatives. Copies have one place.
struct Order<'o> {
    /// Those that stand for themselves and their copies.
    members: &'o [u32],
    /// Of each member the one of its copies that is the representative, where it comes to that.
    faces: &'o [ArticleId],
    /// The place of each member.
    rank: &'o [u32],
}

impl<T: Texts> Grouping<'_, '_, T> {
    /// Where each article belongs that is not its own representative: it (as a) and that (as b), ascending.
    pub(crate) fn clusters(&self) -> Vec<ScoredPair> {
        let Copies { members, faces, rank, .. } = self.copies;
        let threshold = self.verifier.office.config.threshold;
        self.belonging(&Order { members, faces, rank }, |pair| pair.decisive_jaccard() >= threshold)
    }

    /// The articles that go, ascending.
    pub(crate) fn removed(&self, rules: &Rules) -> Vec<Removed> {
        let gathered = self.verifier.office.gathered;
        let standing = &self.copies.standing;
        let claim = |article: u32| {
            let own_words = |article| self.verifier.tally.own_words(article);
            let words = own_words(standing[article as usize]).or_else(|| own_words(ArticleId(article)));
            rules.claim(Known {
                is_reference: gathered.is_reference(article),
                publisher: gathered.publishers.name(gathered.publishers.of(article)),
                words: words.unwrap_or(gathered.words[article as usize]),
                date: gathered.dates[article as usize],
                number: article,
            })
        };
        let mut best: Vec<Option<Claim>> = vec![None; standing.len()];
        let mut faces = standing.clone();
        for article in 0..standing.len() as u32 {
            let (own, stand_in) = (claim(article), standing[article as usize].index());
            if best[stand_in].is_none_or(|best| own < best) {
                best[stand_in] = Some(own);
                faces[stand_in] = ArticleId(article);
            }
        }
        let mut members = self.copies.members.clone();
        members.par_sort_unstable_by_key(|&member| best[member as usize]);
        let faces: Vec<ArticleId> = members.iter().map(|&member| faces[member as usize]).collect();
        let mut rank = vec![0; standing.len()];
        members.iter().zip(0..).for_each(|(&member, place)| rank[member as usize] = place);
        // A reference stays, and so belongs to nobody: whoever is like it goes for it.
        let stays = |article: ArticleId| gathered.is_reference(faces[rank[article.index()] as usize].0);
        let belonging = self.belonging(&Order { members: &members, faces: &faces, rank: &rank }, |pair| {
            !stays(pair.a) && rules.may_go(pair)
        });
        let goes = |pair: &ScoredPair| !gathered.is_reference(pair.a.0) && rules.may_go(pair);
        let removed = |pair: ScoredPair| Removed { pair, rule: rules.rule(&claim(pair.b.0), &claim(pair.a.0)) };
        belonging.into_iter().filter(goes).map(removed).collect()
    }

    /// Where each article belongs that is not its own representative. `joins` says whether the a of a pair, which comes
    /// later, may belong to its b.
    fn belonging(&self, order: &Order<'_>, joins: impl Fn(&ScoredPair) -> bool + Sync) -> Vec<ScoredPair> {
        let Self { verifier, copies, found, crowds, followers } = self;
        let Order { members, faces, rank } = *order;
        let place = |article: ArticleId| rank[article.index()];
        let later = |pair: &ScoredPair| if place(pair.a) < place(pair.b) { pair.b } else { pair.a };
        let mut links: Vec<Link> = found
            .par_iter()
            .filter(|pair| copies.stands(pair.a.0) && copies.stands(pair.b.0))
            .map(|pair| pair.seen_from(later(pair)))
            .filter(|pair| joins(pair))
            .map(|pair| Link { earlier: place(pair.b), later: place(pair.a) })
            .collect();
        links.par_sort_unstable_by_key(|link| (link.later, link.earlier));
        let leaders: AHashSet<u32> = crowds.leaders.values().flatten().copied().collect();
        let followed = |place: u32| {
            let member = members[place as usize];
            let itself = leaders.get(&member).copied();
            let followed = crowds.leaders.get(&member).into_iter().flatten().copied();
            followed.chain(itself).map(|leader| rank[leader as usize]).collect()
        };
        let mut verified: Vec<ScoredPair> = Vec::new();
        let verify = |pair: Pair| {
            let [earlier, later] = [pair.a(), pair.b()].map(|place| members[place as usize]);
            let scored = verifier.alike(Pair::new(earlier, later));
            verified.extend(&scored);
            scored.is_some_and(|scored| joins(&scored.seen_from(ArticleId(later))))
        };
        let agreement = |one: u32, other: u32| followers.agreement(members[one as usize], members[other as usize]);
        let representatives = cluster::representatives(members.len(), &links, (followed, agreement), verify);
        verified.sort_unstable_by_key(key);
        let pair_of = |pair: Pair| {
            let search = |pairs: &[ScoredPair]| pairs.binary_search_by_key(&pair, key).ok().map(|at| pairs[at]);
            search(found).or_else(|| search(&verified))
        };
        let belongs = |article: ArticleId| {
            let stand_in = copies.standing[article.index()];
            if verifier.office.gathered.words[article.index()] == 0 {
                return None;
            }
            let place = representatives[rank[stand_in.index()] as usize] as usize;
            let (head, representative) = (ArticleId(members[place]), faces[place]);
            if article == representative {
                return None;
            }
            // A copy has the words of the one that stands for it, so it relates to others as that does.
            let (from, to) = match (stand_in == head, article == head) {
                (false, _) => (stand_in, head),
                (true, false) => (article, head),
                (true, true) => (head, representative),
            };
            // Where there is none it was not sought (two references) or lost (a text that changed).
            let pair = pair_of(Pair::new(from.0, to.0))?;
            Some(pair.seen_from(from).renamed(article, representative))
        };
        let articles = (0..verifier.office.gathered.len() as u32).into_par_iter();
        articles.filter_map(|article| belongs(ArticleId(article))).collect()
    }
}
