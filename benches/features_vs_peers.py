"""Reading a log to twenty features at one cutoff, or to 42: Mainstay, DuckDB and Polars side by side, two threads each.

    cargo build --release && cargo bench --bench decode_floor --no-run
    /tmp/peers/bin/pip install -r tests/independent/requirements.txt polars==2.1.0
    /tmp/peers/bin/python benches/big_log.py /tmp/big.parquet
    /tmp/peers/bin/python benches/features_vs_peers.py target/release/mainstay /tmp/big.parquet [--all | --cutoffs]

Every run is a process of its own, from the file to a zstd Parquet file with the features in order of customer_id; the
runs take turns, so that the machine's moods meet all alike. Prints the median, least and most wall seconds, the peak
resident memory and the processor time of each, and of every column how many rows differ by more than rounding. (Of the
twenty a few do: an order of 0.10, 0.20 and -0.30 comes to 2.8e-17 in floating point, which both peers take for a
purchase; Mainstay adds exactly.) The population is who bought in the 365 days before 2023-10-01. With `--cutoffs`:
Mainstay alone, one cutoff against four.

With `--all`: every feature that a model trained on such a log as `mainstay simulate` makes sees, but
expected_purchases. peer_features.py has the peers' queries, and says what they take for granted.
"""

import os
import statistics
import subprocess
import sys
import time

from peer_features import ALL, TWENTY, queries

RUNS = 5
CUTOFF, LOOKBACK = "2023-10-01", 365
CUTOFFS = [CUTOFF, "2023-07-01", "2023-04-01", "2023-01-01"]
OUT = "/tmp/features-of-{}.parquet"
WRITE = {
    "duckdb": "duckdb.sql(f\"copy ({query}) to 'OUT' (format parquet, compression zstd)\")",
    "polars": "features.collect(engine='streaming').write_parquet('OUT', compression='zstd')",
}


def own(mainstay, log, features, cutoffs, name):
    return [mainstay, "features", "--purchases", log, "--as-of", *cutoffs, "--lookback", f"{LOOKBACK}d",
            "--features", ",".join(features), "--threads", "2", "--out", OUT.format(name)]


def peer(name, log, features):
    code = queries(name, log, CUTOFF, LOOKBACK, every=features == ALL)
    return [sys.executable, "-c", code + WRITE[name].replace("OUT", OUT.format(name))]


def run(command):
    """Wall seconds, peak resident MB and processor seconds of one process."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.monotonic() - began, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def race(contenders, rounds=RUNS):
    """Runs them in turns and prints each one's figures beside the first's; returns the medians of seconds."""
    figures = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, command in contenders.items():
            figure = run(command)
            if number > 0:  # the first round warms up
                figures[name].append(figure)
    first = next(iter(contenders))
    medians = {name: statistics.median(seconds for seconds, _, _ in runs) for name, runs in figures.items()}
    base = medians[first]
    for name, runs in figures.items():
        (seconds, memory, busy), median = zip(*runs), medians[name]
        print(f"{name}: {median:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), {max(memory):.0f} MB, "
              f"{statistics.median(busy):.1f} s of processor time; "
              f"{median / base:.2f} times {first}'s time")
    return medians


def differences(features):
    import duckdb

    for name in ("duckdb", "polars"):
        ours, theirs = (f"'{OUT.format(table)}'" for table in ("mainstay", name))
        differ = ", ".join(f"count(*) filter (coalesce(abs(a.{c} - b.{c}) > 1e-9 * (1 + abs(a.{c})), "
                           f"(a.{c} is null) <> (b.{c} is null)))" for c in features)
        both, *different = duckdb.sql(f"select count(*), {differ} "
                                      f"from {ours} a join {theirs} b using (customer_id)").fetchall()[0]
        counts = [duckdb.sql(f"select count(*) from {table}").fetchall()[0][0] for table in (ours, theirs)]
        print(f"against {name}: {counts[0]} and {counts[1]} rows, {both} in both; rows that differ:")
        print("  " + ", ".join(f"{column} {number}" for column, number in zip(features, different)))


if __name__ == "__main__":
    mainstay, log, *options = sys.argv[1:]
    if options == ["--cutoffs"]:
        race({"one cutoff": own(mainstay, log, TWENTY, [CUTOFF], "one"),
              "four cutoffs": own(mainstay, log, TWENTY, CUTOFFS, "four")})
    else:
        features = ALL if options == ["--all"] else TWENTY
        race({"mainstay": own(mainstay, log, features, [CUTOFF], "mainstay"), "duckdb": peer("duckdb", log, features),
              "polars": peer("polars", log, features)})
        differences(features)
