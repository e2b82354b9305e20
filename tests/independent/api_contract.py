"""Schemathesis against a running server: what the contract allows and what it does not, for so many seconds.

    api_contract.py ADDRESS KEY SECONDS

The server has keys, and KEY has every scope. Every answer is to be one that the contract has, in its status, type, headers
and body; what it allows is not refused for how it is written, and what it does not allow is refused; no answer is a 5xx; and
every route has answered what is sound with a 2xx.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
    "negative_data_rejection",
    "keeps_the_contract",
]

# How what the contract does not allow is refused; a body that is too large is no longer looked at.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "413", "415", "422"]
"""


def main(address: str, key: str, seconds: str) -> int:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"http://{address}/openapi.json",
        "--header",
        f"Authorization: Bearer {key}",
        "--checks",
        ",".join(CHECKS),
        "--phases",
        "examples,coverage,fuzzing",
        "--max-time",
        seconds,
        "--continue-on-failure",
        "--suppress-health-check",
        "all",
        "--request-timeout",
        "30",
        "--seed",
        "1",
    ]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(CONFIGURATION)
        answered = Path(folder) / "answered.txt"
        hooks = {
            "SCHEMATHESIS_HOOKS": "api_hooks",
            "PYTHONPATH": str(Path(__file__).parent.resolve()),
            "MAINSTAY_ADDRESS": address,
            "MAINSTAY_KEY": key,
            "MAINSTAY_ANSWERED": str(answered),
        }
        code = subprocess.run(command, cwd=folder, env={**os.environ, **hooks}).returncode
        return code or unanswered(address, set(answered.read_text().splitlines()))


def unanswered(address: str, answered: set[str]) -> int:
    """Says which routes have never answered with what was asked for: of these nothing was tried that is sound."""
    with urllib.request.urlopen(f"http://{address}/openapi.json") as contract:
        paths = json.load(contract)["paths"]
    # Where the contract itself is, schemathesis does not ask again.
    answered = answered | {"GET /openapi.json"}
    never = {f"{method.upper()} {path}" for path, item in paths.items() for method in item} - answered
    print(f"{len(answered)} routes answered with a 2xx; never: {', '.join(sorted(never)) or 'none'}")
    return 1 if never else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
