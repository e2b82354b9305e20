//! Writing Parquet: a row group at a time, its columns encoded side by side. The bytes do not depend on the number of
//! threads.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use crate::columns::Column;
use crate::seal::{self, Sealing};

/// So many rows are a row group.
pub(crate) const ROW_GROUP_ROWS: usize = 131_072;

/// A Parquet file in the making; its schema is that of the first row group.
pub(crate) struct ParquetFile<'a> {
    out: Option<&'a mut (dyn Write + Send)>,
    open: Option<Open<'a>>,
}

struct Open<'a> {
    file: SerializedFileWriter<Sealing<'a>>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    row_groups: usize,
}

impl<'a> ParquetFile<'a> {
    pub(crate) fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out: Some(out), open: None }
    }

    /// Writes columns, all of one length, as a row group.
    pub(crate) fn write(&mut self, columns: Vec<Column>) -> io::Result<()> {
        let (fields, arrays): (Vec<_>, Vec<ArrayRef>) = columns.into_iter().unzip();
        self.write_in_pieces(fields, 1, |column, _| arrays[column].clone())
    }

    /// Writes a row group of columns that are made as they are written, so many pieces of each one after the other: `piece`
    /// gives that of a column, by their numbers.
    pub(crate) fn write_in_pieces(
        &mut self,
        fields: Vec<Field>,
        pieces: usize,
        piece: impl Fn(usize, usize) -> ArrayRef + Sync,
    ) -> io::Result<()> {
        if let Some(out) = self.out.take() {
            self.open = Some(Open::new(out, Arc::new(Schema::new(fields))).map_err(to_io)?);
        }
        match &mut self.open {
            Some(open) => open.write(pieces, piece).map_err(to_io),
            None => Ok(()),
        }
    }

    /// Notes something in the footer; before the first row group nothing is.
    pub(crate) fn note(&mut self, key: &str, value: String) {
        if let Some(open) = &mut self.open {
            open.file.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
    }

    /// [`Self::finish`] of a file whose footer has the checksum of all of it.
    pub(crate) fn finish_sealed(mut self) -> io::Result<()> {
        if let Some(open) = &mut self.open {
            open.file.flush()?;
            open.file.inner_mut().begin_end();
        }
        self.note(seal::NAME, seal::OPEN.to_owned());
        self.finish()
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        match self.open {
            Some(open) => open.file.into_inner().map_err(to_io)?.seal(),
            None => Ok(()),
        }
    }
}

impl<'a> Open<'a> {
    fn new(out: &'a mut (dyn Write + Send), schema: SchemaRef) -> Result<Self, ParquetError> {
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk);
        for field in schema.fields() {
            let (path, is_float) =
                (ColumnPath::from(field.name().as_str()), field.data_type() == &DataType::Float64);
            // Nearly every amount and customer is a value of its own: a dictionary would hold them all, for nothing.
            if is_float || field.name() == "customer_id" {
                properties = properties.set_column_dictionary_enabled(path.clone(), false);
            }
            // The first bytes of all amounts, which repeat, apart from the last, which do not: packing looks at less.
            if is_float {
                properties = properties.set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
            }
        }
        let properties = properties.build();
        let out = Sealing::new(out);
        let (file, factory) =
            ArrowWriter::try_new(out, schema.clone(), Some(properties))?.into_serialized_writer()?;
        Ok(Self { file, factory, schema, row_groups: 0 })
    }

    fn write(
        &mut self,
        pieces: usize,
        piece: impl Fn(usize, usize) -> ArrayRef + Sync,
    ) -> Result<(), ParquetError> {
        let writers = self.factory.create_column_writers(self.row_groups)?;
        self.row_groups += 1;
        // No column is nested: each has one writer.
        let columns: Vec<_> = writers.into_iter().zip(self.schema.fields()).enumerate().collect();
        let chunks: Vec<ArrowColumnChunk> = columns
            .into_par_iter()
            .with_max_len(1)
            .map(|(number, (mut writer, field)): (_, (ArrowColumnWriter, _))| {
                for at in 0..pieces {
                    for leaf in compute_leaves(field, &piece(number, at))? {
                        writer.write(&leaf)?;
                    }
                }
                writer.close()
            })
            .collect::<Result<_, _>>()?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close().map(|_| ())
    }
}

/// The operating system's error where there is one inside.
fn to_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
