//! Tables in columns, Parquet: which columns hold what, and the rows of their row groups.
//!
//! Only the columns that are needed are read, row group by row group. The text is a column of bytes, one value a row.

use super::fields::{FieldNames, Fields, names_of};
use super::record::card;
use super::stream::{Place, Window};
use super::{Card, encoding};
use encoding_rs::UTF_8;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, RowGroupReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::{self, BufReader};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How every file of Parquet begins.
pub(super) const BEGIN: &[u8] = b"PAR1";
/// Rows that are read at a time.
const ROWS: usize = 1024;

/// The form of a table in columns.
#[derive(Clone, Debug)]
pub struct Columns {
    /// What its columns hold.
    pub fields: Fields,
    /// The first row of each row group, and one past the last row of all.
    starts: Vec<u64>,
    /// The columns of the text, and of id, title, date, publisher and url.
    text: Vec<usize>,
    shorts: [Option<usize>; 5],
}

/// A row that is an article.
pub(super) struct Row {
    pub(super) text: String,
    pub(super) card: Card<'static>,
    pub(super) odd_date: bool,
    pub(super) replaced: bool,
}

impl Length for Window {
    fn len(&self) -> u64 {
        Window::len(self)
    }
}

impl ChunkReader for Window {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(self.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<bytes::Bytes> {
        let is_inside = start.checked_add(length as u64).is_some_and(|end| end <= Window::len(self));
        if !is_inside {
            return Err(ParquetError::EOF("a part of it lies beyond its end".to_owned()));
        }
        Ok(self.read_exact_at(start, length)?.into())
    }
}

/// Opens a table that is not packed.
pub(crate) fn open(place: &Place) -> io::Result<SerializedFileReader<Window>> {
    let window = place.shared()?;
    careful(|| Ok(SerializedFileReader::new(window)?))
}

thread_local! {
    static CAREFUL: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// What the library would panic on, it cannot read.
pub(crate) fn careful<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = CAREFUL.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    CAREFUL.set(before);
    read.unwrap_or_else(|_| Err(io::Error::other("it is not valid Parquet")))
}

/// Whether a panic of this thread is caught, and told as what cannot be read.
#[cfg(feature = "cli")]
pub(crate) fn is_careful() -> bool {
    CAREFUL.get()
}

impl Columns {
    /// The form of a table.
    pub(super) fn of(place: &Place, set: &FieldNames) -> Result<Self, String> {
        let reader = open(place).map_err(|error| not_read(&error))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let record = example(schema);
        let known = || names_of(&record);
        let fields = Fields::choose(&record, set).ok_or_else(|| match &set.text[..] {
            [] => format!("no column of a known name for the text; set one with --text-field: {}", known()),
            names => format!("no column `{}`: {}", names.join("`, `"), known()),
        })?;
        let column = |name: &String| {
            let is_it = |column: &usize| {
                let descriptor = schema.column(*column);
                descriptor.path().string() == *name && descriptor.max_rep_level() == 0
            };
            (0..schema.num_columns()).find(is_it)
        };
        let text = fields.text.iter().map(|name| {
            let column = column(name).filter(|column| is_text(&schema.column(*column)));
            column.ok_or_else(|| format!("the column `{name}` holds no texts: {}", known()))
        });
        let text = text.collect::<Result<Vec<_>, _>>()?;
        let shorts = [&fields.id, &fields.title, &fields.date, &fields.publisher, &fields.url];
        let shorts = shorts.map(|name| name.as_ref().and_then(column));
        let mut starts = vec![0];
        for group in reader.metadata().row_groups() {
            let rows = u64::try_from(group.num_rows()).map_err(|_| "a row group has no number of rows")?;
            let start = starts[starts.len() - 1];
            starts.push(rows.checked_add(start).ok_or("its row groups have too many rows")?);
        }
        Ok(Self { fields, starts, text, shorts })
    }

    /// The first row of a row group, counted from 0.
    pub(crate) fn start(&self, group: usize) -> u64 {
        self.starts[group]
    }

    /// The row group that a row is in.
    pub(super) fn group_of(&self, row: u64) -> Option<usize> {
        let after = self.starts.partition_point(|start| *start <= row);
        (row < self.rows()).then(|| after - 1)
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.starts[self.starts.len() - 1]
    }

    /// Row groups to be read together, so that none of the parts is small and they are few: each reads the end of the file,
    /// which says where its groups are.
    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        const LEAST: u64 = 1 << 14;
        const PARTS: u64 = 64;
        let least = LEAST.max(self.rows() / PARTS);
        let mut parts: Vec<Range<usize>> = Vec::new();
        for group in 0..self.starts.len() - 1 {
            match parts.last_mut() {
                Some(part) if self.starts[group] - self.starts[part.start] < least => part.end = group + 1,
                _ => parts.push(group..group + 1),
            }
        }
        parts
    }

    /// Reads the rows of row groups in order, `most` of them. `wanted` says of which rows the text is needed, by number from 0; `visit` is
    /// told what each of those is. Of a group that cannot be read, `broken` is told the reason and the first row that is
    /// left out; the groups after it are read.
    pub(super) fn read(
        &self,
        place: &Place,
        (groups, most): (Range<usize>, u64),
        (wanted, date_format): (&dyn Fn(u64) -> bool, Option<&str>),
        visit: &mut dyn FnMut(u64, Result<Row, String>),
        broken: &mut dyn FnMut(usize, u64, String),
    ) {
        let reader = match open(place) {
            Ok(reader) => reader,
            Err(error) => return broken(groups.start, self.starts[groups.start], not_read(&error)),
        };
        let last = self.starts[groups.start].saturating_add(most);
        for group in groups {
            let mut next = self.starts[group];
            let rows = next..self.starts[group + 1].min(last);
            let read = self.read_group(&reader, group, rows, |row, cells| {
                next = row + 1;
                if wanted(row) {
                    visit(row, self.row(cells, date_format));
                }
            });
            if let Err(error) = read {
                broken(group, next, not_read(&error));
            }
        }
    }

    fn read_group(
        &self,
        reader: &SerializedFileReader<Window>,
        group: usize,
        rows: Range<u64>,
        mut visit: impl FnMut(u64, Vec<Option<Cell>>),
    ) -> io::Result<()> {
        let columns = self.text.iter().copied().map(Some).chain(self.shorts);
        let mut leaves = careful(|| {
            let group = reader.get_row_group(group)?;
            columns
                .map(|column| column.map(|column| Leaf::new(&*group, column)).transpose())
                .collect::<io::Result<Vec<_>>>()
        })?;
        let mut at = rows.start;
        while at < rows.end {
            let count = ROWS.min((rows.end - at) as usize);
            let next = |leaf: &mut Option<Leaf>| leaf.as_mut().map(|leaf| leaf.next(count)).transpose();
            let values = careful(|| leaves.iter_mut().map(next).collect::<io::Result<Vec<_>>>())?;
            let mut cells: Vec<_> = values.into_iter().map(|values| values.map(Vec::into_iter)).collect();
            for row in at..at + count as u64 {
                visit(
                    row,
                    cells.iter_mut().map(|cells| cells.as_mut().and_then(|cells| cells.next().flatten())).collect(),
                );
            }
            at += count as u64;
        }
        Ok(())
    }

    /// The article of a row.
    fn row(&self, cells: Vec<Option<Cell>>, date_format: Option<&str>) -> Result<Row, String> {
        let mut cells = cells.into_iter();
        let (mut parts, mut replaced) = (Vec::new(), false);
        for (cell, name) in cells.by_ref().take(self.text.len()).zip(&self.fields.text) {
            match cell {
                Some(cell) => {
                    let (part, invalid) = cell.text();
                    replaced |= invalid;
                    parts.push(part);
                }
                None if self.text.len() == 1 => return Err(format!("field `{name}` is null")),
                None => {}
            }
        }
        if parts.is_empty() {
            return Err(format!("fields `{}` are null", self.fields.text.join("`, `")));
        }
        let shorts: Vec<Option<Cow<'static, str>>> = cells
            .map(|cell| cell.map(|cell| cell.text().0).filter(|text| !text.trim().is_empty()).map(Cow::Owned))
            .collect();
        let shorts = <[_; 5]>::try_from(shorts).unwrap_or_default();
        let (card, odd_date) = card(shorts, date_format);
        let text = if parts.len() == 1 { parts.swap_remove(0) } else { parts.join("\n\n") };
        Ok(Row { text, card, odd_date, replaced })
    }
}

fn not_read(error: &io::Error) -> String {
    format!("it cannot be read: {error}")
}

/// Whether the values of a column are strings, or bytes that nobody says are something else.
fn is_text(column: &ColumnDescriptor) -> bool {
    let is_plain = match column.logical_type_ref() {
        Some(kind) => matches!(kind, LogicalType::String | LogicalType::Json | LogicalType::Enum),
        None => matches!(
            column.converted_type(),
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM
        ),
    };
    column.physical_type() == parquet::basic::Type::BYTE_ARRAY && column.max_rep_level() == 0 && is_plain
}

/// Whether the values of a column can be an id or a date: what is a time of day, a decimal or bytes of some length cannot.
fn is_told(column: &ColumnDescriptor) -> bool {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Uuid), _) => true,
        (Some(LogicalType::Time(_) | LogicalType::Decimal(_)), _)
        | (None, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS | ConvertedType::DECIMAL) => false,
        _ => column.physical_type() != parquet::basic::Type::FIXED_LEN_BYTE_ARRAY,
    }
}

/// A record as it would be in JSON, by which columns are chosen: texts are empty, what has no place there is false, and all
/// other values are 0.
fn example(schema: &SchemaDescriptor) -> Value {
    let mut record = Map::new();
    for column in schema.columns() {
        let value = match column.max_rep_level() {
            0 if is_text(column) => Value::from(""),
            0 if is_told(column) => Value::from(0),
            0 => Value::Bool(false),
            _ => Value::Array(Vec::new()),
        };
        put(&mut record, column.path().parts(), value);
    }
    Value::Object(record)
}

/// Puts a value where a path leads, through objects.
fn put(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert(name.clone(), value);
        }
        [name, rest @ ..] => {
            let inner = object.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            inner.as_object_mut().into_iter().for_each(|inner| put(inner, rest, value.clone()));
        }
    }
}

/// A value of a column.
enum Cell {
    Bytes(parquet::data_type::ByteArray),
    Text(String),
}

impl Cell {
    /// It as text, and whether it was none.
    fn text(self) -> (String, bool) {
        match self {
            Self::Bytes(bytes) => {
                let (text, replaced) = encoding::decode(bytes.data(), UTF_8);
                (text.into_owned(), replaced)
            }
            Self::Text(text) => (text, false),
        }
    }
}

/// What the numbers of a column mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Number,
    /// A number that is never negative.
    Unsigned,
    Days,
    /// A moment, in so many to a second.
    Moment(i64),
    /// Sixteen bytes that are a name.
    Uuid,
}

/// A column of a row group, read from its beginning.
struct Leaf {
    reader: ColumnReader,
    /// The definition level of a value that is there.
    there: i16,
    meaning: Meaning,
}

impl Leaf {
    fn new(group: &dyn RowGroupReader, column: usize) -> io::Result<Self> {
        let descriptor = group.metadata().schema_descr().column(column);
        let meaning = match (descriptor.logical_type_ref(), descriptor.converted_type()) {
            (Some(LogicalType::Uuid), _) => Meaning::Uuid,
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Meaning::Days,
            (Some(LogicalType::Timestamp(kind)), _) => Meaning::Moment(match kind.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            }),
            (None, ConvertedType::TIMESTAMP_MILLIS) => Meaning::Moment(1_000),
            (None, ConvertedType::TIMESTAMP_MICROS) => Meaning::Moment(1_000_000),
            (Some(LogicalType::Integer(kind)), _) if !kind.is_signed => Meaning::Unsigned,
            (
                None,
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
            ) => Meaning::Unsigned,
            _ => Meaning::Number,
        };
        let reader = group.get_column_reader(column)?;
        Ok(Self { reader, there: descriptor.max_def_level(), meaning })
    }

    /// The values of the next rows.
    fn next(&mut self, rows: usize) -> io::Result<Vec<Option<Cell>>> {
        let (there, meaning) = (self.there, self.meaning);
        let whole = |number: i64| Cell::Text(meaning.spelled(number));
        match &mut self.reader {
            ColumnReader::ByteArrayColumnReader(reader) => values(reader, rows, there, Cell::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                values(reader, rows, there, |bytes: FixedLenByteArray| match bytes.data().try_into() {
                    Ok(name) if meaning == Meaning::Uuid => Cell::Text(uuid(name)),
                    _ => Cell::Bytes(bytes.into()),
                })
            }
            ColumnReader::BoolColumnReader(reader) => values(reader, rows, there, |one| Cell::Text(one.to_string())),
            ColumnReader::Int32ColumnReader(reader) => {
                // Of those without a sign, the bits are those of a larger number.
                let is_unsigned = meaning == Meaning::Unsigned;
                values(reader, rows, there, |one| whole(if is_unsigned { (one as u32).into() } else { one.into() }))
            }
            ColumnReader::Int64ColumnReader(reader) => values(reader, rows, there, whole),
            ColumnReader::Int96ColumnReader(reader) => {
                values(reader, rows, there, |one| Cell::Text(Meaning::Moment(1_000).spelled(one.to_millis())))
            }
            ColumnReader::FloatColumnReader(reader) => values(reader, rows, there, |one| Cell::Text(one.to_string())),
            ColumnReader::DoubleColumnReader(reader) => values(reader, rows, there, |one| Cell::Text(one.to_string())),
        }
    }
}

/// The usual way to write a UUID.
fn uuid(name: &[u8; 16]) -> String {
    let hex = |range: Range<usize>| name[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    [0..4, 4..6, 6..8, 8..10, 10..16].map(hex).join("-")
}

/// The values of the next rows of a column with at most one a row.
fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    there: i16,
    cell: impl Fn(T::T) -> Cell,
) -> io::Result<Vec<Option<Cell>>> {
    let (mut levels, mut found) = (Vec::new(), Vec::new());
    while levels.len() < rows && (there > 0 || found.len() < rows) {
        let left = rows - if there > 0 { levels.len() } else { found.len() };
        let (read, ..) = reader.read_records(left, Some(&mut levels), None, &mut found)?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a column has fewer rows than its row group"));
        }
    }
    let mut found = found.into_iter().map(cell);
    if there == 0 {
        return Ok(found.map(Some).collect());
    }
    Ok(levels.into_iter().map(|level| if level == there { found.next() } else { None }).collect())
}

impl Meaning {
    /// A number as what it means.
    fn spelled(self, number: i64) -> String {
        let spelled = match self {
            Self::Number | Self::Uuid => None,
            Self::Unsigned => Some((number as u64).to_string()),
            Self::Days => {
                let day = Span::new().try_days(number).ok();
                day.and_then(|day| Date::constant(1970, 1, 1).checked_add(day).ok()).map(|date| date.to_string())
            }
            Self::Moment(parts) => {
                let nanos = i128::from(number) * i128::from(1_000_000_000 / parts);
                Timestamp::from_nanosecond(nanos).ok().map(|moment| moment.to_string())
            }
        };
        spelled.unwrap_or_else(|| number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_what_they_mean() {
        assert_eq!(Meaning::Days.spelled(19_783), "2024-03-01");
        assert_eq!(Meaning::Moment(1_000_000).spelled(1_709_280_000_000_000), "2024-03-01T08:00:00Z");
        assert_eq!(Meaning::Moment(1).spelled(i64::MAX), i64::MAX.to_string());
        assert_eq!(Meaning::Number.spelled(-7), "-7");
        assert_eq!(Meaning::Unsigned.spelled(-7), "18446744073709551609");
    }
}
