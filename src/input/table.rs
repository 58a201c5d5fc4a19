//! Rows of a table, CSV or TSV, to articles: which columns hold what, and where each row ends.
//!
//! The first row has the names of the columns. Quotation marks around a cell hide delimiters and line ends in it, and two
//! of them in it are one; but in a table with tabs or bars, all of whose lines have as many cells, where some mark is not
//! what it would have to be, none of them hides anything. A row with a cell beyond those that have names is no article,
//! unless that is empty: a delimiter in a text may not be quoted. Nor is one without a cell for the text. A line of white
//! space is no row.

use super::encoding::{self, MARK};
use super::fields::{FieldNames, Fields};
use super::record::{Record, card};
use csv::ByteRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::Encoding;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

/// A table's form.
#[derive(Clone, Debug)]
pub struct Table {
    /// What its columns hold.
    pub fields: Fields,
    /// How its cells are told apart.
    dialect: Dialect,
    /// Their names.
    names: Vec<String>,
    encoding: &'static Encoding,
    /// Bytes of the row of names, and whatever is before it.
    pub(super) header: u64,
    /// The columns of the text, and of id, title, date, publisher and url.
    text: Vec<usize>,
    shorts: [Option<usize>; 5],
}

/// How the cells of a table are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dialect {
    /// What stands between them.
    delimiter: u8,
    /// Whether quotation marks hide delimiters and line ends.
    quotes: bool,
}

impl Dialect {
    /// That of a table that begins with `head`, whose last line may be cut off.
    fn of(head: &[u8], delimiter: u8) -> Self {
        let whole = &head[..memchr::memrchr(b'\n', head).map_or(head.len(), |end| end + 1)];
        let lines = whole.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let mut counts = lines.clone().map(|line| memchr::memchr_iter(delimiter, line).count());
        let is_even = counts.next().is_some_and(|first| first > 0 && counts.all(|count| count == first));
        let mut cells = lines.flat_map(|line| line.trim_ascii_end().split(|&byte| byte == delimiter));
        // Commas and semicolons stand in what is hidden, too.
        let is_rare = matches!(delimiter, b'\t' | b'|');
        Self { delimiter, quotes: !(is_rare && is_even && cells.any(is_misquoted)) }
    }
}

/// Whether a cell begins with a quotation mark and is nothing that stands between two.
fn is_misquoted(cell: &[u8]) -> bool {
    let Some(rest) = cell.strip_prefix(b"\"") else { return false };
    let inner = rest.strip_suffix(b"\"").unwrap_or(rest);
    inner.len() == rest.len() || inner.split(|&byte| byte == b'"').skip(1).step_by(2).any(|between| !between.is_empty())
}

/// A row: where it is among the bytes that were given, and its cells.
pub(super) struct Row {
    pub(super) bytes: Range<usize>,
    cells: ByteRecord,
}

impl Row {
    /// The encoding of its cells, in a table that has this one.
    fn encoding(&self, table: &'static Encoding) -> &'static Encoding {
        encoding::of_record(self.cells.iter(), table)
    }

    /// All its cells as text, likewise.
    fn decoded(&self, table: &'static Encoding) -> Vec<String> {
        let encoding = self.encoding(table);
        self.cells.iter().map(|cell| encoding::decode(cell, encoding).0.into_owned()).collect()
    }
}

impl Table {
    /// Whether tabs stand between its cells.
    #[cfg(feature = "cli")]
    pub(super) fn has_tabs(&self) -> bool {
        self.dialect.delimiter == b'\t'
    }

    /// The form of a table that begins with `head`; `delimiter` if its name tells it.
    pub(super) fn of(head: &[u8], delimiter: Option<u8>, set: &FieldNames) -> Result<Self, String> {
        let delimiter = delimiter.unwrap_or_else(|| likeliest(head));
        let dialect = Dialect::of(head, delimiter);
        let mut rows = Rows::new(head, dialect);
        let header = rows.next().ok_or("an empty table")?;
        let encoding = encoding::of(head);
        if delimiter >= b'@' && encoding::first_bytes(encoding).is_some() {
            let (name, delimiter) = (encoding.name(), char::from(delimiter));
            return Err(format!(
                "{delimiter} is between its cells, and in {name} half of other characters: make it UTF-8"
            ));
        }
        let names: Vec<String> = header.decoded(encoding).iter().map(|name| name.trim().to_owned()).collect();
        let first = rows.next().map_or(Vec::new(), |row| row.decoded(encoding));
        let named = names.iter().enumerate().rev().map(|(column, name)| {
            let value = first.get(column).map_or("", String::as_str);
            (name.clone(), Value::from(value))
        });
        let record = Value::Object(named.collect::<Map<_, _>>());
        let known = || super::fields::names_of(&record);
        let fields = Fields::choose(&record, set).ok_or_else(|| match &set.text[..] {
            [] => format!("no column of a known name for the text; set one with --text-field: {}", known()),
            names => format!("no column `{}`: {}", names.join("`, `"), known()),
        })?;
        let column = |name: &String| names.iter().position(|one| one == name);
        let text: Option<Vec<usize>> = fields.text.iter().map(column).collect();
        let text =
            text.ok_or_else(|| format!("not all columns `{}` are there: {}", fields.text.join("`, `"), known()))?;
        let shorts = [&fields.id, &fields.title, &fields.date, &fields.publisher, &fields.url];
        let shorts = shorts.map(|name| name.as_ref().and_then(column));
        Ok(Self { fields, dialect, names, encoding, header: header.bytes.end as u64, text, shorts })
    }

    /// The rows of a block that are records, and not the names of columns. The block begins with a row, at this offset.
    pub(super) fn records<'b>(&self, offset: u64, bytes: &'b [u8]) -> impl Iterator<Item = Row> + use<'b> {
        let header = self.header;
        let rows = self.rows(bytes);
        let rows = if offset == 0 { rows } else { rows.within() };
        rows.filter(move |row| offset + row.bytes.start as u64 >= header)
    }

    /// The rows of a table, from its beginning on.
    fn rows<'b>(&self, bytes: &'b [u8]) -> Rows<'b> {
        Rows::new(bytes, self.dialect)
    }

    /// The row that these bytes are, in the middle of a table.
    pub(super) fn row(&self, bytes: &[u8]) -> Option<Row> {
        self.rows(bytes).within().next()
    }

    /// Whether this is a table without doubt, by its beginning: several columns, and rows of as many cells.
    pub(super) fn is_regular(&self, head: &[u8]) -> bool {
        let mut rows = self.rows(head);
        let columns = self.names.len();
        columns > 1 && (0..3).filter_map(|_| rows.next()).filter(|row| row.cells.len() == columns).count() > 1
    }

    /// What its bytes are.
    pub(super) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// Whether some of its columns have these names, and are not all of them at its end.
    pub(crate) fn has_some_of(&self, names: &[&str]) -> bool {
        let count = self.names.iter().filter(|name| names.contains(&name.as_str())).count();
        count > 0 && !(count == names.len() && self.is_noted(names))
    }

    /// Whether its last columns have these names.
    fn is_noted(&self, names: &[&str]) -> bool {
        self.names.len() > names.len() && self.names[self.names.len() - names.len()..].iter().eq(names)
    }

    /// A row that has these cells at its end, in columns of these names. If the last columns have the names, theirs go.
    pub(crate) fn extended(&self, row: &[u8], names: &[&str], cells: &[impl AsRef<str>]) -> Vec<u8> {
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let end = row.iter().rposition(|byte| !is_end(byte)).map_or(0, |last| last + 1);
        let others = self.names.len() - if self.is_noted(names) { names.len() } else { 0 };
        // What comes before a row belongs to it: the mark of its encoding, and lines without cells.
        let whole = self.rows(row).next();
        let encoding = whole.as_ref().map_or(self.encoding, |row| row.encoding(self.encoding));
        let first = whole.map_or(0, |row| row.bytes.start);
        let first = first + if row[first..].starts_with(MARK) { MARK.len() } else { 0 };
        let (length, is_open) = end_of(&row[first..end.max(first)], self.dialect, others);
        let before = first + length;
        let missing = self.rows(&row[..before]).next().map_or(0, |row| others.saturating_sub(row.cells.len()));
        let mut extended = row[..before].to_vec();
        // Whatever came next would be taken for a part of the last cell.
        extended.extend(is_open.then_some(b'"'));
        let Dialect { delimiter, quotes } = self.dialect;
        extended.resize(before + missing, delimiter);
        for cell in cells {
            let cell = encoding::encode(cell.as_ref(), encoding, |ch| ch.escape_unicode().to_string());
            extended.push(delimiter);
            let is_end = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n');
            if !quotes {
                // Nothing can hide them.
                extended.extend(cell.iter().map(|byte| if is_end(byte) { b' ' } else { *byte }));
            } else if !cell.iter().any(|byte| is_end(byte) || *byte == b'"') {
                extended.extend_from_slice(&cell);
            } else {
                let quoted = cell.iter().flat_map(|&byte| std::iter::repeat_n(byte, 1 + usize::from(byte == b'"')));
                extended.push(b'"');
                extended.extend(quoted);
                extended.push(b'"');
            }
        }
        extended.extend_from_slice(&row[end..]);
        extended
    }

    /// Finds the ends of its rows.
    pub(super) fn ends(&self) -> RowEnds {
        RowEnds::new(self.dialect)
    }

    /// The text of the row that these bytes are.
    pub(super) fn text(&self, row: &[u8]) -> Result<String, String> {
        let row = self.row(row).ok_or("an empty row")?;
        self.text_of(&row, row.encoding(self.encoding)).map(|(text, _)| text)
    }

    /// The article of a row, whether there was invalid UTF-8 in its text, and the encoding that it had.
    pub(super) fn parse(
        &self,
        row: &Row,
        date_format: Option<&str>,
    ) -> Result<(Record<'static>, bool, &'static Encoding), String> {
        let encoding = row.encoding(self.encoding);
        let (text, replaced) = self.text_of(row, encoding)?;
        let short = |column: Option<usize>| {
            let cell = encoding::decode(row.cells.get(column?)?, encoding).0;
            (!cell.trim().is_empty()).then(|| Cow::Owned(cell.into_owned()))
        };
        let (card, odd_date) = card(self.shorts.map(short), date_format);
        Ok((Record { text: text.into(), raw: None, card, odd_date }, replaced, encoding))
    }

    fn text_of(&self, row: &Row, encoding: &'static Encoding) -> Result<(String, bool), String> {
        if row.cells.iter().skip(self.names.len()).any(|cell| !cell.trim_ascii().is_empty()) {
            let cells = row.cells.len();
            return Err(format!(
                "a row of {cells} cells, of which {} have names; is a delimiter not quoted?",
                self.names.len()
            ));
        }
        let (mut parts, mut replaced) = (Vec::with_capacity(self.text.len()), false);
        for (&column, name) in self.text.iter().zip(&self.fields.text) {
            let cell = row.cells.get(column).ok_or_else(|| {
                format!(
                    "the text, `{name}`, would be cell {} of a row that ends with cell {}",
                    column + 1,
                    row.cells.len()
                )
            })?;
            let (part, invalid) = encoding::decode(cell, encoding);
            replaced |= invalid;
            parts.push(part);
        }
        Ok((parts.join("\n\n"), replaced))
    }
}

/// The delimiter that the first line has most of.
fn likeliest(head: &[u8]) -> u8 {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    // What is in quotation marks is a name.
    let between: Vec<&[u8]> = line.split(|&byte| byte == b'"').step_by(2).collect();
    let count = |delimiter: u8| between.iter().map(|part| memchr::memchr_iter(delimiter, part).count()).sum::<usize>();
    // Of several with as many, the last is taken.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

thread_local! {
    /// Readers that are not in use, each with its dialect. To make one takes longer than to read a row, and a clone of
    /// one (csv-core 0.1.13) has lost what its delimiter is.
    static READERS: RefCell<Vec<(Dialect, Reader)>> = const { RefCell::new(Vec::new()) };
}

fn new_reader(Dialect { delimiter, quotes }: Dialect) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).quoting(quotes).build()
}

struct Rows<'b> {
    bytes: &'b [u8],
    dialect: Dialect,
    reader: Reader,
    /// How many bytes were read.
    read: usize,
    /// Where the last row ended.
    end: usize,
    /// Room for the cells of a row, and for their ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl<'b> Rows<'b> {
    fn new(bytes: &'b [u8], dialect: Dialect) -> Self {
        let spare = READERS.with_borrow_mut(|readers| {
            let at = readers.iter().position(|(of, _)| *of == dialect)?;
            Some(readers.swap_remove(at).1)
        });
        let reader = spare.unwrap_or_else(|| new_reader(dialect));
        Self { bytes, dialect, reader, read: 0, end: 0, cells: Vec::new(), ends: Vec::new() }
    }

    /// The same where the table did not begin: what would be the mark of its encoding there is part of a cell.
    fn within(mut self) -> Self {
        // Of an empty line nothing is told, but that it was read.
        self.reader.read_record(b"\n", &mut [0], &mut [0]);
        self
    }

    /// The cells of the next row that has some.
    fn cells(&mut self) -> Option<ByteRecord> {
        let (mut filled, mut count) = (0, 0);
        loop {
            let rest = &self.bytes[self.read..];
            let (result, read, written, ended) =
                self.reader.read_record(rest, &mut self.cells[filled..], &mut self.ends[count..]);
            self.read += read;
            filled += written;
            count += ended;
            match result {
                // There is no more, which it is told next.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.cells.resize((2 * filled).max(1 << 12), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize((2 * count).max(1 << 4), 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return None,
            }
        }
        let mut cells = ByteRecord::with_capacity(filled, count);
        let mut start = 0;
        for &end in &self.ends[..count] {
            cells.push_field(&self.cells[start..end]);
            start = end;
        }
        Some(cells)
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        let mut reader = std::mem::take(&mut self.reader);
        reader.reset();
        // A thread that ends has no list any more, and needs none.
        let _ = READERS.try_with(|readers| readers.borrow_mut().push((self.dialect, reader)));
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let cells = self.cells()?;
            let is_end = |&byte: &u8| byte == b'\n' || byte == b'\r';
            let start = self.end + self.bytes[self.end..].iter().take_while(|byte| is_end(byte)).count();
            // The reader leaves the second half of a line end for the next row.
            let half = self.bytes[..self.read].ends_with(b"\r") && self.bytes.get(self.read) == Some(&b'\n');
            self.end = self.read + usize::from(half);
            let bytes = start.min(self.end)..self.end;
            let row = &self.bytes[bytes.clone()];
            // A line that has but the mark of an encoding is one of white space.
            if !row.strip_prefix(encoding::MARK).unwrap_or(row).trim_ascii().is_empty() {
                return Some(Row { bytes, cells });
            }
        }
    }
}

/// Where in a row the delimiter is that comes after so many cells, or its end, and whether a quotation is open there.
fn end_of(row: &[u8], Dialect { delimiter, quotes }: Dialect, cells: usize) -> (usize, bool) {
    #[derive(Clone, Copy)]
    enum In {
        Start,
        Plain,
        Quoted,
        /// Behind a mark in what is quoted, which ends it unless another one follows.
        Mark,
    }
    let (mut seen, mut place) = (0, In::Start);
    for (at, &byte) in row.iter().enumerate() {
        place = match (place, byte) {
            (_, b'"') if !quotes => In::Plain,
            (In::Quoted, b'"') => In::Mark,
            (In::Quoted, _) | (In::Start | In::Mark, b'"') => In::Quoted,
            (_, byte) if byte == delimiter => {
                seen += 1;
                if seen == cells {
                    return (at, false);
                }
                In::Start
            }
            _ => In::Plain,
        };
    }
    (row.len(), matches!(place, In::Quoted))
}

/// Finds the ends of rows in bytes that come part by part.
pub(super) struct RowEnds {
    reader: Box<Reader>,
    dialect: Dialect,
}

impl RowEnds {
    fn new(dialect: Dialect) -> Self {
        Self { reader: Box::new(new_reader(dialect)), dialect }
    }

    /// Whether a quotation is open at the end of a row.
    pub(super) fn is_open(&self, row: &[u8]) -> bool {
        let start = row.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        end_of(&row[start..], self.dialect, usize::MAX).1
    }

    /// One past the end of the first row that ends in these bytes, which follow those that were given last.
    pub(super) fn first(&mut self, bytes: &[u8]) -> Option<usize> {
        let (mut cells, mut ends) = ([0; 4096], [0; 64]);
        let mut at = 0;
        while at < bytes.len() {
            let (result, read, ..) = self.reader.read_record(&bytes[at..], &mut cells, &mut ends);
            at += read;
            if matches!(result, ReadRecordResult::Record) {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMAS: Dialect = Dialect { delimiter: b',', quotes: true };

    fn rows(bytes: &[u8]) -> Vec<(&[u8], Vec<String>)> {
        let cells = |row: &Row| row.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        Rows::new(bytes, COMMAS).map(|row| (&bytes[row.bytes.clone()], cells(&row))).collect()
    }

    #[test]
    fn a_row_is_its_bytes_and_its_cells() {
        let bytes = b"a,b\r\n\r\n\"x\r\n\"\"y\"\"\",2\r\n5\" pipe,3\nlast";
        let found = rows(bytes);
        let raw: Vec<&[u8]> = found.iter().map(|(raw, _)| *raw).collect();
        assert_eq!(raw, [&b"a,b\r\n"[..], b"\"x\r\n\"\"y\"\"\",2\r\n", b"5\" pipe,3\n", b"last"]);
        assert_eq!(found[1].1, ["x\r\n\"y\"", "2"]);
        assert_eq!(found[2].1, ["5\" pipe", "3"]);
    }

    #[test]
    fn columns_are_found_by_name() {
        let head = "\u{feff}id;Body;when;publisher\n1;\"a; b\";;X\n".as_bytes();
        let table = Table::of(head, None, &FieldNames::default()).expect("it has a text");
        assert_eq!(
            (table.dialect.delimiter, table.header),
            (b';', head.iter().position(|&byte| byte == b'\n').unwrap_or(0) as u64 + 1)
        );
        let row = table.row(&head[table.header as usize..]).expect("a row");
        let (record, replaced, _) = table.parse(&row, None).expect("it has a text");
        assert_eq!((&*record.text, record.card.publisher.as_deref(), replaced), ("a; b", Some("X"), false));
        assert_eq!(record.card.id.as_deref(), Some("1"));
        let short = table.row(b"1").expect("a row");
        let reason = table.parse(&short, None).map(|_| ()).expect_err("no text");
        assert_eq!(reason, "the text, `Body`, would be cell 2 of a row that ends with cell 1");
        assert!(Table::of(b"a,b\n1,2\n", None, &FieldNames::default()).is_err());
    }

    #[test]
    fn a_row_gets_cells_behind_those_that_have_names() {
        let head = b"id,text,more\n1,x,y\n";
        let table = Table::of(head, None, &FieldNames::default()).expect("it has a text");
        let extended = |row: &str| {
            String::from_utf8(table.extended(row.as_bytes(), &["n", "m"], &["7", "a, \"b\""])).expect("UTF-8")
        };
        assert_eq!(extended("1,x,y\r\n"), "1,x,y,7,\"a, \"\"b\"\"\"\r\n");
        assert_eq!(extended("1,\"x\ny\""), "1,\"x\ny\",,7,\"a, \"\"b\"\"\"");
        let noted = Table::of(b"id,text,n,m\n", None, &FieldNames::default()).expect("it has a text");
        let again =
            |row: &str| String::from_utf8(noted.extended(row.as_bytes(), &["n", "m"], &["8", ""])).expect("UTF-8");
        assert_eq!(again("1,\"x, \"\"y\"\"\",7,\"a, b\"\n"), "1,\"x, \"\"y\"\"\",8,\n");
        assert_eq!(again("1"), "1,,8,");
        let head = "\u{feff}\"name, first\",text,more\r\n";
        let marked = Table::of(head.as_bytes(), None, &FieldNames::default()).expect("it has a text");
        let names = marked.extended(head.as_bytes(), &["n"], &["n"]);
        assert_eq!(String::from_utf8(names).expect("UTF-8"), "\u{feff}\"name, first\",text,more,n\r\n");
        assert_eq!(extended("\n\n\"1, 2\",x,y\n"), "\n\n\"1, 2\",x,y,7,\"a, \"\"b\"\"\"\n");
    }

    proptest! {
        /// Law: a cell ends where the reader of whole rows has it end.
        #[test]
        fn cells_end_as_they_are_read(row in "x[ab,\"]{0,30}", cells in 1usize..5) {
            let all = rows(row.as_bytes()).remove(0).1;
            let (end, _) = end_of(row.as_bytes(), COMMAS, cells);
            let first = rows(&row.as_bytes()[..end]).remove(0).1;
            prop_assert_eq!(&first[..], &all[..cells.min(all.len())]);
        }

        /// Law: rows end where the reader of whole tables has them end, wherever the bytes are cut.
        #[test]
        fn ends_do_not_depend_on_parts(bytes in "[ab,\"\r\n]{0,60}", part in 1usize..20) {
            let bytes = bytes.as_bytes();
            let mut ends = RowEnds::new(COMMAS);
            let mut found = Vec::new();
            for (number, some) in bytes.chunks(part).enumerate() {
                let mut at = 0;
                while let Some(end) = ends.first(&some[at..]) {
                    at += end;
                    found.push(number * part + at);
                }
            }
            let expected: Vec<usize> = rows(bytes).iter().map(|(raw, _)| raw.as_ptr().addr() - bytes.as_ptr().addr() + raw.len()).collect();
            // The last row may have no end.
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!(*found == *expected || *found + 1 == *expected, "{found:?} {expected:?}");
            }
            prop_assert!(found.len() == expected.len() || found.len() + 1 == expected.len());
        }
    }
}
