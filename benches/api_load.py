"""How much load the score API bears, and beside FastAPI with onnxruntime (api_peer.py).

    apt-get install wrk && cargo install oha --locked --root /tmp/oha
    python3 -m venv /tmp/api && /tmp/api/bin/pip install -r benches/api_requirements.txt
    PATH=$PATH:/tmp/oha/bin /tmp/api/bin/python benches/api_load.py target/release/mainstay STORE [--seconds 8]

STORE holds a kept history, a model and a scored list, such as a million customers of `mainstay simulate`, `ingest`, `train` and
`score`. 2,000 customers of it are asked about in turns, with every feature of the model. Generator and server share the two
cores, but in the last part: there each server has the first core alone, the generator the second, and both servers take turns.
"""

import argparse
import json
import math
import os
import pathlib
import re
import resource
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
OURS, THEIRS = 8181, 8182
CORE = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days"]
LUA = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local requests, place = {}, 0
local headers = {["Content-Type"] = "application/json"}
function init()
  for i, body in ipairs(bodies) do
    -- What is not JSON alone stands there in hexadecimal, after the length of its JSON.
    local json, hex = body:match("^(%%d+) (%%x+)$")
    if hex then
      headers = {["Content-Type"] = "application/octet-stream", ["Inference-Header-Content-Length"] = json}
      body = hex:gsub("..", function(byte) return string.char(tonumber(byte, 16)) end)
    end
    requests[i] = wrk.format("POST", "%s", headers, body)
  end
end
function request()
  place = place %% #requests + 1
  return requests[place]
end
"""


def pinned(core, command):
    return command if core is None else ["taskset", "-c", str(core), *command]


class Server:
    def __init__(self, command, port, ready, core=None, environment=None):
        start = time.monotonic()
        environment = {**os.environ, **(environment or {})}
        self.process = subprocess.Popen(pinned(core, command), env=environment, stderr=subprocess.DEVNULL)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1).read()
                break
            except OSError:
                time.sleep(0.002)
        self.seconds = time.monotonic() - start

    def mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def closed_loop(lua, port, connections, seconds, core=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(lua)]
    said = subprocess.run(
        pinned(core, [*command, f"http://127.0.0.1:{port}"]), capture_output=True, text=True, check=True
    ).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    tell = lambda name: re.search(name + r"\s+(\S+)", said)[1]
    return float(tell("Requests/sec:")), tell(r"\n +50%"), tell(r"\n +99%")


def open_loop(bodies, port, rate, seconds):
    command = ["oha", "--no-tui", "-z", f"{seconds}s", "-q", str(rate), "--latency-correction", "-c", "32", "-m", "POST"]
    command += ["-T", "application/json", "-Z", str(bodies), "--output-format", "json", f"http://127.0.0.1:{port}/v1/score"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    at = {name: said["latencyPercentiles"][name] * 1e3 for name in ("p50", "p99")}
    return said["summary"]["requestsPerSec"], at["p50"], at["p99"], said["statusCodeDistribution"]


def tensor(rows, is_binary):
    """A request of the Open Inference Protocol, as a line of LUA's: one tensor with every feature of the rows."""
    shape = [len(rows), len(rows[0])]
    said = {"name": "features", "shape": shape, "datatype": "FP64"}
    line = lambda: json.dumps({"inputs": [said]}, separators=(",", ":"))
    numbers = [value for row in rows for value in row.values()]
    if not is_binary:
        said["data"] = numbers
        return line()
    numbers = struct.pack(f"<{len(numbers)}d", *(math.nan if number is None else number for number in numbers))
    said["parameters"] = {"binary_data_size": len(numbers)}
    return f"{len(line())} {(line().encode() + numbers).hex()}"


def idle(server, count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    held = []
    for _ in range(count):
        held.append(socket.create_connection(("127.0.0.1", OURS)))
        held[-1].sendall(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        held[-1].recv(1024)
    return len(held), server.mib()


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("mainstay")
    asked.add_argument("store")
    asked.add_argument("--seconds", type=int, default=8)
    asked = asked.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    run = lambda *words: subprocess.run([asked.mainstay, *words], check=True, capture_output=True, text=True).stdout
    serve = [asked.mainstay, "serve", "--store", asked.store, "--log", "off", "--listen", f"127.0.0.1:{OURS}"]
    scores = pyarrow.parquet.read_table(pathlib.Path(asked.store, "scores.parquet"), columns=["as_of"])
    instant = str(scores["as_of"][0].as_py()).replace(" ", "T").replace("+00:00", "") + "Z"
    run("features", "--store", asked.store, "--as-of", instant, "--out", str(folder / "features.parquet"))
    run("export", "--store", asked.store, "--onnx", str(folder / "model.onnx"))
    table = pyarrow.parquet.read_table(folder / "features.parquet")
    table = table.take(list(range(0, table.num_rows, table.num_rows // 2000))[:2000])

    starts = []
    for _ in range(5):
        with Server(serve, OURS, "/readyz") as server:
            starts.append(server.seconds * 1e3)
            model = json.load(urllib.request.urlopen(f"http://127.0.0.1:{OURS}/v2/models/mainstay"))
    print(f"start to ready: median {statistics.median(starts):.0f} ms of {[round(ms) for ms in starts]}")

    names = model["parameters"]["features"]
    names = json.loads(names) if isinstance(names, str) else names
    dense = lambda value: json.dumps(value, separators=(",", ":"))
    known = lambda value: None if value is None or value != value else int(value) if float(value).is_integer() else value
    rows = [{name: known(value) for name, value in row.items()} for row in table.select(names).to_pylist()]
    people = [{"customer_id": id, "as_of": instant} for id in table["customer_id"].to_pylist()]
    by_features = [{"features": row} for row in rows]
    batches = {
        "features": (by_features, False),
        "features; every contribution out": (by_features, True),
        "the five core features alone": ([{"features": {name: row[name] for name in CORE}} for row in rows], False),
        "name": (people, False),
        "name; every contribution out": (people, True),
    }
    tensors = {"tensors, JSON": False, "tensors, binary": True}
    scripts = {}
    for name, path, lines in [
        ("one", "/v1/score", [dense({"features": row}) for row in rows]),
        ("lean", "/v1/score", [dense({"features": row, "explain": False}) for row in rows]),
        ("peer", "/score", [dense({"features": row}) for row in rows]),
        ("name", "/v1/score", [dense(person) for person in people]),
        *((f"batches by {name}", "/v1/score:batch",
           [dense({"requests": requests[at : at + 1000], "explain": explain}) for at in (0, 1000)])
          for name, (requests, explain) in batches.items()),
        *((name, "/v2/models/mainstay/infer", [tensor(rows[at : at + 1000], is_binary) for at in (0, 1000)])
          for name, is_binary in tensors.items()),
    ]:
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
        scripts[name] = folder / f"{name}.lua"
        scripts[name].write_text(LUA % (folder / f"{name}.txt", path))

    with Server(serve, OURS, "/readyz") as server:
        closed_loop(scripts["batches by name"], OURS, 2, 2)
        for name, what in [
            ("one", "features in; reasons, every contribution and decision out"),
            ("lean", "features in; reasons and decision out (explain: false)"),
            ("name", "by name"),
        ]:
            rate, median, p99 = closed_loop(scripts[name], OURS, 32, asked.seconds)
            print(f"32 connections, {what}: {rate:.0f} requests/s, median {median}, p99 {p99}")
        for name in batches:
            rate, median, _ = closed_loop(scripts[f"batches by {name}"], OURS, 2, asked.seconds)
            print(f"batches of 1,000 by {name}: {rate * 1000:.0f} customers/s, median {median} a batch")
        for name in tensors:
            rate, median, _ = closed_loop(scripts[name], OURS, 2, asked.seconds)
            print(f"batches of 1,000, Open Inference Protocol, {name}: {rate * 1000:.0f} customers/s, median {median} a batch")
        for name in ("one", "lean"):
            rate, median, p99, statuses = open_loop(folder / f"{name}.txt", OURS, 5000, asked.seconds)
            print(f"open loop at 5,000/s, {name}: {rate:.0f}/s, median {median:.2f} ms, p99 {p99:.2f} ms, {statuses}")
    with Server(serve, OURS, "/readyz") as server:
        before = server.mib()
        count, mib = idle(server, 10_000)
        print(f"{count} idle connections: {mib:.0f} MiB resident, {before:.0f} before them")
    sys.stdout.flush()

    peer = [sys.executable, "-m", "uvicorn", "api_peer:app", "--app-dir", str(HERE), "--port", str(THEIRS)]
    peer += ["--workers", "1", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
    environment = {"MODEL": str(folder / "model.onnx"), "OMP_NUM_THREADS": "1"}
    ratios = {"one": [], "lean": []}
    with (
        Server([*serve, "--threads", "1"], OURS, "/readyz", core=0),
        Server(peer, THEIRS, "/openapi.json", core=0, environment=environment),
    ):
        for _ in range(3):
            theirs = closed_loop(scripts["peer"], THEIRS, 32, asked.seconds, core=1)[0]
            for name in ratios:
                ours = closed_loop(scripts[name], OURS, 32, asked.seconds, core=1)[0]
                ratios[name].append((ours / theirs, ours, theirs))
    for name, told in ratios.items():
        ratio, ours, theirs = sorted(told)[1]
        print(f"one core each, {name}: {ours:.0f} against FastAPI's {theirs:.0f} requests/s: {ratio:.1f} times")


if __name__ == "__main__":
    main()
