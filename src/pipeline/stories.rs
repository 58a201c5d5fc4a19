//! Pairs in an order in which each article is read about once: story by story.

use super::desk::ARTICLES;
use crate::candidates::Pair;
use rayon::prelude::*;

/// The places of pairs, each with its story: the first of the articles that hang together by pairs. Stories follow each
/// other, those of one together. Where a story is longer than a desk, the pairs of some of its articles with some others come
/// together. So each article is read about once.
pub(super) fn by_story(pairs: &[Pair]) -> Vec<(u32, usize)> {
    const SIDE: u32 = ARTICLES as u32 / 2;
    let (articles, members, stories) = stories(pairs);
    let mut order: Vec<(u32, u32)> = stories.iter().copied().zip(0..).collect();
    order.par_sort_unstable();
    let mut places = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(&(_, member), place)| places[member as usize] = place);
    let mut order: Vec<[u32; 4]> = members
        .par_iter()
        .zip(0..members.len() as u32)
        .map(|(&[a, b], at)| [stories[a as usize], places[a as usize] / SIDE, places[b as usize] / SIDE, at])
        .collect();
    order.par_sort_unstable();
    order.into_iter().map(|[story, .., at]| (articles[story as usize], at as usize)).collect()
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
        fn a_story_hangs_together(pairs in proptest::collection::vec((0u32..30, 0u32..30), 0..40)) {
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
            let order = by_story(&pairs);
            prop_assert!(order.is_sorted_by_key(|(story, _)| *story));
            for &(story, at) in &order {
                prop_assert_eq!(story, obvious[pairs[at].a() as usize]);
            }
            let mut places: Vec<usize> = order.into_iter().map(|(_, at)| at).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..pairs.len()).collect::<Vec<_>>());
        }
    }
}
