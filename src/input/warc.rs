//! WARC and WET files: where records end, and which of them are articles.
//!
//! A record is a head of lines up to an empty one, so many bytes as its `Content-Length` says, and two line ends (ISO
//! 28500:2017). An article is a response with status 200, or a resource, that is HTML or plain text, or the conversion of
//! one to plain text. All other records are passed over. Where no record begins, lines are passed over up to one that
//! begins one; together they are one record that cannot be read.

use super::page::{self, Declared, Page};
use super::{Limits, Packing, encoding, record, stream};
use encoding_rs::Encoding;
use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::ops::Range;

/// How every record begins.
const BEGIN: &[u8] = b"WARC/";
/// Most bytes of a head.
const HEAD: usize = 1 << 20;
/// Most lines of a head, of WARC or of HTTP.
const NAMES: usize = 256;
/// Most times that a response is packed.
const PACKINGS: usize = 4;
/// What stands after a record.
const GAP: usize = 4;

/// Finds the ends of records in bytes that come part by part.
#[derive(Clone, Debug)]
pub(super) enum RecordEnds {
    /// In a head, of which these bytes were seen.
    Head(Vec<u8>),
    /// So many bytes before the end of a body.
    Body(u64),
    /// Behind a body, after so many bytes of line ends.
    Gap(usize),
    /// In a line where none should be.
    Lost,
}

impl Default for RecordEnds {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl RecordEnds {
    /// One past the end of the first record that ends in these bytes, which follow those that were given last. It is 0 if
    /// the record ended with those. Of what is no record, each line is one here.
    pub(super) fn first(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self {
                Self::Head(seen) => {
                    let (before, part) = (seen.len(), &rest[..rest.len().min(HEAD)]);
                    if before > 0 {
                        seen.extend_from_slice(part);
                    }
                    match Begun::of(if before > 0 { seen } else { part }) {
                        Begun::Part if before + part.len() > HEAD => {
                            at += part.len();
                            *self = Self::Lost;
                        }
                        Begun::Part => {
                            at += part.len();
                            if before == 0 {
                                seen.extend_from_slice(part);
                            }
                        }
                        Begun::Other { blank } => {
                            at += blank.saturating_sub(before);
                            *self = Self::Lost;
                        }
                        Begun::Head { end, length } => {
                            at += end - before;
                            *self = match length {
                                None => Self::default(),
                                Some(0) => Self::Gap(0),
                                Some(length) => Self::Body(length),
                            };
                            if length.is_none() {
                                return Some(at);
                            }
                        }
                    }
                }
                Self::Body(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= here as u64;
                    at += here;
                    if *left == 0 {
                        *self = Self::Gap(0);
                    }
                }
                Self::Gap(seen) => {
                    let ends = blank(&rest[..rest.len().min(GAP - *seen)]);
                    *seen += ends;
                    at += ends;
                    if *seen == GAP || at < bytes.len() {
                        *self = Self::default();
                        return Some(at);
                    }
                }
                Self::Lost => {
                    let end = memchr::memchr(b'\n', rest)?;
                    *self = Self::default();
                    return Some(at + end + 1);
                }
            }
        }
        None
    }
}

/// How a record begins.
enum Begun {
    /// With these bytes, and others that are to come.
    Part,
    /// Not at all, after so many line ends.
    Other { blank: usize },
    /// With a head of so many bytes, which says so many bytes for the body.
    Head { end: usize, length: Option<u64> },
}

impl Begun {
    fn of(bytes: &[u8]) -> Self {
        let blank = blank(bytes);
        let head = &bytes[blank..];
        let begins = head.len().min(BEGIN.len());
        if head[..begins] != BEGIN[..begins] {
            return Self::Other { blank };
        }
        end_of_head(head).map_or(Self::Part, |end| {
            let length = Head::parse(&head[..end]).and_then(|head| head.length);
            Self::Head { end: blank + end, length }
        })
    }
}

impl Begun {
    /// Whether it is a head that says how long its record is.
    fn is_head(&self) -> bool {
        matches!(self, Self::Head { length: Some(_), .. })
    }
}

/// How many of these bytes are line ends, before others.
fn blank(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// One past the empty line that ends a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).map(|feed| feed + 1).find_map(|next| {
        let rest = &bytes[next..];
        let empty = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
        (empty > 0).then_some(next + empty)
    })
}

/// Where the records are in these bytes, which begin with one; the last may have no end. Lines that are none stand together.
pub(super) fn each(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut ends = RecordEnds::default();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let alone = is_record(&bytes[start..]);
        while at < bytes.len() {
            at = ends.first(&bytes[at..]).map_or(bytes.len(), |end| at + end);
            if alone || is_record(&bytes[at..]) {
                break;
            }
        }
        (start < at).then_some(start..at)
    })
}

/// Whether a record begins here, after whatever line ends.
pub(super) fn is_record(bytes: &[u8]) -> bool {
    bytes[blank(bytes)..].starts_with(BEGIN)
}

/// What the head of a record says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head<'r> {
    kind: &'r str,
    url: Option<&'r str>,
    content: &'r str,
    length: Option<u64>,
}

impl<'r> Head<'r> {
    /// The head that these bytes are, first line and all.
    fn parse(bytes: &'r [u8]) -> Option<Self> {
        let first = memchr::memchr(b'\n', bytes)? + 1;
        let mut names = [httparse::EMPTY_HEADER; NAMES];
        let (_, names) = whole(httparse::parse_headers(&bytes[first..], &mut names).ok()?)?;
        let mut head = Self::default();
        for name in names {
            let Ok(value) = std::str::from_utf8(name.value).map(str::trim) else { continue };
            match name.name.to_ascii_lowercase().as_str() {
                "warc-type" => head.kind = value,
                // Some writers put it between angle brackets.
                "warc-target-uri" => head.url = Some(value.trim_start_matches('<').trim_end_matches('>')),
                "content-type" => head.content = value,
                "content-length" => head.length = value.parse().ok(),
                _ => {}
            }
        }
        Some(head)
    }
}

/// What was parsed, if it was all there.
fn whole<T>(status: httparse::Status<T>) -> Option<T> {
    match status {
        httparse::Status::Complete(value) => Some(value),
        httparse::Status::Partial => None,
    }
}

/// An article as it was fetched.
pub(super) struct Fetched {
    /// Where from.
    pub(super) url: Option<Box<str>>,
    /// Its bytes, without what HTTP adds.
    pub(super) body: Vec<u8>,
    /// The encoding that the server declared.
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) is_html: bool,
}

impl Fetched {
    /// The article.
    pub(super) fn read(self, date_format: Option<&str>) -> Result<Page, String> {
        let origin = Declared { url: self.url.as_deref(), encoding: self.encoding };
        if self.is_html {
            return page::read(&self.body, &origin, date_format);
        }
        let encoding = encoding::of_page(&self.body, self.encoding);
        let (text, replaced) = encoding::decode(&self.body, encoding);
        let (card, _) = record::card([None, None, None, None, self.url.map(|url| Cow::Owned(url.into()))], date_format);
        Ok(Page { text: text.into_owned(), card, odd_date: false, encoding, replaced, is_bare: false })
    }
}

/// What a record is.
pub(super) enum Response {
    Article(Fetched),
    /// No article, but this.
    Other(String),
}

/// Looks at a record.
pub(super) fn response(record: &[u8], limits: Limits) -> Result<Response, String> {
    let record = &record[blank(record)..];
    if !is_record(record) {
        return Err("not a WARC record".to_owned());
    }
    let parts = end_of_head(record).and_then(|end| Some((Head::parse(&record[..end])?, &record[end..])));
    let (head, rest) = parts.ok_or("the head of the WARC record cannot be read")?;
    let length = head.length.and_then(|length| usize::try_from(length).ok()).ok_or("a WARC record without a length")?;
    let other = |what: &str| Ok(Response::Other(what.to_owned()));
    let body = match head.kind {
        "response" | "resource" | "conversion" => rest.get(..length).ok_or("the WARC record is cut off")?,
        kind => return Ok(Response::Other(essence(kind))),
    };
    if let Some(at) = memchr::memmem::find(body, b"\r\n\r\nWARC/1.")
        && Begun::of(&body[at..]).is_head()
    {
        return Err("other records stand within its length".to_owned());
    }
    let url = head.url.map(Into::into);
    if head.kind != "response" || !is_type(head.content, "application/http") {
        return Ok(match text_kind(head.content) {
            Some(is_html) => {
                let encoding = charset(head.content);
                Response::Article(Fetched { url, body: body.to_vec(), encoding, is_html })
            }
            None => Response::Other(essence(head.content)),
        });
    }
    // Crawlers write later versions in the form of the first, which is the only one that the library knows.
    let later = [b"HTTP/2", b"HTTP/3"].into_iter().find_map(|version| body.strip_prefix(version));
    let first = later.map(|rest| [b"HTTP/1.1", rest.strip_prefix(b".0").unwrap_or(rest)].concat());
    let body = first.as_deref().unwrap_or(body);
    let mut names = [httparse::EMPTY_HEADER; NAMES];
    let mut http = httparse::Response::new(&mut names);
    let parsed = httparse::ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut http, body);
    let end = match parsed {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Err("the head of the HTTP response is cut off".to_owned()),
        Err(error) => return Err(format!("the head of the HTTP response cannot be read: {error}")),
    };
    match http.code {
        Some(200) => {}
        code => return other(&format!("status {}", code.unwrap_or_default())),
    }
    let header = |name: &str| {
        let found = http.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok().map(str::trim)
    };
    let content = header("content-type").filter(|content| !content.is_empty()).unwrap_or("text/html");
    let Some(is_html) = text_kind(content) else { return Ok(Response::Other(essence(content))) };
    let mut body = std::borrow::Cow::Borrowed(&body[end..]);
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
        && let Some(whole) = joined(&body)
    {
        body = whole.into();
    }
    let packings = header("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let names = packings.split(',').map(|name| name.split(';').next().unwrap_or_default().trim());
    let mut body = body.into_owned();
    for name in names.rev().take(PACKINGS) {
        body = unpacked(body, name, limits)?;
    }
    if stream::packing(&body).is_compressed() {
        return Err(format!("the response is packed in another way than it says: {packings}"));
    }
    Ok(Response::Article(Fetched { url, body, encoding: charset(content), is_html }))
}

/// Whether a record is none of those that are read, so that nothing is lost where it stays.
pub(super) fn is_passed_over(record: &[u8]) -> bool {
    matches!(response(record, Limits::default()), Ok(Response::Other(_)))
}

/// Joins chunks (RFC 9112, 7.1); `None` if there are none: some crawlers join them and leave the header as it was.
fn joined(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let chunk = || {
            let (start, length) = whole(httparse::parse_chunk_size(bytes).ok()?)?;
            let length = usize::try_from(length).ok()?;
            Some((start, length, start.checked_add(length)?))
        };
        let Some((start, length, end)) = chunk() else { return (!body.is_empty()).then_some(body) };
        if length == 0 {
            return Some(body);
        }
        // A response that was cut off is used as far as it goes.
        body.extend_from_slice(&bytes[start..end.min(bytes.len())]);
        bytes = bytes.get(end..).and_then(|rest| rest.strip_prefix(b"\r\n")).unwrap_or_default();
        if bytes.is_empty() {
            return Some(body);
        }
    }
}

/// Unpacks a body, unless it is unpacked already: some crawlers do so and leave the header as it was.
fn unpacked(body: Vec<u8>, name: &str, limits: Limits) -> Result<Vec<u8>, String> {
    let packing = stream::packing(&body);
    let is_packed = match name {
        "gzip" | "x-gzip" => packing == Packing::Gzip,
        "zstd" => packing == Packing::Zstd,
        "deflate" | "br" => true,
        _ => false,
    };
    if !is_packed {
        return Ok(body);
    }
    let length = body.len() as u64;
    let most = length.saturating_mul(limits.ratio).clamp(stream::HARMLESS, limits.record.max(stream::HARMLESS));
    let mut whole = Vec::new();
    let read = {
        let reader: Box<dyn Read + '_> = match name {
            "deflate" if body.first().is_some_and(|first| first & 0x0f == 8) => {
                Box::new(flate2::read::ZlibDecoder::new(&*body))
            }
            "deflate" => Box::new(flate2::read::DeflateDecoder::new(&*body)),
            "br" => Box::new(brotli_decompressor::Decompressor::new(&*body, 1 << 15)),
            _ => stream::decompressed(Cursor::new(body.clone()), packing, limits).map_err(|error| error.to_string())?,
        };
        reader.take(most + 1).read_to_end(&mut whole)
    };
    match read {
        _ if whole.len() as u64 > most => Err(format!("the response unpacks to more than {most} bytes")),
        // A body that says it is packed and is not, or only its beginning, is used as it is, or as far as it goes.
        Err(_) if whole.is_empty() => Ok(body),
        _ => Ok(whole),
    }
}

/// Whether content is HTML; `None` if it is no text.
fn text_kind(content: &str) -> Option<bool> {
    if is_type(content, "text/html") || is_type(content, "application/xhtml+xml") {
        Some(true)
    } else {
        is_type(content, "text/plain").then_some(false)
    }
}

/// A type of content without its parameters. What is no such type is called other content.
fn essence(content: &str) -> String {
    const LONGEST: usize = 80;
    let essence = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_type = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'+' | b'-' | b'_');
    if essence.len() <= LONGEST && essence.bytes().all(is_type) { essence } else { "other content".to_owned() }
}

fn is_type(content: &str, name: &str) -> bool {
    essence(content) == name
}

/// The encoding that a content type declares.
fn charset(content: &str) -> Option<&'static Encoding> {
    content.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| encoding::named(value.trim().trim_matches(['"', '\''])))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: &str, content: &str, body: &str) -> String {
        format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <http://x.example/>\r\nContent-Type: {content}\r\nContent-Length: {}\r\n\r\n{body}\r\n\r\n",
            body.len()
        )
    }

    fn fetched(record: &str) -> Fetched {
        match response(record.as_bytes(), Limits::default()) {
            Ok(Response::Article(fetched)) => fetched,
            Ok(Response::Other(what)) => panic!("no article: {what}"),
            Err(reason) => panic!("not read: {reason}"),
        }
    }

    const HTTP: &str = "application/http; msgtype=response";

    #[test]
    fn records_end_where_their_length_says() {
        let (one, two) = (record("warcinfo", "x", "a\r\n\r\nWARC/1.0 b"), record("response", HTTP, ""));
        let all = format!("{one}junk\nmore junk\n\n{two}WARC/1.0\r\nContent-Length: none\r\n\r\nlost\n");
        let found: Vec<&str> = each(all.as_bytes()).map(|range| &all[range]).collect();
        assert_eq!(
            found,
            [&one, "junk\nmore junk\n", &format!("\n{two}"), "WARC/1.0\r\nContent-Length: none\r\n\r\n", "lost\n"]
        );
    }

    #[test]
    fn a_response_is_joined_unpacked_and_told_from_others() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html; charset=GBK\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n";
        let found = fetched(&record("response", HTTP, chunked));
        assert_eq!((&*found.body, found.is_html), (&b"Wikipedia"[..], true));
        assert_eq!(found.encoding, Some(encoding_rs::GBK));
        assert_eq!(found.url.as_deref(), Some("http://x.example/"));
        let joined =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\nnot chunked, not packed";
        assert_eq!(fetched(&record("response", HTTP, joined)).body, b"not chunked, not packed");
        assert_eq!(
            fetched(&record("response", HTTP, "HTTP/2 200\r\n\r\nof a later version")).body,
            b"of a later version"
        );
        assert_eq!(fetched(&record("conversion", "text/plain", "words")).body, b"words");
        let other = |record: &str| match response(record.as_bytes(), Limits::default()) {
            Ok(Response::Other(what)) => what,
            _ => "an article".to_owned(),
        };
        assert_eq!(other(&record("response", HTTP, "HTTP/1.1 404 Not Found\r\n\r\n")), "status 404");
        assert_eq!(other(&record("response", HTTP, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")), "image/png");
        assert_eq!(other(&record("request", HTTP, "GET / HTTP/1.1\r\n\r\n")), "request");
        let cut = record("response", HTTP, chunked);
        assert!(response(&cut.as_bytes()[..cut.len() - 9], Limits::default()).is_err());
    }

    proptest! {
        /// Law: records end where they do, wherever the bytes are cut.
        #[test]
        fn ends_do_not_depend_on_parts(parts in proptest::collection::vec(0u8..5, 0..8), cut in 1usize..40) {
            let all: String = parts.iter().map(|part| match part {
                0 => record("response", HTTP, "x\r\n\r\ny"),
                1 => "WARC junk\n".to_owned(),
                2 => "\r\n".to_owned(),
                3 => "WARC/1.0\r\nA: b\r\n\r\n".to_owned(),
                _ => record("metadata", "x", "").trim_end().to_owned() + "\r\n\r\n\r\n",
            }).collect();
            let cuts = |part: usize| {
                let mut ends = RecordEnds::default();
                let mut found = Vec::new();
                for (number, some) in all.as_bytes().chunks(part).enumerate() {
                    let mut at = 0;
                    while let Some(end) = ends.first(&some[at..]) {
                        at += end;
                        found.push(number * part + at);
                    }
                }
                found
            };
            let (mut found, expected) = (cuts(cut), cuts(all.len().max(1)));
            // Line ends that may follow are waited for, and there are none behind the last record.
            found.truncate(expected.len().max(found.len().saturating_sub(1)));
            prop_assert_eq!(found, expected);
        }
    }
}
