//! Pairs that a person names, scored one by one whether they are reported or not.

use super::detect::{Texts, ascending};
use super::scan::{Found, OnDisk, Scan};
use crate::article::{ArticleId, Timestamp};
use crate::boilerplate::Boilerplate;
use crate::error::{Error, Result};
use crate::report::evaluate::Judged;
use crate::report::explain::Explained;
use crate::score::{Matched, Prepared, Relation};
use rayon::prelude::*;
use std::collections::BTreeMap;

impl Scan {
    /// Scores pairs; `None` where a text cannot be read any more.
    ///
    /// # Errors
    /// If a temporary file fails.
    pub fn judge(&self, pairs: &[(ArticleId, ArticleId)], boilerplate: &Boilerplate) -> Result<Vec<Option<Judged>>> {
        let texts = self.texts_of(pairs.iter().flat_map(|&(a, b)| [a, b]))?;
        let judged = pairs.par_iter().map(|&(a, b)| {
            let prepared = |article| {
                let text = texts.text(article).ok()?;
                Some(Prepared::new(&text, self.config()).marked(boilerplate))
            };
            let (a, b) = (prepared(a)?, prepared(b)?);
            let matched = Matched::new(&a, &b);
            let comparison = matched.compare(self.config());
            let reason = matched.weigh(self.config()).reason;
            let all = comparison.overlap.sets();
            // Identical is identical, if all of it is boilerplate.
            let identical = comparison.relation == Some(Relation::Identical);
            let sets = comparison.core.filter(|_| !identical).unwrap_or(all);
            Some(Judged { relation: comparison.relation, overlap: comparison.overlap, sets, reason })
        });
        Ok(judged.collect())
    }

    /// Why two articles, a before b, are in what was found, or why they are not.
    ///
    /// # Errors
    /// If one of them cannot be read any more, or a temporary file fails.
    pub fn explain(&self, (a, b): (ArticleId, ArticleId), found: &Found) -> Result<Explained> {
        let texts = self.texts_of([a, b].into_iter())?;
        let prepared = |article: ArticleId| {
            let lost = |reason: String| Error::input(reason).at(self.catalogue().source(article).name.as_str());
            let text = texts.text(article).map_err(lost)?;
            Ok(Prepared::new(&text, self.config()).marked(&found.boilerplate))
        };
        let both = (prepared(a)?, prepared(b)?);
        let matched = Matched::new(&both.0, &both.1);
        let comparison = matched.compare(self.config());
        let id = |article: ArticleId| self.catalogue().id(article).into_owned();
        let stand_in = |article: ArticleId| {
            let standing = found.standing[article.index()];
            (standing != article).then(|| id(standing))
        };
        Ok(Explained {
            ids: [id(a), id(b)],
            relation: comparison.relation,
            overlap: comparison.overlap,
            core: comparison.core,
            reason: matched.weigh(self.config()).reason,
            run: matched.longest_run(),
            is_listed: found.pairs.iter().any(|pair| (pair.a, pair.b) == (a, b)),
            stand_ins: [stand_in(a), stand_in(b)],
            not_sought: self.not_sought(a, b),
        })
    }

    /// Why a pair was not sought, if it was not.
    fn not_sought(&self, a: ArticleId, b: ArticleId) -> Vec<String> {
        let catalogue = self.catalogue();
        let (one, other) = (catalogue.cards.get(a), catalogue.cards.get(b));
        let mut reasons = Vec::new();
        if [a, b].iter().all(|&article| catalogue.source(article).reference) {
            reasons.push("Both are references, which are not compared with each other.".to_owned());
        }
        let in_days = |milliseconds: u64| milliseconds as f64 / Timestamp::DAY as f64;
        if let (Some(days), Some(one), Some(other)) = (self.config().within_days, one.date, other.date)
            && in_days(one.apart(other)) > days
        {
            let dated = in_days(one.0.abs_diff(other.0));
            reasons.push(format!("They are dated {dated:.1} days apart; --within asks for at most {days}."));
        }
        if let (true, Some(one), Some(other)) = (self.config().across_publishers, one.publisher, other.publisher)
            && one == other
        {
            reasons.push(format!("Both are published by {one}; --across-publishers asks for two publishers."));
        }
        reasons
    }

    /// Some texts, announced.
    fn texts_of(&self, articles: impl Iterator<Item = ArticleId>) -> Result<OnDisk<'_>> {
        let mut texts = self.on_disk();
        texts.prepare(|| ascending(articles))?;
        Ok(texts)
    }

    /// The texts of these pairs, to be asked for.
    ///
    /// # Errors
    /// If a temporary file fails.
    pub fn texts_of_pairs(&self, pairs: impl Iterator<Item = (ArticleId, ArticleId)>) -> Result<SomeTexts<'_>> {
        self.texts_of(pairs.flat_map(|(a, b)| [a, b])).map(SomeTexts)
    }

    /// The texts of pairs; `None` where one cannot be read any more.
    ///
    /// # Errors
    /// If a temporary file fails.
    pub fn texts(&self, pairs: &[(ArticleId, ArticleId)]) -> Result<Vec<Option<(String, String)>>> {
        let texts = self.texts_of(pairs.iter().flat_map(|&(a, b)| [a, b]))?;
        let text = |article| texts.text(article).ok().map(std::borrow::Cow::into_owned);
        Ok(pairs.iter().map(|&(a, b)| text(a).zip(text(b))).collect())
    }
}

/// Texts that were announced.
pub struct SomeTexts<'s>(OnDisk<'s>);

impl SomeTexts<'_> {
    /// Those of these articles that can be read still.
    #[must_use]
    pub fn some(&self, articles: &[ArticleId]) -> BTreeMap<ArticleId, String> {
        let read = |&article: &ArticleId| Some((article, self.0.text(article).ok()?.into_owned()));
        articles.par_iter().filter_map(read).collect()
    }
}
