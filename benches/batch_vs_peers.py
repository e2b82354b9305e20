"""Everyone of a log scored and decided: Mainstay beside the usual stack, DuckDB or Polars for the features and
onnxruntime for the model, two threads each.

    cargo build --release
    target/release/mainstay simulate --customers 1000000 --seed 1 --out /tmp/shop
    target/release/mainstay ingest --purchases /tmp/shop/purchases.parquet --store /tmp/kept
    target/release/mainstay train --horizon 90d --lookback 365d --store /tmp/kept
    /tmp/peers/bin/pip install -r tests/independent/requirements.txt polars==2.1.0 scipy==1.17.1 \
        xgboost-cpu==3.2.0
    /tmp/peers/bin/python benches/batch_vs_peers.py forest target/release/mainstay \
        /tmp/shop/purchases.parquet /tmp/kept /tmp/forest.ubj
    /tmp/peers/bin/python benches/batch_vs_peers.py target/release/mainstay /tmp/shop/purchases.parquet /tmp/kept \
        [--reasons /tmp/forest.ubj]

Every run is a process of its own, from the log (Mainstay also from the history kept in the store) to a zstd Parquet file
with every customer's decision, in order of customer_id; the runs take turns. Prints the median, least and most wall
seconds, the peak resident memory and the processor time of each, how many times faster Mainstay is than the faster peer,
and how far the answers agree.

The peers walk the same model: the one that `mainstay train` put into service, as `mainstay export --onnx` writes it, but
in float32, as converters write forests; that is 1.15 times as fast. They come in three kinds, each of which does more:

- 20 features: those of features_vs_peers.py, the others without a value; cancelled orders stay; a lifetime value of one
  expression. So their probabilities and decisions are others.
- 43 features: all the model sees, cancelled orders taken off, lifetime values by BG/NBD and Gamma-Gamma. The
  probabilities, values and decisions are then Mainstay's.
- with reasons (`--reasons`): also the three features that contribute most to each customer's leaving, and how much. The
  contributions are those of a forest of as many trees and leaves that `forest` trains on the same features (a quarter
  earlier): ONNX does not say how many customers came to a node. xgboost's approximate ones are the fastest from PyPI.

What they write: customer, churn probability, lifetime value, action of the built-in catalogue, net value, and the
reasons' six columns. Mainstay writes the decision's ledger, how sure the value is, tier, stage, likely cause with what
speaks for it, and three reasons in sentences with it: 34 columns.
"""

import datetime
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from features_vs_peers import race
from peer_decision import decide, expected_purchases, train_forest
from peer_features import queries

ROUNDS = 3
AS_OF, LOOKBACK_DAYS = "2024-01-01", 365
# Of what was known then, the forest for reasons is learnt.
TRAINED_AT, FOREST_ROWS = "2023-10-03", 250_000


def peer(name, log, model, out, lifetime="null", forest=None):
    """One peer's run: with all features if there is `lifetime`, what the model file says of lifetime values, as JSON; with
    reasons if there is a `forest` for them."""
    lifetime, known = json.loads(lifetime), {}
    exec(queries(name, log, AS_OF, LOOKBACK_DAYS, every=lifetime is not None), known)
    if name == "duckdb":
        import pyarrow
        import pyarrow.parquet

        table = known["duckdb"].sql(known["query"]).to_arrow_table()
        columns = {column: table[column].to_numpy() for column in table.column_names if column != "customer_id"}
        decided = pyarrow.table({"customer_id": table["customer_id"], **decide(columns, model, lifetime, forest)})
        pyarrow.parquet.write_table(decided, out, compression="zstd")
    else:
        table = known["features"].collect(engine="streaming")
        columns = {column: table[column].to_numpy() for column in table.columns if column != "customer_id"}
        decided = table.select("customer_id").with_columns(**decide(columns, model, lifetime, forest))
        decided.write_parquet(out, compression="zstd")


def header(kept):
    """What the model file says of the model (docs/model-format.md)."""
    bytes = (pathlib.Path(kept) / "model.mainstay").read_bytes()
    return json.loads(bytes[20:20 + int.from_bytes(bytes[12:20], "little")])


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

    both, difference, likeness, value, action = duckdb.sql(
        f"select count(*), avg(abs(a.churn_probability - b.churn_probability)), "
        f"corr(a.churn_probability, b.churn_probability), median(abs(b.lifetime_value / a.lifetime_value - 1)), "
        f"avg((a.action = b.action)::int) from '{ours}' a join '{theirs}' b using (customer_id)"
    ).fetchall()[0]
    counts = [duckdb.sql(f"select count(*) from '{table}'").fetchall()[0][0] for table in (ours, theirs)]
    print(f"against {theirs.stem}: {counts[0]} and {counts[1]} rows, {both} in both; probabilities differ by "
          f"{difference:.2g} on average, correlation {likeness:.4f}; lifetime values by {value:.2g} of themselves "
          f"(median); the same action for {action:.2%}")


def main(folder, mainstay, log, kept, *forest):
    model, bare = folder / "model.onnx", folder / "bare"
    subprocess.run([mainstay, "export", "--onnx", model, "--store", kept], check=True)
    narrow(model)
    bare.mkdir()
    shutil.copy(pathlib.Path(kept) / "model.mainstay", bare)

    def out(name):
        return folder / f"{name}.parquet"

    score = [mainstay, "score", "--as-of", AS_OF, "--threads", "2"]
    contenders = {
        "mainstay, raw": [*score, "--purchases", log, "--store", bare, "--out", out("mainstay, raw")],
        "mainstay, kept": [*score, "--store", kept, "--out", out("mainstay, kept")],
    }
    as_of_day = (datetime.date.fromisoformat(AS_OF) - datetime.date(1970, 1, 1)).days
    lifetime = json.dumps({"model": header(kept)["lifetime"]["lifetime"]["bg_nbd"], "as_of_day": as_of_day})
    kinds = {"20 features": [("duckdb", []), ("polars", [])],
             "43 features": [("duckdb", [lifetime]), ("polars", [lifetime])]}
    if forest:
        kinds["with reasons"] = [("duckdb", [lifetime, *forest])]  # Polars takes longer and the rest is the same
    for kind, peers in kinds.items():
        contenders |= {f"{name}, {kind}": [sys.executable, __file__, "peer", name, log, str(model),
                                           str(out(f"{name}, {kind}")), *more] for name, more in peers}
    medians = race(contenders, ROUNDS)
    for kind, peers in kinds.items():
        fastest = min(medians[f"{name}, {kind}"] for name, _ in peers)
        ratios = [f"{fastest / medians[f'mainstay, {name}']:.2f} times from {where} (target {target})"
                  for name, where, target in (("raw", "the log", 4), ("kept", "the kept history", 10))]
        print(f"mainstay as fast as the faster peer, {kind}: {', '.join(ratios)}")
    same = out("mainstay, raw").read_bytes() == out("mainstay, kept").read_bytes()
    print(f"from the log and from the kept history: {'the same bytes' if same else 'not the same'}")
    for name in list(contenders)[2:]:
        agreement(out("mainstay, raw"), out(name))


def learn(mainstay, log, kept, out):
    """The forest for reasons: as many trees and leaves as the model has, learnt of what was known a horizon earlier."""
    import duckdb
    import numpy as np
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model.onnx"
        subprocess.run([mainstay, "export", "--onnx", model, "--store", kept], check=True)
        whole = onnx.load(model)
    about = {entry.key: entry.value for entry in whole.metadata_props}
    ensemble = next(node for node in whole.graph.node if node.op_type == "TreeEnsemble")
    size = {part.name: len(part.ints) or part.t.dims[0] for part in ensemble.attribute
            if part.name in ("tree_roots", "leaf_weights")}

    known, begin = {}, f"timestamptz '{TRAINED_AT} 00:00:00+00'"
    exec(queries("duckdb", log, TRAINED_AT, LOOKBACK_DAYS, every=True), known)
    table = duckdb.sql(
        f"select f.*, b.customer_id is null as has_left from ({known['query']}) f left join (select distinct customer_id "
        f"from '{log}' where amount > 0 and ts > {begin} and ts <= {begin} + to_days({about['horizon_days']})) b "
        f"using (customer_id) using sample {FOREST_ROWS} rows (reservoir, 1)").to_arrow_table()
    columns = {column: table[column].to_numpy() for column in table.column_names}
    columns["expected_purchases"] = expected_purchases(columns, json.loads(about["bg_nbd"]), int(about["horizon_days"]))
    rows = np.column_stack([columns[name].astype(np.float32) for name in json.loads(about["features"])])
    train_forest(rows, columns["has_left"], size["tree_roots"], size["leaf_weights"], out)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "peer":
        peer(*arguments)
    elif command == "forest":
        learn(*arguments)
    else:
        log, kept, *options = arguments
        with tempfile.TemporaryDirectory() as name:
            main(pathlib.Path(name), command, log, kept, *options[1:])
