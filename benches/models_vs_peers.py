"""The model that Mainstay would have used, against scikit-learn, LightGBM and BG/NBD on the same customers of a log.

    /tmp/peers/bin/pip install -r tests/independent/requirements.txt lightgbm==4.7.0 scipy==1.17.1
    /tmp/peers/bin/python benches/models_vs_peers.py target/release/mainstay PURCHASES HORIZON LOOKBACK
        [--complaints FILE] [--where CONDITION]

Days as whole numbers; `--where` is Mainstay's, such as 'order_status not in (canceled, unavailable)'. Everyone is asked
about the same customers at the same instant, the last order's less the horizon: who bought in the lookback before, and
will they buy in the horizon after? What they learn from was known by then. Mainstay chooses its snapshots itself, by
`mainstay train --as-of`; the peers get up to four, one horizon apart, each at least min(lookback, horizon) after the
first order. Their features come from `mainstay features`, the labels and BG/NBD's customers from DuckDB.

`train --as-of` looks back from the last order until then, the back-test from the test cutoff itself. So that both train
the same model, Mainstay trains on the log and one more line at the cutoff: an order of nobody's, over nothing, which is
no purchase. The measures of what `mainstay score` says then are those of the first model of `mainstay backtest`.

Of every peer: the measures of `mainstay backtest`, and by how much Mainstay's differ, with the interval that holds 95 %
of 2,000 draws of the customers, the same draws for both. Mainstay is worse than the best peer beyond chance where the
whole interval is on the wrong side; the best is the one that turned out best, each measure for itself.
"""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import tempfile
import warnings

import duckdb
import numpy as np
from lightgbm import LGBMClassifier
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

DRAWS, SEED = 2000, 0
DAY = 86_400_000_000  # microseconds
WINDOWS = [30, 90, 180, 365]
CORE = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days"]
FEATURES = [*CORE, *(f"purchases_{n}d" for n in WINDOWS), *(f"money_{n}d" for n in WINDOWS), "largest_amount",
            "amount_spread", "gap_mean_days", "gap_spread_days", "gap_longest_days", "silence_ratio", "net_monetary"]
MEASURES = {"ROC-AUC": 1, "log loss": -1, "ECE": -1}  # 1 where more is better

# Instants are microseconds since 1970; money is decimal until it has been compared with zero. A cancellation is a line
# of the order it names.
ORDERS = """
    select customer_id, min(epoch_us(ts)) as us, sum(cast(amount as decimal(18, 6))) as amount
    from '{purchases}' where {condition} and epoch_us(ts) <= {until} group by customer_id, {order_id}
"""
CHURNED = """
    select f.*, b.customer_id is null as churned from '{features}' f
    left join (select distinct customer_id from ({orders}) where amount > 0 and us > {cutoff}) b using (customer_id)
    where epoch_us(as_of) = {cutoff} order by customer_id
"""
# BG/NBD's x, t_x and T, in days between days.
PURCHASING = """
    select customer_id, count(distinct us // {day}) - 1 as x, max(us // {day}) - min(us // {day}) as t_x,
        {cutoff} // {day} - min(us // {day}) as T
    from ({orders}) where amount > 0 group by customer_id order by customer_id
"""


class Log:
    """A purchase log, the question asked of it, and the commands that ask Mainstay."""

    def __init__(self, arguments, folder):
        self.mainstay, self.purchases, self.folder = arguments.mainstay, arguments.purchases, pathlib.Path(folder)
        self.horizon, self.lookback = arguments.horizon, arguments.lookback
        self.options = ["--max-bad-rows", "1%", "--quarantine", str(self.folder / "quarantine.csv")]
        self.condition = "amount is not null"
        if arguments.complaints:
            self.options += ["--complaints", arguments.complaints]
        if arguments.where:
            self.options += ["--where", arguments.where]
            quoted = re.sub(r"[(,]\s*([^,)]+)", lambda m: m[0].replace(m[1], f"'{m[1]}'"), arguments.where)
            self.condition += f" and {quoted}"
        columns = duckdb.sql(f"select * from '{self.purchases}' limit 0").columns
        self.order_id = "coalesce(cancels_order_id, order_id)" if "cancels_order_id" in columns else "order_id"
        first, last = duckdb.sql(f"select min(us), max(us) from ({self.orders(2**62)})").fetchall()[0]
        self.test = last - self.horizon * DAY
        earliest = first + min(self.horizon, self.lookback) * DAY
        back = (self.test - number * self.horizon * DAY for number in (1, 2, 3, 4))
        self.training = [cutoff for cutoff in back if cutoff >= earliest]

    def orders(self, until):
        return ORDERS.format(purchases=self.purchases, condition=self.condition, until=until,
                             order_id=self.order_id)

    def run(self, command, *options, purchases=()):
        command = [self.mainstay, command, "--purchases", self.purchases, *purchases, *self.options, *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return done.stdout

    def order_of_nobody(self):
        """A file with a line at the test cutoff that is no purchase."""
        file = str(self.folder / "nobody.parquet")
        none = ", cast(null as varchar) as cancels_order_id" if "cancels" in self.order_id else ""
        duckdb.sql(f"copy (select * replace ('nobody' as customer_id, 'nothing' as order_id, 0 as amount, "
                   f"make_timestamptz({self.test}) as ts{none}) from '{self.purchases}' where {self.condition} limit 1) "
                   f"to '{file}' (format parquet)")
        return file

    def question(self):
        return ["--horizon", f"{self.horizon}d", "--lookback", f"{self.lookback}d", "--json"]

    def tables(self):
        """The features and labels of the test rows and of the training rows."""
        file = str(self.folder / "features.parquet")
        instants = [instant(cutoff) for cutoff in (self.test, *self.training)]
        self.run("features", "--as-of", *instants, "--lookback", f"{self.lookback}d", "--features",
                 ",".join(FEATURES), "--out", file)
        tables = [duckdb.sql(CHURNED.format(features=file, cutoff=cutoff, orders=self.orders(
            cutoff + self.horizon * DAY))).to_arrow_table() for cutoff in (self.test, *self.training)]
        rows = [np.column_stack([table[name].to_numpy() for name in FEATURES]).astype(float) for table in tables]
        churned = [table["churned"].to_numpy(zero_copy_only=False) for table in tables]
        customers = tables[0]["customer_id"].to_pylist()
        return customers, rows[0], churned[0], np.concatenate(rows[1:]), np.concatenate(churned[1:])

    def own(self, customers):
        """What the model said that Mainstay trained, and what `train` and `backtest` report."""
        store, out = str(self.folder / "store"), str(self.folder / "scores.parquet")
        at = ["--as-of", instant(self.test), "--store", store]
        training = json.loads(self.run("train", *self.question(), *at, purchases=[self.order_of_nobody()]))
        self.run("score", *at, "--out", out)
        said = dict(duckdb.sql(f"select customer_id, churn_probability from '{out}'").fetchall())
        assert said.keys() == set(customers)
        backtest = json.loads(self.run("backtest", *self.question(), "--store", str(self.folder / "other")))
        return np.array([said[customer] for customer in customers]), training, backtest

    def bg_nbd(self, customers):
        """e to the power of less the purchases expected within the horizon, fitted on all customers there were."""
        table = duckdb.sql(PURCHASING.format(day=DAY, cutoff=self.test, orders=self.orders(self.test))).to_arrow_table()
        counts = np.column_stack([table[name].to_numpy() for name in ("x", "t_x", "T")]).astype(float)
        place = {customer: row for row, customer in enumerate(table["customer_id"].to_pylist())}
        rows = counts[[place[customer] for customer in customers]]
        return np.exp(-expected_purchases(fit_bg_nbd(counts), rows, self.horizon))


def instant(us):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)).isoformat() + "Z"


def gone(parameters, x, t_x, T):
    """The log-odds of having left, for x > 0 (Fader, Hardie and Lee 2005)."""
    r, alpha, a, b = parameters
    return np.log(a / (b + np.maximum(x, 1) - 1)) + (r + x) * (np.log(alpha + T) - np.log(alpha + t_x))


def fit_bg_nbd(counts):
    """r, alpha (in days), a and b by maximum likelihood."""
    kinds, number = np.unique(counts, axis=0, return_counts=True)
    x, t_x, T = kinds.T

    def loss(logs):
        r, alpha, a, b = parameters = np.exp(logs)
        alive = (gammaln(r + x) - gammaln(r) + betaln(a, b + x) - betaln(a, b) + r * np.log(alpha)
                 - (r + x) * np.log(alpha + T))
        left = np.where(x > 0, np.logaddexp(0, gone(parameters, x, t_x, T)), 0)
        return -np.average(alive + left, weights=number)

    start = np.log([0.5, 0.5 * T.mean() / max(x.mean(), 0.1), 1, 2])
    return np.exp(minimize(loss, start, method="L-BFGS-B", bounds=[(-12, 12)] * 4, options={"ftol": 1e-13}).x)


def expected_purchases(parameters, rows, days):
    """E[X(days) | x, t_x, T], equation 10 of the same paper."""
    r, alpha, a, b = parameters
    x, t_x, T = rows.T
    series = hyp2f1(r + x, b + x, a + b + x - 1, days / (alpha + T + days))
    bought = (a + b + x - 1) / (a - 1) * (1 - ((alpha + T) / (alpha + T + days)) ** (r + x) * series)
    return bought / (1 + np.where(x > 0, np.exp(gone(parameters, x, t_x, T)), 0))


def peers(log, customers, test, train, churned):
    """What every peer says of the test rows."""
    core, five = slice(len(CORE)), make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    logs = FunctionTransformer(lambda rows: np.log1p(np.maximum(np.nan_to_num(rows), 0)))  # net money can be negative
    twenty = make_pipeline(logs, StandardScaler(), LogisticRegression(max_iter=5000))
    forest = RandomForestClassifier(300, min_samples_leaf=20, random_state=SEED, n_jobs=2)
    boosted = LGBMClassifier(random_state=SEED, n_jobs=2, deterministic=True, verbose=-1)
    of = lambda model, columns: model.fit(train[:, columns], churned).predict_proba(test[:, columns])[:, 1]  # noqa: E731
    return {"logistic, core": of(five, core), "logistic, 20 features": of(twenty, slice(None)),
            "forest, 20 features": of(forest, slice(None)), "LightGBM, 20 features": of(boosted, slice(None)),
            "BG/NBD": log.bg_nbd(customers)}


class Judge:
    """The measures of probabilities, rows counted as often as `weights` say."""

    def __init__(self, said, churned):
        self.order = np.argsort(said, kind="stable")
        said, self.churned = said[self.order], churned[self.order]
        self.ties = np.flatnonzero(np.concatenate([[True], said[1:] != said[:-1]]))
        clipped = np.clip(said, 1e-6, 1 - 1e-6)
        self.loss = -np.log(np.where(self.churned, clipped, 1 - clipped))
        self.excess = said - self.churned

    def measures(self, weights):
        weights = weights[self.order]
        churners = np.add.reduceat(weights * self.churned, self.ties)
        stayers = np.add.reduceat(weights * ~self.churned, self.ties)
        wins = (churners * (np.cumsum(stayers) - stayers / 2)).sum()
        excess = np.repeat(self.excess, weights)
        calibration = sum(abs(part.sum()) for part in np.array_split(excess, 10)) / len(excess)
        return wins / churners.sum() / stayers.sum(), np.average(self.loss, weights=weights), calibration


def compare(churned, own, others):
    """Prints the table and the verdicts."""
    judges = {name: Judge(said, churned) for name, said in {"Mainstay": own, **others}.items()}
    once = np.ones(len(churned), int)
    point = {name: np.array(judge.measures(once)) for name, judge in judges.items()}
    random = np.random.default_rng(SEED)
    drawn = {name: [] for name in others}
    for _ in range(DRAWS):
        weights = np.bincount(random.integers(0, len(churned), len(churned)), minlength=len(churned))
        ours = np.array(judges["Mainstay"].measures(weights))
        for name in others:
            drawn[name].append(ours - judges[name].measures(weights))
    ranges = {name: np.percentile(values, [2.5, 97.5], axis=0).T for name, values in drawn.items()}
    print(f"{'':24}" + "".join(f"{measure:9}" for measure in MEASURES)
          + "   Mainstay less the peer, 95 %: " + ", ".join(MEASURES))
    for name, values in point.items():
        line = f"{name:24}" + "".join(f"{value:<9.4f}" for value in values)
        print(line + ("   " + "  ".join(f"{low:+.4f} to {high:+.4f}" for low, high in ranges[name])
                      if name in ranges else ""))
    for place, (measure, sign) in enumerate(MEASURES.items()):
        best = max(others, key=lambda name: sign * point[name][place])
        low, high = ranges[best][place]
        worse = high < 0 if sign > 0 else low > 0
        better = low > 0 if sign > 0 else high < 0
        print(f"{measure}: no worse than the best peer ({best}) beyond chance: {'no' if worse else 'yes'}"
              + (", and better beyond chance" if better else ""))
    return point["Mainstay"]


def main(arguments, folder):
    log = Log(arguments, folder)
    customers, test, churned, train, train_churned = log.tables()
    own, training, backtest = log.own(customers)
    print(f"test cutoff {instant(log.test)}: {len(churned)} customers, {churned.mean():.1%} churned; the peers learn from "
          f"{len(train_churned)} rows of {len(log.training)} snapshots, {train_churned.mean():.1%} churned")
    shift = training["season_shift"]
    print(f"Mainstay: {training['selected']}, {training['grade']}; calibration {training['calibration']}; season's shift "
          f"{shift['kind']} {shift['log_odds']:+.3f}; {training['train_rows']} rows of {len(training['snapshots'])} "
          f"snapshots; {training['verdict']['origins']} rolling backtests")
    measured = compare(churned, own, peers(log, customers, test, train, train_churned))
    keys = ("auc", "log_loss", "ece")
    selected = backtest["models"][0]
    assert selected["selected"] and backtest["test_rows"] == len(churned)
    assert datetime.datetime.fromisoformat(backtest["test_cutoff"]) == datetime.datetime.fromisoformat(instant(log.test))
    apart = max(abs(selected[key] - value) for key, value in zip(keys, measured))
    print(f"greatest difference from `mainstay backtest` in these measures: {apart:.1e}; there, without calibration and "
          "shift: " + "; ".join(f"{model['name']} " + " ".join(f"{model[key]:.4f}" for key in keys)
                                for model in backtest["models"][1:] + backtest["baselines"] if model["auc"]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mainstay")
    parser.add_argument("purchases")
    parser.add_argument("horizon", type=int)
    parser.add_argument("lookback", type=int)
    parser.add_argument("--complaints")
    parser.add_argument("--where")
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    duckdb.sql("set timezone = 'UTC'")
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args(), folder)
