//! The exhaustive join over all articles, and the recall that it measures.

use super::copies::Copies;
use super::detect::Texts;
use super::gather::Gathered;
use super::index::{deal, of_parts};
use super::progress::{Progress, Stage};
use super::verify::{Origin, Verifier};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::candidates::crowd::Verdict;
use crate::candidates::exhaustive::{Frequencies, meet};
use crate::candidates::met::Met;
use crate::candidates::passages::{Entries, Layout, PARTS, Postings, key};
use crate::config::{BUCKET, Config, RECALL_SAMPLE};
use crate::error::Result;
use crate::report::MeasuredRecall;
use crate::shingle::ShingleSet;
use crate::text::word_hashes;
use rayon::prelude::*;

/// Most articles of one shingle whose pairs count for a measured recall: more are a crowd, of which not all pairs are
/// sought.
const MOST_OF_A_LIST: usize = 1000;

/// The recall by so many found of so many pairs.
fn measured(articles: usize, pairs: usize, found: usize) -> MeasuredRecall {
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (pairs as f64, if pairs == 0 { 1.0 } else { found as f64 / pairs as f64 });
    let interval = if pairs == 0 {
        [0.0, 1.0]
    } else {
        let centre = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        [centre - spread, centre + spread].map(|bound| (bound / (1.0 + Z * Z / n)).clamp(0.0, 1.0))
    };
    MeasuredRecall { articles: articles as u64, pairs: pairs as u64, found: found as u64, recall: p, interval }
}

/// The prefixes of all articles.
pub(crate) struct Join {
    postings: Vec<Postings>,
    sizes: Vec<u32>,
}

/// The distinct shingles of an article, each with how many have it.
type Distinct = Vec<(u8, u64)>;

#[derive(Default)]
struct Part {
    entries: Entries,
    sizes: Vec<(u32, u32)>,
}

#[derive(Default)]
struct Buffers {
    words: Vec<u64>,
    distinct: Distinct,
}

impl Part {
    fn push(&mut self, article: u32, distinct: &mut Distinct, frequencies: &Frequencies, threshold: f64) {
        self.sizes.push((article, distinct.len() as u32));
        frequencies.prefix(distinct, threshold);
        self.entries.push(article, distinct.iter().map(|&(_, shingle)| (key(shingle), 0)));
    }
}

impl Buffers {
    /// Takes the distinct shingles of a text that are not boilerplate.
    fn take(&mut self, text: &str, boilerplate: &Boilerplate, w: usize) {
        let Self { words, distinct } = self;
        words.clear();
        word_hashes(text, words);
        let set = ShingleSet::of_words(words, w);
        distinct.clear();
        let own = set.hashes().iter().filter(|&&shingle| !boilerplate.contains(shingle));
        distinct.extend(own.map(|&shingle| (0, shingle)));
    }
}

impl Join {
    /// Of all standing articles.
    pub(crate) fn new<T: Texts>(
        texts: &T,
        gathered: &Gathered,
        copies: &Copies,
        boilerplate: &Boilerplate,
        config: &Config,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let words = copies.members.iter().map(|&member| u64::from(gathered.words[member as usize])).sum();
        let frequencies = Frequencies::new(words);
        let wanted = &|article: ArticleId| copies.stands(article.0);
        texts.read_again((progress, Stage::Join), wanted, &|buffers: &mut Buffers, (): &mut (), _, text| {
            buffers.take(text, boilerplate, config.shingle);
            frequencies.count_all(&buffers.distinct);
        });
        let parts = texts.read_again(
            (progress, Stage::Join),
            wanted,
            &|buffers: &mut Buffers, part: &mut Part, article, text| {
                buffers.take(text, boilerplate, config.shingle);
                part.push(article.0, &mut buffers.distinct, &frequencies, config.threshold);
            },
        );
        Self::of(parts, gathered)
    }

    /// Of some articles, whose texts lie ready.
    pub(crate) fn among<T: Texts>(
        articles: &[u32],
        (texts, gathered): (&T, &Gathered),
        boilerplate: &Boilerplate,
        config: &Config,
    ) -> Result<Self> {
        const SOME: usize = 64;
        const MOST: u64 = 1 << 25;
        let each = |some: &[u32], visit: &mut dyn FnMut(u32, &mut Distinct)| {
            let (mut buffers, mut raw) = (Buffers::default(), Vec::new());
            for &article in some {
                // Who is lost is told where pairs are compared.
                if let Ok(text) = texts.text_in(ArticleId(article), &mut raw, String::new()) {
                    buffers.take(&text, boilerplate, config.shingle);
                    visit(article, &mut buffers.distinct);
                }
            }
        };
        let words: u64 = articles.iter().map(|&article| u64::from(gathered.words[article as usize])).sum();
        let frequencies = Frequencies::new(words.min(MOST));
        articles.par_chunks(SOME).for_each(|some| each(some, &mut |_, distinct| frequencies.count_all(distinct)));
        let part = |some: &[u32]| {
            let mut part = Part::default();
            each(some, &mut |article, distinct| part.push(article, distinct, &frequencies, config.threshold));
            part
        };
        Self::of(articles.par_chunks(SOME).map(part).collect(), gathered)
    }

    fn of(parts: Vec<Part>, gathered: &Gathered) -> Result<Self> {
        let (mut entries, mut sizes) = (Vec::with_capacity(parts.len()), vec![0; gathered.len()]);
        for part in parts {
            entries.push(part.entries);
            part.sizes.iter().for_each(|&(article, size)| sizes[article as usize] = size);
        }
        Ok(Self { postings: deal(entries, &gathered.store)?, sizes })
    }

    fn meet(self, limit: Option<usize>, threshold: f64, sought: impl Fn(Pair) -> bool + Sync) -> Result<Vec<Pair>> {
        let (sizes, layout) = (&self.sizes, Layout::new(self.sizes.len()));
        let see = |met: &mut Met, part| {
            let run = Postings::sorted(&self.postings, part, layout, false, |_| true)?;
            meet((layout, &run), limit, sizes, threshold, &sought, &mut met.pairs);
            Ok(())
        };
        let mut pairs = of_parts((0..PARTS).into_par_iter(), see)?.pairs.all();
        pairs.par_sort_unstable();
        Ok(pairs)
    }

    /// Candidates among which is every pair at the threshold.
    pub(crate) fn candidates(self, config: &Config) -> Result<Vec<Pair>> {
        self.meet(None, config.threshold, |_| true)
    }

    /// Candidates that meet by a shingle that few have, among those that are `sought`, sorted.
    pub(crate) fn by_rare(self, config: &Config, sought: impl Fn(Pair) -> bool + Sync) -> Result<Vec<Pair>> {
        self.meet(Some(BUCKET), config.threshold, sought)
    }

    /// The candidates of a sample of articles.
    pub(crate) fn of_sample(self, gathered: &Gathered, copies: &Copies, config: &Config) -> Result<SamplePairs> {
        let sample = sample(gathered, copies);
        let is_in_sample = |article: u32| sample.binary_search(&article).is_ok();
        let sought = |pair: Pair| is_in_sample(pair.a()) || is_in_sample(pair.b());
        let pairs = self.meet(Some(MOST_OF_A_LIST), config.threshold, sought)?;
        Ok(SamplePairs { articles: sample.len(), pairs })
    }
}

/// Candidates of a sample, among which is every pair at the threshold.
pub(crate) struct SamplePairs {
    articles: usize,
    pub(crate) pairs: Vec<Pair>,
}

impl SamplePairs {
    /// How many of the pairs at the threshold were found.
    pub(crate) fn recall<T: Texts>(
        mut self,
        verifier: &Verifier<'_, T>,
        is_found: impl Fn(Pair) -> bool,
    ) -> MeasuredRecall {
        self.pairs.retain(|&pair| verifier.filter.admits(pair));
        let verdicts = verifier.judge(Origin::Shared, &self.pairs);
        let judged = self.pairs.into_iter().zip(verdicts);
        let alike: Vec<Pair> = judged.filter(|(_, verdict)| *verdict == Verdict::Alike).map(|(pair, _)| pair).collect();
        let found = alike.iter().filter(|&&pair| is_found(pair)).count();
        measured(self.articles, alike.len(), found)
    }
}

/// A sample of standing articles, sorted; all of them where they are few.
fn sample(gathered: &Gathered, copies: &Copies) -> Vec<u32> {
    let mut sample = copies.members.clone();
    if sample.len() > RECALL_SAMPLE {
        sample.select_nth_unstable_by_key(RECALL_SAMPLE, |&article| gathered.digests[article as usize]);
        sample.truncate(RECALL_SAMPLE);
    }
    sample.sort_unstable();
    sample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // By hand: (0.87097 + 3.8415 / 62 ± 0.13329) / 1.12392.
        let of_31 = measured(100, 31, 27);
        assert!((of_31.interval[0] - 0.7115).abs() < 1e-3 && (of_31.interval[1] - 0.9487).abs() < 1e-3, "{of_31:?}");
        assert_eq!(measured(9, 0, 0).interval, [0.0, 1.0]);
        assert_eq!(measured(9, 50, 50).interval[1], 1.0);
    }
}
