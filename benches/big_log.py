"""Makes the log the speed of the history is measured on: about 19 million lines, 7 million orders, 1 million customers.

    /tmp/peers/bin/python benches/big_log.py /tmp/big.parquet [TIMES]

TIMES so many customers make a log so many times the size: 10 takes about 10 GB of memory to make.

Customers buy at their own pace over three years until they leave; the file is in order of time, as a shop would export
it, with text identifiers. zstd Parquet, about 240 MB. The same seed gives the same rows.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CUSTOMERS, DAYS, SEED = 1_000_000, 1096, 7
START_MICROS = 1_609_459_200_000_000  # 2021-01-01
ROWS_PER_GROUP = 1_000_000


def orders(random, customers):
    """Customer and instant of every order, in order of time."""
    joined = random.uniform(0, DAYS - 30, customers)
    stays = random.exponential(420, customers)
    active = np.minimum(joined + stays, DAYS) - joined
    yearly = random.gamma(1.1, 7.1, customers)
    repeats = random.poisson(yearly * active / 365)
    customer = np.repeat(np.arange(customers), 1 + repeats)
    first = np.concatenate([[0], np.cumsum(1 + repeats)[:-1]])
    day = joined[customer] + random.uniform(0, 1, len(customer)) * active[customer]
    day[first] = joined
    in_time = np.argsort(day, kind="stable")
    return customer[in_time], START_MICROS + (day[in_time] * 86_400).astype(np.int64) * 1_000_000


def hexadecimal(begin, end, odd):
    """Different texts of 16 hexadecimal digits that show no order, by number."""
    return pa.array([f"{(number + 1) * odd % 2**64:016x}" for number in range(int(begin), int(end))])


def main(path, times=1):
    random = np.random.default_rng(SEED)
    customer, instant = orders(random, CUSTOMERS * int(times))
    lines = 1 + random.poisson(1.7, len(customer))
    line_order = np.repeat(np.arange(len(customer)), lines)
    amount = np.round(random.lognormal(2.6, 0.8, len(line_order)), 2)
    returned = random.uniform(0, 1, len(line_order)) < 0.02
    amount[returned] = -amount[returned]

    customer_ids = hexadecimal(0, CUSTOMERS * int(times), 0x9E3779B97F4A7C15)
    schema = pa.schema(
        [("customer_id", pa.string()), ("order_id", pa.string()), ("ts", pa.timestamp("us", tz="UTC")),
         ("amount", pa.float64())]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(line_order), ROWS_PER_GROUP):
            order = line_order[start : start + ROWS_PER_GROUP]
            # Lines are in the order of their orders' numbers.
            order_ids = hexadecimal(order[0], order[-1] + 1, 0xD1342543DE82EF95)
            writer.write_table(
                pa.table(
                    {
                        "customer_id": customer_ids.take(pa.array(customer[order])),
                        "order_id": order_ids.take(pa.array(order - order[0])),
                        "ts": pa.array(instant[order], pa.timestamp("us", tz="UTC")),
                        "amount": pa.array(amount[start : start + ROWS_PER_GROUP]),
                    },
                    schema,
                )
            )
    print(f"{len(line_order)} lines, {len(customer)} orders, {len(np.unique(customer))} customers in {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
