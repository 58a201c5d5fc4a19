//! Who stays of articles that are duplicates of each other, and which of the others may go.
//!
//! **Takes** what is known of each article, and pairs with their numbers. **Gives** an order in which a reference comes
//! before all others, then a preferred publisher, then whoever [`Keep`] says, then the one that comes first in the input.
//! An article goes only as a duplicate of one that stays, for a [`Likeness`] that was asked for, and only if that one has
//! at least [`CONTAINED`] of its shingles. So what is lost of it is little, and is counted.

use crate::article::Timestamp;
use crate::config::{CONTAINED, NEAR_DUPLICATE};
use crate::score::{Relation, ScoredPair};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Who stays among articles of publishers that are preferred alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The one with the most words that are not boilerplate; of several the earliest.
    #[default]
    Longest,
    /// The earliest dated; those without a date come last.
    Earliest,
    /// The latest dated; those without a date come last.
    Latest,
    /// The first in the input.
    First,
}

/// What makes an article a duplicate of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// The same words in the same order.
    Identical,
    /// A Jaccard at the bound or above.
    NearDuplicate,
    /// It is in the other, whatever else that has.
    Excerpt,
}

/// What is removed, and who stays.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// For what an article is removed.
    pub remove: Vec<Likeness>,
    /// Least Jaccard of a near-duplicate.
    pub threshold: f64,
    /// Who stays.
    pub keep: Keep,
    /// Publishers whose articles stay before others, the most preferred first.
    pub prefer: Vec<String>,
    /// Articles with fewer words are left alone.
    pub min_words: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            remove: vec![Likeness::Identical, Likeness::NearDuplicate],
            threshold: NEAR_DUPLICATE,
            keep: Keep::default(),
            prefer: Vec::new(),
            min_words: 0,
        }
    }
}

/// Why one article stays and not another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// It is a reference.
    Reference,
    /// Its publisher is preferred.
    Preferred,
    /// It has more words that are not boilerplate.
    Longer,
    /// It is the earlier one.
    Earlier,
    /// It is the later one.
    Later,
    /// It comes first in the input.
    First,
}

impl Rule {
    /// In words, who stays.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Reference => "a reference",
            Self::Preferred => "a preferred publisher's",
            Self::Longer => "the longer",
            Self::Earlier => "the earlier",
            Self::Later => "the later",
            Self::First => "the first",
        }
    }
}

/// An article that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// It, as a, and the one that stays, as b.
    pub pair: ScoredPair,
    /// Why that one stays.
    pub rule: Rule,
}

/// What is known of an article that may stay or go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'k> {
    pub(crate) is_reference: bool,
    pub(crate) publisher: Option<&'k str>,
    /// Words that are not boilerplate.
    pub(crate) words: u32,
    pub(crate) date: Option<Timestamp>,
    /// Its number in the input.
    pub(crate) number: u32,
}

/// The place of an article in the order of who stays; the least stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    is_input: bool,
    preference: usize,
    words: Reverse<u32>,
    is_undated: bool,
    time: i64,
    number: u32,
}

impl Rules {
    pub(crate) fn claim(&self, known: Known<'_>) -> Claim {
        let preferred = self.prefer.iter().position(|name| known.publisher.is_some_and(|publisher| publisher == name));
        let by_date = self.keep != Keep::First;
        let time = known.date.filter(|_| by_date).map_or(0, |date| date.0);
        Claim {
            is_input: !known.is_reference,
            preference: preferred.unwrap_or(self.prefer.len()),
            words: Reverse(if self.keep == Keep::Longest { known.words } else { 0 }),
            is_undated: by_date && known.date.is_none(),
            time: if self.keep == Keep::Latest { -time } else { time },
            number: known.number,
        }
    }

    /// Why the one that `stays` does, and not the one that `goes`.
    pub(crate) fn rule(&self, stays: &Claim, goes: &Claim) -> Rule {
        if stays.is_input != goes.is_input {
            Rule::Reference
        } else if stays.preference != goes.preference {
            Rule::Preferred
        } else if stays.words != goes.words {
            Rule::Longer
        } else if (stays.is_undated, stays.time) == (goes.is_undated, goes.time) {
            Rule::First
        } else if self.keep == Keep::Latest {
            Rule::Later
        } else {
            Rule::Earlier
        }
    }

    /// Whether the a of a pair may go as a duplicate of its b.
    pub(crate) fn may_go(&self, pair: &ScoredPair) -> bool {
        let sets = pair.core.unwrap_or_else(|| pair.overlap.sets());
        let is_identical = pair.relation == Relation::Identical;
        let is_near = !is_identical && pair.decisive_jaccard() >= self.threshold;
        let is_in_other = is_identical || sets.containment_a() >= CONTAINED;
        let asked_for = self.remove.iter().any(|likeness| match likeness {
            Likeness::Identical => is_identical,
            Likeness::NearDuplicate => is_near,
            Likeness::Excerpt => pair.relation == Relation::Excerpt,
        });
        pair.overlap.words_a >= self.min_words && is_in_other && asked_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'_> = Known { is_reference: false, publisher: None, words: 100, date: None, number: 5 };

    fn stays(rules: &Rules, one: Known<'_>, other: Known<'_>) -> Rule {
        let (one, other) = (rules.claim(one), rules.claim(other));
        assert!(one < other, "{one:?} {other:?}");
        rules.rule(&one, &other)
    }

    #[test]
    fn who_stays_and_why() {
        let date = |day: i64| Some(Timestamp(day));
        let later = Known { date: date(9), number: 0, ..KNOWN };
        let earlier = Known { date: date(-3), number: 7, ..KNOWN };
        let longer = Known { words: 101, date: date(10), number: 8, ..KNOWN };
        let rules = |keep| Rules { keep, ..Rules::default() };
        assert_eq!(stays(&rules(Keep::Longest), longer, earlier), Rule::Longer);
        assert_eq!(stays(&rules(Keep::Longest), earlier, later), Rule::Earlier);
        assert_eq!(stays(&rules(Keep::Earliest), earlier, longer), Rule::Earlier);
        assert_eq!(stays(&rules(Keep::Latest), longer, later), Rule::Later);
        assert_eq!(stays(&rules(Keep::First), later, longer), Rule::First);
        assert_eq!(stays(&rules(Keep::Latest), later, KNOWN), Rule::Later, "no date comes last");
        assert_eq!(stays(&rules(Keep::Longest), later, KNOWN), Rule::Earlier, "no date comes last");
        let reference = Known { is_reference: true, words: 1, number: 9, ..KNOWN };
        assert_eq!(stays(&rules(Keep::Longest), reference, longer), Rule::Reference);
        let prefer = Rules { prefer: vec!["wire".into(), "daily".into()], ..Rules::default() };
        let of = |publisher| Known { publisher: Some(publisher), ..KNOWN };
        assert_eq!(stays(&prefer, of("daily"), longer), Rule::Preferred);
        assert_eq!(stays(&prefer, of("wire"), of("daily")), Rule::Preferred);
    }
}
