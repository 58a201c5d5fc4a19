//! Which pairs a run is about: two of its input or one and a reference, close in time and of two publishers if that was
//! asked for. All copies of both sides are looked at: one pair of copies that passes will do, and what is not known hides
//! nothing.

use super::copies::Copies;
use super::gather::Gathered;
use crate::article::Timestamp;
use crate::candidates::Pair;
use crate::config::{BUCKET, Config};
use ahash::AHashMap;
use std::ops::Range;

/// When and by whom a copy was published; `None` and 0 where that is not known.
type Origin = (Option<i64>, u32);

/// The copies of an article.
struct Origins {
    /// Those without a date first, then by date.
    all: Vec<Origin>,
    /// For each, the next of another publisher.
    next: Vec<u32>,
}

impl Origins {
    fn new(mut all: Vec<Origin>) -> Self {
        all.sort_unstable();
        let mut next = vec![all.len() as u32; all.len()];
        for at in (1..all.len()).rev() {
            next[at - 1] = if all[at - 1].1 == all[at].1 { next[at] } else { at as u32 };
        }
        Self { all, next }
    }
}

/// The moments that are no further than `within` from a date; and the day that they begin in, if not with its beginning: what
/// is dated by that day alone may be near enough, too.
fn span(date: i64, within: i64) -> (Option<i64>, Range<i64>) {
    let from = date.saturating_sub(within);
    let to = Timestamp(date).latest().saturating_add(within).saturating_add(1);
    let day = from.saturating_sub(from.rem_euclid(Timestamp::DAY));
    (Some(day).filter(|&day| day < from), from..to)
}

pub(crate) struct Filter<'a> {
    gathered: &'a Gathered,
    within: Option<i64>,
    across: bool,
    /// The copies of each article that has some: all of them, and those in the input proper.
    copies: AHashMap<u32, [Origins; 2]>,
}

impl<'a> Filter<'a> {
    pub(crate) fn new(gathered: &'a Gathered, config: &Config, copies: &Copies) -> Self {
        let within = config.within_days.map(|days| (days * Timestamp::DAY as f64) as i64);
        let mut filter = Self { gathered, within, across: config.across_publishers, copies: AHashMap::new() };
        if filter.is_active() {
            for group in &copies.groups {
                let all = group.iter().map(|&article| filter.origin(article)).collect();
                let input = group.iter().filter(|&&article| !gathered.is_reference(article));
                let input = input.map(|&article| filter.origin(article)).collect();
                filter.copies.insert(group[0], [Origins::new(all), Origins::new(input)]);
            }
        }
        filter
    }

    fn is_active(&self) -> bool {
        self.within.is_some() || self.across
    }

    fn origin(&self, article: u32) -> Origin {
        let date = self.gathered.dates[article as usize];
        (date.map(|date| date.0), self.gathered.publishers.of(article))
    }

    /// Whether a pair has a side in the input proper.
    fn has_input(&self, pair: Pair) -> bool {
        !(self.gathered.is_reference(pair.a()) && self.gathered.is_reference(pair.b()))
    }

    /// Whether a pair of standing articles is sought.
    pub(crate) fn admits(&self, pair: Pair) -> bool {
        if !self.is_active() || !self.has_input(pair) {
            return self.has_input(pair);
        }
        if !self.copies.contains_key(&pair.a()) && !self.copies.contains_key(&pair.b()) {
            return self.meet(pair);
        }
        let single = [pair.a(), pair.b()].map(|article| {
            let of_input = if self.gathered.is_reference(article) { vec![] } else { vec![self.origin(article)] };
            [Origins::new(vec![self.origin(article)]), Origins::new(of_input)]
        });
        let copies = |side: usize, article: u32| self.copies.get(&article).unwrap_or(&single[side]);
        let ([all_a, input_a], [all_b, input_b]) = (copies(0, pair.a()), copies(1, pair.b()));
        self.any_meet(all_a, input_b) || self.any_meet(input_a, all_b)
    }

    fn any_meet(&self, a: &Origins, b: &Origins) -> bool {
        let (few, many) = if a.all.len() <= b.all.len() { (a, b) } else { (b, a) };
        few.all.iter().any(|&one| self.meets(one, many, 1))
    }

    /// A crowd in parts, in which whoever is sought together may meet: who is near in time is in one of them, and where
    /// pairs of one publisher are not sought, each part leads a second time with an article of another publisher. Some
    /// twice as many members in all, and four times with both.
    pub(crate) fn parts(&self, crowd: Vec<u32>) -> Vec<Vec<u32>> {
        let mut parts = match self.within {
            Some(within) => self.near(crowd, within.saturating_add(Timestamp::DAY)),
            None => vec![crowd],
        };
        if self.across {
            let again: Vec<Vec<u32>> = parts.iter().filter_map(|part| self.led_by_another(part)).collect();
            parts.extend(again);
        }
        parts
    }

    /// Those of a crowd that have a date within twice this span, for all spans, half over each other. Who may be of any time
    /// is in all of them, unless these are many: then the crowd itself is there, too.
    fn near(&self, crowd: Vec<u32>, span: i64) -> Vec<Vec<u32>> {
        let dates = |member: u32| match self.copies.get(&member) {
            Some([all, _]) => all.all.iter().map(|&(date, _)| date).collect(),
            None => vec![self.origin(member).0],
        };
        let (mut dated, mut undated): (Vec<(i64, usize)>, Vec<usize>) = Default::default();
        for (place, &member) in crowd.iter().enumerate() {
            let dates = dates(member);
            if dates.contains(&None) {
                undated.push(place);
            } else {
                let first = dates.into_iter().flatten().map(|date| date.div_euclid(span));
                dated.extend(first.flat_map(|span| [span - 1, span]).map(|span| (span, place)));
            }
        }
        let are_few = undated.len() <= BUCKET;
        dated.sort_unstable();
        dated.dedup();
        let part = |of_span: &[(i64, usize)]| {
            let mut places: Vec<usize> = of_span.iter().map(|&(_, place)| place).collect();
            places.extend(undated.iter().filter(|_| are_few));
            places.sort_unstable();
            places.into_iter().map(|place| crowd[place]).collect::<Vec<u32>>()
        };
        let mut parts: Vec<Vec<u32>> = dated.chunk_by(|one, other| one.0 == other.0).map(part).collect();
        parts.retain(|part| part.len() > 1);
        if !are_few {
            parts.push(crowd);
        }
        parts
    }

    /// The same crowd, led by the first that is of another publisher than its leader.
    fn led_by_another(&self, crowd: &[u32]) -> Option<Vec<u32>> {
        let publisher = |member: u32| self.gathered.publishers.of(member);
        let another = crowd.iter().position(|&member| publisher(member) != publisher(crowd[0]))?;
        let mut led = crowd.to_vec();
        led[..=another].rotate_right(1);
        Some(led)
    }

    /// Whether just these two articles, whatever copies they have, are sought.
    pub(crate) fn admits_these(&self, pair: Pair) -> bool {
        self.has_input(pair) && (!self.is_active() || self.meet(pair))
    }

    /// Whether just these two are close enough in time, and of two publishers if that was asked for.
    fn meet(&self, pair: Pair) -> bool {
        let [(date, publisher), (other, of_other)] = [pair.a(), pair.b()].map(|article| self.origin(article));
        let are_apart = !self.across || publisher == 0 || publisher != of_other;
        let (Some(date), Some(within), Some(other)) = (date, self.within, other) else { return are_apart };
        let (day, near) = span(date, within);
        are_apart && (near.contains(&other) || day == Some(other))
    }

    /// Whether a copy is to be listed with the one that stands for it: whether it passes with any other copy.
    pub(crate) fn admits_copy(&self, pair: Pair, standing: u32, copy: u32) -> bool {
        if !self.is_active() || !self.has_input(pair) {
            return self.has_input(pair);
        }
        // Of an input copy's own list it is one itself, and passes with itself unless another publisher is asked for.
        self.copies.get(&standing).is_some_and(|[all, input]| {
            let reference = self.gathered.is_reference(copy);
            self.meets(self.origin(copy), if reference { input } else { all }, if reference { 1 } else { 2 })
        })
    }

    /// Whether so many of `many` are close enough in time, and one of another publisher.
    fn meets(&self, (date, publisher): Origin, many: &Origins, least: usize) -> bool {
        let all = &many.all;
        let undated = all.partition_point(|other| other.0.is_none());
        let before = |moment: i64| all.partition_point(|other| other.0.is_none_or(|other| other < moment));
        let (day, near) = match (date, self.within) {
            (Some(date), Some(within)) => {
                let (day, near) = span(date, within);
                (day.map_or(0..0, |day| before(day)..before(day + 1)), before(near.start)..before(near.end))
            }
            _ => (0..0, undated..all.len()),
        };
        let ranges = [0..undated, day, near];
        if self.across && publisher > 0 {
            let differs =
                |from: usize, to: usize| from < to && (all[from].1 != publisher || (many.next[from] as usize) < to);
            return ranges.iter().any(|range| differs(range.start, range.end));
        }
        ranges.iter().map(ExactSizeIterator::len).sum::<usize>() >= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Timestamp;
    use crate::pipeline::gather::Names;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    fn admits(config: &Config, articles: &[(Option<i64>, Option<&str>, u128)]) -> bool {
        let gathered = Gathered {
            words: vec![1; articles.len()],
            digests: articles.iter().map(|article| article.2).collect(),
            dates: articles.iter().map(|article| article.0.map(|day| Timestamp(day * DAY))).collect(),
            publishers: Names::new(articles.iter().map(|article| article.1)),
            references_from: articles.len() as u32,
            ..Gathered::default()
        };
        let copies = Copies::new(&gathered);
        let filter = Filter::new(&gathered, config, &copies);
        let pair = Pair::new(copies.members[0], copies.members[1]);
        filter.admits(pair)
    }

    #[test]
    fn what_is_not_known_hides_nothing() {
        let within = Config { within_days: Some(2.0), ..Config::default() };
        assert!(admits(&within, &[(Some(1), None, 1), (Some(3), None, 2)]));
        assert!(!admits(&within, &[(Some(1), None, 1), (Some(4), None, 2)]));
        assert!(admits(&within, &[(Some(1), None, 1), (None, None, 2)]));
        let across = Config { across_publishers: true, ..Config::default() };
        assert!(admits(&across, &[(None, Some("x"), 1), (None, Some("y"), 2)]));
        assert!(!admits(&across, &[(None, Some("x"), 1), (None, Some("x"), 2)]));
        assert!(admits(&across, &[(None, Some("x"), 1), (None, None, 2)]));
    }

    #[test]
    fn a_date_without_a_time_is_its_whole_day() {
        let admits = |days: f64, [a, b]: [i64; 2]| {
            let within = Config { within_days: Some(days), ..Config::default() };
            let [one, other] = [[a, b], [b, a]].map(|[a, b]| {
                let gathered = Gathered {
                    words: vec![1; 2],
                    digests: vec![1, 2],
                    dates: vec![Some(Timestamp(a)), Some(Timestamp(b))],
                    references_from: 2,
                    ..Gathered::default()
                };
                Filter::new(&gathered, &within, &Copies::new(&gathered)).admits(Pair::new(0, 1))
            });
            assert_eq!(one, other);
            one
        };
        let hour = DAY / 24;
        assert!(admits(0.0, [3 * DAY, 3 * DAY + 23 * hour]) && !admits(0.0, [3 * DAY, 4 * DAY]));
        assert!(admits(3.0, [6 * DAY, 9 * DAY + 19 * hour]) && !admits(3.0, [6 * DAY, 10 * DAY]));
        assert!(admits(3.0, [6 * DAY, 3 * DAY - hour]) == admits(3.0, [9 * DAY, 6 * DAY - hour]));
        assert!(!admits(3.0, [6 * DAY + hour, 9 * DAY + 2 * hour]) && admits(3.0, [6 * DAY + hour, 9 * DAY + hour]));
    }

    proptest! {
        /// Law: those are sought that may be as near as was asked for.
        #[test]
        fn near_is_what_may_be_so_near(a in -9i64..9, b in -9i64..9, hours in 0u64..60) {
            let [a, b] = [a, b].map(|moment| Timestamp(moment * DAY / 3));
            let within = Config { within_days: Some(hours as f64 / 24.0), ..Config::default() };
            let gathered = Gathered {
                words: vec![1; 2],
                digests: vec![1, 2],
                dates: vec![Some(a), Some(b)],
                references_from: 2,
                ..Gathered::default()
            };
            let filter = Filter::new(&gathered, &within, &Copies::new(&gathered));
            let admits = filter.admits(Pair::new(0, 1));
            prop_assert_eq!(admits, a.apart(b) <= hours * DAY as u64 / 24);
            let [one, other] = [[0, 1], [1, 0]].map(|[a, b]| filter.meets(filter.origin(a), &Origins::new(vec![filter.origin(b)]), 1));
            prop_assert_eq!([one, other], [admits; 2], "among copies it is the same");
        }
    }

    #[test]
    fn one_pair_of_copies_must_pass_both() {
        let both = Config { within_days: Some(2.0), across_publishers: true, ..Config::default() };
        let own = (Some(1), Some("x"), 1);
        assert!(!admits(&both, &[own, (Some(2), Some("x"), 2), (Some(9), Some("y"), 2)]), "near by x, far by y");
        assert!(admits(&both, &[own, (Some(2), Some("x"), 2), (Some(3), Some("y"), 2)]));
    }
}
