"""What schemathesis does not know of Mainstay: examples that no contract can have, as they are of this store, and one check
more, that what the contract allows is not refused for how it is written.

A JSON schema cannot say everything: what two members are to each other, which features a model has, which offers there are.
A refusal for one of these is no break of the contract (MAY_REFUSE); any other refusal of what it allows is.
"""

import atexit
import json
import os
import re
import urllib.request

import schemathesis

ADDRESS, KEY = os.environ["MAINSTAY_ADDRESS"], os.environ["MAINSTAY_KEY"]
# Where it is written which routes have answered with what was asked for.
ANSWERED = os.environ["MAINSTAY_ANSWERED"]

# A whole number that is written as a fraction is whole to a schema; one of more than 64 bits may be, once rounded.
NO_WHOLE = [
    r"^body: \S+: a text or a whole number at line \d+ column \d+$",
    r"^body: \S+: invalid type: number `-?\d+\.\d(e\+?\d+)?`, expected (a whole number|\w+) at line \d+ column \d+$",
]
# A schema counts characters.
LONG_ID = r"^\S+: \d+ bytes long; an identifier has up to 1024$"
# How requests that the contract allows may be refused: by the route, the status and the problem's kind, what the detail says.
MAY_REFUSE = {
    ("POST /v1/score", 422, "bad-input"): [
        *NO_WHOLE,
        LONG_ID,
        r"^features\..*: (unknown; the model knows recency_days, |missing; give every feature of the model )",
        r"^features\.\w+: not a number$",  # null, of a feature that every customer has
        r"^\w+: \S+ is (below the least possible, \S+|more than \S+|not a whole number)$",  # a feature's own range
        r"^recency_days: the last purchase, \S+ days ago, is before the first, ",
        r"^frequency: \S+ days with a purchase do not fit in \S+ days$",
        r"^complaints\[\d+\]\.resolved_at: before the complaint$",
    ],
    ("POST /v1/score", 422, "lapsed"): [r"^the last purchase was \d+ days ago and the model looks back \d+ days: "],
    ("POST /v1/score", 422, "too-little-data"): [r"^no purchase at or before \S+: there is nothing to lose yet$"],
    ("POST /v1/events", 422, "bad-input"): [
        *NO_WHOLE,
        r"^events\[\d+\]\.complaints\[\d+\]\.resolved_at: before the complaint$",
        # What has happened depends on the clock, of which a schema knows nothing.
        r"^events\[\d+\]\.(purchases|complaints|contacts)\[\d+\]\.(ts|resolved_at): \S+ is still to come, by the server's clock$",
        LONG_ID,
    ],
    ("POST /v1/events", 422, "other-request"): [r"^Idempotency-Key: it was sent with another request; "],
    ("POST /v1/models/{version}/promote", 422, "other-request"): [
        r"^Idempotency-Key: it was sent with another request; "
    ],
    ("GET /v1/at-risk", 400, "usage"): [
        r"^after: is (no place that a page of this list ended at|a place in a list sorted otherwise)",
        r"^offer: .* is no action; see GET /v1/offers$",
        r"^attribute: .* is (none of this list's|not an attribute and its value, such as region=north)$",
        r"^columns: .* is no column",
        r"^(probability|value_at_risk|net_value): .* is not a band of numbers, ",  # its ends in order, and finite
    ],
    # Tensors are of this model and of the shape that they say.
    ("POST /v2/models/{model}/infer", 422, "bad-input"): [
        *NO_WHOLE,
        r"^inputs: features must be of the shape \[n, \d+\]$",
        r"^inputs: features has \d+ columns, and the model sees \d+: ",
        r"^inputs: .* is neither \"features\" alone nor one of recency_days, ",
        r"^inputs: .* (is there twice|must be of the shape \[\d+\] or \[\d+, 1\])$",
        r"^inputs: \w+ is missing; give features, or every feature$",
        r"^inputs: (there is no row|\d+ rows are more than the \d+ of one request)$",
        r"^inputs: .* needs data, or parameters\.binary_data_size$",
        r"^inputs: .* says it has \d+ bytes, and there are 0$",
        r"^inputs: .* has \d+ numbers, and its shape says \d+$",
        r"^inputs: .* has arrays of other lengths than its shape says$",
        r"^outputs: the model has no output ",
        r"^row \d+: ",
    ],
    ("POST /v2/models/{model}/infer", 422, "lapsed"): [r"^row \d+: the last purchase was \d+ days ago "],
}


def ask(path, body=None):
    """What the server answers to what is sound."""
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://{ADDRESS}{path}", data, headers)) as answer:
        return json.load(answer)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Adds the store's customers, models and features as examples, which every phase then begins from."""
    paths = raw_schema["paths"]
    listed = ask("/v1/at-risk?limit=1&columns=customer_id,as_of")[0]
    model = ask("/v2/models/mainstay")
    names = model["parameters"]["features"]
    told = {reason["feature"]: reason["value"] for reason in ask("/v1/score", listed)["reasons"]}
    features = {name: told[name] for name in names}
    row = list(features.values())
    tensor = {"name": "features", "datatype": "FP64", "shape": [2, len(row)], "data": row + row}
    columns = [{"name": name, "datatype": "FP64", "shape": [1], "data": [features[name]]} for name in names]
    bodies = {
        "/v1/score": [listed, {"features": features}, {"features": features, **listed, "explain": False}],
        "/v1/score:batch": [{"requests": [listed, {"features": features}], "explain": True}],
        "/v2/models/{model}/infer": [{"inputs": [tensor]}, {"inputs": columns, "outputs": [{"name": "action"}]}],
    }
    for path, values in bodies.items():
        content = paths[path]["post"]["requestBody"]["content"]["application/json"]
        content.setdefault("examples", {}).update(
            {f"of this store, {place}": {"value": value} for place, value in enumerate(values)}
        )
    known = {"id": listed["customer_id"], "model": "mainstay", "version": model["versions"][0]}
    for item in paths.values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if parameter.get("in") == "path":
                    parameter["example"] = known[parameter["name"]]


answered = set()


@schemathesis.hook
def after_call(context, case, response):
    if 200 <= response.status_code < 300:
        answered.add(f"{case.method.upper()} {case.path}")


@atexit.register
def write_answered():
    with open(ANSWERED, "w", encoding="utf-8") as out:
        out.writelines(f"{route}\n" for route in sorted(answered))


@schemathesis.check
def keeps_the_contract(ctx, response, case):
    meta = case.meta
    if meta is None or response.status_code >= 500 or response.status_code in (401, 403, 405):
        return
    # How long a part of the body the JSON is, no schema can tell.
    if any(name.lower() == "inference-header-content-length" for name in case.headers or {}):
        return
    body = str(case.media_type or "")
    if body and not body.startswith("application/json"):
        return
    allowed = meta.generation.mode.is_positive
    refused = response.status_code in (400, 413, 415, 422)
    if allowed and refused:
        problem = response.json()
        kind, detail = problem["type"].rsplit(":", 1)[-1], problem["detail"]
        route = f"{case.method.upper()} {case.path}"
        may = MAY_REFUSE.get((route, response.status_code, kind), [])
        known = any(re.search(pattern, detail, re.DOTALL) for pattern in may)
        assert known, f"the contract allows it, and it is refused ({kind}): {detail}"
