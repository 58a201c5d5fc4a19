//! The words of a run that is not plain ASCII letters and digits: character by character, by table.
//!
//! A run is handed over with an ASCII separator, or an end of the text, on either side, so that nothing outside it matters.
//! Most of its characters are letters that become a few bytes, or end a word; these are looked up and put together. Where
//! something else comes (a mark by itself, an apostrophe, a full stop), the word it is in and what follows up to where the
//! next word is sure to begin go step by step through a [`Draft`].

use super::hash::{SHORT, long_word_hash, padded_word_hash, word_hash};
use super::tables::{self, Folded, Kind, Page, Quick, YPOGEGRAMMENI};
use crate::article::Span;

/// Bytes of the longest word, but for its last character, that is put together quickly.
const LONGEST: usize = 128;

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

/// A word that is put together quickly: how many bytes it has so far.
#[derive(Default)]
struct Quickly {
    len: usize,
    solo: bool,
    span: Span,
}

impl Quickly {
    /// Emits the word, if there is one. `bytes` begins with it.
    #[inline(always)]
    fn end(&mut self, bytes: &Bytes, emit: &mut impl FnMut(u64, Span)) {
        if self.len > 0 {
            emit(hash(bytes, self.len), self.span);
            (self.len, self.solo) = (0, false);
        }
    }
}

/// Whether a vowel or final consonant of Hangul forms a syllable with the end of a text (Unicode 16, 3.12).
fn continues_syllable(text: &str, ch: char) -> bool {
    let is_leading = |ch: &char| ('\u{1100}'..='\u{1112}').contains(ch);
    let is_vowel = |ch: &char| ('\u{1161}'..='\u{1175}').contains(ch);
    let mut before = text.chars().rev();
    match ch {
        _ if is_vowel(&ch) => before.next().is_some_and(|ch| is_leading(&ch)),
        '\u{11a8}'..='\u{11c2}' => {
            before.next().is_some_and(|ch| is_vowel(&ch)) && before.next().is_some_and(|ch| is_leading(&ch))
        }
        _ => false,
    }
}

/// Room for a word that is put together quickly, and for the characters that are added to it at once.
type Bytes = [u8; LONGEST + 8 * AT_ONCE];
/// Characters of a short run that are looked up at once.
const AT_ONCE: usize = 4;
/// Most bytes of a run of whose characters something can be known.
pub(super) const NUMBERED: usize = 64;

/// How many bytes the characters of a run have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Widths {
    Unknown,
    /// Some have three or four.
    Wide,
    /// All have one or two, and begin at these bits.
    Narrow(u64),
}

/// The hash of the word that the first `len` bytes are.
#[inline(always)]
fn hash(bytes: &Bytes, len: usize) -> u64 {
    if len <= SHORT { padded_word_hash(bytes, len) } else { long_word_hash(&bytes[..len]) }
}

/// The state of the scan; kept from run to run for its buffers only.
pub(super) struct Careful {
    /// The bytes of the word that is put together quickly.
    word: Bytes,
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
        Self {
            word: [0; LONGEST + 8 * AT_ONCE],
            draft: Draft::default(),
            apostrophe: false,
            initials: Draft::default(),
            stopped: false,
            page: None,
        }
    }

    /// Emits the words of `text[start..end]`, of whose characters something may be known.
    pub(super) fn run(
        &mut self,
        text: &str,
        (start, end): (usize, usize),
        widths: Widths,
        emit: &mut impl FnMut(u64, Span),
    ) {
        let bytes = text.as_bytes();
        let hash = match (widths, bytes[start..].first_chunk()) {
            (Widths::Wide, _) => None,
            (Widths::Narrow(heads), Some(window)) => self.one_short_word(window, heads),
            _ => self.one_word(&bytes[start..end]),
        };
        if let Some(hash) = hash {
            emit(hash, Span { start: start as u32, end: end as u32 });
            return;
        }
        let mut at = start;
        while let Some((word, odd)) = self.quickly(text, at, end, emit) {
            // A separator ends whatever there is, and so does a character that is a word of its own.
            let ends = |&(_, ch): &(usize, char)| {
                let quick = self.page(ch).quick(ch);
                quick.is_separator() || quick.is_solo()
            };
            at = text[odd..end].char_indices().find(ends).map_or(end, |(offset, _)| odd + offset);
            self.step_by_step(text, word, at, emit);
        }
    }

    /// The hash of a run that is one word of letters and digits, none of which has more than two bytes. Characters of one
    /// and of two are looked up in one way, so that nothing depends on guessing which comes.
    #[inline(always)]
    fn one_word(&mut self, run: &[u8]) -> Option<u64> {
        let low = tables::low();
        let (mut len, mut at) = (0, 0);
        while let Some(&first) = run.get(at) {
            let second = run.get(at + 1).copied().unwrap_or(0);
            let is_two = first >= 0x80;
            let of_two = usize::from(first & 0x1f) << 6 | usize::from(second & 0x3f);
            let (bytes, count) = low[if is_two { of_two } else { usize::from(first) }].of_word()?;
            if first >= 0xe0 || len > LONGEST {
                return None;
            }
            self.word[len..len + 8].copy_from_slice(&bytes.to_le_bytes());
            len += count;
            at += 1 + usize::from(is_two);
        }
        Some(hash(&self.word, len))
    }

    /// The same of a run at the beginning of `bytes`, each of whose characters begins at a bit of `heads`. Several are looked
    /// up at once, none of which waits for another; those that are missing at the end become nothing.
    #[inline(always)]
    fn one_short_word(&mut self, bytes: &[u8; NUMBERED + 2], mut heads: u64) -> Option<u64> {
        let low = tables::low();
        let mut len = 0;
        while heads != 0 {
            let mut are_of_word = true;
            for _ in 0..AT_ONCE {
                let at = heads.trailing_zeros() as usize;
                let (first, second) = (bytes[at], bytes[at + 1]);
                let of_two = usize::from(first & 0x1f) << 6 | usize::from(second & 0x3f);
                let quick = low[if first < 0x80 { usize::from(first) } else { of_two }];
                let quick = if heads == 0 { Quick::NOTHING } else { quick };
                heads &= heads.wrapping_sub(1);
                are_of_word &= quick.is_of_word();
                let (letters, count) = quick.bytes();
                self.word[len..len + 8].copy_from_slice(&letters.to_le_bytes());
                len += count;
            }
            if !are_of_word || len > LONGEST {
                return None;
            }
        }
        Some(hash(&self.word, len))
    }

    /// Emits words as long as they are made of letters and digits. Returns where it stops, if it does: the beginning of
    /// a word, and of the character in it that has to be looked at.
    fn quickly(
        &mut self,
        text: &str,
        start: usize,
        end: usize,
        emit: &mut impl FnMut(u64, Span),
    ) -> Option<(usize, usize)> {
        let mut word = Quickly::default();
        for (offset, ch) in text[start..end].char_indices() {
            let at = (start + offset) as u32;
            let quick = self.page(ch).quick(ch);
            let (bytes, count) = quick.bytes();
            if count == 0 {
                if quick.is_other() {
                    let start = if word.len > 0 { word.span.start } else { at };
                    return Some((start as usize, at as usize));
                }
                word.end(&self.word, emit);
                continue;
            }
            if word.solo || quick.is_solo() {
                word.end(&self.word, emit);
            }
            if word.len == 0 {
                word = Quickly { span: Span { start: at, end: at }, solo: quick.is_solo(), ..word };
            } else if word.len > LONGEST {
                return Some((word.span.start as usize, at as usize));
            }
            self.word[word.len..word.len + 8].copy_from_slice(&bytes.to_le_bytes());
            word.len += count;
            word.span.end = at + ch.len_utf8() as u32;
        }
        word.end(&self.word, emit);
        None
    }

    /// The page that a character is on.
    fn page(&mut self, ch: char) -> &'static Page {
        let number = ch as u32 >> 8;
        match self.page {
            Some((known, page)) if known == number => page,
            _ => {
                let page = tables::page(ch);
                self.page = Some((number, page));
                page
            }
        }
    }

    fn step_by_step(&mut self, text: &str, start: usize, end: usize, emit: &mut impl FnMut(u64, Span)) {
        let mut at = start as u32;
        for ch in text[start..end].chars() {
            let span = Span { start: at, end: at + ch.len_utf8() as u32 };
            at = span.end;
            let page = self.page(ch);
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
        // A syllable of Hangul is one letter, though it is kept in its parts.
        let is_part = continues_syllable(&draft.text, folded.ch);
        draft.text.push(folded.ch);
        match folded.kind {
            Kind::Letter => draft.letters += u32::from(!is_part),
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
