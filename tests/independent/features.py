"""The five features and the label in SQL, by DuckDB: an answer that shares no code with Mainstay."""

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
    else:
        write_golden()
