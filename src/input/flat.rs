//! A line of JSON to the values of the wanted fields, by a scan over its bytes; and the text that a JSON string is.
//!
//! **Takes** a line. **Gives** where the values stand, as JSON, or nothing: where a wanted field lies within an object, a key
//! has escapes, much is nested, or anything is wrong. A full parser knows all of that, and what to say of it. Strings are
//! looked through 64 bytes at a time, and nothing depends on guessing where escapes are.

use crate::simd::{Bytes, Lanes, Work, string, widest};
use std::ops::Range;

/// How deep objects and arrays may be nested here.
const DEPTH: u32 = 32;

/// Puts the values of the `wanted` fields into their slots, which are empty. `false` if the line is not plain; then they
/// hold anything. Of the first `texts` of them, escapes are left to whoever decodes them.
pub(super) fn slots<'l>(line: &'l str, wanted: &[Option<&str>], texts: usize, slots: &mut [Option<&'l str>]) -> bool {
    let mut is_plain = false;
    widest(Find { line, wanted, texts, slots, is_plain: &mut is_plain });
    is_plain
}

/// A line whose values are to be found.
struct Find<'l, 's> {
    line: &'l str,
    wanted: &'s [Option<&'s str>],
    texts: usize,
    slots: &'s mut [Option<&'l str>],
    is_plain: &'s mut bool,
}

impl Work for Find<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { line, wanted, texts, slots, is_plain } = self;
        *is_plain = Scan { lanes, bytes: line.as_bytes() }.slots(line, (wanted, texts), slots).is_some();
    }
}

/// The bytes of a line.
#[derive(Clone, Copy)]
struct Scan<'l, L> {
    lanes: L,
    bytes: &'l [u8],
}

impl<L: Lanes> Scan<'_, L> {
    #[inline(always)]
    fn slots<'l>(
        self,
        line: &'l str,
        (wanted, texts): (&[Option<&str>], usize),
        slots: &mut [Option<&'l str>],
    ) -> Option<()> {
        let mut at = self.white(self.expect(self.white(0), b'{')?);
        let mut is_first = true;
        while !(is_first && self.bytes.get(at) == Some(&b'}')) {
            is_first = false;
            let (key, begin) = self.key(at)?;
            let end = self.value(begin)?;
            let name = &line[key];
            let within = |wanted: &&str| wanted.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            if name.contains('\\') || wanted.iter().flatten().any(within) {
                return None;
            }
            let value = &line[begin..end];
            let mut is_text = false;
            for (place, _) in (0..).zip(wanted).filter(|(_, wanted)| **wanted == Some(name)) {
                // Which one counts of two, a full parser knows.
                if slots[place].replace(value).is_some() {
                    return None;
                }
                is_text |= place < texts;
            }
            if !is_text && !has_valid_escapes(value.as_bytes()) {
                return None;
            }
            at = self.white(end);
            if self.bytes.get(at) != Some(&b',') {
                break;
            }
            at = self.white(at + 1);
        }
        (self.white(self.expect(at, b'}')?) == self.bytes.len()).then_some(())
    }

    /// What stands between the quotes of the key that begins at `at`, and where its value begins.
    #[inline(always)]
    fn key(self, at: usize) -> Option<(Range<usize>, usize)> {
        let end = self.string(at)?;
        Some((at + 1..end - 1, self.white(self.expect(self.white(end), b':')?)))
    }

    /// One past the end of the value that begins at `at`.
    #[inline(always)]
    fn value(self, mut at: usize) -> Option<usize> {
        // The brackets that are open, the innermost lowest: whether it is an object's. A bit above the outermost ends them.
        let mut open = 1u64;
        loop {
            at = match self.bytes.get(at)? {
                b'"' => self.string(at)?,
                &bracket @ (b'{' | b'[') => {
                    open = open << 1 | u64::from(bracket == b'{');
                    if open >> DEPTH > 1 {
                        return None;
                    }
                    let inside = self.white(at + 1);
                    // Closed at once: where a value would end.
                    if self.bytes.get(inside) != Some(&closing(open)) {
                        at = if bracket == b'{' { self.key(inside)?.1 } else { inside };
                        continue;
                    }
                    inside
                }
                _ => self.word_or_number(at)?,
            };
            // Behind a value come brackets that end others, and a comma before the next one.
            loop {
                if open == 1 {
                    return Some(at);
                }
                at = self.white(at);
                match *self.bytes.get(at)? {
                    b',' => break,
                    byte if byte == closing(open) => (at, open) = (at + 1, open >> 1),
                    _ => return None,
                }
            }
            at = self.white(at + 1);
            if open & 1 == 1 {
                at = self.key(at)?.1;
            }
        }
    }

    /// One past the end of `true`, `false`, `null`, `NaN`, `Infinity` or a number that begins at `at`.
    fn word_or_number(self, at: usize) -> Option<usize> {
        let word = |word: &[u8]| self.bytes[at..].starts_with(word).then_some(at + word.len());
        match self.bytes[at] {
            b't' => word(b"true"),
            b'f' => word(b"false"),
            b'n' => word(b"null"),
            b'N' => word(b"NaN"),
            b'I' => word(b"Infinity"),
            _ => number(self.bytes, at),
        }
    }

    /// The first place from `at` on that is no white space.
    #[inline(always)]
    fn white(self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(at) {
            at += 1;
        }
        at
    }

    /// One past `at`, if this byte is there.
    #[inline(always)]
    fn expect(self, at: usize, byte: u8) -> Option<usize> {
        (self.bytes.get(at) == Some(&byte)).then_some(at + 1)
    }

    /// One past the closing quote of the string that begins at `at`, if it is a valid one but for its escapes.
    #[inline(always)]
    fn string(self, at: usize) -> Option<usize> {
        let mut at = self.expect(at, b'"')?;
        let mut escapes = Escapes::default();
        loop {
            let rest = self.bytes.get(at..)?;
            let bytes = block_of(self.lanes, rest);
            let escaped = escapes.next(bytes.are(b'\\'));
            let ends = bytes.are(b'"') & !escaped | bytes.between(0, b' ' - 1);
            if ends != 0 {
                let end = ends.trailing_zeros() as usize;
                return (rest[end] == b'"').then_some(at + end + 1);
            }
            if rest.len() <= BLOCK {
                return None;
            }
            at += BLOCK;
        }
    }

    /// The first place from `at` on of a backslash.
    #[inline(always)]
    fn backslash(self, mut at: usize) -> Option<usize> {
        loop {
            let rest = self.bytes.get(at..)?;
            let found = block_of(self.lanes, rest).are(b'\\');
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize);
            }
            if rest.len() <= BLOCK {
                return None;
            }
            at += BLOCK;
        }
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// The first of these, with blanks behind the last where they are too few. (Where the two cases meet as bytes, and not as a
/// vector, these take a way over memory, which costs as much as all that is done with them.)
#[inline(always)]
fn block_of<L: Lanes>(lanes: L, bytes: &[u8]) -> L::Bytes {
    if let Some(block) = bytes.first_chunk() {
        return lanes.bytes(block);
    }
    let mut block = [b' '; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    lanes.bytes(&block)
}

/// Which bytes of blocks that follow each other stand behind a backslash that begins an escape.
#[derive(Default)]
struct Escapes {
    /// Whether that is so of the first byte of the next block, as a bit.
    open: u64,
}

impl Escapes {
    /// Those of the next block, by where it has backslashes.
    #[inline(always)]
    fn next(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = backslashes & !self.open;
        // In each row of backslashes the first begins an escape, the third, and so on. Where a row begins at an even place,
        // adding its first bit takes the whole row away.
        let first = backslashes & !(backslashes << 1);
        let even = backslashes & !backslashes.wrapping_add(first & EVEN);
        let begin = even & EVEN | backslashes & !even & !EVEN;
        let escaped = begin << 1 | self.open;
        self.open = begin >> (BLOCK - 1);
        escaped
    }
}

/// Whether each backslash begins an escape of JSON, or belongs to one.
fn has_valid_escapes(mut bytes: &[u8]) -> bool {
    while let Some(at) = memchr::memchr(b'\\', bytes) {
        let Some(length) = escape_length(&bytes[at..]) else { return false };
        bytes = &bytes[at + length..];
    }
    true
}

/// How many bytes the escape has that these begin with, if it is one.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// What ends the innermost of these brackets.
fn closing(open: u64) -> u8 {
    if open & 1 == 1 { b'}' } else { b']' }
}

/// One past the end of the number that begins at `at`.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let expect = |at: usize, byte: u8| (bytes.get(at) == Some(&byte)).then_some(at + 1);
    let digits = |at: usize| {
        let count = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(at + count)
    };
    let begin = expect(at, b'-').unwrap_or(at);
    let mut end = expect(begin, b'0').or_else(|| digits(begin))?;
    if let Some(fraction) = expect(end, b'.') {
        end = digits(fraction)?;
    }
    if let Some(exponent) = expect(end, b'e').or_else(|| expect(end, b'E')) {
        let sign = expect(exponent, b'+').or_else(|| expect(exponent, b'-'));
        end = digits(sign.unwrap_or(exponent))?;
    }
    Some(end)
}

/// Decodes a JSON string, given without its quotes, into `text`. `None` if it has an escape that is none.
pub(super) fn decode(inner: &str, text: &mut String) -> Option<()> {
    text.clear();
    // Blocks are written whole.
    text.reserve(inner.len() + BLOCK);
    let mut decoded = None;
    widest(Decode { inner, text, decoded: &mut decoded });
    decoded
}

/// A string that is to be decoded.
struct Decode<'s> {
    inner: &'s str,
    text: &'s mut String,
    decoded: &'s mut Option<()>,
}

impl Work for Decode<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { inner, text, decoded } = self;
        let scan = Scan { lanes, bytes: inner.as_bytes() };
        *decoded = if L::SPREADS { scan.decode_blocks(inner, text) } else { scan.decode_from(0, inner, text) };
    }
}

impl<L: Lanes> Scan<'_, L> {
    /// Decodes what stands from `at` on, escape after escape.
    #[inline(always)]
    fn decode_from(self, mut at: usize, inner: &str, text: &mut String) -> Option<()> {
        while let Some(escape) = self.backslash(at) {
            text.push_str(&inner[at..escape]);
            at = escape;
            // Often another one follows, as where a paragraph ends.
            while self.bytes.get(at) == Some(&b'\\') {
                at += unescape(&inner[at..], text)?;
            }
        }
        text.push_str(&inner[at..]);
        Some(())
    }

    /// Decodes block after block, up to where an escape is a number, from where on it is escape after escape.
    #[inline(always)]
    fn decode_blocks(self, inner: &str, text: &mut String) -> Option<()> {
        let Self { lanes, bytes } = self;
        let mut decoded = std::mem::take(text).into_bytes();
        let mut escapes = Escapes::default();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let block = block_of(lanes, rest);
            let (backslashes, was_open) = (block.are(b'\\'), escapes.open == 1);
            let escaped = escapes.next(backslashes);
            let plain = lanes.translated(block, escaped, &UNESCAPED);
            if (plain.are(0) | block.between(0x80, 0xff)) & escaped != 0 {
                if block.are(b'u') & escaped == 0 {
                    return None;
                }
                let first = if was_open { at - 1 } else { at + backslashes.trailing_zeros() as usize };
                decoded.extend_from_slice(&bytes[at..first.max(at)]);
                *text = string(decoded).ok()?;
                return self.decode_from(first, inner, text);
            }
            let all = u64::MAX >> (BLOCK - rest.len().min(BLOCK));
            let mut some = [0; BLOCK];
            let count = lanes.gather(plain, all & (escaped | !backslashes), &mut some);
            let before = decoded.len();
            decoded.extend_from_slice(&some);
            decoded.truncate(before + count);
            at += BLOCK;
        }
        // A backslash by itself at the end escapes nothing.
        *text = string(decoded).ok().filter(|_| escapes.open == 0)?;
        Some(())
    }
}

/// What stands for which byte behind a backslash; 0 for what stands for none, or for more than one.
const UNESCAPED: [u8; 128] = {
    let mut table = [0; 128];
    let known = b"\"\"\\\\//n\nt\tr\rb\x08f\x0c";
    let mut at = 0;
    while at < known.len() {
        table[known[at] as usize] = known[at + 1];
        at += 2;
    }
    table
};

/// Decodes the escape that `rest` begins with, and returns its length. Half of a surrogate pair becomes U+FFFD.
fn unescape(rest: &str, text: &mut String) -> Option<usize> {
    let length = escape_length(rest.as_bytes())?;
    let ch = match rest.as_bytes()[1] {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let (ch, length) = unicode(rest)?;
            text.push(ch);
            return Some(length);
        }
        // A quote, a slash or a backslash.
        itself => char::from(itself),
    };
    text.push(ch);
    Some(length)
}

/// The character of `\uXXXX`, or of two such in a row that are a surrogate pair, and the bytes it takes.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        rest.get(at..at + 2).filter(|start| *start == "\\u" && escape_length(&rest.as_bytes()[at..]).is_some())?;
        u16::from_str_radix(rest.get(at + 2..at + 6)?, 16).ok()
    };
    let first = unit(0)?;
    let pair =
        unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok()).filter(|ch| ch.len_utf16() == 2);
    let alone = || char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(pair.map_or_else(|| (alone(), 6), |ch| (ch, 12)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::at_every_width;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    fn found<'l>(line: &'l str, wanted: &[Option<&str>]) -> Option<Vec<Option<&'l str>>> {
        let mut values = vec![None; wanted.len()];
        slots(line, wanted, 1, &mut values).then_some(values)
    }

    #[test]
    fn values_are_found_where_they_stand() {
        let line = r#" {"id" : -1.5e+3, "x":null,"text": "a\n\"b\" \u00e9", "y": [{}, [ ], {"text": 0}]} "#;
        let expected = vec![Some(r#""a\n\"b\" \u00e9""#), None, Some("-1.5e+3")];
        assert_eq!(found(line, &[Some("text"), None, Some("id")]), Some(expected));
    }

    #[test]
    fn what_needs_a_full_parser_is_not_scanned() {
        let deep = format!("{{\"b\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        for line in [r#"{"a\u0062":1}"#, r#"{"a":{"b":1}}"#, r#"{"id":1,"id":2}"#, &deep] {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON");
            assert_eq!(found(line, &[Some("a.b"), Some("id")]), None, "{line}");
        }
    }

    proptest! {
        /// Law: what is scanned is what a full parser accepts and of plain lines all is.
        #[test]
        fn only_json_is_scanned(line in proptest::sample::select(LINES), at in any::<proptest::sample::Index>(), put in ".{0,40}|[\\[\\]{}\",:0-9eE.+-]", cut in 0usize..4) {
            let at = at.index(line.len() + 1);
            let end = line.len().min(at + cut);
            let changed = format!("{}{put}{}", &line[..at], &line[end..]);
            let whole = serde_json::from_str::<BTreeMap<String, &RawValue>>(&changed);
            if let Some(values) = found(&changed, &[Some("text")]) {
                let inner = values[0].and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
                if inner.is_none_or(|inner| has_valid_escapes(inner.as_bytes())) {
                    let whole = whole.expect("JSON");
                    prop_assert_eq!(values[0], whole.get("text").map(|value| value.get()));
                }
            } else if !changed.contains('\\') {
                prop_assert!(whole.is_err(), "not scanned: {changed}");
            }
        }
    }

    proptest! {
        /// Law: a string is decoded as a full parser does, or not at all, wherever blocks end and whatever the CPU has.
        #[test]
        fn strings_are_decoded_on_every_cpu(
            mut parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..60),
            wrong in proptest::option::weighted(0.2, (any::<proptest::sample::Index>(), proptest::sample::select(WRONG))),
        ) {
            if let Some((at, wrong)) = wrong {
                parts.insert(at.index(parts.len() + 1), wrong);
            }
            let inner = parts.concat();
            let expected = serde_json::from_str::<String>(&format!("\"{inner}\"")).ok();
            let mut texts = [const { String::new() }; 3];
            let mut decoded = [None; 3];
            let mut both = texts.iter_mut().zip(&mut decoded);
            at_every_width(|| {
                let (text, decoded) = both.next().expect("there are three");
                Decode { inner: &inner, text, decoded }
            });
            let widths = 3 - both.len();
            for (text, decoded) in texts.into_iter().zip(decoded).take(widths) {
                prop_assert_eq!(decoded.map(|()| text), expected.clone());
            }
        }

        /// Law: what stands behind a backslash that is not escaped is escaped.
        #[test]
        fn escapes_are_those_of_a_walk(blocks in proptest::collection::vec(prop_oneof![any::<u64>(), Just(u64::MAX), any::<u64>().prop_map(|bits| bits | bits << 1)], 1..4)) {
            let (mut escapes, mut open) = (Escapes::default(), false);
            for backslashes in blocks {
                let mut walked = 0;
                for at in 0..64 {
                    walked |= u64::from(open) << at;
                    open = !open && backslashes >> at & 1 == 1;
                }
                prop_assert_eq!(escapes.next(backslashes), walked);
            }
        }
    }

    const PARTS: &[&str] = &[
        r"\n",
        r"\n\n",
        r#"\""#,
        r"\\",
        r"\/",
        r"\t",
        r"\r\b\f",
        "é",
        "😀",
        "a",
        "The council voted on Monday to close the old harbour bridge, u and all.",
        "The council voted, ",
        r"\u00e9",
        r"\ud83d\ude00",
    ];
    const WRONG: &[&str] = &[r"\x", r"\u+123", r"\u00", "\\é"];

    const LINES: &[&str] = &[
        r#"{"id":17,"text":"The council voted on Monday, to close the old harbour bridge.","x":null}"#,
        r#"{"text":"","list":[1.5,-2e9,[],{"a":true,"b":[false]}],"n":0}"#,
        r#"{"text":"a\n\"b\"\u00e9","x":{"text":"\\"}}"#,
        "{}",
    ];
}
