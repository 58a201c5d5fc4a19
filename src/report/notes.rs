//! Columns of a table that say what was found of each row's article.

use super::removed::{COLUMNS, Note};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use std::io::{self, Write};
use std::sync::Arc;

/// What the columns hold, in their order.
const TYPES: [Physical; COLUMNS.len()] =
    [Physical::INT64, Physical::BOOLEAN, Physical::BYTE_ARRAY, Physical::BYTE_ARRAY, Physical::DOUBLE];

/// A schema with the columns of notes at its end, and how many columns come before them. Those of an earlier run go.
pub(super) fn extended(schema: &SchemaDescriptor) -> Result<(TypePtr, usize)> {
    let root = schema.root_schema();
    let mut fields = root.get_fields().to_vec();
    let mut own = schema.num_columns();
    let last = fields.len().saturating_sub(COLUMNS.len());
    let is_note = |(field, name): (&TypePtr, &str)| field.name() == name && field.is_primitive();
    if last > 0 && fields[last..].iter().zip(COLUMNS).all(is_note) {
        fields.truncate(last);
        own -= COLUMNS.len();
    }
    if let Some(field) = fields.iter().find(|field| COLUMNS.contains(&field.name())) {
        return Err(ParquetError::General(format!("there is a column {} already", field.name())));
    }
    for (name, physical) in COLUMNS.into_iter().zip(TYPES) {
        let text = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
        let field = Type::primitive_type_builder(name, physical);
        fields.push(Arc::new(field.with_repetition(Repetition::OPTIONAL).with_logical_type(text).build()?));
    }
    Ok((Arc::new(Type::group_type_builder(root.name()).with_fields(fields).build()?), own))
}

/// Writes the columns of notes of a row group, one note a row.
pub(super) fn write<W: Write + Send>(
    out: &mut SerializedRowGroupWriter<'_, W>,
    notes: &[Option<&Note<'_>>],
) -> io::Result<()> {
    let nearest = || notes.iter().map(|note| note.and_then(|note| note.nearest.as_ref()));
    column::<Int64Type, _>(
        out,
        notes.iter().map(|note| note.and_then(|note| note.cluster).map(|number| number as i64)),
    )?;
    column::<BoolType, _>(out, notes.iter().map(|note| note.map(|note| note.keep)))?;
    column::<ByteArrayType, _>(out, nearest().map(|nearest| nearest.map(|nearest| (*nearest.id).into())))?;
    column::<ByteArrayType, _>(out, nearest().map(|nearest| nearest.map(|nearest| nearest.relation.name().into())))?;
    column::<DoubleType, _>(out, nearest().map(|nearest| nearest.map(|nearest| nearest.jaccard)))?;
    Ok(())
}

/// Writes a column, of which some values are missing.
fn column<T: DataType, W: Write + Send>(
    out: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = Option<T::T>>,
) -> io::Result<()> {
    let (mut levels, mut some) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(i16::from(value.is_some()));
        some.extend(value);
    }
    let mut column = out.next_column()?.ok_or_else(|| io::Error::other("a column of the schema is missing"))?;
    column.typed::<T>().write_batch(&some, Some(&levels), None)?;
    column.close()?;
    Ok(())
}
