//! Work cut into stretches whose articles fit in memory together.

/// Cuts `work`, which needs the articles that `of` names, into stretches. An article counts once a stretch, with its
/// `cost`; a stretch ends when they come to more than `most`.
pub(super) fn batches<W, A: IntoIterator<Item = u32>>(
    work: &[W],
    articles: usize,
    most: usize,
    of: impl Fn(&W) -> A,
    cost: impl Fn(u32) -> usize,
) -> Vec<&[W]> {
    let mut batches = Vec::new();
    let mut last_seen = vec![0u32; articles];
    let (mut start, mut held, mut number) = (0, 0, 1);
    for (at, item) in work.iter().enumerate() {
        for article in of(item) {
            if std::mem::replace(&mut last_seen[article as usize], number) != number {
                held += cost(article);
            }
        }
        if held > most {
            batches.push(&work[start..=at]);
            (start, held, number) = (at + 1, 0, number + 1);
        }
    }
    if start < work.len() {
        batches.push(&work[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_counts_once_a_stretch() {
        let work = [[0, 1], [0, 2], [0, 1], [3, 4], [3, 5]];
        let cut = batches(&work, 6, 2, |pair| *pair, |_| 1);
        assert_eq!(cut, [&work[..2], &work[2..4], &work[4..]]);
        assert!(batches(&work[..0], 6, 2, |pair| *pair, |_| 1).is_empty());
    }
}
