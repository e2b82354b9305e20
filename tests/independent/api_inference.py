"""Asks a running server over the Open Inference Protocol, with NVIDIA's client, and holds it to POST /v1/score.

    api_inference.py ADDRESS

Tensors go as JSON, as bytes in one tensor (what the client does if it is not told otherwise), and as bytes in one for each
feature. Outputs come as JSON, whatever is asked for.
"""

import json
import sys
import urllib.request

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

OUTPUTS = ["churn_probability", "lifetime_value", "net_value", "action"]


def score(address: str, features: dict) -> dict:
    request = urllib.request.Request(
        f"http://{address}/v1/score",
        json.dumps({"features": features}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def one_tensor(rows: np.ndarray, is_binary: bool) -> list:
    tensor = triton.InferInput("features", list(rows.shape), "FP64")
    tensor.set_data_from_numpy(rows, binary_data=is_binary)
    return [tensor]


def a_tensor_each(rows: np.ndarray, names: list) -> list:
    tensors = []
    for place, name in enumerate(names):
        tensor = triton.InferInput(name, [len(rows), 1], "FP64")
        tensor.set_data_from_numpy(np.ascontiguousarray(rows[:, place : place + 1]))
        tensors.append(tensor)
    return tensors


def main(address: str) -> None:
    client = triton.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("mainstay")
    assert client.get_server_metadata()["name"] == "mainstay"
    model = client.get_model_metadata("mainstay")
    names = model["parameters"]["features"]
    assert model["inputs"] == [{"name": "features", "datatype": "FP64", "shape": [-1, len(names)]}], model
    assert [output["name"] for output in model["outputs"]] == OUTPUTS
    assert client.is_model_ready(model["versions"][0])

    # Whoever bought so long ago and so often; the features beyond the core five have no value that is odd.
    core = [[5.0, 3.0, 40.0, 0.0, 300.0], [40.0, 9.0, 12.5, 1.0, 200.0], [59.0, 2.0, 80.0, 2.0, 80.0]]
    rows = np.array([first + [1.0] * (len(names) - 5) for first in core])
    expected = [score(address, dict(zip(names, row))) for row in rows.tolist()]
    outputs = [triton.InferRequestedOutput(name, binary_data=False) for name in OUTPUTS]
    for inputs, asked in [
        (one_tensor(rows, False), outputs),
        (one_tensor(rows, True), outputs),
        (one_tensor(rows, True), None),
        (a_tensor_each(rows, names), outputs),
    ]:
        answer = client.infer("mainstay", inputs, outputs=asked, request_id="r1")
        assert answer.get_response()["id"] == "r1"
        for name in OUTPUTS:
            own = [text for text in answer.as_numpy(name).tolist()]
            assert own == [row[name] for row in expected], (name, own)

    try:
        client.infer("mainstay", one_tensor(rows[:, :2].copy(), True))
        raise AssertionError("two columns are not what the model sees")
    except InferenceServerException as refused:
        assert "columns" in refused.message(), refused
    print(f"tritonclient {model['versions'][0]}: {len(rows)} rows, the bits of POST /v1/score")


if __name__ == "__main__":
    main(sys.argv[1])
