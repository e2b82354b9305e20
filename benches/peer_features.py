"""The features of a log as a data engineer asks DuckDB and Polars for them, for features_vs_peers.py and batch_vs_peers.py.

Both queries are the fastest of several that give the same answers. They group lines to orders and orders to customers,
and keep the customer's instants as a list for the gaps; slower were a window function (lag) over the days of all
customers and a join of its result, in Polars lists worked on as lists. Different products DuckDB counts fastest as bits of
an enumeration (2.4 s where count(distinct) takes 4.2), Polars as n_unique (1.3 s, unique pairs 2.9).

TWENTY are issue 3's, on any log. ALL are those of a model that was trained on a log with products, discounts and
cancellations and no complaints, but expected_purchases, which is BG/NBD's and no aggregate: see peer_decision.py. They
may know the log, as such a query does: an order and its cancellation have one instant each, the cancellation never the
earlier, and amounts are in whole cents, so that an order of less than half a cent is one that was cancelled. Four of ALL are
of complaints, and constants.
"""

WINDOWS = [30, 90, 180, 365]
TWENTY = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days",
          *(f"purchases_{n}d" for n in WINDOWS), *(f"money_{n}d" for n in WINDOWS), "largest_amount", "amount_spread",
          "gap_mean_days", "gap_spread_days", "gap_longest_days", "silence_ratio", "net_monetary"]
# The others in the SQL of both: windows less the windows before, and what `goods` and `returned` have.
MORE = {
    **{f"{what}_{n}d_change": f"2 * {what}_{n}d - {what}_{2 * n}d" for what in ("purchases", "money") for n in WINDOWS},
    **{f"{what}_{name}_year_ago": f"{what}_{begin}d - {what}_{end}d" for what in ("purchases", "money")
       for name, begin, end in (("90d", 455, 365), ("next_90d", 365, 275))},
    "return_count": "coalesce(returns, 0)", "returned_money": "coalesce(returned, 0)",
    "return_share": "coalesce(returned, 0) / (net_monetary * purchases + coalesce(returned, 0))",
    "complaints_90d": "0", "days_since_complaint": "cast(null as double)", "complaints_per_purchase": "0",
    "open_complaints": "0", "product_count": "coalesce(products, 0)",
    "products_per_purchase": "coalesce(products, 0) / cast(purchases as double)",
    "discount_share": "coalesce(discounts, 0) / (coalesce(discounts, 0) + monetary * purchases)",
}
ALL = [*TWENTY, *MORE]

# us and paid are null in an order that is no purchase, and aggregates leave nulls out.
DUCKDB = """
import duckdb
duckdb.sql("set threads = 2")
duckdb.sql("set preserve_insertion_order = false")
day, cutoff = "86400000000", "epoch_us(timestamptz '{cutoff} 00:00:00+00')"
windows = ", ".join(f"count(case when us > {{cutoff}} - {{n}} * {{day}} then paid end) as purchases_{{n}}d, "
                    f"coalesce(sum(case when us > {{cutoff}} - {{n}} * {{day}} then paid end), 0) as money_{{n}}d"
                    for n in {windows})
more = totals = joined = ""
{prepare}
query = f'''
    with lines as (
        select customer_id, min(epoch_us(ts)) as us, sum(amount) as amount from '{log}'
        where ts <= timestamptz '{cutoff} 00:00:00+00' group by customer_id, {order}),
    orders as (
        select customer_id, amount, case when amount > {least} then us end as us,
            case when amount > {least} then amount end as paid
        from lines),
    {{more}} customers as (
        select customer_id, ({{cutoff}} - max(us)) // {{day}} as recency_days, avg(paid) as monetary,
            0 as complaint_count, ({{cutoff}} - min(us)) // {{day}} as tenure_days, {{windows}},
            max(paid) as largest_amount, stddev_pop(paid) as amount_spread, sum(amount) / count(paid) as net_monetary,
            {{totals}} ({{cutoff}} - max(us)) / {{day}} as silence, list(us order by us) filter (us is not null) as all_us
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
    select customer_id, {features} from features {{joined}} order by customer_id'''
"""
DUCKDB_MORE = """
duckdb.sql("create type product as enum (select distinct product_id from '{log}')")
last = duckdb.sql("select len(enum_range(null::product)) - 1").fetchall()[0][0]
more = f'''goods as (
        select customer_id, sum(discount) as discounts,
            bit_count(bitstring_agg(enum_code(product_id::product)::int, 0, {{last}}) filter (amount > 0)) as products
        from '{log}' where ts <= timestamptz '{cutoff} 00:00:00+00' group by customer_id),
    returned as (
        select customer_id, count(distinct cancels_order_id) as returns, -sum(amount) as returned from '{log}'
        where ts <= timestamptz '{cutoff} 00:00:00+00' and cancels_order_id is not null group by customer_id),'''
totals = "count(paid) as purchases,"
joined = "left join goods using (customer_id) left join returned using (customer_id)"
"""

POLARS = """
import polars as pl
from datetime import datetime, timezone
instant = datetime.fromisoformat("{cutoff}").replace(tzinfo=timezone.utc)
cutoff, day = int(instant.timestamp()) * 1_000_000, 86_400_000_000
col, us, amount, paid, gap, k = pl.col, pl.col("us"), pl.col("amount"), pl.col("paid"), pl.col("gap"), pl.col("k")
log = pl.scan_parquet("{log}").filter(col("ts") <= instant)
orders = (log.group_by("customer_id", pl.sql_expr("{order}").alias("order"))
    .agg(col("ts").min().dt.timestamp("us").alias("us"), amount.sum())
    .select("customer_id", "amount", us=pl.when(amount > {least}).then(us), paid=pl.when(amount > {least}).then(amount)))
customers = (orders.group_by("customer_id").agg(
        us.max().alias("last"), us.min().alias("first"), paid.count().alias("purchases"), paid.mean().alias("monetary"),
        *[(us > cutoff - n * day).sum().cast(pl.Int64).alias(f"purchases_{{n}}d") for n in {windows}],
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
found = customers.hstack(visits.drop("k")).lazy()
{prepare}
features = (found.with_columns(
        recency_days=(cutoff - col("last")) // day, tenure_days=(cutoff - col("first")) // day,
        complaint_count=pl.lit(0), silence_ratio=(cutoff - col("last")) / day / col("gap_mean_days"),
        net_monetary=col("net") / col("purchases"))
    .select("customer_id", *map(pl.sql_expr, {expressions})).sort("customer_id"))
"""
POLARS_MORE = """
goods = (log.filter(amount > 0).group_by("customer_id")
    .agg(col("discount").sum().alias("discounts"), col("product_id").n_unique().alias("products"))
    .collect(engine="streaming").lazy())
returned = (log.filter(col("cancels_order_id").is_not_null()).group_by("customer_id")
    .agg(col("cancels_order_id").n_unique().alias("returns"), (-amount.sum()).alias("returned"))
    .collect(engine="streaming").lazy())
found = found.join(goods, on="customer_id", how="left").join(returned, on="customer_id", how="left")
"""


def queries(peer, log, cutoff, lookback_days, every=False):
    """The peer's code for TWENTY or, of `every`, ALL: it defines `query` (DuckDB) or `features` (Polars)."""
    code, more = {"duckdb": (DUCKDB, DUCKDB_MORE), "polars": (POLARS, POLARS_MORE)}[peer]
    features = [*TWENTY, *(f"{sql} as {name}" for name, sql in MORE.items())] if every else TWENTY
    return code.format(
        log=log, cutoff=cutoff, lookback=lookback_days, windows=[*WINDOWS, 60, 360, 730, 275, 455] if every else WINDOWS,
        order="coalesce(cancels_order_id, order_id)" if every else "order_id", least="0.005" if every else "0",
        prepare=more.format(log=log, cutoff=cutoff) if every else "", features=", ".join(features), expressions=features)
