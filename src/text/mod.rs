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
//! **How.** 64 bytes at a time are classified (`classify.rs`, by SIMD where the CPU has it). Runs of ASCII letters and
//! digits are hashed from their bytes, many at once; any other run goes through `careful.rs`, which looks every character up in tables
//! and gives the same hash for the same word. **Cost**: linear in the bytes, no allocation for ASCII text.

mod careful;
mod classify;
mod hash;
mod tables;

use crate::article::Span;
use crate::simd::{Lanes, Work, widest};
use careful::{Careful, NUMBERED, Widths};
use classify::{BLOCK, Block, Characters, Letters, Places, TOGETHER};
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
    let (mut hashes, mut spans) = (Vec::new(), Vec::new());
    words_into(text, &mut hashes, &mut spans);
    hashes.into_iter().zip(spans).map(|(hash, span)| Word { hash, span }).collect()
}

/// The hashes of the words of `text`, appended to `hashes`.
///
/// # Panics
/// As [`words`].
pub fn word_hashes(text: &str, hashes: &mut Vec<u64>) {
    widest(Scan { text, sink: hashes });
}

/// The hashes and spans of the words of `text`, appended to `hashes` and `spans`.
///
/// # Panics
/// As [`words`].
pub fn words_into(text: &str, hashes: &mut Vec<u64>, spans: &mut Vec<Span>) {
    widest(Scan { text, sink: (hashes, spans) });
}

/// What takes the words of a text, in order.
trait Sink {
    /// Takes a word.
    fn take(&mut self, hash: u64, span: Span);

    /// Takes as many hashes as there are starts and ends.
    fn take_all(&mut self, hashes: &[u64], starts: &[u32], ends: &[u32]);
}

impl Sink for &mut Vec<u64> {
    #[inline(always)]
    fn take(&mut self, hash: u64, _: Span) {
        self.push(hash);
    }

    #[inline(always)]
    fn take_all(&mut self, hashes: &[u64], _: &[u32], _: &[u32]) {
        self.extend_from_slice(hashes);
    }
}

impl Sink for (&mut Vec<u64>, &mut Vec<Span>) {
    #[inline(always)]
    fn take(&mut self, hash: u64, span: Span) {
        self.0.push(hash);
        self.1.push(span);
    }

    #[inline(always)]
    fn take_all(&mut self, hashes: &[u64], starts: &[u32], ends: &[u32]) {
        self.0.extend_from_slice(hashes);
        self.1.extend(starts.iter().zip(ends).map(|(&start, &end)| Span { start, end }));
    }
}

/// A [`scan`] to come.
struct Scan<'t, S> {
    text: &'t str,
    sink: S,
}

impl<S: Sink> Work for Scan<'_, S> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        scan(lanes, self.text, self.sink);
    }
}

/// The scan behind all of these.
#[inline(always)]
fn scan<L: Lanes>(lanes: L, text: &str, mut sink: impl Sink) {
    assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes is beyond the 4 GiB that spans reach", text.len());
    let bytes = text.as_bytes();
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    // What is behind the end belongs to no run.
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let block = |index: usize| whole.get(index).unwrap_or(&last);
    let mut careful = Careful::new();
    let mut plain = PlainBlocks::new();
    // The block before: its last byte, whether a run is open at its end, which of its bytes need care, and what is known of
    // its characters.
    let (mut before, mut inside, mut care_before, mut characters_before) = (0, 0, 0, Characters::default());
    // Where the run began that is open.
    let mut start = 0;

    let mut next = Block::of(lanes, block(0));
    for index in 0..bytes.len().div_ceil(BLOCK) {
        let Block { run, other, joiner } = next;
        next = if index < whole.len() { Block::of(lanes, block(index + 1)) } else { Block::default() };
        // A joiner between two run bytes belongs to their run.
        let joined = joiner & (run << 1 | before) & (run >> 1 | next.run << 63);
        before = run >> 63;
        let (run, care) = (run | joined, other | joined);
        let edges = run ^ (run << 1 | inside);
        let (mut starts, mut ends) = (edges & run, edges & !run);
        let base = index * BLOCK;
        if care | care_before == 0 {
            if inside == 1 && plain.blocks == 0 {
                plain.begin::<L>(&bytes[start..base], start);
            }
            plain.push(lanes, (base, block(index)), [run, starts, ends]);
            if plain.blocks == TOGETHER {
                start = plain.hash(lanes, text, &mut careful, &mut sink).unwrap_or(start);
            }
            characters_before = Characters::default();
        } else {
            start = plain.hash(lanes, text, &mut careful, &mut sink).unwrap_or(start);
            let mut next = || {
                let next = base + starts.trailing_zeros() as usize;
                starts &= starts.wrapping_sub(1);
                next
            };
            if inside == 0 {
                start = next();
            }
            let characters = Characters::of(lanes, block(index));
            let widths = |start: usize, end: usize| {
                if end - start > NUMBERED {
                    return Widths::Unknown;
                }
                let in_both = |before: u64, now: u64| of_run([before, now], start + BLOCK - base, end - start);
                if in_both(characters_before.wide, characters.wide) == 0 {
                    Widths::Narrow(!in_both(characters_before.inner, characters.inner) & lowest(end - start))
                } else {
                    Widths::Wide
                }
            };
            while ends != 0 {
                let end = base + ends.trailing_zeros() as usize;
                ends &= ends - 1;
                let is_plain =
                    end - start <= hash::SHORT && of_run([care_before, care], start + BLOCK - base, end - start) == 0;
                if is_plain {
                    let span = Span { start: start as u32, end: end as u32 };
                    sink.take(hash::ascii_word_hash(bytes, start, end), span);
                } else {
                    careful.run(text, (start, end), widths(start, end), &mut |hash, span| sink.take(hash, span));
                }
                start = next();
            }
            characters_before = characters;
        }
        inside = run >> 63;
        care_before = care;
    }
    start = plain.hash(lanes, text, &mut careful, &mut sink).unwrap_or(start);
    if inside == 1 {
        careful.run(text, (start, bytes.len()), Widths::Unknown, &mut |hash, span| sink.take(hash, span));
    }
}

/// Where runs start and end in blocks of ASCII that follow each other, and what they are made of.
struct PlainBlocks {
    blocks: usize,
    starts: Places,
    ends: Places,
    /// The letters and digits of all runs, where words are spread from these.
    letters: Letters,
}

impl PlainBlocks {
    fn new() -> Self {
        Self { blocks: 0, starts: Places::new(), ends: Places::new(), letters: Letters::new() }
    }

    /// Begins with a run that is open where the first block begins: what there is of it, and where.
    #[inline(always)]
    fn begin<L: Lanes>(&mut self, run: &[u8], start: usize) {
        self.starts.push(start as u32);
        // Of words that are longer the letters are not looked at.
        if L::SPREADS && run.len() <= hash::SHORT {
            self.letters.begin(run);
        }
    }

    /// Adds a block: where it begins and what it is; which of its bytes belong to runs, and those with which runs start, or
    /// behind which they end.
    #[inline(always)]
    fn push<L: Lanes>(&mut self, lanes: L, (base, block): (usize, &[u8; BLOCK]), [run, starts, ends]: [u64; 3]) {
        self.starts.add(lanes, base as u32, starts);
        self.ends.add(lanes, base as u32, ends);
        if L::SPREADS {
            self.letters.add(lanes, block, run);
        }
        self.blocks += 1;
    }

    /// Hashes the words of these blocks and takes the blocks away. Returns where the run began that is open.
    #[inline(always)]
    fn hash<L: Lanes>(&mut self, lanes: L, text: &str, careful: &mut Careful, sink: &mut impl Sink) -> Option<usize> {
        if self.blocks == 0 {
            return None;
        }
        let (starts, ends) = (self.starts.as_slice(), self.ends.as_slice());
        let open = starts.get(ends.len()).map(|&start| start as usize);
        let starts = &starts[..ends.len()];
        let longest = starts.iter().zip(ends).map(|(start, end)| end - start).max().unwrap_or(0);
        if longest as usize <= hash::SHORT {
            let taker = WithSpans { sink, starts, ends };
            if L::SPREADS {
                hash::spread_word_hashes(lanes, self.letters.as_slice(), starts, ends, taker);
            } else {
                hash::ascii_word_hashes(text.as_bytes(), starts, ends, taker);
            }
        } else {
            for (&start, &end) in starts.iter().zip(ends) {
                let (from, to) = (start as usize, end as usize);
                if to - from <= hash::SHORT {
                    sink.take(hash::ascii_word_hash(text.as_bytes(), from, to), Span { start, end });
                } else {
                    careful.run(text, (from, to), Widths::Unknown, &mut |hash, span| sink.take(hash, span));
                }
            }
        }
        self.blocks = 0;
        self.starts.clear();
        self.ends.clear();
        self.letters.clear();
        open
    }
}

/// Hands words on with where those that are to come start and end.
struct WithSpans<'w, S> {
    sink: &'w mut S,
    starts: &'w [u32],
    ends: &'w [u32],
}

impl<S: Sink> hash::Taker for WithSpans<'_, S> {
    #[inline(always)]
    fn take(&mut self, hashes: &[u64]) {
        let (starts, later_starts) = self.starts.split_at(hashes.len());
        let (ends, later_ends) = self.ends.split_at(hashes.len());
        self.sink.take_all(hashes, starts, ends);
        (self.starts, self.ends) = (later_starts, later_ends);
    }
}

/// Of the bits of two blocks, those of a run of at most 64 bytes, which begins at `start` in them.
#[inline(always)]
fn of_run(bits: [u64; 2], start: usize, len: usize) -> u64 {
    let both = u128::from(bits[1]) << 64 | u128::from(bits[0]);
    (both >> start) as u64 & lowest(len)
}

/// The lowest bits, of 64 at most.
#[inline(always)]
fn lowest(count: usize) -> u64 {
    ((1u128 << count) - 1) as u64
}

#[cfg(test)]
mod tests;
