//! A line of JSON to an article: its text, decoded fully, and its short fields.

use super::fields::Fields;
use super::{Card, dates, flat};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// A parsed record.
pub(super) struct Record<'l> {
    pub(super) text: Cow<'l, str>,
    /// The JSON string that the text is, without its quotes, if it is one.
    pub(super) raw: Option<&'l str>,
    pub(super) card: Card<'l>,
    /// Whether there was a date that was not understood.
    pub(super) odd_date: bool,
}

/// Parses a line, which is one JSON object.
///
/// Strings are decoded as JSON has them; half of a surrogate pair becomes U+FFFD. Of a field that occurs twice the last
/// counts. Several text fields are joined by a blank line, and those that are missing or null are left out.
pub(super) fn parse<'l>(line: &'l str, fields: &Fields, date_format: Option<&str>) -> Result<Record<'l>, String> {
    parse_in(line, &Lookup::new(fields), date_format, &mut String::new())
}

/// Fields, and their names in the order in which they are looked for: those of the text first, then the short ones in the
/// order of [`Card`], `None` where unknown.
pub(super) struct Lookup<'f> {
    fields: &'f Fields,
    wanted: Vec<Option<&'f str>>,
}

impl<'f> Lookup<'f> {
    pub(super) fn new(fields: &'f Fields) -> Self {
        let shorts = [&fields.id, &fields.title, &fields.date, &fields.publisher, &fields.url];
        let texts = fields.text.iter().map(|name| Some(name.as_str()));
        Self { fields, wanted: texts.chain(shorts.map(Option::as_deref)).collect() }
    }
}

/// The same with a buffer for the text, which may be taken.
pub(super) fn parse_in<'l>(
    line: &'l str,
    Lookup { fields, wanted }: &Lookup<'_>,
    date_format: Option<&str>,
    buffer: &mut String,
) -> Result<Record<'l>, String> {
    const FEW: usize = 8;
    let (mut few, mut many) = ([None; FEW], Vec::new());
    let values = if wanted.len() <= FEW {
        &mut few[..wanted.len()]
    } else {
        many.resize(wanted.len(), None);
        &mut many[..]
    };
    if !flat::slots(line, wanted, fields.text.len(), values) {
        values.fill(None);
        if let Err(reason) = slots(line, wanted, values) {
            let strict = strict(line).ok_or(reason)?;
            let mut found = vec![None; values.len()];
            slots(&strict, wanted, &mut found)?;
            let place = |value: &str| value.as_ptr() as usize - strict.as_ptr() as usize;
            let same = |value: &str| &line[place(value)..][..value.len()];
            values.iter_mut().zip(found).for_each(|(value, found)| *value = found.map(same));
        }
    }
    let (texts, shorts) = values.split_at(fields.text.len());
    let (mut text, mut raw, mut null) = (None, None, None);
    for (value, name) in texts.iter().zip(&fields.text) {
        match value {
            None => {}
            Some("null" | "NaN") => null = Some(name),
            Some(value) if value.starts_with('"') => {
                let inner = &value[1..value.len() - 1];
                // What is wrong with a string, a full parser says.
                let say = |error| slots(line, wanted, &mut vec![None; wanted.len()]).and(Err(error));
                let part = string_in(inner, std::mem::take(buffer)).or_else(say)?;
                (text, raw) = match text {
                    None => (Some(part), Some(inner)),
                    Some(before) => (Some(before + "\n\n" + part), None),
                };
            }
            Some(raw) => return Err(format!("field `{name}` is {}, not a string", kind(raw))),
        }
    }
    let text = match (text, null) {
        (Some(text), _) => text,
        (None, Some(null)) => return Err(format!("field `{null}` is null")),
        (None, None) => return Err(format!("no field `{}`", fields.text.join("`, `"))),
    };
    let short = |slot: usize| shorts[slot].and_then(short);
    let (card, odd_date) = card([short(0), short(1), short(2), short(3), short(4)], date_format);
    Ok(Record { text, raw, card, odd_date })
}

/// The short fields by their texts (id, title, date, publisher, url), and whether there is a date that is not understood.
pub(super) fn card<'r>(texts: [Option<Cow<'r, str>>; 5], date_format: Option<&str>) -> (Card<'r>, bool) {
    let [id, title, date, publisher, url] = texts;
    let understood = date.as_deref().map(|date| dates::parse(date, date_format));
    let host = || Some(url::Url::parse(url.as_deref()?).ok()?.host_str()?.trim_start_matches("www.").to_owned());
    let trimmed = |name: Cow<'r, str>| match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.trim()),
        Cow::Owned(name) if name.trim().len() < name.len() => Cow::Owned(name.trim().to_owned()),
        name @ Cow::Owned(_) => name,
    };
    let publisher = publisher.map(trimmed).or_else(|| host().map(Cow::Owned));
    let card = Card { id, title, publisher, url, date: understood.flatten() };
    (card, understood == Some(None))
}

/// Only the text of a record that was parsed before.
pub(super) fn text<'l>(line: &'l str, fields: &Fields) -> Result<Cow<'l, str>, String> {
    parse(line, &fields.text_only(), None).map(|record| record.text)
}

/// A record for those who look for fields: what records may have and a [`Value`] may not is in it as far as it can be. Half
/// of a surrogate pair is U+FFFD; numbers too large, and what is nested too deep, are null, as is all that is no JSON.
pub(super) fn value(json: &str) -> Value {
    /// Objects in objects, at most, in which fields are looked for.
    const DEPTH: u32 = 4;
    value_within(json, DEPTH)
}

fn value_within(json: &str, depth: u32) -> Value {
    if let Ok(value) = serde_json::from_str(json) {
        return value;
    }
    if let Some(value) = strict(json).and_then(|json| serde_json::from_str(&json).ok()) {
        return value;
    }
    match json.as_bytes().first() {
        Some(b'"') => {
            let inner = json[1..].strip_suffix('"').unwrap_or_default();
            string(inner).map_or(Value::Null, |text| Value::from(text.into_owned()))
        }
        Some(b'{') if depth > 0 => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap_or_default();
            let field = |(name, value): (String, &RawValue)| (name, value_within(value.get(), depth - 1));
            if fields.is_empty() { Value::Null } else { fields.into_iter().map(field).collect() }
        }
        _ => Value::Null,
    }
}

/// Numbers that JSON has not, and some libraries write; and such that it has, of as many bytes.
const NO_NUMBERS: [(&str, &str); 3] = [("NaN", "1e0"), ("-Infinity", "-1e000000"), ("Infinity", "1e000000")];

/// A record with other numbers in the place of those that JSON has not, byte for byte; nothing if it has none.
fn strict(json: &str) -> Option<String> {
    let mut strict = json.as_bytes().to_vec();
    let mut at = 0;
    while let Some(next) = json[at..].find(['"', 'N', 'I', '-']) {
        at += next;
        let rest = &json[at..];
        at += if let Some(inner) = rest.strip_prefix('"') {
            1 + end_of_string(inner)
        } else if let Some((word, number)) = NO_NUMBERS.iter().find(|(word, _)| rest.starts_with(word)) {
            strict[at..][..word.len()].copy_from_slice(number.as_bytes());
            word.len()
        } else {
            1
        };
    }
    String::from_utf8(strict).ok().filter(|strict| strict != json)
}

/// How many bytes a string has, its closing quote included; `rest` begins behind the opening one.
fn end_of_string(rest: &str) -> usize {
    let mut at = 0;
    while let Some(next) = memchr::memchr2(b'"', b'\\', &rest.as_bytes()[at..]) {
        at += next + 1;
        if rest.as_bytes()[at - 1] == b'"' {
            return at;
        }
        at += rest[at..].chars().next().map_or(0, char::len_utf8);
    }
    rest.len()
}

/// Puts the values of the wanted fields into their slots, as JSON.
fn slots<'l>(line: &'l str, wanted: &[Option<&str>], values: &mut [Option<&'l str>]) -> Result<(), String> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let object = Object { wanted, prefix: "", values };
    object.deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|error| not_json(&error))
}

/// The message without serde's position, whose line is always 1.
fn not_json(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default();
    match error.column() {
        0 => format!("not a JSON object: {reason}"),
        column => format!("not a JSON object: {reason} at column {column}"),
    }
}

fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

/// A string or number as text, anything else as nothing. Blank is nothing too.
fn short(raw: &str) -> Option<Cow<'_, str>> {
    let text = match raw.as_bytes().first()? {
        b'"' => string(&raw[1..raw.len() - 1]).ok()?,
        b'-' | b'0'..=b'9' if !raw.ends_with("Infinity") => Cow::Borrowed(raw),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Decodes a JSON string, given without its quotes, which is known to be a valid one.
fn string(inner: &str) -> Result<Cow<'_, str>, String> {
    string_in(inner, String::new())
}

/// The same with a buffer for a string that has escapes.
fn string_in(inner: &str, mut text: String) -> Result<Cow<'_, str>, String> {
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    decode(inner, &mut text)?;
    Ok(Cow::Owned(text))
}

/// Decodes a JSON string into `text`, likewise.
pub(super) fn decode(inner: &str, text: &mut String) -> Result<(), String> {
    flat::decode(inner, text).ok_or_else(|| "not a JSON object: invalid escape".to_owned())
}

/// Fills the slots of the wanted fields from an object, and from the objects in it.
struct Object<'s, 'l> {
    wanted: &'s [Option<&'s str>],
    /// Where in the record this object is: `""` or `"source."`.
    prefix: &'s str,
    values: &'s mut [Option<&'l str>],
}

impl<'l> DeserializeSeed<'l> for Object<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'l> Visitor<'l> for Object<'_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let full = if self.prefix.is_empty() { key } else { Cow::Owned(format!("{}{key}", self.prefix)) };
            let mut slots =
                self.wanted.iter().zip(self.values.iter_mut()).filter(|(name, _)| **name == Some(&*full)).peekable();
            if slots.peek().is_some() {
                let value = map.next_value::<&RawValue>()?;
                slots.for_each(|(_, slot)| *slot = Some(value.get()));
                continue;
            }
            let inside = |name: &&str| name.strip_prefix(&*full).is_some_and(|rest| rest.starts_with('.'));
            if self.wanted.iter().flatten().any(inside) {
                let value = map.next_value::<&RawValue>()?;
                if value.get().starts_with('{') {
                    let prefix = format!("{full}.");
                    let object = Object { wanted: self.wanted, prefix: &prefix, values: self.values };
                    let mut inner = serde_json::Deserializer::from_str(value.get());
                    object.deserialize(&mut inner).map_err(serde::de::Error::custom)?;
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'l> DeserializeSeed<'l> for Key {
    type Value = Cow<'l, str>;

    fn deserialize<D: Deserializer<'l>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'l> Visitor<'l> for Key {
    type Value = Cow<'l, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'l [u8]) -> Result<Self::Value, E> {
        Ok(String::from_utf8_lossy(bytes))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn visit_borrowed_str<E>(self, text: &'l str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &[&str]) -> Fields {
        Fields {
            text: text.iter().map(|&name| name.to_owned()).collect(),
            id: Some("id".into()),
            publisher: Some("source.name".into()),
            url: Some("url".into()),
            date: Some("date".into()),
            ..Fields::default()
        }
    }

    fn text_of(line: &str) -> Result<String, String> {
        parse(line, &fields(&["text"]), None).map(|record| record.text.into_owned())
    }

    #[test]
    fn strings_are_decoded_fully() {
        assert_eq!(text_of(r#"{"text": "a\n\"b\"\u00e9\ud83d\ude00/\/"}"#).expect("valid"), "a\n\"b\"é😀//");
        assert_eq!(text_of(r#"{"text": "a\ud83d b\ude00"}"#).expect("valid"), "a\u{fffd} b\u{fffd}");
        assert_eq!(
            text_of(r#"{"text": "\ud83d\ud83d\ude00\ud83d\u0041 \b\f\r\t\u00E9"}"#).expect("valid"),
            "\u{fffd}😀\u{fffd}A \u{8}\u{c}\r\té"
        );
        assert_eq!(text_of(r#"{"t\u0065xt": "key"}"#).expect("valid"), "key");
        assert_eq!(text_of(r#"{"text": "first", "text": "last"}"#).expect("valid"), "last");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(text_of(r#"{"body": "x"}"#).expect_err("no text"), "no field `text`");
        assert_eq!(text_of(r#"{"text": null}"#).expect_err("no text"), "field `text` is null");
        assert_eq!(text_of(r#"{"text": 7}"#).expect_err("a number"), "field `text` is a number, not a string");
        assert!(text_of(r#"{"text": "x"} y"#).expect_err("trailing").starts_with("not a JSON object: trailing"));
        assert!(text_of(r#"["text"]"#).expect_err("an array").starts_with("not a JSON object"));
        assert!(text_of(r#"{"text": "x"#).expect_err("cut off").starts_with("not a JSON object: EOF"));
        assert!(text_of(&"[".repeat(100_000)).is_err());
        assert!(text_of(&format!("{{\"a\": {}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn short_fields_are_read_where_they_are() {
        let line = r#"{"source": {"x": [1, {"name": 2}], "name": "Gazette"}, "text": "t", "id": 1.50e3, "date": "2024-02-30"}"#;
        let record = parse(line, &fields(&["text"]), None).expect("valid");
        assert_eq!(record.card.publisher.as_deref(), Some("Gazette"));
        assert_eq!(record.card.id.as_deref(), Some("1.50e3"), "a number is its JSON text");
        assert!(record.odd_date && record.card.date.is_none());
        let by_host = parse(r#"{"text": "t", "url": "https://www.gazette.example/1"}"#, &fields(&["text"]), None);
        assert_eq!(by_host.expect("valid").card.publisher.as_deref(), Some("gazette.example"));
    }

    #[test]
    fn several_text_fields_are_joined() {
        let parse = |line| parse(line, &fields(&["title", "text"]), None).map(|record| record.text.into_owned());
        assert_eq!(parse(r#"{"text": "B", "title": "A"}"#).expect("valid"), "A\n\nB");
        assert_eq!(parse(r#"{"text": "B", "title": null}"#).expect("valid"), "B");
    }
}
