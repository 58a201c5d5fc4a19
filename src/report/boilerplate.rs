//! `boilerplate.jsonl`: a line a passage that counted for nobody, those in the most articles first.
//!
//! | field | is |
//! |---|---|
//! | `text` | the passage, whole, as one of the articles has it |
//! | `articles` | how many carry it |
//! | `publisher` | whose articles they are, where all are one publisher's or lie in one folder; else null |
//!
//! `--boilerplate FILE` reads such a file, and then the same words count for nobody as in the run that wrote it.

use super::write_line;
use crate::boilerplate::KnownPassage;
use crate::error::{Error, Result};
use std::io::{BufRead, Write};
use std::path::Path;

/// Writes `boilerplate.jsonl`.
///
/// # Errors
/// If it cannot be written.
pub fn write(mut out: impl Write, passages: &[KnownPassage]) -> Result<()> {
    for passage in passages {
        write_line(&mut out, passage)?;
    }
    out.flush().map_err(|error| Error::output(&error))
}

/// Reads such a file. Lines need a `text`; what else they have is not needed.
///
/// # Errors
/// If it cannot be read, or a line is no object with a text.
pub fn read(path: &Path) -> Result<Vec<KnownPassage>> {
    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
        #[serde(default)]
        articles: u64,
        #[serde(default)]
        publisher: Option<String>,
    }
    let failed = |error: std::io::Error| Error::input(error.to_string()).at(path);
    let file = std::io::BufReader::new(std::fs::File::open(path).map_err(failed)?);
    let mut passages = Vec::new();
    for (line, number) in file.lines().zip(1..) {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        let Line { text, articles, publisher } = serde_json::from_str(&line).map_err(|error| {
            Error::input(format!("not a line of boilerplate.jsonl: {error}")).at(path).record(number)
        })?;
        passages.push(KnownPassage { text, articles, publisher });
    }
    Ok(passages)
}
