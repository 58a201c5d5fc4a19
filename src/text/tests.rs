use super::*;
use crate::simd::at_every_width;
use icu_normalizer::ComposingNormalizer;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use proptest::prelude::*;
use std::cell::RefCell;

fn shown(text: &str) -> Vec<&str> {
    words(text).iter().map(|word| word.span.of(text)).collect()
}

fn hashes(text: &str) -> Vec<u64> {
    words(text).iter().map(|word| word.hash).collect()
}

/// Asserts that `text` has the words `expected`, given in normalised form.
fn assert_words(text: &str, expected: &[&str]) {
    let expected: Vec<u64> = expected.iter().map(|word| word_hash(word)).collect();
    assert_eq!(hashes(text), expected, "{text:?} has the words {:?}", shown(text));
}

#[test]
fn the_rules_table_holds() {
    assert_words("Straße STRASSE", &["strasse", "strasse"]);
    assert_words("ΟΔΟΣ οδός", &["οδοσ", "οδο\u{301}σ"]);
    assert_words("ﬁ ① Ａ", &["fi", "1", "a"]);
    assert_words("don't don’t DON'T", &["dont", "dont", "dont"]);
    assert_words("all-time", &["all", "time"]);
    assert_words("the U.S. A man at 9 a.m. today", &["the", "us", "a", "man", "at", "9", "am", "today"]);
    assert_words("J. K. Rowling", &["j", "k", "rowling"]);
    assert_words("3.5 x.org U.Smith a.b.com", &["3", "5", "x", "org", "u", "smith", "ab", "com"]);
    assert_words("½", &["1", "2"]);
    assert_words("北京2022年", &["北", "京", "2022", "年"]);
    assert_words("´quoted´", &["quoted"]);
    assert_words("soft\u{ad}hyphen zero\u{200b}width \u{feff}bom", &["softhyphen", "zerowidth", "bom"]);
}

#[test]
fn apostrophes_and_stops_at_the_edge_of_a_word_end_it() {
    assert_words("'quoted' rock'n'roll dogs' 'tis", &["quoted", "rocknroll", "dogs", "tis"]);
    assert_words("rock''n U..S U.S.'s end.Start", &["rock", "n", "u", "s", "us", "s", "end", "start"]);
    assert_words("É.U. e\u{301}.u", &["e\u{301}u", "e\u{301}u"]);
    assert_words("_a_.b -c", &["a", "b", "c"]);
}

#[test]
fn spans_slice_the_original() {
    assert_eq!(shown("½ of all-time U.S.A. "), ["½", "½", "of", "all", "time", "U.S.A"]);
    assert_eq!(shown("“We may” be"), ["We", "may", "be"]);
    assert_eq!(shown("นำ"), ["นำ", "\u{e33}"]);
}

#[test]
fn equivalent_forms_are_one_word() {
    for (a, b) in [
        ("é", "e\u{301}"),
        ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
        ("ガ", "ｶﾞ"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"),
        ("ΐ", "Ϊ\u{301}"),
        ("ᾼ", "αι"),
        ("\u{3b1}\u{345}\u{301}", "\u{3b1}\u{301}\u{345}"),
    ] {
        assert_eq!(hashes(a), hashes(b), "{a:?} and {b:?}");
    }
    assert_ne!(hashes("café"), hashes("cafe"));
}

#[test]
fn a_word_of_any_length_hashes_alike_on_both_paths() {
    for len in 1..100 {
        let word = "aB3".repeat(len)[..len].to_string();
        let marked = format!("{word}\u{200d}");
        assert_eq!(hashes(&word), hashes(&marked), "{len}");
        assert_eq!(hashes(&word), [word_hash(&word.to_lowercase())], "{len}");
    }
}

#[test]
fn a_word_or_joiner_on_any_chunk_boundary_is_whole() {
    for filler in 4080..4110 {
        for word in ["O'Neill's", "U.S.A", "plain", "naïve", "a'", "'a"] {
            let text = format!("{} {word} end", "-".repeat(filler));
            let expected = hashes(&format!("{word} end"));
            assert_eq!(hashes(&text), expected, "{filler} {word}");
        }
    }
    assert_words(&"x".repeat(10_000), &[&"x".repeat(10_000)]);
}

#[test]
fn different_short_words_have_different_hashes() {
    let mut seen: Vec<u64> = (0..2_000_000u32).map(|number| word_hash(&number.to_string())).collect();
    let letters: Vec<char> = ('a'..='z').collect();
    for a in &letters {
        for b in &letters {
            for c in &letters {
                for d in &letters {
                    seen.push(word_hash(&String::from_iter([a, b, c, d])));
                }
            }
        }
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

/// The rules once more, over the composed text and without tables, spans or blocks.
fn obvious_words(text: &str) -> Vec<u64> {
    let case = icu_casemap::CaseMapper::new();
    let nfkc = ComposingNormalizer::new_nfkc();
    let visible: String = text.chars().filter(|&ch| !nfkc_ignores(ch)).collect();
    let nfkd = icu_normalizer::DecomposingNormalizer::new_nfkd();
    let folded = nfkc.normalize(&case.fold_string(&nfkd.normalize(&visible))).into_owned();
    let category = CodePointMapData::<GeneralCategory>::new();
    let is = |ch, group: GeneralCategoryGroup| group.contains(category.get(ch));
    let is_base = |ch| is(ch, GeneralCategoryGroup::Letter) || is(ch, GeneralCategoryGroup::Number);
    let chars: Vec<char> = folded.chars().collect();
    let mut runs: Vec<(usize, usize, String)> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !is_base(chars[at]) {
            at += 1;
            continue;
        }
        let (start, mut word) = (at, String::new());
        while at < chars.len() {
            let ch = chars[at];
            let apostrophe = matches!(ch, '\'' | '’') && chars.get(at + 1).is_some_and(|&next| is_base(next));
            if is_base(ch) || is(ch, GeneralCategoryGroup::Mark) {
                word.push(ch);
            } else if !apostrophe {
                break;
            }
            at += 1;
        }
        runs.push((start, at, word));
    }
    let is_initial = |word: &str| {
        word.chars().filter(|&ch| is_base(ch)).count() == 1
            && word.chars().all(|ch| !is(ch, GeneralCategoryGroup::Number))
    };
    let mut words: Vec<(usize, String, bool)> = Vec::new();
    for (start, end, word) in runs {
        let initial = is_initial(&word);
        match words.last_mut() {
            Some((last_end, last, true)) if initial && chars[*last_end] == '.' && *last_end + 1 == start => {
                last.push_str(&word);
                *last_end = end;
            }
            _ => words.push((end, word, initial)),
        }
    }
    words.iter().map(|(_, word, _)| word_hash(&nfkd.normalize(word))).collect()
}

fn nfkc_ignores(ch: char) -> bool {
    matches!(tables::page(ch).entry(ch).kind, tables::Kind::Ignored)
}

/// Keeps the words of a text.
struct Recorded<'t> {
    text: &'t str,
    found: &'t RefCell<Vec<(Vec<u64>, Vec<Span>)>>,
}

impl Work for Recorded<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (mut hashes, mut spans) = (Vec::new(), Vec::new());
        scan(lanes, self.text, (&mut hashes, &mut spans));
        self.found.borrow_mut().push((hashes, spans));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Law: words of ASCII are hashed alike wherever they stand, however long they are, whatever is between them.
    #[test]
    fn words_of_ascii_are_found_among_others(words in proptest::collection::vec(("[a-zA-Z0-9]{1,24}", proptest::sample::select(&[" ", ", ", "\n\n", " “", "” ", "-", " ’ "][..])), 0..200)) {
        let text: String = words.iter().flat_map(|(word, behind)| [word.as_str(), behind]).collect();
        let expected: Vec<u64> = words.iter().map(|(word, _)| word_hash(&word.to_lowercase())).collect();
        prop_assert_eq!(hashes(&text), expected);
        let found: Vec<String> = shown(&text).into_iter().map(str::to_owned).collect();
        prop_assert_eq!(found, words.into_iter().map(|(word, _)| word).collect::<Vec<_>>());
    }

    /// Law: whatever instructions a CPU has, a text has the same words.
    #[test]
    fn words_are_the_same_on_every_cpu(text in "([a-zA-Z0-9é’'. ,\u{301}ß½-]|[А-я]|[北京]|[a-z]{1,9} ){0,300}") {
        let found = RefCell::default();
        at_every_width(|| Recorded { text: &text, found: &found });
        prop_assert!(found.into_inner().windows(2).all(|two| two[0] == two[1]));
    }

    /// Law: both paths give the words of the obvious definition, in segmented scripts.
    #[test]
    fn words_are_those_of_the_definition(text in "([a-zA-Z0-9é’'. ,\u{301}ßﬁΣς½-]|U\\.S|\u{ad}|\u{200b}|[А-я]|[가-힣]\\.?|[ᄀ-ᇿ]|\\PC){0,80}") {
        // An iota subscript under nothing is a mark here, and a letter to the definition, which folds it first.
        let segmented: String = text.chars().filter(|&ch| !is_solo(ch) && !matches!(ch, '\u{345}' | '\u{37a}')).collect();
        prop_assert_eq!(hashes(&segmented), obvious_words(&segmented), "{:?}", segmented);
    }

    /// Law: spans slice the text, in order, and each span's text has its word.
    #[test]
    fn spans_are_ordered_and_contain_their_words(text in "\\PC{0,60}") {
        let words = words(&text);
        for pair in words.windows(2) {
            prop_assert!(pair[0].span.start <= pair[1].span.start);
        }
        for word in &words {
            prop_assert!(hashes(word.span.of(&text)).contains(&word.hash));
        }
    }

    /// Law: case never matters.
    #[test]
    fn case_is_folded(text in "[a-zA-ZäöüÄÖÜéÉА-я .'-]{0,60}") {
        prop_assert_eq!(hashes(&text), hashes(&text.to_uppercase()));
    }
}

fn is_solo(ch: char) -> bool {
    let page = tables::page(ch);
    let entry = page.entry(ch);
    match entry.kind {
        tables::Kind::Solo => true,
        tables::Kind::Sequence => page.sequence(entry).iter().any(|folded| folded.kind == tables::Kind::Solo),
        _ => false,
    }
}
