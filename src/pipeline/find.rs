//! Who shares passages with one article: a dump is read once, and nothing of it is kept but the answers.

use super::progress::{Progress, Stage};
use super::reading::{Made, ReadSome, Reader, Streams, follow};
use crate::boilerplate::Boilerplate;
use crate::config::Config;
use crate::error::Result;
use crate::input::{self, Card, Heard, InputOptions, Location, One, Plan, Source, Wanted, place_of};
use crate::report::find::{Answer, Answers};
use crate::score::{Matched, PassageSpans, Prepared, Side};
use crate::shingle::shingles;
use crate::text::word_hashes;

/// One article, ready to be looked for.
pub struct Search<'a> {
    one: &'a One,
    prepared: Prepared,
    config: &'a Config,
    boilerplate: &'a Boilerplate,
    /// Words in a row that an answer shares.
    run: usize,
    /// One bit for the shingles of each hash prefix.
    known: Vec<u64>,
    keeps_texts: bool,
}

/// Bits of hash by which shingles are looked up.
const PREFIX: u32 = 16;

#[derive(Default)]
struct Part {
    answers: Vec<(Answer, Location)>,
    articles: u64,
    heard: Heard,
}

impl Made for Part {
    fn join(&mut self, mut next: Self) -> Result<()> {
        let before = follow(&mut self.heard, next.heard);
        next.answers
            .iter_mut()
            .filter(|(_, location)| location.record > 0)
            .for_each(|(_, location)| location.record += before);
        self.answers.append(&mut next.answers);
        self.articles += next.articles;
        Ok(())
    }

    fn begin_source(&mut self) {
        self.heard.lines = 0;
    }
}

impl<'a> Search<'a> {
    /// Prepares a search for those who share `run` words in a row with `one`, or all of it where it is shorter.
    #[must_use]
    pub fn new(one: &'a One, run: usize, config: &'a Config, boilerplate: &'a Boilerplate) -> Self {
        let prepared = Prepared::new(&one.text, config).marked(boilerplate);
        let mut known = vec![0; 1 << (PREFIX - 6)];
        for shingle in prepared.distinct_shingles() {
            let bit = shingle >> (64 - PREFIX);
            known[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
        let run = run.min(prepared.spans().len());
        Self { one, prepared, config, boilerplate, run, known, keeps_texts: false }
    }

    /// The same, and answers come with their whole texts if that is said.
    #[must_use]
    pub fn keeping_texts(self, keeps_texts: bool) -> Self {
        Self { keeps_texts, ..self }
    }

    /// Words in a row that an answer shares.
    #[must_use]
    pub fn run(&self) -> usize {
        self.run
    }

    /// The article that was asked about.
    #[must_use]
    pub fn article(&self) -> Side<'_> {
        Side { text: &self.one.text, prepared: &self.prepared }
    }

    /// Looks through everything that `plan` names, the article itself apart.
    ///
    /// # Errors
    /// None that a reader could cause: what cannot be read is listed.
    pub fn run_over(&self, plan: Plan, options: &InputOptions, progress: &dyn Progress) -> Result<Answers> {
        progress.begin(Stage::Read, input::plain_bytes(&plan.sources));
        let reader = Reader { sources: &plan.sources, options, wanted: Wanted::All, streams: Streams::Whole, progress };
        let part = |read: Box<ReadSome<'_>>| {
            let (mut part, mut buffers) = (Part::default(), (Vec::new(), Vec::new()));
            part.heard = read(&mut |article| {
                part.articles += 1;
                if self.may_share(article.text, &mut buffers)
                    && let Some(answer) = self.answer(article.text, article.card)
                {
                    part.answers.push((answer, article.location));
                }
            });
            Ok(part)
        };
        let Part { answers, articles, heard } = reader.all(&part)?;
        let mut skipped = plan.skipped;
        skipped.extend(heard.skipped);
        skipped.sort();
        skipped.dedup();
        let answers = answers.into_iter().filter(|(_, location)| !self.is_itself(&plan.sources, location));
        let mut answers: Vec<Answer> =
            answers.map(|(answer, location)| placed(answer, &plan.sources, &location)).collect();
        answers.sort_by_key(|answer| std::cmp::Reverse(answer.words));
        Ok(Answers { answers, articles, skipped })
    }

    fn is_itself(&self, sources: &[Source], location: &Location) -> bool {
        let source = &sources[location.source as usize];
        self.one.record.unwrap_or(0) == location.record && source.place.is_same(&self.one.place)
    }

    /// Whether a text may share a run: whether it has as many shingles in a row that the article has, too.
    fn may_share(&self, text: &str, (words, hashes): &mut (Vec<u64>, Vec<u64>)) -> bool {
        words.clear();
        hashes.clear();
        word_hashes(text, words);
        shingles(words, self.config.shingle, hashes);
        let needed = (self.run + 1).saturating_sub(self.config.shingle).max(1);
        let mut in_a_row = 0;
        hashes.iter().any(|&shingle| {
            let bit = shingle >> (64 - PREFIX);
            let is_known = self.known[(bit >> 6) as usize] >> (bit & 63) & 1 == 1 && self.prepared.has_shingle(shingle);
            in_a_row = if is_known { in_a_row + 1 } else { 0 };
            in_a_row >= needed
        })
    }

    fn answer(&self, text: &str, card: Card<'_>) -> Option<Answer> {
        let other = Prepared::new(text, self.config).marked(self.boilerplate);
        let matched = Matched::new(&self.prepared, &other);
        if !matched.share_run(self.run) {
            return None;
        }
        let comparison = matched.compare(self.config);
        let all = PassageSpans::all(&comparison, self.article(), Side { text, prepared: &other });
        // Where texts repeat themselves, the run may have been cut between two passages.
        let longest = all.iter().map(|passage| passage.words).max().unwrap_or(0).min(self.run as u32);
        let long = all.into_iter().filter(|passage| passage.words >= longest);
        let passages: Vec<(PassageSpans, String)> =
            long.map(|passage| (passage, passage.b.of(text).to_owned())).collect();
        let words = passages.iter().map(|(passage, _)| u64::from(passage.words - passage.boilerplate)).sum();
        let id = card.id.as_deref().unwrap_or_default().to_owned();
        let text = self.keeps_texts.then(|| text.to_owned());
        let card = card.into_owned();
        Some(Answer { id, source: String::new(), record: None, card, comparison, passages, words, text })
    }
}

/// Says where an answer lies.
fn placed(mut answer: Answer, sources: &[Source], location: &Location) -> Answer {
    answer.source.clone_from(&sources[location.source as usize].name);
    answer.record = (location.record > 0).then_some(location.record);
    if answer.id.is_empty() {
        answer.id = place_of(&answer.source, answer.record).into_owned();
    }
    answer
}
