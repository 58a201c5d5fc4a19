//! A line of JSON to the values of the wanted fields, by a scan over its bytes; and the text that a JSON string is.
//!
//! **Takes** a line. **Gives** where the values stand, as JSON, or nothing: where a wanted field lies within an object, a key
//! has escapes, much is nested, or anything is wrong. A full parser knows all of that, and what to say of it. Strings are
//! looked through 64 bytes at a time.

use crate::simd::{Bytes, Lanes, Work, widest};
use std::ops::Range;

/// How deep objects and arrays may be nested here.
const DEPTH: u32 = 32;

/// Puts the values of the `wanted` fields into their slots, of a field that occurs twice the last. `false` if the line is
/// not plain; then the slots hold anything.
pub(super) fn slots<'l>(line: &'l str, wanted: &[Option<&str>], slots: &mut [Option<&'l str>]) -> bool {
    let mut is_plain = false;
    widest(Find { line, wanted, slots, is_plain: &mut is_plain });
    is_plain
}

/// A line whose values are to be found.
struct Find<'l, 's> {
    line: &'l str,
    wanted: &'s [Option<&'s str>],
    slots: &'s mut [Option<&'l str>],
    is_plain: &'s mut bool,
}

impl Work for Find<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { line, wanted, slots, is_plain } = self;
        *is_plain = Scan { lanes, bytes: line.as_bytes() }.slots(line, wanted, slots).is_some();
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
    fn slots<'l>(self, line: &'l str, wanted: &[Option<&str>], slots: &mut [Option<&'l str>]) -> Option<()> {
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
            for (_, slot) in wanted.iter().zip(&mut *slots).filter(|(wanted, _)| **wanted == Some(name)) {
                *slot = Some(&line[begin..end]);
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

    /// One past the end of `true`, `false`, `null` or a number that begins at `at`.
    fn word_or_number(self, at: usize) -> Option<usize> {
        let word = |word: &[u8]| self.bytes[at..].starts_with(word).then_some(at + word.len());
        match self.bytes[at] {
            b't' => word(b"true"),
            b'f' => word(b"false"),
            b'n' => word(b"null"),
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

    /// One past the closing quote of the string that begins at `at`, if it is a valid one.
    #[inline(always)]
    fn string(self, at: usize) -> Option<usize> {
        let mut at = self.expect(at, b'"')?;
        loop {
            at = self.first::<false>(at)?;
            at += match self.bytes.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => match self.bytes.get(at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                    b'u' if self.bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                    _ => return None,
                },
                _ => return None,
            };
        }
    }

    /// The first place from `at` on of a backslash, or else of a byte that must not stand in a string, as its end must not.
    #[inline(always)]
    fn first<const BACKSLASH_ONLY: bool>(self, mut at: usize) -> Option<usize> {
        while let Some(block) = self.bytes.get(at..)?.first_chunk() {
            let found = self.found::<BACKSLASH_ONLY>(block);
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize);
            }
            at += block.len();
        }
        let rest = &self.bytes[at..];
        let mut block = [b' '; 64];
        block[..rest.len()].copy_from_slice(rest);
        let found = self.found::<BACKSLASH_ONLY>(&block);
        (found != 0).then_some(at + found.trailing_zeros() as usize)
    }

    #[inline(always)]
    fn found<const BACKSLASH_ONLY: bool>(self, block: &[u8; 64]) -> u64 {
        let bytes = self.lanes.bytes(block);
        let backslashes = bytes.are(b'\\');
        if BACKSLASH_ONLY { backslashes } else { backslashes | bytes.are(b'"') | bytes.between(0, b' ' - 1) }
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
    text.reserve(inner.len());
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
        let mut at = 0;
        while let Some(escape) = scan.first::<true>(at) {
            text.push_str(&inner[at..escape]);
            at = escape;
            // Often another one follows, as where a paragraph ends.
            while scan.bytes.get(at) == Some(&b'\\') {
                let Some(length) = unescape(&inner[at..], text) else { return };
                at += length;
            }
        }
        text.push_str(&inner[at..]);
        *decoded = Some(());
    }
}

/// Decodes the escape that `rest` begins with, and returns its length. Half of a surrogate pair becomes U+FFFD.
fn unescape(rest: &str, text: &mut String) -> Option<usize> {
    let ch = match rest.as_bytes().get(1)? {
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
        _ => {
            // A quote, a slash or a backslash: itself.
            text.push_str(rest.get(1..2)?);
            return Some(2);
        }
    };
    text.push(ch);
    Some(2)
}

/// The character of `\uXXXX`, or of two such in a row that are a surrogate pair, and the bytes it takes.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        rest.get(at..at + 2).filter(|start| *start == "\\u")?;
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
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    fn found<'l>(line: &'l str, wanted: &[Option<&str>]) -> Option<Vec<Option<&'l str>>> {
        let mut values = vec![None; wanted.len()];
        slots(line, wanted, &mut values).then_some(values)
    }

    #[test]
    fn values_are_found_where_they_stand() {
        let line = r#" {"id" : -1.5e+3, "x":null,"text": "a\n\"b\" \u00e9", "y": [{}, [ ], {"text": 0}]} "#;
        let expected = vec![Some(r#""a\n\"b\" \u00e9""#), None, Some("-1.5e+3")];
        assert_eq!(found(line, &[Some("text"), None, Some("id")]), Some(expected));
        assert_eq!(found(r#"{"a": "first", "a": "last"}"#, &[Some("a")]), Some(vec![Some(r#""last""#)]));
    }

    #[test]
    fn what_needs_a_full_parser_is_not_scanned() {
        let deep = format!("{{\"b\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        for line in [r#"{"a\u0062":1}"#, r#"{"a":{"b":1}}"#, &deep] {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON");
            assert_eq!(found(line, &[Some("a.b")]), None, "{line}");
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
                let whole = whole.expect("JSON");
                prop_assert_eq!(values[0], whole.get("text").map(|value| value.get()));
            } else if !changed.contains('\\') {
                prop_assert!(whole.is_err(), "not scanned: {changed}");
            }
        }
    }

    const LINES: &[&str] = &[
        r#"{"id":17,"text":"The council voted on Monday, to close the old harbour bridge.","x":null}"#,
        r#"{"text":"","list":[1.5,-2e9,[],{"a":true,"b":[false]}],"n":0}"#,
        r#"{"text":"a\n\"b\"\u00e9","x":{"text":"\\"}}"#,
        "{}",
    ];
}
