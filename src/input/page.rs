//! A page of HTML to the article in it: its text, and its title, date, publisher and address as JSON-LD, `OpenGraph` and
//! other elements of the page give them.
//!
//! Text and data are found by the rules of Mozilla's Readability. Where these find nothing, `articleBody` of JSON-LD is the
//! text, and else there is none. Captions of pictures are left out. What is found on a page without an article, or with
//! one of a sentence or two, may be its menus.
//!
//! A page nested deeper than 512 elements, one with an element of more attributes, and one of more than 16 MiB is refused
//! before it is parsed: these take time that grows with their square. Known articles are nested 51 deep at most and have 1.5 MB.

use super::{Card, encoding, record};
use dom_query::Document;
use dom_smoothie::{Config, Readability, TextMode};
use encoding_rs::Encoding;
use serde_json::Value;

/// Most elements that a page's element may be in.
const DEPTH: usize = 512;
/// Most attributes of an element.
const ATTRIBUTES: usize = 512;
/// Most bytes of a page, as text.
const LENGTH: usize = 16 << 20;
/// Characters of an article below which Readability looks again, less strictly.
const BRIEF: usize = 250;

/// An article that was drawn from a page, or a text.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) card: Card,
    /// Whether there was a date that was not understood.
    pub(super) odd_date: bool,
    /// What its bytes were.
    pub(super) encoding: &'static Encoding,
    /// Whether there were bytes that are no text.
    pub(super) replaced: bool,
    /// Whether it is a page in which no article was found.
    pub(super) is_bare: bool,
}

/// Where a page is from.
#[derive(Default)]
pub(super) struct Origin<'o> {
    /// Its address.
    pub(super) url: Option<&'o str>,
    /// The encoding that its server declared.
    pub(super) encoding: Option<&'static Encoding>,
}

/// Draws the article from a page.
pub(super) fn read(bytes: &[u8], origin: &Origin<'_>, date_format: Option<&str>) -> Result<Page, String> {
    let encoding = encoding::of_page(bytes, origin.encoding);
    let (html, replaced) = encoding::decode(bytes, encoding);
    let html = html.strip_prefix('\u{feff}').unwrap_or(&html);
    if html.len() > LENGTH {
        return Err(format!("a page of {} bytes; {LENGTH} are read at most", html.len()));
    }
    if is_too_much(html.as_bytes()) {
        return Err(format!(
            "a page nested more than {DEPTH} elements deep, or one with more than {ATTRIBUTES} attributes"
        ));
    }
    let document = Document::from(html);
    document.select("figcaption").remove();
    let address = |selector, attribute| document.select(selector).attr(attribute);
    let own = address("link[rel='canonical']", "href").or_else(|| address("meta[property='og:url']", "content"));
    let own = own.filter(|own| url::Url::parse(own).is_ok()).map(|own| own.to_string());
    let config = Config { text_mode: TextMode::Formatted, char_threshold: BRIEF, ..Config::default() };
    let readability = Readability::with_document(document, None, Some(config));
    let mut readability = readability.map_err(|error| format!("a page that cannot be parsed: {error}"))?;
    let json = readability.parse_json_ld();
    let data = readability.get_article_metadata(json);
    let (text, is_bare) = match readability.parse() {
        Ok(article) if !article.text_content.trim().is_empty() => (article.text_content.to_string(), false),
        _ => body_in_data(html).map_or((String::new(), true), |body| (body, false)),
    };
    let some = |text: String| Some(text.trim()).filter(|text| !text.is_empty()).map(Into::into);
    let url = origin.url.map(Into::into).or_else(|| own.and_then(some));
    let shorts = [None, some(data.title), data.published_time.and_then(some), data.site_name.and_then(some), url];
    let (card, odd_date) = record::card(shorts, date_format);
    Ok(Page { text, card, odd_date, encoding, replaced, is_bare })
}

/// The body of the article that a page describes in JSON-LD.
fn body_in_data(html: &str) -> Option<String> {
    let document = Document::from(html);
    let scripts = document.select("script[type='application/ld+json']");
    scripts.iter().find_map(|script| {
        let data: Value = serde_json::from_str(&script.text()).ok()?;
        let inner = data.get("@graph").and_then(Value::as_array).into_iter().flatten();
        let listed = data.as_array().into_iter().flatten();
        let mut all = std::iter::once(&data).chain(inner).chain(listed);
        all.find_map(|data| data.get("articleBody")?.as_str().map(str::to_owned))
    })
}

/// Elements that end where others begin, or have no content.
const ENDED: [&[u8]; 31] = [
    b"p",
    b"li",
    b"dt",
    b"dd",
    b"tr",
    b"td",
    b"th",
    b"thead",
    b"tbody",
    b"tfoot",
    b"option",
    b"optgroup",
    b"area",
    b"base",
    b"br",
    b"col",
    b"embed",
    b"hr",
    b"img",
    b"input",
    b"link",
    b"meta",
    b"param",
    b"source",
    b"track",
    b"wbr",
    b"colgroup",
    b"caption",
    b"html",
    b"body",
    b"head",
];
/// Elements in which others that have no content say so.
const FOREIGN: [&[u8]; 2] = [b"svg", b"math"];
/// Elements that no end of another one ends, or that contain what looks like elements.
const CLOSED: [&[u8]; 26] = [
    b"table",
    b"template",
    b"object",
    b"marquee",
    b"applet",
    b"button",
    b"select",
    b"svg",
    b"math",
    b"noscript",
    b"noembed",
    b"noframes",
    b"iframe",
    b"xmp",
    b"plaintext",
    b"textarea",
    b"title",
    b"style",
    b"foreignobject",
    b"desc",
    b"mi",
    b"mo",
    b"mn",
    b"ms",
    b"mtext",
    b"annotation-xml",
];
/// Elements that the end of one that is none of them does not end.
const SPECIAL: [&[u8]; 38] = [
    b"address",
    b"article",
    b"aside",
    b"blockquote",
    b"center",
    b"details",
    b"dialog",
    b"dir",
    b"div",
    b"dl",
    b"fieldset",
    b"figcaption",
    b"figure",
    b"footer",
    b"form",
    b"frameset",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"header",
    b"hgroup",
    b"listing",
    b"main",
    b"menu",
    b"nav",
    b"ol",
    b"pre",
    b"script",
    b"search",
    b"section",
    b"summary",
    b"ul",
    b"rt",
    b"rp",
    b"ruby",
];

fn is_one_of(names: &[&[u8]], name: &[u8]) -> bool {
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// Whether the end of an element surely ends those that were opened in it (HTML standard, 13.2.6).
fn ends_all(name: &[u8], inner: &[&[u8]]) -> bool {
    let is_closed = |one: &&[u8]| is_one_of(&CLOSED, one);
    let is_special = |one: &&[u8]| is_closed(one) || is_one_of(&SPECIAL, one);
    if is_special(&name) { !inner.iter().any(is_closed) } else { !inner.iter().any(is_special) }
}

/// Whether parsing a page could take too long: if elements may be nested deeper than [`DEPTH`], or one has more than
/// [`ATTRIBUTES`]. What is nested in fact is never deeper than what is counted here.
fn is_too_much(html: &[u8]) -> bool {
    // The names of elements that are open, and how many of them are foreign.
    let (mut open, mut foreign): (Vec<&[u8]>, usize) = (Vec::new(), 0);
    // Elements that stay open whatever follows.
    let mut floor = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &html[at..]) {
        at += found + 1;
        let rest = &html[at..];
        if let Some(comment) = rest.strip_prefix(b"!--") {
            at += 3 + end_of_comment(comment);
            continue;
        }
        let ends = rest.starts_with(b"/");
        let name = &rest[usize::from(ends)..];
        if !name.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let is_name = |byte: &&u8| !matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r' | b'\x0c');
        let name = &name[..name.iter().take_while(is_name).count()];
        let tag = Tag::of(&rest[usize::from(ends) + name.len()..]);
        if tag.attributes > ATTRIBUTES {
            return true;
        }
        at += usize::from(ends) + name.len() + tag.length;
        if ends {
            let place = open.iter().rposition(|one| one.eq_ignore_ascii_case(name)).filter(|place| *place >= floor);
            if let Some(place) = place.filter(|place| ends_all(name, &open[place + 1..])) {
                foreign -= open.drain(place..).filter(|one| is_one_of(&FOREIGN, one)).count();
            }
        } else if foreign == 0 && name.eq_ignore_ascii_case(b"script") {
            let script = &html[at..at + end_of_script(&html[at..])];
            // A script in a comment in a script may not end where it seems to.
            if memchr::memmem::find(script, b"<!--")
                .is_some_and(|at| memchr::memmem::find(&script[at..], b"<s").is_some())
            {
                floor = open.len();
            }
            at += script.len();
        } else if if foreign == 0 { !is_one_of(&ENDED, name) } else { !tag.is_closed } {
            open.push(name);
            foreign += usize::from(is_one_of(&FOREIGN, name));
            if open.len() > DEPTH {
                return true;
            }
        }
    }
    false
}

/// What follows the name of a tag.
#[derive(Default)]
struct Tag {
    /// Bytes up to its end.
    length: usize,
    attributes: usize,
    /// Whether it ends with a slash.
    is_closed: bool,
}

impl Tag {
    /// The tag whose name is followed by these bytes, as browsers take it apart (HTML standard, 13.2.5).
    fn of(bytes: &[u8]) -> Self {
        let mut tag = Self::default();
        let is_space = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
        while let Some(&byte) = bytes.get(tag.length) {
            if byte == b'>' {
                tag.is_closed = bytes[..tag.length].ends_with(b"/");
                tag.length += 1;
                return tag;
            }
            if is_space(byte) {
                tag.length += 1;
                continue;
            }
            tag.attributes += 1;
            // A name may begin with what separates it from its value.
            let ends = |&(at, byte): &(usize, &u8)| is_space(*byte) || *byte == b'>' || (*byte == b'=' && at > 0);
            tag.length +=
                bytes[tag.length..].iter().enumerate().find(ends).map_or(bytes.len() - tag.length, |end| end.0);
            let blank = bytes[tag.length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if bytes.get(tag.length + blank) != Some(&b'=') {
                continue;
            }
            tag.length += blank + 1;
            tag.length += bytes[tag.length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            tag.length += if let Some(&quote @ (b'"' | b'\'')) = bytes.get(tag.length) {
                let rest = &bytes[tag.length + 1..];
                memchr::memchr(quote, rest).map_or(rest.len() + 1, |end| end + 2)
            } else {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
                bytes[tag.length..].iter().position(ends).unwrap_or(bytes.len() - tag.length)
            };
        }
        tag
    }
}

/// Where a comment ends that begins before these bytes.
fn end_of_comment(comment: &[u8]) -> usize {
    if comment.starts_with(b">") {
        return 1;
    }
    if comment.starts_with(b"->") {
        return 2;
    }
    let mut dashes = memchr::memmem::find_iter(comment, b"--");
    let end = dashes.find_map(|at| match &comment[at + 2..] {
        [b'>', ..] => Some(at + 3),
        // Three dashes end it, too.
        [b'!' | b'-', b'>', ..] => Some(at + 4),
        _ => None,
    });
    end.unwrap_or(comment.len())
}

/// Where a script ends.
fn end_of_script(rest: &[u8]) -> usize {
    let is_end = |at: &usize| rest[at + 2..].get(..6).is_some_and(|end| end.eq_ignore_ascii_case(b"script"));
    memchr::memmem::find_iter(rest, b"</").find(is_end).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        read(html.as_bytes(), &Origin::default(), None).expect("it can be read")
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
    fn a_page_without_an_article_has_no_text_but_that_of_its_data() {
        let bare = page("<html><head><title>Bridge</title></head><body><img src='x'></body></html>");
        assert!(bare.is_bare && bare.text.is_empty(), "{}", bare.text);
        let data = page(
            r#"<html><body><script type="application/ld+json">{"@graph":[{"articleBody":"All of it."}]}</script></body></html>"#,
        );
        assert_eq!((&*data.text, data.is_bare), ("All of it.", false));
    }

    #[test]
    fn deep_pages_are_refused_and_long_lists_are_not() {
        let refused = |html: String| read(html.as_bytes(), &Origin::default(), None).is_err();
        assert!(refused("<div>".repeat(100_000)));
        assert!(refused("<b><i>".repeat(300)));
        assert!(refused("<div></x>".repeat(600)), "an end of what is not open ends nothing");
        for odd in [
            "<b><div></b>",
            "<span><div></span>",
            "<ul><li></ol>x",
            "<i>x</b>",
            "<div><xmp></div></xmp>",
            "<rt>",
            "<math><mi><div></math>",
        ] {
            assert!(refused(odd.repeat(600)), "{odd}");
        }
        assert!(refused(format!("<select><title></select>{}</title>", "<div>".repeat(600))));
        assert!(refused(format!("<!-->{}", "<div>".repeat(600))));
        assert!(refused("<div title=\"</div>\">".repeat(600)), "what is in an attribute is no tag");
        assert!(refused(format!("<div title=a\"b>{}", "<div>".repeat(600))));
        assert!(refused(format!("<svg>{}", "<path>".repeat(600))));
        assert!(refused(format!("<p {}>", (0..600).map(|n| format!("a{n} ")).collect::<String>())));
        assert!(!is_too_much(format!("<svg>{}</svg>", "<rect width=1 /><circle r='2'/>".repeat(600)).as_bytes()));
        assert!(!is_too_much("<ul><li>one<li>two<p>x<br><img src=x>".repeat(10).as_bytes()));
        assert!(!is_too_much("<li>x<p>y".repeat(5000).as_bytes()));
        assert!(!is_too_much("<div></div><span>x</span>".repeat(5000).as_bytes()));
        assert!(!is_too_much(
            format!("<script>if (a<b) {}</script><!-- {} -->", "'<div>' ".repeat(900), "<div>".repeat(900)).as_bytes()
        ));
    }
}
