"""Makes purchases.parquet and sample_customers.csv from the CDNOW files in the PyPI package lifetimes.

    python3 -m venv /tmp/cdnow && /tmp/cdnow/bin/pip install pyarrow==26.0.1
    /tmp/cdnow/bin/pip download --no-deps -d /tmp/cdnow/dist lifetimes==0.11.3
    /tmp/cdnow/bin/python notebooks-data/cdnow/make.py /tmp/cdnow/dist

The wheel is only unpacked, not installed: its dependencies are not needed for its data.
"""

import datetime
import pathlib
import sys
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
MASTER = "lifetimes/datasets/CDNOW_master.txt"
SAMPLE = "lifetimes/datasets/CDNOW_sample.txt"


def lines(wheel, name):
    return [line.split() for line in wheel.read(name).decode().splitlines()]


def main(folder):
    (path,) = pathlib.Path(folder).glob("[Ll]ifetimes-0.11.3-*.whl")
    wheel = zipfile.ZipFile(path)

    master = lines(wheel, MASTER)
    if master[0][0] == "customer_id":
        master = master[1:]
    customers = [line[0] for line in master]
    days = [datetime.datetime.strptime(line[1], "%Y%m%d").replace(tzinfo=datetime.timezone.utc) for line in master]
    amounts = [float(line[3]) for line in master]
    assert len(master) == 69_659, len(master)
    assert len(set(customers)) == 23_570, len(set(customers))
    assert round(sum(amounts), 2) == 2_500_315.63, sum(amounts)

    table = pa.table(
        {
            "customer_id": pa.array(customers),
            # The log has no order numbers: every line is an order, as the field treats it.
            "order_id": pa.array([f"cdnow-{number:06d}" for number in range(1, len(master) + 1)]),
            "ts": pa.array(days, pa.timestamp("us", tz="UTC")),
            "amount": pa.array(amounts),
            "quantity": pa.array([int(line[2]) for line in master]),
        }
    )
    pq.write_table(table, HERE / "purchases.parquet", compression="zstd", compression_level=19)

    # The field's own 1/10 sample: its first column is the customer's number in the whole log.
    sample = sorted({line[0] for line in lines(wheel, SAMPLE)})
    assert len(sample) == 2_357, len(sample)
    assert set(sample) <= set(customers)
    (HERE / "sample_customers.csv").write_text("customer_id\n" + "".join(f"{id}\n" for id in sample))
    print(f"{len(master)} rows, {len(set(customers))} customers, {sum(amounts):.2f}; sample of {len(sample)}")


if __name__ == "__main__":
    main(sys.argv[1])
