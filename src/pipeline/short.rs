//! The shingles of short articles, known before all articles are read, so that the first reading can look them up.
//!
//! Of a short article every partner is sought that has half of its few shingles, wherever they stand, so all articles are
//! asked for them. Short articles have short records; where a record is long and its text short all the same, or where
//! the input can only be read from its beginning, what is not known here is looked up in a second reading.

use crate::candidates::passages::is_short;
use crate::config::Config;
use crate::shingle::{Known, shingles};
use crate::text::word_hashes;
use ahash::AHashSet;
use rayon::prelude::*;

/// Bytes of the longest record that is taken for that of a short article.
#[cfg(feature = "formats")]
pub(crate) const RECORD: u64 = 2048;
/// Bytes of the longest text that is.
pub(crate) const TEXT: usize = 1024;

/// All of these shingles.
pub(crate) fn all(parts: Vec<AHashSet<u64>>) -> Known {
    let all = parts.into_iter().reduce(|mut all, part| {
        all.extend(part);
        all
    });
    Known::new(all.unwrap_or_default())
}

/// Whether all shingles of these articles are known.
pub(crate) fn cover(known: &Known, short: &[(u32, Box<[u64]>)]) -> bool {
    short.par_iter().all(|(_, shingles)| shingles.iter().all(|&shingle| known.contains(shingle)))
}

/// Adds the shingles of a text that is short, if it may have partners beside its copies.
pub(crate) fn of_text(text: &str, config: &Config, all: &mut AHashSet<u64>) {
    if text.len() > TEXT {
        return;
    }
    let mut words = Vec::new();
    word_hashes(text, &mut words);
    if is_short(words.len() as u32) && words.len() >= config.shingle {
        let mut of_text = Vec::new();
        shingles(&words, config.shingle, &mut of_text);
        all.extend(of_text);
    }
}
