"""Schemathesis against a running server: what the contract allows and what it does not, for so many seconds.

    api_contract.py ADDRESS KEY SECONDS

The server has keys, and KEY has every scope. Every answer is to be one that the contract has, in its status, type, headers
and body; what it allows is not refused for how it is written, and what it does not allow is refused; no answer is a 5xx.
"""

import os
import subprocess
import sys
import tempfile
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
        hooks = {"SCHEMATHESIS_HOOKS": "api_hooks", "PYTHONPATH": str(Path(__file__).parent.resolve())}
        return subprocess.run(command, cwd=folder, env={**os.environ, **hooks}).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
