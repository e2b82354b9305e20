//! Writing Parquet: a row group at a time, its columns encoded side by side. The bytes do not depend on the number of
//! threads.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;
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
use xxhash_rust::xxh3::Xxh3;

use crate::columns::Column;

/// So many rows are a row group.
pub(crate) const ROW_GROUP_ROWS: usize = 131_072;

/// How long the beginning of a file is, and its XXH3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) bytes: u64,
    pub(crate) xxh3: u64,
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:016x}", self.bytes, self.xxh3)
    }
}

impl FromStr for Checksum {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (bytes, xxh3) = text.split_once(' ').ok_or(())?;
        let (bytes, xxh3) = (bytes.parse().ok(), u64::from_str_radix(xxh3, 16).ok());
        bytes.zip(xxh3).map(|(bytes, xxh3)| Self { bytes, xxh3 }).ok_or(())
    }
}

/// Where a file goes, and the checksum of what has gone.
struct Summed<'a> {
    out: &'a mut (dyn Write + Send),
    bytes: u64,
    hash: Xxh3,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A Parquet file in the making; its schema is that of the first row group.
pub(crate) struct ParquetFile<'a> {
    out: Option<&'a mut (dyn Write + Send)>,
    open: Option<Open<'a>>,
}

struct Open<'a> {
    file: SerializedFileWriter<Summed<'a>>,
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

    /// Notes the checksum of all that is written by now.
    pub(crate) fn note_checksum(&mut self, key: &str) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.file.flush()?;
        let Summed { bytes, hash, .. } = open.file.inner();
        let checksum = Checksum { bytes: *bytes, xxh3: hash.digest() };
        self.note(key, checksum.to_string());
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        match self.open {
            Some(open) => open.file.close().map(|_| ()).map_err(to_io),
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
        let out = Summed { out, bytes: 0, hash: Xxh3::new() };
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
