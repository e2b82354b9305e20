//! The floor under reading a log: the parquet crate decoding the four needed columns, nothing else.
//!
//!     cargo bench --bench decode_floor -- FILE.parquet THREADS
//!
//! Each thread decodes a share of the row groups; the values are looked at only to count them.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs::File;
use std::time::Instant;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [path, threads] = arguments.as_slice() else {
        println!("skipped: give a Parquet file and a number of threads");
        return;
    };
    let threads: usize = threads.parse().unwrap();
    let began = Instant::now();
    let metadata = ArrowReaderMetadata::load(&File::open(path).unwrap(), ArrowReaderOptions::new()).unwrap();
    let needed = ["customer_id", "order_id", "ts", "amount"];
    let places = (0..metadata.schema().fields().len())
        .filter(|&place| needed.contains(&metadata.schema().field(place).name().as_str()));
    let mask = ProjectionMask::roots(metadata.parquet_schema(), places);
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups()).collect();
    let rows: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = groups
            .chunks(groups.len().div_ceil(threads))
            .map(|own| {
                let (metadata, mask) = (metadata.clone(), mask.clone());
                scope.spawn(move || {
                    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
                        File::open(path).unwrap(),
                        metadata,
                    )
                    .with_row_groups(own.to_vec())
                    .with_projection(mask)
                    .with_batch_size(65_536)
                    .build()
                    .unwrap();
                    reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("{rows} rows in {:.3} s", began.elapsed().as_secs_f64());
}
