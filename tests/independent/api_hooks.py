"""What schemathesis does not check as Mainstay has it: that what the contract allows is not refused for how it is written.

A JSON schema cannot say everything: what two members are to each other, which features a model has, which offers there are.
A refusal for one of these is no break of the contract; any other refusal of what it allows is.
"""

import re

import schemathesis

# How requests that the contract allows may be refused: by the problem's detail, or its kind.
MAY_REFUSE = [
    r"^(customer_id|as_of): missing beside purchases",  # the three forms of a request
    r"^body: give either purchases",
    r"^features\.",  # the model's own
    r"resolved_at: before the complaint",
    r"^(after|offer|columns|probability|value_at_risk|net_value): ",  # of this list; a band has its ends in order
    r"a text or a whole number",  # a number that is written as a fraction, or beyond 64 bits
    r"floating point `-?\d+\.0`, expected",  # likewise
    r"^inputs: |^outputs: |^row \d+: ",  # tensors are of this model and of the shape that they say
    r"is not a date|not a date|years? ",  # beyond the years 1 to 9999
    r"\.ts: \S+ is still to come",  # what has happened depends on the clock, of which a schema knows nothing
]
MAY_BE = {"lapsed", "too-little-data", "other-request"}


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
        known = kind in MAY_BE or any(re.search(may, detail) for may in MAY_REFUSE)
        assert known, f"the contract allows it, and it is refused: {detail}"
