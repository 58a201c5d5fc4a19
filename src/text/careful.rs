//! The words of a run that is not plain ASCII letters and digits: character by character, by table.
//!
//! A run is handed over with an ASCII separator, or an end of the text, on either side, so that nothing outside it matters.

use super::hash::word_hash;
use super::tables::{self, Folded, Kind, Page, YPOGEGRAMMENI};
use crate::article::Span;

/// A word under construction.
#[derive(Default)]
struct Draft {
    text: String,
    span: Span,
    letters: u32,
    numbers: u32,
    /// A character of an unsegmented script, which takes marks and nothing else.
    solo: bool,
    /// The combining class of the last mark, 0 after a letter.
    class: u8,
    /// Marks stand in another order than the canonical one, or [`YPOGEGRAMMENI`] waits to be folded.
    reorder: bool,
}

impl Draft {
    fn is_initial(&self) -> bool {
        self.letters == 1 && self.numbers == 0
    }

    fn clear(&mut self) {
        self.text.clear();
        *self = Self { text: std::mem::take(&mut self.text), ..Self::default() };
    }

    fn hash(&mut self) -> u64 {
        if self.reorder {
            self.text = reordered(&self.text);
        }
        word_hash(&self.text)
    }
}

/// The state of the scan; kept from run to run for its buffers only.
#[derive(Default)]
pub(super) struct Careful {
    draft: Draft,
    /// An apostrophe came after the draft: it is dropped if the word goes on, and ends it otherwise.
    apostrophe: bool,
    /// One-letter words that may be joined with what follows: the U.S of U.S.A.
    initials: Draft,
    /// A full stop came directly after `initials`.
    stopped: bool,
    /// The page looked at last; texts stay on few.
    page: Option<(u32, &'static Page)>,
}

impl Careful {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Emits the words of `text[start..end]`.
    pub(super) fn run(&mut self, text: &str, start: usize, end: usize, emit: &mut impl FnMut(u64, Span)) {
        let mut at = start as u32;
        for ch in text[start..end].chars() {
            let span = Span { start: at, end: at + ch.len_utf8() as u32 };
            at = span.end;
            let number = ch as u32 >> 8;
            let page = match self.page {
                Some((known, page)) if known == number => page,
                _ => tables::page(ch),
            };
            self.page = Some((number, page));
            let entry = page.entry(ch);
            if entry.kind == Kind::Sequence {
                for &folded in page.sequence(entry) {
                    self.step(folded, span, emit);
                }
            } else {
                self.step(entry, span, emit);
            }
        }
        self.separate(emit);
    }

    fn step(&mut self, folded: Folded, span: Span, emit: &mut impl FnMut(u64, Span)) {
        match folded.kind {
            Kind::Letter | Kind::Number => {
                if self.draft.solo {
                    self.separate(emit);
                }
                self.push(folded, span);
            }
            Kind::Mark => {
                if self.draft.text.is_empty() || self.apostrophe {
                    self.separate(emit);
                } else {
                    self.push(folded, span);
                }
            }
            Kind::Solo => {
                self.separate(emit);
                self.push(folded, span);
                self.draft.solo = true;
            }
            Kind::Apostrophe if !self.draft.text.is_empty() && !self.draft.solo && !self.apostrophe => {
                self.apostrophe = true;
            }
            Kind::FullStop if self.draft.is_initial() && !self.apostrophe => {
                self.finish(emit);
                self.stopped = true;
            }
            Kind::Ignored => {}
            Kind::Apostrophe | Kind::FullStop | Kind::Separator | Kind::Sequence => self.separate(emit),
        }
    }

    fn push(&mut self, folded: Folded, span: Span) {
        let draft = &mut self.draft;
        if draft.text.is_empty() {
            draft.span.start = span.start;
        }
        draft.span.end = span.end;
        draft.text.push(folded.ch);
        match folded.kind {
            Kind::Letter => draft.letters += 1,
            Kind::Mark if folded.ch == YPOGEGRAMMENI => {
                draft.letters += 1;
                draft.reorder = true;
            }
            Kind::Mark => draft.reorder |= folded.class != 0 && folded.class < draft.class,
            _ => draft.numbers += 1,
        }
        draft.class = folded.class;
        self.apostrophe = false;
    }

    /// Ends the word and whatever it might have been joined with.
    fn separate(&mut self, emit: &mut impl FnMut(u64, Span)) {
        self.finish(emit);
        self.flush(emit);
    }

    /// Ends the word: emits it, or adds it to the initials if it is one.
    fn finish(&mut self, emit: &mut impl FnMut(u64, Span)) {
        self.apostrophe = false;
        if self.draft.text.is_empty() {
            return;
        }
        let is_initial = self.draft.is_initial();
        if !(is_initial && self.stopped) {
            self.flush(emit);
        }
        if !is_initial {
            emit(self.draft.hash(), self.draft.span);
        } else if self.initials.text.is_empty() {
            std::mem::swap(&mut self.initials, &mut self.draft);
        } else {
            self.initials.text.push_str(&self.draft.text);
            self.initials.span.end = self.draft.span.end;
            self.initials.reorder |= self.draft.reorder;
        }
        self.stopped = false;
        self.draft.clear();
    }

    fn flush(&mut self, emit: &mut impl FnMut(u64, Span)) {
        if !self.initials.text.is_empty() {
            emit(self.initials.hash(), self.initials.span);
            self.initials.clear();
        }
        self.stopped = false;
    }
}

/// `word` with each run of marks in canonical order (Unicode chapter 3, D109), and iota subscripts folded after that.
fn reordered(word: &str) -> String {
    let mut chars: Vec<(u8, char)> = word.chars().map(|ch| (tables::combining_class(ch), ch)).collect();
    for marks in chars.split_mut(|&(class, _)| class == 0) {
        marks.sort_by_key(|&(class, _)| class);
    }
    chars.into_iter().map(|(_, ch)| if ch == YPOGEGRAMMENI { 'ι' } else { ch }).collect()
}
