//! A line of JSON to the values of the wanted fields, by a scan over its bytes.
//!
//! **Takes** a line. **Gives** where the values stand, as JSON, or nothing: where a wanted field lies within an object, a key
//! has escapes, much is nested, or anything is wrong. A full parser knows all of that, and what to say of it.

use std::ops::Range;

/// How deep objects and arrays may be nested here.
const DEPTH: u8 = 32;

/// Puts the values of the `wanted` fields into their slots, of a field that occurs twice the last. `false` if the line is
/// not plain; then the slots hold anything.
pub(super) fn slots<'l>(line: &'l str, wanted: &[Option<&str>], slots: &mut [Option<&'l str>]) -> bool {
    scan(line, wanted, slots).is_some()
}

fn scan<'l>(line: &'l str, wanted: &[Option<&str>], slots: &mut [Option<&'l str>]) -> Option<()> {
    let bytes = line.as_bytes();
    let end = object(bytes, white(bytes, 0), DEPTH, &mut |key, value| {
        let name = &line[key.start + 1..key.end - 1];
        let within = |wanted: &&str| wanted.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        if name.contains('\\') || wanted.iter().flatten().any(within) {
            return None;
        }
        for (_, slot) in wanted.iter().zip(&mut *slots).filter(|(wanted, _)| **wanted == Some(name)) {
            *slot = Some(&line[value.clone()]);
        }
        Some(())
    })?;
    (white(bytes, end) == bytes.len()).then_some(())
}

/// One past the end of the object that begins at `at`; hears of each key and value.
fn object(
    bytes: &[u8],
    at: usize,
    depth: u8,
    field: &mut dyn FnMut(Range<usize>, Range<usize>) -> Option<()>,
) -> Option<usize> {
    let begin = expect(bytes, at, b'{')?;
    list(bytes, begin, b'}', &mut |key| {
        let key_end = string(bytes, key)?;
        let begin = white(bytes, expect(bytes, white(bytes, key_end), b':')?);
        let end = value(bytes, begin, depth)?;
        field(key..key_end, begin..end)?;
        Some(end)
    })
}

/// One past the `end` of what stands between commas from `at` on; `item` gives the end of the one that begins at a place.
fn list(bytes: &[u8], at: usize, end: u8, item: &mut dyn FnMut(usize) -> Option<usize>) -> Option<usize> {
    let mut at = white(bytes, at);
    if let Some(empty) = expect(bytes, at, end) {
        return Some(empty);
    }
    loop {
        at = white(bytes, item(at)?);
        if let Some(end) = expect(bytes, at, end) {
            return Some(end);
        }
        at = white(bytes, expect(bytes, at, b',')?);
    }
}

/// The first place from `at` on that is no white space.
fn white(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// One past `at`, if this byte is there.
fn expect(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

/// One past the end of the value that begins at `at`.
fn value(bytes: &[u8], at: usize, depth: u8) -> Option<usize> {
    let word = |word: &[u8]| bytes[at..].starts_with(word).then_some(at + word.len());
    match bytes.get(at)? {
        b'"' => string(bytes, at),
        b't' => word(b"true"),
        b'f' => word(b"false"),
        b'n' => word(b"null"),
        b'{' => object(bytes, at, depth.checked_sub(1)?, &mut |_, _| Some(())),
        b'[' => list(bytes, at + 1, b']', &mut |item| value(bytes, item, depth.checked_sub(1)?)),
        _ => number(bytes, at),
    }
}

/// One past the end of the number that begins at `at`.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |at: usize| {
        let count = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(at + count)
    };
    let begin = expect(bytes, at, b'-').unwrap_or(at);
    let mut end = expect(bytes, begin, b'0').or_else(|| digits(begin))?;
    if let Some(fraction) = expect(bytes, end, b'.') {
        end = digits(fraction)?;
    }
    if let Some(exponent) = expect(bytes, end, b'e').or_else(|| expect(bytes, end, b'E')) {
        let sign = expect(bytes, exponent, b'+').or_else(|| expect(bytes, exponent, b'-'));
        end = digits(sign.unwrap_or(exponent))?;
    }
    Some(end)
}

/// One past the closing quote of the string that begins at `at`, if it is a valid one.
fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let begin = expect(bytes, at, b'"')?;
    let mut at = begin;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            break;
        }
        at += match bytes.get(at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return None,
        };
    }
    let least = bytes[begin..at].iter().copied().fold(u8::MAX, u8::min);
    (least >= b' ').then_some(at + 1)
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
