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
    scan(text, classify::best(), emit);
}

/// Blocks classified at a time: 1 KiB of text, so that short articles do not pay for long buffers.
const CHUNK: usize = 16;
/// Edges are written this many at a time.
const STRIDE: usize = 8;

/// The scan behind [`for_each_word`], with the classifier named, so that a test can compare two.
fn scan(text: &str, classify: classify::Classifier, mut emit: impl FnMut(u64, Span)) {
    assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes is beyond the 4 GiB that spans reach", text.len());
    let bytes = text.as_bytes();
    let mut careful = careful::Careful::new();
    let mut blocks = [Block::default(); CHUNK + 1];
    let mut edges = [0u32; CHUNK * BLOCK + STRIDE];
    // A run that is open at the end of a chunk: where it began.
    let mut open: Option<u32> = None;
    let mut previous_is_run = false;

    for chunk_start in (0..bytes.len()).step_by(CHUNK * BLOCK) {
        let chunk = &bytes[chunk_start..bytes.len().min(chunk_start + CHUNK * BLOCK)];
        let used = classify(chunk, &mut blocks);
        let next_is_run = bytes.get(chunk_start + chunk.len()).is_some_and(|&byte| classify::is_run(byte));
        let around = Around { previous_is_run, next_is_run, inside: open.is_some() };
        let count = join_and_find_edges(&mut blocks[..used], around, chunk_start as u32, &mut edges);
        previous_is_run = chunk.last().is_some_and(|&byte| classify::is_run(byte));

        let mut ends = &edges[..count];
        if let Some(start) = open.take() {
            let Some((&end, rest)) = ends.split_first() else {
                open = Some(start);
                continue;
            };
            careful.run(text, start as usize, end as usize, &mut emit);
            ends = rest;
        }
        let mut pairs = ends.chunks_exact(2);
        for pair in &mut pairs {
            let (start, end) = (pair[0] as usize, pair[1] as usize);
            if end - start <= hash::SHORT && !needs_care(&blocks, start - chunk_start, end - start) {
                emit(hash::ascii_word_hash(bytes, start, end), Span { start: pair[0], end: pair[1] });
            } else {
                careful.run(text, start, end, &mut emit);
            }
        }
        open = pairs.remainder().first().copied();
    }
    if let Some(start) = open {
        careful.run(text, start as usize, bytes.len(), &mut emit);
    }
}

/// What a chunk needs to know of the bytes beside it.
#[derive(Clone, Copy)]
struct Around {
    previous_is_run: bool,
    next_is_run: bool,
    /// Whether a run is open where the chunk begins. (Its last byte may be a joiner, which is no run byte by itself.)
    inside: bool,
}

/// Adds the joiners that stand between two run bytes to the runs of a chunk, then lists the offsets at which a run
/// starts or ends. Returns how many there are. Afterwards `other` of a block marks the run bytes that need care.
fn join_and_find_edges(blocks: &mut [Block], around: Around, base: u32, edges: &mut [u32]) -> usize {
    let mut count = 0;
    let mut before = u64::from(around.previous_is_run);
    let mut inside = u64::from(around.inside);
    for index in 0..blocks.len() {
        let after = blocks.get(index + 1).map_or(u64::from(around.next_is_run), |next| next.run & 1);
        let block = &mut blocks[index];
        let joined = block.joiner & (block.run << 1 | before) & (block.run >> 1 | after << 63);
        before = block.run >> 63;
        block.other |= joined;
        let run = block.run | joined;
        let mut toggles = run ^ (run << 1 | inside);
        inside = run >> 63;
        let offset = base + (index * BLOCK) as u32;
        // Whole strides, the last one beyond what is needed: a loop that ends at the last bit is mispredicted each time.
        let end = count + toggles.count_ones() as usize;
        while toggles != 0 {
            for edge in &mut edges[count..count + STRIDE] {
                *edge = offset.wrapping_add(toggles.trailing_zeros());
                toggles &= toggles.wrapping_sub(1);
            }
            count += STRIDE;
        }
        count = end;
    }
    count
}

/// Whether a run of at most 63 bytes at `start` in the chunk holds a byte that is no ASCII letter or digit.
fn needs_care(blocks: &[Block; CHUNK + 1], start: usize, len: usize) -> bool {
    let (index, shift) = (start / BLOCK, start % BLOCK);
    let window = blocks[index].other >> shift | (blocks[index + 1].other << 1) << (63 - shift);
    window & ((1 << len) - 1) != 0
}

#[cfg(test)]
mod tests;
