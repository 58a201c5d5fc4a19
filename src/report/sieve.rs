//! A table in columns once more, without the rows that go.
//!
//! Schema, order, values, codecs and row groups are what they were. A row group of which every row stays is copied byte for
//! byte; of others the values are written again. A row group that cannot be read is copied, too, to where rejected rows go.
//! One that is damaged where values must be written again stays as it is, with the rows that were to go; if some of its
//! rows are rejected, it stands among those, too. With notes, what Arrow says of the columns is left out, as it knows no
//! others: readers take their types from Parquet's own schema then.

use super::dump::{Fate, Fates, Packed, Stuck, Written};
use super::notes;
use super::removed::Note;
use crate::input::{Columns, Location, Source, Window, careful, open_columns};
use parquet::basic::Encoding;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most rows behind the last article of a row group that are taken to be there.
const REST: u64 = 1 << 20;
/// Rows whose values are held at a time.
const ROWS: usize = 4096;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Stays,
    Goes,
    Rejected,
}

/// A file that is being written, packed like its source.
struct Out(Option<Packed>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(()), |out| out.write(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says what is noted of an article, by its place in the source.
pub(crate) type Noting<'n> = dyn Fn(usize) -> Note<'n> + 'n;

/// Writes a table once more to `target`. `fate` says what becomes of an article, by its place among `articles`; all other
/// rows go to `rejected`. `note` says what is noted of it, in more columns.
pub(crate) fn sieve(
    (source, columns): (&Source, &Columns),
    articles: &[Location],
    paths: &[PathBuf; 2],
    fate: &Fates<'_>,
    note: Option<&Noting<'_>>,
) -> io::Result<Written> {
    let write =
        |tries| careful(|| write_rows((source, columns), articles, paths, (fate, note, tries))).map_err(unwrapped);
    match write(false) {
        Err(error) if error.raw_os_error().is_none() => {
            for path in paths.iter().filter(|path| path.exists()) {
                std::fs::remove_file(path)?;
            }
            write(true)
        }
        written => written,
    }
}

/// What the system said, which the library wraps.
fn unwrapped(error: io::Error) -> io::Error {
    let parquet = error.get_ref().and_then(|inner| inner.downcast_ref::<ParquetError>());
    let inner = match parquet {
        Some(ParquetError::External(inner)) => inner.downcast_ref::<io::Error>(),
        _ => None,
    };
    inner.and_then(io::Error::raw_os_error).map_or(error, io::Error::from_raw_os_error)
}

/// Writes the rows. What can be copied only is found if each row group is tried first.
fn write_rows(
    (source, columns): (&Source, &Columns),
    articles: &[Location],
    [target, rejected]: &[PathBuf; 2],
    (fate, note, tries): (&Fates<'_>, Option<&Noting<'_>>, bool),
) -> io::Result<Written> {
    let reader = open_columns(&source.place)?;
    let window = source.place.shared()?;
    let mut written = Written::default();
    let mut kept = Table::create(target, source, &reader, note.is_some())?;
    let mut others: Option<Table> = None;
    let mut next = 0;
    for (group, metadata) in reader.metadata().row_groups().iter().enumerate() {
        let (start, end) = (columns.start(group), columns.start(group + 1));
        let at = (&window, metadata, group);
        if articles.get(next).is_none_or(|article| article.offset >= end) {
            // There may be no such rows, whatever their number.
            written.rejected += end - start;
            // What lies beyond the end of the file is listed all the same.
            if is_there(&window, metadata) {
                begun(&mut others, rejected, source, &reader)?.copy(&window, metadata, &[])?;
            }
            continue;
        }
        // Rows behind the last article may be said to be there and not be.
        let here = articles[next..].iter().take_while(|article| article.offset < end);
        let last = here.last().map_or(start, |article| article.offset + 1);
        let rest = if end - last <= REST { 0 } else { end - last };
        let first = next;
        let rows: Vec<Row> = (start..end - rest)
            .map(|row| {
                if articles.get(next).is_none_or(|article| article.offset != row) {
                    return Row::Rejected;
                }
                next += 1;
                if matches!(fate(next - 1, &[]), Fate::Goes) { Row::Goes } else { Row::Stays }
            })
            .collect();
        let count = |which: Row| rows.iter().filter(|row| **row == which).count() as u64;
        let mut place = first..;
        let noted = |row: &Row| (*row != Row::Rejected).then(|| place.next()).flatten();
        let notes: Vec<_> = note.map_or(Vec::new(), |note| rows.iter().map(noted).map(|row| row.map(note)).collect());
        let tried = if tries { Table::tried(&reader, at, &rows) } else { Ok(()) };
        written.rejected += count(Row::Rejected) + rest;
        if let Err(error) = tried.map_err(unwrapped) {
            // That is no fault of the row group.
            if error.raw_os_error().is_some() {
                return Err(error);
            }
            let mut notes = notes;
            notes.resize_with(if note.is_some() { (end - start) as usize } else { 0 }, || None);
            written.kept += count(Row::Stays) + count(Row::Goes);
            let places = rows.iter().filter(|row| **row != Row::Rejected).zip(first..);
            written.stuck.push(Stuck {
                articles: places.filter(|(row, _)| **row == Row::Goes).map(|(_, place)| place).collect(),
                reason: format!(
                    "a row group stays whole, as it cannot be written again: number {}, {}",
                    group + 1,
                    error
                ),
            });
            kept.copy(&window, metadata, &notes)?;
            if count(Row::Rejected) + rest > 0 {
                begun(&mut others, rejected, source, &reader)?.copy(&window, metadata, &[])?;
            }
            continue;
        }
        written.kept += count(Row::Stays);
        written.removed += count(Row::Goes);
        kept.take(&reader, at, (&rows, Row::Stays), &notes)?;
        if count(Row::Rejected) > 0 {
            begun(&mut others, rejected, source, &reader)?.take(&reader, at, (&rows, Row::Rejected), &[])?;
        }
    }
    kept.finish()?;
    others.map_or(Ok(()), Table::finish)?;
    Ok(written)
}

/// The table of rejected rows, which is begun when there is one.
fn begun<'o>(
    others: &'o mut Option<Table>,
    path: &Path,
    source: &Source,
    like: &SerializedFileReader<Window>,
) -> io::Result<&'o mut Table> {
    Ok(match others {
        Some(others) => others,
        None => others.insert(Table::create(path, source, like, false)?),
    })
}

struct Table {
    writer: SerializedFileWriter<Out>,
    /// How many of its columns were there before.
    own: usize,
    is_noted: bool,
}

impl Table {
    /// Begins a table like another one, with columns for notes if it is to have them.
    fn create(path: &Path, source: &Source, like: &SerializedFileReader<Window>, is_noted: bool) -> io::Result<Self> {
        Self::to(Out(Some(Packed::create(path, source.packing, None)?)), like, is_noted)
    }

    /// Whether rows of a row group can be written at all.
    fn tried(
        reader: &SerializedFileReader<Window>,
        at: (&Window, &RowGroupMetaData, usize),
        rows: &[Row],
    ) -> io::Result<()> {
        let each = [Row::Stays, Row::Rejected];
        each.iter().try_for_each(|which| Self::to(Out(None), reader, false)?.take(reader, at, (rows, *which), &[]))
    }

    fn to(out: Out, like: &SerializedFileReader<Window>, is_noted: bool) -> io::Result<Self> {
        let file = like.metadata().file_metadata();
        let (schema, own) = if is_noted {
            notes::extended(file.schema_descr())?
        } else {
            (file.schema_descr().root_schema_ptr(), file.schema_descr().num_columns())
        };
        Ok(Self { writer: SerializedFileWriter::new(out, schema, properties(like, is_noted))?, own, is_noted })
    }

    /// Writes those rows of a row group that are `which`, with a note of each if the table has notes.
    fn take(
        &mut self,
        reader: &SerializedFileReader<Window>,
        (window, metadata, group): (&Window, &RowGroupMetaData, usize),
        (rows, which): (&[Row], Row),
        notes: &[Option<Note<'_>>],
    ) -> io::Result<()> {
        if !rows.contains(&which) {
            return Ok(());
        }
        if rows.len() as i64 == metadata.num_rows() && rows.iter().all(|row| *row == which) {
            return self.copy(window, metadata, notes);
        }
        let mut out = self.writer.next_row_group()?;
        careful(|| {
            let from = reader.get_row_group(group)?;
            (0..self.own).try_for_each(|column| copy(&*from, column, &mut out, rows, which))
        })?;
        if self.is_noted {
            let noted = notes.iter().zip(rows).filter(|(_, row)| **row == which);
            notes::write(&mut out, &noted.map(|(note, _)| note.as_ref()).collect::<Vec<_>>())?;
        }
        out.close()?;
        Ok(())
    }

    /// Copies a row group as it is, with a note of each row if the table has notes.
    fn copy(&mut self, window: &Window, metadata: &RowGroupMetaData, notes: &[Option<Note<'_>>]) -> io::Result<()> {
        let mut out = self.writer.next_row_group()?;
        for column in metadata.columns().iter().take(self.own) {
            let close = ColumnCloseResult {
                bytes_written: u64::try_from(column.compressed_size()).unwrap_or_default(),
                rows_written: u64::try_from(metadata.num_rows()).unwrap_or_default(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            out.append_column(window, close)?;
        }
        if self.is_noted {
            notes::write(&mut out, &notes.iter().map(Option::as_ref).collect::<Vec<_>>())?;
        }
        out.close()?;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.writer.finish()?;
        self.writer.inner_mut().0.take().map_or(Ok(()), Packed::finish)
    }
}

/// Whether all bytes of a row group are in the file.
fn is_there(window: &Window, metadata: &RowGroupMetaData) -> bool {
    let end = |(start, length): (u64, u64)| start.saturating_add(length);
    // The library does not bear places below zero.
    careful(|| Ok(metadata.columns().iter().all(|column| end(column.byte_range()) <= window.len()))).unwrap_or(false)
}

/// How a table is written that is to be like another one.
fn properties(like: &SerializedFileReader<Window>, is_noted: bool) -> WriterPropertiesPtr {
    let file = like.metadata().file_metadata();
    let mut pairs = file.key_value_metadata().cloned();
    if let Some(pairs) = pairs.as_mut().filter(|_| is_noted) {
        // It tells of the columns that were there, and of no others.
        pairs.retain(|pair| pair.key != "ARROW:schema");
    }
    let mut builder = WriterProperties::builder()
        .set_key_value_metadata(pairs)
        // Row groups are as long as they were.
        .set_max_row_group_row_count(None);
    if let Some(group) = like.metadata().row_groups().first() {
        builder = builder.set_sorting_columns(group.sorting_columns().cloned());
        for column in group.columns() {
            let mut encodings = column.encodings();
            let has_dictionary =
                encodings.any(|encoding| matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY));
            builder = builder
                .set_column_compression(column.column_path().clone(), column.compression())
                .set_column_dictionary_enabled(column.column_path().clone(), has_dictionary);
        }
    }
    Arc::new(builder.build())
}

/// Copies the values of a column that belong to rows that are `which`.
fn copy(
    from: &dyn RowGroupReader,
    column: usize,
    out: &mut SerializedRowGroupWriter<'_, Out>,
    rows: &[Row],
    which: Row,
) -> io::Result<()> {
    match from.get_column_reader(column)? {
        ColumnReader::BoolColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::Int32ColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::Int64ColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::Int96ColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::FloatColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::DoubleColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::ByteArrayColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => copy_values(reader, from, column, out, (rows, which)),
    }
}

fn copy_values<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    from: &dyn RowGroupReader,
    column: usize,
    out: &mut SerializedRowGroupWriter<'_, Out>,
    (rows, which): (&[Row], Row),
) -> io::Result<()> {
    let descriptor = from.metadata().schema_descr().column(column);
    let (there, repeats) = (descriptor.max_def_level(), descriptor.max_rep_level());
    let few = || io::Error::new(io::ErrorKind::UnexpectedEof, "a column has fewer rows than its row group");
    let mut writer = out.next_column()?.ok_or_else(few)?;
    let (mut levels, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut some_levels, mut some_repeated, mut some_values) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while at < rows.len() {
        levels.clear();
        repeated.clear();
        values.clear();
        let count = ROWS.min(rows.len() - at);
        let (read, ..) = reader.read_records(count, Some(&mut levels), Some(&mut repeated), &mut values)?;
        if read == 0 {
            return Err(few());
        }
        some_levels.clear();
        some_repeated.clear();
        some_values.clear();
        // A column that need not be there or may repeat has levels, one for each value and each that is missing.
        let slots = levels.len().max(repeated.len()).max(values.len());
        let mut all = values.drain(..);
        let mut row = at;
        for slot in 0..slots {
            if slot > 0 && (repeats == 0 || repeated.get(slot) == Some(&0)) {
                row += 1;
            }
            let is_which = rows.get(row) == Some(&which);
            let value = if there == 0 || levels.get(slot) == Some(&there) { all.next() } else { None };
            if is_which {
                some_levels.extend(levels.get(slot));
                some_repeated.extend(repeated.get(slot));
                some_values.extend(value);
            }
        }
        at += read;
        let given = |max: i16, levels: &[i16]| (max > 0).then(|| levels.to_vec());
        let (definitions, repetitions) = (given(there, &some_levels), given(repeats, &some_repeated));
        writer.typed::<T>().write_batch(&some_values, definitions.as_deref(), repetitions.as_deref())?;
    }
    writer.close()?;
    Ok(())
}
