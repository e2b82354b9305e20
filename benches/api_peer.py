"""The usual way to serve a model: FastAPI on uvicorn, onnxruntime beneath. Answers the churn probability and the net value of
one offer, and nothing else.

It is as lean as such a service gets: the body is parsed by orjson and not by a model class, answers are orjson's bytes, uvicorn
has uvloop and httptools, onnxruntime runs on the one thread there is. MODEL names the file of `mainstay export --onnx`."""

import json
import math
import os

import numpy as np
import onnxruntime
import orjson
from fastapi import FastAPI, Request, Response

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
names = json.loads(about["features"])
shift = float(json.loads(about["season_shift_log_odds"]))

CONTACT, INCENTIVE, SAVE_RATE, MARGIN, YEARS = 1.0, 10.0, 0.2, 0.3, 5.0
app = FastAPI()


def number(value):
    return math.nan if value is None else value


@app.post("/score")
async def score(request: Request):
    features = orjson.loads(await request.body())["features"]
    # What the model adds to the features, the purchases to be expected, is left unknown here: that is less work.
    row = np.array([[number(features.get(name)) for name in names]], dtype=np.float32)
    log_odds = float(session.run(["log_odds"], {"features": row})[0][0, 0])
    probability = 1.0 / (1.0 + math.exp(-(log_odds + shift)))
    tenure_years = max(features["tenure_days"] / 365.25, 0.25)
    value = MARGIN * features["monetary"] * features["frequency"] / tenure_years * YEARS
    net_value = probability * SAVE_RATE * (value - INCENTIVE) - (1.0 - probability) * INCENTIVE - CONTACT
    return Response(
        orjson.dumps({"churn_probability": probability, "net_value": net_value}), media_type="application/json"
    )
