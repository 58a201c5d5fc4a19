//! A page of HTML to the article in it: its text, and its title, date, publisher and address as JSON-LD, `OpenGraph` and
//! other elements of the page give them.
//!
//! Text and data are found by the rules of Mozilla's Readability. Where these find nothing, `articleBody` of JSON-LD is the
//! text, and else there is none. Captions of pictures are left out. What is found on a page without an article, or with
//! one of a sentence or two, may be its menus.
//!
//! A page nested deeper than 512 elements, one with an element of more attributes, and one of more than 16 MiB is refused
//! before it is parsed: these take time that grows with their square. Known articles are nested 51 deep at most and have 1.5 MB.

use super::nesting::{ATTRIBUTES, DEPTH, is_too_much};
use super::{Card, encoding, record};
use dom_query::Document;
use dom_smoothie::{Config, Metadata, Readability, TextMode};
use encoding_rs::Encoding;
use serde_json::Value;
use std::borrow::Cow;

/// Most bytes of a page, as text.
const LENGTH: usize = 16 << 20;
/// Characters of an article below which Readability looks again, less strictly.
const BRIEF: usize = 250;

/// An article that was drawn from a page, or a text.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) card: Card<'static>,
    /// Whether there was a date that was not understood.
    pub(super) odd_date: bool,
    /// What its bytes were.
    pub(super) encoding: &'static Encoding,
    /// Whether there were bytes that are no text.
    pub(super) replaced: bool,
    /// Whether it is a page in which no article was found.
    pub(super) is_bare: bool,
}

/// What is known of a page beside its bytes.
#[derive(Default)]
pub(super) struct Declared<'o> {
    /// Its address.
    pub(super) url: Option<&'o str>,
    /// The encoding that its server declared.
    pub(super) encoding: Option<&'static Encoding>,
}

/// Draws the article from a page.
pub(super) fn read(bytes: &[u8], origin: &Declared<'_>, date_format: Option<&str>) -> Result<Page, String> {
    let encoding = encoding::of_page(bytes, origin.encoding);
    let (html, replaced) = encoding::decode(bytes, encoding);
    let html = html.strip_prefix('\u{feff}').unwrap_or(&html);
    if html.len() > LENGTH {
        return Err(format!("a page of {} bytes; {LENGTH} are read at most", html.len()));
    }
    if is_too_much(html.as_bytes()) {
        return Err(format!(
            "a page nested more than {DEPTH} elements deep, one with more than {ATTRIBUTES} attributes, or with long \
             texts of references (&…;)"
        ));
    }
    let document = Document::from(html);
    document.select("figcaption").remove();
    let address = |selector, attribute| document.select(selector).attr(attribute);
    let own = address("link[rel='canonical']", "href").or_else(|| address("meta[property='og:url']", "content"));
    let data = Data::of(&document);
    let mut own = own.as_deref().into_iter().chain(data.addresses());
    let own = own.find(|own| url::Url::parse(own).is_ok()).map(str::to_owned);
    let config = Config { text_mode: TextMode::Formatted, char_threshold: BRIEF, ..Config::default() };
    let readability = Readability::with_document(document, None, Some(config));
    let mut readability = readability.map_err(|error| format!("a page that cannot be parsed: {error}"))?;
    let json = readability.parse_json_ld().or_else(|| data.metadata());
    let known = readability.get_article_metadata(json);
    let (text, is_bare) = match readability.parse() {
        Ok(article) if !article.text_content.trim().is_empty() => (article.text_content.to_string(), false),
        _ => data.body().map_or((String::new(), true), |body| (body, false)),
    };
    let some = |text: String| Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Cow::Owned(text.to_owned()));
    let url = origin.url.map(|url| Cow::Owned(url.to_owned())).or_else(|| own.and_then(some));
    let shorts = [None, some(known.title), known.published_time.and_then(some), known.site_name.and_then(some), url];
    let (card, odd_date) = record::card(shorts, date_format);
    Ok(Page { text, card, odd_date, encoding, replaced, is_bare })
}

/// What a page says in JSON-LD: objects, those of lists and of graphs among them.
struct Data(Vec<Value>);

impl Data {
    fn of(document: &Document) -> Self {
        let mut all = Vec::new();
        for script in &document.select("script[type='application/ld+json']") {
            let Ok(data) = serde_json::from_str::<Value>(&script.text()) else { continue };
            let listed = if let Value::Array(listed) = data { listed } else { vec![data] };
            for mut one in listed {
                if let Some(Value::Array(graph)) = one.get_mut("@graph").map(Value::take) {
                    all.extend(graph);
                }
                all.push(one);
            }
        }
        Self(all)
    }

    /// The first article that is described.
    fn article(&self) -> Option<&Value> {
        let is_article = |kind: &str| kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report";
        let is_one = |data: &&Value| match data.get("@type") {
            Some(Value::String(kind)) => is_article(kind),
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is_article),
            _ => false,
        };
        self.0.iter().find(is_one)
    }

    /// Title, date and publisher of the article.
    fn metadata(&self) -> Option<Metadata> {
        let article = self.article()?;
        let text = |data: &Value, name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned);
        // A graph may have the publisher elsewhere and tell where.
        let named = |who: &Value| {
            let same = |other: &&Value| other.get("@id").is_some() && other.get("@id") == who.get("@id");
            text(who, "name").or_else(|| text(self.0.iter().find(same)?, "name"))
        };
        Some(Metadata {
            title: text(article, "headline").or_else(|| text(article, "name")).unwrap_or_default(),
            published_time: text(article, "datePublished"),
            site_name: article.get("publisher").and_then(named),
            ..Metadata::default()
        })
    }

    /// Where the article says that it is.
    fn addresses(&self) -> impl Iterator<Item = &str> {
        let of = |name: &str| self.article()?.get(name);
        let page = of("mainEntityOfPage").map(|page| page.get("@id").unwrap_or(page));
        [of("url"), page].into_iter().flatten().filter_map(Value::as_str)
    }

    /// The body of an article.
    fn body(&self) -> Option<String> {
        self.0.iter().find_map(|data| data.get("articleBody")?.as_str().map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        read(html.as_bytes(), &Declared::default(), None).expect("it can be read")
    }

    const BODY: &str = "The council voted on Tuesday to close the old harbour bridge for repairs until the end of March, \
         and the ferry will run every ten minutes from six in the morning, the harbour office said in a statement. ";

    #[test]
    fn the_article_and_its_data_are_found() {
        let body = format!("<p>{BODY}</p><p>{BODY} &amp; more.</p><p>{BODY}</p>");
        let html = format!(
            r#"<html><head><title>Bridge closes - Harbour Gazette</title><meta property="og:site_name" content="Harbour Gazette">
            <link rel="canonical" href="https://gazette.example/bridge"><meta property="og:url" content="https://gazette.example/bridge">
            <script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle","headline":"Bridge closes","datePublished":"2024-03-01T08:00:00Z"}}</script></head>
            <body><nav><a href="/">Home</a> <a href="/s">Sport</a></nav><article><h1>Bridge closes</h1>{body}<figure><figcaption>The bridge.</figcaption></figure></article><footer>All rights reserved</footer></body></html>"#
        );
        let page = page(&html);
        assert!(page.text.contains("harbour office said in a statement. & more."), "{}", page.text);
        assert!(!page.text.contains("Sport") && !page.text.contains("rights") && !page.text.contains("The bridge."));
        let card = page.card;
        assert_eq!(card.title.as_deref(), Some("Bridge closes"));
        assert_eq!(card.publisher.as_deref(), Some("Harbour Gazette"));
        assert_eq!(card.url.as_deref(), Some("https://gazette.example/bridge"));
        assert_eq!(card.date.map(|date| date.0), Some(1_709_280_000_000));
    }

    #[test]
    fn data_in_a_graph_is_found() {
        let graph = r##"{"@context":"https://schema.org","@graph":[{"@type":"Organization","@id":"#us","name":"Harbour Gazette"},
            {"@type":["NewsArticle"],"headline":"Bridge closes","datePublished":"2024-03-01T08:00:00Z","publisher":{"@id":"#us"},
            "mainEntityOfPage":{"@id":"https://gazette.example/bridge"}}]}"##;
        let html = format!(
            r#"<html><head><script type="application/ld+json">{graph}</script></head><body><article><p>{BODY}{BODY}</p></article></body></html>"#
        );
        let card = page(&html).card;
        assert_eq!(card.title.as_deref(), Some("Bridge closes"));
        assert_eq!(card.publisher.as_deref(), Some("Harbour Gazette"));
        assert_eq!(card.url.as_deref(), Some("https://gazette.example/bridge"));
        assert_eq!(card.date.map(|date| date.0), Some(1_709_280_000_000));
    }

    #[test]
    fn a_page_without_an_article_has_no_text_but_that_of_its_data() {
        let bare = page("<html><head><title>Bridge</title></head><body><img src='x'></body></html>");
        assert!(bare.is_bare && bare.text.is_empty(), "{}", bare.text);
        let data = page(
            r#"<html><body><script type="application/ld+json">{"@graph":[{"articleBody":"All of it."}]}</script></body></html>"#,
        );
        assert_eq!((&*data.text, data.is_bare), ("All of it.", false));
    }
}
