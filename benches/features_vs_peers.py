"""Reading a log to twenty features at one cutoff: Mainstay, DuckDB and Polars side by side, two threads each.

    cargo build --release && cargo bench --bench decode_floor --no-run
    /tmp/peers/bin/pip install -r tests/independent/requirements.txt polars==2.1.0
    /tmp/peers/bin/python benches/big_log.py /tmp/big.parquet
    /tmp/peers/bin/python benches/features_vs_peers.py target/release/mainstay /tmp/big.parquet [--cutoffs]

Every run is a process of its own, from the file to a zstd Parquet file with the features in order of customer_id; the
runs take turns, so that the machine's moods meet all alike. Prints the median, least and most wall seconds and the peak
resident memory of each, and of every column how many rows differ by more than rounding. (A few do: an order of 0.10,
0.20 and -0.30 comes to 2.8e-17 in floating point, which both peers take for a purchase; Mainstay adds exactly.) The
population is who bought in the 365 days before 2023-10-01. With `--cutoffs`: Mainstay alone, one cutoff against four.

The peers' queries are the fastest of several that give the same answers. Both group lines to orders and orders to
customers, and keep the customer's instants as a list for the gaps; slower were a window function (lag) over the days of
all customers and a join of its result, in Polars lists worked on as lists.
"""

import os
import statistics
import subprocess
import sys
import time

RUNS = 5
CUTOFF, LOOKBACK = "2023-10-01", 365
CUTOFFS = [CUTOFF, "2023-07-01", "2023-04-01", "2023-01-01"]
OUT = "/tmp/features-of-{}.parquet"
WINDOWS = [30, 90, 180, 365]
FEATURES = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days",
            *(f"purchases_{n}d" for n in WINDOWS), *(f"money_{n}d" for n in WINDOWS), "largest_amount", "amount_spread",
            "gap_mean_days", "gap_spread_days", "gap_longest_days", "silence_ratio", "net_monetary"]

# us and paid are null in an order that is no purchase, and aggregates leave nulls out.
DUCKDB = """
import duckdb
duckdb.sql("set threads = 2")
duckdb.sql("set preserve_insertion_order = false")
day, cutoff = "86400000000", "epoch_us(timestamptz '{cutoff} 00:00:00+00')"
windows = ", ".join(f"count(case when us > {{cutoff}} - {{n}} * {{day}} then paid end) as purchases_{{n}}d, "
                    f"coalesce(sum(case when us > {{cutoff}} - {{n}} * {{day}} then paid end), 0) as money_{{n}}d"
                    for n in {windows})
query = f'''
    with lines as (
        select customer_id, min(epoch_us(ts)) as us, sum(amount) as amount from '{log}'
        where ts <= timestamptz '{cutoff} 00:00:00+00' group by customer_id, order_id),
    orders as (
        select customer_id, amount, case when amount > 0 then us end as us, case when amount > 0 then amount end as paid
        from lines),
    customers as (
        select customer_id, ({{cutoff}} - max(us)) // {{day}} as recency_days, avg(paid) as monetary,
            0 as complaint_count, ({{cutoff}} - min(us)) // {{day}} as tenure_days, {{windows}},
            max(paid) as largest_amount, stddev_pop(paid) as amount_spread, sum(amount) / count(paid) as net_monetary,
            ({{cutoff}} - max(us)) / {{day}} as silence, list(us order by us) filter (us is not null) as all_us
        from orders group by customer_id having max(us) > {{cutoff}} - {lookback} * {{day}}),
    days as (
        select *, [z[1] for z in list_zip(all_us, list_prepend(null::bigint, all_us), true)
                   if z[2] is null or z[1] // {{day}} <> z[2] // {{day}}] as visits from customers),
    gaps as (
        select *, len(visits) as frequency,
            [z[1] - z[2] for z in list_zip(visits[2:], visits, true)] as gaps from days),
    features as (
        select *, list_avg(gaps) / {{day}} as gap_mean_days, list_stddev_pop(gaps) / {{day}} as gap_spread_days,
            list_max(gaps) / {{day}} as gap_longest_days, silence / gap_mean_days as silence_ratio from gaps)
    select customer_id, {features} from features order by customer_id'''
"""

POLARS = """
import polars as pl
from datetime import datetime, timezone
instant = datetime.fromisoformat("{cutoff}").replace(tzinfo=timezone.utc)
cutoff, day = int(instant.timestamp()) * 1_000_000, 86_400_000_000
col, us, amount, paid, gap, k = pl.col, pl.col("us"), pl.col("amount"), pl.col("paid"), pl.col("gap"), pl.col("k")
orders = (pl.scan_parquet("{log}").filter(col("ts") <= instant).group_by("customer_id", "order_id")
    .agg(col("ts").min().dt.timestamp("us").alias("us"), amount.sum())
    .select("customer_id", "amount", us=pl.when(amount > 0).then(us), paid=pl.when(amount > 0).then(amount)))
customers = (orders.group_by("customer_id").agg(
        us.max().alias("last"), us.min().alias("first"), paid.count().alias("purchases"), paid.mean().alias("monetary"),
        *[(us > cutoff - n * day).sum().alias(f"purchases_{{n}}d") for n in {windows}],
        *[pl.when(us > cutoff - n * day).then(paid).sum().alias(f"money_{{n}}d") for n in {windows}],
        paid.max().alias("largest_amount"), paid.std(ddof=0).alias("amount_spread"), amount.sum().alias("net"), us)
    .filter(col("last") > cutoff - {lookback} * day).with_columns(us.list.drop_nulls().list.sort())
    .collect(engine="streaming").with_row_index("k"))
visits = (customers.lazy().select("k", "us").explode("us")
    .filter(((k != k.shift()) | (us // day != us.shift() // day)).fill_null(True))
    .with_columns(gap=pl.when(k == k.shift()).then(us - us.shift()) / day)
    .group_by("k", maintain_order=True).agg(
        pl.len().alias("frequency"), gap.mean().alias("gap_mean_days"),
        pl.when(gap.count() > 0).then(gap.std(ddof=0)).alias("gap_spread_days"), gap.max().alias("gap_longest_days"))
    .collect())
features = (customers.hstack(visits.drop("k")).lazy().with_columns(
        recency_days=(cutoff - col("last")) // day, tenure_days=(cutoff - col("first")) // day,
        complaint_count=pl.lit(0), silence_ratio=(cutoff - col("last")) / day / col("gap_mean_days"),
        net_monetary=col("net") / col("purchases"))
    .select("customer_id", *"{features}".split(",")).sort("customer_id"))
"""

WRITTEN = {
    "duckdb": DUCKDB + "duckdb.sql(f\"copy ({{query}}) to '{out}' (format parquet, compression zstd)\")",
    "polars": POLARS + "features.collect(engine='streaming').write_parquet('{out}', compression='zstd')",
}


def own(mainstay, log, cutoffs, name):
    return [mainstay, "features", "--purchases", log, "--as-of", *cutoffs, "--lookback", f"{LOOKBACK}d",
            "--features", ",".join(FEATURES), "--threads", "2", "--out", OUT.format(name)]


def peer(name, log):
    return [sys.executable, "-c", filled(WRITTEN[name], log, CUTOFF, OUT.format(name))]


def filled(code, log, cutoff, out=""):
    return code.format(log=log, cutoff=cutoff, lookback=LOOKBACK, windows=WINDOWS, features=",".join(FEATURES), out=out)


def run(command):
    """Wall seconds and peak resident MB of one process."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.monotonic() - began, usage.ru_maxrss / 1024


def race(contenders, rounds=RUNS):
    """Runs them in turns and prints each one's figures beside the first's; returns the medians of seconds."""
    figures = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, command in contenders.items():
            figure = run(command)
            if number > 0:  # the first round warms up
                figures[name].append(figure)
    first = next(iter(contenders))
    medians = {name: statistics.median(seconds for seconds, _ in runs) for name, runs in figures.items()}
    base = medians[first]
    for name, runs in figures.items():
        seconds, memory, median = [s for s, _ in runs], max(m for _, m in runs), medians[name]
        print(f"{name}: {median:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), {memory:.0f} MB; "
              f"{median / base:.2f} times {first}'s time")
    return medians


def differences():
    import duckdb

    for name in ("duckdb", "polars"):
        ours, theirs = (f"'{OUT.format(table)}'" for table in ("mainstay", name))
        differ = ", ".join(f"count(*) filter (coalesce(abs(a.{c} - b.{c}) > 1e-9 * (1 + abs(a.{c})), "
                           f"(a.{c} is null) <> (b.{c} is null)))" for c in FEATURES)
        both, *different = duckdb.sql(f"select count(*), {differ} "
                                      f"from {ours} a join {theirs} b using (customer_id)").fetchall()[0]
        counts = [duckdb.sql(f"select count(*) from {table}").fetchall()[0][0] for table in (ours, theirs)]
        print(f"against {name}: {counts[0]} and {counts[1]} rows, {both} in both; rows that differ:")
        print("  " + ", ".join(f"{column} {number}" for column, number in zip(FEATURES, different)))


if __name__ == "__main__":
    mainstay, log, *options = sys.argv[1:]
    if options == ["--cutoffs"]:
        race({"one cutoff": own(mainstay, log, [CUTOFF], "one"), "four cutoffs": own(mainstay, log, CUTOFFS, "four")})
    else:
        race({"mainstay": own(mainstay, log, [CUTOFF], "mainstay"), "duckdb": peer("duckdb", log),
              "polars": peer("polars", log)})
        differences()
