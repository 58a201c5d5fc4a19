//! A source once more from its beginning to its end, byte for byte: its articles, and what is none.

use super::encoding;
use super::objects::ElementEnds;
use super::warc::{self, RecordEnds};
use super::{Format, Location, Source};
use std::io::{self, BufRead, BufReader, Read};

/// A stretch of a source of lines, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// The whole record of an article, by its place among those of the source.
    Article(usize, &'b [u8]),
    /// What belongs to no record: the names of columns, a line of white space, or what stands between elements, in parts.
    Frame(&'b [u8]),
    /// Part of a record that is no article; `begins` if it is the first part.
    Other {
        /// Some bytes of it.
        bytes: &'b [u8],
        /// Whether it begins here.
        begins: bool,
    },
}

/// How a source ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Where it ends.
    Whole,
    /// Where it could not be read on.
    Broken,
}

/// Bytes that are looked at at a time.
const PART: usize = 1 << 18;

/// Calls `visit` with all that is in a source, in order. `bytes` are those of it, unpacked; `articles` are all of it that
/// are articles, in order.
///
/// # Errors
/// Those of `visit`; and if an article is not where it was.
pub(crate) fn each_piece(
    (source, bytes): (&Source, impl Read),
    articles: &[Location],
    max_record: u64,
    visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>,
) -> io::Result<End> {
    let mut reader = BufReader::with_capacity(PART, bytes);
    let changed = || io::Error::new(io::ErrorKind::UnexpectedEof, "changed while it was read");
    let kind = match source.format {
        Format::Objects(_) => Kind::Elements(ElementEnds::of(source.encoding)),
        Format::Responses => Kind::Responses(RecordEnds::default()),
        _ => Kind::Lines,
    };
    let mut between = Between { kind, max_record, white: Vec::new(), is_other: false };
    let mut record = Vec::new();
    let mut at = source.format.header();
    reader.by_ref().take(at).read_to_end(&mut record)?;
    visit(Piece::Frame(&record))?;
    for (number, article) in articles.iter().enumerate() {
        let before = article.offset.checked_sub(at).ok_or_else(changed)?;
        if between.read(&mut reader, Some(before), visit)? == End::Broken {
            return Err(changed());
        }
        between.end(visit)?;
        record.clear();
        if reader.by_ref().take(article.len).read_to_end(&mut record)? as u64 != article.len {
            return Err(changed());
        }
        visit(Piece::Article(number, &record))?;
        at = article.offset + article.len;
    }
    let end = between.read(&mut reader, None, visit)?;
    between.end(visit)?;
    Ok(end)
}

/// How many bytes at the end of these may be the beginning of a byte order mark.
fn begun_mark(bytes: &[u8]) -> usize {
    (1..encoding::MARK.len()).rev().find(|&length| bytes.ends_with(&encoding::MARK[..length])).unwrap_or(0)
}

/// What stands between articles: lines, elements, or responses.
enum Kind {
    Lines,
    Elements(ElementEnds),
    Responses(RecordEnds),
}

/// What stands between articles, one by one.
struct Between {
    kind: Kind,
    max_record: u64,
    /// The white space that the line began with, while there is nothing else in it; of a response what there is so far.
    white: Vec<u8>,
    /// Whether there was something else in it.
    is_other: bool,
}

impl Between {
    /// Reads so many bytes, or all up to the end.
    fn read(
        &mut self,
        reader: &mut impl BufRead,
        mut count: Option<u64>,
        visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>,
    ) -> io::Result<End> {
        while count != Some(0) {
            let bytes = match reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Ok(End::Broken),
            };
            if bytes.is_empty() {
                return Ok(if count.is_some() { End::Broken } else { End::Whole });
            }
            let most = count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
            let part = &bytes[..bytes.len().min(most)];
            // A mark is seen as a whole: what may be half of one is taken with what follows.
            let half = begun_mark(part);
            let used = if half < part.len() {
                self.take_part(&part[..part.len() - half], visit)?;
                let used = part.len() - half;
                reader.consume(used);
                used
            } else {
                let mut whole = Vec::with_capacity(encoding::MARK.len());
                let most = most.min(encoding::MARK.len()) as u64;
                if reader.by_ref().take(most).read_to_end(&mut whole).is_err() {
                    return Ok(End::Broken);
                }
                self.take_part(&whole, visit)?;
                whole.len()
            };
            count = count.map(|count| count - used as u64);
        }
        Ok(End::Whole)
    }

    /// Takes bytes that follow each other.
    fn take_part(&mut self, part: &[u8], visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>) -> io::Result<()> {
        match self.kind {
            Kind::Elements(_) => self.take_elements(part, visit),
            Kind::Responses(_) => self.take_responses(part, visit),
            Kind::Lines => super::lines::each(part).try_for_each(|line| self.take(&part[line], visit)),
        }
    }

    /// Takes part of a line, with its line feed if that is in it.
    fn take(&mut self, part: &[u8], visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>) -> io::Result<()> {
        let ends = part.ends_with(b"\n");
        if self.is_other {
            visit(Piece::Other { bytes: part, begins: false })?;
        } else {
            let text = if self.white.is_empty() { part.strip_prefix(encoding::MARK).unwrap_or(part) } else { part };
            self.white.extend_from_slice(part);
            if !text.trim_ascii().is_empty() {
                visit(Piece::Other { bytes: &self.white, begins: true })?;
                self.white.clear();
                self.is_other = true;
            } else if ends {
                visit(Piece::Frame(&self.white))?;
                self.white.clear();
            }
        }
        self.is_other &= !ends;
        Ok(())
    }

    /// Takes parts of elements and what stands between them.
    fn take_elements(&mut self, mut part: &[u8], visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>) -> io::Result<()> {
        while let (Kind::Elements(elements), false) = (&mut self.kind, part.is_empty()) {
            let (frame, rest) = part.split_at(elements.between(part));
            if !frame.is_empty() {
                visit(Piece::Frame(frame))?;
            }
            let end = elements.first(rest);
            let (element, rest) = rest.split_at(end.unwrap_or(rest.len()));
            if !element.is_empty() {
                visit(Piece::Other { bytes: element, begins: !self.is_other })?;
                self.is_other = true;
            }
            self.is_other &= end.is_none();
            part = rest;
        }
        Ok(())
    }

    /// Takes parts of records of WARC.
    fn take_responses(
        &mut self,
        mut part: &[u8],
        visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        while let (Kind::Responses(ends), false) = (&mut self.kind, part.is_empty()) {
            let end = ends.first(part);
            let (record, rest) = part.split_at(end.unwrap_or(part.len()));
            self.white.extend_from_slice(record);
            if end.is_some() || self.white.len() as u64 > self.max_record {
                self.response(visit)?;
            }
            if end.is_none() && self.white.is_empty() {
                // The rest of one that is too long follows.
                self.is_other = true;
            }
            part = rest;
        }
        Ok(())
    }

    /// A response has ended, or is too long to be looked at.
    fn response(&mut self, visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.white);
        if bytes.is_empty() {
            return Ok(());
        }
        let is_record = warc::is_record(&bytes);
        let is_too_long = bytes.len() as u64 > self.max_record;
        if is_record && !is_too_long && warc::is_passed_over(&bytes) {
            self.is_other = false;
            return visit(Piece::Frame(&bytes));
        }
        let begins = is_record || !self.is_other;
        self.is_other = !is_record || is_too_long;
        visit(Piece::Other { bytes: &bytes, begins })
    }

    /// An article begins, or nothing comes any more.
    fn end(&mut self, visit: &mut dyn FnMut(Piece<'_>) -> io::Result<()>) -> io::Result<()> {
        match &mut self.kind {
            Kind::Lines => {}
            Kind::Elements(ends) => ends.end(),
            Kind::Responses(ends) => {
                *ends = RecordEnds::default();
                self.response(visit)?;
            }
        }
        self.is_other = false;
        if self.white.is_empty() { Ok(()) } else { visit(Piece::Frame(&std::mem::take(&mut self.white))) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Packing, stream};
    use super::*;

    /// What `each_piece` says of bytes that are lines.
    fn pieces(
        bytes: &[u8],
        articles: &[Location],
        mut visit: impl FnMut(Piece<'_>) -> io::Result<()>,
    ) -> io::Result<End> {
        each_piece((&source(bytes, Format::Lines(Box::default())), bytes), articles, 1000, &mut visit)
    }

    fn source(bytes: &[u8], format: Format) -> Source {
        let place = stream::spool(&mut &*bytes).expect("a temporary file").0;
        Source {
            name: "x".into(),
            relative: "x".into(),
            place,
            packing: Packing::Plain,
            format,
            encoding: encoding_rs::UTF_8,
            bytes: bytes.len() as u64,
            origin: None,
            reference: false,
            member: None,
        }
    }

    fn article(offset: u64, len: u64) -> Location {
        Location { source: 0, offset, len, record: 1, text: super::super::TextPlace::Record }
    }

    #[test]
    fn every_byte_is_in_one_piece() {
        let text = b"\xef\xbb\xbf \n{1}\n\n  \nnot\n{2}\nlong wrong\n \n{3}";
        let mut seen = Vec::new();
        let end = pieces(text, &[article(5, 4), article(17, 4), article(34, 3)], |piece| {
            let (kind, bytes) = match piece {
                Piece::Article(number, bytes) => (number.to_string(), bytes),
                Piece::Frame(bytes) => ("frame".to_owned(), bytes),
                Piece::Other { bytes, begins } => (format!("other {begins}"), bytes),
            };
            seen.push((kind, bytes.to_vec()));
            Ok(())
        });
        assert_eq!(end.expect("it can be read"), End::Whole);
        assert_eq!(seen.iter().flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<u8>>(), text);
        let kinds: Vec<&str> = seen.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["frame", "frame", "0", "frame", "frame", "other true", "1", "other true", "frame", "2"]);
    }

    #[test]
    fn a_mark_is_seen_wherever_parts_end() {
        for before in PART - 3..=PART {
            let text = ["\n".repeat(before).as_bytes(), encoding::MARK, b"\n{1}"].concat();
            let articles = [article(before as u64 + 4, 3)];
            for format in [Format::Lines(Box::default()), Format::Objects(Box::default())] {
                let mut others = 0;
                let visit = &mut |piece: Piece<'_>| {
                    others += usize::from(matches!(piece, Piece::Other { .. }));
                    Ok(())
                };
                each_piece((&source(&text, format), &text[..]), &articles, 1000, visit).expect("it can be read");
                assert_eq!(others, 0, "{before}");
            }
        }
    }

    #[test]
    fn what_follows_the_last_article_is_no_break() {
        assert_eq!(pieces(b"{1}\n \nx", &[article(0, 4)], |_| Ok(())).expect("it can be read"), End::Whole);
    }

    #[test]
    fn what_became_shorter_is_an_error() {
        assert!(pieces(b"{1}\n", &[article(0, 9)], |_| Ok(())).is_err());
        assert!(pieces(b"{1}\n", &[article(7, 2)], |_| Ok(())).is_err());
    }
}
