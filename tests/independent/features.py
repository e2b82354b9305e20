"""The features and the label in SQL, by DuckDB: answers that share no code with Mainstay.

`compare` and the golden file hold the five core features and the label, `compare-wide` and `golden` every feature that
needs no more than purchases and complaints.
"""

import json
import pathlib
import sys

import duckdb

ROOT = pathlib.Path(__file__).parents[2]
CDNOW = ROOT / "notebooks-data/cdnow/purchases.parquet"
GOLDEN = ROOT / "tests/golden/cdnow_features.parquet"
COLUMNS = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days"]

# ts is cast to a plain timestamp in UTC, so that no session time zone can move a day.
LINES = "select customer_id, order_id, timezone('UTC', ts) as ts, amount from '{purchases}'"

SNAPSHOT = """
with lines as ({lines}),
past as (
    select customer_id, order_id, min(ts) as ts, sum(amount order by ts, amount) as amount
    from lines where ts <= $cutoff group by all having sum(amount) > 0
),
complaints as ({complaints}),
features as (
    select customer_id,
        (epoch_us($cutoff) - epoch_us(max(ts))) // 86400000000 as recency_days,
        count(distinct ts::date) as frequency,
        sum(amount order by ts) / count(*) as monetary,
        (epoch_us($cutoff) - epoch_us(min(ts))) // 86400000000 as tenure_days
    from past group by customer_id
    having max(ts) > $cutoff - to_days($lookback)
),
window_orders as (
    select customer_id, order_id, min(ts) as ts, sum(amount) as amount
    from lines where ts <= $cutoff + to_days($horizon) group by all
),
bought as (select distinct customer_id from window_orders where ts > $cutoff and amount > 0)
select f.customer_id, recency_days, frequency, monetary,
    coalesce(c.complaint_count, 0) as complaint_count, tenure_days,
    b.customer_id is null as churned
from features f
left join (select customer_id, count(*) as complaint_count from complaints where ts <= $cutoff group by 1) c
    using (customer_id)
left join bought b using (customer_id)
order by f.customer_id
"""


def snapshot(cutoff, lookback, horizon=90, purchases=CDNOW, complaints=None):
    """The population at a cutoff: customer_id, the five features and whether they churned, as an Arrow table."""
    no_complaints = "select customer_id, ts from lines where false"
    some = f"select customer_id, timezone('UTC', ts) as ts from '{complaints}'"
    query = SNAPSHOT.format(lines=LINES.format(purchases=purchases), complaints=some if complaints else no_complaints)
    query = query.replace("$cutoff", f"timestamp '{cutoff}'")
    query = query.replace("$lookback", str(lookback)).replace("$horizon", str(horizon))
    return duckdb.sql(query).to_arrow_table()


# All instants are whole microseconds since 1970 in UTC, all money is decimal until it has been compared with zero.
WIDE = """
with events as (
    select customer_id, order_id, epoch_us(ts) as us, sum(cast(amount as decimal(18, 6))) as amount
    from '{purchases}' where epoch_us(ts) <= {cutoff} group by all
),
orders as (select customer_id, min(us) as us, sum(amount) as amount from events group by customer_id, order_id),
bought as (select customer_id, us, amount, cast(amount as double) as money from orders where amount > 0),
net as (select customer_id, sum(amount) as net from orders group by 1),
returned as (select customer_id, count(*) as events, -sum(amount) as amount from events where amount < 0 group by 1),
visits as (select customer_id, min(us) as us from bought group by customer_id, us // {day}),
gaps as (select customer_id, (us - lag(us) over (partition by customer_id order by us)) / {day} as gap from visits),
rhythm as (
    select customer_id, count(*) as frequency, avg(gap) as gap_mean_days, stddev_pop(gap) as gap_spread_days,
        max(gap) as gap_longest_days
    from gaps group by 1
),
complaints as ({complaints}),
complained as (
    select customer_id, count(*) as complaint_count, count(*) filter (us > {cutoff} - 90 * {day}) as complaints_90d,
        ({cutoff} - max(us)) // {day} as days_since_complaint
    from complaints where us <= {cutoff} group by 1
),
purchases as (
    select customer_id, ({cutoff} - max(us)) // {day} as recency_days, ({cutoff} - min(us)) // {day} as tenure_days,
        ({cutoff} - max(us)) / {day} as silence, count(*) as purchases, avg(money) as monetary,
        max(money) as largest_amount, stddev_pop(money) as amount_spread, {windows}
    from bought group by 1 having max(us) > {cutoff} - {lookback} * {day}
)
select customer_id, recency_days, frequency, monetary, coalesce(complaint_count, 0) as complaint_count, tenure_days,
    {trend}, {change}, largest_amount, amount_spread, cast(net as double) / purchases as net_monetary,
    gap_mean_days, gap_spread_days, gap_longest_days, silence / gap_mean_days as silence_ratio,
    coalesce(events, 0) as return_count, cast(coalesce(r.amount, 0) as double) as returned_money,
    case when net + coalesce(r.amount, 0) > 0
        then cast(coalesce(r.amount, 0) as double) / cast(net + coalesce(r.amount, 0) as double) end as return_share,
    coalesce(complaints_90d, 0) as complaints_90d, days_since_complaint,
    coalesce(complaint_count, 0) / purchases as complaints_per_purchase,
    coalesce(complaint_count, 0) as open_complaints,
    {season}
from purchases join rhythm using (customer_id) join net using (customer_id)
left join returned r using (customer_id) left join complained using (customer_id)
order by customer_id
"""


def wide(purchases, complaints, cutoff, lookback):
    """Every feature that needs no more than purchases and complaints (no complaint has a `resolved_at`)."""
    instant = cutoff if cutoff[10:] else f"{cutoff}T00:00:00Z"
    at = duckdb.sql(f"select epoch_us(timestamptz '{instant}')").fetchall()[0][0]
    windows = {}  # the purchases and their money in (cutoff - n days, cutoff - m days]
    for n in (30, 90, 180, 365):
        windows[f"{n}d"], windows[f"{n}d_before"] = (n, 0), (2 * n, n)
    windows["90d_year_ago"], windows["next_90d_year_ago"] = (365 + 90, 365), (365, 365 - 90)
    totals = [f"{what} filter (us > {at} - {n} * {{day}} and us <= {at} - {m} * {{day}}) as {kind}_{name}"
              for name, (n, m) in windows.items()
              for kind, what in (("purchases", "count(*)"), ("money", "sum(amount)"))]

    def each(names, column):
        return ", ".join(column.format(k=kind, n=name) for kind in ("purchases", "money") for name in names)

    lengths, value = ["30d", "90d", "180d", "365d"], "cast(coalesce({k}_{n}, 0) as double)"
    some = f"select customer_id, epoch_us(ts) as us from '{complaints}'"
    none = "select '' as customer_id, 0 as us where false"
    query = WIDE.replace("{windows}", ", ".join(totals)).format(
        day=86_400_000_000, cutoff=at, lookback=lookback, purchases=purchases, complaints=some if complaints else none,
        trend=each(lengths, value + " as {k}_{n}"),
        change=each(lengths, "cast(coalesce({k}_{n}, 0) - coalesce({k}_{n}_before, 0) as double) as {k}_{n}_change"),
        season=each(["90d_year_ago", "next_90d_year_ago"], value + " as {k}_{n}"))
    return duckdb.sql(query).to_arrow_table()


def compare_wide(purchases, complaints, cutoff, lookback, features):
    """Prints of every column how many rows differ by more than rounding; whether none does."""
    theirs = wide(purchases, complaints, cutoff, lookback)  # noqa: F841 (read by DuckDB)
    ours = duckdb.sql(f"select * from '{features}'")  # noqa: F841
    apart = duckdb.sql("select count(*) from theirs full join ours using (customer_id) "
                       "where theirs.recency_days is null or ours.recency_days is null").fetchall()[0][0]
    print(f"{theirs.num_rows} rows; {apart} in one table only")
    wrong = apart
    for column in theirs.column_names[1:]:
        different = duckdb.sql(
            f"select count(*) filter (coalesce(abs(a.{column} - b.{column}) > 1e-9 * (1 + abs(a.{column})), "
            f"(a.{column} is null) <> (b.{column} is null))) from ours a join theirs b using (customer_id)"
        ).fetchall()[0][0]
        print(f"{column}: {different} rows differ")
        wrong += different
    return wrong == 0


def sums(purchases, complaints, cutoff, lookback):
    """The number of rows, and of every column how many have a value and what they come to; of whole numbers also the
    SHA-256 of a line "customer_id:value" for each row, in the order of customers, no value being an empty one."""
    features = wide(purchases, complaints, cutoff, lookback)
    columns = {}
    for column in features.column_names[1:]:
        count, total, whole, lines = duckdb.sql(
            f"select count({column}), fsum({column}), coalesce(bool_and({column} = floor({column})), true), "
            f"sha256(string_agg(customer_id || ':' || coalesce(cast(cast({column} as bigint) as varchar), ''), chr(10) "
            f"order by customer_id)) from features").fetchall()[0]
        columns[column] = {"count": count, "sum": total, **({"sha256": lines} if whole else {})}
    return {"rows": features.num_rows, "columns": columns}


def write_golden():
    import pyarrow.parquet as pq

    table = snapshot("1998-04-01", 180)
    pq.write_table(table, GOLDEN, compression="zstd", compression_level=19)
    print(f"{table.num_rows} rows in {GOLDEN.relative_to(ROOT)}")


def compare(purchases, complaints, cutoff, lookback, features):
    theirs = snapshot(cutoff, lookback, purchases=purchases, complaints=complaints)  # noqa: F841 (read by DuckDB)
    ours = duckdb.sql(f"select * from '{features}'")  # noqa: F841
    missing = duckdb.sql("select count(*) from theirs full join ours using (customer_id) "
                         "where theirs.recency_days is null or ours.recency_days is null").fetchall()[0][0]
    print(f"{theirs.num_rows} rows; {missing} in one table only")
    for column in COLUMNS:
        worst = duckdb.sql(f"select max(abs(theirs.{column} - ours.{column}) / (1 + abs(ours.{column}))) "
                           "from theirs join ours using (customer_id)").fetchall()[0][0]
        print(f"{column}: largest relative difference {worst:.1e}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["compare"]:
        purchases, *complaints, cutoff, lookback, features = sys.argv[2:]
        compare(purchases, complaints[0] if complaints else None, cutoff, int(lookback), features)
    elif sys.argv[1:2] == ["compare-wide"]:
        purchases, *complaints, cutoff, lookback, features = sys.argv[2:]
        agree = compare_wide(purchases, complaints[0] if complaints else None, cutoff, int(lookback), features)
        sys.exit(0 if agree else 1)
    elif sys.argv[1:2] == ["golden"]:
        purchases, *complaints, cutoff, lookback = sys.argv[2:]
        print(json.dumps(sums(purchases, complaints[0] if complaints else None, cutoff, int(lookback)), indent=1))
    else:
        write_golden()
