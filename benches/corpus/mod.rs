//! A seeded generator of news-like articles with planted duplicates, for benches, tests and trials at scale.
//!
//! Words follow Zipf's law over an invented vocabulary, lengths of sentences, paragraphs and articles are log-normal,
//! each publisher has a footer. Article `i` of a seed is always the same, whatever else is generated, so a corpus of any
//! size can be written as a stream and in parallel.

#![allow(dead_code, reason = "each test and bench that includes this file uses a part of it")]

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::OnceLock;

/// What was done to make an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written afresh.
    Original,
    /// The text of article `of`, word for word.
    Copy { of: usize },
    /// Article `of` with 2 to 6 % of the words edited.
    Light { of: usize },
    /// Article `of` with 15 to 35 % of the words edited.
    Heavy { of: usize },
    /// The first 30 to 90 % of article `of`.
    Truncated { of: usize },
    /// Article `of` between paragraphs of its own.
    Embedded { of: usize },
}

/// A generated article.
pub struct Generated {
    pub id: String,
    pub title: String,
    pub text: String,
    pub publisher: String,
    pub date: String,
    pub origin: Origin,
}

/// A corpus of one seed.
#[derive(Clone, Copy)]
pub struct Corpus {
    pub seed: u64,
    /// Whether articles end with their publisher's footer.
    pub footers: bool,
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    Ascii,
    /// One letter in ten has an accent, as in Czech or French.
    Latin,
    Cyrillic,
    /// Characters without spaces between them.
    Han,
}

impl Script {
    pub const ALL: [Self; 4] = [Self::Ascii, Self::Latin, Self::Cyrillic, Self::Han];

    /// An ASCII text in this script, letter by letter.
    pub fn write(self, text: &str) -> String {
        const CYRILLIC: [char; 26] = [
            'а', 'б', 'ц', 'д', 'е', 'ф', 'г', 'х', 'и', 'й', 'к', 'л', 'м', 'н', 'о', 'п', 'ь', 'р', 'с', 'т', 'у',
            'в', 'ш', 'ы', 'я', 'з',
        ];
        let letter = |ch: char| match (self, ch) {
            (Self::Latin, 'o') => Some('ö'),
            (Self::Latin, 'u') => Some('ü'),
            (Self::Cyrillic, 'a'..='z') => Some(CYRILLIC[ch as usize - 'a' as usize]),
            (Self::Cyrillic, 'A'..='Z') => CYRILLIC[ch as usize - 'A' as usize].to_uppercase().next(),
            (Self::Han, ' ' | ',' | '"') => None,
            (Self::Han, 'a'..='z') => char::from_u32(0x4e00 + 97 * (ch as u32 - 'a' as u32)),
            _ => Some(ch),
        };
        text.chars().filter_map(letter).collect()
    }
}

const VOCABULARY: usize = 60_000;
const PUBLISHERS: usize = 40;
/// Of ten articles, how many are written afresh; the others are made from one of these.
const ORIGINALS_IN_TEN: usize = 7;

impl Corpus {
    pub fn new(seed: u64) -> Self {
        Self { seed, footers: true }
    }

    /// Article number `index`.
    pub fn article(&self, index: usize) -> Generated {
        let mut rng = self.rng(1, index);
        let origin = Self::origin(index, &mut rng);
        let publisher = rng.random_range(0..PUBLISHERS);
        let paragraphs = match origin {
            Origin::Original => self.story(index),
            Origin::Copy { of } => self.story(of),
            Origin::Light { of } => {
                let share = rng.random_range(0.02..0.06);
                edited_story(self.story(of), share, &mut rng)
            }
            Origin::Heavy { of } => {
                let share = rng.random_range(0.15..0.35);
                edited_story(self.story(of), share, &mut rng)
            }
            Origin::Truncated { of } => {
                let share = rng.random_range(0.3..0.9);
                truncated(self.story(of), share)
            }
            Origin::Embedded { of } => {
                let mut around = paragraphs(&mut rng, 0.7);
                let at = rng.random_range(0..=around.len());
                around.splice(at..at, self.story(of));
                around
            }
        };
        let mut text = paragraphs.join("\n\n");
        // A copy keeps the words of its source, and so its source's footer.
        let footer_of = if let Origin::Copy { of } = origin { self.publisher(of) } else { publisher };
        if self.footers && footer_of % 2 == 0 {
            text.push_str("\n\n");
            text.push_str(&self.footer(footer_of));
        }
        Generated {
            id: format!("g{index:07}"),
            title: capitalised(&words(&mut rng, 7).join(" ")),
            text,
            publisher: format!("publisher-{publisher:02}.example"),
            date: format!("2024-{:02}-{:02}", 1 + index / 28 % 12, 1 + index % 28),
            origin,
        }
    }

    fn rng(&self, stream: u64, index: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        rng.set_stream(stream);
        rng
    }

    fn origin(index: usize, rng: &mut ChaCha8Rng) -> Origin {
        let kind: f64 = rng.random();
        if index % 10 < ORIGINALS_IN_TEN {
            return Origin::Original;
        }
        let of = rng.random_range(0..=index / 10) * 10 + rng.random_range(0..ORIGINALS_IN_TEN);
        match kind {
            x if x < 0.20 => Origin::Copy { of },
            x if x < 0.50 => Origin::Light { of },
            x if x < 0.65 => Origin::Heavy { of },
            x if x < 0.82 => Origin::Truncated { of },
            _ => Origin::Embedded { of },
        }
    }

    fn publisher(&self, index: usize) -> usize {
        let mut rng = self.rng(1, index);
        Self::origin(index, &mut rng);
        rng.random_range(0..PUBLISHERS)
    }

    /// The paragraphs of an original.
    fn story(&self, index: usize) -> Vec<String> {
        paragraphs(&mut self.rng(2, index), 1.0)
    }

    fn footer(&self, publisher: usize) -> String {
        let mut rng = self.rng(3, publisher);
        (0..3).map(|_| sentence(&mut rng)).collect::<Vec<_>>().join(" ")
    }
}

/// Two texts and a copy of words between them, at known bytes.
pub struct Planted {
    pub a: String,
    pub b: String,
    /// Where the copied stretches stand in `b`.
    pub in_b: Vec<std::ops::Range<usize>>,
    /// Where what was copied stands in `a`.
    pub in_a: Vec<std::ops::Range<usize>>,
}

/// A pair in which `copies` stretches of 80 to 200 words of `a` stand in `b`, in reverse order, with a share of the words edited.
pub fn planted(seed: u64, copies: usize, share: f64) -> Planted {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut a, mut b) = (String::new(), String::new());
    let (mut in_a, mut in_b) = (Vec::new(), Vec::new());
    let stretches: Vec<Vec<String>> = (0..copies)
        .map(|_| {
            let length = rng.random_range(80..200);
            words(&mut rng, length)
        })
        .collect();
    let push = |text: &mut String, words: &[String]| {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&words.join(" "));
        start..text.len()
    };
    let own = |rng: &mut ChaCha8Rng| {
        let length = rng.random_range(100..300);
        words(rng, length)
    };
    push(&mut a, &own(&mut rng));
    for stretch in &stretches {
        in_a.push(push(&mut a, stretch));
        push(&mut a, &own(&mut rng));
    }
    push(&mut b, &own(&mut rng));
    for stretch in stretches.iter().rev() {
        let edited = edit(stretch.clone(), share, &mut rng);
        in_b.push(push(&mut b, &edited));
        push(&mut b, &own(&mut rng));
    }
    Planted { a, b, in_b, in_a }
}

fn vocabulary() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| (0..VOCABULARY).map(word).collect())
}

/// An invented word for each rank: syllables, fewer for the frequent ranks.
fn word(rank: usize) -> String {
    const ONSETS: [&str; 16] = ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr"];
    const VOWELS: [&str; 6] = ["a", "e", "i", "o", "u", "ea"];
    let (mut rest, syllables) = match rank {
        0..96 => (rank, 1),
        96..9_312 => (rank - 96, 2),
        _ => (rank - 9_312, 3),
    };
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(ONSETS[rest % 16]);
        word.push_str(VOWELS[rest / 16 % 6]);
        rest /= 96;
    }
    if rank % 3 == 1 {
        word.push(['n', 's', 'd', 'l'][rank / 3 % 4]);
    }
    word
}

/// A word by Zipf's law with exponent 1: the logarithm of its rank is uniform.
fn draw(rng: &mut ChaCha8Rng) -> &'static String {
    let rank = ((VOCABULARY + 1) as f64).powf(rng.random()) as usize - 1;
    &vocabulary()[rank.min(VOCABULARY - 1)]
}

fn words(rng: &mut ChaCha8Rng, count: usize) -> Vec<String> {
    (0..count).map(|_| draw(rng).clone()).collect()
}

/// A whole number around `median`, log-normal with the given spread, at least 1.
fn log_normal(rng: &mut ChaCha8Rng, median: f64, spread: f64) -> usize {
    // The sum of twelve uniform numbers is near enough to normal for lengths.
    let normal: f64 = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    ((median * (spread * normal).exp()).round() as usize).max(1)
}

fn sentence(rng: &mut ChaCha8Rng) -> String {
    let mut words = words(rng, 0);
    let length = log_normal(rng, 17.0, 0.45);
    for at in 0..length {
        let mut word = draw(rng).clone();
        if at == 0 || rng.random_bool(0.06) {
            word = capitalised(&word);
        }
        if at + 1 < length && rng.random_bool(0.07) {
            word.push(',');
        }
        words.push(word);
    }
    let text = words.join(" ");
    if rng.random_bool(0.12) { format!("\"{text}.\"") } else { format!("{text}.") }
}

fn paragraphs(rng: &mut ChaCha8Rng, scale: f64) -> Vec<String> {
    let count = log_normal(rng, 14.0 * scale, 0.55);
    (0..count)
        .map(|_| {
            let sentences = log_normal(rng, 2.0, 0.4);
            (0..sentences).map(|_| sentence(rng)).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn edited_story(story: Vec<String>, share: f64, rng: &mut ChaCha8Rng) -> Vec<String> {
    story
        .into_iter()
        .map(|paragraph| edit(paragraph.split(' ').map(str::to_owned).collect(), share, rng).join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// Replaces, deletes or inserts a word at a share of the places.
fn edit(words: Vec<String>, share: f64, rng: &mut ChaCha8Rng) -> Vec<String> {
    let mut edited = Vec::with_capacity(words.len());
    for word in words {
        if !rng.random_bool(share) {
            edited.push(word);
            continue;
        }
        match [0, 0, 1, 2].choose(rng) {
            Some(0) => edited.push(draw(rng).clone()),
            Some(1) => edited.extend([word, draw(rng).clone()]),
            _ => {}
        }
    }
    edited
}

fn truncated(story: Vec<String>, share: f64) -> Vec<String> {
    let total: usize = story.iter().map(String::len).sum();
    let mut left = (total as f64 * share) as usize;
    let mut kept = Vec::new();
    for paragraph in story {
        if paragraph.len() > left {
            let cut = paragraph[..left].rfind(' ').unwrap_or(0);
            kept.push(paragraph[..cut].to_owned());
            break;
        }
        left -= paragraph.len();
        kept.push(paragraph);
    }
    kept
}
