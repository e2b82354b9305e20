"""Reading a log to the five features at one cutoff: Mainstay, DuckDB and Polars side by side, two threads each.

    cargo build --release && cargo bench --bench decode_floor --no-run
    /tmp/peers/bin/pip install -r tests/independent/requirements.txt polars==2.1.0
    /tmp/peers/bin/python benches/big_log.py /tmp/big.parquet
    /tmp/peers/bin/python benches/features_vs_peers.py target/release/mainstay /tmp/big.parquet

Every run is a process of its own, from the files to a Parquet file with the features; the runs take turns, so that the
machine's moods meet all alike. Prints the median, least and most wall seconds and the peak resident memory of each, and
how many rows differ by more than rounding. (A few do: an order of 0.10, 0.20 and -0.30 comes to 2.8e-17 in floating
point, which both peers take for a purchase; Mainstay adds exactly.) The population is who bought in the 365 days before 2023-10-01.
"""

import os
import resource
import statistics
import subprocess
import sys
import time

RUNS = 5
CUTOFF, LOOKBACK = "2023-10-01", 365
OUT = "/tmp/features-of-{}.parquet"

DUCKDB = """
import duckdb
duckdb.sql("set threads = 2")
duckdb.sql('''copy (
    with orders as (
        select customer_id, order_id, min(ts) as ts, sum(amount) as amount from '{log}'
        where ts <= timestamptz '{cutoff} 00:00:00+00' group by all having sum(amount) > 0)
    select customer_id,
        (epoch_us(timestamptz '{cutoff} 00:00:00+00') - epoch_us(max(ts))) // 86400000000 as recency_days,
        count(distinct epoch_us(ts) // 86400000000) as frequency, avg(amount) as monetary, 0 as complaint_count,
        (epoch_us(timestamptz '{cutoff} 00:00:00+00') - epoch_us(min(ts))) // 86400000000 as tenure_days
    from orders group by customer_id
    having epoch_us(max(ts)) > epoch_us(timestamptz '{cutoff} 00:00:00+00') - {lookback} * 86400000000
    order by customer_id) to '{out}' (compression zstd)''')
"""

POLARS = """
import polars as pl
from datetime import datetime, timedelta, timezone
cutoff = datetime.fromisoformat("{cutoff}").replace(tzinfo=timezone.utc)
day = 86_400_000_000
orders = (pl.scan_parquet("{log}").filter(pl.col("ts") <= cutoff).group_by("customer_id", "order_id")
    .agg(pl.col("ts").min(), pl.col("amount").sum()).filter(pl.col("amount") > 0))
features = (orders.group_by("customer_id").agg(
        ((pl.lit(cutoff) - pl.col("ts").max()).dt.total_microseconds() // day).alias("recency_days"),
        (pl.col("ts").dt.timestamp("us") // day).n_unique().alias("frequency"),
        pl.col("amount").mean().alias("monetary"), pl.lit(0).alias("complaint_count"),
        ((pl.lit(cutoff) - pl.col("ts").min()).dt.total_microseconds() // day).alias("tenure_days"),
        pl.col("ts").max().alias("last"))
    .filter(pl.col("last") > cutoff - timedelta(days={lookback})).drop("last").sort("customer_id"))
features.collect(engine="streaming").write_parquet("{out}", compression="zstd")
"""


def commands(mainstay, log):
    def peer(name, code):
        code = code.format(log=log, cutoff=CUTOFF, lookback=LOOKBACK, out=OUT.format(name))
        return [sys.executable, "-c", code]

    own = [mainstay, "features", "--purchases", log, "--as-of", CUTOFF, "--lookback", f"{LOOKBACK}d"]
    return {
        "mainstay": own + ["--threads", "2", "--out", OUT.format("mainstay")],
        "duckdb": peer("duckdb", DUCKDB),
        "polars": peer("polars", POLARS),
    }


def run(command):
    """Wall seconds and peak resident MB of one process."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.monotonic() - began, usage.ru_maxrss / 1024


def differences():
    import duckdb

    for peer in ("duckdb", "polars"):
        ours, theirs = (f"'{OUT.format(name)}'" for name in ("mainstay", peer))
        columns = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days"]
        differ = " or ".join(f"abs(a.{c} - b.{c}) > 1e-9 * (1 + abs(a.{c}))" for c in columns)
        both, different = duckdb.sql(f"select count(*), count(*) filter ({differ}) "
                                     f"from {ours} a join {theirs} b using (customer_id)").fetchall()[0]
        counts = [duckdb.sql(f"select count(*) from {table}").fetchall()[0][0] for table in (ours, theirs)]
        print(f"against {peer}: {counts[0]} and {counts[1]} rows, {both} in both, {different} different")


if __name__ == "__main__":
    contenders = commands(*sys.argv[1:3])
    figures = {name: [] for name in contenders}
    for number in range(RUNS + 1):
        for name, command in contenders.items():
            figure = run(command)
            if number > 0:  # the first round warms up
                figures[name].append(figure)
    base = statistics.median(seconds for seconds, _ in figures["mainstay"])
    for name, runs in figures.items():
        seconds, memory = [s for s, _ in runs], max(m for _, m in runs)
        median = statistics.median(seconds)
        print(f"{name}: {median:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), {memory:.0f} MB; "
              f"{median / base:.1f} times mainstay's time")
    differences()
