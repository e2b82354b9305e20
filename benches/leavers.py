"""What leavers bring anyway, beside customers who stayed: for docs/economics.md, "Who churns is not always lost".

    python benches/leavers.py purchases.parquet AS_OF HORIZON LOOKBACK UNTIL
    python benches/leavers.py cdnow/purchases.parquet 1997-06-30 90 180 1998-06-30
    python benches/leavers.py online_retail_ii/purchases.parquet 2010-12-09 90 365 2011-12-09

Who bought in the LOOKBACK days before AS_OF and buys nothing in the HORIZON days after it is a leaver, by the number of days with an order so far; the
mean of what customers bring from the horizon's end UNTIL that day, returns taken off.
"""

import sys

import duckdb

QUERY = """
with log as (select customer_id, ts::timestamp as ts, amount from read_parquet($log)),
population as (
    select customer_id, count(distinct ts::date) as days from log where ts <= $as_of::timestamp
    group by customer_id having max(ts) > $as_of::timestamp - to_days($lookback)
),
later as (
    select customer_id,
        count(*) filter (amount > 0 and ts <= $as_of::timestamp + to_days($horizon)) as within,
        coalesce(sum(amount) filter (ts > $as_of::timestamp + to_days($horizon)), 0) as brought
    from log where ts > $as_of::timestamp and ts <= $until::timestamp group by customer_id
),
each as (
    select case when days = 1 then '1' when days <= 3 then '2 and 3' when days <= 9 then '4 to 9' else '10 and more' end as purchase_days,
        coalesce(within, 0) = 0 as has_left, coalesce(brought, 0) as brought, days
    from population left join later using (customer_id)
)
select purchase_days, count(*) filter (has_left) as leavers, avg(brought) filter (has_left) as leavers_bring,
    avg(brought) filter (not has_left) as stayers_bring, leavers_bring / stayers_bring as share
from each group by purchase_days order by min(days)
"""


def main():
    log, as_of, horizon, lookback, until = sys.argv[1:]
    told = {"log": log, "as_of": as_of, "horizon": int(horizon), "lookback": int(lookback), "until": until}
    for purchase_days, leavers, bring, stayers, share in duckdb.execute(QUERY, told).fetchall():
        print(f"bought on {purchase_days}: {leavers} leavers bring {bring:.2f}, stayers {stayers:.2f}: {share:.2f}")


if __name__ == "__main__":
    main()
