"""What decisions by the forest save on the subscription data, beside scikit-learn's forest in the same folds.

    cargo bench --bench forest --no-run
    /tmp/peers/bin/pip install numpy pyarrow scikit-learn==1.9.1
    /tmp/peers/bin/python benches/retention_savings.py BENCH ../shared/data/tv_subscription_churn/table.parquet

The table is a TV subscription's, 9,379 customers of whom 449 left, each with what it costs to lose the customer (C_FN),
to make an offer to one who would have stayed (C_FP) and to one who would not (C_TP); Correa Bahnsen, Aouada and
Ottersten 2015 describe it. A customer is contacted where that is expected to cost less: where
p * C_TP + (1 - p) * C_FP < p * C_FN. Savings are 1 - cost(decisions) / min(cost(contact none), cost(contact all)), on
the rows of a fold, the forest grown on the other four; the mean over five stratified folds, and of that over ten seeds.
Both forests have 300 trees with at least 20 rows a leaf and the square root of the features at a split, and their
probabilities are used as they are. Nothing is chosen by looking at a fold. BENCH is the executable that cargo names.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pyarrow.parquet as pq
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold

FEATURES, SEEDS, FOLDS, TREES, LEAF = 46, 10, 5, 300, 20


def savings(p, churned, stayer_cost, lost_cost, churner_cost):
    """Of decisions by p, all costs per customer."""
    contacted = p * churner_cost + (1 - p) * stayer_cost < p * lost_cost
    contact, leave = np.where(churned, churner_cost, stayer_cost), np.where(churned, lost_cost, 0)
    return 1 - np.where(contacted, contact, leave).sum() / min(contact.sum(), leave.sum())


def mainstay(binary, x, churned, test_x, seed):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        x.tofile(folder / "training_rows")
        test_x.tofile(folder / "test_rows")
        churned.tofile(folder / "training_churned")
        command = [binary, name, str(FEATURES), str(TREES), "any", "2", str(seed)]
        subprocess.run(command, check=True, capture_output=True)
        return np.fromfile(folder / "probabilities")


def scikit_learn(x, churned, test_x, seed):
    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAF, random_state=seed, n_jobs=2).fit(x, churned)
    return forest.predict_proba(test_x)[:, 1]


if __name__ == "__main__":
    binary, path = sys.argv[1:]
    table = pq.read_table(path)
    x = np.column_stack([table[f"x{i + 1}"].to_numpy() for i in range(FEATURES)]).astype(np.float32)
    churned = table["target"].to_numpy() == 1
    costs = [table[name].to_numpy() for name in ("C_FP", "C_FN", "C_TP")]
    means = {"mainstay": [], "scikit-learn": []}
    for seed in range(SEEDS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, churned)
        reached = {name: [] for name in means}
        for training, test in folds:
            for name, p in (("mainstay", mainstay(binary, x[training], churned[training], x[test], seed)),
                            ("scikit-learn", scikit_learn(x[training], churned[training], x[test], seed))):
                reached[name].append(savings(p, churned[test], *(cost[test] for cost in costs)))
        for name, values in reached.items():
            means[name].append(np.mean(values))
        print(f"seed {seed}: " + ", ".join(f"{name} {values[-1]:.2%}" for name, values in means.items()), flush=True)
    for name, values in means.items():
        print(f"{name}: {np.mean(values):.2%}, by seed {min(values):.2%} to {max(values):.2%}")
    # Both see the same folds, so their difference is surer than either.
    difference = np.subtract(*means.values())
    print(f"difference: {difference.mean():+.2%}, standard error over the seeds {difference.std(ddof=1) / SEEDS**0.5:.2%}")
