//! Pages as they are when unpacked, looked at before they are decoded: what they say of how many values they have must
//! not be forged, as room is made for those.

use std::io::{self, Read};
use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::delta::{self, take};
use super::metadata::FEW_ROWS;
use super::pages::Pages;

/// A row group of a file, its pages vetted.
pub(super) struct Group<R> {
    pub(super) chunks: R,
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) place: usize,
}

impl<R> Group<R> {
    fn about(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.place)
    }
}

impl<R: ChunkReader + Clone + 'static> RowGroups for Group<R> {
    fn num_rows(&self) -> usize {
        self.about().num_rows().max(0) as usize
    }

    fn column_chunks(&self, place: usize) -> Result<Box<dyn PageIterator>> {
        let column = self.about().column(place);
        let chunks = Arc::new(Pages::new(self.chunks.clone()));
        let pages = SerializedPageReader::new(chunks, column, self.num_rows(), None)?;
        let most_values = FEW_ROWS.max(self.num_rows() as u64);
        let vetted = Vetted { pages, column: column.column_descr_ptr(), most_values };
        Ok(Box::new(Chunk(Some(Box::new(vetted)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.about()))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The one reader of a column's pages.
struct Chunk(Option<Box<dyn PageReader>>);

impl Iterator for Chunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for Chunk {}

struct Vetted<R: ChunkReader> {
    pages: SerializedPageReader<Pages<R>>,
    column: ColumnDescPtr,
    /// No page has more.
    most_values: u64,
}

impl<R: ChunkReader> Vetted<R> {
    fn is_possible(&self, page: &Page) -> io::Result<bool> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                Ok(u64::from(*num_values) * least_bytes(&self.column) <= buf.len() as u64)
            }
            Page::DataPage { num_values, encoding, .. } | Page::DataPageV2 { num_values, encoding, .. } => {
                let most = self.most_values.min((*num_values).into());
                delta::has_at_most(most, *encoding, || self.values(page))
            }
        }
    }

    /// What follows the levels of a page of data.
    #[expect(deprecated, reason = "files of old have levels that are packed so")]
    fn values<'a>(&self, page: &'a Page) -> io::Result<&'a [u8]> {
        let mut rest: &[u8] = page.buffer();
        match page {
            Page::DataPage { num_values, rep_level_encoding, def_level_encoding, .. } => {
                let (repeated, defined) = (self.column.max_rep_level(), self.column.max_def_level());
                for (deepest, encoding) in [(repeated, rep_level_encoding), (defined, def_level_encoding)] {
                    let bytes = match encoding {
                        _ if deepest == 0 => 0,
                        Encoding::BIT_PACKED => {
                            let bits = i16::BITS - deepest.leading_zeros();
                            (u64::from(*num_values) * u64::from(bits)).div_ceil(8)
                        }
                        _ => {
                            let mut length = [0; 4];
                            rest.read_exact(&mut length)?;
                            u32::from_le_bytes(length).into()
                        }
                    };
                    take(&mut rest, bytes)?;
                }
            }
            Page::DataPageV2 { rep_levels_byte_len, def_levels_byte_len, .. } => {
                take(&mut rest, u64::from(*rep_levels_byte_len) + u64::from(*def_levels_byte_len))?;
            }
            Page::DictionaryPage { .. } => {}
        }
        Ok(rest)
    }
}

/// How many bytes a value of a dictionary takes at least: text has its length before it.
fn least_bytes(column: &ColumnDescriptor) -> u64 {
    match column.physical_type() {
        Type::BOOLEAN => 0,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => column.type_length().max(1) as u64,
    }
}

impl<R: ChunkReader> PageReader for Vetted<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
        if self.is_possible(&page).unwrap_or(false) {
            return Ok(Some(page));
        }
        let name = self.column.path().string();
        let problem = format!("column {name:?}: a page has not the values it says: is the file damaged?");
        Err(ParquetError::General(problem))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl<R: ChunkReader> Iterator for Vetted<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
