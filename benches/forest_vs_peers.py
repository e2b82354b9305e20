"""Growing and walking a forest: Mainstay, scikit-learn and LightGBM's forest mode to grow, onnxruntime to walk.

    cargo bench --bench forest --no-run
    /tmp/peers/bin/pip install numpy scikit-learn==1.9.1 lightgbm==4.7.0 onnx==1.23.2 onnxruntime==1.32.0
    /tmp/peers/bin/python benches/forest_vs_peers.py rows FOLDER
    /tmp/peers/bin/python benches/forest_vs_peers.py grow BENCH FOLDER TREES PEER_TREES
    /tmp/peers/bin/python benches/forest_vs_peers.py walk BENCH FOLDER

`rows` makes 1,000,000 rows to learn from and 200,000 to test on, of 20 features like a shop's: counts, days, money and
shares, eight of them without any meaning. `grow` grows forests of depth 12 with at least 20 rows a leaf on two threads,
each in a process of its own; the peers grow PEER_TREES and their time is scaled up to TREES, which counts in their
favour what they do once a forest. Their ROC-AUC is compared at PEER_TREES, with a forest of ours of that size. `walk`
exports the forest that BENCH left in FOLDER to ONNX and walks its test rows on one thread. BENCH is the executable that
cargo names.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

WIDTH, DEPTH, LEAF, THREADS = 20, 12, 20, 2
TRAINING, TEST = 1_000_000, 200_000


def make_rows(folder):
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(1)
    n = TRAINING + TEST
    x = np.empty((n, WIDTH), np.float32)
    for column in range(WIDTH):
        x[:, column] = [
            lambda: np.floor(random.exponential(60, n)),
            lambda: random.poisson(2 + column / 5, n),
            lambda: np.round(random.lognormal(3, 1, n), 2),
            lambda: random.beta(2, 3, n),
            lambda: random.gamma(2, 20, n),
        ][column % 5]()
    days, orders, money, share, gap = (x[:, column] for column in range(5))
    score = (1.2 * (np.log1p(days) - 3.5) - 1.4 * (np.log1p(orders) - 1) - 0.5 * (money > 30) * (x[:, 6] > 2)
             + np.sin(share * 9) * (x[:, 5] > 40) + 0.6 * (days > 2 * gap) - 0.02 * (x[:, 9] - 40)
             + 0.4 * (np.log1p(x[:, 7]) - 3) * (x[:, 8] - 0.4) + 0.3 * (x[:, 11] > x[:, 6]))
    churned = random.random(n) < 1 / (1 + np.exp(-score))
    x[:TRAINING].tofile(folder / "training_rows")
    x[TRAINING:].tofile(folder / "test_rows")
    churned[:TRAINING].astype(np.uint8).tofile(folder / "training_churned")
    churned[TRAINING:].astype(np.uint8).tofile(folder / "test_churned")


def read(folder, part):
    return np.fromfile(folder / f"{part}_rows", np.float32).reshape(-1, WIDTH)


def labels(folder, part):
    return np.fromfile(folder / f"{part}_churned", np.uint8)


def scikit_learn(folder, trees):
    from sklearn.ensemble import RandomForestClassifier

    x, y = read(folder, "training"), labels(folder, "training")
    began = time.monotonic()
    forest = RandomForestClassifier(trees, max_depth=DEPTH, min_samples_leaf=LEAF, random_state=1, n_jobs=THREADS)
    forest.fit(x, y)
    seconds = time.monotonic() - began
    return seconds, lambda: forest.predict_proba(read(folder, "test"))[:, 1]


def lightgbm(folder, trees):
    import lightgbm

    x, y = read(folder, "training"), labels(folder, "training")
    began = time.monotonic()
    # A bootstrap holds 1 - 1/e of the rows; the square root of 20 features is 4.
    parameters = {"boosting": "rf", "objective": "binary", "bagging_freq": 1, "bagging_fraction": 0.632,
                  "feature_fraction_bynode": 4 / WIDTH, "max_depth": DEPTH, "num_leaves": 2**DEPTH,
                  "min_data_in_leaf": LEAF, "num_threads": THREADS, "seed": 1, "verbose": -1}
    forest = lightgbm.train(parameters, lightgbm.Dataset(x, y), trees)
    seconds = time.monotonic() - began
    return seconds, lambda: forest.predict(read(folder, "test"), num_threads=THREADS)


def peer(name, folder, trees):
    """In a process of its own: seconds, and the test rows' probabilities in the folder."""
    seconds, probabilities = {"scikit_learn": scikit_learn, "lightgbm": lightgbm}[name](folder, trees)
    # What growing took, before the test rows are read.
    status = pathlib.Path("/proc/self/status").read_text()
    memory = int(status.split("VmHWM:")[1].split()[0]) / 1024
    np.asarray(probabilities(), np.float64).tofile(folder / "probabilities")
    print(json.dumps({"training_seconds": seconds, "training_memory_mb": memory}))


def bench(binary, folder, trees, threads=THREADS):
    command = [binary, str(folder), str(WIDTH), str(trees), str(DEPTH), str(threads)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def auc(folder):
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(labels(folder, "test"), np.fromfile(folder / "probabilities"))


def grow(binary, folder, trees, peer_trees):
    ours = bench(binary, folder, trees)
    seconds = ours["training_seconds"]
    print(f"mainstay: {trees} trees in {seconds:.2f} s, {ours['training_memory_mb']:.0f} MB, ROC-AUC {auc(folder):.4f}")
    fewer = bench(binary, folder, peer_trees)
    print(f"mainstay: {peer_trees} trees in {fewer['training_seconds']:.2f} s, ROC-AUC {auc(folder):.4f}")
    for name in ("lightgbm", "scikit_learn"):
        command = [sys.executable, __file__, "peer", name, str(folder), str(peer_trees)]
        theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        scaled = theirs["training_seconds"] / peer_trees * trees
        print(f"{name}: {peer_trees} trees in {theirs['training_seconds']:.2f} s, {theirs['training_memory_mb']:.0f} MB, "
              f"ROC-AUC {auc(folder):.4f}; for {trees} trees {scaled:.1f} s, {scaled / seconds:.1f} times mainstay's",
              flush=True)


def onnx_model(folder):
    """The forest that the bench left, as an ONNX model of its raw probability."""
    from onnx import TensorProto, helper

    size = os.path.getsize(folder / "nodes") // 21
    with open(folder / "nodes", "rb") as file:
        share, threshold, above, column, missing = (
            np.fromfile(file, kind, size) for kind in (np.float64, np.float32, np.uint32, np.uint32, np.uint8))
    ends = np.fromfile(folder / "ends", np.uint32)
    trees = len(ends)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    tree = np.repeat(np.arange(trees), np.diff(np.concatenate([[0], ends.astype(np.int64)])))
    place = np.arange(size) - starts[tree]
    is_leaf = above == 0
    leaf = np.flatnonzero(is_leaf)
    node = helper.make_node(
        "TreeEnsembleRegressor", ["rows"], ["probability"], domain="ai.onnx.ml", n_targets=1,
        nodes_treeids=tree.tolist(), nodes_nodeids=place.tolist(), nodes_featureids=column.tolist(),
        nodes_values=threshold.tolist(), nodes_modes=["LEAF" if end else "BRANCH_LEQ" for end in is_leaf],
        nodes_truenodeids=np.where(is_leaf, 0, place + 1).tolist(), nodes_falsenodeids=above.tolist(),
        nodes_missing_value_tracks_true=(~is_leaf & (missing == 0)).astype(int).tolist(),
        target_treeids=tree[leaf].tolist(), target_nodeids=place[leaf].tolist(), target_ids=[0] * len(leaf),
        target_weights=share[leaf].astype(np.float32).tolist(), aggregate_function="AVERAGE")
    graph = helper.make_graph(
        [node], "forest", [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, WIDTH])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def walk(binary, folder):
    import onnxruntime

    ours = bench(binary, folder, 100, 2)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model(folder), options, providers=["CPUExecutionProvider"])
    x = read(folder, "test")
    theirs = session.run(None, {"rows": x})[0][:, 0]
    ours_p = np.fromfile(folder / "probabilities")
    print(f"{len(x)} rows, greatest difference {np.abs(theirs - ours_p).max():.1e}")
    rates = {}
    for batch in (1_000, 10_000, 50_000):
        runs = []
        for _ in range(5):
            began = time.monotonic()
            for start in range(0, 50_000, batch):
                session.run(None, {"rows": x[start:start + batch]})
            runs.append(time.monotonic() - began)
        rates[batch] = 50_000 / sorted(runs)[2]
    began = time.monotonic()
    for row in range(1_000):
        session.run(None, {"rows": x[row:row + 1]})
    single = (time.monotonic() - began) / 1_000 * 1e6
    best = max(rates.values())
    print("onnxruntime, one thread: " + ", ".join(f"{rate:.0f} rows/s in batches of {n}" for n, rate in rates.items())
          + f"; one row {single:.1f} us")
    print(f"mainstay, one thread: {ours['scored_rows_per_second']:.0f} rows/s "
          f"({ours['scored_rows_per_second'] / best:.1f} times), {ours['million_visits_per_second']:.0f} million node "
          f"visits/s; one row {ours['single_row_microseconds']:.2f} us")


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "rows":
        make_rows(pathlib.Path(arguments[0]))
    elif what == "grow":
        grow(arguments[0], pathlib.Path(arguments[1]), int(arguments[2]), int(arguments[3]))
    elif what == "walk":
        walk(arguments[0], pathlib.Path(arguments[1]))
    elif what == "peer":
        peer(arguments[0], pathlib.Path(arguments[1]), int(arguments[2]))
