"""What a file of `mainstay export` says of given rows, by onnxruntime, against the raw scores of Mainstay itself.

onnx_export.py MODEL ROWS SCORES: ROWS are little-endian float32, row by row, SCORES float64, one a row. Prints the
largest difference; exits with 1 if it is above 1e-6 or the model is not what ONNX's checker takes."""

import json
import sys

import numpy as np
import onnx
import onnxruntime


def main(model, rows, scores):
    onnx.checker.check_model(onnx.load(model), full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    width = len(json.loads(about["features"]))
    rows = np.fromfile(rows, dtype="<f4").reshape(-1, width)
    ours = np.fromfile(scores, dtype="<f8")
    theirs = session.run(["log_odds"], {"features": rows})[0][:, 0]
    # A row alone is another path through onnxruntime than a batch.
    alone = [session.run(["log_odds"], {"features": row[None]})[0][0, 0] for row in rows[:100]]
    assert len(ours) == len(theirs) > 0 and np.isfinite(ours).all()
    difference = max(np.abs(ours - theirs).max(), np.abs(ours[:100] - alone).max())
    print(f"{about['kind']}: {len(ours)} rows, largest difference {difference:.1e}")
    return difference <= 1e-6


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
