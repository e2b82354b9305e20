"""From features to a decision as the usual stack does it, for batch_vs_peers.py: onnxruntime for the model, numpy and
scipy for the money, xgboost for what speaks for a score.

With TWENTY features of peer_features.py the others have no value, and a lifetime value is a rate of purchases times a
mean amount, which is one expression on columns. With ALL of them, expected_purchases is BG/NBD's, and the lifetime value
that of BG/NBD and Gamma-Gamma, by Mainstay's parameters and in Gauss's hypergeometric function, which is evaluated once
for all customers who bought as often in as many days: one customer at a time takes seconds.
"""

import json
import math

# onnxruntime is fastest by so many rows at a time.
BATCH_ROWS = 4_000
MARGIN, YEARS, DISCOUNT = 0.3, 5, 0.1
# The built-in catalogue: contact cost, incentive, save rate, share of stayers who take it, and whom it is for: those
# above a quantile of lifetime value.
OFFERS = {"reminder": (0.05, 0.0, 0.005, 0.0, 0.0), "voucher": (1.0, 10.0, 0.3, 1.0, 0.5)}
REASONS = 3


def decide(columns, model, lifetime=None, forest=None):
    """The columns of the list. With `lifetime`, what the model file says of lifetime values, the features are ALL. With
    `forest`, that of `train_forest`, also what contributes most to leaving."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    names, shift = json.loads(about["features"]), float(json.loads(about["season_shift_log_odds"]))
    value, more = rate_value(columns), {}
    if lifetime:
        expected = expected_purchases(columns, json.loads(about["bg_nbd"]), int(about["horizon_days"]))
        columns, value = {**columns, "expected_purchases": expected}, worth(columns, **lifetime)
        assert set(names) == set(columns) and json.loads(about["calibration"]) == "none", about
    count = len(columns["recency_days"])
    rows = np.full((count, len(names)), math.nan, dtype=np.float32)
    for place, name in enumerate(names):
        if name in columns:
            rows[:, place] = columns[name]
    batches = (rows[begin:begin + BATCH_ROWS] for begin in range(0, count, BATCH_ROWS))
    log_odds = np.concatenate([session.run(["log_odds"], {"features": batch})[0][:, 0] for batch in batches])
    probability = 1 / (1 + np.exp(-(log_odds + shift)))

    best, action = np.zeros(count), np.full(count, "do nothing", dtype=object)
    for offer, (contact_cost, incentive, save_rate, take_up, quantile) in OFFERS.items():
        net = probability * save_rate * (value - incentive) - (1 - probability) * take_up * incentive - contact_cost
        better = (net > best) & (value >= np.quantile(value, quantile))
        best, action = np.where(better, net, best), np.where(better, offer, action)
    if forest:
        more = reasons(rows, names, forest)
    return {"churn_probability": probability, "lifetime_value": value, "action": action, "net_value": best, **more}


def rate_value(columns):
    import numpy as np

    tenure_years = np.maximum(columns["tenure_days"] / 365, 1)
    return MARGIN * columns["monetary"] * columns["frequency"] / tenure_years * YEARS


def expected_purchases(columns, bg_nbd, horizon_days):
    """How many purchases BG/NBD expects within the horizon."""
    import numpy as np

    recency, frequency, tenure = (np.asarray(columns[name], dtype=np.int64)
                                  for name in ("recency_days", "frequency", "tenure_days"))
    r, alpha, a, b = (bg_nbd[name] for name in ("r", "alpha_days", "a", "b"))
    repeats = frequency - 1
    kinds, kind = np.unique(repeats * 100_000 + tenure, return_inverse=True)
    x, age = kinds // 100_000, alpha + kinds % 100_000

    last = alpha + np.where(repeats > 0, tenure - recency, 0)
    gone = np.where(repeats > 0, a / (b + np.maximum(repeats, 1) - 1) * ((alpha + tenure) / last) ** (r + repeats), 0)
    return if_alive(r + x, a, b + x, horizon_days / age)[kind] / (1 + gone)


def worth(columns, model, as_of_day):
    """What keeping a customer is worth, by what the model file says of lifetime values (docs/economics.md)."""
    import numpy as np

    frequency, tenure = (np.asarray(columns[name], dtype=np.int64) for name in ("frequency", "tenure_days"))
    repeats = frequency - 1
    r, alpha, a, b = (model["purchases"][name] for name in ("r", "alpha_days", "a", "b"))
    # Days are counted on the season's clock, where the model has one.
    now, clock = as_of_day, on_clock(model.get("season"))
    ages, place = np.unique(tenure, return_inverse=True)
    on_it = np.rint(clock(now) - clock(now - ages)).astype(np.int64)[place]
    kinds, kind = np.unique(repeats * 100_000 + on_it, return_inverse=True)
    x, age, added, before = kinds // 100_000, alpha + kinds % 100_000, 0.0, 0.0
    # What who leaves buys anyway: a share, by the number of purchase days, of what comes after the horizon.
    returning = model.get("returning") or {"horizon_days": 0, "classes": [{"share": 0}]}
    told = [(days, one["share"]) for days, one in zip((1, 2.5, 6, 15), returning["classes"]) if one]
    shares = np.interp(x + 1, *zip(*told))
    for quarter in range(1, 4 * YEARS + 1):
        until = if_alive(r + x, a, b + x, (clock(now + quarter * 365 / 4) - clock(now)) / age)
        after_horizon = min(max(quarter - returning["horizon_days"] / (365 / 4), 0), 1)
        made = (until - before) * (1 + DISCOUNT) ** (-quarter / 4)
        added, before = added + made * (1 - shares * after_horizon), until
    p, q, v = (model["amounts"]["gamma_gamma"][name] for name in ("p", "q", "v"))
    amount = p * (v + frequency * columns["monetary"]) / (p * frequency + q - 1)
    return MARGIN * amount * added[kind] * model["purchases_per_day"]


def on_clock(weights):
    """The days of a clock until a day of the calendar: those of a twelfth of the year are as long as what is bought in it."""
    import numpy as np

    weights, part = np.array(weights or [1.0] * 12), 365.2425 / 12
    before = np.concatenate([[0.0], np.cumsum(weights)])

    def until(day):
        years = np.floor(np.asarray(day) / 365.2425)
        rest = (day - years * 365.2425) / part
        place = np.minimum(rest.astype(np.int64), 11)
        return years * 365.2425 + (before[place] + (rest - place) * weights[place]) * part

    return until


def if_alive(r, a, b, s):
    """How many purchases who has not left makes (Fader, Hardie and Lee 2005, equation 10)."""
    from scipy.special import hyp2f1

    z = s / (1 + s)
    return (a + b - 1) / (a - 1) * (1 - (1 - z) ** r * hyp2f1(r, b, a + b - 1, z))


def reasons(rows, names, forest):
    """The features that contribute most to leaving, and how much, to the share of churners."""
    import numpy as np
    import xgboost

    booster = xgboost.Booster({"nthread": 2}, model_file=forest)
    matrix = xgboost.DMatrix(rows, nthread=2)
    # Approximate: what each step down a tree changes, as Mainstay's are. Exact ones take hours.
    parts = booster.predict(matrix, pred_contribs=True, approx_contribs=True)[:, :-1]
    names, every, told = np.array(names, dtype=object), np.arange(len(parts)), {}
    for number in range(1, REASONS + 1):
        largest = parts.argmax(axis=1)
        told[f"reason_{number}"], told[f"contribution_{number}"] = names[largest], parts[every, largest]
        parts[every, largest] = -np.inf
    return told


def train_forest(rows, left, trees, leaves, out):
    """A forest of this size, for its contributions: those of Mainstay's own cannot be had from ONNX, which does not say
    how many customers came to a node."""
    import xgboost

    forest = xgboost.XGBRFRegressor(
        n_estimators=trees, max_leaves=leaves // trees, max_depth=0, grow_policy="lossguide", tree_method="hist",
        min_child_weight=20, subsample=0.6, colsample_bynode=0.2, reg_lambda=0, random_state=1, n_jobs=2)
    forest.fit(rows, left)
    forest.save_model(out)
