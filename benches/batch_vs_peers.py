"""Everyone of a log scored and decided: Mainstay beside the usual stack, DuckDB or Polars for the features and
onnxruntime for the model, two threads each.

    cargo build --release
    target/release/mainstay simulate --customers 1000000 --seed 1 --out /tmp/shop
    target/release/mainstay ingest --purchases /tmp/shop/purchases.parquet --store /tmp/kept
    target/release/mainstay train --horizon 90d --lookback 365d --store /tmp/kept
    /tmp/peers/bin/pip install -r tests/independent/requirements.txt polars==2.1.0
    /tmp/peers/bin/python benches/batch_vs_peers.py target/release/mainstay /tmp/shop/purchases.parquet /tmp/kept

Every run is a process of its own, from the log (Mainstay also from the history kept in the store) to a zstd Parquet file
with every customer's decision, in order of customer_id; the runs take turns. Prints the median, least and most wall
seconds and the peak resident memory of each, how many times faster Mainstay is than the faster peer, and how far the
answers agree.

The peers walk the same model: the one that `mainstay train` put into service, as `mainstay export --onnx` writes it, but
in float32, as converters write forests; that is 1.15 times as fast. They do less. Of its features they compute the twenty
of features_vs_peers.py, by the same queries, which stay in memory, and leave the others without a value; and they do not
take cancelled orders off. So their probabilities are not ours. A lifetime value is a rate of purchases times a mean
amount, which is one expression on columns, and not what BG/NBD and Gamma-Gamma expect. Columns they write: customer,
churn probability, lifetime value, action of the built-in catalogue, net value. Mainstay writes the ledger of the
decision, tier, stage, likely cause and three reasons with it.
"""

import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile

from features_vs_peers import DUCKDB, POLARS, filled, race

ROUNDS = 3
AS_OF = "2024-01-01"
# onnxruntime is fastest by so many rows at a time.
BATCH_ROWS = 4_000
MARGIN, YEARS = 0.3, 5.0
# The built-in catalogue: contact cost, incentive, save rate, share of stayers who take it, and whom it is for: those
# above a quantile of lifetime value.
OFFERS = {"reminder": (0.05, 0.0, 0.005, 0.0, 0.0), "voucher": (1.0, 10.0, 0.3, 1.0, 0.5)}


def peer(name, log, model, out):
    """One peer's run."""
    code, known = {"duckdb": DUCKDB, "polars": POLARS}[name], {}
    exec(filled(code, log, AS_OF), known)
    if name == "duckdb":
        import pyarrow
        import pyarrow.parquet

        table = known["duckdb"].sql(known["query"]).to_arrow_table()
        columns = {column: table[column].to_numpy() for column in table.column_names if column != "customer_id"}
        decided = pyarrow.table({"customer_id": table["customer_id"], **decide(columns, model)})
        pyarrow.parquet.write_table(decided, out, compression="zstd")
    else:
        table = known["features"].collect(engine="streaming")
        columns = {column: table[column].to_numpy() for column in table.columns if column != "customer_id"}
        table.select("customer_id").with_columns(**decide(columns, model)).write_parquet(out, compression="zstd")


def decide(columns, model):
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    names, shift = json.loads(about["features"]), float(json.loads(about["season_shift_log_odds"]))
    count = len(columns["recency_days"])
    rows = np.full((count, len(names)), math.nan, dtype=np.float32)
    for place, name in enumerate(names):
        if name in columns:
            rows[:, place] = columns[name]
    batches = (rows[begin:begin + BATCH_ROWS] for begin in range(0, count, BATCH_ROWS))
    log_odds = np.concatenate([session.run(["log_odds"], {"features": batch})[0][:, 0] for batch in batches])
    probability = 1 / (1 + np.exp(-(log_odds + shift)))

    tenure_years = np.maximum(columns["tenure_days"] / 365, 1)
    value = MARGIN * columns["monetary"] * columns["frequency"] / tenure_years * YEARS
    best, action = np.zeros(count), np.full(count, "do nothing", dtype=object)
    for offer, (contact_cost, incentive, save_rate, take_up, quantile) in OFFERS.items():
        net = probability * save_rate * (value - incentive) - (1 - probability) * take_up * incentive - contact_cost
        better = (net > best) & (value >= np.quantile(value, quantile))
        best, action = np.where(better, net, best), np.where(better, offer, action)
    return {"churn_probability": probability, "lifetime_value": value, "action": action, "net_value": best}


def narrow(model):
    """The model with float32 for every double."""
    import numpy as np
    import onnx
    from onnx import AttributeProto, TensorProto, numpy_helper

    whole = onnx.load(model)
    attributes = [(node, attribute) for node in whole.graph.node for attribute in node.attribute]
    tensors = [attribute.t for _, attribute in attributes if attribute.type == AttributeProto.TENSOR]
    for tensor in [*whole.graph.initializer, *tensors]:
        if tensor.data_type == TensorProto.DOUBLE:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for node, attribute in attributes:
        if node.op_type == "Cast":
            attribute.i = TensorProto.FLOAT
    for output in whole.graph.output:
        output.type.tensor_type.elem_type = TensorProto.FLOAT
    onnx.save(whole, model)


def agreement(ours, theirs):
    import duckdb

    both, difference, likeness = duckdb.sql(
        f"select count(*), avg(abs(a.churn_probability - b.churn_probability)), "
        f"corr(a.churn_probability, b.churn_probability) from '{ours}' a join '{theirs}' b using (customer_id)"
    ).fetchall()[0]
    counts = [duckdb.sql(f"select count(*) from '{table}'").fetchall()[0][0] for table in (ours, theirs)]
    print(f"against {theirs.stem}: {counts[0]} and {counts[1]} rows, {both} in both; probabilities differ by "
          f"{difference:.3f} on average, correlation {likeness:.3f}")


def main(mainstay, log, kept, folder):
    model, bare = folder / "model.onnx", folder / "bare"
    subprocess.run([mainstay, "export", "--onnx", model, "--store", kept], check=True)
    narrow(model)
    bare.mkdir()
    shutil.copy(pathlib.Path(kept) / "model.mainstay", bare)
    out = {name: folder / f"{name}.parquet" for name in ("raw", "kept", "duckdb", "polars")}
    score = [mainstay, "score", "--as-of", AS_OF, "--threads", "2"]
    contenders = {
        "mainstay, raw": [*score, "--purchases", log, "--store", bare, "--out", out["raw"]],
        "mainstay, kept": [*score, "--store", kept, "--out", out["kept"]],
        **{name: [sys.executable, __file__, "peer", name, log, str(model), str(out[name])]
           for name in ("duckdb", "polars")},
    }
    medians = race(contenders, ROUNDS)
    peers = min(medians["duckdb"], medians["polars"])
    for name, target in (("raw", 4), ("kept", 10)):
        print(f"mainstay, {name}: {peers / medians[f'mainstay, {name}']:.2f} times as fast as the faster peer "
              f"(target {target})")
    same = out["raw"].read_bytes() == out["kept"].read_bytes()
    print(f"from the log and from the kept history: {'the same bytes' if same else 'not the same'}")
    for name in ("duckdb", "polars"):
        agreement(out["raw"], out[name])


if __name__ == "__main__":
    if sys.argv[1] == "peer":
        peer(*sys.argv[2:])
    else:
        with tempfile.TemporaryDirectory() as name:
            main(*sys.argv[1:], pathlib.Path(name))
