//! Text to words: a 64-bit hash of each normalised word, and the bytes of the original that it came from.
//!
//! **Takes** `&str`. **Gives** words in text order, each a hash and a [`Span`].
//! A word is a run of Unicode letters, marks and digits with at least one letter or digit, after NFKC and full case
//! folding. Two words are equal exactly if their normalised forms are (up to collisions of 64-bit hashes).
//!
//! | in the text | becomes | rule |
//! |---|---|---|
//! | `Straße`, `STRASSE` | `strasse` | full case folding; final sigma folds to sigma; accents stay |
//! | `ﬁ`, `①`, `Ａ` | `fi`, `1`, `a` | compatibility characters as NFKC has them |
//! | `don't`, `don’t` | `dont` | an apostrophe (U+0027, U+2019) between word characters is dropped |
//! | `all-time` | `all`, `time` | hyphens, and everything else that is no letter, mark or digit, split |
//! | `U.S.`, `a.m.` | `us`, `am` | one-letter words joined by a full stop with nothing between are one word |
//! | `J. K.` | `j`, `k` | a space between them keeps them apart |
//! | `3.5`, `x.org` | `3`, `5`; `x`, `org` | only letters are initials, and only single ones |
//! | `½`, `ﷺ` | `1`, `2`; four words | one character may give several words, which then share its span |
//! | `北京`, `ไทย` | a word a character | Han, Kana, Thai, Lao, Khmer, Myanmar: each character with its marks |
//! | U+00AD, U+034F, U+061C, U+180B–180F, U+200B–200F, U+202A–202E, U+2060–2064, U+2066–206F, U+FE00–FE0F, U+FEFF, U+E0000–E01EF | nothing | soft hyphen, joiners, zero-width and bidi controls, tags, variation selectors |
//!
//! A mark with no letter or digit before it belongs to the separator before it, so `´quoted´` (whose NFKC form has
//! combining accents after spaces) is the word `quoted`.
//!
//! **Spans** are never altered by folding: a span runs from the first to the last source character of its word.
//!
//! **How.** 64 bytes at a time are classified (`classify.rs`, SIMD where the CPU has it). A run of ASCII letters and
//! digits is hashed from its bytes; any other run goes through `careful.rs`, which looks every character up in tables
//! and gives the same hash for the same word. **Cost**: linear in the bytes, no allocation for ASCII text.

mod careful;
pub(crate) mod classify;
mod hash;
mod tables;

use crate::article::Span;
use crate::simd::{Work, widest};
use classify::{BLOCK, Block};
pub use hash::word_hash;

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The hash of its normalised form.
    pub hash: u64,
    /// Where it stands in the original.
    pub span: Span,
}

/// The words of `text`, in order.
///
/// # Panics
/// If `text` is longer than 4 GiB, the reach of a [`Span`].
///
/// ```
/// use wirecopy::text::{word_hash, words};
///
/// let text = "Don’t panic: the U.S. says so.";
/// let words = words(text);
/// let spans: Vec<&str> = words.iter().map(|word| word.span.of(text)).collect();
/// assert_eq!(spans, ["Don’t", "panic", "the", "U.S", "says", "so"]);
/// assert_eq!(words[0].hash, word_hash("dont"));
/// assert_eq!(words[3].hash, word_hash("us"));
/// ```
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::with_capacity(text.len() / 6);
    for_each_word(text, |hash, span| words.push(Word { hash, span }));
    words
}

/// The hashes of the words of `text`, appended to `hashes`.
///
/// # Panics
/// As [`words`].
pub fn word_hashes(text: &str, hashes: &mut Vec<u64>) {
    for_each_word(text, |hash, _| hashes.push(hash));
}

/// Calls `emit` with the hash and span of each word of `text`, in order.
///
/// # Panics
/// As [`words`].
pub fn for_each_word(text: &str, emit: impl FnMut(u64, Span)) {
    widest(Scan { text, classify: classify::best(), emit });
}

/// Blocks classified at a time: 1 KiB of text, so that short articles do not pay for long buffers.
const CHUNK: usize = 16;

/// A [`scan`] to come.
struct Scan<'t, E> {
    text: &'t str,
    classify: classify::Classifier,
    emit: E,
}

impl<E: FnMut(u64, Span)> Work for Scan<'_, E> {
    #[inline(always)]
    fn run(self) {
        scan(self.text, self.classify, self.emit);
    }
}

/// The scan behind [`for_each_word`], with the classifier named, so that a test can compare two.
#[inline(always)]
fn scan(text: &str, classify: classify::Classifier, mut emit: impl FnMut(u64, Span)) {
    assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes is beyond the 4 GiB that spans reach", text.len());
    let bytes = text.as_bytes();
    let mut careful = careful::Careful::new();
    let mut blocks = [Block::default(); CHUNK];
    // The block before: its last byte, whether a run is open at its end, and which of its bytes need care.
    let (mut before, mut inside, mut care_before) = (0, 0, 0);
    // Where the run began that is open, or comes next.
    let mut start = 0;

    for chunk_start in (0..bytes.len()).step_by(CHUNK * BLOCK) {
        let chunk = &bytes[chunk_start..bytes.len().min(chunk_start + CHUNK * BLOCK)];
        let used = classify(chunk, &mut blocks);
        let behind = bytes.get(chunk_start + chunk.len()).is_some_and(|&byte| classify::is_run(byte));
        for (index, &Block { run, other, joiner }) in blocks[..used].iter().enumerate() {
            let after = blocks[..used].get(index + 1).map_or(u64::from(behind), |next| next.run & 1);
            // A joiner between two run bytes belongs to their run.
            let joined = joiner & (run << 1 | before) & (run >> 1 | after << 63);
            before = run >> 63;
            let (run, care) = (run | joined, other | joined);
            let edges = run ^ (run << 1 | inside);
            let (mut starts, mut ends) = (edges & run, edges & !run);
            let base = chunk_start + index * BLOCK;
            let mut next = || {
                let next = base + starts.trailing_zeros() as usize;
                starts &= starts.wrapping_sub(1);
                next
            };
            if inside == 0 {
                start = next();
            }
            while ends != 0 {
                let end = base + ends.trailing_zeros() as usize;
                ends &= ends - 1;
                let plain = end - start <= hash::SHORT
                    && (care | care_before == 0 || !needs_care([care_before, care], start + BLOCK - base, end - start));
                if plain {
                    emit(hash::ascii_word_hash(bytes, start, end), Span { start: start as u32, end: end as u32 });
                } else {
                    careful.run(text, start, end, &mut emit);
                }
                start = next();
            }
            inside = run >> 63;
            care_before = care;
        }
    }
    if inside == 1 {
        careful.run(text, start, bytes.len(), &mut emit);
    }
}

/// Whether a run of at most 16 bytes, which begins at `start` in two blocks, holds a byte that is no ASCII letter or digit.
fn needs_care(care: [u64; 2], start: usize, len: usize) -> bool {
    let both = u128::from(care[1]) << 64 | u128::from(care[0]);
    both >> start & ((1 << len) - 1) != 0
}

#[cfg(test)]
mod tests;
