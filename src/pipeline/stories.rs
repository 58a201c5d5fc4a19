//! Pairs in an order in which each article is read about once, or as seldom as there is room: story by story.

use super::desk::{ARTICLES, WORDS};
use crate::candidates::Pair;
use rayon::prelude::*;

/// A pair whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Where the pair stood.
    pub(super) at: usize,
    /// The first article of its story: of those that hang together by pairs.
    pub(super) story: u32,
    /// The last of the articles that stay on the desk for this turn and those beside it: articles of the story that follow
    /// each other, the first of the pair among them.
    pub(super) stay: u32,
}

/// The turns of pairs. Stories follow each other. The articles of a story stay on a desk together, if they are not too many;
/// else some of them at a time, for which all others come by in order.
pub(super) fn by_story(pairs: &[Pair], words: impl Fn(u32) -> u32) -> Vec<Turn> {
    let (articles, members, stories) = stories(pairs);
    let mut order: Vec<(u32, u32)> = stories.iter().copied().zip(0..).collect();
    order.par_sort_unstable();
    let mut places = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(&(_, member), place)| places[member as usize] = place);
    let desks = desks(&order, |member| words(articles[member as usize]) as usize);
    let mut turns: Vec<[u32; 4]> = members
        .par_iter()
        .zip(0..members.len() as u32)
        .map(|(both, at)| {
            let [a, b] = both.map(|member| places[member as usize]);
            [desks[a as usize], b, a, at]
        })
        .collect();
    turns.par_sort_unstable();
    let turn = |[last, _, a, at]: [u32; 4]| {
        let article = |member: u32| articles[member as usize];
        let (story, _) = order[a as usize];
        Turn { at: at as usize, story: article(story), stay: article(order[last as usize].1) }
    };
    turns.into_iter().map(turn).collect()
}

/// For each article, in the order of stories, the place of the last one that stays on a desk with it.
fn desks(order: &[(u32, u32)], words: impl Fn(u32) -> usize) -> Vec<u32> {
    let mut desks = Vec::with_capacity(order.len());
    for story in order.chunk_by(|one, other| one.0 == other.0) {
        let mut rest = story;
        while !rest.is_empty() {
            let mut sum = 0;
            let fit = rest.iter().take(ARTICLES).take_while(|&&(_, member)| {
                sum += words(member);
                sum <= WORDS
            });
            let count = fit.count().max(1);
            let last = desks.len() + count - 1;
            desks.resize(last + 1, last as u32);
            rest = &rest[count..];
        }
    }
    desks
}

/// The articles of some pairs, in their order, which numbers them anew: the two of each pair, and for each article the first
/// of those that it hangs together with.
fn stories(pairs: &[Pair]) -> (Vec<u32>, Vec<[u32; 2]>, Vec<u32>) {
    let mut articles: Vec<u32> = pairs.iter().flat_map(|pair| [pair.a(), pair.b()]).collect();
    articles.par_sort_unstable();
    articles.dedup();
    let number = |article| articles.partition_point(|&other| other < article) as u32;
    let members: Vec<[u32; 2]> = pairs.par_iter().map(|pair| [pair.a(), pair.b()].map(number)).collect();
    let mut earlier: Vec<u32> = (0..articles.len() as u32).collect();
    for pair in &members {
        let [a, b] = pair.map(|article| first(&mut earlier, article));
        earlier[a.max(b) as usize] = a.min(b);
    }
    let stories = (0..articles.len() as u32).map(|article| first(&mut earlier, article)).collect();
    (articles, members, stories)
}

/// The first that is known, and all on the way there point to it afterwards.
fn first(earlier: &mut [u32], article: u32) -> u32 {
    let mut root = article;
    while earlier[root as usize] != root {
        root = earlier[root as usize];
    }
    let mut at = article;
    while at != root {
        at = std::mem::replace(&mut earlier[at as usize], root);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: articles are of one story exactly if a chain of pairs joins them, by the obvious way.
        #[test]
        fn a_story_hangs_together(
            pairs in proptest::collection::vec((0u32..30, 0u32..30), 0..40),
            words in prop_oneof![Just(0), Just(WORDS as u32 / 7), Just(WORDS as u32)],
        ) {
            let pairs: Vec<Pair> = pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| Pair::new(a, b)).collect();
            let mut obvious: Vec<u32> = (0..30).collect();
            for _ in 0..30 {
                for pair in &pairs {
                    let (a, b) = (pair.a() as usize, pair.b() as usize);
                    let least = obvious[a].min(obvious[b]);
                    (obvious[a], obvious[b]) = (least, least);
                }
            }
            let (articles, members, stories) = stories(&pairs);
            for (pair, [a, b]) in pairs.iter().zip(&members) {
                prop_assert_eq!([articles[*a as usize], articles[*b as usize]], [pair.a(), pair.b()]);
                prop_assert_eq!(stories[*a as usize], stories[*b as usize]);
                for (other, [c, _]) in pairs.iter().zip(&members) {
                    let alike = obvious[pair.a() as usize] == obvious[other.a() as usize];
                    prop_assert_eq!(stories[*a as usize] == stories[*c as usize], alike);
                }
            }
            let turns = by_story(&pairs, |_| words);
            prop_assert!(turns.is_sorted_by_key(|turn| turn.story));
            for turn in &turns {
                let pair = pairs[turn.at];
                prop_assert_eq!(turn.story, obvious[pair.a() as usize]);
                prop_assert!(pair.a() <= turn.stay && obvious[turn.stay as usize] == turn.story);
            }
            // Those that stay are few, and others come by once.
            for desk in turns.chunk_by(|one, other| one.stay == other.stay) {
                let mut stay: Vec<u32> = desk.iter().flat_map(|turn| [pairs[turn.at].a(), pairs[turn.at].b()]).collect();
                stay.sort_unstable();
                stay.dedup();
                stay.retain(|&article| article <= desk[0].stay);
                prop_assert!(stay.len() * words as usize <= WORDS || stay.len() == 1);
                let mut others: Vec<u32> = desk.iter().map(|turn| pairs[turn.at].b()).collect();
                others.dedup();
                prop_assert!(others.is_sorted(), "{:?}", others);
            }
            let mut places: Vec<usize> = turns.into_iter().map(|turn| turn.at).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..pairs.len()).collect::<Vec<_>>());
        }
    }
}
