//! What each character becomes and what kind it is, by table.
//!
//! A page of 256 characters is worked out from the Unicode data the first time one of them is met, and kept: the
//! normalisation libraries are asked once a character, not once an occurrence.

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizer;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use std::sync::OnceLock;

/// What kind of character it is, as far as words are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ends a word.
    Separator,
    /// As if it were not there.
    Ignored,
    Apostrophe,
    FullStop,
    Letter,
    Number,
    Mark,
    /// A letter or digit of a script written without spaces: a word of its own.
    Solo,
    /// Becomes several characters; see [`Page::sequences`].
    Sequence,
}

/// A character after folding. For [`Kind::Sequence`], `ch` is an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    pub(super) ch: char,
    pub(super) kind: Kind,
    /// Canonical combining class; 0 for all but some marks.
    pub(super) class: u8,
}

/// What a character becomes, if that is simple, in 8 bytes: up to seven bytes of letters and digits with their marks, none
/// of which waits for what comes after, and above them how many and of what kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quick(u64);

impl Quick {
    /// To be looked at step by step.
    const OTHER: Self = Self(0);
    const SEPARATOR: Self = Self(1 << 60);
    const WORD: u64 = 2 << 60;
    /// Part of a word that ends before and behind it, in a script without spaces.
    const SOLO: u64 = 3 << 60;
    /// No character.
    pub(super) const NOTHING: Self = Self(Self::WORD);

    fn new(folded: &[Folded]) -> Self {
        let text: String = folded.iter().map(|folded| folded.ch).collect();
        let kind = match folded {
            [Folded { kind: Kind::Separator, .. }] => return Self::SEPARATOR,
            [Folded { kind: Kind::Letter | Kind::Number, .. }, others @ ..]
                if others.iter().all(|other| matches!(other.kind, Kind::Letter | Kind::Number | Kind::Mark)) =>
            {
                Self::WORD
            }
            [Folded { kind: Kind::Solo, .. }, marks @ ..] if marks.iter().all(|mark| mark.kind == Kind::Mark) => {
                Self::SOLO
            }
            _ => return Self::OTHER,
        };
        if text.len() > 7 || text.contains(YPOGEGRAMMENI) {
            return Self::OTHER;
        }
        let bytes = text.bytes().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(byte));
        Self(kind | (text.len() as u64) << 56 | bytes)
    }

    pub(super) fn is_separator(self) -> bool {
        self == Self::SEPARATOR
    }

    pub(super) fn is_other(self) -> bool {
        self == Self::OTHER
    }

    pub(super) fn is_solo(self) -> bool {
        self.0 >= Self::SOLO
    }

    /// The bytes, and how many, of what is part of a word and no word of its own.
    #[inline(always)]
    pub(super) fn of_word(self) -> Option<(u64, usize)> {
        self.is_of_word().then(|| self.bytes())
    }

    /// Whether it is part of a word and no word of its own.
    #[inline(always)]
    pub(super) fn is_of_word(self) -> bool {
        self.0 >> 60 == Self::WORD >> 60
    }

    /// The bytes, the first lowest, and how many.
    pub(super) fn bytes(self) -> (u64, usize) {
        (self.0 & (u64::MAX >> 8), (self.0 >> 56 & 7) as usize)
    }
}

pub(super) struct Page {
    quick: [Quick; 256],
    entries: [Folded; 256],
    sequences: Vec<Vec<Folded>>,
}

const PAGES: usize = (char::MAX as usize >> 8) + 1;
static TABLE: [OnceLock<Box<Page>>; PAGES] = [const { OnceLock::new() }; PAGES];

/// The page that `ch` is on.
pub(super) fn page(ch: char) -> &'static Page {
    let number = ch as usize >> 8;
    TABLE[number].get_or_init(|| Box::new(Page::new(number as u32)))
}

/// Characters that UTF-8 has in one byte or two.
pub(super) const LOW: usize = 0x800;

/// What these become, if that is simple.
pub(super) fn low() -> &'static [Quick; LOW] {
    static ALL: OnceLock<Box<[Quick; LOW]>> = OnceLock::new();
    ALL.get_or_init(|| {
        let quick = |number: usize| char::from_u32(number as u32).map_or(Quick::OTHER, |ch| page(ch).quick(ch));
        Box::new(std::array::from_fn(quick))
    })
}

impl Page {
    /// What `ch`, which must be on this page, becomes, if that is simple.
    #[inline(always)]
    pub(super) fn quick(&self, ch: char) -> Quick {
        self.quick[ch as usize & 0xff]
    }

    /// What `ch`, which must be on this page, becomes.
    pub(super) fn entry(&self, ch: char) -> Folded {
        self.entries[ch as usize & 0xff]
    }

    pub(super) fn sequence(&self, entry: Folded) -> &[Folded] {
        &self.sequences[entry.ch as usize]
    }

    fn new(number: u32) -> Self {
        let unicode = Unicode::new();
        let mut page = Page {
            quick: [Quick::SEPARATOR; 256],
            entries: [Folded { ch: '\0', kind: Kind::Separator, class: 0 }; 256],
            sequences: Vec::new(),
        };
        for low in 0..256 {
            let Some(ch) = char::from_u32(number << 8 | low) else { continue };
            let folded = unicode.fold(ch);
            page.quick[low as usize] = Quick::new(&folded);
            page.entries[low as usize] = match folded[..] {
                [] => Folded { ch, kind: Kind::Ignored, class: 0 },
                [one] => one,
                _ => {
                    let index = char::from_u32(page.sequences.len() as u32).unwrap_or_default();
                    page.sequences.push(folded);
                    Folded { ch: index, kind: Kind::Sequence, class: 0 }
                }
            };
        }
        page
    }
}

/// Iota below a Greek letter. It folds to a letter, but only after marks have been put in canonical order.
pub(super) const YPOGEGRAMMENI: char = '\u{345}';

struct Unicode {
    normaliser: icu_normalizer::DecomposingNormalizerBorrowed<'static>,
    case: icu_casemap::CaseMapperBorrowed<'static>,
    class: icu_normalizer::properties::CanonicalCombiningClassMapBorrowed<'static>,
    category: icu_properties::CodePointMapDataBorrowed<'static, GeneralCategory>,
    script: icu_properties::CodePointMapDataBorrowed<'static, Script>,
}

impl Unicode {
    fn new() -> Self {
        Self {
            normaliser: DecomposingNormalizer::new_nfkd(),
            case: CaseMapper::new(),
            class: CanonicalCombiningClassMap::new(),
            category: CodePointMapData::<GeneralCategory>::new(),
            script: CodePointMapData::<Script>::new(),
        }
    }

    /// NFKD, full case folding, NFKD again, each character with its kind.
    ///
    /// Words are compared in decomposed form: two texts are equal there exactly if they are equal composed.
    fn fold(&self, ch: char) -> Vec<Folded> {
        if is_ignored(ch) {
            return Vec::new();
        }
        let mut buffer = [0; 4];
        let decomposed = self.normaliser.normalize(ch.encode_utf8(&mut buffer));
        let mut folded = String::new();
        for ch in decomposed.chars() {
            let mut buffer = [0; 4];
            match ch {
                YPOGEGRAMMENI => folded.push(ch),
                _ => folded.push_str(&self.case.fold_string(ch.encode_utf8(&mut buffer))),
            }
        }
        let again = self.normaliser.normalize(&folded);
        again.chars().filter(|&ch| !is_ignored(ch)).map(|ch| self.describe(ch)).collect()
    }

    fn describe(&self, ch: char) -> Folded {
        let category = self.category.get(ch);
        let kind = match ch {
            '\'' | '\u{2019}' => Kind::Apostrophe,
            '.' => Kind::FullStop,
            _ if GeneralCategoryGroup::Mark.contains(category) => Kind::Mark,
            _ if GeneralCategoryGroup::Letter.contains(category) || GeneralCategoryGroup::Number.contains(category) => {
                if is_unsegmented(ch, self.script.get(ch)) {
                    Kind::Solo
                } else if GeneralCategoryGroup::Letter.contains(category) {
                    Kind::Letter
                } else {
                    Kind::Number
                }
            }
            _ => Kind::Separator,
        };
        Folded { ch, kind, class: self.class.get_u8(ch) }
    }
}

/// Characters that vanish: see the table in the room's docs.
fn is_ignored(ch: char) -> bool {
    matches!(
        ch,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}

/// Scripts written without spaces between words. The prolonged sound mark is common to both kinds of Kana.
fn is_unsegmented(ch: char, script: Script) -> bool {
    ch == '\u{30fc}'
        || [Script::Han, Script::Hiragana, Script::Katakana, Script::Thai, Script::Lao, Script::Khmer, Script::Myanmar]
            .contains(&script)
}

/// The combining class of a character that is known to be a mark, and 0 for others.
pub(super) fn combining_class(ch: char) -> u8 {
    let entry = page(ch).entry(ch);
    if entry.kind == Kind::Sequence { 0 } else { entry.class }
}
