//! Pairs that a person names, scored one by one whether they are reported or not.

use super::detect::Texts;
use super::scan::{OnDisk, Scan};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::error::Result;
use crate::report::evaluate::Judged;
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

    /// Some texts, announced.
    fn texts_of(&self, articles: impl Iterator<Item = ArticleId>) -> Result<OnDisk<'_>> {
        let mut articles: Vec<ArticleId> = articles.collect();
        articles.sort_unstable();
        articles.dedup();
        let mut texts = self.on_disk();
        texts.prepare(&articles)?;
        Ok(texts)
    }

    /// The texts of articles, as far as they can be read still and are not longer than so many bytes.
    ///
    /// # Errors
    /// If a temporary file fails.
    pub fn some_texts(&self, articles: &[ArticleId], most: usize) -> Result<BTreeMap<ArticleId, String>> {
        let texts = self.texts_of(articles.iter().copied())?;
        let read = articles.par_iter().filter_map(|&article| {
            let text = texts.text(article).ok().filter(|text| text.len() <= most)?;
            Some((article, text.into_owned()))
        });
        Ok(read.collect())
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
