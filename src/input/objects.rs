//! JSON that is not one object a line: an array of objects, one object that a file holds, or several after each other.
//!
//! Only where elements end is looked for; what is in one is parsed like a line. What stands between elements is white
//! space, commas, the brackets of an array, and byte order marks. No string of JSON has a line end in it: where one seems to,
//! and the next line begins with a brace, a quotation mark was lost or added, and what begins there is another element.

use super::encoding::{IsFirst, MARK, first_bytes};
use encoding_rs::Encoding;
use std::ops::Range;

/// Finds the ends of elements in bytes that come part by part.
#[derive(Clone, Debug, Default)]
pub(super) struct ElementEnds {
    inside: Inside,
    /// Arrays around the elements that have begun, less those that have ended.
    arrays: i64,
    /// What begins a character whose second byte may look like a backslash, where there are such.
    is_first: Option<IsFirst>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    /// Nothing: between elements.
    #[default]
    Nothing,
    /// An object, so many braces deep.
    Object(u32),
    /// A string: in an object so many braces deep, or an element itself.
    String(u32),
    /// A string, behind a backslash.
    Escape(u32),
    /// A string, in the middle of a character.
    Half(u32),
    /// A string, behind a line end, and blanks and commas at most.
    Torn(u32),
    /// Something else.
    Other,
}

fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']')
}

impl ElementEnds {
    /// In this encoding.
    pub(super) fn of(encoding: &'static Encoding) -> Self {
        Self { is_first: first_bytes(encoding), ..Self::default() }
    }

    /// Whether something is still to come: the end of an element, or of the array.
    pub(super) fn is_open(&self) -> bool {
        self.inside != Inside::Nothing || self.arrays > 0
    }

    /// Another element begins, whatever seemed to be open.
    pub(super) fn end(&mut self) {
        self.inside = Inside::Nothing;
    }

    /// How many of these bytes stand between elements, before the next one begins; 0 in an element.
    pub(super) fn between(&self, bytes: &[u8]) -> usize {
        let mut rest = if self.inside == Inside::Nothing { bytes } else { &[] };
        let whole = rest.len();
        loop {
            rest = match rest {
                [byte, after @ ..] if is_between(*byte) => after,
                _ => match rest.strip_prefix(MARK) {
                    Some(after) => after,
                    None => return whole - rest.len(),
                },
            };
        }
    }

    /// One past the end of the first element that ends in these bytes, which follow those that were given last.
    pub(super) fn first(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            at += match self.inside {
                Inside::Nothing => {
                    let begin = self.between(rest);
                    let count = |bracket| memchr::memchr_iter(bracket, &rest[..begin]).count() as i64;
                    self.arrays += count(b'[') - count(b']');
                    self.inside = match rest.get(begin)? {
                        b'{' => Inside::Object(1),
                        b'"' => Inside::String(0),
                        _ => Inside::Other,
                    };
                    begin + 1
                }
                Inside::Object(depth) => {
                    let found = memchr::memchr3(b'"', b'{', b'}', rest)?;
                    self.inside = match (rest[found], depth) {
                        (b'"', _) => Inside::String(depth),
                        (b'{', _) => Inside::Object(depth + 1),
                        (_, 1) => Inside::Nothing,
                        _ => Inside::Object(depth - 1),
                    };
                    found + 1
                }
                Inside::String(depth) => {
                    let found = match self.is_first {
                        None => memchr::memchr3(b'"', b'\\', b'\n', rest),
                        Some(is_first) => {
                            rest.iter().position(|&byte| matches!(byte, b'"' | b'\\' | b'\n') || is_first(byte))
                        }
                    }?;
                    self.inside = match (rest[found], depth) {
                        (b'\\', _) => Inside::Escape(depth),
                        (b'\n', _) => Inside::Torn(depth),
                        (b'"', 0) => Inside::Nothing,
                        (b'"', _) => Inside::Object(depth),
                        _ => Inside::Half(depth),
                    };
                    found + 1
                }
                Inside::Half(depth) => {
                    self.inside = Inside::String(depth);
                    // What is below is no second half, but itself.
                    usize::from(rest[0] >= b'@')
                }
                Inside::Escape(depth) => {
                    self.inside = Inside::String(depth);
                    1
                }
                Inside::Torn(depth) => {
                    let is_blank = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b',';
                    let blank = rest.iter().take_while(is_blank).count();
                    self.inside = match rest.get(blank) {
                        None => Inside::Torn(depth),
                        Some(b'{') => Inside::Nothing,
                        Some(_) => Inside::String(depth),
                    };
                    blank
                }
                Inside::Other => {
                    let length = rest.iter().take_while(|&&byte| !is_between(byte)).count();
                    if length < rest.len() {
                        self.inside = Inside::Nothing;
                        return Some(at + length);
                    }
                    length
                }
            };
            if self.inside == Inside::Nothing {
                return Some(at);
            }
        }
    }
}

/// Where the elements are in these bytes; the last may have no end.
pub(super) fn each<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> impl Iterator<Item = Range<usize>> + use<'b> {
    let mut ends = ElementEnds::of(encoding);
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + ends.between(&bytes[at..]);
        if start == bytes.len() {
            return None;
        }
        at = ends.first(&bytes[start..]).map_or(bytes.len(), |end| start + end);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, GBK, SHIFT_JIS, UTF_8};
    use proptest::prelude::*;

    fn elements(text: &str) -> Vec<&str> {
        each(text.as_bytes(), UTF_8).map(|range| &text[range]).collect()
    }

    #[test]
    fn elements_of_arrays_and_objects_in_a_row() {
        assert_eq!(
            elements("[\n {\"a\": \"}\\\"{\"} , {\"b\": {\"c\": [1, {}]}}\n]\n"),
            ["{\"a\": \"}\\\"{\"}", "{\"b\": {\"c\": [1, {}]}}"]
        );
        assert_eq!(elements("{\n \"a\": 1\n}\n{\"b\":2}{}"), ["{\n \"a\": 1\n}", "{\"b\":2}", "{}"]);
        assert_eq!(elements("[1, \"x, {\", null, {\"a\""), ["1", "\"x, {\"", "null", "{\"a\""]);
        assert!(elements(" [] \n").is_empty());
        let torn = "[{\"a\": \"x\"\"},\n {\"b\": 1},\n{\"c\": \"\n{\"},{\"d\": 2}]";
        assert_eq!(elements(torn), ["{\"a\": \"x\"\"},\n ", "{\"b\": 1}", "{\"c\": \"\n", "{\"},{\"d\": 2}]"]);
        assert_eq!(
            elements("\u{feff}[{\"a\": 1}]\n\u{feff}{\n\"b\": \"\u{feff}\"}"),
            ["{\"a\": 1}", "{\n\"b\": \"\u{feff}\"}"]
        );
    }

    #[test]
    fn half_a_character_is_no_backslash() {
        for (encoding, text) in [(SHIFT_JIS, "表示能力ソ"), (GBK, "乗乗"), (BIG5, "功許蓋")] {
            let json = format!("[{{\"a\": \"{text}\"}}, {{\"b\": \"\\\"{text}\\\\\"}}]");
            let bytes = encoding.encode(&json).0;
            assert!(memchr::memchr_iter(b'\\', &bytes).count() > 3, "{text} has some");
            let found: Vec<_> =
                each(&bytes, encoding).map(|range| encoding.decode(&bytes[range]).0.into_owned()).collect();
            assert_eq!(found, [format!("{{\"a\": \"{text}\"}}"), format!("{{\"b\": \"\\\"{text}\\\\\"}}")]);
        }
        assert_eq!(each(b"[\"\x81\", 1]", SHIFT_JIS).count(), 2, "half a character has an end, too");
    }

    proptest! {
        /// Law: elements end where they do, wherever the bytes are cut.
        #[test]
        fn ends_do_not_depend_on_parts(text in "[a{}\"\\\\,\\[\\] \n]{0,60}", part in 1usize..20) {
            let mut ends = ElementEnds::default();
            let mut found = Vec::new();
            for (number, some) in text.as_bytes().chunks(part).enumerate() {
                let mut at = 0;
                while let Some(end) = ends.first(&some[at..]) {
                    at += end;
                    found.push(number * part + at);
                }
            }
            let mut expected: Vec<usize> = each(text.as_bytes(), UTF_8).map(|range| range.end).collect();
            // The last may have no end.
            expected.truncate(found.len().max(expected.len().saturating_sub(1)));
            prop_assert_eq!(found, expected);
        }
    }
}
