//! Growing and walking a forest, nothing else: for benches/forest_vs_peers.py, which makes the rows and runs it.
//!
//!     cargo bench --bench forest -- FOLDER WIDTH TREES DEPTH THREADS [SEED [smartcore]]
//!
//! A DEPTH that is no number sets no limit. FOLDER holds `training_rows` and `test_rows`, 32-bit floats row by row, and `training_churned`, a byte a row. Prints
//! lines of "name value", and leaves there `probabilities` of the test rows, 64-bit floats, and the forest's nodes as
//! `nodes` (columns, one after the other: share f64, threshold f32, above u32, column u32, missing u8) and `ends` (u32).

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use mainstay_features::watch::Unwatched;
use mainstay_models::dataset::{Dataset, Rows};
use mainstay_models::forest::Forest;
use mainstay_models::forest::train::{Growth, Trainer, train};

const RUNS: usize = 5;

/// A piece at a time, so that the file's bytes do not count as memory that training takes.
fn floats(path: &Path) -> Vec<f32> {
    let mut file = File::open(path).unwrap();
    let mut floats = Vec::with_capacity(file.metadata().unwrap().len() as usize / 4);
    let mut piece = [0; 1 << 16];
    while floats.len() < floats.capacity() {
        let wanted = piece.len().min((floats.capacity() - floats.len()) * 4);
        file.read_exact(&mut piece[..wanted]).unwrap();
        floats.extend(piece[..wanted].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    floats
}

/// The most memory this process has held so far, in MB; 0 where Linux's /proc is not.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The median seconds of some runs.
fn timed(mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

/// How many nodes the rows come through, in all trees.
fn visits(forest: &Forest, rows: Rows<'_>) -> usize {
    let mut visits = 0;
    let mut start = 0;
    for &end in forest.ends() {
        let tree = &forest.nodes()[start..end as usize];
        for row in rows.iter() {
            let mut place = 0;
            visits += 1;
            while !tree[place].is_leaf() {
                let node = &tree[place];
                let value = row[usize::from(node.column)];
                let is_above = if value.is_nan() { node.missing_above } else { value > node.threshold };
                place = if is_above { node.above as usize } else { place + 1 };
                visits += 1;
            }
        }
        start = end as usize;
    }
    visits
}

fn write(path: &Path, parts: impl IntoIterator<Item = Vec<u8>>) {
    std::fs::write(path, parts.into_iter().flatten().collect::<Vec<u8>>()).unwrap();
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| text != "--bench").collect();
    let [folder, width, trees, depth, threads, rest @ ..] = &arguments[..] else {
        println!("usage: cargo bench --bench forest -- FOLDER WIDTH TREES DEPTH THREADS [SEED [smartcore]]");
        return;
    };
    let (folder, width) = (Path::new(folder), width.parse().unwrap());
    let seed = rest.first().map_or(0, |seed| seed.parse().unwrap());
    let trainer = if rest.len() > 1 { Trainer::Smartcore } else { Trainer::Histogram };
    let threads = threads.parse().unwrap();
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();

    let churned = std::fs::read(folder.join("training_churned")).unwrap();
    let data = Dataset::new(
        width,
        floats(&folder.join("training_rows")),
        churned.iter().map(|&byte| byte == 1).collect(),
    );
    drop(churned);
    println!("rows {}", data.len());
    println!("memory_before_training_mb {:.0}", peak_mb());
    let growth =
        Growth { trees: trees.parse().unwrap(), depth: depth.parse().ok(), seed, ..Growth::default() };
    let began = Instant::now();
    let forest = train(&data, trainer, &growth, &Unwatched).unwrap();
    println!("training_seconds {:.3}", began.elapsed().as_secs_f64());
    println!("training_memory_mb {:.0}", peak_mb());
    println!("nodes {}", forest.nodes().len());
    drop(data);

    let test = floats(&folder.join("test_rows"));
    let test = Rows::new(&test, width);
    let probabilities = forest.probabilities(test);
    write(&folder.join("probabilities"), probabilities.iter().map(|p| p.to_le_bytes().to_vec()));
    let nodes = forest.nodes();
    write(
        &folder.join("nodes"),
        (nodes.iter().map(|node| node.churned_share.to_le_bytes().to_vec()))
            .chain(nodes.iter().map(|node| node.threshold.to_le_bytes().to_vec()))
            .chain(nodes.iter().map(|node| node.above.to_le_bytes().to_vec()))
            .chain(nodes.iter().map(|node| u32::from(node.column).to_le_bytes().to_vec()))
            .chain(nodes.iter().map(|node| vec![u8::from(node.missing_above)])),
    );
    write(&folder.join("ends"), forest.ends().iter().map(|end| end.to_le_bytes().to_vec()));

    let scored = Rows::new(&test.values()[..test.values().len().min(50_000 * width)], width);
    let visits = visits(&forest, scored) as f64 / scored.len() as f64;
    println!("visits_per_row {visits:.1}");
    let rebuilding = timed(|| {
        std::hint::black_box(Forest::new(forest.nodes().to_vec(), forest.ends().to_vec(), width).unwrap());
    });
    println!("loading_seconds {rebuilding:.4}");
    // One thread, whatever the number of threads trained with.
    let seconds = timed(|| {
        std::hint::black_box(forest.probabilities(scored));
    });
    println!("scored_rows_per_second {:.0}", scored.len() as f64 / seconds);
    println!("million_visits_per_second {:.0}", scored.len() as f64 * visits / seconds / 1e6);
    let seconds = timed(|| {
        std::hint::black_box(forest.contributions(scored));
    });
    println!("explained_rows_per_second {:.0}", scored.len() as f64 / seconds);
    let some: Vec<&[f32]> = scored.iter().step_by(50).collect();
    let single = timed(|| {
        for row in &some {
            std::hint::black_box(forest.probabilities(Rows::new(row, width)));
        }
    });
    println!("single_row_microseconds {:.2}", single / some.len() as f64 * 1e6);
    let single = timed(|| {
        for row in &some {
            std::hint::black_box(forest.contributions(Rows::new(row, width)));
        }
    });
    println!("single_row_contributions_microseconds {:.2}", single / some.len() as f64 * 1e6);
}
