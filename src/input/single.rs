//! One article, named by a person: a file, or a record as <FILE:RECORD>.

use super::lines;
use super::objects;
use super::read::{WholeText, decode_line, whole_text};
use super::{Format, InputOptions, Place, Plan, record};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// An article that a person named.
#[derive(Clone, Debug)]
pub struct One {
    /// Its text.
    pub text: String,
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
    let mut plan = Plan::new(std::slice::from_ref(&path), &[], options)?;
    if let Some(skipped) = plan.skipped.pop() {
        return Err(Error::input(skipped.reason).at(path));
    }
    let Some(source) = plan.sources.pop() else { return Err(Error::input("not an article").at(path)) };
    if !plan.sources.is_empty() {
        return Err(Error::input("holds several files; name one of them").at(path));
    }
    if wanted == Some(0) {
        return Err(Error::input("records are counted from 1").at(path));
    }
    match (&source.format, wanted) {
        (Format::Text, None) => {
            let whole = whole_text(&source.place, options.max_record).and_then(WholeText::whole);
            return match whole {
                Ok(text) => Ok(One { text, place: source.place, record: None }),
                Err(reason) => Err(Error::input(reason).at(path)),
            };
        }
        (Format::Text, Some(_)) => return Err(Error::input("is one article and has no records").at(path)),
        _ => {}
    }
    let (mut count, mut articles) = (0, 0);
    let mut only = None;
    for block in source.blocks(options.max_record) {
        let mut take = |has_text: bool, text: &dyn Fn() -> std::result::Result<String, String>| {
            count += 1;
            articles += u64::from(has_text);
            if wanted.map_or(articles == 1 && has_text, |wanted| count == wanted) {
                let text = text().map_err(|reason| Error::input(reason).at(&path).record(count))?;
                only = Some((text, count));
            }
            Ok(())
        };
        match &source.format {
            Format::Rows(table) => {
                for row in table.records(block.offset, &block.bytes) {
                    take(true, &|| table.text(&block.bytes[row.bytes.clone()]))?;
                }
            }
            Format::Objects(fields) => {
                for range in objects::each(&block.bytes) {
                    let element = decode_line(&block.bytes[range], source.encoding).0;
                    take(true, &|| record::text(&element, fields).map(Cow::into_owned))?;
                }
            }
            Format::Lines(fields) => {
                for line in lines::each(&block.bytes) {
                    let line = decode_line(line, source.encoding).0;
                    take(!line.is_empty(), &|| record::text(&line, fields).map(Cow::into_owned))?;
                }
            }
            Format::Text => {}
        }
        count += u64::from(block.too_long.is_some());
        if only.is_some() && wanted.is_some() {
            break;
        }
        if let Some(error) = block.error {
            return Err(Error::input(error).at(path));
        }
    }
    match (only, wanted) {
        (_, None) if articles > 1 => {
            Err(Error::input(format!("holds {articles} articles; name one as {name}:RECORD")).at(path))
        }
        (Some((text, record)), _) => Ok(One { text, place: source.place.clone(), record: Some(record) }),
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
