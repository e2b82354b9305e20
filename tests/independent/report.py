"""Retention and churn by period, tier and cell of the value matrix in SQL, by DuckDB: writes tests/golden/report.json,
which tests/end_to_end/report.rs holds `mainstay report` to."""

import json
import pathlib

import duckdb

ROOT = pathlib.Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
LOGS = [("cdnow", "month", 365, "1998-01-01", 6), ("online_retail_ii", "month", 365, "2010-12-01", 12)]

# Who had bought what before an instant, and whether it was within the lookback.
BASE = """
create or replace temp table {name} as
with orders as (
    select customer_id, order_id, min(ts) as ts, sum(amount) as amount from lines where ts < timestamp '{at}' group by all
)
select customer_id, count(*) as purchases, sum(amount) as bought,
    coalesce(sum(amount) filter (ts >= timestamp '{at}' - to_days({lookback})), 0) as lately,
    max(ts) >= timestamp '{at}' - to_days({lookback}) as is_customer
from orders where round(amount, 6) > 0 group by customer_id
"""

TOTAL = """
select count(*) filter (a.is_customer) as customers_at_start,
    count(*) filter (b.is_customer and a.is_customer is not true) as new,
    count(*) filter (b.is_customer and a.is_customer = false) as returned,
    count(*) filter (a.is_customer and b.is_customer is not true) as lost,
    count(*) filter (b.is_customer) as customers_at_end,
    sum(a.lately) filter (a.is_customer) as bought,
    sum(a.lately) filter (a.is_customer and b.is_customer is not true) as bought_by_lost
from at_start a full join at_end b using (customer_id)
"""

# Equals at a cut are in the lower tier: what counts is the last rank of those worth the same.
SEGMENTS = """
with net as (
    select customer_id, round(sum(amount), 6) <= 0 as is_problem from lines where ts < timestamp '{at}' group by 1
),
base as (
    select a.*, round(a.bought, 6) as worth, b.is_customer is not true as is_lost, is_problem
    from at_start a left join at_end b using (customer_id) join net using (customer_id) where a.is_customer
),
ranked as (
    select *, rank() over (order by worth desc) + count(*) over (partition by worth) - 1 as last_rank,
        count(*) over () as customers, avg(purchases) over () as mean_purchases,
        sum(bought) over () / sum(purchases) over () as mean_amount
    from base
),
named as (
    select is_lost,
        case when is_problem then 'problem' when last_rank <= ceil(customers * 20 / 100.0) then 'key'
            when last_rank <= ceil(customers * 50 / 100.0) then 'ordinary' else 'small' end as tier,
        case when bought / purchases > mean_amount then if(purchases > mean_purchases, 'best', 'spender')
            else if(purchases > mean_purchases, 'frequent', 'uncertain') end as cell
    from ranked
)
select 'tier', tier, count(*), count(*) filter (is_lost) from named group by all
union all select 'value matrix', cell, count(*), count(*) filter (is_lost) from named group by all
order by all
"""


def periods(log, period, lookback, first, count):
    """Every period of a log: its turnover, and customers and losses of its segments."""
    purchases = DATA / log / "purchases.parquet"
    con = duckdb.connect()
    con.execute(
        "create table lines as select customer_id, order_id, timezone('UTC', ts) as ts, amount"
        f" from '{purchases}' where customer_id is not null"
    )
    told = []
    for number in range(count):
        bounds = f"select date '{first}' + to_months({number}), date '{first}' + to_months({number} + 1)"
        start, end = con.execute(bounds).fetchone()
        for name, at in [("at_start", start), ("at_end", end)]:
            con.execute(BASE.format(name=name, at=at, lookback=lookback))
        total = con.execute(TOTAL)
        one = {"period": start.strftime("%Y-%m")}
        one.update(zip([column[0] for column in total.description], total.fetchone()))
        for segmentation, segment, customers, lost in con.execute(SEGMENTS.format(at=start)).fetchall():
            one.setdefault(segmentation, {})[segment] = [customers, lost]
        told.append(one)
    return {"period": period, "lookback_days": lookback, "periods": told}


if __name__ == "__main__":
    golden = {log: periods(log, *rest) for log, *rest in LOGS}
    (ROOT / "tests/golden/report.json").write_text(json.dumps(golden, indent=1) + "\n")
