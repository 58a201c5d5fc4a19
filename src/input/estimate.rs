//! About how much there is to read: told by the sizes of all sources and the beginnings of some.

use super::{Format, InputOptions, Limits, Packing, Source, lines, stream};
use std::cmp::Reverse;
use std::io::Read;

/// How many times its size a packed source has unpacked where nothing else is known.
const GROWTH: f64 = 4.0;
/// Sources whose beginnings are looked at, and as many that are packed.
const SOURCES: usize = 8;
/// Bytes of a beginning in which records are counted.
const HEAD: u64 = 1 << 20;
/// Bytes of it in which words are.
const SAMPLE: usize = 1 << 16;
/// Bytes of a word of English, which stand for others where no text could be looked at.
const WORD: f64 = 6.2;

/// About how much there is to read.
pub(crate) struct Estimate {
    /// Articles.
    pub(crate) articles: u64,
    /// Words of their texts.
    pub(crate) words: u64,
    /// Bytes of texts that have to be drawn from something else.
    pub(crate) drawn: u64,
    /// Bytes of sources that are worth keeping unpacked.
    pub(crate) unpacked: u64,
    /// How many times its size a packed source has unpacked.
    pub(crate) growth: f64,
}

impl Estimate {
    /// Of these sources; `words` counts those of a text.
    pub(crate) fn of(sources: &[Source], options: &InputOptions, mut words: impl FnMut(&str) -> usize) -> Self {
        let growth = growth(sources, options.limits);
        let mut seen = Seen::default();
        for source in sources.iter().filter(|source| source.has_records()).take(SOURCES) {
            let head = source.head(options.limits);
            seen.bytes += head.len() as u64;
            seen.records += source.each(0, &head).count() as u64;
            if !source.format.is_drawn() {
                seen.sample(&head[..head.len().min(SAMPLE)], &mut words);
            }
        }
        for source in sources.iter().filter(|source| matches!(source.format, Format::Text)).take(SOURCES) {
            let mut head = Vec::new();
            // What cannot be read is told when all is.
            let _ = source.unpacked(options.limits).and_then(|bytes| bytes.take(SAMPLE as u64).read_to_end(&mut head));
            seen.sample(&head, &mut words);
        }
        let bytes = |some: &dyn Fn(&Source) -> bool| {
            sources.iter().filter(|source| some(source)).map(|source| source.text_bytes(growth)).sum::<u64>()
        };
        let articles_of = |source: &Source| match &source.format {
            Format::Columns(columns) => columns.rows() as f64,
            Format::Text | Format::Page => 1.0,
            _ => source.unpacked_bytes(growth) as f64 / seen.bytes.max(1) as f64 * seen.records as f64,
        };
        let word = if seen.words == 0 { WORD } else { seen.sampled as f64 / seen.words as f64 };
        Self {
            articles: sources.iter().map(articles_of).sum::<f64>() as u64,
            words: (bytes(&|_| true) as f64 / word) as u64,
            drawn: bytes(&|source| source.format.is_drawn()),
            unpacked: bytes(&Source::is_worth_keeping),
            growth,
        }
    }
}

/// How many times their size packed sources have unpacked, as far as the beginnings of the largest tell.
fn growth(sources: &[Source], limits: Limits) -> f64 {
    let mut packed: Vec<&Source> = sources.iter().filter(|source| source.packing.is_compressed()).collect();
    packed.sort_by_key(|source| Reverse(source.bytes));
    let grown = packed.iter().take(SOURCES).filter_map(|source| {
        let growth = stream::growth(&source.place, source.packing, limits)?;
        Some((source.bytes as f64, source.bytes as f64 * growth))
    });
    let (bytes, unpacked) = grown.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if unpacked > 0.0 { unpacked / bytes } else { GROWTH }
}

/// What was seen in beginnings.
#[derive(Default)]
struct Seen {
    bytes: u64,
    records: u64,
    sampled: usize,
    words: usize,
}

impl Seen {
    fn sample(&mut self, bytes: &[u8], words: impl FnOnce(&str) -> usize) {
        self.sampled += bytes.len();
        self.words += words(&String::from_utf8_lossy(bytes));
    }
}

impl Source {
    /// Whether it has records that have to be counted.
    fn has_records(&self) -> bool {
        !self.format.is_whole() && !matches!(self.format, Format::Columns(_))
    }

    /// Its first records.
    fn head(&self, limits: Limits) -> Vec<u8> {
        let block = if self.is_stream() {
            self.blocks(limits).of_size(HEAD as usize).next()
        } else {
            Some(lines::range(&self.place, 0..self.bytes.min(HEAD), limits.record))
        };
        block.map_or(Vec::new(), |block| block.bytes)
    }

    /// How many bytes its texts have, about, if what is packed grows so many times.
    fn text_bytes(&self, growth: f64) -> u64 {
        /// Of a page, one byte in so many is text.
        const MARKUP: u64 = 4;
        /// Columns are packed, whatever the file is.
        const COLUMNS: u64 = 3;
        match self.format {
            Format::Page | Format::Responses => self.unpacked_bytes(growth) / MARKUP,
            Format::Columns(_) => self.bytes * COLUMNS,
            _ => self.unpacked_bytes(growth),
        }
    }

    /// How many bytes it has unpacked, about, if what is packed grows so many times.
    pub(crate) fn unpacked_bytes(&self, growth: f64) -> u64 {
        let is_compressed = self.packing.is_compressed() || self.place.is_packed();
        if is_compressed { (self.bytes as f64 * growth) as u64 } else { self.bytes }
    }
}

/// About how many bytes are in sources that can only be read from their beginning, unpacked.
pub(crate) fn in_streams(sources: &[Source]) -> u64 {
    sources.iter().filter(|source| source.is_stream()).map(|source| source.unpacked_bytes(GROWTH)).sum()
}

/// The bytes of all sources together, if none of them is packed.
pub(crate) fn plain_bytes(sources: &[Source]) -> Option<u64> {
    let plain = sources.iter().all(|source| source.packing == Packing::Plain);
    plain.then(|| sources.iter().map(|source| source.bytes).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Plan;
    use std::fs;

    #[test]
    fn words_are_those_of_the_script() {
        let estimate = |name: &str, content: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join(name);
            fs::write(&path, content).expect("room for it");
            let plan = Plan::new(&[path], &[], &InputOptions::default()).expect("it is there");
            let words = |text: &str| match text.chars().filter(|ch| !ch.is_ascii()).count() {
                0 => text.split_whitespace().count(),
                characters => characters,
            };
            Estimate::of(&plan.sources, &InputOptions::default(), words)
        };
        let english = "Rain closed the old bridge. ".repeat(20_000);
        assert!((99_990..100_010).contains(&estimate("a.txt", &english).words), "a word is cut where the look ends");
        // More than is looked at, every character three bytes and a word.
        let chinese = "桥在雨中关闭".repeat(40_000);
        assert!((235_000..245_000).contains(&estimate("a.txt", &chinese).words));
        let lines = format!("{{\"text\":\"{}\"}}\n", "桥在雨中关闭".repeat(100)).repeat(1_000);
        let estimate = estimate("a.jsonl", &lines);
        assert_eq!(estimate.articles, 1_000);
        assert!((590_000..610_000).contains(&estimate.words), "{}", estimate.words);
    }
}
