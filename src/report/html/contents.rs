//! What the lists and views of the page show, as JSON for its script.
//!
//! Articles are numbered anew: only those that are shown are there. A fraction is a number of tenths of a percent; as only 1
//! is 100 % and only 0 is 0 %, what comes close is 999.5 or 0.5.

use super::view::View;
use super::{Entries, Group, Listed, MOST_LISTED, MOST_MEMBERS, MOST_TEXT, Material, Shown, strongest};
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::input::Iso;
use crate::report::pairs::cut;
use crate::report::terminal::{count, plural};
use crate::score::Relation;
use ahash::{AHashMap, AHashSet};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Most bytes of an id, title or url.
const MOST_OF_FIELD: usize = 300;

#[derive(Debug, Serialize)]
pub(super) struct Contents<'m> {
    relations: Vec<&'static str>,
    publishers: Vec<&'m str>,
    articles: Vec<Article<'m>>,
    pairs: Vec<Pair>,
    clusters: Vec<Cluster>,
    texts: BTreeMap<u32, Text<'m>>,
    views: Vec<View>,
    /// Pairs that are not in the list.
    #[serde(skip)]
    unlisted: usize,
    /// Clusters that are not in the list.
    #[serde(skip)]
    unlisted_clusters: usize,
}

/// Id, title, publisher, date, words, and of those whose text is shown the url.
#[derive(Debug, Serialize)]
struct Article<'m>(Cow<'m, str>, Option<&'m str>, Option<u32>, Option<Iso>, u32, Option<&'m str>);

/// A and b, relation, Jaccard, containments, coverages, and the number of its view.
#[derive(Debug, Serialize)]
struct Pair(u32, u32, Option<usize>, Tenths, [Tenths; 2], [Tenths; 2], Option<usize>);

/// Its number, its representative, and its members.
#[derive(Debug, Serialize)]
struct Cluster(usize, u32, Vec<Member>);

/// The article, its relation to the representative, Jaccard, containment and coverage.
#[derive(Debug, Serialize)]
struct Member(u32, usize, Tenths, Tenths, Tenths);

#[derive(Debug, Serialize)]
struct Text<'m> {
    text: &'m str,
    /// Of its UTF-8.
    sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Tenths(f64);

impl Serialize for Tenths {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match (self.0 * 1000.0).round() as u32 {
            0 if self.0 > 0.0 => serializer.serialize_f32(0.5),
            1000 if self.0 < 1.0 => serializer.serialize_f32(999.5),
            tenths => serializer.serialize_u32(tenths),
        }
    }
}

impl<'m> Contents<'m> {
    pub(super) fn new(material: &'m Material<'_>) -> Self {
        let view = |&at: &u32| {
            let pair = material.pairs.get(at);
            let [a, b] = [pair.a, pair.b].map(|article| &*material.shown.texts[&article]);
            View::new([a, b], material.config, material.known)
        };
        let views = || material.shown.pairs.iter().map(view).collect();
        let (views, lists) = rayon::join(views, || Self::lists(material));
        Self { views, ..lists }
    }

    /// All but the views.
    fn lists(material: &'m Material<'_>) -> Self {
        let Shown { pairs: shown, texts } = &material.shown;
        let all = material.pairs.len();
        let places: Vec<u32> =
            if all > MOST_LISTED { strongest(&material.pairs, MOST_LISTED) } else { (0..all as u32).collect() };
        let mut listed: Vec<(Listed, u32)> = places.into_iter().map(|at| (material.pairs.get(at), at)).collect();
        listed.sort_unstable_by(|(one, _), (other, _)| one.strength(other));
        let mut room = MOST_MEMBERS;
        let fits = |(group, _): &(&Group, usize)| {
            let left = room.checked_sub(group.members.len() + 1);
            room = left.unwrap_or(room);
            left.is_some()
        };
        let groups: Vec<(&Group, usize)> = material.groups.iter().zip(1..).filter(fits).collect();
        let mut numbers = Numbers::default();
        let text = |(&article, text): (&ArticleId, &'m String)| {
            let sha256 = hex(&Sha256::digest(text));
            (numbers.of(article), Text { text, sha256 })
        };
        let texts: BTreeMap<u32, Text<'m>> = texts.iter().map(text).collect();
        let view_of: AHashMap<u32, usize> = shown.iter().copied().zip(0..).collect();
        let relation = |relation: Relation| Relation::ALL.iter().position(|&one| one == relation);
        let row = |(pair, at): &(Listed, u32)| {
            Pair(
                numbers.of(pair.a),
                numbers.of(pair.b),
                pair.relation.and_then(relation),
                Tenths(pair.jaccard),
                pair.containment.map(Tenths),
                pair.coverage.map(Tenths),
                view_of.get(at).copied(),
            )
        };
        let pairs: Vec<Pair> = listed.iter().map(row).collect();
        let clusters = groups.iter().map(|&(group, number)| {
            let member = |member: &super::Member| {
                let relation = relation(member.relation).unwrap_or_default();
                let numbers = [member.jaccard, member.containment, member.coverage].map(Tenths);
                (member.article, relation, numbers)
            };
            let members = group.members.iter().map(member);
            let members = members
                .map(|(article, relation, [jaccard, containment, coverage])| {
                    Member(numbers.of(article), relation, jaccard, containment, coverage)
                })
                .collect();
            Cluster(number, numbers.of(group.representative), members)
        });
        let clusters = clusters.collect();
        let (articles, publishers) = numbers.entries(material.articles, &texts);
        Self {
            relations: Relation::ALL.iter().map(|relation| relation.name()).collect(),
            publishers,
            articles,
            unlisted: material.pairs.len() - listed.len(),
            unlisted_clusters: material.groups.len() - groups.len(),
            pairs,
            clusters,
            texts,
            views: Vec::new(),
        }
    }

    /// What this page leaves out, in sentences.
    pub(super) fn left_out(&self, material: &Material<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.unlisted > 0 {
            notes.push(format!(
                "The list of pairs has {} pairs, the strongest of each relation in turn; {} more are in pairs.csv and pairs.jsonl.",
                count(self.pairs.len() as u64),
                count(self.unlisted as u64)
            ));
        }
        if self.unlisted_clusters > 0 {
            notes.push(format!("{} more are in clusters.jsonl.", plural(self.unlisted_clusters as u64, "cluster")));
        }
        let hidden = material.pairs.len() - self.views.len();
        if hidden > 0 {
            notes.push(format!(
                "Both texts are in this page for {} of {}, the strongest of each relation in turn (--report-pairs N), but for very long ones \
                 and what is beyond {} of text; the passages of all are in pairs.jsonl.",
                count(self.views.len() as u64),
                plural(material.pairs.len() as u64, "pair"),
                indicatif::BinaryBytes(MOST_TEXT as u64)
            ));
        }
        notes
    }

    /// Writes JSON that may stand in a page: nothing in it ends an element or begins a comment.
    pub(super) fn write(&self, out: &mut impl Write) -> Result<()> {
        self.serialize(&mut serde_json::Serializer::with_formatter(out, InPage))
            .map_err(|error| Error::output(&error.into()))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// JSON in whose strings nothing looks like a tag or a reference.
struct InPage;

impl Formatter for InPage {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut at = 0;
        for place in memchr::memchr3_iter(b'<', b'>', b'&', fragment.as_bytes()) {
            write!(out, "{}\\u{:04x}", &fragment[at..place], fragment.as_bytes()[place])?;
            at = place + 1;
        }
        out.write_all(&fragment.as_bytes()[at..])
    }
}

/// Articles that are shown, in the order in which they were met.
#[derive(Default)]
struct Numbers {
    known: AHashMap<ArticleId, u32>,
    all: Vec<ArticleId>,
}

impl Numbers {
    fn of(&mut self, article: ArticleId) -> u32 {
        *self.known.entry(article).or_insert_with(|| {
            self.all.push(article);
            self.all.len() as u32 - 1
        })
    }

    /// What is known of them, and the publishers, by name.
    fn entries<'m>(
        &self,
        entries: &'m dyn Entries,
        texts: &BTreeMap<u32, Text<'_>>,
    ) -> (Vec<Article<'m>>, Vec<&'m str>) {
        let names: AHashSet<&str> = self.all.iter().filter_map(|&article| entries.entry(article).publisher).collect();
        let mut publishers: Vec<&str> = names.into_iter().collect();
        publishers.sort_unstable();
        let numbers: AHashMap<&str, u32> = publishers.iter().copied().zip(0..).collect();
        let short = |text: &'m str| cut(text, MOST_OF_FIELD);
        let article = |(&article, number): (&ArticleId, u32)| {
            let entry = entries.entry(article);
            Article(
                entry.id,
                entry.title.map(short),
                entry.publisher.and_then(|name| numbers.get(name).copied()),
                entry.date.map(Iso),
                entry.words,
                entry.url.filter(|_| texts.contains_key(&number)).map(short),
            )
        };
        let articles = self.all.iter().zip(0..).map(article).collect();
        (articles, publishers.into_iter().map(short).collect())
    }
}
