"""The back-test's models and measures by scikit-learn, on the tables DuckDB makes."""

import json
import pathlib

import numpy as np
from features import COLUMNS, ROOT, snapshot
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

GOLDEN = pathlib.Path(ROOT / "tests/golden/cdnow_models.json")
TEST = "1998-04-01"
TRAINING = ["1998-01-01", "1997-10-03", "1997-07-05", "1997-04-06"]


def table(cutoffs):
    tables = [snapshot(cutoff, 180) for cutoff in cutoffs]
    x = np.concatenate([np.column_stack([t[c].to_numpy() for c in COLUMNS]) for t in tables])
    y = np.concatenate([t["churned"].to_numpy(zero_copy_only=False) for t in tables])
    # Mainstay's models see every feature as a 32-bit number.
    return x.astype(np.float32).astype(np.float64), y


def measures(y, p):
    ascending, descending = np.argsort(p, kind="stable"), np.argsort(-p, kind="stable")
    bins = np.array_split(ascending, 10)
    return {
        "auc": roc_auc_score(y, p),
        "pr_auc": average_precision_score(y, p),
        "log_loss": log_loss(y, np.clip(p, 1e-6, 1 - 1e-6)),
        "brier": brier_score_loss(y, p),
        "ece": sum(abs(p[b].mean() - y[b].mean()) * len(b) for b in bins) / len(y),
        "lift_at_10": y[descending[: len(y) // 10]].mean() / y.mean(),
    }


def logistic(x, y, test_x, test_y):
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    fitted = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit((x - mean) / scale, y)
    return {
        "intercept": fitted.intercept_[0],
        "coefficients": list(fitted.coef_[0]),
        "measures": measures(test_y, fitted.predict_proba((test_x - mean) / scale)[:, 1]),
    }


def forest_auc(seed, x, y, test_x, test_y):
    forest = RandomForestClassifier(300, min_samples_leaf=20, random_state=seed, n_jobs=2).fit(x, y)
    return roc_auc_score(test_y, forest.predict_proba(test_x)[:, 1])


if __name__ == "__main__":
    train, test = table(TRAINING), table([TEST])
    golden = {
        "train_rows": len(train[1]),
        "test_rows": len(test[1]),
        "churn_rate": test[1].mean(),
        "logistic": logistic(*train, *test),
        "recency_alone": logistic(train[0][:, :1], train[1], test[0][:, :1], test[1]),
        "rule": logistic(np.log1p(train[0][:, :2]), train[1], np.log1p(test[0][:, :2]), test[1]),
        "forest_auc_mean_of_5_seeds": np.mean([forest_auc(seed, *train, *test) for seed in range(5)]),
    }
    GOLDEN.write_text(json.dumps(golden, indent=2, default=float) + "\n")
    print(GOLDEN.read_text())
