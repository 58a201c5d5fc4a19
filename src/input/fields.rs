//! Which fields of a record hold what: found among the names that scrapers use, or set.

use serde::Serialize;
use serde_json::Value;

/// Names of text fields, the likeliest first. Of these and of those below, letters may be large, and `_` missing.
const TEXT: &[&str] = &[
    "text",
    "maintext",
    "content",
    "body",
    "article_body",
    "article",
    "plain_text",
    "full_text",
    "text_content",
    "content_text",
    "article_content",
    "story",
    "raw_content",
    "raw_text",
    "article.text",
    "article.body",
    "content.text",
    "cleaned_text",
    "article_text",
    "news",
];
const ID: &[&str] = &["id", "_id", "doc_id", "article_id", "uuid", "guid", "sha"];
const TITLE: &[&str] = &["title", "headline", "headline.main", "name", "heading"];
const DATE: &[&str] = &[
    "date",
    "date_publish",
    "published_date",
    "publish_date",
    "publication_date",
    "published",
    "published_at",
    "pub_date",
    "date_published",
    "created_at",
    "timestamp",
    "time",
];
const PUBLISHER: &[&str] = &[
    "publisher",
    "publisher.name",
    "source_domain",
    "publication",
    "source.name",
    "source.domain",
    "source",
    "outlet",
    "newspaper",
    "site",
    "site_name",
    "domain",
    "source_name",
    "hostname",
];
const URL: &[&str] = &["url", "link", "uri", "source_url", "canonical_url", "original_url", "web_url"];

/// Field names that a person set. A dot steps into an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNames {
    /// Fields that make the text, joined by a blank line; empty if the text field is to be found.
    pub text: Vec<String>,
    /// The id field.
    pub id: Option<String>,
    /// The title field.
    pub title: Option<String>,
    /// The date field.
    pub date: Option<String>,
    /// The publisher field.
    pub publisher: Option<String>,
    /// The url field.
    pub url: Option<String>,
}

/// The fields of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Fields {
    /// The fields that make the text.
    pub text: Vec<String>,
    /// The id field, where there is one.
    pub id: Option<String>,
    /// The title field.
    pub title: Option<String>,
    /// The date field.
    pub date: Option<String>,
    /// The publisher field.
    pub publisher: Option<String>,
    /// The url field.
    pub url: Option<String>,
}

impl Fields {
    /// Those of the text alone.
    pub(super) fn text_only(&self) -> Self {
        Self { text: self.text.clone(), ..Self::default() }
    }

    /// Chooses the fields of a source by one of its records; `None` if it has no text field, set or known.
    pub(super) fn choose(record: &Value, set: &FieldNames) -> Option<Self> {
        let is_string = |value: &Value| value.is_string();
        let is_short = |value: &Value| value.is_string() || value.is_number();
        let text = if set.text.is_empty() {
            vec![first(record, TEXT, is_string)?]
        } else {
            set.text.iter().any(|name| look_up(record, name).is_some()).then(|| set.text.clone())?
        };
        // A field that is null here may have a value in other records.
        let short = |names| first(record, names, is_short).or_else(|| first(record, names, Value::is_null));
        let choose =
            |set: &Option<String>, names| set.clone().or_else(|| short(names)).filter(|name| !text.contains(name));
        Some(Self {
            id: choose(&set.id, ID),
            title: set.title.clone().or_else(|| short(TITLE)),
            date: choose(&set.date, DATE),
            publisher: choose(&set.publisher, PUBLISHER),
            url: choose(&set.url, URL),
            text,
        })
    }

    /// The same, and the short fields of another record of the source where these have none. Where there is a url its host
    /// is the publisher, unless the first record says another.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            id: self.id.or(other.id),
            title: self.title.or(other.title),
            date: self.date.or(other.date),
            publisher: self.publisher.or(other.publisher.filter(|_| self.url.is_none())),
            url: self.url.or(other.url),
            text: self.text,
        }
    }
}

/// The field of the first of these names that fits, as it is written there; before others one that is written the same.
fn first(record: &Value, names: &[&str], fits: impl Fn(&Value) -> bool) -> Option<String> {
    let as_written = names.iter().find(|name| look_up(record, name).is_some_and(&fits)).map(|&name| name.to_owned());
    as_written.or_else(|| {
        let object = record.as_object()?;
        let named = |name: &&str| object.iter().find(|(key, value)| fits(value) && letters(key).eq(letters(name)));
        names.iter().find_map(named).map(|(key, _)| key.clone())
    })
}

/// What of a name tells it from others.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

/// The value of a field; a dot in the name is part of it or steps into an object.
fn look_up<'v>(record: &'v Value, name: &str) -> Option<&'v Value> {
    record.get(name).or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        look_up(record.get(outer)?, inner)
    })
}

/// The names of a record's fields, for a message.
pub(super) fn names_of(record: &Value) -> String {
    let Some(object) = record.as_object() else { return "it is no object".to_owned() };
    if object.is_empty() {
        return "it has none".to_owned();
    }
    let short = |name: &String| name.chars().take(40).collect::<String>();
    let names: Vec<String> = object.keys().take(12).map(short).collect();
    format!("it has {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_scrapers_are_found() {
        let record = json!({
            "maintext": "A", "title": "T", "date_publish": "2024-01-01", "source": {"name": "S"}, "url": "https://x.example/1"
        });
        let fields = Fields::choose(&record, &FieldNames::default()).expect("it has a text");
        assert_eq!(fields.text, ["maintext"]);
        assert_eq!(fields.publisher.as_deref(), Some("source.name"));
        assert_eq!(fields.date.as_deref(), Some("date_publish"));
        assert_eq!(fields.id, None);
    }

    #[test]
    fn a_name_may_be_written_otherwise() {
        let record =
            json!({"ID": 7, "fullText": "A", "TITLE": "T", "publishedAt": "2024-01-01", "SiteName": "S", "name": "N"});
        let fields = Fields::choose(&record, &FieldNames::default()).expect("it has a text");
        assert_eq!((&*fields.text, fields.title.as_deref()), (&["fullText".to_owned()][..], Some("name")));
        let found = [fields.id, fields.date, fields.publisher].map(Option::unwrap_or_default);
        assert_eq!(found, ["ID", "publishedAt", "SiteName"]);
    }

    #[test]
    fn an_object_is_no_text_and_set_names_win() {
        let record = json!({"text": {"x": 1}, "body": "B", "headline": "H"});
        let found = Fields::choose(&record, &FieldNames::default()).expect("it has a body");
        assert_eq!(found.text, ["body"]);
        let set = FieldNames { text: vec!["headline".into(), "body".into()], ..FieldNames::default() };
        let fields = Fields::choose(&record, &set).expect("set");
        assert_eq!(fields.text, ["headline", "body"]);
        assert_eq!(fields.title.as_deref(), Some("headline"), "a title stays one when it is part of the text");
        assert_eq!(Fields::choose(&json!({"a": 1}), &FieldNames::default()), None);
    }
}
