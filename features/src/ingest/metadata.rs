//! What a Parquet file says of itself: its types made plain, and what cannot be or cannot be read refused.

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{Compression, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use super::{IngestError, Source};

/// So few rows are no trouble, whatever they are packed in.
pub(super) const FEW_ROWS: u64 = 1_000_000;

/// The file's metadata, set so that text comes as views into its pages, which copies nothing, decimals in one width, and the
/// timestamps of old, of 96 bits, as what Spark means by them: instants.
pub(super) fn plain_metadata<R: ChunkReader>(chunks: &R) -> Result<ArrowReaderMetadata, ParquetError> {
    let metadata = ArrowReaderMetadata::load(chunks, ArrowReaderOptions::new())?;
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let types = metadata.parquet_schema().root_schema().get_fields();
    let is_96_bits = |place: usize| {
        types.get(place).is_some_and(|of| of.is_primitive() && of.get_physical_type() == Type::INT96)
    };
    let plain = |(place, field): (usize, &FieldRef)| match field.data_type() {
        DataType::Timestamp(..) if is_96_bits(place) => {
            retyped(field, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
        }
        DataType::Dictionary(_, values) if is_text(values) => retyped(field, DataType::Utf8View),
        kind if is_text(kind) => retyped(field, DataType::Utf8View),
        // Whether it is text is looked at later: the reader would take it on trust.
        DataType::Binary | DataType::LargeBinary => retyped(field, DataType::BinaryView),
        &DataType::Decimal32(precision, scale) | &DataType::Decimal64(precision, scale) => {
            retyped(field, DataType::Decimal128(precision, scale))
        }
        &DataType::Decimal256(precision, scale) if precision <= 38 => {
            retyped(field, DataType::Decimal128(precision, scale))
        }
        _ => field.clone(),
    };
    let fields: Fields = metadata.schema().fields().iter().enumerate().map(plain).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
}

fn retyped(field: &FieldRef, kind: DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(kind))
}

/// A log has no line of less than a hundredth of a byte. What says so is forged, or packed to keep a reader busy.
pub(super) fn check_rows(source: &Source, metadata: &ParquetMetaData, bytes: u64) -> Result<(), IngestError> {
    let rows = metadata
        .row_groups()
        .iter()
        .fold(0_u64, |rows, group| rows.saturating_add(group.num_rows().max(0) as u64));
    if rows > FEW_ROWS && rows / 100 > bytes {
        let problem = format!("is damaged: it says that it has {rows} rows in {bytes} bytes");
        return Err(IngestError::in_file(source, problem));
    }
    Ok(())
}

/// The columns that are read must be packed with what can be unpacked.
pub(super) fn check_codecs(
    source: &Source,
    metadata: &ParquetMetaData,
    read: &ProjectionMask,
) -> Result<(), IngestError> {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns().iter().enumerate());
    for (_, column) in columns.filter(|(leaf, _)| read.leaf_included(*leaf)) {
        let codec = column.compression();
        // Brotli's pages are unpacked to any size, whatever they say: a small file could fill the memory.
        if matches!(codec, Compression::LZO | Compression::BROTLI(_)) {
            let name = column.column_path().string();
            let problem = format!(
                "column {name:?} is packed with {}, which is not read; write the file again with zstd, snappy, \
                 gzip, lz4 or nothing",
                if codec == Compression::LZO { "LZO" } else { "Brotli" }
            );
            return Err(IngestError::in_file(source, problem));
        }
    }
    Ok(())
}
