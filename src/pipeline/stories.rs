//! Pairs in an order in which each article is read about once: story by story.

use super::desk::ARTICLES;
use crate::candidates::Pair;
use ahash::AHashMap;
use rayon::prelude::*;

/// The places of pairs, those of one story together: of articles that hang together by pairs. Where a story is longer than
/// a desk, the pairs of some of its articles with some others come together. So each article is read about once.
pub(super) fn by_story(pairs: &[Pair]) -> Vec<usize> {
    const SIDE: u32 = ARTICLES as u32 / 2;
    let stories = stories(pairs);
    let mut articles: Vec<(u32, u32)> = stories.iter().map(|(&article, &story)| (story, article)).collect();
    articles.sort_unstable();
    let places: AHashMap<u32, u32> = articles.iter().zip(0..).map(|(&(_, article), place)| (article, place)).collect();
    let mut order: Vec<[u32; 4]> = pairs
        .iter()
        .zip(0..)
        .map(|(pair, at)| [stories[&pair.a()], places[&pair.a()] / SIDE, places[&pair.b()] / SIDE, at])
        .collect();
    order.par_sort_unstable();
    order.into_iter().map(|[.., at]| at as usize).collect()
}

/// For each article of some pairs the first of those that it hangs together with.
fn stories(pairs: &[Pair]) -> AHashMap<u32, u32> {
    let mut earlier: AHashMap<u32, u32> = AHashMap::new();
    for pair in pairs {
        let (a, b) = (first(&mut earlier, pair.a()), first(&mut earlier, pair.b()));
        earlier.insert(a.max(b), a.min(b));
    }
    let articles: Vec<u32> = earlier.keys().copied().collect();
    articles.into_iter().map(|article| (article, first(&mut earlier, article))).collect()
}

/// The first that is known, and all on the way there point to it afterwards.
fn first(earlier: &mut AHashMap<u32, u32>, article: u32) -> u32 {
    let mut root = article;
    while let Some(&before) = earlier.get(&root).filter(|&&before| before != root) {
        root = before;
    }
    let mut at = article;
    while let Some(before) = earlier.insert(at, root).filter(|&before| before != root && before != at) {
        at = before;
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
            for (article, story) in stories(&pairs) {
                prop_assert_eq!(story, obvious[article as usize]);
            }
            let mut order = by_story(&pairs);
            prop_assert!(order.windows(2).all(|two| obvious[pairs[two[0]].a() as usize] <= obvious[pairs[two[1]].a() as usize]));
            order.sort_unstable();
            prop_assert_eq!(order, (0..pairs.len()).collect::<Vec<_>>());
        }
    }
}
