//! One article, named by a person: a file, or a record as <FILE:RECORD>.

use super::read;
use super::{Card, Format, InputOptions, Place, Plan, shown};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// An article that a person named.
#[derive(Clone, Debug)]
pub struct One {
    /// Its text.
    pub text: String,
    /// Its short fields.
    pub card: Card<'static>,
    /// Where its source is.
    pub place: Place,
    /// Its record there, from 1; `None` where the source is the article.
    pub record: Option<u64>,
}

/// Reads the article that `name` names.
///
/// # Errors
/// If there is none, or the file holds several and `name` does not say which.
pub fn read_one(name: &str, options: &InputOptions) -> Result<One> {
    let (path, wanted) = split(name);
    // What results call a member of an archive begins with the archive.
    let archive = path.ancestors().skip(1).find(|path| path.is_file()).filter(|_| !path.exists());
    let mut plan = Plan::new(&[archive.unwrap_or(&path).to_owned()], &[], options)?;
    if let Some(archive) = archive {
        let parent = archive.parent().unwrap_or(Path::new(""));
        let name = shown(path.strip_prefix(parent).unwrap_or(&path));
        plan.sources.retain(|source| source.name == name);
        plan.skipped.retain(|skip| skip.source == name || plan.sources.is_empty());
    }
    if plan.sources.is_empty()
        && let Some(skipped) = plan.skipped.pop()
    {
        return Err(Error::input(skipped.reason).at(path));
    }
    let Some(source) = plan.sources.pop() else { return Err(Error::input("not an article").at(path)) };
    if !plan.sources.is_empty() {
        return Err(Error::input("holds several files; name one of them").at(path));
    }
    if wanted == Some(0) {
        return Err(Error::input("records are counted from 1").at(path));
    }
    if source.format.is_whole() {
        if wanted.is_some() {
            return Err(Error::input("is one article and has no records").at(path));
        }
        let whole = read::whole(&source, options.limits).and_then(|whole| whole.article(&source.format, options));
        return match whole {
            Ok((text, card)) => Ok(One { text, card, place: source.place, record: None }),
            Err(reason) => Err(Error::input(reason).at(path)),
        };
    }
    if let Format::Columns(columns) = &source.format {
        let found = match wanted {
            None if columns.rows() > 1 => Err(format!("holds several articles; name one as {name}:RECORD")),
            wanted => read::row(&source, columns, wanted.unwrap_or(1), options),
        };
        let record = wanted.unwrap_or(1);
        let (text, card) = found.map_err(|reason| Error::input(reason).at(&path).record(record))?;
        return Ok(One { text, card, place: source.place, record: Some(record) });
    }
    let (mut count, mut articles) = (0, 0);
    let mut only = None;
    for block in source.blocks(options.limits) {
        for range in source.each(block.offset, &block.bytes) {
            count += 1;
            if wanted.is_some_and(|wanted| count != wanted) || articles > 1 {
                continue;
            }
            let article =
                read::whole_record((&source, &block), range, |record| read::article_of(&source, record, options));
            let failed = |reason: &str| Err(Error::input(reason).at(&path).record(count));
            match article {
                Ok(None) if wanted.is_some() => return failed("is no article"),
                Ok(None) => {}
                Ok(_) | Err(_) if articles > 0 => articles += 1,
                Ok(Some(article)) => {
                    articles += 1;
                    only = Some((article, count));
                }
                Err(reason) => return failed(&reason),
            }
        }
        count += u64::from(block.too_long.is_some());
        if only.is_some() && (wanted.is_some() || articles > 1) {
            break;
        }
        if let Some(error) = block.error {
            return Err(Error::input(error).at(path));
        }
    }
    match (only, wanted) {
        (_, None) if articles > 1 => {
            Err(Error::input(format!("holds several articles; name one as {name}:RECORD")).at(path))
        }
        (Some(((text, card), record)), _) => Ok(One { text, card, place: source.place.clone(), record: Some(record) }),
        (None, _) => Err(Error::input(format!("has {count} records")).at(path).record(wanted.unwrap_or(1))),
    }
}

/// <FILE:RECORD>, unless there is a file of the whole name.
fn split(name: &str) -> (PathBuf, Option<u64>) {
    if !Path::new(name).exists()
        && let Some((path, record)) = name.rsplit_once(':')
        && let Ok(record) = record.parse()
    {
        return (path.into(), Some(record));
    }
    (name.into(), None)
}
